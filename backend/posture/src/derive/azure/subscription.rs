//! Facts of the subscription itself: what runs in it, who is told of its cost and its changes, and what nobody owns.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nephoscope_model::{Fact, Resource};
use serde_json::{Value, json};

use super::supplies::Supplies;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, fact, list, merged, text};

/// Function apps, and the service that lists them.
const FUNCTIONS: &[(&str, &str)] = &[("azure.functions.app", "web")];

/// What runs on demand, and the services that list it.
const RUNNING: &[(&str, &str)] = &[
    ("azure.containerapps.app", "containerapps"),
    ("azure.functions.app", "web"),
    ("azure.logic.workflow", "logic"),
];

/// What carries, guards and configures functions, and the services that list it.
const TAGGED: &[(&str, &str)] = &[
    ("azure.apim.service", "apimanagement"),
    ("azure.appconfig.store", "appconfig"),
    ("azure.containerapps.app", "containerapps"),
    ("azure.eventgrid.topic", "eventgrid"),
    ("azure.eventhub.namespace", "eventhub"),
    ("azure.logic.workflow", "logic"),
    ("azure.servicebus.namespace", "servicebus"),
];

/// Changes after which a function app does something else, or lets in somebody else.
const CHANGES: [&str; 4] = [
    "microsoft.web/sites/config/write",
    "microsoft.web/sites/host/functionkeys/write",
    "microsoft.web/sites/publishxml/action",
    "microsoft.web/sites/write",
];

/// The facts of a subscription.
pub(super) fn facts(
    subscription: &Resource,
    map: &Map<'_>,
    supplies: &Supplies,
) -> Vec<(&'static str, Fact)> {
    vec![
        ("has_functions", fact(has(FUNCTIONS, map))),
        ("runs_on_demand", fact(has(RUNNING, map))),
        ("runs_images", fact(supplies.runs_images())),
        ("spend_alerts", fact(spend_alerts(subscription, map.estate.instant))),
        ("change_alerts", fact(change_alerts(subscription))),
        ("untagged", fact(untagged(map))),
    ]
}

fn has(kinds: &[(&str, &str)], map: &Map<'_>) -> Reading<bool> {
    if kinds.iter().any(|(kind, _)| !map.kind(kind).is_empty()) {
        return Ok(true);
    }
    nothing_missed(kinds, map).map(|()| false)
}

/// The names of cost budgets over everything that have not ended and tell somebody.
fn spend_alerts(subscription: &Resource, instant: Timestamp) -> Reading<Value> {
    let budgets = elements(subscription, "budgets", "value")?;
    let telling = budgets.iter().filter(|budget| tells(&budget["properties"], instant));
    Ok(telling.filter_map(|budget| text(budget, "name")).collect::<Vec<_>>().into())
}

fn tells(budget: &Value, instant: Timestamp) -> bool {
    let over_cost = text(budget, "category").is_some_and(|category| category.eq_ignore_ascii_case("cost"));
    let unfiltered = match budget.get("filter") {
        None | Some(Value::Null) => true,
        Some(filter) => filter.as_object().is_some_and(serde_json::Map::is_empty),
    };
    let end = budget.pointer("/timePeriod/endDate").and_then(Value::as_str);
    let ended = end.and_then(|end| end.parse::<Timestamp>().ok()).is_some_and(|end| end < instant);
    let notifications = budget.get("notifications").and_then(Value::as_object);
    over_cost && unfiltered && !ended && notifications.into_iter().flatten().any(|(_, one)| reaches(one))
}

fn reaches(notification: &Value) -> bool {
    let somebody = ["contactEmails", "contactGroups", "contactRoles"];
    notification.get("enabled").and_then(Value::as_bool) == Some(true)
        && somebody.iter().any(|contacts| !list(notification, contacts).is_empty())
}

/// Which of the changes that matter an alert over the whole subscription reports.
fn change_alerts(subscription: &Resource) -> Reading<Value> {
    let uid = subscription.uid.as_str();
    let alerts = elements(subscription, "activity_alerts", "value")?;
    let reported: BTreeSet<&str> = alerts
        .iter()
        .map(|alert| &alert["properties"])
        .filter(|alert| alert.get("enabled").and_then(Value::as_bool) == Some(true))
        .filter(|alert| list(alert, "scopes").iter().filter_map(Value::as_str).any(|s| is_same(s, uid)))
        .filter(|alert| !list(&alert["actions"], "actionGroups").is_empty())
        .flat_map(|alert| reported_by(list(&alert["condition"], "allOf")))
        .collect();
    Ok(json!(reported))
}

/// The changes that all of these conditions let through.
fn reported_by(conditions: &[Value]) -> Vec<&'static str> {
    let lets_through = |condition: &Value, change: &str| {
        let leaves = match condition.get("anyOf").and_then(Value::as_array) {
            Some(leaves) => leaves.as_slice(),
            None => std::slice::from_ref(condition),
        };
        leaves.iter().any(|leaf| {
            let values = text(leaf, "equals").into_iter();
            let values = values.chain(list(leaf, "containsAny").iter().filter_map(Value::as_str));
            let mut values = values.map(str::to_lowercase);
            match text(leaf, "field").map(str::to_lowercase).as_deref() {
                Some("operationname") => values.any(|value| value == change),
                Some("category") => values.any(|value| value == "administrative"),
                // Anything else, such as a resource group or an outcome, leaves changes out.
                _ => false,
            }
        })
    };
    CHANGES
        .into_iter()
        .filter(|change| !conditions.is_empty() && conditions.iter().all(|c| lets_through(c, change)))
        .collect()
}

/// The uids of resources that carry no tag of somebody's own.
fn untagged(map: &Map<'_>) -> Reading<Value> {
    let mut untagged = BTreeSet::new();
    for &position in TAGGED.iter().flat_map(|(kind, _)| map.kind(kind)) {
        let resource = map.held(position).open_only(&[]);
        // The portal links resources by tags that it does not show.
        if resource.tags.keys().all(|key| key.starts_with("hidden-")) {
            untagged.insert(map.held(position).uid().as_str());
        }
    }
    // One is enough to fail; that there is none takes every listing.
    if untagged.is_empty() {
        nothing_missed(TAGGED, map)?;
    }
    Ok(json!(untagged))
}

fn nothing_missed(kinds: &[(&str, &str)], map: &Map<'_>) -> Reading<()> {
    let missed = kinds.iter().flat_map(|(_, service)| map.listed(service, None).err().unwrap_or_default());
    let missed = merged(missed);
    if missed.is_empty() { Ok(()) } else { Err(missed) }
}

fn is_same(id: &str, uid: &str) -> bool {
    id.trim_end_matches('/').eq_ignore_ascii_case(uid)
}
