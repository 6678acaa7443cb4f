//! What becomes of logs: sinks that export all, filters that drop those of functions, and alerts on changes.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, list, merged, required, text};

/// The sinks that export every entry to a place other than the project's own default bucket.
///
/// A sink of a folder or of the organisation that takes in its children does so for the project.
pub(super) fn exporting(project: &Resource, map: &Map<'_>) -> Reading<Value> {
    let mut found = Vec::new();
    let mut doubts = Vec::new();
    for &position in map.kind("gcp.logging.sink") {
        let sink = map.held(position).open_only(&["sink"]);
        match required(&sink, "sink") {
            Ok(said) if takes_all(said) && leaves(said) => found.push(sink.uid.as_str().to_owned()),
            Ok(_) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    match elements(project, "ancestor_sinks", "sinks") {
        Ok(above) => found.extend(
            above
                .iter()
                .filter(|sink| sink.get("includeChildren") == Some(&Value::Bool(true)) && takes_all(sink))
                .filter_map(|sink| text(sink, "resourceName").or_else(|| text(sink, "name")))
                .map(str::to_owned),
        ),
        Err(unread) => doubts.extend(unread),
    }
    if found.is_empty() {
        doubts.extend(map.listed("logging", None).err().unwrap_or_default());
        if !doubts.is_empty() {
            return Err(merged(doubts));
        }
    }
    Ok(found.into())
}

fn takes_all(sink: &Value) -> bool {
    let filter = text(sink, "filter").unwrap_or_default().trim();
    let excluded = list(sink, "exclusions").iter().any(is_on);
    filter.is_empty() && !excluded && is_on(sink)
}

fn is_on(sink: &Value) -> bool {
    sink.get("disabled") != Some(&Value::Bool(true))
}

/// Whether the destination is another than the bucket that every project has.
fn leaves(sink: &Value) -> bool {
    let destination = text(sink, "destination").unwrap_or_default();
    !(destination.ends_with("/buckets/_Default") || destination.ends_with("/buckets/_Required"))
}

/// How the types of serverless resources are called in logs.
const TYPES: [&str; 4] = ["cloud_function", "cloud_run_job", "cloud_run_revision", "cloud_run_worker_pool"];

/// Why a default sink keeps nothing of some serverless resource: `disabled`, or the filter or exclusion that drops a whole
/// type. None where another sink takes in everything.
pub(super) fn drops(sink: &Resource, map: &Map<'_>) -> Reading<Value> {
    let said = required(sink, "sink")?;
    let mut found = Vec::new();
    if !is_on(said) {
        found.push(json!({"by": "disabled", "types": TYPES}));
    }
    let refused = refused(text(said, "filter").unwrap_or_default());
    if !refused.is_empty() {
        found.push(json!({"by": "filter", "types": refused}));
    }
    for exclusion in list(said, "exclusions").iter().filter(|exclusion| is_on(exclusion)) {
        let excluded = whole(text(exclusion, "filter").unwrap_or_default());
        if !excluded.is_empty() {
            let name = text(exclusion, "name").unwrap_or_default();
            found.push(json!({"by": format!("exclusion {name}"), "types": excluded}));
        }
    }
    if found.is_empty() {
        return Ok(json!([]));
    }
    let mut doubts = map.listed("logging", None).err().unwrap_or_default();
    for &position in map.kind("gcp.logging.sink") {
        let other = map.held(position).open_only(&["sink"]);
        match required(&other, "sink") {
            Ok(other) if takes_all(other) => return Ok(json!([])),
            Ok(_) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    if doubts.is_empty() { Ok(Value::Array(found)) } else { Err(merged(doubts)) }
}

/// The types of which an exclusion takes every entry: it names nothing but types, one or several of them.
fn whole(filter: &str) -> Vec<&'static str> {
    let bare = filter.replace(['(', ')', '"'], " ").replace("resource.type", " ").replace('=', " ");
    let words: Vec<&str> = bare.split_whitespace().filter(|word| *word != "OR").collect();
    match words.iter().all(|word| TYPES.contains(word)) {
        true if filter.contains("resource.type") => of(&words),
        _ => Vec::new(),
    }
}

/// The types that a filter of a sink refuses in a term of its own.
fn refused(filter: &str) -> Vec<&'static str> {
    let flat =
        filter.split_whitespace().collect::<Vec<_>>().join(" ").replace(" = ", "=").replace(" != ", "!=");
    let is_refused = |kind: &&&str| {
        let terms = [
            format!("resource.type!=\"{kind}\""),
            format!("NOT resource.type=\"{kind}\""),
            format!("-resource.type=\"{kind}\""),
        ];
        // Beside an OR the entry may still come in by the other side.
        !flat.contains(" OR ") && terms.iter().any(|term| flat.contains(term.as_str()))
    };
    TYPES.iter().filter(is_refused).copied().collect()
}

fn of(words: &[&str]) -> Vec<&'static str> {
    TYPES.iter().filter(|kind| words.contains(*kind)).copied().collect()
}

/// Changes that somebody should hear of, with what a filter for them cannot do without.
const CHANGES: [(&str, &str); 4] = [
    ("audit", "auditConfigDeltas"),
    ("buckets", "storage.setIamPermissions"),
    ("owners", "roles/owner"),
    ("roles", "iam_role"),
];

/// The changes that neither an alert on a metric of logs nor an alert on entries of logs tells anybody of.
pub(super) fn unwatched(map: &Map<'_>) -> Reading<Value> {
    let mut metrics = Vec::new();
    let mut alerts = Vec::new();
    let mut doubts = Vec::new();
    for &position in map.kind("gcp.logging.metric") {
        let metric = map.held(position).open_only(&["metric"]);
        match required(&metric, "metric") {
            Ok(said) if is_on(said) => metrics.push((
                text(said, "name").unwrap_or_default().to_owned(),
                text(said, "filter").unwrap_or_default().to_owned(),
            )),
            Ok(_) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    for &position in map.kind("gcp.monitoring.alertpolicy") {
        let policy = map.held(position).open_only(&["alert_policy"]);
        match required(&policy, "alert_policy") {
            // An alert without a channel tells nobody.
            Ok(said)
                if said.get("enabled") != Some(&Value::Bool(false))
                    && !list(said, "notificationChannels").is_empty() =>
            {
                alerts.push(Value::from(list(said, "conditions")).to_string());
            }
            Ok(_) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    let is_watched = |mark: &str| {
        let by_metric = metrics.iter().filter(|(_, filter)| filter.contains(mark)).any(|(name, _)| {
            let names = [
                format!("logging.googleapis.com/user/{name}"),
                format!("logging_googleapis_com:user_{name}"),
            ];
            alerts.iter().any(|alert| names.iter().any(|name| alert.contains(name.as_str())))
        });
        by_metric || alerts.iter().any(|alert| alert.contains("conditionMatchedLog") && alert.contains(mark))
    };
    let found: Vec<&str> =
        CHANGES.iter().filter(|(_, mark)| !is_watched(mark)).map(|(change, _)| *change).collect();
    if !found.is_empty() {
        for service in ["logging", "monitoring"] {
            doubts.extend(map.listed(service, None).err().unwrap_or_default());
        }
        if !doubts.is_empty() {
            return Err(merged(doubts));
        }
    }
    Ok(found.into())
}

/// The uids of the sinks that write to the bucket.
pub(super) fn sinks_into(position: usize, map: &Map<'_>) -> Reading<Value> {
    let uid = map.held(position).uid().as_str();
    let referrers = map.referrers(RelationName::WritesTo, uid).iter().map(|&position| map.held(position));
    let found: Vec<&str> = referrers
        .filter(|held| held.kind().as_str() == "gcp.logging.sink")
        .map(|held| held.uid().as_str())
        .collect();
    if found.is_empty() {
        map.listed("logging", None)?;
    }
    Ok(found.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusion_drops_a_type_only_where_it_asks_for_nothing_more() {
        assert_eq!(whole("resource.type=\"cloud_function\""), ["cloud_function"]);
        let both = "resource.type = \"cloud_function\" OR resource.type=\"cloud_run_revision\"";
        assert_eq!(whole(both), ["cloud_function", "cloud_run_revision"]);
        assert_eq!(whole("resource.type=(\"cloud_run_job\" OR \"cloud_function\")").len(), 2);
        assert!(whole("resource.type=\"cloud_run_revision\" AND severity<WARNING").is_empty());
        assert!(whole("resource.type=\"gce_instance\"").is_empty());
        assert!(whole("").is_empty());
    }

    #[test]
    fn a_filter_refuses_a_type_in_a_term_of_its_own() {
        assert_eq!(refused("NOT LOG_ID(\"x\") AND NOT resource.type=\"cloud_function\""), ["cloud_function"]);
        assert_eq!(refused("resource.type != \"cloud_run_revision\""), ["cloud_run_revision"]);
        assert!(refused("resource.type != \"cloud_function\" OR severity>=ERROR").is_empty());
        assert!(refused("NOT LOG_ID(\"cloudaudit.googleapis.com/activity\")").is_empty());
    }
}
