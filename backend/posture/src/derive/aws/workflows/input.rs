//! Where the input of an execution is still to be found on the way through a workflow.
//!
//! Whoever starts an execution writes its input. A state is given that input, or what states before it made of it: the
//! result of a task replaces it or is put beside it. Where that cannot be told, a state counts as given nothing of it.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::derive::reading::{list, text};

/// The input of the execution, but for these fields, which were overwritten on the way; none where it was replaced.
type Given<'a> = Option<BTreeSet<&'a str>>;

/// One state, and what it is given of the execution's input.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub name: &'a str,
    pub state: &'a Value,
    given: Given<'a>,
}

/// Every state at every depth, in the definition's order.
pub(super) fn steps(definition: &Value) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    walk(definition, Some(BTreeSet::new()), is_jsonata(definition, false), &mut steps);
    steps
}

impl Step<'_> {
    /// True where `expression` reads something that the execution's input says.
    pub fn reads_input(&self, expression: &str) -> bool {
        let paths = expression.match_indices('$').map(|(start, _)| &expression[start..]);
        let mut after_dollar = false;
        for path in paths {
            // `$$` is the context, whose second sign is not the start of a path of its own.
            if std::mem::replace(&mut after_dollar, path.starts_with("$$")) {
                continue;
            }
            if ["$$.Execution.Input", "$states.context.Execution.Input"].iter().any(|p| path.starts_with(p)) {
                return true;
            }
            let field = match path.strip_prefix("$states.input") {
                Some(rest) => first_field(rest),
                None if path.starts_with("$.") || path.starts_with("$[") || path == "$" => {
                    first_field(&path[1..])
                }
                None => continue,
            };
            if self.given.as_ref().is_some_and(|overwritten| !overwritten.contains(field)) {
                return true;
            }
        }
        false
    }
}

/// `a` of `.a.b`, `.a[0]` and `['a']`; empty where all is meant, or an element of a list.
fn first_field(path: &str) -> &str {
    let path = path.trim_start_matches(['.', '[', '\'', '"']);
    path.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next().unwrap_or_default()
}

fn is_jsonata(holder: &Value, otherwise: bool) -> bool {
    text(holder, "QueryLanguage").map_or(otherwise, |language| language == "JSONata")
}

fn walk<'a>(workflow: &'a Value, given: Given<'a>, jsonata: bool, steps: &mut Vec<Step<'a>>) {
    let Some(states) = workflow.get("States").and_then(Value::as_object) else { return };
    let start = text(workflow, "StartAt").unwrap_or_default();
    let mut inputs = spread(states, start, given, jsonata);
    for (name, state) in states {
        let given = inputs.remove(name.as_str());
        let jsonata = is_jsonata(state, jsonata);
        let inner = given.as_ref().and_then(|given| inner_input(state, given, jsonata));
        // JSONPath can take a part of what a state is given before anything of the state reads it.
        let given =
            given.and_then(|given| if jsonata { Some(given) } else { part(state.get("InputPath"), given) });
        steps.push(Step { name, state, given });
        let processors = ["ItemProcessor", "Iterator"].into_iter().filter_map(|key| state.get(key));
        for workflow in processors.chain(list(state, "Branches")) {
            walk(workflow, inner.clone(), jsonata, steps);
        }
    }
}

/// What each state is given of it, for those that are given anything: from state to state, until nothing changes.
fn spread<'a>(
    states: &'a Map<String, Value>,
    start: &'a str,
    given: Given<'a>,
    jsonata: bool,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut inputs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut waiting = vec![(start, given)];
    while let Some((name, given)) = waiting.pop() {
        let (Some(given), Some(state)) = (given, states.get(name)) else { continue };
        // One way on which a field is left as it was suffices.
        let overwritten: BTreeSet<&str> = match inputs.get(name) {
            Some(known) => known.intersection(&given).copied().collect(),
            None => given,
        };
        if inputs.get(name) == Some(&overwritten) {
            continue;
        }
        inputs.insert(name, overwritten.clone());
        waiting.extend(outputs(state, &overwritten, is_jsonata(state, jsonata)));
    }
    inputs
}

/// The states that may follow, each with what it is given.
fn outputs<'a>(state: &'a Value, given: &BTreeSet<&'a str>, jsonata: bool) -> Vec<(&'a str, Given<'a>)> {
    let output = output(state, given, jsonata);
    let next = ["Next", "Default"].into_iter().filter_map(|key| text(state, key));
    let mut followers: Vec<(&str, Given<'_>)> = next.map(|next| (next, output.clone())).collect();
    for choice in list(state, "Choices") {
        let output = if choice.get("Output").is_some() { None } else { output.clone() };
        followers.extend(text(choice, "Next").map(|next| (next, output)));
    }
    for catch in list(state, "Catch") {
        let output = if jsonata { None } else { beside(catch.get("ResultPath"), given) };
        followers.extend(text(catch, "Next").map(|next| (next, output)));
    }
    followers
}

fn output<'a>(state: &'a Value, given: &BTreeSet<&'a str>, jsonata: bool) -> Given<'a> {
    let passes = match text(state, "Type") {
        Some("Choice" | "Wait" | "Succeed") => true,
        Some("Pass") => state.get("Result").is_none() && state.get("Parameters").is_none(),
        _ => false,
    };
    if jsonata {
        return (passes && state.get("Output").is_none()).then(|| given.clone());
    }
    let result = if passes {
        part(state.get("InputPath"), given.clone())
    } else {
        beside(state.get("ResultPath"), given)
    };
    part(state.get("OutputPath"), result?)
}

/// What is left where a result is put at `path`: in the place of everything, of one field, or nowhere.
fn beside<'a>(path: Option<&'a Value>, given: &BTreeSet<&'a str>) -> Given<'a> {
    match path {
        Some(Value::Null) => Some(given.clone()),
        Some(Value::String(path)) if path != "$" => {
            let mut given = given.clone();
            given.insert(first_field(path.trim_start_matches('$')));
            Some(given)
        }
        _ => None,
    }
}

/// What is left where only the part at `path` goes on.
fn part<'a>(path: Option<&'a Value>, given: BTreeSet<&'a str>) -> Given<'a> {
    match path {
        None => Some(given),
        Some(Value::String(path)) if path == "$" => Some(given),
        Some(Value::String(path)) if path.starts_with("$.") || path.starts_with("$[") => {
            (!given.contains(first_field(&path[1..]))).then(BTreeSet::new)
        }
        Some(_) => None,
    }
}

/// What the states within a map or a branch are given.
fn inner_input<'a>(state: &'a Value, given: &BTreeSet<&'a str>, jsonata: bool) -> Given<'a> {
    let remade = ["Parameters", "Arguments", "ItemSelector", "ItemReader", "ItemBatcher"];
    if remade.iter().any(|key| state.get(key).is_some()) {
        return None;
    }
    if jsonata {
        let items = text(state, "Items").unwrap_or_default();
        let is_map = text(state, "Type") == Some("Map");
        let from_input = items.trim_start_matches("{%").trim_start().starts_with("$states.input");
        return if !is_map { Some(given.clone()) } else { from_input.then(BTreeSet::new) };
    }
    let given = part(state.get("InputPath"), given.clone())?;
    part(state.get("ItemsPath"), given)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Whether the state `Last` reads the execution's input by `path`, after `before` in JSONPath.
    fn reads(before: Value, path: &str) -> bool {
        let definition = json!({"StartAt": "First", "States": {"First": before, "Last": {"Type": "Task"}}});
        let steps = steps(&definition);
        steps.iter().find(|step| step.name == "Last").unwrap().reads_input(path)
    }

    #[test]
    fn results_replace_the_input_or_stand_beside_it() {
        let task = |more: Value| {
            let mut task = json!({"Type": "Task", "Next": "Last"});
            task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            task
        };
        assert!(!reads(task(json!({})), "$.bucket"), "the result replaces the input");
        assert!(reads(task(json!({})), "$$.Execution.Input.bucket"), "the context keeps it");
        assert!(!reads(task(json!({})), "$$.Task.Token"));
        assert!(reads(task(json!({"ResultPath": null})), "$.bucket"));
        assert!(reads(task(json!({"ResultPath": "$.found"})), "$.bucket"));
        assert!(!reads(task(json!({"ResultPath": "$.found"})), "$.found.bucket"));
        assert!(!reads(task(json!({"ResultPath": null, "OutputPath": null})), "$.bucket"));
        let caught = json!({"Catch": [{"Next": "Last", "ResultPath": "$.error"}], "Next": "Other"});
        assert!(reads(task(caught), "$.bucket"));
        assert!(reads(
            json!({"Type": "Choice", "Choices": [], "Default": "Last"}),
            "States.Format('x-{}', $.a)"
        ));
        assert!(!reads(json!({"Type": "Pass", "Result": {}, "Next": "Last"}), "$.bucket"));
        assert!(reads(json!({"Type": "Pass", "InputPath": "$.detail", "Next": "Last"}), "$.bucket"));
    }

    #[test]
    fn one_way_that_keeps_the_input_suffices_and_loops_end() {
        let definition = json!({"StartAt": "Ask", "States": {
            "Ask": {"Type": "Choice", "Choices": [{"Next": "Look"}], "Default": "Last"},
            "Look": {"Type": "Task", "ResultPath": "$.found", "Next": "Ask"},
            "Last": {"Type": "Task"},
        }});
        let steps = steps(&definition);
        let last = steps.iter().find(|step| step.name == "Last").unwrap();
        assert!(last.reads_input("$.found") && last.reads_input("$.bucket"));
    }

    #[test]
    fn maps_and_branches_hand_it_on() {
        let inner = json!({"StartAt": "In", "States": {"In": {"Type": "Task"}}});
        let within = |outer: Value| {
            let definition = json!({"StartAt": "Out", "States": {"Out": outer}});
            steps(&definition).iter().any(|step| step.name == "In" && step.reads_input("$.bucket"))
        };
        assert!(within(json!({"Type": "Map", "ItemsPath": "$.files", "ItemProcessor": inner})));
        assert!(!within(json!({"Type": "Map", "ItemSelector": {"a": 1}, "ItemProcessor": inner})));
        assert!(within(json!({"Type": "Parallel", "Branches": [inner]})));
    }

    #[test]
    fn jsonata_reads_states_input() {
        let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": {"Type": "Task", "Next": "B"}, "B": {"Type": "Task"},
        }});
        let steps = steps(&definition);
        assert!(steps[0].reads_input("{% $states.input.bucket %}"));
        assert!(!steps[1].reads_input("{% $states.input.bucket %}"));
        assert!(steps[1].reads_input("{% $states.context.Execution.Input.bucket %}"));
        assert!(!steps[1].reads_input("{% $name %}"));
    }
}
