//! Facts and exposure of API Management, Logic Apps, container apps and static sites, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Provider, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{Shop, exposure, known, unknown, unread};

const GROUP: &str = "/subscriptions/s/resourcegroups/g/providers";
const SERVICE: &str = "/subscriptions/s/resourcegroups/g/providers/microsoft.apimanagement/service/a";

/// An account of Azure with exactly these resources, in which everything was listed.
fn account(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    let row = shop.coverage[0].clone();
    shop.coverage = ["apimanagement", "containerapps", "logic", "staticsites", "functions"]
        .map(|service| {
            let mut row = row.clone();
            row.shard.provider = Provider::Azure;
            row.shard.service = ServiceName::from(service);
            row
        })
        .to_vec();
    shop
}

fn resource(kind: &str, uid: &str, facets: Value) -> Resource {
    Resource { provider: Provider::Azure, ..shop::resource(kind, uid, facets) }
}

/// A policy whose inbound section is `elements`.
fn policy(elements: Value) -> Value {
    let section = json!({"name": "inbound", "attributes": {}, "children": elements});
    json!({"name": "policies", "attributes": {}, "children": [section]})
}

fn element(name: &str, attributes: Value, children: Value) -> Value {
    json!({"name": name, "attributes": attributes, "children": children})
}

fn bare(name: &str) -> Value {
    element(name, json!({}), json!([]))
}

fn service(policy: Value) -> Resource {
    let service = json!({"properties": {"virtualNetworkType": "None", "publicNetworkAccess": "Enabled"}});
    let fragments = json!({"value": [{"name": "Sign-In", "properties": {"value": element("fragment", json!({}), json!([bare("validate-jwt")]))}}]});
    resource(
        "azure.apim.service",
        SERVICE,
        json!({"service": service, "policy": policy, "fragments": fragments}),
    )
}

fn api(keyed: bool, policy: Value) -> Resource {
    let api = json!({"properties": {"subscriptionRequired": keyed, "serviceUrl": "https://orders.azurewebsites.net/api"}});
    resource("azure.apim.api", &orders(), json!({"api": api, "policy": policy}))
}

fn orders() -> String {
    format!("{SERVICE}/apis/orders")
}

fn operation(name: &str, policy: Value) -> Resource {
    resource(
        "azure.apim.operation",
        &format!("{}/operations/{name}", orders()),
        json!({"operation": {}, "policy": policy}),
    )
}

fn product(name: &str, keyed: bool, policy: Value) -> Resource {
    let ids = json!({"value": [{"id": format!("{SERVICE}/products/{name}/apis/Orders;rev=2")}]});
    let product = json!({"properties": {"subscriptionRequired": keyed}});
    resource(
        "azure.apim.product",
        &format!("{SERVICE}/products/{name}"),
        json!({"product": product, "policy": policy, "apis": ids}),
    )
}

fn effective(shop: &Shop) -> Value {
    known(shop, &orders(), "effective_policy")
}

#[test]
fn an_api_without_key_and_token_is_open_to_the_internet() {
    let open = account(vec![service(Value::Null), api(false, Value::Null)]);
    assert_eq!(effective(&open)["open_operations"], json!(["*"]));
    assert_eq!(exposure(&open, &orders()), Exposure::Internet);
    assert_eq!(exposure(&open, SERVICE), Exposure::Internet, "as far as its APIs");

    let keyed = account(vec![service(Value::Null), api(true, Value::Null)]);
    assert_eq!(effective(&keyed)["keyless"], false);
    assert_eq!(exposure(&keyed, &orders()), Exposure::Internal);

    let signed = account(vec![service(policy(json!([bare("validate-jwt")]))), api(false, Value::Null)]);
    assert_eq!(effective(&signed)["authentication"], json!(["validate-jwt"]));
    assert_eq!(exposure(&signed, &orders()), Exposure::Internal);

    for facet in ["policy", "service", "fragments"] {
        let whole =
            policy(json!([element("include-fragment", json!({"fragment-id": "sign-in"}), json!([]))]));
        let hidden = account(vec![unread(service(whole), facet), api(false, Value::Null)]);
        assert_eq!(
            exposure(&hidden, &orders()),
            if facet == "service" { Exposure::Internal } else { Exposure::Unknown },
            "{facet}"
        );
    }
    let unlisted = keyed.unlisted("apimanagement");
    assert!(!unknown(&unlisted, &orders(), "effective_policy").is_empty(), "an open product may hold it");
    assert_eq!(exposure(&unlisted, &orders()), Exposure::Unknown);
}

#[test]
fn a_gateway_inside_a_network_is_not_on_the_internet() {
    for (setting, value) in [("virtualNetworkType", "Internal"), ("publicNetworkAccess", "Disabled")] {
        let mut inside = service(Value::Null);
        inside.facets.insert(
            "service".to_owned(),
            nephoscope_model::Facet::Known(json!({"properties": {setting: value}})),
        );
        assert_eq!(
            exposure(&account(vec![inside, api(false, Value::Null)]), &orders()),
            Exposure::Internal,
            "{setting}"
        );
    }
    let hidden = unread(service(Value::Null), "service");
    assert_eq!(exposure(&account(vec![hidden, api(false, Value::Null)]), &orders()), Exposure::Unknown);
}

#[test]
fn an_open_product_opens_its_apis() {
    let open =
        account(vec![service(Value::Null), api(true, Value::Null), product("free", false, Value::Null)]);
    assert_eq!(effective(&open)["keyless"], true);
    assert_eq!(exposure(&open, &orders()), Exposure::Internet);
    let signed = product("free", false, policy(json!([bare("base"), bare("validate-jwt")])));
    let signed = account(vec![service(Value::Null), api(true, Value::Null), signed]);
    assert_eq!(exposure(&signed, &orders()), Exposure::Internal, "its own policy asks for a token");
    let hidden = unread(product("free", false, Value::Null), "apis");
    let hidden = account(vec![service(Value::Null), api(true, Value::Null), hidden]);
    assert!(!unknown(&hidden, &orders(), "effective_policy").is_empty());
}

#[test]
fn every_operation_counts_for_itself() {
    let lax = operation("list", policy(json!([bare("base")])));
    let strict = operation("buy", policy(json!([bare("base"), bare("validate-jwt"), bare("rate-limit")])));
    let shop = account(vec![service(Value::Null), api(false, Value::Null), lax.clone(), strict.clone()]);
    assert_eq!(effective(&shop)["open_operations"], json!(["list"]));
    assert_eq!(effective(&shop)["unlimited_operations"], json!(["list"]));
    let only = account(vec![service(Value::Null), api(false, Value::Null), strict]);
    assert_eq!(effective(&only)["authenticates"], true);
    assert_eq!(effective(&only)["has_rate_limit"], true);
    assert_eq!(exposure(&only, &orders()), Exposure::Internal);
    let hidden = account(vec![service(Value::Null), api(false, Value::Null), unread(lax, "policy")]);
    assert_eq!(exposure(&hidden, &orders()), Exposure::Unknown);
}

#[test]
fn what_is_not_inherited_is_dropped() {
    let whole = || service(policy(json!([bare("rate-limit-by-key"), bare("cors"), bare("check-header")])));
    let inherited = account(vec![whole(), api(false, policy(json!([bare("base")])))]);
    assert_eq!(effective(&inherited)["dropped"], json!([]));
    assert_eq!(effective(&inherited)["limits"], json!(["rate-limit-by-key"]));
    let cut = account(vec![whole(), api(false, policy(json!([bare("check-header")])))]);
    assert_eq!(effective(&cut)["dropped"], json!([{"scope": "api", "element": "rate-limit-by-key"}]));
    assert_eq!(effective(&cut)["has_rate_limit"], false);
    let nothing_to_lose = account(vec![service(Value::Null), api(false, policy(json!([])))]);
    assert_eq!(effective(&nothing_to_lose)["dropped"], json!([]));
}

#[test]
fn branches_and_fragments_are_followed() {
    let refusal = element(
        "return-response",
        json!({}),
        json!([element("set-status", json!({"code": "401"}), json!([]))]),
    );
    let choose = |inner: Value| {
        element(
            "choose",
            json!({}),
            json!([element("when", json!({"condition": "@(true)"}), json!([inner]))]),
        )
    };
    let of = |element: Value| {
        effective(&account(vec![service(Value::Null), api(false, policy(json!([element])))]))
    };
    assert_eq!(of(choose(refusal))["authentication"], json!(["return-response"]));
    assert_eq!(of(choose(bare("validate-azure-ad-token")))["authenticates"], true);
    let answer = element(
        "return-response",
        json!({}),
        json!([element("set-status", json!({"code": "200"}), json!([]))]),
    );
    assert_eq!(of(choose(answer))["authenticates"], false);
    let fragment = |id: &str| element("include-fragment", json!({"fragment-id": id}), json!([]));
    assert_eq!(of(fragment("sign-in"))["authentication"], json!(["validate-jwt"]));
    let missing = account(vec![service(Value::Null), api(false, policy(json!([fragment("gone")])))]);
    assert_eq!(unknown(&missing, &orders(), "effective_policy"), ["fragments NoSuchFragment"]);
    assert_eq!(of(element("ip-filter", json!({"action": "forbid"}), json!([])))["authenticates"], false);
    assert_eq!(of(element("ip-filter", json!({"action": "allow"}), json!([])))["authenticates"], true);
}

#[test]
fn tokens_are_checked_against_what_they_should_say() {
    let of = |element: Value| account(vec![service(Value::Null), api(false, policy(json!([element])))]);
    let weaknesses = |shop: &Shop| known(shop, &orders(), "token_checks")[0]["weaknesses"].clone();
    let audiences = element("audiences", json!({}), json!([bare("audience")]));
    let discovery = bare("openid-config");
    let good =
        element("validate-jwt", json!({"require-signed-tokens": "true"}), json!([discovery, audiences]));
    assert_eq!(weaknesses(&of(good)), json!([]));
    let bad = element(
        "validate-jwt",
        json!({"require-signed-tokens": "false", "require-expiration-time": "False"}),
        json!([]),
    );
    let all = json!(["require-signed-tokens", "require-expiration-time", "issuers", "audiences"]);
    assert_eq!(weaknesses(&of(bad)), all);
    let azure = |children: Value| element("validate-azure-ad-token", json!({"tenant-id": "t"}), children);
    assert_eq!(weaknesses(&of(azure(json!([])))), json!(["audiences"]));
    let callers = element("client-application-ids", json!({}), json!([bare("application-id")]));
    assert_eq!(weaknesses(&of(azure(json!([callers])))), json!([]));
    assert_eq!(known(&of(bare("rate-limit")), &orders(), "token_checks"), json!([]));
    let computed = element("validate-jwt", json!({"require-signed-tokens": "{{signed}}"}), json!([]));
    assert_eq!(unknown(&of(computed), &orders(), "token_checks"), ["policy PolicyExpression"]);
}

#[test]
fn origins_are_read_from_every_cors_element() {
    let cors = |origins: &[&str]| {
        let origin = |text: &&str| json!({"name": "origin", "attributes": {}, "text": text, "children": []});
        let origins: Vec<Value> = origins.iter().map(origin).collect();
        element(
            "cors",
            json!({"allow-credentials": "true"}),
            json!([element("allowed-origins", json!({}), json!(origins))]),
        )
    };
    let of = |element: Value| account(vec![service(Value::Null), api(true, policy(json!([element])))]);
    let own = json!({"origins": ["https://shop.example"], "any_origin": false, "credentials": true});
    assert_eq!(known(&of(cors(&["https://shop.example"])), &orders(), "cors"), own);
    assert_eq!(known(&of(cors(&["{{origin}}", " * "])), &orders(), "cors")["any_origin"], true);
    assert_eq!(known(&of(bare("rate-limit")), &orders(), "cors"), Value::Null);
    assert_eq!(unknown(&of(cors(&["{{origin}}"])), &orders(), "cors"), ["policy PolicyExpression"]);
}

#[test]
fn a_backend_knows_which_apis_call_it_and_how() {
    let uid = format!("{SERVICE}/backends/fn");
    let site = format!("{GROUP}/microsoft.web/sites/orders");
    let backend = |address: &str| {
        let address = json!({"properties": {"url": "https://x.example", "resourceId": format!("https://management.azure.com{address}")}});
        resource("azure.apim.backend", &uid, json!({"backend": address}))
    };
    let function = || {
        let site_facet = json!({"properties": {"defaultHostName": "Orders.azurewebsites.net"}});
        resource(
            "azure.functions.app",
            &site,
            json!({"site": site_facet, "config": null, "auth": null, "functions": null, "private_endpoints": null}),
        )
    };
    let chosen = element("set-backend-service", json!({"backend-id": "FN"}), json!([]));
    let silent = || api(false, policy(json!([chosen])));
    let shop = account(vec![service(Value::Null), silent(), backend(&site), function()]);
    assert_eq!(known(&shop, &uid, "callers"), json!([{"api": orders(), "credentials": false}]));
    assert_eq!(known(&shop, &site, "gateway_apis"), json!([orders()]));
    assert_eq!(exposure(&shop, &site), Exposure::Internet, "through the open API");

    let named = api(true, policy(json!([chosen, bare("authentication-managed-identity")])));
    let shop = account(vec![service(Value::Null), named, backend(&site), function()]);
    assert_eq!(known(&shop, &uid, "callers"), json!([{"api": orders(), "credentials": true}]));

    let elsewhere = account(vec![service(Value::Null), api(true, Value::Null), backend(&site), function()]);
    assert_eq!(known(&elsewhere, &uid, "callers"), json!([]));
    assert_eq!(known(&elsewhere, &site, "gateway_apis"), json!([orders()]), "by the address of the API");
    let apart = account(vec![
        service(Value::Null),
        api(true, policy(json!([chosen]))),
        backend("/subscriptions/s/other"),
        function(),
    ]);
    assert_eq!(known(&apart, &site, "gateway_apis"), json!([]));

    let hidden = account(vec![service(Value::Null), unread(silent(), "policy"), backend(&site), function()]);
    assert!(!unknown(&hidden, &uid, "callers").is_empty());
    assert!(!unknown(&hidden, &site, "gateway_apis").is_empty());
    assert!(!unknown(&apart.unlisted("apimanagement"), &site, "gateway_apis").is_empty());
}

#[test]
fn a_named_value_shows_what_was_detected() {
    let uid = format!("{SERVICE}/namedvalues/key");
    let value = json!({"$redacted": {"detector": "password", "length": "9-16", "tag": "9f86"}});
    let named =
        resource("azure.apim.namedvalue", &uid, json!({"namedvalue": {"properties": {"value": value}}}));
    assert_eq!(
        known(&account(vec![named.clone()]), &uid, "secrets")[0]["path"],
        "namedvalue.properties.value"
    );
    assert!(!unknown(&account(vec![unread(named, "namedvalue")]), &uid, "secrets").is_empty());
}

fn workflow(properties: Value) -> Resource {
    let uid = format!("{GROUP}/microsoft.logic/workflows/w");
    resource("azure.logic.workflow", &uid, json!({"workflow": {"properties": properties}}))
}

fn on_request(control: Value) -> Value {
    json!({"state": "Enabled", "accessControl": control, "definition": {"triggers": {"manual": {"type": "Request"}, "clock": {"type": "Recurrence"}}}})
}

#[test]
fn a_request_trigger_is_open_unless_its_callers_have_to_show_more_than_the_link() {
    let of = |properties: Value| {
        let workflow = workflow(properties);
        exposure(&account(vec![workflow.clone()]), workflow.uid.as_str())
    };
    assert_eq!(of(on_request(Value::Null)), Exposure::Internet);
    let range = |text: &str| json!({"triggers": {"allowedCallerIpAddresses": [{"addressRange": text}]}});
    assert_eq!(of(on_request(range("203.0.113.0/24"))), Exposure::Internal);
    assert_eq!(of(on_request(range("0.0.0.0-255.255.255.255"))), Exposure::Internet);
    assert_eq!(
        of(on_request(json!({"triggers": {"allowedCallerIpAddresses": []}}))),
        Exposure::Internal,
        "other workflows alone"
    );
    let tokens = json!({"triggers": {"openAuthenticationPolicies": {"policies": {"own": {"type": "AAD"}}}}});
    assert_eq!(of(on_request(tokens)), Exposure::Internal);
    assert_eq!(
        of(on_request(json!({"triggers": {"sasAuthenticationPolicy": {"state": "Disabled"}}}))),
        Exposure::Internal
    );
    let mut off = on_request(Value::Null);
    off["state"] = json!("Disabled");
    assert_eq!(of(off), Exposure::Internal);
    assert_eq!(
        of(json!({"definition": {"triggers": {"clock": {"type": "Recurrence"}}}})),
        Exposure::Internal
    );
    assert_eq!(
        of(json!({"accessControl": null})),
        Exposure::Unknown,
        "without a definition nothing is known"
    );
}

#[test]
fn facts_of_a_workflow_say_who_may_start_it_and_who_may_look() {
    let workflow = workflow(on_request(
        json!({"contents": {"allowedCallerIpAddresses": [{"addressRange": "203.0.113.0/24"}]}}),
    ));
    let (shop, uid) = (account(vec![workflow.clone()]), workflow.uid.as_str());
    assert_eq!(known(&shop, uid, "request_triggers"), json!(["manual"]));
    assert_eq!(known(&shop, uid, "any_caller"), true);
    assert_eq!(known(&shop, uid, "any_reader"), false);
    assert_eq!(known(&shop, uid, "accepts_tokens"), false);
    assert_eq!(known(&shop, uid, "accepts_signature"), true);
    let hidden = account(vec![unread(workflow.clone(), "workflow")]);
    for fact in [
        "request_triggers",
        "any_caller",
        "any_reader",
        "accepts_tokens",
        "accepts_signature",
        "secret_reads",
        "secrets",
    ] {
        assert!(!unknown(&hidden, uid, fact).is_empty(), "{fact}");
    }
}

#[test]
fn steps_that_read_secrets_are_found_wherever_they_stand() {
    let read = |hidden: Value| json!({"type": "ApiConnection", "inputs": {"path": "/secrets/@{encodeURIComponent('db')}/value"}, "runtimeConfiguration": {"secureData": {"properties": hidden}}});
    let call =
        json!({"type": "Http", "inputs": {"uri": "https://shop.vault.azure.net/secrets/db?api-version=7.4"}});
    let actions = json!({
        "Plain": {"type": "Http", "inputs": {"uri": "https://shop.example/secrets/of/success"}},
        "Scope": {"type": "Scope", "actions": {"Hidden": read(json!(["inputs", "outputs"]))}},
        "If": {"type": "If", "actions": {}, "else": {"actions": {"Inputs_only": read(json!(["inputs"]))}}},
        "Switch": {"type": "Switch", "cases": {"one": {"actions": {"Call": call}}}, "default": {"actions": {}}},
    });
    let workflow = workflow(json!({"definition": {"actions": actions}}));
    let mut found = known(&account(vec![workflow.clone()]), workflow.uid.as_str(), "secret_reads");
    found.as_array_mut().unwrap().sort_by_key(|read| read["action"].to_string());
    let expected = json!([
        {"action": "Call", "hidden": false},
        {"action": "Hidden", "hidden": true},
        {"action": "Inputs_only", "hidden": false},
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_container_app_is_reached_as_far_as_its_environment_and_its_sign_in_let() {
    let uid = format!("{GROUP}/microsoft.app/containerapps/c");
    let home = format!("{GROUP}/microsoft.app/managedenvironments/e");
    let environment = |properties: Value| {
        resource("azure.containerapps.environment", &home, json!({"environment": {"properties": properties}}))
    };
    let app = |ingress: Value, auth: Value| {
        let app = json!({"properties": {"environmentId": home.to_uppercase(), "configuration": {"ingress": ingress}}});
        resource("azure.containerapps.app", &uid, json!({"app": app, "auth": auth}))
    };
    let open = || environment(json!({"vnetConfiguration": null}));
    let external = || json!({"external": true, "ipSecurityRestrictions": null});
    let of = |app: Resource, environment: Resource| {
        let shop = account(vec![app, environment]);
        (known(&shop, &uid, "public_ingress"), exposure(&shop, &uid))
    };
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(of(app(external(), Value::Null), open()), (yes.clone(), Exposure::Internet));
    assert_eq!(of(app(json!({"external": false}), Value::Null), open()), (no.clone(), Exposure::Internal));
    assert_eq!(of(app(Value::Null, Value::Null), open()), (no.clone(), Exposure::Internal));
    for closed in
        [json!({"vnetConfiguration": {"internal": true}}), json!({"publicNetworkAccess": "Disabled"})]
    {
        assert_eq!(of(app(external(), Value::Null), environment(closed)), (no.clone(), Exposure::Internal));
    }
    let rules = |action: &str, range: &str| json!({"external": true, "ipSecurityRestrictions": [{"action": action, "ipAddressRange": range}]});
    assert_eq!(of(app(rules("Allow", "203.0.113.0/24"), Value::Null), open()), (no, Exposure::Internal));
    assert_eq!(of(app(rules("Allow", "0.0.0.0/0"), Value::Null), open()), (yes.clone(), Exposure::Internet));
    assert_eq!(
        of(app(rules("Deny", "203.0.113.0/24"), Value::Null), open()),
        (yes.clone(), Exposure::Internet)
    );

    let auth = |on: bool, action: Value| json!({"properties": {"platform": {"enabled": on}, "globalValidation": {"unauthenticatedClientAction": action}}});
    assert_eq!(
        of(app(external(), auth(true, json!("Return401"))), open()),
        (yes.clone(), Exposure::Internal)
    );
    assert_eq!(
        of(app(external(), auth(true, json!("AllowAnonymous"))), open()),
        (yes.clone(), Exposure::Internet)
    );
    assert_eq!(
        of(app(external(), auth(false, json!("Return401"))), open()),
        (yes.clone(), Exposure::Internet)
    );
    assert_eq!(of(app(external(), auth(true, Value::Null)), open()), (yes.clone(), Exposure::Unknown));
    assert_eq!(of(unread(app(external(), Value::Null), "auth"), open()), (yes, Exposure::Unknown));

    let alone = account(vec![app(external(), Value::Null)]);
    assert_eq!(unknown(&alone, &uid, "public_ingress"), ["environment NotCollected"]);
    assert_eq!(exposure(&alone, &uid), Exposure::Unknown);
}

#[test]
fn a_static_site_answers_everybody_unless_the_network_is_closed() {
    let uid = format!("{GROUP}/microsoft.web/staticsites/p");
    let site = |access: Value| {
        resource(
            "azure.staticsites.site",
            &uid,
            json!({"site": {"properties": {"publicNetworkAccess": access}}}),
        )
    };
    assert_eq!(exposure(&account(vec![site(Value::Null)]), &uid), Exposure::Internet);
    assert_eq!(exposure(&account(vec![site(json!("Disabled"))]), &uid), Exposure::Internal);
    assert_eq!(exposure(&account(vec![unread(site(Value::Null), "site")]), &uid), Exposure::Unknown);
}
