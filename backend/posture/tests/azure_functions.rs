//! Facts and exposure of function apps, slots, plans and certificates, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Provider, RelationName, Resource, ServiceName, Unreadable};
use serde_json::{Value, json};
use shop::{Shop, exposure, fact, known, related, resource, unknown, unread};

const APP: &str = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/shop";
const SLOT: &str = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/shop/slots/staging";
const PLAN: &str = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/serverfarms/plan";
const CERTIFICATE: &str = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/certificates/shop";

/// An account of Azure with these resources, in which everything was listed.
fn account(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    shop.coverage.truncate(1);
    for row in &mut shop.coverage {
        row.shard.provider = Provider::Azure;
        row.shard.service = ServiceName::from("web");
    }
    for held in &mut shop.resources {
        let mut open = held.resource.open().into_owned();
        open.provider = Provider::Azure;
        held.resource = open.into();
    }
    shop
}

/// An open app: no access restrictions, no authentication, one anonymous function.
fn app() -> Resource {
    site("azure.functions.app", APP)
}

fn site(kind: &str, uid: &str) -> Resource {
    let facets = json!({
        "site": {"id": uid, "properties": {"state": "Running", "publicNetworkAccess": "Enabled", "httpsOnly": true, "sku": "Dynamic"}},
        "config": {"properties": {
            "linuxFxVersion": "Python|3.9", "minTlsVersion": "1.2", "ftpsState": "Disabled", "remoteDebuggingEnabled": false,
            "ipSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow", "priority": 2_147_483_647, "name": "Allow all"}],
            "ipSecurityRestrictionsDefaultAction": "Allow", "scmIpSecurityRestrictionsUseMain": true,
        }},
        "auth": {"properties": {"platform": {"enabled": false}}},
        "functions": {"value": [function("pay", "anonymous")]},
        "private_endpoints": {"value": []},
        "settings": {"properties": {}},
        "connections": {},
        "connection_strings": {"properties": {}},
    });
    resource(kind, uid, facets)
}

fn function(name: &str, level: &str) -> Value {
    json!({"name": format!("shop/{name}"), "properties": {"isDisabled": false, "config": {"bindings": [{"type": "httpTrigger", "authLevel": level}]}}})
}

/// The site with another value at a pointer that begins with the facet's name.
fn with(mut site: Resource, pointer: &str, value: Value) -> Resource {
    let (facet, rest) = pointer.trim_start_matches('/').split_once('/').unwrap_or((pointer, ""));
    let nephoscope_model::Facet::Known(known) = site.facets.get_mut(facet).unwrap() else {
        panic!("{facet}")
    };
    if rest.is_empty() {
        *known = value;
        return site;
    }
    let (parent, key) = rest.rsplit_once('/').unwrap_or(("", rest));
    let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
    known.pointer_mut(&parent).unwrap()[key] = value;
    site
}

fn only(resource: Resource) -> Shop {
    account(vec![resource])
}

fn rules(rules: Value, default: Value) -> Resource {
    let app = with(app(), "config/properties/ipSecurityRestrictions", rules);
    with(app, "config/properties/ipSecurityRestrictionsDefaultAction", default)
}

fn signed_in(validation: Value, providers: Value) -> Resource {
    let auth = json!({"properties": {"platform": {"enabled": true}, "globalValidation": validation, "identityProviders": providers}});
    with(app(), "auth", auth)
}

fn entra(issuer: &str) -> Value {
    json!({"azureActiveDirectory": {"enabled": true, "registration": {"clientId": "c", "openIdIssuer": issuer}}})
}

const TENANT: &str = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/v2.0";

#[test]
fn an_open_function_on_an_open_app_is_on_the_internet() {
    assert_eq!(exposure(&only(app()), APP), Exposure::Internet);
    assert_eq!(known(&only(app()), APP, "exposure"), "internet");
    assert_eq!(known(&only(app()), APP, "open_functions"), json!(["pay"]));

    let keyed = only(with(app(), "functions/value", json!([function("pay", "FUNCTION")])));
    assert_eq!(exposure(&keyed, APP), Exposure::Internal);
    assert_eq!(known(&keyed, APP, "open_functions"), json!([]));
    assert_eq!(known(&keyed, APP, "keyed_functions"), json!(["pay"]));
    assert_eq!(known(&keyed, APP, "http_functions"), json!([{"name": "pay", "level": "function"}]));

    let stopped = only(with(app(), "site/properties/state", json!("Stopped")));
    assert_eq!(exposure(&stopped, APP), Exposure::Internal);
    let mut disabled = function("pay", "anonymous");
    disabled["properties"]["isDisabled"] = json!(true);
    assert_eq!(exposure(&only(with(app(), "functions/value", json!([disabled]))), APP), Exposure::Internal);
}

#[test]
fn what_could_not_be_read_leaves_the_exposure_unknown() {
    for facet in ["config", "auth", "functions", "site"] {
        let hidden = only(unread(app(), facet));
        assert_eq!(exposure(&hidden, APP), Exposure::Unknown, "{facet}");
        assert_eq!(unknown(&hidden, APP, "exposure"), [format!("{facet} AccessDeniedException")]);
    }
    // Neither who may sign in nor who gets as far matters where there is nothing to call.
    let timers = with(app(), "functions/value", json!([]));
    for facet in ["config", "auth"] {
        assert_eq!(known(&only(unread(timers.clone(), facet)), APP, "exposure"), "internal", "{facet}");
    }
    let closed = with(app(), "site/properties/publicNetworkAccess", json!("Disabled"));
    assert_eq!(known(&only(unread(closed, "functions")), APP, "exposure"), "internal");
    let odd = with(app(), "functions/value/0/properties/config", json!(null));
    assert_eq!(unknown(&only(odd), APP, "http_functions"), ["functions Malformed"]);
}

#[test]
fn rules_count_in_the_order_of_their_priority() {
    let admits = |site: Resource| known(&only(site), APP, "access")["admits"].clone();
    let office = json!({"ipAddress": "203.0.113.0/24", "action": "Allow", "priority": 100});
    let nobody = json!({"ipAddress": "Any", "action": "Deny", "priority": 200});
    let all = json!({"ipAddress": "Any", "action": "Allow", "priority": 300});
    assert_eq!(admits(rules(json!([all, nobody, office]), json!("Allow"))), "listed");
    assert_eq!(admits(rules(json!([all, office]), json!("Deny"))), "everyone");
    assert_eq!(admits(rules(json!([nobody]), json!("Allow"))), "nobody");
    assert_eq!(admits(rules(json!([office]), json!("Allow"))), "everyone");
    // Unless said otherwise, the first rule turns everybody else away.
    assert_eq!(admits(rules(json!([office]), Value::Null)), "listed");
    assert_eq!(admits(rules(json!([]), Value::Null)), "everyone");
    let halves = json!([{"ipAddress": "0.0.0.0/1, 128.0.0.0/1", "action": "Allow", "priority": 1}]);
    assert_eq!(admits(rules(halves, json!("Deny"))), "everyone");
    let subnet = json!([{"vnetSubnetResourceId": "/subnet", "action": "Allow", "priority": 1}]);
    assert_eq!(admits(rules(subnet, json!("Deny"))), "listed");
    // Turned away is only who sends the header.
    let headed = json!([{"ipAddress": "Any", "action": "Deny", "priority": 1, "headers": {"x-forwarded-host": ["a"]}}, {"ipAddress": "Any", "action": "Allow", "priority": 2}]);
    assert_eq!(admits(rules(headed, json!("Deny"))), "everyone");
    assert_eq!(known(&only(rules(json!([office, all]), json!("Deny"))), APP, "access")["rules"], 1);

    for odd in
        [json!([{"ipAddress": "Any", "action": "Perhaps"}]), json!([{"action": "Allow"}]), json!("Any")]
    {
        assert_eq!(unknown(&only(rules(odd, Value::Null)), APP, "access"), ["config Malformed"]);
    }
    assert_eq!(unknown(&only(rules(json!([]), json!("Perhaps"))), APP, "access"), ["config Malformed"]);
}

#[test]
fn service_tags_are_told_apart_by_who_can_send_from_them() {
    let tag = |name: &str, headers: Value| {
        let rule = json!({"ipAddress": name, "tag": "ServiceTag", "action": "Allow", "priority": 1, "headers": headers});
        only(rules(json!([rule]), json!("Deny")))
    };
    let door = json!({"x-azure-fdid": ["11111111-2222-3333-4444-555555555555"]});
    let cases = [
        ("AzureCloud.westeurope", json!({}), "services", Exposure::CrossAccount),
        ("AzureFrontDoor.Backend", Value::Null, "services", Exposure::CrossAccount),
        ("AzureFrontDoor.Backend", door, "front_door", Exposure::Internet),
        ("AzureEventGrid", json!({}), "listed", Exposure::Internal),
        ("Internet", json!({}), "everyone", Exposure::Internet),
    ];
    for (name, headers, admits, reach) in cases {
        let shop = tag(name, headers);
        let access = known(&shop, APP, "access");
        assert_eq!((&access["admits"], &access["tagged"]), (&json!(admits), &json!([name])), "{name}");
        assert_eq!(access["shared"] == json!([name]), admits == "services", "{name}");
        assert_eq!(exposure(&shop, APP), reach, "{name}");
    }
}

#[test]
fn a_private_endpoint_closes_the_public_one_unless_somebody_chose() {
    let unset = with(app(), "site/properties/publicNetworkAccess", Value::Null);
    assert_eq!(exposure(&only(unset.clone()), APP), Exposure::Internet);
    let endpoint =
        |status: &str| json!([{"properties": {"privateLinkServiceConnectionState": {"status": status}}}]);
    let behind = with(unset.clone(), "private_endpoints/value", endpoint("Approved"));
    assert_eq!(known(&only(behind.clone()), APP, "access")["public"], false);
    assert_eq!(exposure(&only(behind.clone()), APP), Exposure::Internal);
    let pending = with(unset.clone(), "private_endpoints/value", endpoint("Pending"));
    assert_eq!(exposure(&only(pending), APP), Exposure::Internet);
    let chosen = with(behind, "config/properties/publicNetworkAccess", json!("Enabled"));
    assert_eq!(exposure(&only(chosen), APP), Exposure::Internet);
    let hidden = only(unread(unset, "private_endpoints"));
    assert_eq!(exposure(&hidden, APP), Exposure::Unknown);
    assert!(!unknown(&hidden, APP, "access").is_empty());

    let inside = with(app(), "site/properties/hostingEnvironmentProfile", json!({"id": "/ase"}));
    assert_eq!(unknown(&only(inside), APP, "access"), ["site AppServiceEnvironment"]);
}

#[test]
fn the_deployment_site_has_rules_of_its_own() {
    let admits = |site: Resource| known(&only(site), APP, "scm_access")["admits"].clone();
    let closed =
        || rules(json!([{"ipAddress": "203.0.113.7", "action": "Allow", "priority": 1}]), json!("Deny"));
    assert_eq!(admits(closed()), "listed");
    let own = with(closed(), "config/properties/scmIpSecurityRestrictionsUseMain", json!(false));
    assert_eq!(admits(own.clone()), "everyone");
    let restricted = with(own, "config/properties/scmIpSecurityRestrictionsDefaultAction", json!("Deny"));
    assert_eq!(admits(restricted), "nobody");
    assert!(!unknown(&only(unread(app(), "config")), APP, "scm_access").is_empty());
}

#[test]
fn signing_in_closes_open_functions() {
    let asked = json!({"requireAuthentication": true, "unauthenticatedClientAction": "Return401"});
    let closed = only(signed_in(asked.clone(), entra(TENANT)));
    assert_eq!(exposure(&closed, APP), Exposure::Internal);
    assert_eq!(known(&closed, APP, "open_functions"), json!([]));
    assert_eq!(
        known(&closed, APP, "sign_in"),
        json!({"enabled": true, "required": true, "excluded": [], "any_tenant": false, "social": []})
    );

    for lax in [
        json!({"requireAuthentication": false, "unauthenticatedClientAction": "Return401"}),
        json!({"requireAuthentication": true, "unauthenticatedClientAction": "AllowAnonymous"}),
        json!({"requireAuthentication": true, "excludedPaths": ["/API/*"]}),
        json!({"requireAuthentication": true, "excludedPaths": ["/"]}),
    ] {
        assert_eq!(exposure(&only(signed_in(lax.clone(), entra(TENANT))), APP), Exposure::Internet, "{lax}");
    }
    let health = json!({"requireAuthentication": true, "excludedPaths": ["/api/health"]});
    assert_eq!(exposure(&only(signed_in(health, entra(TENANT))), APP), Exposure::Internal);

    let unsaid = only(signed_in(json!({"unauthenticatedClientAction": "Return401"}), entra(TENANT)));
    assert_eq!(unknown(&unsaid, APP, "sign_in"), ["auth Malformed"]);
    let file = json!({"properties": {"platform": {"enabled": true, "configFilePath": "auth.json"}, "globalValidation": asked}});
    assert_eq!(unknown(&only(with(app(), "auth", file)), APP, "sign_in"), ["auth ConfiguredInFile"]);
}

#[test]
fn strangers_sign_in_where_any_tenant_or_a_social_provider_is_accepted() {
    let asked = || json!({"requireAuthentication": true, "unauthenticatedClientAction": "Return401"});
    for issuer in [
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/Organizations/v2.0",
        "",
    ] {
        let shop = only(signed_in(asked(), entra(issuer)));
        assert_eq!(known(&shop, APP, "sign_in")["any_tenant"], true, "{issuer}");
        assert_eq!(exposure(&shop, APP), Exposure::CrossAccount, "{issuer}");
    }
    let mut named = entra("");
    named["azureActiveDirectory"]["validation"] =
        json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"groups": ["g"]}}});
    assert_eq!(exposure(&only(signed_in(asked(), named)), APP), Exposure::Internal);

    let social = json!({"google": {"registration": {"clientId": "c"}}, "facebook": {"enabled": false, "registration": {"appId": "f"}}});
    let shop = only(signed_in(asked(), social));
    assert_eq!(known(&shop, APP, "sign_in")["social"], json!(["google"]));
    assert_eq!(known(&shop, APP, "sign_in")["any_tenant"], Value::Null);
    assert_eq!(exposure(&shop, APP), Exposure::CrossAccount);
}

#[test]
fn the_stack_is_told_by_the_site_on_linux() {
    let runtime = |version: &str| {
        known(&only(with(app(), "config/properties/linuxFxVersion", json!(version))), APP, "runtime")
    };
    let python = runtime("Python|3.9");
    assert_eq!((&python["name"], &python["deprecated"]), (&json!("python|3.9"), &json!(true)));
    assert_eq!(runtime("DOTNET-ISOLATED|10.0")["deprecated"], false);
    assert_eq!(runtime("Java|17-java17")["name"], "java|17");
    assert_eq!(runtime("Ruby|3.4")["listed"], false);
    assert_eq!(runtime("DOCKER|shop.azurecr.io/pay:1"), Value::Null);

    let flex = |name: &str| {
        with(
            app(),
            "site/properties/functionAppConfig",
            json!({"runtime": {"name": name, "version": "3.13"}}),
        )
    };
    assert_eq!(known(&only(flex("python")), APP, "runtime")["name"], "python|3.13");
    assert_eq!(known(&only(flex("custom")), APP, "runtime"), Value::Null);
    assert_eq!(known(&only(flex("python")), APP, "host")["name"], "functions-host|~4");
    assert!(!unknown(&only(unread(app(), "config")), APP, "runtime").is_empty());
}

#[test]
fn the_stack_is_told_by_settings_or_functions_on_windows() {
    let windows = || with(app(), "config/properties/linuxFxVersion", json!(""));
    let set = |site: Resource, name: &str, value: &str| {
        let pointer = format!("connections/{name}");
        with(site, &pointer, json!({"kind": "plain", "value": value}))
    };
    let node = set(set(windows(), "FUNCTIONS_WORKER_RUNTIME", "node"), "WEBSITE_NODE_DEFAULT_VERSION", "~18");
    assert_eq!(known(&only(node), APP, "runtime")["name"], "node|18");
    let java = with(
        set(windows(), "FUNCTIONS_WORKER_RUNTIME", "java"),
        "config/properties/javaVersion",
        json!("1.8"),
    );
    assert_eq!(known(&only(java), APP, "runtime")["name"], "java|8");
    let framework = |version: &str| {
        let site = set(windows(), "FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated");
        with(site, "config/properties/netFrameworkVersion", json!(version))
    };
    assert_eq!(known(&only(framework("v8.0")), APP, "runtime")["name"], "dotnet-isolated|8.0");
    assert_eq!(known(&only(framework("v4.0")), APP, "runtime")["name"], "dotnetframework|4.8");
    assert_eq!(known(&only(framework("v8.0")), APP, "in_process"), false);

    // Without settings, what the host tells of a function is enough for the language, but not for the version of Node.js.
    let told = |language: &str| {
        let site = with(windows(), "functions/value/0/properties/language", json!(language));
        only(unread(site, "connections"))
    };
    assert_eq!(known(&told("DotNetAssembly"), APP, "in_process"), true);
    assert_eq!(known(&told("dotnet-isolated"), APP, "in_process"), false);
    assert_eq!(known(&told("node"), APP, "in_process"), Value::Null);
    assert_eq!(unknown(&told("node"), APP, "runtime"), ["connections AccessDeniedException"]);
    assert_eq!(unknown(&told("cobol"), APP, "in_process"), ["connections AccessDeniedException"]);
    assert_eq!(unknown(&only(windows()), APP, "runtime"), ["connections NotSet"]);
}

#[test]
fn the_host_is_told_by_its_setting() {
    let host = |version: &str| {
        let set = json!({"FUNCTIONS_EXTENSION_VERSION": {"kind": "plain", "value": version}});
        only(with(app(), "connections", set))
    };
    assert_eq!(known(&host("~3"), APP, "host")["deprecated"], true);
    assert_eq!(known(&host("4.0.1.16815"), APP, "host")["name"], "functions-host|~4");
    assert_eq!(unknown(&host("latest"), APP, "host"), ["connections Malformed"]);
    assert_eq!(unknown(&only(app()), APP, "host"), ["connections NotSet"]);
    let not_asked = Unreadable {
        facet: "connections".to_owned(),
        api: "Microsoft.Web/sites/config/list/action".to_owned(),
        error: "NotAsked".to_owned(),
        permission: Some("Microsoft.Web/sites/config/list/action".to_owned()),
    };
    let mut site = app();
    site.facets.insert("connections".to_owned(), nephoscope_model::Facet::Unreadable(not_asked.clone()));
    assert_eq!(fact(&only(site), APP, "host"), Fact::Unknown(vec![not_asked]));
}

#[test]
fn hosting_is_told_by_the_site_or_by_its_plan() {
    let tier = |tier: &str| known(&only(with(app(), "site/properties/sku", json!(tier))), APP, "hosting");
    assert_eq!((tier("Dynamic"), tier("FlexConsumption")), (json!("consumption"), json!("flex")));
    assert_eq!((tier("ElasticPremium"), tier("PremiumV3")), (json!("premium"), json!("dedicated")));
    assert_eq!(tier("Free"), "shared");
    let odd = only(with(app(), "site/properties/sku", json!("Odd")));
    assert_eq!(unknown(&odd, APP, "hosting"), ["site Malformed"]);
    let contained = with(app(), "site/properties/managedEnvironmentId", json!("/environment"));
    assert_eq!(known(&only(contained), APP, "hosting"), "container_apps");

    let unsaid = || related(with(app(), "site/properties/sku", Value::Null), RelationName::RunsIn, PLAN);
    let plan = |tier: &str| resource("azure.functions.plan", PLAN, json!({"plan": {"sku": {"tier": tier}}}));
    let both = account(vec![unsaid(), plan("Basic")]);
    assert_eq!(known(&both, APP, "hosting"), "dedicated");
    assert_eq!(known(&both, PLAN, "apps"), json!([APP]));
    assert_eq!(unknown(&only(unsaid()), APP, "hosting"), ["plan NotCollected"]);
    assert_eq!(unknown(&account(vec![unsaid(), plan("Odd")]), APP, "hosting"), ["plan Malformed"]);

    let alone = only(plan("Basic"));
    assert_eq!(known(&alone, PLAN, "apps"), json!([]));
    assert!(!unknown(&alone.unlisted("web"), PLAN, "apps").is_empty());
}

#[test]
fn a_certificate_knows_the_apps_that_serve_it() {
    let certificate = || {
        let value = json!({"properties": {"thumbprint": "ABCD"}});
        resource("azure.functions.certificate", CERTIFICATE, json!({ "certificate": value }))
    };
    let names = json!([{"name": "shop.example", "thumbprint": "abcd"}, {"name": "www.shop.example", "thumbprint": "ABCD"}]);
    let serving = with(app(), "site/properties/hostNameSslStates", names);
    assert_eq!(known(&account(vec![certificate(), serving]), CERTIFICATE, "apps"), json!([APP]));
    let unused = account(vec![certificate(), app()]);
    assert_eq!(known(&unused, CERTIFICATE, "apps"), json!([]));
    assert!(!unknown(&unused.unlisted("web"), CERTIFICATE, "apps").is_empty());
    let hidden = account(vec![certificate(), unread(app(), "site")]);
    assert_eq!(unknown(&hidden, CERTIFICATE, "apps"), ["site AccessDeniedException"]);
}

#[test]
fn a_slot_is_compared_with_its_app() {
    let slot = || related(site("azure.functions.slot", SLOT), RelationName::PartOf, APP);
    let weaker = |slot: Resource| known(&account(vec![app(), slot]), SLOT, "weaker");
    assert_eq!(weaker(slot()), json!([]));
    for (pointer, value, name) in [
        ("site/properties/httpsOnly", json!(false), "httpsOnly"),
        ("config/properties/minTlsVersion", json!("1.0"), "minTlsVersion"),
        ("config/properties/ftpsState", json!("FtpsOnly"), "ftpsState"),
        ("config/properties/remoteDebuggingEnabled", json!(true), "remoteDebuggingEnabled"),
        ("config/properties/cors", json!({"allowedOrigins": ["*"]}), "cors"),
    ] {
        assert_eq!(weaker(with(slot(), pointer, value)), json!([name]));
    }
    let closed = with(app(), "site/properties/publicNetworkAccess", json!("Disabled"));
    assert_eq!(known(&account(vec![closed, slot()]), SLOT, "weaker"), json!(["network"]));
    let required = json!({"requireAuthentication": true});
    let asking = signed_in(required, entra(TENANT));
    assert_eq!(known(&account(vec![asking, slot()]), SLOT, "weaker"), json!(["signIn"]));

    // One witness is enough; that there is none is not known as long as something is hidden.
    let plain = unread(with(slot(), "site/properties/httpsOnly", json!(false)), "config");
    assert_eq!(weaker(plain), json!(["httpsOnly"]));
    let hidden = account(vec![app(), unread(slot(), "config")]);
    assert_eq!(unknown(&hidden, SLOT, "weaker"), ["config AccessDeniedException"]);
    assert_eq!(unknown(&only(slot()), SLOT, "weaker"), ["app NotCollected"]);
}

#[test]
fn a_slot_with_a_secret_of_its_app_is_told() {
    let setting = |tag: &str, detector: Value| json!({"$redacted": {"detector": detector, "length": "9-16", "tag": tag}});
    let slot = || related(site("azure.functions.slot", SLOT), RelationName::PartOf, APP);
    let settings = |tag: &str| json!({"properties": {"DB_PASSWORD": setting(tag, json!("password")), "STAGE": setting("same", Value::Null)}});
    let both = |own: &str| {
        account(vec![
            with(app(), "settings", settings("production")),
            with(slot(), "settings", settings(own)),
        ])
    };
    assert_eq!(known(&both("production"), SLOT, "shared_secrets"), json!(["DB_PASSWORD"]));
    assert_eq!(known(&both("own"), SLOT, "shared_secrets"), json!([]));
    assert_eq!(known(&both("own"), SLOT, "secrets")[0]["path"], "settings.properties.DB_PASSWORD");
    let hidden = account(vec![unread(app(), "settings"), with(slot(), "settings", settings("own"))]);
    assert_eq!(unknown(&hidden, SLOT, "shared_secrets"), ["settings AccessDeniedException"]);
    // A slot without secrets shares none, whatever the app holds.
    let clean = account(vec![unread(app(), "settings"), slot()]);
    assert_eq!(known(&clean, SLOT, "shared_secrets"), json!([]));
    assert_eq!(
        unknown(&account(vec![app(), unread(slot(), "connection_strings")]), SLOT, "connection_secrets")
            .len(),
        1
    );
}
