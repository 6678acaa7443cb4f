//! Logic Apps: who may start a workflow, and which steps of it handle secrets in the open.

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Resource};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, fact, malformed, required, text};
use crate::derive::secrets;

/// Workflows within workflows: a step of a step of a step. Deeper ones are refused by the provider.
const DEEPEST: usize = 32;

/// A workflow is reached by anybody to whom the address of a request trigger was ever passed on, unless callers have to
/// come from somewhere or to show a token as well.
pub(super) fn expose(map: &Map<'_>, reaches: &mut [Reach]) {
    for &position in map.kind("azure.logic.workflow") {
        reaches[position] = exposure(&map.open(position)).into();
    }
}

/// The facts of a workflow.
pub(super) fn facts(workflow: &Resource, exposure: Fact) -> Vec<(&'static str, Fact)> {
    vec![
        ("request_triggers", fact(request_triggers(workflow))),
        ("any_caller", fact(addresses(workflow, "triggers").map(|bound| !bound))),
        ("accepts_tokens", fact(accepts_tokens(workflow))),
        ("accepts_signature", fact(accepts_signature(workflow))),
        ("any_reader", fact(addresses(workflow, "contents").map(|bound| !bound))),
        ("secret_reads", fact(secret_reads(workflow))),
        ("secrets", fact(secrets::secrets(workflow, "workflow"))),
        ("exposure", exposure),
    ]
}

fn exposure(workflow: &Resource) -> Reading<Exposure> {
    let running = text(properties(workflow)?, "state") != Some("Disabled");
    let triggered = !request_triggers(workflow)?.is_empty();
    let open = running
        && triggered
        && !addresses(workflow, "triggers")?
        && accepts_signature(workflow)?
        && !accepts_tokens(workflow)?;
    Ok(if open { Exposure::Internet } else { Exposure::Internal })
}

/// The names of the triggers that wait for a request.
fn request_triggers(workflow: &Resource) -> Reading<Vec<&str>> {
    let triggers = definition(workflow)?.get("triggers").and_then(Value::as_object);
    let requests = triggers.into_iter().flatten().filter(|(_, trigger)| {
        text(trigger, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("request"))
    });
    Ok(requests.map(|(name, _)| name.as_str()).collect())
}

/// Whether only some addresses are let in. An empty list lets nobody in but other workflows.
fn addresses(workflow: &Resource, door: &str) -> Reading<bool> {
    Ok(match rules(workflow, door)?.and_then(|rules| rules.get("allowedCallerIpAddresses")) {
        None | Some(Value::Null) => false,
        Some(Value::Array(ranges)) => !ranges.iter().any(|range| {
            matches!(
                text(range, "addressRange").map(str::trim),
                Some("0.0.0.0/0" | "0.0.0.0-255.255.255.255" | "::/0")
            )
        }),
        Some(_) => return Err(malformed("workflow")),
    })
}

/// Whether callers may present a token in place of the signature in the address.
fn accepts_tokens(workflow: &Resource) -> Reading<bool> {
    let policies =
        rules(workflow, "triggers")?.and_then(|rules| rules.pointer("/openAuthenticationPolicies/policies"));
    Ok(policies.and_then(Value::as_object).is_some_and(|policies| !policies.is_empty()))
}

/// Whether the signature in the address suffices; policies on tokens do not switch it off.
fn accepts_signature(workflow: &Resource) -> Reading<bool> {
    let state =
        rules(workflow, "triggers")?.and_then(|rules| rules.pointer("/sasAuthenticationPolicy/state"));
    Ok(state.and_then(Value::as_str) != Some("Disabled"))
}

/// Steps that read the value of a secret out of a vault, and whether the run history hides what they got.
fn secret_reads(workflow: &Resource) -> Reading<Value> {
    let mut found = Vec::new();
    steps(definition(workflow)?, 0, &mut |name, step| {
        if reads_secret(step) {
            let hidden =
                step.pointer("/runtimeConfiguration/secureData/properties").and_then(Value::as_array);
            let hidden = hidden.is_some_and(|parts| parts.iter().any(|part| part == "outputs"));
            found.push(json!({ "action": name, "hidden": hidden }));
        }
    });
    Ok(Value::Array(found))
}

/// The vault's connector has such a path, and so has the vault's own API.
fn reads_secret(step: &Value) -> bool {
    let connector = step.pointer("/inputs/path").and_then(Value::as_str).is_some_and(|path| {
        let path = path.to_ascii_lowercase();
        path.contains("/secrets/") && path.trim_end_matches('/').ends_with("/value")
    });
    let vault = step.pointer("/inputs/uri").and_then(Value::as_str).is_some_and(|uri| {
        let uri = uri.to_ascii_lowercase();
        uri.contains(".vault.") && uri.contains("/secrets/")
    });
    connector || vault
}

/// Every step, also those in scopes, loops and branches.
fn steps<'a>(scope: &'a Value, depth: usize, visit: &mut dyn FnMut(&'a str, &'a Value)) {
    if depth > DEEPEST {
        return;
    }
    for (name, step) in scope.get("actions").and_then(Value::as_object).into_iter().flatten() {
        visit(name, step);
        steps(step, depth + 1, visit);
        for other in ["else", "default"] {
            step.get(other).into_iter().for_each(|branch| steps(branch, depth + 1, visit));
        }
        let cases = step.get("cases").and_then(Value::as_object);
        cases.into_iter().flatten().for_each(|(_, case)| steps(case, depth + 1, visit));
    }
}

fn rules<'a>(workflow: &'a Resource, door: &str) -> Reading<Option<&'a Value>> {
    let control = properties(workflow)?.get("accessControl");
    Ok(control.and_then(|control| control.get(door)).filter(|rules| !rules.is_null()))
}

fn definition(workflow: &Resource) -> Reading<&Value> {
    let definition = properties(workflow)?.get("definition").filter(|definition| definition.is_object());
    definition.ok_or_else(|| malformed("workflow"))
}

fn properties(workflow: &Resource) -> Reading<&Value> {
    required(workflow, "workflow")?.get("properties").ok_or_else(|| malformed("workflow"))
}
