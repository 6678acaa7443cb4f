//! Facts of a subscription as a whole, over its messaging, gateways and configuration, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Facet, Provider, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{Shop, exposure, known, resource, unknown, unread};

const SUBSCRIPTION: &str = "/subscriptions/s";
const BUS: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.servicebus/namespaces/orders";

/// A subscription with these resources, in which everything was listed.
fn account(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    shop.coverage.truncate(1);
    shop.coverage[0].shard.provider = Provider::Azure;
    let services = [
        "apimanagement",
        "appconfig",
        "containerapps",
        "eventgrid",
        "eventhub",
        "logic",
        "servicebus",
        "web",
    ];
    for service in services {
        let mut row = shop.coverage[0].clone();
        row.shard.service = ServiceName::from(service);
        shop.coverage.push(row);
    }
    for held in &mut shop.resources {
        let mut open = held.resource.open().into_owned();
        open.provider = Provider::Azure;
        held.resource = open.into();
    }
    shop
}

fn subscription(facet: &str, items: Value) -> Resource {
    let mut facets = json!({"subscription": {"id": SUBSCRIPTION}, "budgets": {"value": []}, "activity_alerts": {"value": []}});
    facets[facet] = json!({ "value": items });
    resource("azure.subscription", SUBSCRIPTION, facets)
}

fn bus(tags: &[&str]) -> Resource {
    let mut bus = resource("azure.servicebus.namespace", BUS, json!({"bus": {"id": BUS}}));
    bus.tags.extend(tags.iter().map(|&tag| (tag.to_owned(), "x".to_owned())));
    bus
}

#[test]
fn a_subscription_knows_whether_it_runs_anything() {
    let empty = account(vec![subscription("budgets", json!([]))]);
    for name in ["has_functions", "runs_on_demand"] {
        assert_eq!(known(&empty, SUBSCRIPTION, name), false, "{name}");
        assert_eq!(unknown(&empty.clone().unlisted("web"), SUBSCRIPTION, name), ["web NotListed"], "{name}");
    }
    let workflow = resource("azure.logic.workflow", "/subscriptions/s/w", json!({"workflow": {}}));
    let running = account(vec![subscription("budgets", json!([])), workflow]);
    assert_eq!(known(&running, SUBSCRIPTION, "has_functions"), false);
    assert_eq!(known(&running.unlisted("web"), SUBSCRIPTION, "runs_on_demand"), true, "a witness");
}

#[test]
fn a_budget_counts_where_it_tells_somebody_of_everything() {
    let budget = |changes: Value| {
        let mut properties = json!({
            "category": "Cost", "timePeriod": {"startDate": "2026-01-01T00:00:00Z", "endDate": "2030-01-01T00:00:00Z"},
            "notifications": {"late": {"enabled": true, "contactEmails": ["owner@example.com"]}},
        });
        for (key, value) in changes.as_object().unwrap() {
            properties[key] = value.clone();
        }
        let one = json!([{"name": "monthly", "properties": properties}]);
        known(&account(vec![subscription("budgets", one)]), SUBSCRIPTION, "spend_alerts")
    };
    assert_eq!(budget(json!({})), json!(["monthly"]));
    assert_eq!(budget(json!({"filter": {}})), json!(["monthly"]));
    for silent in [
        json!({"category": "ReservationUtilization"}),
        json!({"filter": {"dimensions": {"name": "ResourceGroupName", "operator": "In", "values": ["shop"]}}}),
        json!({"timePeriod": {"startDate": "2020-01-01T00:00:00Z", "endDate": "2021-01-01T00:00:00Z"}}),
        json!({"notifications": {}}),
        json!({"notifications": {"late": {"enabled": false, "contactEmails": ["owner@example.com"]}}}),
        json!({"notifications": {"late": {"enabled": true, "contactEmails": []}}}),
    ] {
        assert_eq!(budget(silent.clone()), json!([]), "{silent}");
    }
    let hidden = account(vec![unread(subscription("budgets", json!([])), "budgets")]);
    assert_eq!(unknown(&hidden, SUBSCRIPTION, "spend_alerts"), ["budgets AccessDeniedException"]);
}

#[test]
fn an_alert_reports_the_changes_that_all_its_conditions_let_through() {
    let alert = |changes: Value, condition: Value| {
        let mut properties = json!({
            "enabled": true, "scopes": ["/subscriptions/S"], "condition": {"allOf": condition},
            "actions": {"actionGroups": [{"actionGroupId": "/subscriptions/s/g"}]},
        });
        for (key, value) in changes.as_object().unwrap() {
            properties[key] = value.clone();
        }
        let one = subscription("activity_alerts", json!([{"name": "changes", "properties": properties}]));
        known(&account(vec![one]), SUBSCRIPTION, "change_alerts")
    };
    let administrative = json!({"field": "category", "equals": "Administrative"});
    let written = json!({"field": "operationName", "equals": "Microsoft.Web/sites/write"});
    let either =
        json!({"anyOf": [written, {"field": "operationName", "equals": "Microsoft.Web/sites/config/write"}]});
    let writes = json!(["microsoft.web/sites/write"]);
    assert_eq!(alert(json!({}), json!([administrative, written])), writes);
    assert_eq!(
        alert(json!({}), json!([administrative, either])),
        json!(["microsoft.web/sites/config/write", "microsoft.web/sites/write"])
    );
    let elsewhere = json!({"scopes": ["/subscriptions/s/resourceGroups/other"]});
    let unheard = json!({"actions": {"actionGroups": []}});
    for silent in [json!({"enabled": false}), elsewhere, unheard] {
        assert_eq!(alert(silent.clone(), json!([administrative, written])), json!([]), "{silent}");
    }
    let failed = json!({"field": "status", "equals": "Failed"});
    assert_eq!(alert(json!({}), json!([written, failed])), json!([]), "only what failed");
    assert_eq!(alert(json!({}), json!([])), json!([]));
}

#[test]
fn what_nobody_owns_is_listed() {
    let of = |tags: &[&str]| account(vec![subscription("budgets", json!([])), bus(tags)]);
    assert_eq!(known(&of(&["owner"]), SUBSCRIPTION, "untagged"), json!([]));
    assert_eq!(known(&of(&[]), SUBSCRIPTION, "untagged"), json!([BUS]));
    assert_eq!(known(&of(&["hidden-link:x"]), SUBSCRIPTION, "untagged"), json!([BUS]));
    assert_eq!(known(&of(&[]).unlisted("eventhub"), SUBSCRIPTION, "untagged"), json!([BUS]), "a witness");
    assert_eq!(
        unknown(&of(&["owner"]).unlisted("eventhub"), SUBSCRIPTION, "untagged"),
        ["eventhub NotListed"]
    );
}

#[test]
fn a_namespace_has_the_facts_of_its_identity() {
    let mut with = bus(&[]);
    let identity = json!({"type": "SystemAssigned", "principalId": "p"});
    with.facets.insert("bus".into(), Facet::Known(json!({"id": BUS, "identity": identity})));
    assert_eq!(known(&account(vec![bus(&[])]), BUS, "privileged"), false);
    // Assignments are the business of a service that was not asked here.
    assert_eq!(unknown(&account(vec![with]), BUS, "privileged"), ["authorization NotCollected"]);
}

const REGISTRY: &str =
    "/subscriptions/s/resourcegroups/shop/providers/microsoft.containerregistry/registries/images";
const VAULT: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.keyvault/vaults/secrets";
const APP: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.web/sites/orders";

fn app(kind: &str, image: &str, references: Value) -> Resource {
    let facets = json!({
        "site": {"id": APP, "kind": kind, "properties": {}},
        "config": {"properties": {"linuxFxVersion": image}},
        "references": {"value": references},
    });
    resource("azure.functions.app", APP, facets)
}

#[test]
fn a_registry_knows_who_runs_its_images() {
    let registry = || {
        let properties = json!({"properties": {"loginServer": "images.azurecr.io"}});
        resource("azure.containerregistry.registry", REGISTRY, json!({ "registry": properties }))
    };
    let of = |kind: &str, image: &str| {
        account(vec![subscription("budgets", json!([])), registry(), app(kind, image, json!([]))])
    };
    let running = of("functionapp,linux,container", "DOCKER|Images.azurecr.io/orders:1");
    assert_eq!(known(&running, REGISTRY, "functions"), json!([APP]));
    assert_eq!(known(&running, SUBSCRIPTION, "runs_images"), true);
    assert_eq!(known(&running.unlisted("containerapps"), REGISTRY, "functions"), json!([APP]), "a witness");

    let of_docker = of("functionapp,linux,container", "DOCKER|shop/orders:1");
    assert_eq!(known(&of_docker, REGISTRY, "functions"), json!([]));
    assert_eq!(known(&of_docker, SUBSCRIPTION, "runs_images"), false);
    assert_eq!(
        unknown(&of_docker.unlisted("containerapps"), REGISTRY, "functions"),
        ["containerapps NotListed"]
    );

    // The configuration is only asked about what runs an image.
    let hidden =
        |kind: &str| account(vec![registry(), unread(app(kind, "Python|3.13", json!([])), "config")]);
    assert_eq!(known(&hidden("functionapp,linux"), REGISTRY, "functions"), json!([]));
    assert_eq!(
        unknown(&hidden("functionapp,linux,container"), REGISTRY, "functions"),
        ["config AccessDeniedException"]
    );

    let containers = json!({"template": {"containers": [{"image": "images.azurecr.io/orders:1"}]}});
    let running =
        resource("azure.containerapps.app", "/subscriptions/s/c", json!({"app": {"properties": containers}}));
    assert_eq!(
        known(&account(vec![registry(), running]), REGISTRY, "functions"),
        json!(["/subscriptions/s/c"])
    );
}

#[test]
fn a_vault_knows_whose_settings_refer_to_it() {
    let vault = || resource("azure.keyvault.vault", VAULT, json!({"vault": {"id": VAULT}}));
    let refers = |name: &str| json!([{"name": "DB_PASSWORD", "properties": {"vaultName": name, "status": "Resolved"}}]);
    let of = |references: Value| account(vec![vault(), app("functionapp", "", references)]);
    let used = of(refers("Secrets"));
    assert_eq!(known(&used, VAULT, "functions"), json!([APP]));
    let unused = of(refers("others"));
    assert_eq!(known(&unused, VAULT, "functions"), json!([]));
    assert_eq!(unknown(&unused.unlisted("web"), VAULT, "functions"), ["web NotListed"]);

    // Settings that were not read may refer to any vault.
    let silent = account(vec![vault(), unread(app("functionapp", "", json!([])), "references")]);
    assert_eq!(unknown(&silent, VAULT, "functions"), ["references AccessDeniedException"]);
}

#[test]
fn a_registry_is_reached_by_everybody_who_may_pull() {
    let of = |properties: Value| {
        let registry = json!({"registry": {"properties": properties}});
        exposure(&account(vec![resource("azure.containerregistry.registry", REGISTRY, registry)]), REGISTRY)
    };
    assert_eq!(of(json!({"anonymousPullEnabled": true})), Exposure::Internet);
    assert_eq!(of(json!({"anonymousPullEnabled": false})), Exposure::Internal);
    assert_eq!(of(json!({})), Exposure::Internal);
    assert_eq!(
        of(json!({"anonymousPullEnabled": true, "publicNetworkAccess": "Disabled"})),
        Exposure::Internal
    );
    let denied = json!({"anonymousPullEnabled": true, "networkRuleSet": {"defaultAction": "Deny"}});
    assert_eq!(of(denied), Exposure::Internal);
    let hidden =
        unread(resource("azure.containerregistry.registry", REGISTRY, json!({"registry": {}})), "registry");
    assert_eq!(exposure(&account(vec![hidden]), REGISTRY), Exposure::Unknown);
}
