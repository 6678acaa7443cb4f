//! API Gateway, REST APIs: what they expose, who may call it, and how their stages are set up.
//!
//! One permission (`apigateway:GET`) allows every read, whatever the action is called.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::client::{Action, Reader};
use super::failure::{Class, Failure};
use super::pages::List;
use super::place::{
    Outcome, Place, Read, elements, log_group_arn, put, relate, tag, text, unqualified_function,
};
use super::volatile::Path;
use super::{policy, quota};
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&APIS.action, &GET_STAGES, &AUTHORIZERS.action, &VALIDATORS.action, &RESOURCES.action, &DOMAINS.action];

/// Goes through its states with every flush of the cache; whether there is one is `cacheClusterEnabled`.
pub(super) const VOLATILE: &[Path] = &["stage/cacheClusterStatus"];

pub(super) const PERMISSION: &str = "apigateway:GET";

static GET_STAGES: Action = Action::under(PERMISSION, "apigateway:GetStages", &quota::API_GATEWAY);
static APIS: List = list("apigateway:GetRestApis");
static AUTHORIZERS: List = list("apigateway:GetAuthorizers");
static VALIDATORS: List = list("apigateway:GetRequestValidators");
static RESOURCES: List = list("apigateway:GetResources");
static DOMAINS: List = list("apigateway:GetDomainNames");

/// The largest page of every listing here.
const PAGE: i32 = 500;

const fn list(api: &'static str) -> List {
    let action = Action::under(PERMISSION, api, &quota::API_GATEWAY);
    List { action, items: "item", token: "position", may_lack_items: true }
}

struct Replies {
    apis: Vec<Api>,
    apis_listing: Option<Failure>,
    domains: Vec<Value>,
    domains_listing: Option<Failure>,
}

struct Api {
    api: Value,
    stages: Result<Value, Failure>,
    authorizers: Read,
    validators: Read,
    resources: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let replies = fetch(reader).await;
    let stages = replies.apis.iter().map(|api| api.stages.as_ref().err().cloned());
    let listings =
        [replies.apis_listing.clone(), replies.domains_listing.clone()].into_iter().chain(stages).collect();
    Outcome { resources: normalise(&reader.place, &reader.redactor, replies), listings }
}

async fn fetch(reader: &Reader) -> Replies {
    let client = aws_sdk_apigateway::Client::new(&reader.sdk);
    let apis = reader.list(&APIS, None, |capture, token| {
        client.get_rest_apis().limit(PAGE).set_position(token).customize().interceptor(capture).send()
    });
    let domains = reader.list(&DOMAINS, None, |capture, token| {
        client.get_domain_names().limit(PAGE).set_position(token).customize().interceptor(capture).send()
    });
    let (listed, domains) = tokio::join!(apis, domains);
    let details = listed.items.into_iter().map(|api| fetch_api(reader, &client, api));
    let apis: Vec<Option<Api>> =
        futures::stream::iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    Replies {
        apis: apis.into_iter().flatten().collect(),
        apis_listing: listed.failure,
        domains: domains.items,
        domains_listing: domains.failure,
    }
}

/// None where the API was deleted after it had been listed.
async fn fetch_api(reader: &Reader, client: &aws_sdk_apigateway::Client, api: Value) -> Option<Api> {
    let id = text(&api, "/id")?;
    let uid = Uid::from(reader.place.gateway_arn(&format!("/restapis/{id}")));
    let stages = reader.json(&GET_STAGES, Some(&uid), |capture| {
        client.get_stages().rest_api_id(id).customize().interceptor(capture).send()
    });
    let stages = stages.await;
    if stages.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let authorizers = reader.list(&AUTHORIZERS, Some(&uid), |capture, token| {
        let request = client.get_authorizers().rest_api_id(id).limit(PAGE).set_position(token);
        request.customize().interceptor(capture).send()
    });
    let authorizers = items("item", authorizers.await.whole());
    let validators = reader.list(&VALIDATORS, Some(&uid), |capture, token| {
        let request = client.get_request_validators().rest_api_id(id).limit(PAGE).set_position(token);
        request.customize().interceptor(capture).send()
    });
    let validators = items("item", validators.await.whole());
    let resources = reader.list(&RESOURCES, Some(&uid), |capture, token| {
        let request = client.get_resources().rest_api_id(id).embed("methods").limit(PAGE).set_position(token);
        request.customize().interceptor(capture).send()
    });
    let resources = items("item", resources.await.whole());
    Some(Api { stages, authorizers, validators, resources, api })
}

/// The facet of a listing: its items under the provider's key, also where there are none.
pub(super) fn items(key: &str, listed: Result<Vec<Value>, Failure>) -> Read {
    listed.map(|items| Some(json!({ key: items })))
}

fn normalise(place: &Place, redactor: &Redactor, replies: Replies) -> Vec<Resource> {
    let mut resources: Vec<Resource> =
        replies.domains.into_iter().filter_map(|domain| domain_name(place, domain)).collect();
    for api in replies.apis {
        normalise_api(place, redactor, api, &mut resources);
    }
    resources
}

fn domain_name(place: &Place, domain: Value) -> Option<Resource> {
    let name = text(&domain, "/domainName")?.to_owned();
    let mut resource =
        place.resource("aws.apigateway.domain", &place.gateway_arn(&format!("/domainnames/{name}")), &name);
    tag(&mut resource, domain.get("tags"));
    put(&mut resource, "domain", Ok(Some(domain)));
    Some(resource)
}

fn normalise_api(place: &Place, redactor: &Redactor, replies: Api, found: &mut Vec<Resource>) {
    let Api { mut api, stages, authorizers, validators, resources } = replies;
    let Some(id) = text(&api, "/id").map(str::to_owned) else { return };
    let uid = place.gateway_arn(&format!("/restapis/{id}"));
    let mut resource = place.resource("aws.apigateway.restapi", &uid, text(&api, "/name").unwrap_or(&id));
    tag(&mut resource, api.get("tags"));
    for method in
        resources.iter().flatten().flat_map(|resources| elements(resources, "/item")).flat_map(methods)
    {
        let uri = text(method, "/methodIntegration/uri").and_then(integrated_function);
        relate(&mut resource, RelationName::Invokes, uri);
    }
    let parsed = policy::parse_in_place(&mut api, "policy");
    let api: Read = if parsed {
        Ok(Some(api))
    } else {
        Err(Failure::malformed(&APIS.action, "the resource policy of an API is not JSON"))
    };
    put(&mut resource, "api", api);
    put(&mut resource, "resources", resources);
    put(&mut resource, "authorizers", authorizers);
    put(&mut resource, "validators", validators);
    for stage in stages.iter().flat_map(|stages| elements(stages, "/item")) {
        found.extend(normalise_stage(place, redactor, &resource, stage.clone()));
    }
    found.push(resource);
}

fn normalise_stage(place: &Place, redactor: &Redactor, api: &Resource, mut stage: Value) -> Option<Resource> {
    let name = text(&stage, "/stageName")?.to_owned();
    redactor.redact_map(&mut stage, "/variables");
    let uid = format!("{}/stages/{name}", api.uid);
    let mut resource = place.resource("aws.apigateway.stage", &uid, &format!("{}/{name}", api.name));
    tag(&mut resource, stage.get("tags"));
    relate(&mut resource, RelationName::PartOf, Some(api.uid.as_str()));
    relate(&mut resource, RelationName::FrontedBy, text(&stage, "/webAclArn"));
    let logs = text(&stage, "/accessLogSettings/destinationArn").and_then(log_group_arn);
    relate(&mut resource, RelationName::LogsTo, logs);
    put(&mut resource, "stage", Ok(Some(stage)));
    for shared in ["api", "resources"] {
        if let Some(facet) = api.facets.get(shared) {
            resource.facets.insert(shared.to_owned(), facet.clone());
        }
    }
    Some(resource)
}

fn methods(resource: &Value) -> impl Iterator<Item = &Value> {
    resource
        .get("resourceMethods")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|methods| methods.values())
}

/// The function that an integration's address invokes, without version or alias.
///
/// `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations` in REST and WebSocket
/// APIs; HTTP APIs may name the function itself.
pub(super) fn integrated_function(uri: &str) -> Option<&str> {
    let function = match uri.split_once("/functions/") {
        Some((_, rest)) => rest.strip_suffix("/invocations").unwrap_or(rest),
        None => uri,
    };
    unqualified_function(function)
}
