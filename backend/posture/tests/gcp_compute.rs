//! What functions and services of Google Cloud are made of, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod gcp;
#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use gcp::{
    NUMBER, PLACE, first_generation, function, function_uid, given, project, projectless, resource, service,
    service_uid,
};
use nephoscope_model::Resource;
use serde_json::{Value, json};
use shop::{ACCOUNT, known, unknown, unread};

#[test]
fn functions_know_their_runtime_connector_and_secrets() {
    let of = |fields: Value, name: &str| {
        known(&project(vec![function(fields, Value::Null)]), &function_uid(), name)
    };
    let runtime = of(json!({}), "runtime");
    assert_eq!(
        (&runtime["listed"], &runtime["deprecated"], &runtime["update_blocked"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(of(json!({"buildConfig": {"runtime": "python313"}}), "runtime")["deprecated"], false);
    assert_eq!(of(json!({"buildConfig": {"runtime": ""}}), "runtime"), Value::Null);

    let named = |name: &str| json!({"serviceConfig": {"vpcConnector": name}});
    let connector = format!("{PLACE}/connectors/c1");
    assert_eq!(of(json!({}), "connector"), Value::Null);
    assert_eq!(of(named(&connector), "connector")["state"], "MISSING");
    assert_eq!(
        of(named("projects/host/locations/europe-west1/connectors/c1"), "connector")["state"],
        Value::Null
    );
    let ready = resource(
        "gcp.vpcaccess.connector",
        &format!("//vpcaccess.googleapis.com/{connector}"),
        json!({"connector": {"state": "READY"}}),
    );
    let whole = project(vec![ready, function(named(&connector), Value::Null)]);
    assert_eq!(known(&whole, &function_uid(), "connector")["state"], "READY");
    let unlisted = project(vec![function(named(&connector), Value::Null)]).unlisted("vpcaccess");
    assert_eq!(unknown(&unlisted, &function_uid(), "connector"), ["vpcaccess NotListed"]);

    let secret = |project: &str| json!({"serviceConfig": {"secretEnvironmentVariables": [{"key": "A", "projectId": project, "secret": "s"}]}});
    assert_eq!(of(secret(NUMBER), "foreign_secrets"), json!([]));
    assert_eq!(of(secret(ACCOUNT), "foreign_secrets"), json!([]));
    assert_eq!(of(secret("999"), "foreign_secrets"), json!([{"project": "999", "secret": "s"}]));
    let numberless = projectless(vec![function(secret("999"), Value::Null)]);
    assert_eq!(unknown(&numberless, &function_uid(), "foreign_secrets"), ["project NotCollected"]);

    let redacted = json!({"$redacted": {"detector": "password", "length": "9-16", "tag": "0"}});
    let secrets =
        of(json!({"serviceConfig": {"environmentVariables": {"DB_PASSWORD": redacted}}}), "secrets");
    assert_eq!(secrets[0]["path"], "config.serviceConfig.environmentVariables.DB_PASSWORD");
}

#[test]
fn functions_know_where_their_code_comes_from() {
    let repository = |key: &str| {
        let uid = format!("//artifactregistry.googleapis.com/{PLACE}/repositories/r");
        resource(
            "gcp.artifactregistry.repository",
            &uid,
            json!({"repository": {"kmsKeyName": key}, "policy": null}),
        )
    };
    let built = || {
        function(json!({"buildConfig": {"dockerRepository": format!("{PLACE}/repositories/r")}}), Value::Null)
    };
    let of = |resources: Vec<Resource>| known(&project(resources), &function_uid(), "repository");
    assert_eq!(of(vec![built(), repository("")])["customer_key"], false);
    assert_eq!(of(vec![built(), repository("k")])["customer_key"], true);
    assert_eq!(of(vec![function(json!({}), Value::Null)]), Value::Null);
    let foreign =
        json!({"buildConfig": {"dockerRepository": "projects/other/locations/europe-west1/repositories/r"}});
    assert_eq!(of(vec![function(foreign, Value::Null)])["own"], false);
    let gone = project(vec![built()]);
    assert_eq!(known(&gone, &function_uid(), "repository")["customer_key"], Value::Null);
    let unlisted = gone.unlisted("artifactregistry");
    assert_eq!(unknown(&unlisted, &function_uid(), "repository"), ["artifactregistry NotListed"]);

    let source =
        || function(json!({"buildConfig": {"source": {"storageSource": {"bucket": "src"}}}}), Value::Null);
    let bucket = |config: Value| {
        let facets = json!({"bucket": {"iamConfiguration": config}, "policy": given("roles/storage.objectViewer", "allUsers")});
        resource("gcp.storage.bucket", "//storage.googleapis.com/src", facets)
    };
    let of =
        |config: Value| known(&project(vec![source(), bucket(config)]), &function_uid(), "source_bucket");
    let open = of(json!({"uniformBucketLevelAccess": {"enabled": true}}));
    assert_eq!((&open["uniform"], &open["public"][0]["member"]), (&json!(true), &json!("allUsers")));
    let prevented = of(json!({"publicAccessPrevention": "enforced"}));
    assert_eq!((&prevented["uniform"], &prevented["public"]), (&json!(false), &json!([])));
    let elsewhere = project(vec![source()]);
    assert_eq!(known(&elsewhere, &function_uid(), "source_bucket"), Value::Null);
    let unlisted = elsewhere.unlisted("storage");
    assert_eq!(unknown(&unlisted, &function_uid(), "source_bucket"), ["storage NotListed"]);
}

#[test]
fn functions_know_who_feeds_them_and_where_failures_go() {
    let topic = |policy: Value| {
        resource(
            "gcp.pubsub.topic",
            "//pubsub.googleapis.com/projects/p/topics/jobs",
            json!({"topic": {}, "policy": policy}),
        )
    };
    let fed = || {
        function(
            json!({"eventTrigger": {
                "pubsubTopic": "projects/p/topics/jobs",
                "retryPolicy": "RETRY_POLICY_RETRY",
                "trigger": format!("{PLACE}/triggers/t"),
            }}),
            Value::Null,
        )
    };
    let of = |resources: Vec<Resource>| known(&project(resources), &function_uid(), "open_sources");
    assert_eq!(
        of(vec![fed(), topic(given("roles/pubsub.publisher", "allUsers"))])[0]["role"],
        "roles/pubsub.publisher"
    );
    assert_eq!(of(vec![fed(), topic(given("roles/pubsub.subscriber", "allUsers"))]), json!([]));
    assert_eq!(of(vec![function(json!({}), Value::Null)]), json!([]));
    assert_eq!(unknown(&project(vec![fed()]), &function_uid(), "open_sources"), ["source NotCollected"]);
    let uploads = json!({"eventTrigger": {"eventFilters": [{"attribute": "bucket", "value": "uploads"}]}});
    let policy = given("roles/storage.objectCreator", "allAuthenticatedUsers");
    let bucket = resource(
        "gcp.storage.bucket",
        "//storage.googleapis.com/uploads",
        json!({"bucket": {}, "policy": policy}),
    );
    assert_eq!(
        of(vec![function(uploads, Value::Null), bucket])[0]["uid"],
        "//storage.googleapis.com/uploads"
    );

    let trigger = || {
        resource(
            "gcp.eventarc.trigger",
            &format!("//eventarc.googleapis.com/{PLACE}/triggers/t"),
            json!({"trigger": {"transport": {"pubsub": {"subscription": "projects/p/subscriptions/s"}}}}),
        )
    };
    let subscription = |config: Value| {
        resource(
            "gcp.pubsub.subscription",
            "//pubsub.googleapis.com/projects/p/subscriptions/s",
            json!({"subscription": config, "policy": null}),
        )
    };
    let of = |config: Value| {
        known(&project(vec![fed(), trigger(), subscription(config)]), &function_uid(), "dead_letters")
    };
    assert_eq!(of(json!({"deadLetterPolicy": {"deadLetterTopic": "t"}})), true);
    assert_eq!(of(json!({})), false);
    assert_eq!(
        unknown(&project(vec![fed(), trigger()]), &function_uid(), "dead_letters"),
        ["subscription NotCollected"]
    );
    let never = project(vec![function(
        json!({"eventTrigger": {"retryPolicy": "RETRY_POLICY_DO_NOT_RETRY"}}),
        Value::Null,
    )]);
    assert_eq!(known(&never, &function_uid(), "dead_letters"), Value::Null);
    let first = project(vec![first_generation(
        json!({"eventTrigger": {"retryPolicy": "RETRY_POLICY_RETRY"}}),
        Value::Null,
    )]);
    assert_eq!(known(&first, &function_uid(), "dead_letters"), false);
}

#[test]
fn functions_that_are_deployed_as_services_have_a_runtime() {
    let of = |base: &str| {
        let built = service(json!({"buildConfig": {"baseImage": base}}), Value::Null);
        known(&project(vec![built]), &service_uid(), "runtime")
    };
    assert_eq!(of("nodejs16")["deprecated"], true);
    let image = "europe-west1-docker.pkg.dev/serverless-runtimes/google-22/runtimes/python313:latest";
    assert_eq!((&of(image)["name"], &of(image)["deprecated"]), (&json!("python313"), &json!(false)));
    assert_eq!(of(""), Value::Null);
    let plain = project(vec![service(json!({}), Value::Null)]);
    assert_eq!(known(&plain, &service_uid(), "runtime"), Value::Null);
    let hidden = project(vec![unread(service(json!({}), Value::Null), "service")]);
    assert_eq!(unknown(&hidden, &service_uid(), "runtime"), ["service AccessDeniedException"]);
}

#[test]
fn old_revisions_are_those_that_still_answer() {
    let latest = format!("{PLACE}/services/web/revisions/web-00007");
    let with = |traffic: Value, revisions: Value| {
        let mut service = service(json!({"latestReadyRevision": latest, "traffic": traffic}), Value::Null);
        let facet = if revisions.is_null() {
            nephoscope_model::Facet::Absent
        } else {
            nephoscope_model::Facet::Known(revisions)
        };
        service.facets.insert("revisions".to_owned(), facet);
        project(vec![service])
    };
    let all = json!({"revisions": [{"name": format!("{PLACE}/services/web/revisions/web-00001"), "createTime": "2026-01-01T00:00:00Z"}]});
    let of = |traffic: Value| known(&with(traffic, all.clone()), &service_uid(), "old_revisions");
    assert_eq!(of(json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}])), json!([]));
    assert_eq!(of(json!([{"revision": "web-00007", "percent": 100}])), json!([]), "the latest, by name");
    assert_eq!(of(json!([{"revision": "web-00001"}])), json!([]), "neither traffic nor an address");
    assert_eq!(
        of(json!([{"revision": "web-00001", "tag": "old"}])),
        json!([{"revision": "web-00001", "percent": 0, "tag": "old", "created": "2026-01-01T00:00:00Z"}])
    );
    let missing = with(json!([{"revision": "web-00002", "percent": 5}]), all.clone());
    assert_eq!(unknown(&missing, &service_uid(), "old_revisions"), ["revisions Malformed"]);
    let mut denied = service(
        json!({"latestReadyRevision": latest, "traffic": [{"revision": "web-00001", "percent": 5}]}),
        Value::Null,
    );
    denied = unread(denied, "revisions");
    assert_eq!(
        unknown(&project(vec![denied]), &service_uid(), "old_revisions"),
        ["revisions AccessDeniedException"]
    );
}
