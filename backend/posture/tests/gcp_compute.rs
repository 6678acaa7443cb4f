//! Functions, services and gateways of Google Cloud: who reaches them and what is known of them, with a failure beside
//! each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure::{self, CrossAccount, Internal, Internet, Unknown};
use nephoscope_model::{Provider, Region, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{ACCOUNT, Shop, exposure, known, unknown, unread};

const NUMBER: &str = "100200300";
const PLACE: &str = "projects/111122223333/locations/europe-west1";

/// A project with these resources besides itself, in which everything was listed.
fn project(resources: Vec<Resource>) -> Shop {
    with_policy(json!({}), resources)
}

fn with_policy(policy: Value, resources: Vec<Resource>) -> Shop {
    let services =
        json!({"services": [{"name": "projects/1/services/run.googleapis.com", "state": "ENABLED"}]});
    let facets = json!({
        "project": {"name": format!("projects/{NUMBER}"), "projectId": ACCOUNT},
        "policy": policy,
        "ancestors": {"policies": []},
        "services": services,
    });
    let mut all = vec![resource("gcp.project", "//cloudresourcemanager.googleapis.com/projects/p", facets)];
    all.extend(resources);
    let mut shop = Shop::with(all);
    let row = shop.coverage[0].clone();
    let services = [
        "cloudfunctions",
        "run",
        "apigateway",
        "apikeys",
        "appengine",
        "artifactregistry",
        "compute",
        "storage",
        "vpcaccess",
    ];
    let listed = services.map(|service| {
        let mut row = row.clone();
        row.shard.provider = Provider::Gcp;
        row.shard.service = ServiceName::from(service);
        row
    });
    shop.coverage = listed.to_vec();
    shop
}

/// The same without the project itself.
fn projectless(resources: Vec<Resource>) -> Shop {
    let mut shop = project(resources);
    shop.resources.retain(|held| held.resource.kind().as_str() != "gcp.project");
    shop
}

fn resource(kind: &str, uid: &str, facets: Value) -> Resource {
    Resource { provider: Provider::Gcp, region: Region::global(), ..shop::resource(kind, uid, facets) }
}

fn service_uid() -> String {
    format!("//run.googleapis.com/{PLACE}/services/web")
}

fn function_uid() -> String {
    format!("//cloudfunctions.googleapis.com/{PLACE}/functions/web")
}

/// A service with these fields besides its address and its image.
fn service(fields: Value, policy: Value) -> Resource {
    let mut service = json!({
        "ingress": "INGRESS_TRAFFIC_ALL",
        "uri": "https://web-abc.a.run.app",
        "template": {"containers": [{"image": format!("europe-west1-docker.pkg.dev/{ACCOUNT}/app/web:1")}]},
    });
    merge(&mut service, fields);
    resource(
        "gcp.run.service",
        &service_uid(),
        json!({"service": service, "policy": policy, "revisions": null}),
    )
}

/// A function of the second generation above the service, with these fields.
fn function(fields: Value, policy: Value) -> Resource {
    let mut config = json!({
        "environment": "GEN_2",
        "buildConfig": {"runtime": "python37"},
        "serviceConfig": {"service": format!("{PLACE}/services/web"), "ingressSettings": "ALLOW_ALL"},
    });
    merge(&mut config, fields);
    resource("gcp.functions.function", &function_uid(), json!({"config": config, "policy": policy}))
}

fn first_generation(fields: Value, policy: Value) -> Resource {
    let mut config = json!({"environment": "GEN_1", "url": format!("https://europe-west1-{ACCOUNT}.cloudfunctions.net/web")});
    merge(&mut config, fields);
    function(config, policy)
}

fn merge(into: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { return };
    for (name, value) in fields {
        match into.get_mut(&name) {
            Some(old) if old.is_object() && value.is_object() => merge(old, value),
            _ => into[name] = value,
        }
    }
}

fn given(role: &str, member: &str) -> Value {
    json!({"bindings": [{"role": role, "members": [member]}]})
}

fn invoker(member: &str) -> Value {
    given("roles/run.invoker", member)
}

#[test]
fn a_service_is_as_open_as_its_policy() {
    let of = |fields: Value, policy: Value| exposure(&project(vec![service(fields, policy)]), &service_uid());
    assert_eq!(of(json!({}), invoker("allUsers")), Internet);
    assert_eq!(of(json!({}), invoker("allAuthenticatedUsers")), CrossAccount);
    assert_eq!(of(json!({}), invoker("serviceAccount:ci@other.iam.gserviceaccount.com")), CrossAccount);
    assert_eq!(
        of(json!({}), invoker("serviceAccount:100200300-compute@developer.gserviceaccount.com")),
        Internal
    );
    assert_eq!(of(json!({}), invoker("user:jane@example.com")), Internal);
    assert_eq!(of(json!({}), Value::Null), Internal);
    assert_eq!(of(json!({}), given("roles/run.viewer", "allUsers")), Internal, "who looks does not call");
    assert_eq!(of(json!({}), given("roles/run.admin", "allUsers")), Internet, "who changes it, calls it");
    assert_eq!(of(json!({"invokerIamDisabled": true}), Value::Null), Internet);
    assert_eq!(
        of(json!({"iapEnabled": true}), invoker("allUsers")),
        Unknown,
        "whom the proxy lets in is not read"
    );

    let closed = json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"});
    assert_eq!(of(closed.clone(), invoker("allUsers")), Internal);
    let hidden = project(vec![unread(service(closed, Value::Null), "policy")]);
    assert_eq!(exposure(&hidden, &service_uid()), Internal, "nobody comes in, whatever the policy says");

    let unclear = project(vec![unread(service(json!({}), Value::Null), "policy")]);
    assert_eq!(exposure(&unclear, &service_uid()), Unknown);
    assert_eq!(unknown(&unclear, &service_uid(), "exposure"), ["policy AccessDeniedException"]);
    assert_eq!(unknown(&unclear, &service_uid(), "invokers"), ["policy AccessDeniedException"]);
    let open = project(vec![unread(service(json!({"invokerIamDisabled": true}), Value::Null), "policy")]);
    assert_eq!(
        exposure(&open, &service_uid()),
        Internet,
        "a switch that asks nobody outweighs what was not read"
    );
}

#[test]
fn what_the_project_gives_holds_for_everything_in_it() {
    let stranger = || invoker("serviceAccount:ci@other.iam.gserviceaccount.com");
    let inherited = with_policy(stranger(), vec![service(json!({}), Value::Null)]);
    assert_eq!(exposure(&inherited, &service_uid()), CrossAccount);
    assert_eq!(known(&inherited, &service_uid(), "invokers"), json!([]), "its own policy lets nobody in");

    let alone = projectless(vec![service(json!({}), Value::Null)]);
    assert_eq!(unknown(&alone, &service_uid(), "exposure"), ["project NotCollected"]);
    assert_eq!(known(&alone, &service_uid(), "invokers"), json!([]), "a project never lets everybody in");
}

#[test]
fn a_role_that_is_nobodys_standard_is_looked_up() {
    let role = |permission: &str| {
        let uid = format!("//iam.googleapis.com/projects/{ACCOUNT}/roles/caller");
        resource("gcp.iam.role", &uid, json!({"role": {"includedPermissions": [permission]}}))
    };
    let own = format!("projects/{ACCOUNT}/roles/caller");
    let of = |resources: Vec<Resource>| exposure(&project(resources), &service_uid());
    let open = || service(json!({}), given(&own, "allUsers"));
    assert_eq!(of(vec![open(), role("run.routes.invoke")]), Internet);
    assert_eq!(of(vec![open(), role("run.services.get")]), Internal);
    assert_eq!(of(vec![open()]), Unknown);
    assert_eq!(
        of(vec![service(json!({}), given(&own, "user:jane@example.com"))]),
        Internal,
        "no stranger has it"
    );
}

/// An endpoint group for the service, and a backend of this scheme before it.
fn balancer(scheme: &str, fields: Value) -> Vec<Resource> {
    let link = |kind: &str, name: &str| {
        format!("https://www.googleapis.com/compute/v1/projects/{ACCOUNT}/regions/europe-west1/{kind}/{name}")
    };
    let group = json!({
        "selfLink": link("networkEndpointGroups", "web"),
        "region": format!("https://www.googleapis.com/compute/v1/projects/{ACCOUNT}/regions/europe-west1"),
        "networkEndpointType": "SERVERLESS",
        "cloudRun": {"service": "web"},
    });
    let mut backend =
        json!({"loadBalancingScheme": scheme, "backends": [{"group": link("networkEndpointGroups", "web")}]});
    merge(&mut backend, fields);
    vec![
        resource("gcp.compute.endpointgroup", "//compute.googleapis.com/g", json!({ "group": group })),
        resource("gcp.compute.backendservice", "//compute.googleapis.com/b", json!({ "backend": backend })),
    ]
}

#[test]
fn load_balancers_open_what_lets_them_in() {
    let balanced =
        || service(json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}), invoker("allUsers"));
    let of = |mut resources: Vec<Resource>, service: Resource| {
        resources.push(service);
        exposure(&project(resources), &service_uid())
    };
    assert_eq!(of(balancer("EXTERNAL_MANAGED", json!({})), balanced()), Internet);
    assert_eq!(of(balancer("INTERNAL_MANAGED", json!({})), balanced()), Internal);
    assert_eq!(of(balancer("EXTERNAL", json!({"iap": {"enabled": true}})), balanced()), Unknown);
    assert_eq!(of(Vec::new(), balanced()), Internal, "no load balancer leads to it");
    let hidden = service(json!({"defaultUriDisabled": true}), invoker("allUsers"));
    assert_eq!(of(Vec::new(), hidden), Internal, "it has no address");
    let unlisted = project(vec![balanced()]).unlisted("compute");
    assert_eq!(unknown(&unlisted, &service_uid(), "exposure"), ["compute NotListed"]);
}

#[test]
fn firewalls_know_what_they_protect() {
    let link =
        format!("https://www.googleapis.com/compute/v1/projects/{ACCOUNT}/global/securityPolicies/edge");
    let firewall = resource(
        "gcp.compute.securitypolicy",
        "//compute.googleapis.com/f",
        json!({"firewall": {"selfLink": link}}),
    );
    let mut resources = balancer("EXTERNAL_MANAGED", json!({ "securityPolicy": link }));
    resources.extend([firewall.clone(), service(json!({}), Value::Null)]);
    let shop = project(resources);
    assert_eq!(known(&shop, "//compute.googleapis.com/f", "protects"), json!(["//compute.googleapis.com/b"]));
    let behind = json!([{"product": "run", "region": "europe-west1", "name": "web"}]);
    assert_eq!(known(&shop, "//compute.googleapis.com/b", "serverless"), behind);
    assert_eq!(
        known(&shop, &service_uid(), "fronts"),
        json!([{"uid": "//compute.googleapis.com/b", "firewall": link}])
    );

    let alone = project(vec![firewall, service(json!({}), Value::Null)]);
    assert_eq!(known(&alone, "//compute.googleapis.com/f", "protects"), json!([]));
    let unlisted = alone.unlisted("compute");
    assert_eq!(unknown(&unlisted, "//compute.googleapis.com/f", "protects"), ["compute NotListed"]);
    assert_eq!(unknown(&unlisted, &service_uid(), "fronts"), ["compute NotListed"]);
}

#[test]
fn a_function_is_called_through_the_service_beneath() {
    let pair = |fields: Value, policy: Value| {
        project(vec![service(fields, policy), function(json!({}), Value::Null)])
    };
    let open = pair(json!({}), invoker("allUsers"));
    assert_eq!(exposure(&open, &function_uid()), Internet);
    assert_eq!(known(&open, &function_uid(), "invokers")[0]["on"], "service");
    assert_eq!(known(&open, &function_uid(), "invoker_check"), true);
    assert_eq!(known(&open, &service_uid(), "of_function"), json!(function_uid()));
    let unguarded = pair(json!({"invokerIamDisabled": true}), Value::Null);
    assert_eq!(known(&unguarded, &function_uid(), "invoker_check"), false);
    assert_eq!(exposure(&unguarded, &function_uid()), Internet);
    let closed = pair(json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}), invoker("allUsers"));
    assert_eq!(exposure(&closed, &function_uid()), Internal);

    let alone = project(vec![function(json!({}), invoker("allUsers"))]);
    assert_eq!(exposure(&alone, &function_uid()), Internal, "where no service is, nothing answers");
    let unlisted = alone.unlisted("run");
    assert_eq!(unknown(&unlisted, &function_uid(), "exposure"), ["run NotListed"]);
    assert_eq!(unknown(&unlisted, &function_uid(), "invoker_check"), ["run NotListed"]);
}

#[test]
fn the_first_generation_has_a_policy_of_its_own() {
    let of = |fields: Value, policy: Value| {
        exposure(&project(vec![first_generation(fields, policy)]), &function_uid())
    };
    let anybody = || given("roles/cloudfunctions.invoker", "allUsers");
    assert_eq!(of(json!({}), anybody()), Internet);
    assert_eq!(of(json!({}), Value::Null), Internal);
    assert_eq!(of(json!({"serviceConfig": {"ingressSettings": "ALLOW_INTERNAL_ONLY"}}), anybody()), Internal);
    assert_eq!(
        of(json!({"serviceConfig": {"ingressSettings": "ALLOW_INTERNAL_AND_GCLB"}}), anybody()),
        Internal
    );
    let waits = json!({"eventTrigger": {"eventType": "google.pubsub.topic.publish"}});
    assert_eq!(of(waits, anybody()), Internal, "an event function has no address");
    let hidden = project(vec![unread(first_generation(json!({}), Value::Null), "policy")]);
    assert_eq!(unknown(&hidden, &function_uid(), "exposure"), ["policy AccessDeniedException"]);
}

#[test]
fn what_everybody_may_do_beyond_calling() {
    let of = |on_function: Value, on_service: Value| {
        let shop = project(vec![service(json!({}), on_service), function(json!({}), on_function)]);
        known(&shop, &function_uid(), "public_rights")
    };
    assert_eq!(of(Value::Null, invoker("allUsers")), json!([]), "calling is not counted");
    assert_eq!(of(given("roles/cloudfunctions.developer", "allUsers"), Value::Null)[0]["on"], "function");
    assert_eq!(of(Value::Null, given("roles/run.viewer", "allAuthenticatedUsers"))[0]["on"], "service");
    let hidden = unread(function(json!({}), Value::Null), "policy");
    let unclear = project(vec![service(json!({}), Value::Null), hidden.clone()]);
    assert_eq!(unknown(&unclear, &function_uid(), "public_rights"), ["policy AccessDeniedException"]);
    let witness = project(vec![service(json!({}), given("roles/run.admin", "allUsers")), hidden]);
    assert_eq!(known(&witness, &function_uid(), "public_rights")[0]["role"], "roles/run.admin");
}

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

const CONFIG: &str =
    "//apigateway.googleapis.com/projects/111122223333/locations/global/apis/edge/configs/v1";
const GATEWAY: &str =
    "//apigateway.googleapis.com/projects/111122223333/locations/europe-west1/gateways/edge";

fn config(document: Value) -> Resource {
    let documents = json!({"documents": [{"path": "openapi.yaml", "document": document}]});
    resource("gcp.apigateway.config", CONFIG, json!({"config": {}, "openapi": documents}))
}

fn gateway() -> Resource {
    // Google names the project by its number here and by its id there.
    let served = "projects/100200300/locations/global/apis/edge/configs/v1";
    resource("gcp.apigateway.gateway", GATEWAY, json!({"gateway": {"apiConfig": served}, "policy": null}))
}

/// A document with one GET before the service, locked by these schemes.
fn locked(security: Value) -> Value {
    let backend = json!({"address": "https://web-abc.a.run.app/orders"});
    let get = json!({"security": security, "x-google-backend": backend});
    json!({
        "swagger": "2.0",
        "paths": {"/orders": {"get": get, "options": {"security": []}}},
        "security": [{"users": []}],
        "securityDefinitions": {
            "key": {"type": "apiKey", "name": "key", "in": "query"},
            "users": {"type": "oauth2", "x-google-issuer": "https://issuer.example"},
            "google": {"type": "oauth2", "x-google-issuer": "https://accounts.google.com"},
        },
    })
}

#[test]
fn operations_are_open_locked_or_keyed() {
    let of = |security: Value, name: &str| {
        known(&project(vec![config(locked(security)), gateway()]), CONFIG, name)
    };
    let get = json!([{"path": "/orders", "method": "GET", "backend": "https://web-abc.a.run.app/orders"}]);
    assert_eq!(of(json!([]), "open_operations"), get, "and the preflight does not count");
    assert_eq!(
        of(json!([{"users": []}, {}]), "open_operations"),
        get,
        "an empty alternative asks for nothing"
    );
    for security in [json!([{"key": []}]), json!([{"users": []}]), json!([{"users": [], "key": []}])] {
        assert_eq!(of(security, "open_operations"), json!([]));
    }
    assert_eq!(of(json!([{"key": []}]), "key_only_operations"), get);
    assert_eq!(of(json!([{"users": [], "key": []}]), "key_only_operations"), json!([]));
    assert_eq!(
        of(json!([{"google": []}]), "shared_issuers"),
        json!([{"scheme": "google", "issuer": "https://accounts.google.com"}])
    );
    assert_eq!(of(json!([{"users": []}]), "shared_issuers"), json!([]));
    assert_eq!(of(json!([]), "gateways"), json!([GATEWAY]));

    let mut inherits = locked(json!([]));
    inherits["paths"]["/orders"]["get"].as_object_mut().unwrap().remove("security");
    let shop = project(vec![config(inherits), gateway()]);
    assert_eq!(known(&shop, CONFIG, "open_operations"), json!([]), "what the document asks for in general");

    let unheard = project(vec![config(locked(json!([{"unheard": []}]))), gateway()]);
    assert_eq!(unknown(&unheard, CONFIG, "open_operations"), ["openapi Malformed"]);
    let hidden = project(vec![unread(config(json!({})), "openapi"), gateway()]);
    assert_eq!(unknown(&hidden, CONFIG, "key_only_operations"), ["openapi AccessDeniedException"]);
    let idle = project(vec![config(locked(json!([])))]);
    assert_eq!(known(&idle, CONFIG, "gateways"), json!([]));
    assert_eq!(unknown(&idle.unlisted("apigateway"), CONFIG, "gateways"), ["apigateway NotListed"]);
}

#[test]
fn backends_quotas_and_version_three() {
    let of = |document: Value, name: &str| known(&project(vec![config(document), gateway()]), CONFIG, name);
    assert_eq!(of(locked(json!([])), "unsigned_backends"), json!([]));
    let mut silent = locked(json!([]));
    silent["paths"]["/orders"]["get"]["x-google-backend"]["disable_auth"] = json!(true);
    assert_eq!(of(silent, "unsigned_backends")[0]["path"], "/orders");
    let mut plain = locked(json!([]));
    plain["paths"]["/orders"]["get"]["x-google-backend"]["address"] = json!("HTTP://web.example");
    assert_eq!(of(plain, "unsigned_backends")[0]["backend"], "HTTP://web.example");

    assert_eq!(of(locked(json!([])), "quota"), false);
    let mut limited = locked(json!([]));
    limited["x-google-management"] = json!({"quota": {"limits": [{"name": "reads"}]}});
    assert_eq!(of(limited, "quota"), true);
    let grpc = resource("gcp.apigateway.config", CONFIG, json!({"config": {}, "openapi": null}));
    assert_eq!(known(&project(vec![grpc, gateway()]), CONFIG, "quota"), Value::Null);

    let third = json!({
        "openapi": "3.0.4",
        "paths": {"/a": {"post": {"security": [{"google": []}], "x-google-backend": "web"}}},
        "components": {"securitySchemes": {"google": {"type": "oauth2", "x-google-auth": {"issuer": "https://accounts.google.com"}}}},
        "x-google-api-management": {"backends": {"web": {"address": "https://web.example", "disableAuth": true}}},
    });
    assert_eq!(of(third.clone(), "shared_issuers")[0]["scheme"], "google");
    assert_eq!(of(third.clone(), "unsigned_backends")[0]["method"], "POST");
    let mut dangling = third;
    dangling["paths"]["/a"]["post"]["x-google-backend"] = json!("unheard");
    let broken = project(vec![config(dangling), gateway()]);
    assert_eq!(unknown(&broken, CONFIG, "unsigned_backends"), ["openapi Malformed"]);
}

#[test]
fn strangers_come_through_open_operations() {
    let private =
        || service(json!({}), invoker("serviceAccount:gateway@111122223333.iam.gserviceaccount.com"));
    let of = |resources: Vec<Resource>, uid: &str| exposure(&project(resources), uid);
    let open = || vec![private(), config(locked(json!([]))), gateway()];
    for uid in [CONFIG, GATEWAY, &service_uid()] {
        assert_eq!(of(open(), uid), Internet, "{uid}");
    }
    let locked_up = || vec![private(), config(locked(json!([{"users": []}]))), gateway()];
    for uid in [CONFIG, GATEWAY, &service_uid()] {
        assert_eq!(of(locked_up(), uid), Internal, "{uid}");
    }
    assert_eq!(
        of(vec![private(), config(locked(json!([])))], &service_uid()),
        Internal,
        "no gateway serves it"
    );
    let above = vec![private(), function(json!({}), Value::Null), config(locked(json!([]))), gateway()];
    assert_eq!(of(above, &function_uid()), Internet, "what is beneath a function is the function");

    let hidden = vec![private(), unread(config(json!({})), "openapi"), gateway()];
    assert_eq!(of(hidden, &service_uid()), Unknown);
    let nobody = vec![service(json!({}), Value::Null), unread(config(json!({})), "openapi"), gateway()];
    assert_eq!(of(nobody, &service_uid()), Internal, "no gateway is let in");
}

#[test]
fn backends_can_be_called_past_the_gateway() {
    let of = |policy: Value| {
        known(
            &project(vec![service(json!({}), policy), config(locked(json!([]))), gateway()]),
            CONFIG,
            "open_backends",
        )
    };
    assert_eq!(of(invoker("allUsers")), json!([service_uid()]));
    assert_eq!(
        of(invoker("serviceAccount:gateway@111122223333.iam.gserviceaccount.com")),
        json!([]),
        "the gateway itself does not count"
    );
    let elsewhere = project(vec![config(locked(json!([]))), gateway()]);
    assert_eq!(known(&elsewhere, CONFIG, "open_backends"), json!([]), "another project's");
    assert_eq!(unknown(&elsewhere.unlisted("run"), CONFIG, "open_backends"), ["run NotListed"]);
    let hidden = unread(service(json!({}), Value::Null), "policy");
    let unclear = project(vec![hidden, config(locked(json!([]))), gateway()]);
    assert_eq!(unknown(&unclear, CONFIG, "open_backends"), ["policy AccessDeniedException"]);
}

#[test]
fn repositories_know_what_runs_from_them() {
    let uid = format!(
        "//artifactregistry.googleapis.com/projects/{ACCOUNT}/locations/europe-west1/repositories/app"
    );
    let repository = |policy: Value| {
        resource(
            "gcp.artifactregistry.repository",
            &uid,
            json!({"repository": {"format": "DOCKER"}, "policy": policy}),
        )
    };
    let used = project(vec![
        repository(given("roles/artifactregistry.reader", "allUsers")),
        service(json!({}), Value::Null),
    ]);
    assert_eq!(known(&used, &uid, "runs"), json!([service_uid()]));
    assert_eq!(known(&used, &uid, "public_rights")[0]["member"], "allUsers");
    let idle = project(vec![unread(repository(Value::Null), "policy")]);
    assert_eq!(known(&idle, &uid, "runs"), json!([]));
    assert_eq!(unknown(&idle, &uid, "public_rights"), ["policy AccessDeniedException"]);
    assert_eq!(unknown(&idle.unlisted("run"), &uid, "runs"), ["run NotListed"]);

    let outside =
        json!({"template": {"containers": [{"image": "nginx:latest"}, {"image": "gcr.io/shop/web"}]}});
    let shop = project(vec![service(outside, Value::Null)]);
    assert_eq!(
        known(&shop, &service_uid(), "outside_images"),
        json!([{"image": "nginx:latest", "registry": "docker.io"}])
    );
}

#[test]
fn virtual_repositories_prefer_somebody() {
    let name = |name: &str| format!("{PLACE}/repositories/{name}");
    let repository = |short: &str, config: Value| {
        resource(
            "gcp.artifactregistry.repository",
            &format!("//artifactregistry.googleapis.com/{}", name(short)),
            json!({"repository": config, "policy": null}),
        )
    };
    let virtual_ = |own: i64, public: i64| {
        let upstreams = json!([{"repository": name("own"), "priority": own}, {"repository": name("npmjs"), "priority": public}]);
        repository(
            "all",
            json!({"mode": "VIRTUAL_REPOSITORY", "virtualRepositoryConfig": {"upstreamPolicies": upstreams}}),
        )
    };
    let behind = || {
        vec![
            repository("own", json!({"mode": "STANDARD_REPOSITORY"})),
            repository("npmjs", json!({"mode": "REMOTE_REPOSITORY"})),
        ]
    };
    let uid = format!("//artifactregistry.googleapis.com/{}", name("all"));
    let of = |own: i64, public: i64| {
        let mut resources = behind();
        resources.push(virtual_(own, public));
        known(&project(resources), &uid, "public_first")
    };
    assert_eq!(of(100, 10), json!([]));
    assert_eq!(of(10, 10), json!([{"repository": name("npmjs"), "priority": 10}]), "level is no preference");
    assert_eq!(of(10, 100), json!([{"repository": name("npmjs"), "priority": 100}]));
    assert_eq!(unknown(&project(vec![virtual_(100, 10)]), &uid, "public_first"), ["upstream NotCollected"]);
}

const APPLICATION: &str = "//appengine.googleapis.com/apps/shop";
const VERSION: &str = "//appengine.googleapis.com/apps/shop/services/default/versions/v1";

/// An application with one version of one service, which takes requests from where `ingress` says.
fn application(config: Value, rules: Value, ingress: &str) -> Vec<Resource> {
    let firewall = json!({"ingressRules": rules});
    let service = json!({"networkSettings": {"ingressTrafficAllowed": ingress}});
    let version = json!({"servingStatus": "SERVING"});
    vec![
        resource(
            "gcp.appengine.application",
            APPLICATION,
            json!({"application": config, "firewall": firewall}),
        ),
        resource(
            "gcp.appengine.service",
            &format!("{APPLICATION}/services/default"),
            json!({ "service": service }),
        ),
        resource("gcp.appengine.version", VERSION, json!({ "version": version })),
    ]
}

const EVERYWHERE: &str = "INGRESS_TRAFFIC_ALLOWED_ALL";

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
    assert_eq!(of_application(guarded, json!([])), Unknown);

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
    let key = || resource("gcp.apikeys.key", uid, json!({"key": {}}));
    let shop = project(vec![key()]);
    let itself = "//cloudresourcemanager.googleapis.com/projects/p";
    assert_eq!(known(&shop, itself, "api_keys"), json!([uid]));
    assert_eq!(known(&shop, uid, "model_api"), false);
    let none = project(Vec::new());
    assert_eq!(known(&none, itself, "api_keys"), json!([]));
    assert_eq!(unknown(&none.unlisted("apikeys"), itself, "api_keys"), ["apikeys NotListed"]);
    assert_eq!(unknown(&projectless(vec![key()]), uid, "model_api"), ["project NotCollected"]);
}
