//! API Gateway, HTTP and WebSocket APIs. They share permission and quota with REST APIs.
//!
//! HTTP APIs: one call an API (its stages) and one a deployment (`ExportApi`: routes, authorizers, integrations
//! as they answer now). The draft is exported with one more call where a stage does not deploy by itself; where
//! every stage does, it never differs. Where an export is refused, routes, authorizers and integrations are
//! listed instead. WebSocket APIs cannot be exported: they are always listed so, four calls an API.

use futures::StreamExt;
use nephoscope_model::{Facet, RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{self, Action, List};
use super::apigateway::deployed::{self, Stage};
use super::apigateway::export::{Reach, integrated_function, redact_integration, reduce};
use super::apigateway::{PERMISSION, items, openapi};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, log_group_arn, put, relate, tag, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&APIS.action, &STAGES.action, &EXPORT, &ROUTES.action, &AUTHORIZERS.action, &INTEGRATIONS.action];
/// What a deployment proves unchanged.
pub(super) const CARRIES: &[&str] = &["deployed"];
pub(super) const VOLATILE: &[Path] = &[];

static API: api::Api = api::Api::rest_json("ApiGatewayV2", "apigateway", &quota::API_GATEWAY);
static APIS: List = list("apigatewayv2:GetApis");
static STAGES: List = list("apigatewayv2:GetStages");
static EXPORT: Action = API.action("apigatewayv2:ExportApi").allowed_by(PERMISSION);
static ROUTES: List = list("apigatewayv2:GetRoutes");
static AUTHORIZERS: List = list("apigatewayv2:GetAuthorizers");
static INTEGRATIONS: List = list("apigatewayv2:GetIntegrations");

/// What is listed where nothing can be exported.
const PARTS: [(&str, &List); 3] =
    [("routes", &ROUTES), ("authorizers", &AUTHORIZERS), ("integrations", &INTEGRATIONS)];

const fn list(name: &'static str) -> List {
    API.list(name, "items").paged("nextToken", "nextToken").may_lack_items().allowed_by(PERMISSION)
}

struct Replies {
    apis: Vec<Api>,
    listing: Option<Failure>,
}

struct Api {
    api: Value,
    stages: Vec<Stage>,
    stages_failure: Option<Failure>,
    /// The export of the draft, where it was asked for.
    draft: Option<Read>,
    /// Routes, authorizers and integrations, where they were.
    parts: Vec<(&'static str, Read)>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let replies = fetch(reader).await;
    let stages = replies.apis.iter().map(|api| api.stages_failure.clone());
    let listings = std::iter::once(replies.listing.clone()).chain(stages).collect();
    Outcome { resources: normalise(&reader.place, &reader.redactor, replies), listings }
}

async fn fetch(reader: &Reader) -> Replies {
    let listed = reader.list(&APIS, None, Request::get(&["v2", "apis"])).await;
    let details = listed.items.into_iter().map(|api| fetch_api(reader, api));
    let apis: Vec<Option<Api>> =
        futures::stream::iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    Replies { apis: apis.into_iter().flatten().collect(), listing: listed.failure }
}

/// None where the API was deleted after it had been listed.
async fn fetch_api(reader: &Reader, api: Value) -> Option<Api> {
    let id = text(&api, "/apiId")?;
    let uid = Uid::from(reader.place.gateway_arn(&format!("/apis/{id}")));
    let part = |name: &str| Request::get(&["v2", "apis", id, name]);
    let listed = reader.list(&STAGES, Some(&uid), part("stages")).await;
    if listed.failure.as_ref().is_some_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let exportable = text(&api, "/protocolType") != Some("WEBSOCKET");
    let by_hand = |stage: &Value| stage.get("autoDeploy").and_then(Value::as_bool) != Some(true);
    let mut draft = None;
    let mut stages = Vec::new();
    if exportable {
        if listed.items.iter().any(by_hand) {
            draft = Some(export(reader, id, &uid, None).await);
        }
        let export = |about, name: String| async move { export(reader, id, &about, Some(&name)).await };
        stages = deployed::fetch(reader, &api, &uid, listed.items, export).await;
    } else {
        stages.extend(listed.items.into_iter().map(|stage| Stage { stage, deployed: Ok(None) }));
    }
    let mut parts = Vec::new();
    if !exportable || stages.iter().any(|stage| stage.deployed.is_err()) {
        for (name, list) in PARTS {
            parts.push((name, items("items", reader.list(list, Some(&uid), part(name)).await.whole())));
        }
    }
    Some(Api { stages, stages_failure: listed.failure, draft, parts, api })
}

/// What is deployed at a stage, or the draft where none is named.
async fn export(reader: &Reader, id: &str, about: &Uid, stage: Option<&str>) -> Read {
    let mut request = Request::get(&["v2", "apis", id, "exports", "OAS30"])
        .query("outputType", "JSON")
        .query("includeExtensions", true);
    if let Some(stage) = stage {
        request = request.query("stageName", stage);
    }
    let document = reader.call(&EXPORT, Some(about), request).await?;
    openapi(&EXPORT, document).map(Some)
}

fn normalise(place: &Place, redactor: &Redactor, replies: Replies) -> Vec<Resource> {
    let mut resources = Vec::new();
    for api in replies.apis {
        normalise_api(place, redactor, api, &mut resources);
    }
    resources
}

fn normalise_api(place: &Place, redactor: &Redactor, replies: Api, found: &mut Vec<Resource>) {
    let Api { api, stages, stages_failure: _, draft, parts } = replies;
    let Some(id) = text(&api, "/apiId").map(str::to_owned) else { return };
    let uid = place.gateway_arn(&format!("/apis/{id}"));
    let mut resource = place.resource("aws.apigatewayv2.api", &uid, text(&api, "/name").unwrap_or(&id));
    tag(&mut resource, api.get("tags"));
    put(&mut resource, "api", Ok(Some(api)));
    if let Some(mut draft) = draft {
        if let Ok(Some(document)) = &mut draft {
            reduce(document, redactor);
        }
        put(&mut resource, "draft", draft);
    }
    for (name, mut read) in parts {
        if let Ok(Some(listed)) = &mut read
            && name == "integrations"
        {
            for integration in listed.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
                redact_integration(integration, redactor);
            }
            for uri in elements(listed, "/items").iter().filter_map(|item| text(item, "/integrationUri")) {
                relate(&mut resource, RelationName::Invokes, integrated_function(uri));
            }
        }
        put(&mut resource, name, read);
    }
    for stage in stages {
        if let Ok(Some(document)) = &stage.deployed {
            Reach::of_document(document).relate_to(&mut resource);
        }
        found.extend(normalise_stage(place, redactor, &resource, stage));
    }
    found.push(resource);
}

fn normalise_stage(place: &Place, redactor: &Redactor, api: &Resource, replies: Stage) -> Option<Resource> {
    let Stage { mut stage, mut deployed } = replies;
    let name = text(&stage, "/stageName")?.to_owned();
    redactor.redact_map(&mut stage, "/stageVariables");
    let uid = format!("{}/stages/{name}", api.uid);
    let mut resource = place.resource("aws.apigatewayv2.stage", &uid, &format!("{}/{name}", api.name));
    tag(&mut resource, stage.get("tags"));
    relate(&mut resource, RelationName::PartOf, Some(api.uid.as_str()));
    let logs = text(&stage, "/accessLogSettings/destinationArn").and_then(log_group_arn);
    relate(&mut resource, RelationName::LogsTo, logs);
    if let Ok(Some(document)) = &mut deployed {
        reduce(document, redactor);
    }
    put(&mut resource, "stage", Ok(Some(stage)));
    put(&mut resource, "deployed", deployed);
    // What was listed stands in for what could not be exported, and goes with the stage, which is judged by it.
    let exported = matches!(resource.facets.get("deployed"), Some(Facet::Known(_)));
    let shared = ["api", "routes", "authorizers", "integrations"];
    for name in shared.iter().take(if exported { 1 } else { shared.len() }) {
        if let Some(facet) = api.facets.get(*name) {
            resource.facets.insert((*name).to_owned(), facet.clone());
        }
    }
    Some(resource)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:shop";

    fn found(stage: Stage, parts: Vec<(&'static str, Read)>) -> Vec<Resource> {
        let api = json!({"apiId": "h1", "name": "web", "protocolType": "HTTP"});
        let api = Api { api, stages: vec![stage], stages_failure: None, draft: None, parts };
        let replies = Replies { apis: vec![api], listing: None };
        normalise(&Place::example("apigatewayv2"), &Redactor::new([0; 32]), replies)
    }

    fn stage(deployed: Read) -> Stage {
        Stage { stage: json!({"stageName": "$default", "stageVariables": {"a": "CANARY"}}), deployed }
    }

    #[test]
    fn a_stage_is_what_is_deployed_there() {
        let integration = json!({"type": "AWS_PROXY", "uri": FUNCTION, "requestParameters": {"overwrite:header.key": "CANARY"}});
        let document = json!({"openapi": "3.0.1", "info": {}, "paths": {"/$default": {"x-amazon-apigateway-any-method": {"isDefaultRoute": true, "x-amazon-apigateway-integration": integration}}}});
        let found = found(stage(Ok(Some(document))), Vec::new());
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
        assert_eq!(found[1].relations[0].to.as_str(), FUNCTION);
        assert_eq!(found[0].facets.keys().collect::<Vec<_>>(), ["api", "deployed", "stage"]);
    }

    #[test]
    fn what_was_listed_stands_in_for_a_refused_export() {
        let refused = Failure::new(&EXPORT, Class::Denied, "AccessDeniedException", "no");
        let routes = Ok(Some(json!({"items": [{"routeKey": "GET /"}]})));
        let integrations =
            Ok(Some(json!({"items": [{"integrationUri": FUNCTION, "requestTemplates": {"a": "CANARY"}}]})));
        let found = found(stage(Err(refused)), vec![("routes", routes), ("integrations", integrations)]);
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
        assert!(found[0].facets["deployed"].unreadable().is_some());
        assert_eq!(found[0].facets["routes"], found[1].facets["routes"]);
        assert_eq!(found[1].relations[0].to.as_str(), FUNCTION);
    }
}
