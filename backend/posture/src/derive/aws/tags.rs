//! Which resources of a region nobody has put a tag on.

use std::collections::BTreeSet;

use nephoscope_model::Resource;
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, list, merged, text};

/// Kinds whose tags come in bulk, and the services that list them.
const KINDS: &[(&str, &str)] = &[
    ("aws.appsync.api", "appsync"),
    ("aws.dynamodb.table", "dynamodb"),
    ("aws.ecr.repository", "ecr"),
    ("aws.events.bus", "events"),
    ("aws.secretsmanager.secret", "secretsmanager"),
    ("aws.sns.topic", "sns"),
    ("aws.sqs.queue", "sqs"),
    ("aws.stepfunctions.statemachine", "stepfunctions"),
];

/// The uids of resources in the region of `tags` that carry no tag of somebody's own.
///
/// What AWS adds by itself, such as the name of a stack, tells where a resource comes from and not whose it is.
pub(super) fn untagged(tags: &Resource, map: &Map<'_>) -> Reading<Value> {
    let tagged = elements(tags, "tagged", "ResourceTagMappingList")?;
    let own = |item: &&Value| {
        let mut keys = list(item, "Tags").iter().filter_map(|tag| text(tag, "Key"));
        keys.any(|key| !key.starts_with("aws:"))
    };
    let tagged: BTreeSet<&str> =
        tagged.iter().filter(own).filter_map(|item| text(item, "ResourceARN")).collect();
    let mut untagged: Vec<&str> = Vec::new();
    let mut reasons = Vec::new();
    for (kind, service) in KINDS {
        let held = map.kind(kind).iter().map(|&position| map.held(position));
        let here = held.filter(|held| *held.region() == tags.region).map(|held| held.uid().as_str());
        untagged.extend(here.filter(|uid| !tagged.contains(uid) && !is_given(uid)));
        reasons.extend(map.listed(service, Some(tags.region.as_str())).err().unwrap_or_default());
    }
    // One is enough to fail; that there is none takes every listing.
    if untagged.is_empty() && !reasons.is_empty() {
        return Err(merged(reasons));
    }
    untagged.sort_unstable();
    Ok(untagged.into_iter().map(Value::from).collect::<Vec<_>>().into())
}

/// The default event bus is there in every region, and nobody owns it.
fn is_given(uid: &str) -> bool {
    uid.ends_with(":event-bus/default")
}
