//! Secrets Manager: which secrets there are, how they change, and who may read them. Never what they say.
//!
//! One call for a hundred secrets and one for each, for its policy.

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, put, relate, tag, text, unqualified_function};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&SECRETS.action, &GET_POLICY];
/// Which version is current moves with each change, of which the date is kept. The day of the last access has a
/// facet of its own.
pub(super) const VOLATILE: &[Path] = &["secret/LastAccessedDate", "secret/SecretVersionsToStages"];

static API: Api =
    Api::json("Secrets Manager", "secretsmanager", "1.1", "secretsmanager", &quota::SECRETS_MANAGER);
static SECRETS: List = API.list("secretsmanager:ListSecrets", "SecretList");
static GET_POLICY: Action = API.action("secretsmanager:GetResourcePolicy");

/// The largest page.
const PAGE: i32 = 100;

/// Within so many days an access is only known to be recent: the day itself would change from night to night.
const RECENT_DAYS: i64 = 30;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&SECRETS, None, Request::call().field("MaxResults", PAGE)).await;
    let now = reader.past.instant;
    let secrets = listed.items.into_iter().map(|secret| fetch(reader, secret, now));
    let secrets: Vec<Option<Resource>> =
        futures::stream::iter(secrets).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: secrets.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

/// None where the secret was deleted after it had been listed.
async fn fetch(reader: &Reader, secret: Value, now: Timestamp) -> Option<Resource> {
    let arn = text(&secret, "/ARN")?;
    let uid = Uid::from(arn);
    let policy = reader.call(&GET_POLICY, Some(&uid), Request::call().field("SecretId", arn)).await;
    let policy = match policy {
        Ok(reply) => policy::read(&GET_POLICY, text(&reply, "/ResourcePolicy")),
        Err(failure) if failure.class == Class::NotFound => return None,
        Err(failure) => Err(failure),
    };
    normalise(&reader.place, secret, policy, now)
}

fn normalise(place: &Place, secret: Value, policy: Read, now: Timestamp) -> Option<Resource> {
    let arn = text(&secret, "/ARN")?;
    let mut resource =
        place.resource("aws.secretsmanager.secret", arn, text(&secret, "/Name").unwrap_or(arn));
    tag(&mut resource, secret.get("Tags"));
    let key = place.key_arn(text(&secret, "/KmsKeyId"));
    relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    let rotation = text(&secret, "/RotationLambdaARN").and_then(unqualified_function);
    relate(&mut resource, RelationName::Invokes, rotation);
    put(&mut resource, "access", Ok(access(&secret, now)));
    put(&mut resource, "secret", Ok(Some(secret)));
    put(&mut resource, "policy", policy);
    Some(resource)
}

/// When the secret was last read, unless that was recently; none where nobody ever did.
fn access(secret: &Value, now: Timestamp) -> Option<Value> {
    let date = secret.get("LastAccessedDate").filter(|date| !date.is_null())?;
    let seconds = date.as_f64().map(|seconds| seconds as i64);
    let day = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let recent =
        day.is_some_and(|day| now.duration_since(day) < SignedDuration::from_hours(24 * RECENT_DAYS));
    Some(if recent { json!({ "WithinDays": RECENT_DAYS }) } else { json!({ "LastAccessedDate": date }) })
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn the_day_of_the_last_access_is_kept_once_it_is_long_ago() {
        let now: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let days_ago = |days: i64| now.as_second() - days * 86_400;
        let read = |date: Value| access(&json!({ "LastAccessedDate": date }), now);
        assert_eq!(read(json!(days_ago(2))), Some(json!({"WithinDays": 30})));
        assert_eq!(read(json!(days_ago(29) as f64)), Some(json!({"WithinDays": 30})));
        assert_eq!(read(json!(days_ago(31))), Some(json!({"LastAccessedDate": days_ago(31)})));
        assert_eq!(read(Value::Null), None);
        assert_eq!(access(&json!({}), now), None);
    }

    #[test]
    fn a_secret_is_related_to_its_key_and_to_what_rotates_it() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:rotate";
        let secret = json!({"ARN": "arn:s", "Name": "db", "KmsKeyId": "alias/shop", "RotationLambdaARN": function,
            "Tags": [{"Key": "team", "Value": "shop"}]});
        let place = Place::example("secretsmanager");
        let secret = normalise(&place, secret, Ok(None), Timestamp::UNIX_EPOCH).unwrap();
        let edges: Vec<&str> = secret.relations.iter().map(|relation| relation.to.as_str()).collect();
        assert_eq!(edges, ["arn:aws:kms:eu-west-1:123456789012:alias/shop", function]);
        assert_eq!((secret.name.as_str(), secret.tags["team"].as_str()), ("db", "shop"));
        assert_eq!((&secret.facets["policy"], &secret.facets["access"]), (&Facet::Absent, &Facet::Absent));
    }
}
