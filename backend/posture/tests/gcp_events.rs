//! Facts of events, secrets, keys, logs and of the project of Google Cloud, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Facet, Provider, RelationName, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{ACCOUNT, Shop, exposure, known, related, resource, unknown, unread};

const SERVICES: [&str; 9] = [
    "cloudfunctions",
    "run",
    "iam",
    "pubsub",
    "workflows",
    "secretmanager",
    "eventarc",
    "logging",
    "monitoring",
];
const PROJECT: &str = "//cloudresourcemanager.googleapis.com/projects/111122223333";
const TOPIC: &str = "//pubsub.googleapis.com/projects/111122223333/topics/orders";
const SUBSCRIPTION: &str = "//pubsub.googleapis.com/projects/111122223333/subscriptions/orders";
const SECRET: &str = "//secretmanager.googleapis.com/projects/111122223333/secrets/database";
const BUCKET: &str = "//storage.googleapis.com/shop-logs";
const SINK: &str = "//logging.googleapis.com/projects/111122223333/sinks/_Default";
const WORKFLOW: &str =
    "//workflows.googleapis.com/projects/111122223333/locations/europe-west1/workflows/orders";
const KEY: &str =
    "//cloudkms.googleapis.com/projects/111122223333/locations/europe-west1/keyRings/a/cryptoKeys/b";

/// A project with these resources, in which everything was listed.
fn project(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    let row = shop.coverage[0].clone();
    shop.coverage = SERVICES
        .map(|service| {
            let mut row = row.clone();
            row.shard.provider = Provider::Gcp;
            row.shard.service = ServiceName::from(service);
            row
        })
        .to_vec();
    shop
}

fn itself(facets: Value) -> Resource {
    let mut all = json!({
        "project": {"name": "projects/100200300", "projectId": ACCOUNT},
        "policy": {}, "ancestors": {"policies": []}, "deny": null, "services": {"services": []},
        "orgpolicies": {"policies": []}, "ancestor_sinks": {"sinks": []}, "budgets": {},
    });
    for (name, value) in facets.as_object().unwrap() {
        all[name] = value.clone();
    }
    resource("gcp.project", PROJECT, all)
}

fn topic(policy: Value) -> Resource {
    resource("gcp.pubsub.topic", TOPIC, json!({"topic": {}, "policy": policy}))
}

fn bound(member: &str) -> Value {
    json!({"bindings": [{"role": "roles/pubsub.publisher", "members": [member]}]})
}

#[test]
fn a_topic_is_reached_as_far_as_its_policy_says() {
    let of = |policy: Value| exposure(&project(vec![topic(policy), itself(json!({}))]), TOPIC);
    assert_eq!(of(bound("allUsers")), Exposure::Internet);
    assert_eq!(of(bound("allAuthenticatedUsers")), Exposure::CrossAccount);
    assert_eq!(of(bound("serviceAccount:a@other.iam.gserviceaccount.com")), Exposure::CrossAccount);
    assert_eq!(of(bound("serviceAccount:a@111122223333.iam.gserviceaccount.com")), Exposure::Internal);
    assert_eq!(of(Value::Null), Exposure::Internal);
    let mut conditional = bound("allUsers");
    conditional["bindings"][0]["condition"] =
        json!({"expression": "request.time < timestamp('2027-01-01T00:00:00Z')"});
    assert_eq!(of(conditional.clone()), Exposure::CrossAccount);

    let public = |policy: Value| known(&project(vec![topic(policy)]), TOPIC, "public_roles");
    assert_eq!(public(bound("allUsers")), json!([{"member": "allUsers", "role": "roles/pubsub.publisher"}]));
    assert_eq!(public(bound("allAuthenticatedUsers")).as_array().unwrap().len(), 1);
    assert_eq!(public(conditional), json!([]));
    let hidden = project(vec![unread(topic(Value::Null), "policy")]);
    assert!(!unknown(&hidden, TOPIC, "public_roles").is_empty());
    assert_eq!(exposure(&hidden, TOPIC), Exposure::Unknown);
}

#[test]
fn a_bucket_that_prevents_public_access_is_closed() {
    let bucket = |prevention: &str| {
        let bucket = json!({"iamConfiguration": {"publicAccessPrevention": prevention}});
        resource("gcp.storage.bucket", BUCKET, json!({"bucket": bucket, "policy": bound("allUsers")}))
    };
    let of = |prevention: &str| project(vec![bucket(prevention)]);
    assert_eq!(exposure(&of("inherited"), BUCKET), Exposure::Internet);
    assert_eq!(exposure(&of("enforced"), BUCKET), Exposure::Internal);
    assert_eq!(known(&of("enforced"), BUCKET, "public_roles"), json!([]));
    let hidden = project(vec![unread(bucket("enforced"), "bucket")]);
    assert!(!unknown(&hidden, BUCKET, "public_roles").is_empty());
}

#[test]
fn the_end_of_the_way_of_failures_is_known() {
    let subscription = |uid: &str, facet: Value| {
        resource("gcp.pubsub.subscription", uid, json!({"subscription": facet, "policy": null}))
    };
    let late = || subscription(SUBSCRIPTION, json!({"topic": "projects/111122223333/topics/late"}));
    let sender = |topic: &str| {
        let facet = json!({"topic": "projects/111122223333/topics/orders", "deadLetterPolicy": {"deadLetterTopic": topic}});
        subscription("//pubsub.googleapis.com/projects/111122223333/subscriptions/sender", facet)
    };
    let both = |topic: &str| project(vec![late(), sender(topic)]);
    let drains = "drains_dead_letters";
    assert_eq!(known(&both("projects/111122223333/topics/late"), SUBSCRIPTION, drains), json!(true));
    assert_eq!(known(&both("projects/111122223333/topics/other"), SUBSCRIPTION, drains), json!(false));
    let hidden = project(vec![late(), unread(sender(""), "subscription")]);
    assert!(!unknown(&hidden, SUBSCRIPTION, drains).is_empty());
    assert!(!unknown(&project(vec![late()]).unlisted("pubsub"), SUBSCRIPTION, drains).is_empty());
}

#[test]
fn a_secret_knows_its_readers_by_number_and_by_id() {
    let secret = || resource("gcp.secretmanager.secret", SECRET, json!({"secret": {}, "policy": null}));
    let function = |owner: &str| {
        let config = json!({"serviceConfig": {"secretEnvironmentVariables": [{"key": "DB", "projectId": owner, "secret": "database"}]}});
        let uid =
            "//cloudfunctions.googleapis.com/projects/111122223333/locations/europe-west1/functions/orders";
        resource("gcp.functions.function", uid, json!({"config": config, "policy": null}))
    };
    let readers =
        |owner: &str| known(&project(vec![secret(), function(owner), itself(json!({}))]), SECRET, "readers");
    assert_eq!(readers("100200300").as_array().unwrap().len(), 1);
    assert_eq!(readers(ACCOUNT).as_array().unwrap().len(), 1);
    assert_eq!(readers("999"), json!([]));
    let unnumbered =
        |owner: &str| project(vec![secret(), function(owner), unread(itself(json!({})), "project")]);
    assert_eq!(
        unknown(&unnumbered("999"), SECRET, "readers"),
        ["project NotCollected"],
        "it may be this one"
    );
    assert_eq!(known(&unnumbered("other"), SECRET, "readers"), json!([]));
    let job = json!({"template": {"template": {"containers": [{"env": [{"name": "DB", "valueSource": {"secretKeyRef": {"secret": "database"}}}]}]}}});
    let uid = "//run.googleapis.com/projects/111122223333/locations/europe-west1/jobs/clean";
    let job = resource("gcp.run.job", uid, json!({"job": job, "policy": null}));
    assert_eq!(known(&project(vec![secret(), job]), SECRET, "readers"), json!([uid]));
    assert!(!unknown(&project(vec![secret()]).unlisted("run"), SECRET, "readers").is_empty());
    let hidden = unread(function("100200300"), "config");
    assert!(!unknown(&project(vec![secret(), hidden]), SECRET, "readers").is_empty());
}

#[test]
fn a_key_knows_what_it_protects() {
    let key = || resource("gcp.kms.key", KEY, json!({"key": {}, "policy": null}));
    let topic = related(topic(Value::Null), RelationName::EncryptedBy, KEY);
    assert_eq!(known(&project(vec![key(), topic]), KEY, "protects"), json!([TOPIC]));
    assert_eq!(known(&project(vec![key()]), KEY, "protects"), json!([]));
    assert!(!unknown(&project(vec![key()]).unlisted("pubsub"), KEY, "protects").is_empty());
}

#[test]
fn what_is_recorded_adds_up_from_the_organisation_down() {
    let services = json!({"services": [
        {"name": "projects/100200300/services/run.googleapis.com", "state": "ENABLED"},
        {"name": "projects/100200300/services/secretmanager.googleapis.com", "state": "ENABLED"},
        {"name": "projects/100200300/services/pubsub.googleapis.com", "state": "DISABLED"},
    ]});
    let record = |service: &str, types: &[&str]| {
        let types: Vec<Value> = types.iter().map(|kind| json!({"logType": kind})).collect();
        json!({"auditConfigs": [{"service": service, "auditLogConfigs": types}]})
    };
    let above = |policy: Value| json!({"policies": [{"resource": "organizations/1", "policy": policy}]});
    let of = |policy: Value, ancestors: Value| {
        let facets = json!({"services": services, "policy": policy, "ancestors": ancestors});
        known(&project(vec![itself(facets)]), PROJECT, "unrecorded")
    };
    let everything = record("allServices", &["DATA_READ", "DATA_WRITE"]);
    assert_eq!(of(everything.clone(), above(json!({}))), json!([]));
    assert_eq!(of(json!({}), above(everything)), json!([]));
    let reads = record("allServices", &["DATA_READ"]);
    let own = record("run.googleapis.com", &["DATA_WRITE"]);
    let expected = json!([{"service": "secretmanager.googleapis.com", "missing": ["DATA_WRITE"]}]);
    assert_eq!(of(own, above(reads)), expected);
    let hidden = unread(itself(json!({"services": services})), "ancestors");
    assert!(!unknown(&project(vec![hidden]), PROJECT, "unrecorded").is_empty(), "it may be recorded above");
}

#[test]
fn a_constraint_is_in_force_where_a_rule_forbids_something() {
    let of = |rule: Value| {
        let policies = json!({"policies": [{"name": "projects/1/policies/run.allowedIngress", "spec": {"rules": [rule]}}]});
        known(&project(vec![itself(json!({"orgpolicies": policies}))]), PROJECT, "guardrails")["run.allowedIngress"].clone()
    };
    assert_eq!(of(json!({"values": {"allowedValues": ["internal"]}})), json!(true));
    assert_eq!(of(json!({"enforce": true})), json!(true));
    assert_eq!(of(json!({"denyAll": true})), json!(true));
    assert_eq!(of(json!({"allowAll": true})), json!(false));
    assert_eq!(
        of(json!({"enforce": true, "condition": {"expression": "resource.matchTag('a', 'b')"}})),
        json!(false)
    );
    assert!(
        !unknown(&project(vec![unread(itself(json!({})), "orgpolicies")]), PROJECT, "guardrails").is_empty()
    );
}

fn sink(name: &str, facet: Value) -> Resource {
    resource("gcp.logging.sink", &SINK.replace("_Default", name), json!({ "sink": facet }))
}

#[test]
fn a_sink_exports_all_where_nothing_narrows_it() {
    let away = "storage.googleapis.com/shop-logs";
    let of = |facet: Value| {
        known(&project(vec![itself(json!({})), sink("all", facet)]), PROJECT, "exporting_sinks")
    };
    assert_eq!(of(json!({"destination": away})).as_array().unwrap().len(), 1);
    for narrow in [
        json!({"destination": away, "filter": "severity>=ERROR"}),
        json!({"destination": away, "disabled": true}),
        json!({"destination": away, "exclusions": [{"name": "a", "filter": "x"}]}),
        json!({"destination": "logging.googleapis.com/projects/1/locations/global/buckets/_Default"}),
    ] {
        assert_eq!(of(narrow.clone()), json!([]), "{narrow}");
    }
    let above = |children: bool| {
        let sinks = json!({"sinks": [{"name": "org", "destination": away, "includeChildren": children}]});
        known(&project(vec![itself(json!({"ancestor_sinks": sinks}))]), PROJECT, "exporting_sinks")
    };
    assert_eq!(above(true), json!(["org"]));
    assert_eq!(above(false), json!([]));
    assert!(
        !unknown(&project(vec![itself(json!({}))]).unlisted("logging"), PROJECT, "exporting_sinks")
            .is_empty()
    );
    let hidden = unread(itself(json!({})), "ancestor_sinks");
    assert!(!unknown(&project(vec![hidden]), PROJECT, "exporting_sinks").is_empty());
}

#[test]
fn a_default_sink_drops_what_no_other_takes() {
    let excluding = json!({"destination": "logging.googleapis.com/x/buckets/_Default", "exclusions": [{"name": "noise", "filter": "resource.type=\"cloud_function\""}]});
    let default = || sink("_Default", excluding.clone());
    let expected = json!([{"by": "exclusion noise", "types": ["cloud_function"]}]);
    assert_eq!(known(&project(vec![default()]), SINK, "drops"), expected);
    let all = sink("all", json!({"destination": "storage.googleapis.com/shop-logs"}));
    assert_eq!(known(&project(vec![default(), all]), SINK, "drops"), json!([]));
    assert!(!unknown(&project(vec![default()]).unlisted("logging"), SINK, "drops").is_empty());
    let off = sink("_Default", json!({"disabled": true}));
    assert_eq!(known(&project(vec![off]), SINK, "drops")[0]["by"], "disabled");
    let fine = sink("_Default", json!({"filter": "NOT LOG_ID(\"cloudaudit.googleapis.com/activity\")"}));
    assert_eq!(known(&project(vec![fine]).unlisted("logging"), SINK, "drops"), json!([]));
}

#[test]
fn a_change_is_watched_by_a_metric_with_an_alert_or_by_an_alert_alone() {
    let metric = resource(
        "gcp.logging.metric",
        "//logging.googleapis.com/projects/111122223333/metrics/roles",
        json!({"metric": {"name": "roles", "filter": "resource.type=\"iam_role\" AND protoPayload.methodName:CreateRole"}}),
    );
    let alert = |conditions: Value, channels: &[&str]| {
        let policy = json!({"enabled": true, "notificationChannels": channels, "conditions": conditions});
        resource(
            "gcp.monitoring.alertpolicy",
            "//monitoring.googleapis.com/projects/1/alertPolicies/1",
            json!({ "alert_policy": policy }),
        )
    };
    let by_metric =
        json!([{"conditionThreshold": {"filter": "metric.type=\"logging.googleapis.com/user/roles\""}}]);
    let by_entry = json!([{"conditionMatchedLog": {"filter": "protoPayload.serviceData.policyDelta.bindingDeltas.role=\"roles/owner\""}}]);
    let of = |resources: Vec<Resource>| {
        known(&project([vec![itself(json!({}))], resources].concat()), PROJECT, "unwatched")
    };
    assert_eq!(
        of(vec![metric.clone(), alert(by_metric.clone(), &["a"])]),
        json!(["audit", "buckets", "owners"])
    );
    assert_eq!(
        of(vec![metric.clone()]),
        json!(["audit", "buckets", "owners", "roles"]),
        "nobody hears of the metric"
    );
    assert_eq!(of(vec![metric, alert(by_metric, &[])]), json!(["audit", "buckets", "owners", "roles"]));
    assert_eq!(of(vec![alert(by_entry, &["a"])]), json!(["audit", "buckets", "roles"]));
    assert!(
        !unknown(&project(vec![itself(json!({}))]).unlisted("monitoring"), PROJECT, "unwatched").is_empty()
    );
}

#[test]
fn budgets_cover_all_projects_or_name_them() {
    let of = |budget: Value| {
        known(&project(vec![itself(json!({"budgets": {"budgets": [budget]}}))]), PROJECT, "budget_alerts")
    };
    let rule = json!([{"thresholdPercent": 0.9}]);
    assert_eq!(of(json!({"displayName": "all", "thresholdRules": rule})), json!(["all"]));
    assert_eq!(
        of(
            json!({"displayName": "own", "thresholdRules": rule, "budgetFilter": {"projects": ["projects/100200300"]}})
        ),
        json!(["own"])
    );
    assert_eq!(
        of(
            json!({"displayName": "other", "thresholdRules": rule, "budgetFilter": {"projects": ["projects/9"]}})
        ),
        json!([])
    );
    assert_eq!(of(json!({"displayName": "mute"})), json!([]));
    assert!(
        !unknown(&project(vec![unread(itself(json!({})), "budgets")]), PROJECT, "budget_alerts").is_empty()
    );
    let unnumbered = |projects: Value| {
        let budget =
            json!({"displayName": "b", "thresholdRules": rule, "budgetFilter": {"projects": projects}});
        project(vec![unread(itself(json!({"budgets": {"budgets": [budget]}})), "project")])
    };
    let reasons = unknown(&unnumbered(json!(["projects/9"])), PROJECT, "budget_alerts");
    assert_eq!(reasons, ["project NotCollected"], "it may be this one");
    assert_eq!(known(&unnumbered(json!([])), PROJECT, "budget_alerts"), json!(["b"]), "that of all projects");
}

#[test]
fn a_bucket_knows_the_sinks_that_write_to_it() {
    let bucket = || resource("gcp.storage.bucket", BUCKET, json!({"bucket": {}, "policy": null}));
    let writing = related(sink("all", json!({})), RelationName::WritesTo, BUCKET);
    assert_eq!(known(&project(vec![bucket(), writing]), BUCKET, "log_sinks").as_array().unwrap().len(), 1);
    assert_eq!(known(&project(vec![bucket()]), BUCKET, "log_sinks"), json!([]));
    assert!(!unknown(&project(vec![bucket()]).unlisted("logging"), BUCKET, "log_sinks").is_empty());
    assert!(!unknown(&project(vec![bucket()]).unlisted("cloudfunctions"), BUCKET, "holds_code").is_empty());
}

#[test]
fn a_workflow_has_secrets_targets_and_an_account() {
    let redacted =
        json!({"$redacted": {"detector": "generic-token", "length": "17-32", "tag": "0011223344556677"}});
    let definition = json!({"main": {"params": ["input"], "steps": [
        {"go": {"call": "http.post", "args": {"url": "${input.url}", "auth": {"type": "OAuth2"}, "headers": {"X-Api-Key": redacted}}}},
    ]}});
    let workflow =
        resource("gcp.workflows.workflow", WORKFLOW, json!({"workflow": {}, "definition": definition}));
    let shop = project(vec![workflow.clone(), itself(json!({}))]);
    let path = "definition.main.steps[0].go.args.headers[\"X-Api-Key\"]";
    assert_eq!(known(&shop, WORKFLOW, "secrets")[0]["path"], path);
    assert_eq!(
        known(&shop, WORKFLOW, "chosen_targets"),
        json!([{"call": "http.post", "url": "${input.url}"}])
    );
    assert_eq!(known(&shop, WORKFLOW, "default_account"), json!(true));
    let hidden = project(vec![unread(workflow, "definition"), itself(json!({}))]);
    for fact in ["secrets", "chosen_targets"] {
        assert!(!unknown(&hidden, WORKFLOW, fact).is_empty(), "{fact}");
    }
}

#[test]
fn a_scheduled_call_has_secrets_in_its_address_too() {
    let uid = "//cloudscheduler.googleapis.com/projects/111122223333/locations/europe-west1/jobs/beat";
    let job = |parameters: Value| {
        resource("gcp.scheduler.job", uid, json!({"job": {"httpTarget": {}}, "parameters": parameters}))
    };
    let redacted =
        json!({"$redacted": {"detector": "google-api-key", "length": "33-64", "tag": "0011223344556677"}});
    let found = known(&project(vec![job(json!({ "key": redacted }))]), uid, "secrets");
    assert_eq!(found[0]["path"], "parameters.key");
    assert_eq!(known(&project(vec![job(Value::Null)]), uid, "secrets"), json!([]));
    assert!(!unknown(&project(vec![unread(job(Value::Null), "job")]), uid, "secrets").is_empty());
}

#[test]
fn rules_are_open_or_unread() {
    let uid = "//firebaserules.googleapis.com/projects/111122223333/releases/cloud.firestore";
    let rules = |content: &str| {
        let ruleset = json!({"source": {"files": [{"name": "firestore.rules", "content": content}]}});
        resource("gcp.firestore.rules", uid, json!({"release": {}, "ruleset": ruleset}))
    };
    let open = known(&project(vec![rules("match /{a=**} { allow write: if true; }")]), uid, "open_rules");
    assert_eq!(open[0]["file"], "firestore.rules");
    assert_eq!(
        known(&project(vec![rules("match /{a=**} { allow write: if false; }")]), uid, "open_rules"),
        json!([])
    );
    assert!(!unknown(&project(vec![unread(rules(""), "ruleset")]), uid, "open_rules").is_empty());
    let mut gone = rules("");
    gone.facets.insert("ruleset".to_owned(), Facet::Absent);
    assert!(!unknown(&project(vec![gone]), uid, "open_rules").is_empty());
}
