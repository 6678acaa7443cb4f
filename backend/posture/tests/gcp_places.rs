//! Repositories, App Engine and API keys of Google Cloud, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod gcp;
#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use gcp::{PLACE, given, project, projectless, resource, service, service_uid};
use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure::{self, Internal, Internet, Unknown};
use serde_json::{Value, json};
use shop::{ACCOUNT, exposure, known, unknown, unread};

#[test]
fn repositories_know_what_runs_from_them() {
    let place = format!("projects/{ACCOUNT}/locations/europe-west1/repositories/app");
    let uid = format!("//artifactregistry.googleapis.com/{place}");
    let repository = |policy: Value| {
        let facets = json!({"repository": {"format": "DOCKER"}, "policy": policy});
        resource("gcp.artifactregistry.repository", &uid, facets)
    };
    let open = repository(given("roles/artifactregistry.reader", "allUsers"));
    let used = project(vec![open, service(json!({}), Value::Null)]);
    assert_eq!(known(&used, &uid, "runs"), json!([service_uid()]));
    assert_eq!(known(&used, &uid, "public_rights")[0]["member"], "allUsers");
    let idle = project(vec![unread(repository(Value::Null), "policy")]);
    assert_eq!(known(&idle, &uid, "runs"), json!([]));
    assert_eq!(unknown(&idle, &uid, "public_rights"), ["policy AccessDeniedException"]);
    assert_eq!(unknown(&idle.unlisted("run"), &uid, "runs"), ["run NotListed"]);

    let outside =
        json!({"template": {"containers": [{"image": "nginx:latest"}, {"image": "gcr.io/shop/web"}]}});
    let shop = project(vec![service(outside, Value::Null)]);
    let foreign = json!([{"image": "nginx:latest", "registry": "docker.io"}]);
    assert_eq!(known(&shop, &service_uid(), "outside_images"), foreign);
    let hidden = project(vec![unread(service(json!({}), Value::Null), "service")]);
    assert_eq!(unknown(&hidden, &service_uid(), "outside_images"), ["service AccessDeniedException"]);
}

#[test]
fn virtual_repositories_prefer_somebody() {
    let name = |name: &str| format!("{PLACE}/repositories/{name}");
    let repository = |short: &str, config: Value| {
        let uid = format!("//artifactregistry.googleapis.com/{}", name(short));
        resource("gcp.artifactregistry.repository", &uid, json!({"repository": config, "policy": null}))
    };
    let virtual_ = |own: i64, public: i64| {
        let upstreams = json!([
            {"repository": name("own"), "priority": own},
            {"repository": name("npmjs"), "priority": public},
        ]);
        let upstreams = json!({ "upstreamPolicies": upstreams });
        repository("all", json!({"mode": "VIRTUAL_REPOSITORY", "virtualRepositoryConfig": upstreams}))
    };
    let uid = format!("//artifactregistry.googleapis.com/{}", name("all"));
    let of = |own: i64, public: i64| {
        let own_packages = repository("own", json!({"mode": "STANDARD_REPOSITORY"}));
        let fetched = repository("npmjs", json!({"mode": "REMOTE_REPOSITORY"}));
        known(&project(vec![own_packages, fetched, virtual_(own, public)]), &uid, "public_first")
    };
    assert_eq!(of(100, 10), json!([]));
    let level = json!([{"repository": name("npmjs"), "priority": 10}]);
    assert_eq!(of(10, 10), level, "level is no preference");
    assert_eq!(of(10, 100), json!([{"repository": name("npmjs"), "priority": 100}]));
    let alone = project(vec![virtual_(100, 10)]);
    assert_eq!(unknown(&alone, &uid, "public_first"), ["upstream NotCollected"]);
}

const APPLICATION: &str = "//appengine.googleapis.com/apps/shop";
const VERSION: &str = "//appengine.googleapis.com/apps/shop/services/default/versions/v1";
const EVERYWHERE: &str = "INGRESS_TRAFFIC_ALLOWED_ALL";

/// An application with one version of one service, which takes requests from where `ingress` says.
fn application(config: Value, rules: Value, ingress: &str) -> Vec<Resource> {
    let facets = json!({"application": config, "firewall": {"ingressRules": rules}});
    let service = json!({"networkSettings": {"ingressTrafficAllowed": ingress}});
    let version = json!({"servingStatus": "SERVING"});
    vec![
        resource("gcp.appengine.application", APPLICATION, facets),
        resource(
            "gcp.appengine.service",
            &format!("{APPLICATION}/services/default"),
            json!({ "service": service }),
        ),
        resource("gcp.appengine.version", VERSION, json!({ "version": version })),
    ]
}

fn of_application(config: Value, rules: Value) -> Exposure {
    exposure(&project(application(config, rules, EVERYWHERE)), APPLICATION)
}

#[test]
fn applications_are_open_until_a_rule_denies() {
    let serving = || json!({"servingStatus": "SERVING"});
    let default = |action: &str| json!([{"priority": 2_147_483_647, "action": action, "sourceRange": "*"}]);
    assert_eq!(of_application(serving(), json!([])), Internet);
    assert_eq!(of_application(serving(), default("ALLOW")), Internet);
    assert_eq!(of_application(serving(), default("DENY")), Internal);
    let earlier = json!([
        {"priority": 2_147_483_647, "action": "ALLOW", "sourceRange": "*"},
        {"priority": 100, "action": "DENY", "sourceRange": "0.0.0.0/0"},
        {"priority": 10, "action": "ALLOW", "sourceRange": "198.51.100.0/24"},
    ]);
    assert_eq!(of_application(serving(), earlier), Internal, "the first rule for every address counts");
    assert_eq!(of_application(json!({"servingStatus": "USER_DISABLED"}), json!([])), Internal);
    let guarded = json!({"servingStatus": "SERVING", "iap": {"enabled": true}});
    assert_eq!(of_application(guarded, json!([])), Unknown, "whom the proxy lets in is not read");

    let inside = application(serving(), json!([]), "INGRESS_TRAFFIC_ALLOWED_INTERNAL_ONLY");
    assert_eq!(exposure(&project(inside), APPLICATION), Internal);
    let mut unclear = application(serving(), json!([]), EVERYWHERE);
    unclear[1] = unread(unclear[1].clone(), "service");
    assert_eq!(unknown(&project(unclear), APPLICATION, "exposure"), ["service AccessDeniedException"]);

    let open = project(application(serving(), json!([]), EVERYWHERE));
    assert_eq!(exposure(&open, VERSION), Internet);
    assert_eq!(known(&open, APPLICATION, "open_firewall"), true);
    let mut hidden = application(serving(), json!([]), EVERYWHERE);
    hidden[0] = unread(hidden[0].clone(), "firewall");
    let hidden = project(hidden);
    assert_eq!(unknown(&hidden, APPLICATION, "exposure"), ["firewall AccessDeniedException"]);
    assert_eq!(unknown(&hidden, VERSION, "exposure"), ["firewall AccessDeniedException"]);
}

#[test]
fn keys_are_counted_and_know_of_models() {
    let uid = "//apikeys.googleapis.com/projects/100200300/locations/global/keys/k";
    let itself = "//cloudresourcemanager.googleapis.com/projects/p";
    let key = || resource("gcp.apikeys.key", uid, json!({"key": {}}));
    let shop = project(vec![key()]);
    assert_eq!(known(&shop, itself, "api_keys"), json!([uid]));
    assert_eq!(known(&shop, uid, "model_api"), false);
    let none = project(Vec::new());
    assert_eq!(known(&none, itself, "api_keys"), json!([]));
    assert_eq!(unknown(&none.unlisted("apikeys"), itself, "api_keys"), ["apikeys NotListed"]);
    assert_eq!(unknown(&projectless(vec![key()]), uid, "model_api"), ["project NotCollected"]);

    let services = json!({"services": [{"name": "projects/1/services/generativelanguage.googleapis.com", "state": "ENABLED"}]});
    let mut modern = projectless(vec![key()]);
    modern.add(vec![resource("gcp.project", itself, json!({ "services": services }))]);
    assert_eq!(known(&modern, uid, "model_api"), true);
}
