//! Holds what the sample promises of the targets that were recorded: their size, their shape, that no secret that was
//! planted is in them, and each scripted event on its nights.

mod reading;

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{CoverageState, Facet, Provider};
use nephoscope_sample::{Night, nights};
use reading::{dates, facet, find, night, of, resources, span};
use serde_json::{Value, json};

const RECORDED: [(Provider, &str); 3] =
    [(Provider::Azure, "back-office"), (Provider::Gcp, "analytics"), (Provider::Fn, "warehouse")];

#[test]
fn each_target_has_its_accounts_and_is_of_a_size_to_look_at() {
    let nights = nights().unwrap();
    for (target, accounts, kinds, size) in
        [("back-office", 2, 30, 100..=125), ("analytics", 2, 34, 140..=170), ("warehouse", 1, 4, 15..=25)]
    {
        let last = night(&nights, target, "2026-11-16");
        let found: BTreeSet<_> = last.shards.iter().map(|shard| &shard.key.account).collect();
        assert_eq!(found.len(), accounts, "{target}: {found:?}");
        let found: BTreeSet<_> = resources(&last.shards).map(|resource| &resource.kind).collect();
        assert!(found.len() >= kinds, "{target}: {} kinds", found.len());
        let found = resources(&last.shards).count();
        assert!(size.contains(&found), "{target}: {found} resources");
    }
}

#[test]
fn every_resource_stands_in_its_shard_and_in_order() {
    for (provider, target) in RECORDED {
        let nights = of(nights().unwrap(), provider);
        assert_eq!(nights.len(), 30, "{target}");
        for night in nights {
            assert_eq!(night.header.target.as_str(), target);
            let keys: Vec<_> = night.shards.iter().map(|shard| &shard.key).collect();
            assert!(keys.is_sorted_by(|one, other| one < other) && !keys.is_empty());
            for shard in &night.shards {
                let uids: Vec<_> = shard.resources.iter().map(|resource| &resource.uid).collect();
                assert!(uids.is_sorted_by(|one, other| one < other), "{}", shard.key);
                for resource in &shard.resources {
                    let place = (resource.provider, &resource.account, &resource.service);
                    let key = (shard.key.provider, &shard.key.account, &shard.key.service);
                    assert_eq!(place, key, "{}", resource.uid);
                    assert!(resource.relations.is_sorted_by(|one, other| one < other), "{}", resource.uid);
                }
            }
        }
    }
}

#[test]
fn kinds_have_the_same_facets_on_every_night() {
    for (provider, target) in RECORDED {
        let mut facets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for night in of(nights().unwrap(), provider) {
            for resource in resources(&night.shards) {
                let names: BTreeSet<String> = resource.facets.keys().cloned().collect();
                let known = facets.entry(resource.kind.to_string()).or_insert_with(|| names.clone());
                assert_eq!(*known, names, "{target}: {}", resource.uid);
            }
        }
    }
}

/// Parts of what no scan collects: networks, workspaces, and accounts of other projects.
const NOT_COLLECTED: [&str; 3] = [
    "/providers/microsoft.network/virtualnetworks/",
    "/providers/microsoft.operationalinsights/workspaces/",
    "//iam.googleapis.com/projects/lindenmarkt-shop/",
];

#[test]
fn relations_lead_to_something() {
    for (provider, target) in RECORDED {
        for night in of(nights().unwrap(), provider) {
            let known: BTreeSet<&str> =
                resources(&night.shards).map(|resource| resource.uid.as_str()).collect();
            // What was not listed that night, or has not come yet, is named all the same.
            if night.shards.iter().any(|shard| !shard.coverage.listed) {
                continue;
            }
            for resource in resources(&night.shards) {
                for relation in &resource.relations {
                    let to = relation.to.as_str();
                    let elsewhere = NOT_COLLECTED.iter().any(|part| to.contains(part));
                    // A queue of a namespace and a function of an app are parts of what is collected.
                    let owner = to.rsplitn(3, '/').nth(2).unwrap_or_default();
                    let known = [to, owner].into_iter().any(|uid| known.contains(uid));
                    assert!(known || elsewhere, "{target}: {} {} {to}", resource.uid, relation.name);
                }
            }
        }
    }
}

/// What was planted as a secret; a scan keeps none of it.
const SECRETS: [&str; 13] = [
    "seven-linden-ledgers-41",
    "aW52ZW50ZWQtZm9yLXRoZS1zYW1wbGUtb2YtTGluZGVubWFya3Q",
    "quiet-Harbour-1802",
    "bd-4f91c27ae05d6b83",
    "linden-partner-2044",
    "welcome-Aboard-77",
    "tape-Measure-360",
    "nb-77c1e4a0936d5f28",
    "amber-Lindworm-3",
    "q7Lw2nVd9sTz4KxR8bHm3Jp6",
    "hedgerow-4471-quince-0b9d",
    "kT9-wharf-lantern-41",
    "ghp_5fE2bC8aQ1sW9xZ3vN7mK4jH6gT0rY2uP8dL",
];

#[test]
fn no_secret_that_was_planted_was_recorded() {
    let clouds = ["azure", "fn", "gcp"].map(|name| {
        let path = format!("{}/clouds/{name}.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    });
    let clouds = clouds.concat();
    let recorded: String = RECORDED
        .into_iter()
        .flat_map(|(provider, _)| of(nights().unwrap(), provider))
        .map(|night| serde_json::to_string(&night.shards).unwrap())
        .collect();
    for secret in SECRETS {
        assert!(clouds.contains(secret), "{secret} is not planted any more");
        assert!(!recorded.contains(secret), "{secret} was kept");
    }
    assert!(recorded.matches("$redacted").count() > 1000);
}

#[test]
fn what_nothing_changed_is_the_same_on_the_next_night() {
    for (provider, target) in RECORDED {
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for night in of(nights().unwrap(), provider) {
            for resource in resources(&night.shards) {
                let key = format!("{} {}", resource.account, resource.uid);
                seen.entry(key).or_default().insert(serde_json::to_string(resource).unwrap());
            }
        }
        let changed: Vec<_> = seen.iter().filter(|(_, versions)| versions.len() > 1).collect();
        assert!((2..=20).contains(&changed.len()), "{target}: {} resources change", changed.len());
        assert!(seen.values().all(|versions| versions.len() <= 4), "{target}: {changed:#?}");
    }
}

/// On which nights of the target the value at `pointer` of a facet is this one.
fn nights_with(
    nights: &[Night],
    target: &str,
    (kind, name, facet_name): (&str, &str, &str),
    pointer: &str,
    wanted: &Value,
) -> Vec<String> {
    dates(nights, target, |night| {
        find(&night.shards, kind, name)
            .and_then(|resource| resource.facets[facet_name].value())
            .is_some_and(|value| value.pointer(pointer) == Some(wanted))
    })
}

#[test]
fn doors_of_the_back_office_open_and_close_on_their_nights() {
    let nights = nights().unwrap();
    let on = |kind: &str, name: &str, facet: &str, pointer: &str, wanted: Value| {
        nights_with(&nights, "back-office", (kind, name, facet), pointer, &wanted)
    };
    let app = "azure.functions.app";
    assert_eq!(
        on(app, "lm-deploy-bot", "auth", "/properties/platform/enabled", json!(false)),
        ["10-24", "10-25", "10-26"]
    );
    let default = "/properties/ipSecurityRestrictionsDefaultAction";
    assert_eq!(on(app, "lm-stock-feed", "config", default, json!("Allow")), span("11-12", None));
    let keyless = "/properties/subscriptionRequired";
    assert_eq!(on("azure.apim.api", "payments", "api", keyless, json!(false)), span("10-30", None));
    let protocols = on("azure.apim.api", "partners", "api", "/properties/protocols", json!(["https"]));
    assert_eq!(protocols, span("10-18", Some("11-06")));
    let vault = on(
        "azure.keyvault.vault",
        "kv-lindenmarkt",
        "vault",
        "/properties/networkAcls/defaultAction",
        json!("Allow"),
    );
    assert_eq!(vault, ["11-08", "11-09", "11-10"]);
    assert_eq!(
        on(app, "lm-orders-api", "config", "/properties/minTlsVersion", json!("1.1")),
        span("10-18", Some("10-29"))
    );
    let runtime = "/properties/functionAppConfig/runtime/version";
    assert_eq!(on(app, "lm-customer-mail", "site", runtime, json!("3.10")), span("10-18", Some("11-02")));
    let debugging = "/properties/remoteDebuggingEnabled";
    assert_eq!(
        on("azure.functions.slot", "lm-payment-hooks/test", "config", debugging, json!(true)),
        span("11-09", None)
    );
    assert_eq!(on(app, "lm-invoices", "diagnostics", "/value", json!([])), span("10-18", Some("11-05")));
    let broken =
        on(app, "lm-customer-mail", "references", "/value/1/properties/status", json!("SecretNotFound"));
    assert_eq!(broken, span("11-14", None));
    let watched = on(
        "azure.subscription",
        "lindenmarkt-production",
        "defender",
        "/value/1/properties/pricingTier",
        json!("Standard"),
    );
    assert_eq!(watched, span("10-26", None));
    let trusted = on("azure.identity.userassigned", "id-directory", "federated", "/value", json!([]));
    assert_eq!(trusted, span("10-18", Some("10-21")));
    let secret = dates(&nights, "back-office", |night| {
        let slot = facet(night, "azure.functions.slot", "lm-payment-hooks/test", "settings").value();
        slot.is_some_and(|settings| {
            settings["properties"]["LEDGER_PASSWORD"]["$redacted"]["detector"] == "password"
        })
    });
    // On the 13th and 14th nobody could look.
    assert_eq!(secret, ["11-10", "11-11", "11-12", "11-15", "11-16"]);
    let wide = dates(&nights, "back-office", |night| {
        resources(&night.shards)
            .filter_map(|resource| resource.facets.get("assignment")?.value()?.pointer("/properties/scope"))
            .any(|scope| scope == "/subscriptions/b9d72e04-51c8-4a36-8f1e-0c6a93d2b745")
    });
    assert_eq!(wide, span("11-04", None));
}

#[test]
fn doors_and_rights_of_analytics_change_on_their_nights() {
    let nights = nights().unwrap();
    let on = |kind: &str, name: &str, facet: &str, pointer: &str, wanted: Value| {
        nights_with(&nights, "analytics", (kind, name, facet), pointer, &wanted)
    };
    let members = "/bindings/0/members";
    let everybody = json!(["allUsers"]);
    assert_eq!(
        on("gcp.run.service", "export-customers", "policy", members, everybody.clone()),
        span("10-25", None)
    );
    assert_eq!(
        on("gcp.storage.bucket", "lindenmarkt-catalogue-drop", "policy", members, everybody),
        ["10-27", "10-28"]
    );
    let ingress =
        on("gcp.run.service", "product-search", "service", "/ingress", json!("INGRESS_TRAFFIC_ALL"));
    assert_eq!(ingress, span("11-03", None));
    let pixel = dates(&nights, "analytics", |night| {
        let config = facet(night, "gcp.apigateway.config", "clicks-v3", "openapi").value().unwrap();
        config.pointer("/documents/0/document/paths/~1pixel").is_some()
    });
    assert_eq!(pixel, span("11-10", None));
    let editor = dates(&nights, "analytics", |night| {
        let policy = facet(night, "gcp.project", "lindenmarkt-ml", "policy").value().unwrap();
        policy.to_string().contains("serviceAccount:retrain@")
    });
    assert_eq!(editor, span("11-05", None));
    let anybody = on(
        "gcp.project",
        "lindenmarkt-analytics",
        "orgpolicies",
        "/policies/1/spec/rules",
        json!([{"allowAll": true}]),
    );
    assert_eq!(anybody, span("10-18", Some("10-31")));
    let runtime =
        on("gcp.functions.function", "orders-etl", "config", "/buildConfig/runtime", json!("nodejs20"));
    assert_eq!(runtime, span("10-18", Some("10-28")));
    let rotated = on("gcp.kms.key", "messages", "key", "/rotationPeriod", json!("7776000s"));
    assert_eq!(rotated, span("10-30", None));
    let secret = dates(&nights, "analytics", |night| {
        let config = facet(night, "gcp.functions.function", "export-customers", "config").value().unwrap();
        config["serviceConfig"]["environmentVariables"]["CRM_PASSWORD"]["$redacted"]["detector"] == "password"
    });
    assert_eq!(secret, span("10-18", Some("11-08")));
    let header = dates(&nights, "analytics", |night| {
        let job = facet(night, "gcp.scheduler.job", "stock-ping", "job").value().unwrap();
        job["httpTarget"]["headers"]["Authorization"].is_object()
    });
    assert_eq!(header, span("11-12", None));
}

#[test]
fn resources_come_and_go_on_their_nights() {
    let nights = nights().unwrap();
    for (target, kind, name, since) in [
        ("analytics", "gcp.apikeys.key", "prompt-trials", "11-03"),
        ("analytics", "gcp.logging.sink", "to-audit", "10-22"),
        ("analytics", "gcp.run.service", "notebook-proxy", "11-11"),
        ("analytics", "gcp.workflows.workflow", "partner-callback", "11-14"),
        ("back-office", "azure.apim.subscription", "reporting", "11-10"),
        ("back-office", "azure.containerapps.app", "size-guide", "11-15"),
        ("back-office", "azure.functions.app", "lm-meeting-rooms", "10-28"),
        ("back-office", "azure.logic.workflow", "new-colleague", "11-07"),
        ("warehouse", "fn.function", "route-plan", "11-05"),
        ("warehouse", "fn.function", "seal-check", "11-16"),
    ] {
        let there = dates(&nights, target, |night| find(&night.shards, kind, name).is_some());
        assert_eq!(there, span(since, None), "{name}");
    }
}

#[test]
fn what_could_not_be_read_is_said_on_its_nights() {
    let nights = nights().unwrap();
    for (target, service, api, date) in [
        ("back-office", "authorization", "Microsoft.Authorization/roleAssignments/read", "11-01"),
        ("analytics", "secretmanager", "secretmanager.secrets.list", "11-01"),
        ("warehouse", "triggers", "fn:ListTriggers", "11-01"),
    ] {
        let denied = |night: &Night| {
            night.shards.iter().any(|shard| {
                shard.key.service.as_str() == service && shard.coverage.state == CoverageState::Denied
            })
        };
        assert_eq!(dates(&nights, target, denied), [date], "{target}");
        let dark = night(&nights, target, &format!("2026-{date}"));
        let shard = dark.shards.iter().find(|shard| shard.key.service.as_str() == service).unwrap();
        assert!(shard.resources.is_empty() && !shard.coverage.listed);
        let error = &shard.coverage.errors[0];
        assert_eq!((error.api.as_str(), error.count), (api, 1));
        assert!(error.permission.is_some() && !error.message.contains('{'), "{}", error.message);
    }
    let unread = |target: &str, kind: &str, name: &str, facet_name: &str| {
        dates(&nights, target, |night| {
            let resource = find(&night.shards, kind, name);
            resource.is_some_and(|resource| resource.facets[facet_name].unreadable().is_some())
        })
    };
    for name in ["lm-payment-hooks", "lm-deploy-bot"] {
        assert_eq!(
            unread("back-office", "azure.functions.app", name, "settings"),
            ["11-13", "11-14"],
            "{name}"
        );
    }
    let account = "campaigns@lindenmarkt-analytics.iam.gserviceaccount.com";
    assert_eq!(unread("analytics", "gcp.iam.serviceaccount", account, "keys"), span("11-06", Some("11-09")));
    let calls = |target: &str| -> u64 {
        let last = night(&nights, target, "2026-11-16");
        last.shards.iter().map(|shard| shard.coverage.call_count()).sum()
    };
    assert!(calls("back-office") > 100 && calls("analytics") > 50, "a scan was counted");
    for target in ["analytics", "back-office", "warehouse"] {
        let last = night(&nights, target, "2026-11-16");
        assert!(last.shards.iter().all(|shard| shard.coverage.state == CoverageState::Complete), "{target}");
        let whole = |facet: &Facet| facet.unreadable().is_none_or(|reason| reason.error.starts_with("Not"));
        assert!(resources(&last.shards).all(|resource| resource.facets.values().all(whole)), "{target}");
    }
}
