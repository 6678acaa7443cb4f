//! KMS: the keys that something uses, with who may use them and whether they are renewed.
//!
//! One call for each name of a key, and two more for each customer key. Keys that AWS manages say so in their alias, or
//! in the first answer: their policy is AWS's own, the same everywhere, and not asked for.

use std::collections::BTreeMap;

use futures::StreamExt;
use nephoscope_model::{Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, object_at, put, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::NamedLast;
pub(super) const ACTIONS: &[&Action] = &[&DESCRIBE_KEY, &GET_POLICY, &GET_ROTATION];
/// Moves with each renewal.
pub(super) const VOLATILE: &[Path] = &["rotation/NextRotationDate"];

static API: Api = Api::json("KMS", "kms", "1.1", "TrentService", &quota::KMS);
static DESCRIBE_KEY: Action = API.action("kms:DescribeKey");
static GET_POLICY: Action = API.action("kms:GetKeyPolicy");
static GET_ROTATION: Action = API.action("kms:GetKeyRotationStatus");

struct Key {
    arn: String,
    key: Result<Value, Failure>,
    policy: Read,
    rotation: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let named = reader.named("kms").into_iter().filter(|arn| is_ours(reader, arn)).map(str::to_owned);
    let named: Vec<String> = named.collect();
    let described = named.into_iter().map(|arn| describe(reader, arn));
    let described: Vec<Described> =
        futures::stream::iter(described).buffer_unordered(reader.limits.concurrency).collect().await;
    // A key may be named by its id here and by an alias there.
    let mut keys = BTreeMap::new();
    let mut listings = Vec::new();
    for one in described {
        match one {
            Described::Key(arn, key) => drop(keys.insert(arn, key)),
            Described::Gone => {}
            Described::Unresolved(failure) => listings.push(Some(failure)),
        }
    }
    let keys = keys.into_iter().map(|(arn, key)| fetch(reader, arn, key));
    let keys: Vec<Option<Key>> =
        futures::stream::iter(keys).buffer_unordered(reader.limits.concurrency).collect().await;
    let resources = keys.into_iter().flatten().map(|key| normalise(&reader.place, key)).collect();
    // Keys behind aliases that could not be resolved are missing, as if a listing had broken off.
    listings.insert(0, None);
    Outcome { resources, listings }
}

/// What one name of a key came to.
enum Described {
    /// The key's own ARN, and what is said of it.
    Key(String, Result<Value, Failure>),
    /// There is no such key (any more).
    Gone,
    /// An alias of which it is not known which key it means.
    Unresolved(Failure),
}

/// Keys of other accounts are not ours to read, and aliases that begin with `aws/` belong to keys of AWS.
fn is_ours(reader: &Reader, arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(4);
    let own = parts.next() == Some(reader.place.account.as_str());
    own && parts.next().is_some_and(|name| !name.starts_with("alias/aws/"))
}

async fn describe(reader: &Reader, named: String) -> Described {
    let uid = Uid::from(named.as_str());
    let reply = reader.call(&DESCRIBE_KEY, Some(&uid), Request::call().field("KeyId", named.as_str())).await;
    let key = reply.and_then(|reply| object_at(&DESCRIBE_KEY, reply, "KeyMetadata"));
    let arn = key.as_ref().ok().and_then(|key| text(key, "/Arn")).map(str::to_owned);
    match key {
        Err(failure) if failure.class == Class::NotFound => Described::Gone,
        Err(failure) if named.contains(":alias/") => Described::Unresolved(failure),
        key => Described::Key(arn.unwrap_or(named), key),
    }
}

/// None where the key was deleted meanwhile.
async fn fetch(reader: &Reader, arn: String, key: Result<Value, Failure>) -> Option<Key> {
    let uid = Uid::from(arn.as_str());
    let named = || Request::call().field("KeyId", arn.as_str());
    if key.as_ref().is_ok_and(is_managed_by_aws) {
        return Some(Key { arn, key, policy: Ok(None), rotation: Ok(None) });
    }
    // The only policy that a key can have.
    let policy = named().field("PolicyName", "default");
    let policy = match reader.call(&GET_POLICY, Some(&uid), policy).await {
        Ok(reply) => policy::read(&GET_POLICY, text(&reply, "/Policy")),
        Err(failure) if failure.class == Class::NotFound => return None,
        Err(failure) => Err(failure),
    };
    let rotation = match &key {
        Ok(key) if !is_renewable(key) => Ok(None),
        Ok(_) => reader.call(&GET_ROTATION, Some(&uid), named()).await.map(Some),
        Err(failure) => Err(failure.clone()),
    };
    Some(Key { arn, key, policy, rotation })
}

fn is_managed_by_aws(key: &Value) -> bool {
    text(key, "/KeyManager") == Some("AWS")
}

/// AWS renews only symmetric material that it made itself, of keys that are in use.
fn is_renewable(key: &Value) -> bool {
    text(key, "/KeySpec") == Some("SYMMETRIC_DEFAULT")
        && text(key, "/Origin") == Some("AWS_KMS")
        && matches!(text(key, "/KeyState"), Some("Enabled" | "Disabled"))
}

fn normalise(place: &Place, key: Key) -> Resource {
    let Key { arn, key, policy, rotation } = key;
    let id = arn.rsplit('/').next().unwrap_or(&arn);
    let described = key.as_ref().ok().and_then(|key| text(key, "/Description"));
    let name = described.filter(|text| !text.is_empty()).unwrap_or(id);
    let mut resource = place.resource("aws.kms.key", &arn, name);
    put(&mut resource, "key", key.map(Some));
    put(&mut resource, "policy", policy);
    put(&mut resource, "rotation", rotation);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_own_symmetric_keys_are_renewed() {
        let key = json!({"KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "KeyState": "Enabled"});
        assert!(is_renewable(&key));
        for (field, value) in
            [("KeySpec", "RSA_2048"), ("Origin", "EXTERNAL"), ("KeyState", "PendingDeletion")]
        {
            let mut other = key.clone();
            other[field] = json!(value);
            assert!(!is_renewable(&other), "{value}");
        }
    }

    #[test]
    fn a_key_is_called_by_its_description_or_its_id() {
        let arn = "arn:aws:kms:eu-west-1:123456789012:key/1-2";
        let named = |description: &str| {
            let key = Ok(json!({ "Description": description }));
            normalise(
                &Place::example("kms"),
                Key { arn: arn.to_owned(), key, policy: Ok(None), rotation: Ok(None) },
            )
        };
        assert_eq!((named("shop").name.as_str(), named("").name.as_str()), ("shop", "1-2"));
        assert_eq!(named("").facets["policy"], Facet::Absent);
    }
}
