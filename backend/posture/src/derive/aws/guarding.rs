//! What guards and deploys functions, as far as one resource does not say it by itself.

use nephoscope_model::{Region, RelationName, Resource};
use serde_json::Value;

use super::secrets;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, malformed, merged};

/// Whether the region of the resource, or any region where it has none, has functions: otherwise it does not matter
/// whether they are guarded.
pub(super) fn has_functions(resource: &Resource, map: &Map<'_>) -> Reading<bool> {
    let region = Some(&resource.region).filter(|region| **region != Region::global());
    let here = |position: &usize| region.is_none_or(|region| map.held(*position).region() == region);
    if map.kind("aws.lambda.function").iter().any(here) {
        return Ok(true);
    }
    map.listed("lambda", region.map(Region::as_str))?;
    Ok(false)
}

/// The uids of the stacks that are deployed with the role; that there are none takes all of their listings.
pub(super) fn stacks(position: usize, map: &Map<'_>) -> Reading<Value> {
    let uid = map.held(position).uid().as_str();
    let deployed = map.referrers(RelationName::ExecutesAs, uid).iter().map(|&position| map.held(position));
    let stacks = deployed.filter(|held| held.kind().as_str() == "aws.cloudformation.stack");
    let uids: Vec<Value> = stacks.map(|stack| Value::from(stack.uid().as_str())).collect();
    if uids.is_empty() {
        map.listed("cloudformation", None)?;
    }
    Ok(Value::Array(uids))
}

/// Settings of several facets that look like secrets.
pub(super) fn secrets_in(resource: &Resource, facets: &[&str]) -> Reading<Value> {
    let (mut found, mut reasons) = (Vec::new(), Vec::new());
    for facet in facets {
        match secrets::secrets(resource, facet) {
            Ok(Value::Array(secrets)) => found.extend(secrets),
            Ok(_) => reasons.extend(malformed(facet)),
            Err(unread) => reasons.extend(unread),
        }
    }
    // One secret is enough to fail, whatever may stand in what was not read.
    if found.is_empty() && !reasons.is_empty() { Err(merged(reasons)) } else { Ok(Value::Array(found)) }
}
