//! What resources are given by the roles that they execute as.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::grants::Grant;
use super::map::Map;
use super::policies::Policies;
use super::reading::{Reading, facet, merged, reason};

/// The grants of the role with this ARN; not known where the role was not read.
pub(super) fn of_role(arn: &str, map: &Map<'_>, policies: &Policies<'_>) -> Reading<Vec<Grant>> {
    match map.position(arn) {
        Some(position) => policies.grants(&map.open(position)),
        None => Err(reason("role", "NotCollected")),
    }
}

/// The grants of every role that the resource executes as, which `name` is the facet to tell.
pub(super) fn of_executor(
    resource: &Resource,
    name: &str,
    map: &Map<'_>,
    policies: &Policies<'_>,
) -> Reading<Vec<Grant>> {
    facet(resource, name)?;
    let mut all = Vec::new();
    let mut unread = Vec::new();
    for relation in resource.relations.iter().filter(|relation| relation.name == RelationName::ExecutesAs) {
        match of_role(relation.to.as_str(), map, policies) {
            Ok(grants) => all.extend(grants),
            Err(reasons) => unread.extend(reasons),
        }
    }
    if unread.is_empty() { Ok(all) } else { Err(merged(unread)) }
}

/// Those grants that give everything, everything of a sensitive service, or any role to pass.
pub(super) fn broad(
    resource: &Resource,
    name: &str,
    map: &Map<'_>,
    policies: &Policies<'_>,
) -> Reading<Value> {
    let grants = of_executor(resource, name, map, policies)?;
    Ok(grants.iter().filter(|grant| grant.is_broad()).map(Value::from).collect())
}
