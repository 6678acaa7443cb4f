//! Whose key encrypts a resource: the owner's own, or one that AWS manages.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reading::{Reading, malformed, reason, required, text};

/// True where a customer key encrypts the resource; false where a key of AWS does, or none that is named. The facet is
/// the one that names the key.
pub(super) fn customer_key(resource: &Resource, facet: &str, map: &Map<'_>) -> Reading<Value> {
    required(resource, facet)?;
    let key = resource.relations.iter().find(|relation| relation.name == RelationName::EncryptedBy);
    let Some(arn) = key.map(|relation| relation.to.as_str()) else { return Ok(Value::from(false)) };
    is_customers(arn, resource.account.as_str(), map).map(Value::from)
}

fn is_customers(arn: &str, account: &str, map: &Map<'_>) -> Reading<bool> {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (owner, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if name.starts_with("alias/") {
        // The prefix is reserved.
        return Ok(!name.starts_with("alias/aws/"));
    }
    if owner != account {
        // What AWS manages for one account, no other account can use.
        return Ok(true);
    }
    let Some(position) = map.position(arn) else { return Err(reason("key", "NotCollected")) };
    match text(required(&map.held(position).open_only(&["key"]), "key")?, "KeyManager") {
        Some("CUSTOMER") => Ok(true),
        Some("AWS") => Ok(false),
        _ => Err(malformed("key")),
    }
}
