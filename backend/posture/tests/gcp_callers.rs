//! Who reaches functions and services of Google Cloud, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod gcp;
#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use gcp::{
    first_generation, function, function_uid, given, invoker, merge, project, projectless, resource, service,
    service_uid, with_policy,
};
use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure::{CrossAccount, Internal, Internet, Unknown};
use serde_json::{Value, json};
use shop::{ACCOUNT, exposure, known, unknown, unread};

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
        resource(
            "gcp.compute.endpointgroup",
            &link("networkEndpointGroups", "web")
                .replace("https://www.googleapis.com/compute/v1", "//compute.googleapis.com"),
            json!({ "group": group }),
        ),
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
    let groups = |scheme: &str| {
        let mut resources = balancer(scheme, json!({}));
        resources[0] = unread(resources[0].clone(), "group");
        resources
    };
    assert_eq!(of(groups("EXTERNAL"), balanced()), Unknown, "what is behind it could not be read");
    assert_eq!(of(groups("INTERNAL_MANAGED"), balanced()), Internal, "whatever is behind it");
    let mut witness = balancer("EXTERNAL", json!({}));
    let other = resource("gcp.compute.backendservice", "//compute.googleapis.com/c", json!({"backend": {}}));
    witness.push(unread(other, "backend"));
    assert_eq!(of(witness, balanced()), Internet, "one witness suffices");
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

    let hidden = |kind: &str, facet: &str| {
        let mut resources = balancer("EXTERNAL_MANAGED", json!({ "securityPolicy": link }));
        resources.extend([firewall.clone(), service(json!({}), Value::Null)]);
        let hide = |resource: Resource| match resource.kind.as_str() == kind {
            true => unread(resource, facet),
            false => resource,
        };
        project(resources.into_iter().map(hide).collect())
    };
    for (kind, facet) in [("gcp.compute.endpointgroup", "group"), ("gcp.compute.backendservice", "backend")] {
        let shop = hidden(kind, facet);
        let reason = [format!("{facet} AccessDeniedException")];
        assert_eq!(unknown(&shop, "//compute.googleapis.com/f", "protects"), reason);
        assert_eq!(unknown(&shop, "//compute.googleapis.com/b", "serverless"), reason);
        assert_eq!(unknown(&shop, &service_uid(), "fronts"), reason);
    }

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
fn whether_a_service_is_beneath_a_function_takes_every_function() {
    let labelled = || {
        let mut service = service(json!({}), Value::Null);
        service.tags.insert("goog-managed-by".to_owned(), "cloudfunctions".to_owned());
        service
    };
    let hidden = || unread(function(json!({}), Value::Null), "config");
    let plain = || service(json!({}), Value::Null);
    let of = "of_function";
    assert_eq!(known(&project(vec![plain()]), &service_uid(), of), Value::Null);
    assert_eq!(known(&project(vec![labelled()]), &service_uid(), of), Value::Null, "no function names it");
    let unread = project(vec![plain(), hidden()]);
    assert_eq!(unknown(&unread, &service_uid(), of), ["config AccessDeniedException"]);
    let unlisted = project(vec![plain()]).unlisted("cloudfunctions");
    assert_eq!(unknown(&unlisted, &service_uid(), of), ["cloudfunctions NotListed"]);
    assert_eq!(known(&project(vec![labelled(), hidden()]), &service_uid(), of), "cloudfunctions");
    let unlisted = project(vec![labelled()]).unlisted("cloudfunctions");
    assert_eq!(known(&unlisted, &service_uid(), of), "cloudfunctions");
}

#[test]
fn whose_a_default_account_is_takes_the_number_of_the_project() {
    let policy = || invoker("serviceAccount:900-compute@developer.gserviceaccount.com");
    assert_eq!(exposure(&project(vec![service(json!({}), policy())]), &service_uid()), CrossAccount);
    let numberless = projectless(vec![service(json!({}), policy())]);
    assert!(unknown(&numberless, &service_uid(), "exposure").contains(&"project NotCollected".to_owned()));
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
