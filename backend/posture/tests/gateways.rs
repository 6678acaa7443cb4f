//! Gateways: what is deployed decides, the draft stands in for it, and who reaches what is behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure::{CrossAccount, Internal, Internet, Unknown};
use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::{Value, json};
use shop::{REGION, Shop, arn, exposure, known, related, resource, unknown, unread};

const API: &str = "arn:aws:apigateway:eu-west-1::/restapis/a1";
const STAGE: &str = "arn:aws:apigateway:eu-west-1::/restapis/a1/stages/live";
const HTTP_API: &str = "arn:aws:apigateway:eu-west-1::/apis/h1";
const HTTP_STAGE: &str = "arn:aws:apigateway:eu-west-1::/apis/h1/stages/live";

fn function(number: usize) -> Resource {
    let facets = json!({"config": {}, "policy": null, "url": null, "aliases": null, "alias_policies": null});
    resource("aws.lambda.function", &arn(number), facets)
}

fn set(resource: &mut Resource, facet: &str, value: Value) {
    resource.facets.insert(facet.to_owned(), Facet::Known(value));
}

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn schemes() -> Value {
    json!({"securitySchemes": {
        "sigv4": {"type": "apiKey", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"},
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "users": {"type": "apiKey", "name": "Authorization", "x-amazon-apigateway-authorizer": {"type": "token"}},
    }})
}

fn integration() -> Value {
    let uri = format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{}/invocations", arn(1));
    json!({"type": "aws_proxy", "uri": uri})
}

/// What is deployed where one POST is locked by these schemes, before function 1.
fn deployed(security: Value) -> Value {
    let post = json!({"security": security, "x-amazon-apigateway-integration": integration()});
    let options = json!({"x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {
        "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
    }}}});
    json!({"openapi": "3.0.1", "paths": {"/a": {"post": post, "options": options}}, "components": schemes()})
}

fn stage(document: Value) -> Resource {
    let api = json!({"id": "a1", "endpointConfiguration": {"types": ["REGIONAL"]}});
    let facets = json!({"stage": {"stageName": "live", "variables": {}}, "api": api, "deployed": document, "certificate": null, "limits": {}});
    related(resource("aws.apigateway.stage", STAGE, facets), RelationName::PartOf, API)
}

fn api() -> Resource {
    let facets = json!({"api": {"id": "a1", "endpointConfiguration": {"types": ["REGIONAL"]}}});
    related(resource("aws.apigateway.restapi", API, facets), RelationName::Invokes, &arn(1))
}

/// The draft's POST with this authorization.
fn draft(authorization: &str) -> Value {
    let behind = integration();
    let method = json!({"authorizationType": authorization, "requestValidatorId": "v1", "methodIntegration": {"type": "AWS_PROXY", "uri": behind["uri"]}});
    let options = json!({"authorizationType": "NONE", "methodIntegration": {"type": "MOCK"}});
    json!({"item": [{"path": "/a", "resourceMethods": {"POST": method, "OPTIONS": options}}, {"path": "/"}]})
}

fn post() -> Value {
    json!([{"path": "/a", "method": "POST", "integration": "AWS_PROXY"}])
}

#[test]
fn methods_are_open_locked_or_validated() {
    let of = |document: Value, name: &str| known(&Shop::with(vec![stage(document)]), STAGE, name);
    assert_eq!(of(deployed(json!([])), "open_methods"), post());
    assert_eq!(of(deployed(json!([])), "key_only_methods"), json!([]));
    assert_eq!(of(deployed(json!([])), "methods_source"), json!("deployed"));
    assert_eq!(of(deployed(json!([{"api_key": []}])), "open_methods"), json!([]));
    assert_eq!(of(deployed(json!([{"api_key": []}])), "key_only_methods"), post());
    for locked in [json!([{"sigv4": []}]), json!([{"users": []}, {"api_key": []}])] {
        assert_eq!(of(deployed(locked.clone()), "open_methods"), json!([]));
        assert_eq!(of(deployed(locked), "key_only_methods"), json!([]));
    }
    let locks = of(deployed(json!([{"users": []}])), "methods");
    assert_eq!((&locks[0]["lock"], &locks[1]["lock"]), (&json!("none"), &json!("authorizer")));

    assert_eq!(of(deployed(json!([])), "unvalidated_methods"), post());
    let mut validated = deployed(json!([]));
    validated["x-amazon-apigateway-request-validators"] = json!({"body": {"validateRequestBody": true}});
    validated["x-amazon-apigateway-request-validator"] = json!("body");
    assert_eq!(of(validated.clone(), "unvalidated_methods"), json!([]));
    validated["x-amazon-apigateway-request-validator"] = json!("unheard");
    let unclear = Shop::with(vec![stage(validated)]);
    assert_eq!(unknown(&unclear, STAGE, "unvalidated_methods"), ["deployed Malformed"]);
    assert_eq!(of(deployed(json!([])), "any_origin_methods"), json!([]), "nothing is guarded");
    let origin = of(deployed(json!([{"users": []}])), "any_origin_methods");
    assert_eq!(origin, json!([{"path": "/a", "method": "OPTIONS", "integration": "MOCK"}]));
}

#[test]
fn catch_alls_plain_backends_and_their_roles() {
    let open = json!({"x-amazon-apigateway-integration": integration()});
    let plain =
        json!({"x-amazon-apigateway-integration": {"type": "http_proxy", "uri": "http://x.example/"}});
    let document =
        json!({"paths": {"/{proxy+}": {"x-amazon-apigateway-any-method": open}, "/b": {"get": plain}}});
    let shop = Shop::with(vec![stage(document)]);
    let proxies = known(&shop, STAGE, "open_proxies");
    assert_eq!(proxies, json!([{"path": "/{proxy+}", "method": "ANY", "integration": "AWS_PROXY"}]));
    let integrations = known(&shop, STAGE, "plain_integrations");
    assert_eq!(integrations, json!([{"path": "/b", "method": "GET", "uri": "http://x.example/"}]));
    assert_eq!(known(&shop, STAGE, "http_integration"), json!(true));
    assert_eq!(known(&shop, STAGE, "broad_grants"), json!([]));
    let role = "arn:aws:iam::111122223333:role/gateway";
    let calling = related(stage(deployed(json!([]))), RelationName::ExecutesAs, role);
    let document = policy(json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}));
    let inline = json!([{"PolicyName": "own", "PolicyDocument": document}]);
    let granted = resource(
        "aws.iam.role",
        role,
        json!({"role": {"Arn": role, "RolePolicyList": inline, "AttachedManagedPolicies": []}}),
    );
    let shop = Shop::with(vec![calling, granted]);
    assert_eq!(known(&shop, STAGE, "broad_grants")[0]["service_wildcards"], json!(["sqs"]));
}

#[test]
fn the_draft_stands_in_for_what_could_not_be_exported() {
    let refused = |authorization: &str| {
        let mut stage = unread(stage(Value::Null), "deployed");
        set(&mut stage, "resources", draft(authorization));
        set(&mut stage, "validators", json!({"item": [{"id": "v1", "validateRequestBody": true}]}));
        stage
    };
    let shop = Shop::with(vec![refused("NONE")]);
    assert_eq!(known(&shop, STAGE, "open_methods"), post());
    assert_eq!(known(&shop, STAGE, "methods_source"), json!("draft"));
    assert_eq!(known(&shop, STAGE, "unvalidated_methods"), json!([]));
    let dark = Shop::with(vec![unread(refused("NONE"), "validators")]);
    assert_eq!(unknown(&dark, STAGE, "unvalidated_methods"), ["validators AccessDeniedException"]);
    assert_eq!(known(&Shop::with(vec![refused("CUSTOM")]), STAGE, "open_methods"), json!([]));
    let dark = Shop::with(vec![unread(refused("NONE"), "resources")]);
    for name in ["open_methods", "methods", "methods_source", "http_integration"] {
        assert_eq!(unknown(&dark, STAGE, name), ["deployed AccessDeniedException"], "{name}");
    }
}

#[test]
fn the_deployed_policy_closes_open_methods() {
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"});
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}});
    let with = |statements: Value| {
        let mut document = deployed(json!([]));
        document["x-amazon-apigateway-policy"] = policy(statements);
        Shop::with(vec![api(), stage(document), function(1)])
    };
    let open = with(json!([allow]));
    assert_eq!(known(&open, STAGE, "open_methods"), post());
    assert_eq!(
        (exposure(&open, STAGE), exposure(&open, API), exposure(&open, &arn(1))),
        (Internet, Internet, Internet)
    );
    let closed = with(json!([allow, deny]));
    assert_eq!(known(&closed, STAGE, "open_methods"), json!([]));
    assert_eq!(
        (exposure(&closed, STAGE), exposure(&closed, API), exposure(&closed, &arn(1))),
        (CrossAccount, CrossAccount, Internal)
    );
    let broken = with(json!("?"));
    assert_eq!(unknown(&broken, STAGE, "open_methods"), ["deployed Malformed"]);
    assert_eq!((exposure(&broken, STAGE), exposure(&broken, API)), (Unknown, Unknown));
}

#[test]
fn a_private_stage_is_not_in_the_internet() {
    let mut private = stage(deployed(json!([])));
    set(&mut private, "api", json!({"endpointConfiguration": {"types": ["PRIVATE"]}}));
    let shop = Shop::with(vec![api(), private.clone()]);
    assert_eq!((exposure(&shop, STAGE), exposure(&shop, API)), (Internal, Internal));
    assert_eq!(known(&shop, STAGE, "public_endpoint"), json!(false));
    let dark = Shop::with(vec![unread(private, "api")]);
    assert_eq!(unknown(&dark, STAGE, "public_endpoint"), ["api AccessDeniedException"]);
    assert_eq!(exposure(&dark, STAGE), Unknown);
}

#[test]
fn drafts_are_compared_with_the_closest_stage() {
    let with = |authorization: &str, stages: Vec<Resource>| {
        let mut api = api();
        set(&mut api, "resources", draft(authorization));
        Shop::with(std::iter::once(api).chain(stages).collect())
    };
    let differences = |shop: &Shop| known(shop, API, "draft_differences");
    assert_eq!(differences(&with("CUSTOM", vec![stage(deployed(json!([{"users": []}])))])), json!([]));
    let changed = |place: &str| json!({"path": "/a", "method": "POST", "only_in": place});
    let one = with("CUSTOM", vec![stage(deployed(json!([])))]);
    assert_eq!(differences(&one), json!([changed("draft"), changed("deployed")]));
    let mut other = stage(deployed(json!([{"users": []}])));
    other.uid = "arn:aws:apigateway:eu-west-1::/restapis/a1/stages/test".into();
    assert_eq!(differences(&with("CUSTOM", vec![stage(deployed(json!([]))), other])), json!([]));
    assert_eq!(differences(&with("CUSTOM", Vec::new())), Value::Null);
    assert_eq!(differences(&Shop::with(vec![api()])), Value::Null, "the draft was not read");
    let dark = with("CUSTOM", vec![unread(stage(Value::Null), "deployed")]);
    assert_eq!(unknown(&dark, API, "draft_differences"), ["deployed AccessDeniedException"]);
}

#[test]
fn custom_domains_are_named_or_in_doubt() {
    let domain = |leads: bool| {
        let uid = "arn:aws:apigateway:eu-west-1::/domainnames/api.shop.example";
        let domain = resource("aws.apigateway.domain", uid, json!({"domain": {}, "mappings": {"items": []}}));
        if leads { related(domain, RelationName::Invokes, API) } else { domain }
    };
    let of = |shop: &Shop| known(shop, API, "custom_domains");
    assert_eq!(of(&Shop::with(vec![api(), domain(true)])), json!(["api.shop.example"]));
    assert_eq!(of(&Shop::with(vec![api(), domain(false)])), json!([]));
    let dark = Shop::with(vec![api(), unread(domain(false), "mappings")]);
    assert_eq!(unknown(&dark, API, "custom_domains"), ["mappings AccessDeniedException"]);
}

#[test]
fn certificates_have_days_left() {
    let with = |expires: Value| {
        let mut stage = stage(deployed(json!([])));
        set(&mut stage, "certificate", json!({"clientCertificateId": "c", "expirationDate": expires}));
        Shop::with(vec![stage])
    };
    let today = shop::instant().as_second();
    assert_eq!(known(&with(json!(today + 10 * 86_400 + 5)), STAGE, "certificate_days"), json!(10));
    assert_eq!(known(&with(json!(today - 5)), STAGE, "certificate_days"), json!(-1));
    assert_eq!(known(&Shop::with(vec![stage(deployed(json!([])))]), STAGE, "certificate_days"), Value::Null);
}

/// A stage of an HTTP API with these routes, or of a WebSocket API with these in a list.
fn http_stage(protocol: &str, facets: Value) -> Shop {
    let mut all = json!({"stage": {"stageName": "live"}, "api": {"apiId": "h1", "protocolType": protocol}});
    for (name, value) in facets.as_object().unwrap() {
        all[name] = value.clone();
    }
    let stage = related(resource("aws.apigatewayv2.stage", HTTP_STAGE, all), RelationName::PartOf, HTTP_API);
    let api =
        resource("aws.apigatewayv2.api", HTTP_API, json!({"api": {"apiId": "h1", "protocolType": protocol}}));
    Shop::with(vec![related(api, RelationName::Invokes, &arn(1)), stage, function(1)])
}

#[test]
fn routes_are_open_or_not() {
    let route = |security: Value| json!({"security": security, "x-amazon-apigateway-integration": {"type": "AWS_PROXY", "uri": arn(1)}});
    let http = |security: Value| {
        let paths = json!({"/a": {"get": route(security), "options": route(json!([]))}, "/b": {"get": route(json!([{"users": []}]))}});
        http_stage("HTTP", json!({"deployed": {"paths": paths, "components": schemes()}}))
    };
    let open = http(json!([]));
    assert_eq!(known(&open, HTTP_STAGE, "open_routes"), json!([{"route": "GET /a", "protocol": "HTTP"}]));
    assert_eq!(known(&open, HTTP_STAGE, "connect_open"), json!(false));
    assert_eq!(known(&open, HTTP_STAGE, "routes_source"), json!("deployed"));
    assert_eq!((exposure(&open, HTTP_API), exposure(&open, &arn(1))), (Internet, Internet));
    let locked = http(json!([{"sigv4": []}]));
    assert_eq!((exposure(&locked, HTTP_API), exposure(&locked, &arn(1))), (Internal, Internal));

    let listed = |key: &str, authorization: &str| json!({"routeKey": key, "authorizationType": authorization, "apiKeyRequired": false, "target": "integrations/i1"});
    let socket = |routes: Value| {
        let integrations = json!({"items": [{"integrationId": "i1", "integrationType": "AWS_PROXY", "integrationUri": arn(1)}]});
        http_stage(
            "WEBSOCKET",
            json!({"deployed": null, "routes": {"items": routes}, "integrations": integrations}),
        )
    };
    let open = socket(json!([listed("$connect", "NONE"), listed("$default", "NONE")]));
    assert_eq!(known(&open, HTTP_STAGE, "open_routes"), json!([]));
    assert_eq!(known(&open, HTTP_STAGE, "connect_open"), json!(true));
    assert_eq!(known(&open, HTTP_STAGE, "routes_source"), json!("draft"));
    assert_eq!(exposure(&open, &arn(1)), Internet);
    let guarded = socket(json!([listed("$connect", "CUSTOM"), listed("$default", "NONE")]));
    assert_eq!(known(&guarded, HTTP_STAGE, "connect_open"), json!(false));
    assert_eq!(exposure(&guarded, &arn(1)), Internal);
    let unasked = socket(json!([listed("$default", "NONE")]));
    assert_eq!(known(&unasked, HTTP_STAGE, "connect_open"), json!(true));
}

#[test]
fn tokens_and_private_links() {
    let authorizer = |issuer: &str, audience: Value| json!({"type": "jwt", "jwtConfiguration": {"issuer": issuer, "audience": audience}});
    let of = |authorizer: Value, name: &str| {
        let scheme = json!({"type": "oauth2", "x-amazon-apigateway-authorizer": authorizer});
        let document = json!({"paths": {}, "components": {"securitySchemes": {"users": scheme}}});
        known(&http_stage("HTTP", json!({ "deployed": document })), HTTP_STAGE, name)
    };
    assert_eq!(of(authorizer("https://login.example", json!(["shop"])), "weak_tokens"), json!([]));
    for weak in [
        authorizer("https://login.example", json!([])),
        authorizer("http://login.example", json!(["shop"])),
        authorizer("https://login.microsoftonline.com/common/v2.0", json!(["shop"])),
    ] {
        assert_eq!(of(weak, "weak_tokens")[0]["name"], "users");
    }
    assert_eq!(of(json!({"type": "request"}), "has_tokens"), json!(false));
    let link = |tls: Value| {
        let integration =
            json!({"type": "HTTP_PROXY", "uri": "arn:x", "connectionType": "VPC_LINK", "tlsConfig": tls});
        let paths = json!({"/a": {"get": {"x-amazon-apigateway-integration": integration}}});
        http_stage("HTTP", json!({"deployed": {"paths": paths}}))
    };
    assert_eq!(
        known(&link(json!({})), HTTP_STAGE, "plain_links"),
        json!([{"route": "GET /a", "uri": "arn:x"}])
    );
    let named = link(json!({"serverNameToVerify": "shop.example"}));
    assert_eq!(known(&named, HTTP_STAGE, "plain_links"), json!([]));
    assert_eq!(known(&named, HTTP_STAGE, "private_links"), json!(true));
}

#[test]
fn an_unread_gateway_leaves_its_functions_in_doubt() {
    let gateway = policy(
        json!([{"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": "*"}]),
    );
    let behind = || {
        let mut function = function(1);
        set(&mut function, "policy", gateway.clone());
        function
    };
    let dark = || unread(stage(Value::Null), "deployed");
    let shop = Shop::with(vec![behind(), function(2), api(), dark()]);
    let exposures = [API, STAGE, &arn(1), &arn(2)].map(|uid| exposure(&shop, uid));
    assert_eq!(exposures, [Unknown, Unknown, Unknown, Internal]);
    assert_eq!(unknown(&shop, &arn(1), "exposure"), ["deployed AccessDeniedException"]);
    let unlisted = Shop::with(vec![behind(), function(2)]).unlisted("apigateway");
    assert_eq!((exposure(&unlisted, &arn(1)), exposure(&unlisted, &arn(2))), (Unknown, Internal));
    let without = Shop::with(vec![api()]).unlisted("apigateway");
    assert_eq!(exposure(&without, API), Unknown, "its stages may not have been listed");
    assert_eq!(exposure(&Shop::with(vec![api()]), API), Internal);
}

#[test]
fn graph_apis_and_distributions() {
    let uid = "arn:aws:appsync:eu-west-1:111122223333:apis/g1";
    let graph = |api: Value| {
        let facets = json!({"api": api, "cache": null, "keys": null, "data_sources": {"dataSources": []}});
        let api = resource("aws.appsync.graphqlapi", uid, facets);
        Shop::with(vec![related(api, RelationName::Invokes, &arn(1)), function(1)])
    };
    let keyed = graph(json!({"authenticationType": "API_KEY"}));
    assert_eq!((exposure(&keyed, uid), exposure(&keyed, &arn(1))), (Internet, Internet));
    let beside = json!([{"authenticationType": "API_KEY"}]);
    let some = graph(json!({"authenticationType": "AWS_IAM", "additionalAuthenticationProviders": beside}));
    assert_eq!((exposure(&some, uid), exposure(&some, &arn(1))), (Internet, Internal));
    let private = graph(json!({"authenticationType": "API_KEY", "visibility": "PRIVATE"}));
    assert_eq!(exposure(&private, uid), Internal);

    let uid = "arn:aws:cloudfront::111122223333:distribution/E1";
    let distribution = |enabled: bool| {
        let origins = json!([
            {"Id": "files", "DomainName": "files.s3.amazonaws.com"},
            {"Id": "api", "DomainName": "a1.execute-api.eu-west-1.amazonaws.com"},
            {"Id": "own", "DomainName": "api.shop.example"},
        ]);
        let behaviour = json!({"LambdaFunctionAssociations": {"Items": [{"LambdaFunctionARN": arn(1), "EventType": "viewer-request"}]}});
        let distribution = json!({"Enabled": enabled, "Origins": {"Items": origins}, "DefaultCacheBehavior": behaviour, "CacheBehaviors": {"Quantity": 0}});
        let facets = json!({"distribution": distribution, "deliveries": null, "logging": null});
        let domain = resource(
            "aws.apigateway.domain",
            "arn:aws:apigateway:eu-west-1::/domainnames/api.shop.example",
            json!({}),
        );
        let distribution = resource("aws.cloudfront.distribution", uid, facets);
        Shop::with(vec![related(distribution, RelationName::Invokes, &arn(1)), domain, function(1)])
    };
    let open = distribution(true);
    assert_eq!((exposure(&open, uid), exposure(&open, &arn(1))), (Internet, Internet));
    let origins = known(&open, uid, "compute_origins");
    assert_eq!(
        (&origins[0]["id"], &origins[1]["id"], origins.as_array().unwrap().len()),
        (&json!("api"), &json!("own"), 2)
    );
    assert_eq!(known(&open, uid, "edge_functions")[0]["function"], json!(arn(1)));
    assert_eq!(exposure(&distribution(false), &arn(1)), Internal);
}

#[test]
fn firewalls_know_what_they_protect_and_do() {
    let uid = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1";
    let group_uid = "arn:aws:wafv2:eu-west-1:111122223333:regional/rulegroup/shop/1";
    let acl = |rules: Value, resources: Value| {
        let acl = json!({"DefaultAction": {"Allow": {}}, "Rules": rules});
        resource("aws.wafv2.acl", uid, json!({"acl": acl, "logging": null, "resources": resources}))
    };
    let rate = json!({"RateBasedStatement": {"Limit": 100}});
    let group =
        resource("aws.wafv2.rulegroup", group_uid, json!({"group": {"Rules": [{"Statement": rate}]}}));
    let refers = json!([{"OverrideAction": {"Count": {}}, "Statement": {"RuleGroupReferenceStatement": {"ARN": group_uid}}}]);
    let pool = json!({"COGNITO_USER_POOL": ["arn:aws:cognito-idp:eu-west-1:111122223333:userpool/a"]});
    let shop = Shop::with(vec![acl(refers.clone(), pool), group]);
    assert_eq!(known(&shop, uid, "limits_rate"), json!(true));
    assert_eq!(known(&shop, uid, "knows_exploits"), json!(false));
    assert_eq!(known(&shop, uid, "only_counts"), json!(true));
    assert_eq!(known(&shop, uid, "protects").as_array().unwrap().len(), 1);

    let dark = Shop::with(vec![acl(refers, json!({}))]).unlisted("apigateway");
    assert_eq!(unknown(&dark, uid, "limits_rate"), ["group NotCollected"]);
    assert_eq!(unknown(&dark, uid, "protects"), ["apigateway NotListed"]);
    let managed = json!({"AndStatement": {"Statements": [{"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}}]}});
    let fronted = related(stage(deployed(json!([]))), RelationName::FrontedBy, uid);
    let account = resource("aws.account", "arn:aws:iam::111122223333:root", json!({"identity": {}}));
    let shop = Shop::with(vec![
        account,
        fronted,
        acl(json!([{"Action": {"Block": {}}, "Statement": managed}]), Value::Null),
    ]);
    assert_eq!(known(&shop, uid, "knows_exploits"), json!(true));
    assert_eq!(known(&shop, uid, "only_counts"), json!(false));
    assert_eq!(known(&shop, uid, "protects"), json!([STAGE]));
    let root = "arn:aws:iam::111122223333:root";
    assert_eq!(known(&shop, root, "firewalls"), json!({"public": 1, "fronted": 1}));
}
