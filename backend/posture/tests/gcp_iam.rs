//! What service accounts of Google Cloud may do, and who else may change what they run, with a failure beside each
//! success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::{Provider, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{ACCOUNT, Shop, known, resource, unknown, unread};

const NUMBER: &str = "100200300";

/// A project with these resources besides itself, in which everything was listed.
fn project(policy: Value, resources: Vec<Resource>) -> Shop {
    with_project(itself(policy), resources)
}

fn with_project(itself: Resource, resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    shop.add(vec![itself]);
    let row = shop.coverage[0].clone();
    let services = ["cloudfunctions", "run", "iam", "cloudresourcemanager"];
    shop.coverage = services
        .map(|service| {
            let mut row = row.clone();
            row.shard.provider = Provider::Gcp;
            row.shard.service = ServiceName::from(service);
            row
        })
        .to_vec();
    shop
}

fn itself(policy: Value) -> Resource {
    let facets = json!({
        "project": {"name": format!("projects/{NUMBER}"), "projectId": ACCOUNT, "parent": "folders/1"},
        "policy": policy,
        "ancestors": {"policies": [{"resource": "folders/1", "policy": {}}, {"resource": "organizations/2", "policy": {}}]},
        "deny": null,
    });
    resource("gcp.project", &format!("//cloudresourcemanager.googleapis.com/projects/{ACCOUNT}"), facets)
}

fn email(name: &str) -> String {
    format!("{name}@{ACCOUNT}.iam.gserviceaccount.com")
}

fn member(name: &str) -> String {
    format!("serviceAccount:{}", email(name))
}

fn account_uid(email: &str) -> String {
    format!("//iam.googleapis.com/projects/{ACCOUNT}/serviceAccounts/{email}")
}

fn account(name: &str, policy: Value) -> Resource {
    let email = email(name);
    let facets = json!({"account": {"email": email}, "policy": policy, "keys": null});
    resource("gcp.iam.serviceaccount", &account_uid(&email), facets)
}

fn function_uid(name: &str) -> String {
    format!("//cloudfunctions.googleapis.com/projects/{ACCOUNT}/locations/europe-west1/functions/{name}")
}

fn function(name: &str, config: Value) -> Resource {
    let facets = json!({
        "config": {"environment": "GEN_2", "buildConfig": {"runtime": "python312"}, "serviceConfig": config},
        "policy": null,
    });
    resource("gcp.functions.function", &function_uid(name), facets)
}

fn running_as(name: &str, account: &str) -> Resource {
    function(name, json!({"serviceAccountEmail": email(account)}))
}

fn role(name: &str, permissions: &[&str]) -> Resource {
    let facets = json!({"role": {"name": name, "includedPermissions": permissions}});
    resource("gcp.iam.role", &format!("//iam.googleapis.com/{name}"), facets)
}

fn bindings(role: &str, members: &[&str]) -> Value {
    json!({"bindings": [{"role": role, "members": members}]})
}

fn orders_with(policy: Value) -> Shop {
    project(policy, vec![account("orders", Value::Null), running_as("orders", "orders")])
}

fn of_orders(shop: &Shop, fact: &str) -> Value {
    known(shop, &account_uid(&email("orders")), fact)
}

#[test]
fn basic_roles_are_found_in_the_project_and_above_it() {
    let editor = bindings("roles/editor", &[&member("orders")]);
    let shop = orders_with(editor.clone());
    let expected = json!([{"role": "roles/editor", "scope": format!("projects/{ACCOUNT}")}]);
    assert_eq!(of_orders(&shop, "basic_roles"), expected);
    assert_eq!(of_orders(&shop, "privileged"), json!(true));
    assert_eq!(of_orders(&shop, "functions"), json!([function_uid("orders")]));

    let mut above = itself(json!({}));
    let ancestors = json!({"policies": [{"resource": "organizations/2", "policy": editor}]});
    above.facets.insert("ancestors".to_owned(), nephoscope_model::Facet::Known(ancestors));
    let shop = with_project(above, vec![account("orders", Value::Null)]);
    assert_eq!(of_orders(&shop, "basic_roles")[0]["scope"], "organizations/2");

    let nothing = orders_with(bindings("roles/viewer", &[&member("orders")]));
    assert_eq!(of_orders(&nothing, "basic_roles"), json!([]));
    assert_eq!(of_orders(&nothing, "privileged"), json!(false));
}

#[test]
fn that_there_is_no_role_takes_every_policy_up_to_the_organisation() {
    let uid = account_uid(&email("orders"));
    let hidden = |policy: Value| {
        with_project(unread(itself(policy), "ancestors"), vec![account("orders", Value::Null)])
    };
    let shop = hidden(json!({}));
    for fact in ["basic_roles", "escalations", "privileged", "grants", "impersonates"] {
        assert!(!unknown(&shop, &uid, fact).is_empty(), "{fact}");
    }
    let witness = hidden(bindings("roles/owner", &[&member("orders")]));
    assert_eq!(known(&witness, &uid, "privileged"), json!(true), "one witness suffices");
    let alone = Shop::with(vec![account("orders", Value::Null)]);
    assert!(!unknown(&with_coverage_of_gcp(alone), &uid, "basic_roles").is_empty(), "no project");
}

fn with_coverage_of_gcp(mut shop: Shop) -> Shop {
    for row in &mut shop.coverage {
        row.shard.provider = Provider::Gcp;
    }
    shop
}

#[test]
fn ways_are_open_where_all_of_their_permissions_are_held_on_the_whole_project() {
    let custom = "projects/shop/roles/deployer";
    let held = |permissions: &[&str], policy: Value| {
        project(policy, vec![account("orders", Value::Null), role(custom, permissions)])
    };
    let both = ["run.services.update", "iam.serviceAccounts.actAs"];
    let bound = bindings(custom, &[&member("orders")]);
    assert_eq!(of_orders(&held(&both, bound.clone()), "escalations"), json!(["run-services-update"]));
    assert_eq!(of_orders(&held(&both[..1], bound.clone()), "escalations"), json!([]));

    let mut conditional = bound.clone();
    conditional["bindings"][0]["condition"] =
        json!({"expression": "request.time < timestamp('2027-01-01T00:00:00Z')"});
    assert_eq!(of_orders(&held(&both, conditional), "escalations"), json!([]), "not for all and ever");

    let hidden = bindings(&format!("{custom}_withcond_1a2b3c"), &[&member("orders")]);
    assert_eq!(of_orders(&held(&both, hidden), "escalations"), json!([]), "a condition that was not shown");

    let unread_role = orders_with(bound);
    let reasons = unknown(&unread_role, &account_uid(&email("orders")), "escalations");
    assert_eq!(reasons, ["projects/shop/roles/deployer NotCollected"]);
    assert_eq!(of_orders(&unread_role, "grants")[0]["permissions"], Value::Null);
    assert_eq!(of_orders(&unread_role, "basic_roles"), json!([]), "basic roles go by their name");
}

#[test]
fn what_a_deny_policy_takes_back_is_not_held() {
    let creator = bindings("roles/iam.serviceAccountTokenCreator", &[&member("orders")]);
    let denied = |rule: Value| {
        let mut itself = itself(creator.clone());
        let deny = json!({"policies": [{"rules": [{"denyRule": rule}]}]});
        itself.facets.insert("deny".to_owned(), nephoscope_model::Facet::Known(deny));
        with_project(itself, vec![account("orders", Value::Null)])
    };
    let open = orders_with(creator.clone());
    assert_eq!(of_orders(&open, "impersonates").as_array().unwrap().len(), 5);
    let all = json!({"deniedPrincipals": ["principalSet://goog/public:all"], "deniedPermissions": ["iam.googleapis.com/serviceAccounts.*"]});
    assert_eq!(of_orders(&denied(all.clone()), "impersonates"), json!([]));
    let mut excepted = all.clone();
    let own = format!("principal://iam.googleapis.com/projects/-/serviceAccounts/{}", email("orders"));
    excepted["exceptionPrincipals"] = json!([own]);
    assert_eq!(of_orders(&denied(excepted), "impersonates").as_array().unwrap().len(), 5);
    let mut conditional = all;
    conditional["denialCondition"] = json!({"expression": "true"});
    assert_eq!(of_orders(&denied(conditional), "impersonates").as_array().unwrap().len(), 5);
}

#[test]
fn roles_on_one_resource_are_not_roles_on_all() {
    let reader = bindings("roles/secretmanager.secretAccessor", &[&member("orders")]);
    let uid = format!("//secretmanager.googleapis.com/projects/{ACCOUNT}/secrets/database");
    let secret = resource("gcp.secretmanager.secret", &uid, json!({"secret": {}, "policy": reader.clone()}));
    let narrow = project(json!({}), vec![account("orders", Value::Null), secret]);
    assert_eq!(of_orders(&narrow, "reads_secrets"), json!([]));
    assert_eq!(of_orders(&narrow, "grants")[0]["scope"], uid);
    let wide = orders_with(reader);
    let expected = json!([{"permission": "secretmanager.versions.access", "role": "roles/secretmanager.secretAccessor", "scope": format!("projects/{ACCOUNT}")}]);
    assert_eq!(of_orders(&wide, "reads_secrets"), expected);
}

#[test]
fn each_power_has_the_role_that_gives_it() {
    for (role, fact) in [
        ("roles/logging.configWriter", "silences_logs"),
        ("roles/deploymentmanager.editor", "deploys"),
        ("roles/storage.objectAdmin", "rules_buckets"),
        ("roles/iam.serviceAccountUser", "impersonates"),
    ] {
        let shop = orders_with(bindings(role, &[&member("orders")]));
        assert!(!of_orders(&shop, fact).as_array().unwrap().is_empty(), "{role}");
        let other = orders_with(bindings(role, &[&member("returns")]));
        assert_eq!(of_orders(&other, fact), json!([]), "{role}");
    }
}

#[test]
fn what_names_no_account_runs_as_the_default_one() {
    let first = |environment: &str| {
        let facets = json!({"config": {"environment": environment, "buildConfig": {}, "serviceConfig": {}}, "policy": null});
        resource("gcp.functions.function", &function_uid("old"), facets)
    };
    let account = |environment: &str| {
        known(&project(json!({}), vec![first(environment)]), &function_uid("old"), "account")
    };
    assert_eq!(account("GEN_1"), format!("{ACCOUNT}@appspot.gserviceaccount.com"));
    assert_eq!(account("GEN_2"), format!("{NUMBER}-compute@developer.gserviceaccount.com"));
    let editor = bindings(
        "roles/editor",
        &[&format!("serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com")],
    );
    let shop = project(editor, vec![first("GEN_2")]);
    assert_eq!(known(&shop, &function_uid("old"), "default_account"), json!(true));
    assert_eq!(known(&shop, &function_uid("old"), "privileged"), json!(true));
    let unnumbered = with_project(unread(itself(json!({})), "project"), vec![first("GEN_2")]);
    assert!(!unknown(&unnumbered, &function_uid("old"), "account").is_empty());
}

#[test]
fn sets_of_a_project_are_named_by_its_number() {
    let set =
        format!("principalSet://cloudresourcemanager.googleapis.com/projects/{NUMBER}/type/ServiceAccount");
    let given = || itself(bindings("roles/owner", &[&set]));
    let of = |itself: Resource| with_project(itself, vec![running_as("orders", "orders")]);
    assert_eq!(known(&of(given()), &function_uid("orders"), "privileged"), json!(true));
    let unnumbered = of(unread(given(), "project"));
    assert_eq!(unknown(&unnumbered, &function_uid("orders"), "privileged"), ["project NotCollected"]);
}

#[test]
fn the_account_of_a_function_is_there_or_not() {
    let state = |resources: Vec<Resource>| {
        known(&project(json!({}), resources), &function_uid("orders"), "account_state")
    };
    assert_eq!(state(vec![running_as("orders", "orders"), account("orders", Value::Null)]), "enabled");
    assert_eq!(state(vec![running_as("orders", "orders"), account("other", Value::Null)]), "missing");
    let mut disabled = account("orders", Value::Null);
    let facet = json!({"email": email("orders"), "disabled": true});
    disabled.facets.insert("account".to_owned(), nephoscope_model::Facet::Known(facet));
    assert_eq!(state(vec![running_as("orders", "orders"), disabled]), "disabled");
    let foreign = function("orders", json!({"serviceAccountEmail": "a@other.iam.gserviceaccount.com"}));
    assert_eq!(state(vec![foreign]), "foreign");
    let numbered = json!({"serviceAccountEmail": format!("{NUMBER}-compute@developer.gserviceaccount.com")});
    let unnumbered = with_project(unread(itself(json!({})), "project"), vec![function("orders", numbered)]);
    assert_eq!(unknown(&unnumbered, &function_uid("orders"), "account_state"), ["project NotCollected"]);
    let alone = || project(json!({}), vec![running_as("orders", "orders"), account("other", Value::Null)]);
    assert!(!unknown(&alone().unlisted("iam"), &function_uid("orders"), "account_state").is_empty());
    let nobody = project(json!({}), vec![running_as("orders", "orders")]);
    assert!(!unknown(&nobody, &function_uid("orders"), "account_state").is_empty());
}

#[test]
fn services_beneath_functions_are_not_counted_twice() {
    let beneath = format!("projects/{NUMBER}/locations/europe-west1/services/orders");
    let function = function("orders", json!({"serviceAccountEmail": email("orders"), "service": beneath}));
    let service = |name: &str| {
        let uid = format!("//run.googleapis.com/projects/{ACCOUNT}/locations/europe-west1/services/{name}");
        let facets = json!({"service": {"template": {"serviceAccount": email("orders")}}, "policy": null});
        resource("gcp.run.service", &uid, facets)
    };
    let both =
        project(json!({}), vec![account("orders", Value::Null), function, service("orders"), service("web")]);
    let services = of_orders(&both, "services");
    assert_eq!(services.as_array().unwrap().len(), 1);
    assert!(services[0].as_str().unwrap().ends_with("/web"));
    let unlisted = project(json!({}), vec![account("orders", Value::Null)]).unlisted("cloudfunctions");
    assert!(!unknown(&unlisted, &account_uid(&email("orders")), "functions").is_empty());
    assert_eq!(of_orders(&unlisted, "rewrites"), json!([]), "it can act as nobody");
    let user = bindings("roles/iam.serviceAccountUser", &[&member("orders")]);
    let unlisted = project(user, vec![account("orders", Value::Null)]).unlisted("cloudfunctions");
    assert!(!unknown(&unlisted, &account_uid(&email("orders")), "rewrites").is_empty());
}

#[test]
fn a_weak_account_rewrites_a_strong_function_where_it_may_act_as_its_account() {
    let owner = bindings("roles/owner", &[&member("admin")]);
    let user = bindings("roles/iam.serviceAccountUser", &[&member("orders")]);
    let developer = bindings("roles/cloudfunctions.developer", &[&member("orders")]);
    let shop = |acts: Value, updates: Value| {
        let mut strong = running_as("admin", "admin");
        let known = |value: Value| match value {
            Value::Null => nephoscope_model::Facet::Absent,
            value => nephoscope_model::Facet::Known(value),
        };
        strong.facets.insert("policy".to_owned(), known(updates));
        let role = role("roles/cloudfunctions.developer", &["cloudfunctions.functions.update"]);
        let accounts = [account("orders", Value::Null), account("admin", acts)];
        project(
            owner.clone(),
            [strong, running_as("orders", "orders"), role].into_iter().chain(accounts).collect(),
        )
    };
    let both = shop(user.clone(), developer.clone());
    assert_eq!(of_orders(&both, "privileged"), json!(false));
    assert_eq!(of_orders(&both, "rewrites"), json!([function_uid("admin")]));
    assert_eq!(of_orders(&shop(user.clone(), Value::Null), "rewrites"), json!([]));
    assert_eq!(of_orders(&shop(Value::Null, developer), "rewrites"), json!([]));

    let mut hidden = running_as("admin", "admin");
    hidden = unread(hidden, "policy");
    let accounts =
        vec![hidden, running_as("orders", "orders"), account("orders", Value::Null), account("admin", user)];
    let shop = project(owner, accounts);
    assert!(!unknown(&shop, &account_uid(&email("orders")), "rewrites").is_empty());
}

#[test]
fn a_privileged_job_is_run_with_other_arguments_by_who_may_not_change_it() {
    let uid = format!("//run.googleapis.com/projects/{ACCOUNT}/locations/europe-west1/jobs/clean");
    let job = |policy: Value| {
        let facets =
            json!({"job": {"template": {"template": {"serviceAccount": email("admin")}}}, "policy": policy});
        resource("gcp.run.job", &uid, facets)
    };
    let runner = bindings("roles/run.jobsExecutorWithOverrides", &["user:ada@example.com"]);
    let owner = || bindings("roles/owner", &[&member("admin")]);
    let shop = project(owner(), vec![job(runner)]);
    assert_eq!(known(&shop, &uid, "privileged"), json!(true));
    assert_eq!(known(&shop, &uid, "override_runners")[0]["member"], "user:ada@example.com");
    let invoker = bindings("roles/run.invoker", &["user:ada@example.com"]);
    assert_eq!(known(&project(owner(), vec![job(invoker)]), &uid, "override_runners"), json!([]));
    let custom = bindings("projects/shop/roles/x", &["user:ada@example.com"]);
    assert!(!unknown(&project(owner(), vec![job(custom)]), &uid, "override_runners").is_empty());
    assert!(
        !unknown(&project(owner(), vec![unread(job(Value::Null), "policy")]), &uid, "override_runners")
            .is_empty()
    );
}

#[test]
fn accounts_of_workloads_write_where_code_is_taken_from() {
    let uid = "//storage.googleapis.com/gcf-v2-sources-100200300-europe-west1";
    let bucket = |policy: Value| resource("gcp.storage.bucket", uid, json!({"bucket": {}, "policy": policy}));
    let shop = |policy: Value, own: Value| project(policy, vec![bucket(own), running_as("orders", "orders")]);
    let creator = bindings("roles/storage.objectCreator", &[&member("orders"), &member("pipeline")]);
    let writers = known(&shop(creator.clone(), Value::Null), uid, "workload_writers");
    assert_eq!(writers.as_array().unwrap().len(), 1, "pipelines are meant to");
    assert_eq!(writers[0]["member"], member("orders"));
    assert_eq!(known(&shop(json!({}), creator), uid, "workload_writers").as_array().unwrap().len(), 1);
    let builder = bindings("roles/cloudbuild.builds.builder", &[&member("orders")]);
    assert_eq!(known(&shop(builder, Value::Null), uid, "workload_writers"), json!([]));
    assert_eq!(known(&shop(json!({}), Value::Null), uid, "holds_code"), json!(true));
    let hidden =
        project(json!({}), vec![unread(bucket(Value::Null), "policy"), running_as("orders", "orders")]);
    assert!(!unknown(&hidden, uid, "workload_writers").is_empty());
}
