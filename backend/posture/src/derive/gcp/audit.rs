//! What the project records of reads and writes of data, and what its organisation forbids.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use nephoscope_model::{Resource, Unreadable};
use serde_json::{Value, json};

use crate::derive::reading::{Reading, elements, facet, list, merged, required, text};

/// Services through which serverless data goes and that record it only when told to.
const RECORDED: [&str; 5] = [
    "cloudfunctions.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
];
const TYPES: [&str; 2] = ["DATA_READ", "DATA_WRITE"];

/// Those serverless services in use whose reads or writes of data go unrecorded, as service and missing types.
///
/// What the project records and what stands above it records is added up.
pub(super) fn unrecorded(project: &Resource) -> Reading<Value> {
    let enabled: BTreeSet<&str> = elements(project, "services", "services")?
        .iter()
        .filter(|service| text(service, "state") != Some("DISABLED"))
        .filter_map(|service| text(service, "name")?.rsplit('/').next())
        .collect();
    let mut recorded: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut doubts: Vec<Unreadable> = Vec::new();
    match facet(project, "policy") {
        Ok(policy) => policy.into_iter().for_each(|policy| record(policy, &mut recorded)),
        Err(unread) => doubts.extend(unread),
    }
    match elements(project, "ancestors", "policies") {
        Ok(above) => {
            above.iter().filter_map(|above| above.get("policy")).for_each(|p| record(p, &mut recorded))
        }
        Err(unread) => doubts.extend(unread),
    }
    let everywhere = recorded.get("allServices").cloned().unwrap_or_default();
    let mut found = Vec::new();
    for service in RECORDED.iter().filter(|service| enabled.contains(*service)) {
        let own = recorded.get(service);
        let lacks =
            |kind: &&&str| !everywhere.contains(**kind) && !own.is_some_and(|own| own.contains(**kind));
        let missing: Vec<&str> = TYPES.iter().filter(lacks).copied().collect();
        if !missing.is_empty() {
            found.push(json!({"service": service, "missing": missing}));
        }
    }
    // What was not read can only record more.
    if !found.is_empty() && !doubts.is_empty() { Err(merged(doubts)) } else { Ok(Value::Array(found)) }
}

fn record<'p>(policy: &'p Value, recorded: &mut BTreeMap<&'p str, BTreeSet<&'p str>>) {
    for config in list(policy, "auditConfigs") {
        let service = text(config, "service").unwrap_or_default();
        let types = list(config, "auditLogConfigs").iter().filter_map(|one| text(one, "logType"));
        recorded.entry(service).or_default().extend(types);
    }
}

/// The constraints on who and what can reach functions and services, and whether the organisation's policy sets each.
pub(super) fn guardrails(project: &Resource) -> Reading<Value> {
    let policies = list(required(project, "orgpolicies")?, "policies");
    let mut found = serde_json::Map::new();
    for policy in policies {
        let constraint = text(policy, "name").and_then(|name| name.rsplit('/').next()).unwrap_or_default();
        let rules = policy.get("spec").map_or(&[][..], |spec| list(spec, "rules"));
        found.insert(constraint.to_owned(), rules.iter().any(restricts).into());
    }
    Ok(Value::Object(found))
}

/// Whether a rule forbids anything. One with a condition holds for what it names only, and does not count.
fn restricts(rule: &Value) -> bool {
    let says = |key: &str| rule.get(key) == Some(&Value::Bool(true));
    let values = rule.get("values");
    let named = |key: &str| values.is_some_and(|values| !list(values, key).is_empty());
    let conditional = rule.get("condition").is_some_and(|condition| !condition.is_null());
    !conditional && (says("enforce") || says("denyAll") || named("allowedValues") || named("deniedValues"))
}
