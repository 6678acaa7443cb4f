//! AppSync: GraphQL APIs with who may call them, what they cache and where their data comes from; event APIs.
//!
//! APIs come in bulk. A GraphQL API costs two calls more (cache and data sources), and a third where it has API
//! keys. The id of a key is the key: a keyed tag of it is kept, with the day on which it expires.

use futures::StreamExt;
use futures::stream::iter;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, elements, object_at, put, relate, tag, text, unqualified_function};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&GRAPHQL_APIS.action, &EVENT_APIS.action, &GET_CACHE, &KEYS.action, &DATA_SOURCES.action];
/// Goes through its states while the cache is flushed or resized.
pub(super) const VOLATILE: &[Path] = &["cache/status"];

static API: Api = Api::rest_json("AppSync", "appsync", &quota::APPSYNC).in_some_regions();
static GRAPHQL_APIS: List = list("appsync:ListGraphqlApis", "graphqlApis");
static EVENT_APIS: List = list("appsync:ListApis", "apis");
static KEYS: List = list("appsync:ListApiKeys", "apiKeys");
static DATA_SOURCES: List = list("appsync:ListDataSources", "dataSources");
static GET_CACHE: Action = API.action("appsync:GetApiCache");

/// The largest page of every listing here.
const PAGE: i32 = 25;

const fn list(name: &'static str, items: &'static str) -> List {
    API.list(name, items).paged("nextToken", "nextToken").may_lack_items()
}

struct GraphqlApi {
    api: Value,
    cache: Read,
    keys: Read,
    data_sources: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let page = |version: &str| Request::get(&[version, "apis"]).query("maxResults", PAGE);
    let (graphql, events) = tokio::join!(
        reader.list(&GRAPHQL_APIS, None, page("v1")),
        reader.list(&EVENT_APIS, None, page("v2")),
    );
    let details = graphql.items.into_iter().map(|api| fetch_api(reader, api));
    let apis: Vec<Option<GraphqlApi>> =
        iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    let (place, redactor) = (&reader.place, &reader.redactor);
    let apis = apis.into_iter().flatten().filter_map(|api| graphql_api(place, redactor, api));
    let events = (events.items.into_iter().filter_map(|api| event_api(place, api)), events.failure);
    Outcome { resources: apis.chain(events.0).collect(), listings: vec![graphql.failure, events.1] }
}

/// None where the API was deleted after it had been listed.
async fn fetch_api(reader: &Reader, api: Value) -> Option<GraphqlApi> {
    let (id, uid) = (text(&api, "/apiId")?, Uid::from(text(&api, "/arn")?));
    let part = |name: &str| Request::get(&["v1", "apis", id, name]);
    let sources = part("datasources").query("maxResults", PAGE);
    let data_sources = reader.list(&DATA_SOURCES, Some(&uid), sources).await.whole();
    if data_sources.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let data_sources = data_sources.map(|sources| Some(json!({ "dataSources": sources })));
    let cache = match reader.call(&GET_CACHE, Some(&uid), part("ApiCaches")).await {
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        reply => reply.and_then(|reply| object_at(&GET_CACHE, reply, "apiCache")).map(Some),
    };
    let keys = if admits_keys(&api) {
        let keys = reader.list(&KEYS, Some(&uid), part("apikeys").query("maxResults", PAGE)).await;
        keys.whole().map(|keys| Some(json!({ "apiKeys": keys })))
    } else {
        Ok(None)
    };
    Some(GraphqlApi { api, cache, keys, data_sources })
}

fn admits_keys(api: &Value) -> bool {
    let others = elements(api, "/additionalAuthenticationProviders").iter();
    std::iter::once(api).chain(others).any(|way| text(way, "/authenticationType") == Some("API_KEY"))
}

fn graphql_api(place: &Place, redactor: &Redactor, replies: GraphqlApi) -> Option<Resource> {
    let GraphqlApi { api, cache, mut keys, data_sources } = replies;
    let id = text(&api, "/apiId")?;
    let mut resource =
        place.resource("aws.appsync.graphqlapi", text(&api, "/arn")?, text(&api, "/name").unwrap_or(id));
    tag(&mut resource, api.get("tags"));
    relate(&mut resource, RelationName::FrontedBy, text(&api, "/wafWebAclArn"));
    if api.get("logConfig").is_some_and(Value::is_object) {
        let group = place.arn("logs", &format!("log-group:/aws/appsync/apis/{id}"));
        relate(&mut resource, RelationName::LogsTo, Some(&group));
    }
    for source in data_sources.iter().flatten().flat_map(|sources| elements(sources, "/dataSources")) {
        relate(&mut resource, RelationName::ExecutesAs, text(source, "/serviceRoleArn"));
        let function = text(source, "/lambdaConfig/lambdaFunctionArn").and_then(unqualified_function);
        relate(&mut resource, RelationName::Invokes, function);
    }
    if let Ok(Some(listed)) = &mut keys {
        for key in listed.get_mut("apiKeys").and_then(Value::as_array_mut).into_iter().flatten() {
            redact_key(key, redactor);
        }
    }
    put(&mut resource, "api", Ok(Some(api)));
    put(&mut resource, "cache", cache);
    put(&mut resource, "keys", keys);
    put(&mut resource, "data_sources", data_sources);
    Some(resource)
}

fn event_api(place: &Place, api: Value) -> Option<Resource> {
    let name = text(&api, "/name").or_else(|| text(&api, "/apiId"))?;
    let mut resource = place.resource("aws.appsync.eventapi", text(&api, "/apiArn")?, name);
    tag(&mut resource, api.get("tags"));
    relate(&mut resource, RelationName::FrontedBy, text(&api, "/wafWebAclArn"));
    put(&mut resource, "api", Ok(Some(api)));
    Some(resource)
}

/// Nothing but the tag and the dates: the id lets its reader in, and a description may repeat it.
fn redact_key(key: &mut Value, redactor: &Redactor) {
    let id = text(key, "/id").map(|id| redactor.redact("id", id).to_value());
    let of = |name: &str| key.get(name).cloned();
    *key = json!({ "id": id, "expires": of("expires"), "deletes": of("deletes") });
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::super::failure::Failure;
    use super::*;

    fn api() -> Value {
        json!({
            "apiId": "a1", "arn": "arn:aws:appsync:eu-west-1:123456789012:apis/a1", "name": "shop",
            "authenticationType": "AWS_IAM", "additionalAuthenticationProviders": [{"authenticationType": "API_KEY"}],
            "logConfig": {"fieldLogLevel": "ALL"},
        })
    }

    #[test]
    fn a_key_is_kept_as_its_tag() {
        assert!(admits_keys(&api()));
        assert!(!admits_keys(&json!({"authenticationType": "AWS_IAM"})));
        let keys =
            json!({"apiKeys": [{"id": "da2-CANARY", "description": "da2-CANARY", "expires": 1_800_000_000}]});
        let role = "arn:aws:iam::123456789012:role/shop";
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
        let sources = json!({"dataSources": [{"serviceRoleArn": role, "lambdaConfig": {"lambdaFunctionArn": function}}]});
        let replies =
            GraphqlApi { api: api(), cache: Ok(None), keys: Ok(Some(keys)), data_sources: Ok(Some(sources)) };
        let found = graphql_api(&Place::example("appsync"), &Redactor::new([0; 32]), replies).unwrap();
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
        assert_eq!(found.facets["keys"].value().unwrap()["apiKeys"][0]["expires"], 1_800_000_000);
        assert_eq!(found.facets["cache"], Facet::Absent);
        let edges: Vec<&str> = found.relations.iter().map(|edge| edge.to.as_str()).collect();
        let group = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/appsync/apis/a1";
        assert_eq!(edges, [group, role, function]);
    }

    #[test]
    fn what_was_not_read_is_not_absent() {
        let failure = Failure::new(&GET_CACHE, Class::Denied, "AccessDeniedException", "no");
        let failed = || Err(failure.clone());
        let replies = GraphqlApi { api: api(), cache: failed(), keys: failed(), data_sources: failed() };
        let found = graphql_api(&Place::example("appsync"), &Redactor::new([0; 32]), replies).unwrap();
        for facet in ["cache", "keys", "data_sources"] {
            assert!(found.facets[facet].unreadable().is_some(), "{facet}");
        }
    }
}
