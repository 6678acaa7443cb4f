//! HTTP and WebSocket APIs and their stages, in the lower camel case of API Gateway's second version.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::{Facets, openapi, relations, resource, set, tags, variables};
use crate::entries::{Account, Authorizer, HttpApi, HttpStage, Method};
use crate::estate::Entries;
use crate::place::Place;

pub(super) fn http_apis(place: Place<'_>, account: &Account, entries: &Entries) -> Vec<Resource> {
    let api = |entry: &HttpApi| {
        let value = detail(place, account, entry);
        let stages = entry.stages.iter().map(|stage| http_stage(place, account, entry, stage, &value));
        let mut resources: Vec<Resource> = stages.collect();
        resources.push(http_api(place, account, entry, value));
        resources
    };
    entries.http_apis.iter().flat_map(api).collect()
}

fn http_api(place: Place<'_>, account: &Account, entry: &HttpApi, api: Value) -> Resource {
    let facets = listed(place, entry, Facets::default().known("api", api));
    let behind = entry.routes.iter().filter_map(|route| route.to.as_ref());
    let edges = behind.map(|function| (RelationName::Invokes, place.function(function)));
    let uid = place.http_api(&entry.name);
    let mut api = resource(place, "aws.apigatewayv2.api", uid, place.named(&entry.name), facets);
    api.tags = tags(account, entry.team.as_ref());
    api.relations = relations(edges);
    api
}

/// With what is listed of WebSocket APIs, because they cannot be exported.
fn listed(place: Place<'_>, entry: &HttpApi, facets: Facets) -> Facets {
    if !entry.websocket {
        return facets;
    }
    let routes: Vec<Value> = entry.routes.iter().map(|route| http_route(place, entry, route)).collect();
    let authorizers: Vec<Value> = entry.authorizers.iter().map(|who| authorizer(place, entry, who)).collect();
    facets
        .known("routes", json!({ "items": routes }))
        .known("authorizers", json!({ "items": authorizers }))
        .known("integrations", json!({ "items": integrations(place, entry) }))
}

/// What is deployed at every stage of an HTTP API, as `ExportApi` writes it and as it is kept.
fn deployed(place: Place<'_>, entry: &HttpApi) -> Value {
    let mut document =
        json!({ "openapi": "3.0.1", "paths": {}, "x-amazon-apigateway-importexport-version": "1.0" });
    let integrations = integrations(place, entry);
    for route in &entry.routes {
        let (verb, path) = route.call.split_once(' ').unwrap_or(("ANY", "/$default"));
        let id = integration_id(place, entry, route);
        let behind = integrations.iter().find(|one| one["integrationId"] == id.as_str());
        let of = |key: &str| behind.and_then(|one| one.get(key)).cloned();
        let uri = route.to.as_ref().map(|function| json!(place.invocation_uri(function)));
        let kind = of("integrationType").and_then(|kind| Some(kind.as_str()?.to_ascii_lowercase()));
        let mut integration = json!({ "type": kind, "connectionType": "INTERNET" });
        set(&mut integration, "uri", uri.or_else(|| of("integrationUri")));
        set(&mut integration, "httpMethod", of("integrationMethod"));
        set(&mut integration, "payloadFormatVersion", of("payloadFormatVersion"));
        let mut operation = json!({ "x-amazon-apigateway-integration": integration });
        set(&mut operation, "isDefaultRoute", (path == "/$default").then_some(Value::Bool(true)));
        let parameters = openapi::parameters(path);
        set(&mut operation, "parameters", (!parameters.is_empty()).then(|| json!(parameters)));
        if let Some((name, scheme)) = scheme(place, entry, &route.auth) {
            operation["security"] = json!([{ name: [] }]);
            document["components"]["securitySchemes"][name] = scheme;
        }
        document["paths"][path][openapi::verb(verb)] = operation;
    }
    document
}

/// The scheme that stands for a way of proving oneself, under its name.
fn scheme<'a>(place: Place<'_>, entry: &HttpApi, auth: &'a str) -> Option<(&'a str, Value)> {
    match auth {
        "none" | "key" => None,
        "iam" => Some(("sigv4", openapi::signature())),
        name => {
            let who = entry.authorizers.iter().find(|who| who.name == name)?;
            let own = authorizer(place, entry, who);
            let issued = who.issuer.is_some();
            let mut kept = json!({ "type": if issued { "jwt" } else { "request" }, "identitySource": "$request.header.Authorization" });
            for key in [
                "jwtConfiguration",
                "authorizerUri",
                "authorizerPayloadFormatVersion",
                "enableSimpleResponses",
            ] {
                set(&mut kept, key, own.get(key).cloned());
            }
            let kind = if issued { "oauth2" } else { "apiKey" };
            Some((name, json!({ "type": kind, "x-amazon-apigateway-authorizer": kept })))
        }
    }
}

fn detail(place: Place<'_>, account: &Account, entry: &HttpApi) -> Value {
    let id = place.api_id(&entry.name);
    let (protocol, scheme, selection) = if entry.websocket {
        ("WEBSOCKET", "wss", "$request.body.action")
    } else {
        ("HTTP", "https", "$request.method $request.path")
    };
    let mut api = json!({
        "apiEndpoint": format!("{scheme}://{id}.execute-api.{}.amazonaws.com", place.region),
        "apiId": id,
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "createdDate": format!("{}Z", place.time(entry.created, &entry.name)),
        "description": entry.about,
        "disableExecuteApiEndpoint": false,
        "ipAddressType": "ipv4",
        "name": place.named(&entry.name),
        "protocolType": protocol,
        "routeSelectionExpression": selection,
        "tags": tags(account, entry.team.as_ref()),
    });
    let cors = || json!({ "allowHeaders": ["authorization", "content-type"], "allowMethods": ["*"], "allowOrigins": entry.origins, "maxAge": 600 });
    set(&mut api, "corsConfiguration", (!entry.origins.is_empty()).then(cors));
    api
}

fn http_route(place: Place<'_>, entry: &HttpApi, route: &Method) -> Value {
    let mut value = json!({
        "apiKeyRequired": route.auth == "key",
        "authorizationType": "NONE",
        "routeId": place.letters(&["route", &entry.name, &route.call], 7),
        "routeKey": route.call,
        "target": format!("integrations/{}", integration_id(place, entry, route)),
    });
    match route.auth.as_str() {
        "none" | "key" => {}
        "iam" => value["authorizationType"] = json!("AWS_IAM"),
        name => {
            let who = entry.authorizers.iter().find(|who| who.name == name);
            let issued = who.is_some_and(|who| who.issuer.is_some());
            value["authorizationType"] = json!(if issued { "JWT" } else { "CUSTOM" });
            value["authorizerId"] = json!(place.letters(&["authorizer", &entry.name, name], 6));
        }
    }
    value
}

fn authorizer(place: Place<'_>, entry: &HttpApi, who: &Authorizer) -> Value {
    let mut authorizer = json!({
        "authorizerId": place.letters(&["authorizer", &entry.name, &who.name], 6),
        "authorizerType": if who.issuer.is_some() { "JWT" } else { "REQUEST" },
        "identitySource": [if entry.websocket { "route.request.querystring.token" } else { "$request.header.Authorization" }],
        "name": who.name,
    });
    let issuer = |issuer: &String| json!({ "audience": [place.named(&entry.name)], "issuer": issuer });
    set(&mut authorizer, "jwtConfiguration", who.issuer.as_ref().map(issuer));
    if let Some(function) = &who.function {
        authorizer["authorizerUri"] = json!(place.invocation_uri(function));
        if !entry.websocket {
            authorizer["authorizerPayloadFormatVersion"] = json!("2.0");
            authorizer["enableSimpleResponses"] = json!(true);
        }
    }
    authorizer
}

fn integration_id(place: Place<'_>, entry: &HttpApi, route: &Method) -> String {
    let behind = route.to.as_ref().or(route.http.as_ref()).map_or("mock", String::as_str);
    place.letters(&["integration", &entry.name, behind], 7)
}

/// One integration per function or address, however many routes lead there.
fn integrations(place: Place<'_>, entry: &HttpApi) -> Vec<Value> {
    let mut integrations: Vec<Value> = Vec::new();
    for route in &entry.routes {
        let id = integration_id(place, entry, route);
        if integrations.iter().any(|known| known["integrationId"] == id.as_str()) {
            continue;
        }
        let mut integration = json!({
            "connectionType": "INTERNET",
            "integrationId": id,
            "integrationMethod": "POST",
            "timeoutInMillis": if entry.websocket { 29_000 } else { 30_000 },
        });
        if let Some(function) = &route.to {
            integration["integrationType"] = json!("AWS_PROXY");
            // HTTP APIs name the function itself; WebSocket APIs still want the path of its invocations.
            let uri = if entry.websocket { place.invocation_uri(function) } else { place.function(function) };
            integration["integrationUri"] = json!(uri);
            integration["payloadFormatVersion"] = json!(if entry.websocket { "1.0" } else { "2.0" });
        } else if let Some(address) = &route.http {
            integration["integrationType"] = json!("HTTP_PROXY");
            integration["integrationMethod"] = json!("ANY");
            integration["integrationUri"] = json!(address);
            integration["payloadFormatVersion"] = json!("1.0");
        } else {
            integration["integrationType"] = json!("MOCK");
        }
        integrations.push(integration);
    }
    integrations
}

fn http_stage(
    place: Place<'_>,
    account: &Account,
    entry: &HttpApi,
    stage: &HttpStage,
    api: &Value,
) -> Resource {
    let owner = format!("{}/{}", entry.name, stage.name);
    let mut limits = json!({ "detailedMetricsEnabled": stage.rate.is_some() });
    if entry.websocket {
        limits["dataTraceEnabled"] = json!(false);
        limits["loggingLevel"] = json!("ERROR");
    }
    if let Some(rate) = stage.rate {
        limits["throttlingBurstLimit"] = json!(500);
        limits["throttlingRateLimit"] = json!(rate);
    }
    let has_variables = !stage.variables.is_empty();
    let stage_variables = if has_variables { variables(place, &owner, &stage.variables) } else { json!({}) };
    let mut value = json!({
        "autoDeploy": !entry.websocket,
        "createdDate": format!("{}Z", place.time(entry.created, &owner)),
        "defaultRouteSettings": limits,
        "deploymentId": place.letters(&["deployment", &owner, &stage.deployed.to_string()], 6),
        "lastUpdatedDate": format!("{}Z", place.time(stage.deployed, &owner)),
        "routeSettings": {},
        "stageName": stage.name,
        "stageVariables": stage_variables,
        "tags": tags(account, entry.team.as_ref()),
    });
    let group = stage.access_log.as_ref().map(|group| place.log_group(group));
    let access_log = |group: &String| json!({ "destinationArn": group, "format": "$context.requestId $context.identity.sourceIp $context.routeKey $context.status" });
    set(&mut value, "accessLogSettings", group.as_ref().map(access_log));
    let parent = place.http_api(&entry.name);
    let uid = format!("{parent}/stages/{}", stage.name);
    let name = format!("{}/{}", place.named(&entry.name), stage.name);
    let exported = (!entry.websocket).then(|| deployed(place, entry));
    let facets =
        Facets::default().known("stage", value).known("api", api.clone()).maybe("deployed", exported);
    let facets = listed(place, entry, facets);
    let mut edges = vec![(RelationName::PartOf, parent)];
    edges.extend(group.map(|group| (RelationName::LogsTo, group)));
    let mut resource = resource(place, "aws.apigatewayv2.stage", uid, name, facets);
    resource.tags = tags(account, entry.team.as_ref());
    resource.relations = relations(edges);
    resource
}
