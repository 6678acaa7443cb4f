//! REST APIs, their stages and the custom domains of one region, in API Gateway's own lower camel case.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::{Facets, openapi, policy, relations, resource, set, tags, variables};
use crate::entries::{Account, Authorizer, Domain, Method, RestApi, RestStage};
use crate::estate::Entries;
use crate::place::Place;

pub(super) fn rest_apis(place: Place<'_>, account: &Account, entries: &Entries) -> Vec<Resource> {
    let apis = entries.rest_apis.iter().flat_map(|entry| {
        let api = detail(place, account, entry);
        let stages = entry.stages.iter().map(|stage| rest_stage(place, account, entry, stage, &api));
        let stages: Vec<Resource> = stages.collect();
        std::iter::once(rest_api(place, account, entry, api)).chain(stages)
    });
    apis.chain(entries.domains.iter().map(|entry| domain(place, account, entry))).collect()
}

fn rest_api(place: Place<'_>, account: &Account, entry: &RestApi, api: Value) -> Resource {
    let facets = Facets::default().known("api", api).known("resources", paths(place, entry));
    let behind = entry.methods.iter().filter_map(|method| method.to.as_ref());
    let edges = behind.map(|function| (RelationName::Invokes, place.function(function)));
    let uid = place.rest_api(&entry.name);
    let mut api = resource(place, "aws.apigateway.restapi", uid, place.named(&entry.name), facets);
    api.tags = tags(account, entry.team.as_ref());
    api.relations = relations(edges);
    api
}

fn detail(place: Place<'_>, account: &Account, entry: &RestApi) -> Value {
    let mut api = json!({
        "id": place.api_id(&entry.name),
        "name": place.named(&entry.name),
        "description": entry.about,
        "createdDate": place.epoch(entry.created, &entry.name),
        "apiKeySource": "HEADER",
        "endpointConfiguration": { "types": [entry.endpoint], "ipAddressType": "ipv4" },
        "disableExecuteApiEndpoint": false,
        "rootResourceId": path_id(place, entry, "/"),
        "tags": tags(account, entry.team.as_ref()),
    });
    let endpoints = (!entry.vpc_endpoints.is_empty()).then(|| json!(entry.vpc_endpoints));
    set(&mut api["endpointConfiguration"], "vpcEndpointIds", endpoints);
    set(&mut api, "policy", (!entry.policy.is_empty()).then(|| policy(entry.policy.clone())));
    api
}

/// What is deployed at every stage of the API, as `GetExport` writes it and as it is kept.
fn deployed(place: Place<'_>, entry: &RestApi) -> Value {
    let mut document = json!({ "openapi": "3.0.1", "paths": {} });
    for method in &entry.methods {
        let (verb, path) = method.call.split_once(' ').unwrap_or(("ANY", &method.call));
        let operation = operation(place, entry, path, method);
        document["paths"][path][openapi::verb(verb)] = operation;
    }
    let schemes: serde_json::Map<String, Value> = entry
        .methods
        .iter()
        .filter_map(|method| scheme(place, entry, &method.auth))
        .map(|(name, scheme)| (name.to_owned(), scheme))
        .collect();
    set(&mut document, "components", (!schemes.is_empty()).then(|| json!({ "securitySchemes": schemes })));
    for validator in &entry.validators {
        document["x-amazon-apigateway-request-validators"][&validator.name] = json!({ "validateRequestBody": validator.body, "validateRequestParameters": validator.parameters });
    }
    let own = (!entry.policy.is_empty()).then(|| policy(entry.policy.clone()));
    set(&mut document, "x-amazon-apigateway-policy", own);
    document
}

fn operation(place: Place<'_>, entry: &RestApi, path: &str, method: &Method) -> Value {
    let behind = integration(place, entry, path, method);
    let kind = behind["type"].as_str().unwrap_or_default().to_ascii_lowercase();
    let mut integration = json!({ "type": kind, "passthroughBehavior": "when_no_match" });
    set(&mut integration, "httpMethod", behind.get("httpMethod").cloned());
    set(&mut integration, "uri", behind.get("uri").cloned());
    let mut operation = json!({ "x-amazon-apigateway-integration": integration });
    let parameters = openapi::parameters(path);
    set(&mut operation, "parameters", (!parameters.is_empty()).then(|| json!(parameters)));
    let checked = method.checked.as_ref().map(|name| json!(name));
    set(&mut operation, "x-amazon-apigateway-request-validator", checked);
    let locked = scheme(place, entry, &method.auth).map(|(name, _)| json!([{ name: [] }]));
    set(&mut operation, "security", locked);
    operation
}

/// The scheme that stands for a way of proving oneself, under its name.
fn scheme<'a>(place: Place<'_>, entry: &RestApi, auth: &'a str) -> Option<(&'a str, Value)> {
    match auth {
        "none" => None,
        "key" => Some(("api_key", json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }))),
        "iam" => Some(("sigv4", openapi::signature())),
        name => {
            let who = entry.authorizers.iter().find(|who| who.name == name)?;
            Some((name, authorizer(place, who)))
        }
    }
}

fn authorizer(place: Place<'_>, who: &Authorizer) -> Value {
    let pooled = who.user_pool.is_some();
    let mut authorizer = json!({ "type": if pooled { "cognito_user_pools" } else { "token" } });
    let pool = |pool: &String| {
        let id = place.letters(&["pool", pool], 9);
        json!([place.arn(&format!("cognito-idp:userpool/{}_{id}", place.region))])
    };
    set(&mut authorizer, "providerARNs", who.user_pool.as_ref().map(pool));
    let uri = who.function.as_ref().map(|name| json!(place.invocation_uri(name)));
    set(&mut authorizer, "authorizerUri", uri);
    json!({
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": if pooled { "cognito_user_pools" } else { "custom" },
        "x-amazon-apigateway-authorizer": authorizer,
    })
}

/// The tree of paths with its methods embedded: every parent of a path is a resource of its own.
fn paths(place: Place<'_>, entry: &RestApi) -> Value {
    let mut tree: BTreeMap<String, Vec<(&str, &Method)>> = BTreeMap::from([("/".to_owned(), Vec::new())]);
    for method in &entry.methods {
        let (verb, path) = method.call.split_once(' ').unwrap_or(("ANY", &method.call));
        let ancestors: BTreeSet<String> =
            path.match_indices('/').skip(1).map(|(end, _)| path[..end].to_owned()).collect();
        for ancestor in ancestors {
            tree.entry(ancestor).or_default();
        }
        tree.entry(path.to_owned()).or_default().push((verb, method));
    }
    let item = |(path, methods): (&String, &Vec<(&str, &Method)>)| {
        let mut item = json!({ "id": path_id(place, entry, path), "path": path });
        if let Some((parent, part)) = path.rsplit_once('/').filter(|_| path != "/") {
            item["parentId"] = json!(path_id(place, entry, if parent.is_empty() { "/" } else { parent }));
            item["pathPart"] = json!(part);
        }
        for (verb, method) in methods {
            item["resourceMethods"][*verb] = rest_method(place, entry, path, verb, method);
        }
        item
    };
    json!({ "item": tree.iter().map(item).collect::<Vec<_>>() })
}

fn path_id(place: Place<'_>, entry: &RestApi, path: &str) -> String {
    place.letters(&["path", &entry.name, path], 6)
}

fn rest_method(place: Place<'_>, entry: &RestApi, path: &str, verb: &str, method: &Method) -> Value {
    let mut value = json!({
        "httpMethod": verb,
        "authorizationType": "NONE",
        "apiKeyRequired": method.auth == "key",
        "methodIntegration": integration(place, entry, path, method),
    });
    match method.auth.as_str() {
        "none" | "key" => {}
        "iam" => value["authorizationType"] = json!("AWS_IAM"),
        name => {
            let who = entry.authorizers.iter().find(|who| who.name == name);
            let pool = who.is_some_and(|who| who.user_pool.is_some());
            value["authorizationType"] = json!(if pool { "COGNITO_USER_POOLS" } else { "CUSTOM" });
            value["authorizerId"] = json!(place.letters(&["authorizer", &entry.name, name], 6));
        }
    }
    let parameters: serde_json::Map<String, Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| (format!("method.request.path.{name}"), json!(true)))
        .collect();
    set(&mut value, "requestParameters", (!parameters.is_empty()).then_some(Value::Object(parameters)));
    let validator = |name: &String| json!(place.letters(&["validator", &entry.name, name], 6));
    set(&mut value, "requestValidatorId", method.checked.as_ref().map(validator));
    value
}

fn integration(place: Place<'_>, entry: &RestApi, path: &str, method: &Method) -> Value {
    let mut integration = json!({
        "type": "MOCK",
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29_000,
        "cacheNamespace": path_id(place, entry, path),
        "cacheKeyParameters": [],
    });
    if let Some(function) = &method.to {
        integration["type"] = json!("AWS_PROXY");
        integration["httpMethod"] = json!("POST");
        integration["uri"] = json!(place.invocation_uri(function));
    } else if let Some(address) = &method.http {
        integration["type"] = json!("HTTP_PROXY");
        integration["httpMethod"] = json!("ANY");
        integration["uri"] = json!(address);
    } else {
        integration["requestTemplates"] = json!({ "application/json": "{\"statusCode\": 200}" });
    }
    integration
}

fn rest_stage(
    place: Place<'_>,
    account: &Account,
    entry: &RestApi,
    stage: &RestStage,
    api: &Value,
) -> Resource {
    let owner = format!("{}/{}", entry.name, stage.name);
    let updated = place.epoch(stage.deployed, &owner);
    let mut value = json!({
        "deploymentId": place.letters(&["deployment", &owner, &stage.deployed.to_string()], 6),
        "stageName": stage.name,
        "cacheClusterEnabled": stage.cache.is_some(),
        "methodSettings": {},
        "tracingEnabled": stage.tracing,
        "tags": tags(account, entry.team.as_ref()),
        "createdDate": place.epoch(entry.created, &owner),
        "lastUpdatedDate": updated,
    });
    if stage.logging.is_some() || stage.cache.is_some() {
        let mut settings = json!({
            "metricsEnabled": true,
            "dataTraceEnabled": false,
            "throttlingBurstLimit": 200,
            "throttlingRateLimit": 100.0,
            "cachingEnabled": stage.cache.is_some(),
            "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": stage.cache.as_ref().is_some_and(|cache| cache.encrypted),
            "requireAuthorizationForCacheControl": true,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
        });
        set(&mut settings, "loggingLevel", stage.logging.as_ref().map(|level| json!(level)));
        value["methodSettings"] = json!({ "*/*": settings });
    }
    set(&mut value, "cacheClusterSize", stage.cache.as_ref().map(|cache| json!(cache.size)));
    set(&mut value, "clientCertificateId", stage.client_certificate.as_ref().map(|id| json!(id)));
    let group = stage.access_log.as_ref().map(|group| place.log_group(group));
    let access_log = |group: &String| json!({ "destinationArn": group, "format": "$context.requestId $context.identity.sourceIp $context.status" });
    set(&mut value, "accessLogSettings", group.as_ref().map(access_log));
    let firewall = stage
        .firewall
        .as_ref()
        .map(|name| place.arn(&format!("wafv2:regional/webacl/{name}/{}", place.uuid("firewall", name))));
    set(&mut value, "webAclArn", firewall.as_ref().map(|arn| json!(arn)));
    let has_variables = !stage.variables.is_empty();
    set(&mut value, "variables", has_variables.then(|| variables(place, &owner, &stage.variables)));

    let uid = format!("{}/stages/{}", place.rest_api(&entry.name), stage.name);
    let name = format!("{}/{}", place.named(&entry.name), stage.name);
    let certificate = stage.client_certificate.as_ref().map(|id| {
        json!({
            "clientCertificateId": id,
            "createdDate": place.epoch(entry.created, id),
            // They are given out for a year.
            "expirationDate": place.epoch(stage.deployed.saturating_add(jiff::Span::new().years(1)), id),
        })
    });
    let facets = Facets::default()
        .known("stage", value)
        .known("api", api.clone())
        .known("deployed", deployed(place, entry))
        .known("limits", json!({ "burstLimit": 5000, "rateLimit": 10_000.0 }))
        .maybe("certificate", certificate);
    let mut edges = vec![(RelationName::PartOf, place.rest_api(&entry.name))];
    edges.extend(group.map(|group| (RelationName::LogsTo, group)));
    edges.extend(firewall.map(|firewall| (RelationName::FrontedBy, firewall)));
    let mut resource = resource(place, "aws.apigateway.stage", uid, name, facets);
    resource.tags = tags(account, entry.team.as_ref());
    resource.relations = relations(edges);
    resource
}

fn domain(place: Place<'_>, account: &Account, entry: &Domain) -> Resource {
    let name =
        if place.copy == 0 { entry.name.clone() } else { format!("copy{}.{}", place.copy, entry.name) };
    let certificate = |region: &str| {
        let id = place.uuid("certificate", &entry.name);
        format!("arn:aws:acm:{region}:{}:certificate/{id}", place.account)
    };
    let alias = place.letters(&["domain", &entry.name], 10);
    let mut value = json!({
        "domainName": name,
        "domainNameArn": format!("arn:aws:apigateway:{}::/domainnames/{name}", place.region),
        "certificateUploadDate": place.epoch(entry.certified, &entry.name),
        "endpointConfiguration": { "types": [entry.endpoint], "ipAddressType": "ipv4" },
        "domainNameStatus": "AVAILABLE",
        "securityPolicy": entry.tls,
        "routingMode": "BASE_PATH_MAPPING_ONLY",
        "tags": tags(account, entry.team.as_ref()),
    });
    if entry.endpoint == "EDGE" {
        value["certificateArn"] = json!(certificate("us-east-1"));
        value["distributionDomainName"] = json!(format!("d{alias}.cloudfront.net"));
        value["distributionHostedZoneId"] = json!(place.unique_id("Z", "distribution"));
    } else {
        value["regionalCertificateArn"] = json!(certificate(place.region));
        value["regionalDomainName"] = json!(format!("d-{alias}.execute-api.{}.amazonaws.com", place.region));
        value["regionalHostedZoneId"] = json!(place.unique_id("Z", "regional"));
    }
    let truststore = |uri: &String| json!({ "truststoreUri": uri, "truststoreVersion": "1" });
    set(&mut value, "mutualTlsAuthentication", entry.truststore.as_ref().map(truststore));
    let uid = format!("arn:aws:apigateway:{}::/domainnames/{name}", place.region);
    let list = if entry.endpoint == "EDGE" { "item" } else { "items" };
    let facets = Facets::default().known("domain", value).known("mappings", json!({ list: [] }));
    let mut domain = resource(place, "aws.apigateway.domain", uid, name, facets);
    domain.tags = tags(account, entry.team.as_ref());
    domain
}
