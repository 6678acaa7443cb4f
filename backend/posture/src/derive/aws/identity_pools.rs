//! What guests of an identity pool are given.

use nephoscope_model::Resource;
use serde_json::Value;

use super::executors;
use super::grants;
use super::policies::Policies;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, required};

/// The role that everybody is given who asks; none where guests are turned away or get no role.
pub(super) fn guest_role(pool: &Resource) -> Reading<Option<&str>> {
    let admits = required(pool, "pool")?.get("AllowUnauthenticatedIdentities");
    if admits != Some(&Value::Bool(true)) {
        return Ok(None);
    }
    Ok(required(pool, "roles")?.pointer("/Roles/unauthenticated").and_then(Value::as_str))
}

/// The grants of that role.
pub(super) fn guest_grants(pool: &Resource, map: &Map<'_>, policies: &Policies<'_>) -> Reading<Value> {
    match guest_role(pool)? {
        Some(role) => Ok(grants::to_value(&executors::of_role(role, map, policies)?)),
        None => Ok(Value::Array(Vec::new())),
    }
}
