//! Log groups, those of functions among them, and the resource policies of CloudWatch Logs.

use jiff::civil::Date;
use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::function::log_group_name;
use super::{Facets, policy, resource, set};
use crate::entries::{LogPolicy, Retention, RetentionWord};
use crate::estate::Entries;
use crate::place::Place;

pub(super) fn log_groups(place: Place<'_>, entries: &Entries) -> Vec<Resource> {
    let of_functions = entries.functions.iter().filter_map(|function| {
        let name = log_group_name(&function.name);
        let created = function.created;
        match function.retention {
            Retention::Days(days) => {
                Some(log_group(place, &name, created, Some(days), function.log_key.as_ref()))
            }
            Retention::Word(RetentionWord::Forever) => {
                Some(log_group(place, &name, created, None, function.log_key.as_ref()))
            }
            Retention::Word(RetentionWord::Missing) => None,
        }
    });
    let others = entries
        .log_groups
        .iter()
        .map(|entry| log_group(place, &entry.name, entry.created, entry.days, entry.key.as_ref()));
    let policies = entries.log_policies.iter().map(|entry| resource_policy(place, entry));
    of_functions.chain(others).chain(policies).collect()
}

fn log_group(
    place: Place<'_>,
    name: &str,
    created: Date,
    days: Option<u64>,
    key: Option<&String>,
) -> Resource {
    let uid = place.log_group(name);
    let mut group = json!({
        "logGroupName": place.named(name),
        "creationTime": milliseconds(place.epoch(created, name)),
        "metricFilterCount": 0,
        "arn": format!("{uid}:*"),
        "logGroupClass": "STANDARD",
        "logGroupArn": uid,
        "deletionProtectionEnabled": false,
    });
    set(&mut group, "retentionInDays", days.map(|days| json!(days)));
    set(&mut group, "kmsKeyId", key.map(|key| json!(place.arn(&format!("kms:{key}")))));
    resource(place, "aws.logs.group", uid, place.named(name), Facets::default().known("group", group))
}

fn resource_policy(place: Place<'_>, entry: &LogPolicy) -> Resource {
    let name = place.named(&entry.name);
    let detail = json!({
        "policyName": name,
        "policyDocument": policy(entry.statements.clone()),
        "lastUpdatedTime": milliseconds(place.epoch(entry.updated, &entry.name)),
    });
    let uid = place.arn(&format!("logs:resource-policy/{name}"));
    resource(place, "aws.logs.policy", uid, name, Facets::default().known("policy", detail))
}

fn milliseconds(seconds: Value) -> Value {
    seconds.as_i64().map_or(Value::Null, |seconds| json!(seconds * 1000))
}
