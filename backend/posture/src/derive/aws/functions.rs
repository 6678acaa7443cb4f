//! What functions and the resources they use know of each other.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reading::{Reading, malformed, required, text};

/// The ARN of the function's execution role.
pub(super) fn role(function: &Resource) -> Reading<Value> {
    let config = required(function, "config")?;
    text(config, "Role").map(Value::from).ok_or_else(|| malformed("config"))
}

/// The uids of the functions that hold the relation to the resource.
///
/// Each is a witness of its own, so functions that are known are listed even where others may have gone unread;
/// but that there are none is only known where all of Lambda was listed.
pub(super) fn referring(position: usize, relation: RelationName, map: &Map<'_>) -> Reading<Value> {
    let uid = map.held(position).uid().as_str();
    let uids: Vec<Value> = map
        .referrers(relation, uid)
        .iter()
        .map(|&position| map.held(position))
        .filter(|held| held.kind().as_str() == "aws.lambda.function")
        .map(|function| Value::from(function.uid().as_str()))
        .collect();
    if uids.is_empty() {
        map.listed("lambda", None)?;
    }
    Ok(Value::Array(uids))
}
