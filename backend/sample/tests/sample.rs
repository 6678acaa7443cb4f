//! Holds what the sample promises of all targets, and of those on AWS: their size, their shape, and each scripted event
//! on its nights.

mod reading;

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Facet, Provider, RelationName, Shard};
use nephoscope_sample::{Night, estate, nights};
use reading::{dates, facet, find, night, of, resources, span};
use serde_json::{Value, json};

/// Facets that each kind has, whatever their state.
const FACETS: [(&str, &[&str]); 13] = [
    ("aws.account", &["identity"]),
    ("aws.apigateway.domain", &["domain", "mappings"]),
    ("aws.apigateway.restapi", &["api", "resources"]),
    ("aws.apigateway.stage", &["api", "certificate", "deployed", "limits", "stage"]),
    ("aws.apigatewayv2.api", &["api"]),
    ("aws.apigatewayv2.stage", &["api", "deployed", "stage"]),
    ("aws.cloudtrail.trail", &["selectors", "status", "trail"]),
    ("aws.iam.policy", &["policy"]),
    ("aws.iam.role", &["role"]),
    (
        "aws.lambda.function",
        &[
            "alias_policies",
            "aliases",
            "async",
            "code",
            "code_signing",
            "concurrency",
            "config",
            "event_sources",
            "loaders",
            "policy",
            "provisioned",
            "recursion",
            "runtime_management",
            "tags",
            "url",
            "urls",
            "versions",
        ],
    ),
    ("aws.lambda.settings", &["settings"]),
    ("aws.logs.group", &["group"]),
    ("aws.logs.policy", &["policy"]),
];

#[test]
fn thirty_nights_of_five_targets_end_on_monday_the_sixteenth_of_november() {
    let nights = nights().unwrap();
    assert_eq!(nights.len(), 150);
    let targets: BTreeSet<&str> = nights.iter().map(|night| night.header.target.as_str()).collect();
    assert_eq!(
        targets.into_iter().collect::<Vec<_>>(),
        ["analytics", "back-office", "sandbox", "warehouse", "web-shop"]
    );
    assert_eq!(nights[0].header.instant.to_string(), "2026-10-18T02:00:00Z");
    assert_eq!(nights[149].header.instant.to_string(), "2026-11-16T02:00:00Z");
    let order: Vec<_> =
        nights.iter().map(|night| (night.header.instant, night.header.target.clone())).collect();
    assert!(order.is_sorted() && order.iter().collect::<BTreeSet<_>>().len() == 150);
    for night in &nights {
        let minutes = (night.header.finished - night.header.instant).total(jiff::Unit::Minute).unwrap();
        assert!((0.5..10.0).contains(&minutes), "{minutes} minutes on {}", night.header.instant);
    }
}

#[test]
fn the_last_night_has_about_a_hundred_and_fifty_resources_of_every_kind() {
    let nights = of(nights().unwrap(), Provider::Aws);
    assert_eq!(nights.len(), 60);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for night in &nights[58..] {
        for resource in resources(&night.shards) {
            *counts.entry(resource.kind.as_str()).or_default() += 1;
        }
    }
    let expected = BTreeMap::from([
        ("aws.account", 2),
        ("aws.apigateway.domain", 3),
        ("aws.apigateway.restapi", 6),
        ("aws.apigateway.stage", 7),
        ("aws.apigatewayv2.api", 6),
        ("aws.apigatewayv2.stage", 6),
        ("aws.cloudtrail.trail", 3),
        ("aws.iam.policy", 9),
        ("aws.iam.role", 30),
        ("aws.lambda.function", 37),
        ("aws.lambda.settings", 3),
        ("aws.logs.group", 44),
        ("aws.logs.policy", 2),
    ]);
    assert_eq!(counts, expected);
    assert_eq!(counts.values().sum::<usize>(), 158);
}

#[test]
fn every_resource_has_the_facets_of_its_kind_and_stands_in_its_shard() {
    let facets: BTreeMap<&str, &[&str]> = FACETS.into_iter().collect();
    for night in of(nights().unwrap(), Provider::Aws) {
        let keys: Vec<_> = night.shards.iter().map(|shard| &shard.key).collect();
        assert!(keys.is_sorted() && !keys.is_empty());
        for shard in &night.shards {
            let uids: Vec<_> = shard.resources.iter().map(|resource| &resource.uid).collect();
            assert!(
                uids.is_sorted_by(|one, other| one < other),
                "{} is not sorted or has doubles",
                shard.key
            );
            for resource in &shard.resources {
                // Of WebSocket APIs the parts are listed, because they cannot be exported.
                let parts = ["authorizers", "integrations", "routes"];
                let names = resource.facets.keys().map(String::as_str).filter(|name| !parts.contains(name));
                let names: Vec<_> = names.collect();
                assert_eq!(names, facets[resource.kind.as_str()], "{}", resource.uid);
                assert_eq!(
                    (&resource.account, &resource.region, &resource.service),
                    (&shard.key.account, &shard.key.region, &shard.key.service),
                    "{}",
                    resource.uid
                );
                assert!(resource.relations.is_sorted_by(|one, other| one < other), "{}", resource.uid);
            }
        }
    }
}

#[test]
fn relations_into_the_account_lead_to_something() {
    // What these ARNs name is no resource that a scan collects.
    const NOT_COLLECTED: [&str; 7] = ["dynamodb", "kinesis", "kms", "sqs", "wafv2", "s3", "sns"];
    for night in of(nights().unwrap(), Provider::Aws) {
        let known: BTreeSet<_> = resources(&night.shards).map(|resource| &resource.uid).collect();
        let unlisted: Vec<_> = night
            .shards
            .iter()
            .filter(|shard| !shard.coverage.listed)
            .map(|shard| shard.key.service.as_str())
            .collect();
        for resource in resources(&night.shards) {
            for relation in &resource.relations {
                let parts: Vec<&str> = relation.to.as_str().split(':').collect();
                let layer = parts[2] == "lambda" && parts[5] == "layer";
                let hidden = unlisted.contains(&parts[2]);
                if known.contains(&relation.to) || NOT_COLLECTED.contains(&parts[2]) || layer || hidden {
                    continue;
                }
                let missing_log = ["warehouse-label", "chat-prototype"].contains(&resource.name.as_str())
                    && relation.name == RelationName::LogsTo;
                assert!(missing_log, "{} {} {}", resource.uid, relation.name, relation.to);
            }
        }
    }
}

#[test]
fn every_function_behind_an_api_lets_that_api_call_it() {
    for night in of(nights().unwrap(), Provider::Aws) {
        let apis = resources(&night.shards).filter(|resource| resource.kind.as_str().ends_with("api"));
        for api in apis {
            let id = api.uid.as_str().rsplit('/').next().unwrap();
            for relation in api.relations.iter().filter(|relation| relation.name == RelationName::Invokes) {
                let Some(function) = resources(&night.shards).find(|resource| resource.uid == relation.to)
                else {
                    continue;
                };
                let text = serde_json::to_string(&function.facets["policy"]).unwrap();
                let denied = function.facets["policy"].unreadable().is_some();
                assert!(
                    denied || text.contains(&format!(":{id}/*/*")),
                    "{} on {}",
                    function.uid,
                    night.header.instant
                );
            }
        }
    }
}

#[test]
fn no_variable_has_a_value() {
    fn strings(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                if ["Variables", "variables", "stageVariables"].contains(&key.as_str()) {
                    for (name, variable) in value.as_object().unwrap() {
                        assert!(nephoscope_model::secret::Redacted::from_value(variable).is_some(), "{name}");
                        found.push(name.clone());
                    }
                } else {
                    strings(value, found);
                }
            }),
            Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let nights = of(nights().unwrap(), Provider::Aws);
    let mut found = Vec::new();
    for resource in resources(&nights[59].shards) {
        resource.facets.values().filter_map(Facet::value).for_each(|value| strings(value, &mut found));
    }
    assert!(found.len() > 40, "{} variables", found.len());
    let shared = |night: &Night, name: &str| {
        let config = facet(night, "aws.lambda.function", name, "config").value().unwrap();
        config["Environment"]["Variables"]["SEARCH_ADMIN_API_KEY"]["$redacted"]["tag"].clone()
    };
    let early = night(&nights, "web-shop", "2026-10-20");
    assert!(shared(early, "search-index").is_string());
    assert_eq!(shared(early, "search-index"), shared(early, "search-query"));
}

#[test]
fn what_nothing_changed_is_the_same_on_the_next_night() {
    let nights = nights().unwrap();
    let versions = |target: &str| {
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for night in nights.iter().filter(|night| night.header.target.as_str() == target) {
            for resource in resources(&night.shards) {
                let text = serde_json::to_string(resource).unwrap();
                seen.entry(resource.uid.to_string()).or_default().insert(text);
            }
        }
        seen.values().map(BTreeSet::len).collect::<Vec<_>>()
    };
    // Nothing of the sandbox changes; of the shop, only what `nights.yaml` names and what counts it.
    assert!(versions("sandbox").iter().all(|count| *count == 1));
    let shop = versions("web-shop");
    assert!(shop.iter().filter(|count| **count > 1).count() <= 35, "{shop:?}");
    assert!(shop.iter().all(|count| *count <= 8), "{shop:?}");
}

#[test]
fn two_readings_are_the_same_to_the_byte() {
    let text = |nights: Vec<Night>| {
        nights
            .iter()
            .map(|night| serde_json::to_string(&(&night.header, &night.shards)).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(text(nights().unwrap()), text(nights().unwrap()));
}

#[test]
fn doors_open_and_close_on_their_nights() {
    let nights = nights().unwrap();
    let open = |name: &str| {
        dates(&nights, "web-shop", |night| {
            find(&night.shards, "aws.lambda.function", name).is_some_and(|function| {
                function.facets["url"].value().is_some_and(|url| url["AuthType"] == "NONE")
            })
        })
    };
    assert_eq!(open("checkout"), ["11-15", "11-16"]);
    let last = night(&nights, "web-shop", "2026-11-16");
    let url = facet(last, "aws.lambda.function", "checkout", "url").value().unwrap();
    assert_eq!(url["CreationTime"], "2026-11-15T00:47:12.000000Z");
    assert_eq!(open("invoice-pdf"), ["10-27", "10-28", "10-29"]);
    assert_eq!(open("ab-test-router"), span("10-18", Some("11-11")));

    let public = dates(&nights, "web-shop", |night| {
        let policy = facet(night, "aws.lambda.function", "thumbnailer", "policy").value().unwrap();
        policy["Statement"].as_array().unwrap().iter().any(|statement| statement["Principal"] == "*")
    });
    assert_eq!(public, ["10-21", "10-22"]);

    let returns = |night: &Night| find(&night.shards, "aws.apigateway.restapi", "returns").is_some();
    assert_eq!(dates(&nights, "web-shop", returns), span("11-09", None));
    let document = facet(last, "aws.apigateway.stage", "returns/live", "deployed").value().unwrap();
    assert!(document["paths"]["/returns"]["post"].is_object());
    assert!(document["paths"]["/returns"]["post"].get("security").is_none());
    let feed = |night: &Night| find(&night.shards, "aws.apigatewayv2.api", "partner-feed").is_some();
    assert_eq!(dates(&nights, "web-shop", feed), ["11-16"]);
}

#[test]
fn rights_widen_and_narrow_on_their_nights() {
    let nights = nights().unwrap();
    let admin = |night: &Night| {
        let role = facet(night, "aws.iam.role", "shop-stock-sync", "role").value().unwrap();
        role["AttachedManagedPolicies"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["PolicyName"] == "AdministratorAccess")
    };
    assert_eq!(dates(&nights, "web-shop", admin), span("11-02", Some("11-06")));
    let listed = |night: &Night| find(&night.shards, "aws.iam.policy", "AdministratorAccess").is_some();
    assert_eq!(dates(&nights, "web-shop", listed), span("11-02", Some("11-06")));
}

#[test]
fn runtimes_end_while_functions_still_use_them() {
    let nights = nights().unwrap();
    let runtime = |name: &str, runtime: &str| {
        dates(&nights, "web-shop", |night| {
            facet(night, "aws.lambda.function", name, "config").value().unwrap()["Runtime"] == runtime
        })
    };
    assert_eq!(runtime("invoice-pdf", "dotnet8"), span("10-18", None));
    assert_eq!(runtime("tax-rates", "dotnet8"), span("10-18", Some("11-13")));
    assert_eq!(runtime("fraud-score", "python3.10"), span("10-18", Some("11-12")));
}

#[test]
fn what_can_be_seen_grows_on_its_nights() {
    let nights = nights().unwrap();
    let traced = |name: &str| {
        dates(&nights, "web-shop", |night| {
            facet(night, "aws.lambda.function", name, "config").value().unwrap()["TracingConfig"]["Mode"]
                == "Active"
        })
    };
    for name in ["cart-add", "cart-read", "orders-place", "orders-read", "search-query"] {
        assert_eq!(traced(name), span("11-05", None), "{name}");
    }
    assert_eq!(traced("delivery-quote"), ["11-16"]);
    let kept = |group: &str, days: u64| {
        dates(&nights, "web-shop", |night| {
            facet(night, "aws.logs.group", group, "group").value().unwrap()["retentionInDays"] == json!(days)
        })
    };
    assert_eq!(kept("/aws/lambda/payments-webhook", 90), span("10-25", None));
    assert_eq!(kept("/gateway/search", 30), ["11-16"]);
    let trail = |facet_name: &'static str, path: &'static str, wanted: Value| {
        dates(&nights, "web-shop", move |night| {
            facet(night, "aws.cloudtrail.trail", "shop-trail", facet_name).value().unwrap().pointer(path)
                == Some(&wanted)
        })
    };
    assert_eq!(trail("trail", "/LogFileValidationEnabled", json!(true)), span("11-04", None));
    let functions = "/EventSelectors/0/DataResources/0/Values/0";
    assert_eq!(trail("selectors", functions, json!("arn:aws:lambda")), span("11-08", None));
}

#[test]
fn secrets_and_old_tls_come_and_go_on_their_nights() {
    let nights = nights().unwrap();
    let secret = |name: &str, key: &str| {
        dates(&nights, "web-shop", |night| {
            let config = facet(night, "aws.lambda.function", name, "config").value().unwrap();
            config["Environment"]["Variables"][key]["$redacted"]["detector"].is_string()
        })
    };
    assert_eq!(secret("search-index", "SEARCH_ADMIN_API_KEY"), span("10-18", Some("11-01")));
    assert_eq!(secret("newsletter-send", "SMTP_PASSWORD"), span("11-12", None));
    let old = |night: &Night| {
        let domain = facet(night, "aws.apigateway.domain", "payments.lindenmarkt.example", "domain");
        domain.value().unwrap()["securityPolicy"] == "TLS_1_0"
    };
    assert_eq!(dates(&nights, "web-shop", old), span("10-18", Some("10-28")));
}

#[test]
fn functions_come_and_go_on_their_nights() {
    let nights = nights().unwrap();
    let there = |kind: &str, name: &str| {
        dates(&nights, "web-shop", |night| find(&night.shards, kind, name).is_some())
    };
    assert_eq!(there("aws.lambda.function", "recommendations"), span("10-29", None));
    assert_eq!(there("aws.lambda.function", "gift-cards"), span("11-03", None));
    assert_eq!(there("aws.lambda.function", "black-friday-banner"), ["11-16"]);
    assert_eq!(there("aws.lambda.function", "legacy-export"), span("10-18", Some("10-24")));
    assert_eq!(there("aws.lambda.function", "ab-test-router"), span("10-18", Some("11-11")));
    assert_eq!(there("aws.iam.role", "shop-legacy"), span("10-18", Some("10-26")));
    // A log group outlives its function.
    assert_eq!(there("aws.logs.group", "/aws/lambda/legacy-export"), span("10-18", None));
}

#[test]
fn a_repeated_estate_has_unique_resources_in_one_account() {
    let once = estate(1).unwrap();
    let last = nights().unwrap().pop().unwrap();
    let plan = |shards: &[Shard]| shards.iter().map(|shard| shard.key.clone()).collect::<Vec<_>>();
    assert_eq!(plan(&once), plan(&last.shards));
    assert!(
        resources(&once)
            .map(|resource| &resource.uid)
            .eq(resources(&last.shards).map(|resource| &resource.uid))
    );
    let many = estate(5).unwrap();
    assert_eq!(many.len(), once.len());
    let uids: BTreeSet<_> = resources(&many).map(|resource| &resource.uid).collect();
    let names: BTreeSet<_> =
        resources(&many).map(|resource| (&resource.kind, &resource.region, &resource.name)).collect();
    let count = resources(&many).count();
    assert_eq!((uids.len(), names.len()), (count, count));
    assert!(count > 5 * 120, "{count}");
    for shard in &many {
        assert!(shard.resources.is_sorted_by(|one, other| one.uid < other.uid), "{}", shard.key);
    }
    let inner = [RelationName::Invokes, RelationName::ExecutesAs, RelationName::PartOf];
    let edges = resources(&many).flat_map(|resource| &resource.relations);
    let edges: Vec<_> = edges.filter(|relation| inner.contains(&relation.name)).collect();
    assert!(edges.len() > 5 * 50);
    assert!(edges.iter().all(|relation| uids.contains(&relation.to)));
}
