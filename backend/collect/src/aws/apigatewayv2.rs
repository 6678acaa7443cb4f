//! API Gateway, HTTP and WebSocket APIs. They share permission and quota with REST APIs.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::apigateway::{PERMISSION, integrated_function, items};
use super::client::{Action, Reader};
use super::failure::{Class, Failure};
use super::pages::{List, Listing};
use super::place::{Outcome, Place, Read, elements, log_group_arn, put, relate, tag, text};
use super::quota;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&APIS.action, &ROUTES.action, &STAGES.action, &AUTHORIZERS.action, &INTEGRATIONS.action];
pub(super) const VOLATILE: &[Path] = &[];

static APIS: List = list("apigatewayv2:GetApis");
static ROUTES: List = list("apigatewayv2:GetRoutes");
static STAGES: List = list("apigatewayv2:GetStages");
static AUTHORIZERS: List = list("apigatewayv2:GetAuthorizers");
static INTEGRATIONS: List = list("apigatewayv2:GetIntegrations");

const fn list(api: &'static str) -> List {
    let action = Action::under(PERMISSION, api, &quota::API_GATEWAY);
    List { action, items: "items", token: "nextToken", may_lack_items: true }
}

struct Replies {
    apis: Vec<Api>,
    listing: Option<Failure>,
}

struct Api {
    api: Value,
    stages: Listing,
    routes: Read,
    authorizers: Read,
    integrations: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let replies = fetch(reader).await;
    let stages = replies.apis.iter().map(|api| api.stages.failure.clone());
    let listings = std::iter::once(replies.listing.clone()).chain(stages).collect();
    Outcome { resources: normalise(&reader.place, &reader.redactor, replies), listings }
}

async fn fetch(reader: &Reader) -> Replies {
    let client = aws_sdk_apigatewayv2::Client::new(&reader.sdk);
    let listed = reader.list(&APIS, None, |capture, token| {
        client.get_apis().set_next_token(token).customize().interceptor(capture).send()
    });
    let listed = listed.await;
    let details = listed.items.into_iter().map(|api| fetch_api(reader, &client, api));
    let apis: Vec<Option<Api>> =
        futures::stream::iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    Replies { apis: apis.into_iter().flatten().collect(), listing: listed.failure }
}

/// None where the API was deleted after it had been listed.
async fn fetch_api(reader: &Reader, client: &aws_sdk_apigatewayv2::Client, api: Value) -> Option<Api> {
    let id = text(&api, "/apiId")?;
    let uid = Uid::from(reader.place.gateway_arn(&format!("/apis/{id}")));
    let stages = reader.list(&STAGES, Some(&uid), |capture, token| {
        client.get_stages().api_id(id).set_next_token(token).customize().interceptor(capture).send()
    });
    let stages = stages.await;
    if stages.failure.as_ref().is_some_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let routes = reader.list(&ROUTES, Some(&uid), |capture, token| {
        client.get_routes().api_id(id).set_next_token(token).customize().interceptor(capture).send()
    });
    let routes = items("items", routes.await.whole());
    let authorizers = reader.list(&AUTHORIZERS, Some(&uid), |capture, token| {
        client.get_authorizers().api_id(id).set_next_token(token).customize().interceptor(capture).send()
    });
    let authorizers = items("items", authorizers.await.whole());
    let integrations = reader.list(&INTEGRATIONS, Some(&uid), |capture, token| {
        client.get_integrations().api_id(id).set_next_token(token).customize().interceptor(capture).send()
    });
    let integrations = items("items", integrations.await.whole());
    Some(Api { stages, routes, authorizers, integrations, api })
}

fn normalise(place: &Place, redactor: &Redactor, replies: Replies) -> Vec<Resource> {
    let mut resources = Vec::new();
    for api in replies.apis {
        normalise_api(place, redactor, api, &mut resources);
    }
    resources
}

fn normalise_api(place: &Place, redactor: &Redactor, replies: Api, found: &mut Vec<Resource>) {
    let Api { api, stages, routes, authorizers, integrations } = replies;
    let Some(id) = text(&api, "/apiId").map(str::to_owned) else { return };
    let uid = place.gateway_arn(&format!("/apis/{id}"));
    let mut resource = place.resource("aws.apigatewayv2.api", &uid, text(&api, "/name").unwrap_or(&id));
    tag(&mut resource, api.get("tags"));
    for integration in integrations.iter().flatten().flat_map(|integrations| elements(integrations, "/items"))
    {
        let uri = text(integration, "/integrationUri").and_then(integrated_function);
        relate(&mut resource, RelationName::Invokes, uri);
    }
    put(&mut resource, "api", Ok(Some(api)));
    put(&mut resource, "routes", routes);
    put(&mut resource, "authorizers", authorizers);
    put(&mut resource, "integrations", integrations);
    for stage in stages.items {
        found.extend(normalise_stage(place, redactor, &resource, stage));
    }
    found.push(resource);
}

fn normalise_stage(place: &Place, redactor: &Redactor, api: &Resource, mut stage: Value) -> Option<Resource> {
    let name = text(&stage, "/stageName")?.to_owned();
    redactor.redact_map(&mut stage, "/stageVariables");
    let uid = format!("{}/stages/{name}", api.uid);
    let mut resource = place.resource("aws.apigatewayv2.stage", &uid, &format!("{}/{name}", api.name));
    tag(&mut resource, stage.get("tags"));
    relate(&mut resource, RelationName::PartOf, Some(api.uid.as_str()));
    let logs = text(&stage, "/accessLogSettings/destinationArn").and_then(log_group_arn);
    relate(&mut resource, RelationName::LogsTo, logs);
    put(&mut resource, "stage", Ok(Some(stage)));
    if let Some(facet) = api.facets.get("api") {
        resource.facets.insert("api".to_owned(), facet.clone());
    }
    Some(resource)
}
