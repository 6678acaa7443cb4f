//! Cognito identity pools: who is given credentials of the account, and with which role.
//!
//! One call for sixty pools, and two for each pool.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, elements, put, relate, tag, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&POOLS.action, &DESCRIBE, &GET_ROLES];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::json(
    "Cognito Identity",
    "cognito-identity",
    "1.1",
    "AWSCognitoIdentityService",
    &quota::COGNITO_IDENTITY,
);
static POOLS: List = API.list("cognito-identity:ListIdentityPools", "IdentityPools");
static DESCRIBE: Action = API.action("cognito-identity:DescribeIdentityPool");
static GET_ROLES: Action = API.action("cognito-identity:GetIdentityPoolRoles");

const PAGE: i32 = 60;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&POOLS, None, Request::call().field("MaxResults", PAGE)).await;
    let pools = listed.items.into_iter().map(|item| pool(reader, item));
    let pools: Vec<Option<Resource>> =
        futures::stream::iter(pools).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: pools.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

/// None where the pool was deleted after it had been listed.
async fn pool(reader: &Reader, item: Value) -> Option<Resource> {
    let id = text(&item, "/IdentityPoolId")?;
    let uid = Uid::from(reader.place.arn("cognito-identity", &format!("identitypool/{id}")));
    let request = Request::call().field("IdentityPoolId", id);
    let (pool, roles) = tokio::join!(
        reader.call(&DESCRIBE, Some(&uid), request.clone()),
        reader.call(&GET_ROLES, Some(&uid), request)
    );
    let is_gone = |reply: &Result<Value, Failure>| {
        reply.as_ref().is_err_and(|failure| failure.class == Class::NotFound)
    };
    if is_gone(&pool) || is_gone(&roles) {
        return None;
    }
    let name = text(&item, "/IdentityPoolName").unwrap_or(id);
    Some(normalise(&reader.place, &uid, name, pool, roles))
}

fn normalise(
    place: &Place,
    uid: &Uid,
    name: &str,
    pool: Result<Value, Failure>,
    roles: Result<Value, Failure>,
) -> Resource {
    let mut resource = place.resource("aws.cognito.identitypool", uid.as_str(), name);
    if let Ok(pool) = &pool {
        tag(&mut resource, pool.get("IdentityPoolTags"));
    }
    if let Ok(roles) = &roles {
        let given = roles.get("Roles").and_then(Value::as_object);
        for role in given.into_iter().flat_map(|roles| roles.values()) {
            relate(&mut resource, RelationName::Lends, role.as_str());
        }
        let mappings = roles.get("RoleMappings").and_then(Value::as_object);
        for mapping in mappings.into_iter().flat_map(|mappings| mappings.values()) {
            for rule in elements(mapping, "/RulesConfiguration/Rules") {
                relate(&mut resource, RelationName::Lends, text(rule, "/RoleARN"));
            }
        }
    }
    put(&mut resource, "pool", pool.map(Some));
    put(&mut resource, "roles", roles.map(Some));
    resource
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pool_lends_every_role_that_it_names() {
        let roles = json!({
            "Roles": {"authenticated": "a", "unauthenticated": "u"},
            "RoleMappings": {"provider": {"RulesConfiguration": {"Rules": [{"RoleARN": "r"}]}}},
        });
        let uid = Uid::from("arn:aws:cognito-identity:eu-west-1:123456789012:identitypool/eu-west-1:1");
        let place = Place::example("cognitoidentity");
        let pool = json!({"IdentityPoolTags": {"team": "shop"}});
        let found = normalise(&place, &uid, "shop", Ok(pool), Ok(roles));
        let lent: Vec<&str> = found.relations.iter().map(|edge| edge.to.as_str()).collect();
        assert_eq!(lent, ["a", "u", "r"]);
        assert_eq!(found.tags["team"], "shop");
        let denied = Failure::new(&GET_ROLES, Class::Denied, "AccessDeniedException", "no");
        let found = normalise(&place, &uid, "shop", Ok(json!({})), Err(denied));
        assert!(found.facets["roles"].unreadable().is_some() && found.relations.is_empty());
    }
}
