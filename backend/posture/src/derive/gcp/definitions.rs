//! Workflows: whether what a caller hands in chooses where the workflow goes with its own credentials.

use std::collections::BTreeSet;

use nephoscope_model::Resource;
use serde_json::{Map, Value, json};

use crate::derive::reading::{Reading, required, text};

/// The steps that call an address which follows from the workflow's input and show a token there: path and url.
pub(super) fn chosen_targets(resource: &Resource) -> Reading<Value> {
    let definition = required(resource, "definition")?;
    let Value::Object(workflows) = definition else { return Ok(json!([])) };
    let main = workflows.get("main").unwrap_or(definition);
    let mut tainted: BTreeSet<String> = parameters(main).collect();
    // What is assigned from a tainted variable is tainted, in whatever order the steps stand.
    loop {
        let before = tainted.len();
        each_object(main, &mut |step| spread(step, &mut tainted));
        if tainted.len() == before {
            break;
        }
    }
    let mut found = Vec::new();
    each_object(main, &mut |step| found.extend(chosen(step, &tainted)));
    Ok(Value::Array(found))
}

/// The names of the workflow's parameters, with or without a default.
fn parameters(workflow: &Value) -> impl Iterator<Item = String> {
    let params = workflow.get("params").and_then(Value::as_array).into_iter().flatten();
    params.filter_map(|parameter| match parameter {
        Value::String(name) => Some(name.clone()),
        Value::Object(with_default) => with_default.keys().next().cloned(),
        _ => None,
    })
}

fn each_object(value: &Value, with: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            with(fields);
            fields.values().for_each(|value| each_object(value, with));
        }
        Value::Array(elements) => elements.iter().for_each(|value| each_object(value, with)),
        _ => {}
    }
}

fn spread(step: &Map<String, Value>, tainted: &mut BTreeSet<String>) {
    let assigned = step.get("assign").and_then(Value::as_array).into_iter().flatten();
    for (name, value) in assigned.filter_map(Value::as_object).flatten() {
        if value.as_str().is_some_and(|value| mentions(value, tainted)) {
            // `a.b` and `a[0]` are parts of `a`.
            tainted.insert(name.split(['.', '[']).next().unwrap_or_default().to_owned());
        }
    }
}

fn chosen(step: &Map<String, Value>, tainted: &BTreeSet<String>) -> Option<Value> {
    let call = step.get("call")?.as_str().filter(|call| call.starts_with("http."))?;
    let args = step.get("args")?;
    let url = text(args, "url")?;
    let shows = args.get("auth").is_some_and(|auth| !auth.is_null());
    // Where the address begins with a host of its own, the input only chooses what follows it.
    let free = url.trim_start().strip_prefix("${").is_some_and(|inner| !begins_with_host(inner));
    (shows && free && mentions(url, tainted)).then(|| json!({"call": call, "url": url}))
}

fn begins_with_host(expression: &str) -> bool {
    let inner = expression.trim_start();
    let Some(literal) = inner.strip_prefix(['"', '\'']) else { return false };
    let Some((_, rest)) = literal.split_once("://") else { return false };
    // The host is whole where a slash ends it within the same text.
    rest.split(['"', '\'']).next().is_some_and(|host| host.contains('/'))
}

/// Whether an expression in `text` uses one of the variables.
fn mentions(text: &str, variables: &BTreeSet<String>) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let expression = after.split('}').next().unwrap_or_default();
        let mut words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        if words.any(|word| variables.contains(word)) {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(url: &str) -> usize {
        let definition = json!({"main": {"params": ["input"], "steps": [
            {"init": {"assign": [{"base": "${input.host}"}, {"own": "https://api.example"}]}},
            {"go": {"call": "http.get", "args": {"url": url, "auth": {"type": "OIDC"}}}},
        ]}});
        let main = &definition["main"];
        let mut tainted: BTreeSet<String> = parameters(main).collect();
        each_object(main, &mut |step| spread(step, &mut tainted));
        let mut found = 0;
        each_object(main, &mut |step| found += usize::from(chosen(step, &tainted).is_some()));
        found
    }

    #[test]
    fn the_input_chooses_the_host_or_only_the_path() {
        assert_eq!(targets("${input.url}"), 1);
        assert_eq!(targets("${base + \"/orders\"}"), 1);
        assert_eq!(targets("${\"https://\" + input.host}"), 1);
        assert_eq!(targets("${\"https://api.example/\" + input.id}"), 0);
        assert_eq!(targets("${own + \"/orders\"}"), 0);
        assert_eq!(targets("https://api.example/orders"), 0);
    }
}
