//! The managed identities that a resource runs with.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use crate::normalise::relate;

/// Adds an edge to each user-assigned identity that the resource's main facet names.
pub(super) fn relate_identities(resource: &mut Resource, facet: &str) {
    let row = resource.facets.get(facet).and_then(Facet::value);
    let assigned =
        row.and_then(|row| row.pointer("/identity/userAssignedIdentities")).and_then(Value::as_object);
    let uids: Vec<String> = assigned.into_iter().flatten().map(|(id, _)| id.to_ascii_lowercase()).collect();
    for uid in uids {
        relate(resource, RelationName::ExecutesAs, Some(&uid));
    }
}
