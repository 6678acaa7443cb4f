//! Trails of CloudTrail, each listed in its home region.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::{Facets, relations, resource, set};
use crate::entries::Trail;
use crate::estate::Entries;
use crate::place::Place;

pub(super) fn trails(place: Place<'_>, entries: &Entries) -> Vec<Resource> {
    entries.trails.iter().map(|entry| trail(place, entry)).collect()
}

fn trail(place: Place<'_>, entry: &Trail) -> Resource {
    let name = place.named(&entry.name);
    let arn = place.arn(&format!("cloudtrail:trail/{name}"));
    let key = entry.key.as_ref().map(|key| place.arn(&format!("kms:{key}")));
    let group = entry.log_group.as_ref().map(|group| place.log_group(group));
    let mut trail = json!({
        "Name": name,
        "S3BucketName": entry.bucket,
        "IncludeGlobalServiceEvents": entry.all_regions,
        "IsMultiRegionTrail": entry.all_regions,
        "HomeRegion": place.region,
        "TrailARN": arn,
        "LogFileValidationEnabled": entry.validated,
        "HasCustomEventSelectors": !entry.functions.is_empty() || !entry.management,
        "HasInsightSelectors": false,
        "IsOrganizationTrail": false,
    });
    set(&mut trail, "KmsKeyId", key.as_ref().map(|key| json!(key)));
    set(&mut trail, "CloudWatchLogsLogGroupArn", group.as_ref().map(|group| json!(format!("{group}:*"))));
    let log_role = entry.log_role.as_ref().map(|role| json!(place.role("/", role)));
    set(&mut trail, "CloudWatchLogsRoleArn", log_role);
    let mut edges: Vec<_> = group.map(|group| (RelationName::LogsTo, group)).into_iter().collect();
    edges.extend(key.map(|key| (RelationName::EncryptedBy, key)));
    let facets = Facets::default()
        .known("trail", trail)
        .known("status", status(place, entry))
        .known("selectors", selectors(entry, &arn));
    let mut resource = resource(place, "aws.cloudtrail.trail", arn, name, facets);
    resource.relations = relations(edges);
    resource
}

/// The reply of GetTrailStatus without the times of the latest delivery, which say nothing about posture.
fn status(place: Place<'_>, entry: &Trail) -> Value {
    let mut status = json!({
        "IsLogging": entry.stopped.is_none(),
        "StartLoggingTime": place.epoch(entry.started, &entry.name),
    });
    if let Some(stopped) = entry.stopped {
        status["StopLoggingTime"] = place.epoch(stopped, &entry.name);
    }
    status
}

fn selectors(entry: &Trail, arn: &str) -> Value {
    let functions = || json!([{ "Type": "AWS::Lambda::Function", "Values": entry.functions }]);
    let resources = if entry.functions.is_empty() { json!([]) } else { functions() };
    json!({
        "TrailARN": arn,
        "EventSelectors": [{
            "ReadWriteType": "All",
            "IncludeManagementEvents": entry.management,
            "DataResources": resources,
            "ExcludeManagementEventSources": [],
        }],
    })
}
