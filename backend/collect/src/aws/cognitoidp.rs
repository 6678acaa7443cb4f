//! Cognito user pools: how people sign up and sign in, and the applications that they sign in to.
//!
//! One call for sixty pools; for each pool one for its settings, one for its clients, and one for its reactions to risk
//! where threat protection is switched on; one for each client. The settings tell second factors, domains and triggers
//! as well. A client's secret is dropped unread: that it has one is what is kept.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, object_at, put, relate, tag, text, unqualified_function};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&POOLS.action, &DESCRIBE_POOL, &CLIENTS.action, &DESCRIBE_CLIENT, &DESCRIBE_RISK];
/// It grows with every user.
pub(super) const VOLATILE: &[Path] = &["pool/EstimatedNumberOfUsers"];

static API: Api = Api::json(
    "Cognito Identity Provider",
    "cognito-idp",
    "1.1",
    "AWSCognitoIdentityProviderService",
    &quota::COGNITO_POOLS,
);
static POOLS: List = API.list("cognito-idp:ListUserPools", "UserPools");
static DESCRIBE_POOL: Action = API.action("cognito-idp:DescribeUserPool");
static CLIENTS: List =
    API.list("cognito-idp:ListUserPoolClients", "UserPoolClients").within(&quota::COGNITO_CLIENTS);
static DESCRIBE_CLIENT: Action =
    API.action("cognito-idp:DescribeUserPoolClient").within(&quota::COGNITO_CLIENTS);
static DESCRIBE_RISK: Action =
    API.action("cognito-idp:DescribeRiskConfiguration").within(&quota::COGNITO_RESOURCES);

/// The largest page of both listings.
const PAGE: i32 = 60;

struct Pool {
    id: String,
    name: String,
    pool: Result<Value, Failure>,
    risk: Read,
    clients: Vec<Client>,
    /// Why not all clients were listed, where that is so.
    unread: Option<Failure>,
}

struct Client {
    id: String,
    name: String,
    client: Result<Value, Failure>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&POOLS, None, Request::call().field("MaxResults", PAGE)).await;
    let pools = listed.items.into_iter().map(|item| fetch_pool(reader, item));
    let pools: Vec<Option<Pool>> =
        futures::stream::iter(pools).buffer_unordered(reader.limits.concurrency).collect().await;
    let (mut resources, mut listings) = (Vec::new(), vec![listed.failure]);
    for mut pool in pools.into_iter().flatten() {
        listings.push(pool.unread.take());
        resources.extend(normalise(&reader.place, pool));
    }
    Outcome { resources, listings }
}

/// None where the pool was deleted after it had been listed.
async fn fetch_pool(reader: &Reader, item: Value) -> Option<Pool> {
    let id = text(&item, "/Id")?;
    let uid = Uid::from(pool_arn(&reader.place, id));
    let of_pool = || Request::call().field("UserPoolId", id);
    let pool = match reader.call(&DESCRIBE_POOL, Some(&uid), of_pool()).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        reply => reply.and_then(|reply| object_at(&DESCRIBE_POOL, reply, "UserPool")),
    };
    let risk = match &pool {
        Ok(pool) if is_protected(pool) => match reader.call(&DESCRIBE_RISK, Some(&uid), of_pool()).await {
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            reply => reply.and_then(|reply| object_at(&DESCRIBE_RISK, reply, "RiskConfiguration")).map(Some),
        },
        Ok(_) => Ok(None),
        Err(failure) => Err(failure.clone()),
    };
    let listed = reader.list(&CLIENTS, Some(&uid), of_pool().field("MaxResults", PAGE)).await;
    let mut clients = Vec::new();
    // One after the other: each pool has a rate of its own, far below that of the account.
    for item in &listed.items {
        clients.extend(fetch_client(reader, &uid, id, item).await);
    }
    let unread = listed.failure.filter(|failure| failure.class != Class::NotFound);
    let name = text(&item, "/Name").unwrap_or(id).to_owned();
    Some(Pool { id: id.to_owned(), name, pool, risk, clients, unread })
}

/// None where the client was deleted after it had been listed.
async fn fetch_client(reader: &Reader, pool: &Uid, pool_id: &str, item: &Value) -> Option<Client> {
    let id = text(item, "/ClientId")?;
    let request = Request::call().field("UserPoolId", pool_id).field("ClientId", id);
    let uid = Uid::from(client_uid(pool.as_str(), id));
    let client = match reader.call(&DESCRIBE_CLIENT, Some(&uid), request).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        reply => reply.and_then(|reply| object_at(&DESCRIBE_CLIENT, reply, "UserPoolClient")),
    };
    let client = client.map(|mut client| {
        drop_secret(&mut client);
        client
    });
    Some(Client { id: id.to_owned(), name: text(item, "/ClientName").unwrap_or(id).to_owned(), client })
}

/// Leaves of the secret that there is one.
fn drop_secret(client: &mut Value) {
    if let Some(secret) = client.get_mut("ClientSecret").filter(|secret| !secret.is_null()) {
        *secret = Value::Bool(true);
    }
}

/// True where threat protection is switched on: elsewhere there are no reactions to risk.
fn is_protected(pool: &Value) -> bool {
    text(pool, "/UserPoolAddOns/AdvancedSecurityMode").is_some_and(|mode| mode != "OFF")
}

fn pool_arn(place: &Place, id: &str) -> String {
    place.arn("cognito-idp", &format!("userpool/{id}"))
}

/// AWS has no ARN for a client; this is what one would be.
fn client_uid(pool: &str, id: &str) -> String {
    format!("{pool}/client/{id}")
}

fn normalise(place: &Place, replies: Pool) -> Vec<Resource> {
    let Pool { id, name, pool, risk, clients, unread: _ } = replies;
    let arn = pool_arn(place, &id);
    let mut resource = place.resource("aws.cognito.userpool", &arn, &name);
    if let Ok(pool) = &pool {
        tag(&mut resource, pool.get("UserPoolTags"));
        for function in triggers(pool) {
            relate(&mut resource, RelationName::Invokes, Some(function));
        }
        relate(&mut resource, RelationName::EncryptedBy, text(pool, "/LambdaConfig/KMSKeyID"));
        relate(&mut resource, RelationName::ExecutesAs, text(pool, "/SmsConfiguration/SnsCallerArn"));
    }
    let clients = clients.into_iter().map(|client| {
        let mut resource = place.resource("aws.cognito.client", &client_uid(&arn, &client.id), &client.name);
        relate(&mut resource, RelationName::PartOf, Some(&arn));
        put(&mut resource, "client", client.client.map(Some));
        put(&mut resource, "pool", pool.clone().map(Some));
        resource
    });
    let clients: Vec<Resource> = clients.collect();
    put(&mut resource, "risk", risk);
    put(&mut resource, "pool", pool.map(Some));
    std::iter::once(resource).chain(clients).collect()
}

/// The functions that a pool calls: named directly, or with the version of the event that they are sent.
fn triggers(pool: &Value) -> impl Iterator<Item = &str> {
    let triggers = pool.get("LambdaConfig").and_then(Value::as_object);
    let arns = triggers.into_iter().flat_map(|triggers| triggers.values());
    arns.filter_map(|trigger| trigger.as_str().or_else(|| text(trigger, "/LambdaArn")))
        .filter_map(unqualified_function)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    fn normalised(pool: Result<Value, Failure>) -> Vec<Resource> {
        let mut client = json!({"ClientId": "c1", "ClientSecret": "CANARY"});
        drop_secret(&mut client);
        let client = Client { id: "c1".to_owned(), name: "web".to_owned(), client: Ok(client) };
        let risk = Ok(None);
        let pool = Pool {
            id: "eu-west-1_a".to_owned(),
            name: "shop".to_owned(),
            pool,
            risk,
            clients: vec![client],
            unread: None,
        };
        normalise(&Place::example("cognitoidp"), pool)
    }

    #[test]
    fn a_pool_calls_its_triggers_and_a_client_keeps_no_secret() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:";
        let pool = json!({"UserPoolTags": {"team": "shop"}, "LambdaConfig": {
            "PreSignUp": format!("{function}vet:live"), "CustomSMSSender": {"LambdaArn": format!("{function}sms"), "LambdaVersion": "V1_0"},
        }});
        let found = normalised(Ok(pool.clone()));
        let uids: Vec<&str> = found.iter().map(|resource| resource.uid.as_str()).collect();
        let arn = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a";
        assert_eq!(uids, [arn, &format!("{arn}/client/c1")]);
        assert_eq!(found[0].tags["team"], "shop");
        let edges: Vec<&str> = found[0].relations.iter().map(|edge| edge.to.as_str()).collect();
        assert_eq!(edges.len(), 2);
        assert!(
            edges.contains(&format!("{function}vet").as_str())
                && edges.contains(&format!("{function}sms").as_str())
        );
        assert_eq!(found[1].facets["client"], Facet::Known(json!({"ClientId": "c1", "ClientSecret": true})));
        assert_eq!(found[1].facets["pool"], Facet::Known(pool));
    }

    #[test]
    fn a_pool_that_was_not_read_leaves_its_clients_readable() {
        let denied = Failure::new(&DESCRIBE_POOL, Class::Denied, "AccessDeniedException", "no");
        let found = normalised(Err(denied));
        assert!(found[0].facets["pool"].unreadable().is_some());
        assert!(
            found[1].facets["pool"].unreadable().is_some()
                && found[1].facets["client"].unreadable().is_none()
        );
    }

    #[test]
    fn risk_is_asked_for_where_threats_are_looked_for() {
        for (mode, asked) in [("OFF", false), ("AUDIT", true), ("ENFORCED", true)] {
            assert_eq!(is_protected(&json!({"UserPoolAddOns": {"AdvancedSecurityMode": mode}})), asked);
        }
        assert!(!is_protected(&json!({})));
    }
}
