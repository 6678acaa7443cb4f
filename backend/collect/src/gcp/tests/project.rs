//! What stands above a project, what is denied in it, what warns of its costs, and what the roles permit that it gives.

use nephoscope_model::Uid;

use super::*;

const BELOW: &str = "cloudresourcemanager.googleapis.com/v3/";

/// Hosts of a project below a folder of an organisation; `answer` says what else there is.
async fn project_below(
    answer: impl Fn(&str) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> (MockServer, Asked) {
    hosts(move |address, _| {
        if let Some(answer) = answer(address) {
            return Some(answer);
        }
        let body = match address.strip_prefix(BELOW) {
            Some("projects:search") => json!({"projects": [
                {"name": "projects/1", "projectId": "shop", "state": "ACTIVE", "parent": "folders/7"},
            ]}),
            Some("folders/7") => json!({"name": "folders/7", "parent": "organizations/9"}),
            Some("organizations/9:getIamPolicy") => {
                json!({"bindings": [{"role": "roles/run.admin", "members": ["group:ops@example.com"]}]})
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    })
    .await
}

async fn scan_project(server: &MockServer) -> Shard {
    let gcp = connect(server, |options| options.asking.services = vec!["project".into()]).await.unwrap();
    scan(&gcp).await.remove("project").unwrap()
}

#[tokio::test]
async fn what_stands_above_is_read_from_the_bottom_up() {
    let (server, asked) = project_below(|_| None).await;
    let shard = scan_project(&server).await;
    let project = &shard.resources[0];
    assert_eq!(project.uid.as_str(), "//cloudresourcemanager.googleapis.com/projects/shop");
    let above = project.facets["ancestors"].value().unwrap();
    let named: Vec<&str> = above["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|above| above["resource"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["folders/7", "organizations/9"]);
    let edges: Vec<&str> = project.relations.iter().map(|relation| relation.to.as_str()).collect();
    assert_eq!(edges, ["//iam.googleapis.com/roles/run.admin"]);
    assert_eq!(calls(&asked, "logging.googleapis.com/v2/organizations/9/sinks"), 1);
    assert_eq!(project.facets["deny"], Facet::Absent);
    assert_eq!(project.facets["budgets"], Facet::Absent, "no billing account");
    assert_eq!(shard.coverage.state, CoverageState::Complete);
}

#[tokio::test]
async fn a_denied_organisation_leaves_the_rest_readable() {
    let (server, _) = project_below(|address| {
        address.ends_with("organizations/9:getIamPolicy").then(|| refusal(403, "PERMISSION_DENIED", ""))
    })
    .await;
    let shard = scan_project(&server).await;
    let project = &shard.resources[0];
    let unread = project.facets["ancestors"].unreadable().unwrap();
    assert_eq!(unread.permission.as_deref(), Some("resourcemanager.organizations.getIamPolicy"));
    assert!(project.facets["policy"].value().is_some());
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, true));
}

#[tokio::test]
async fn rules_of_deny_policies_are_read_one_by_one() {
    let point =
        "iam.googleapis.com/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fshop/denypolicies";
    let (server, asked) = project_below(move |address| {
        let body = match address.strip_prefix(point)? {
            "" => json!({"policies": [{"name": "policies/cloudresourcemanager.googleapis.com%2Fprojects%2F1/denypolicies/keys"}]}),
            "/keys" => json!({"rules": [{"denyRule": {"deniedPermissions": ["iam.googleapis.com/serviceAccountKeys.create"]}}]}),
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    })
    .await;
    let shard = scan_project(&server).await;
    let deny = shard.resources[0].facets["deny"].value().unwrap();
    assert_eq!(deny["policies"][0]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(calls(&asked, "/denypolicies"), 4, "the project's own, its rules, and two above");
}

#[tokio::test]
async fn budgets_are_those_of_the_billing_account() {
    let (server, _) = project_below(|address| {
        let body = match address {
            "cloudbilling.googleapis.com/v1/projects/shop/billingInfo" => {
                json!({"billingAccountName": "billingAccounts/0A", "billingEnabled": true})
            }
            "billingbudgets.googleapis.com/v1/billingAccounts/0A/budgets" => {
                return Some(refusal(403, "PERMISSION_DENIED", ""));
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    })
    .await;
    let shard = scan_project(&server).await;
    let unread = shard.resources[0].facets["budgets"].unreadable().unwrap();
    assert_eq!(unread.permission.as_deref(), Some("billing.budgets.list"));
}

#[tokio::test]
async fn roles_are_read_that_others_name() {
    let (server, asked) = project_below(|address| match address {
        "iam.googleapis.com/v1/roles/run.admin" => Some(ResponseTemplate::new(200).set_body_json(
            json!({"name": "roles/run.admin", "includedPermissions": ["run.services.update"]}),
        )),
        "iam.googleapis.com/v1/roles/gone" => Some(refusal(404, "NOT_FOUND", "")),
        _ => None,
    })
    .await;
    let gcp = connect(&server, |options| options.asking.services = vec!["roles".into()]).await.unwrap();
    let key = gcp.plan().await.unwrap().remove(0);
    assert_eq!(gcp.round(&key), 1);
    let names =
        ["//iam.googleapis.com/roles/run.admin", "//iam.googleapis.com/roles/gone", "//run.googleapis.com/x"];
    let named = names.into_iter().map(Uid::from).collect();
    let shard = gcp.collect(&key, &Context { named, ..Context::default() }).await;
    let uids: Vec<&str> = shard.resources.iter().map(|role| role.uid.as_str()).collect();
    assert_eq!(uids, ["//iam.googleapis.com/roles/run.admin"]);
    let role = shard.resources[0].facets["role"].value().unwrap();
    assert_eq!(role["includedPermissions"], json!(["run.services.update"]));
    assert_eq!(calls(&asked, "iam.googleapis.com/v1/roles/"), 2);
}

#[tokio::test]
async fn an_inventory_that_is_switched_off_says_nothing_of_what_only_it_lists() {
    let (server, _) = project_below(|address| {
        address.ends_with("/assets").then(|| refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"))
    })
    .await;
    let gcp = connect(&server, |options| options.asking.services = vec!["cloudkms".into()]).await.unwrap();
    let shard = scan(&gcp).await.remove("cloudkms").unwrap();
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Failed, false));
    assert_eq!(shard.coverage.errors[0].error, "SERVICE_DISABLED");
}

#[tokio::test]
async fn rules_are_those_that_a_release_names() {
    let (server, _) = project_below(|address| {
        let body = match address {
            "firebaserules.googleapis.com/v1/projects/shop/releases" => {
                json!({"releases": [{"name": "projects/shop/releases/cloud.firestore", "rulesetName": "projects/shop/rulesets/1"}]})
            }
            "firebaserules.googleapis.com/v1/projects/shop/rulesets/1" => {
                json!({"source": {"files": [{"name": "firestore.rules", "content": "service cloud.firestore {}"}]}})
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    })
    .await;
    let gcp =
        connect(&server, |options| options.asking.services = vec!["firebaserules".into()]).await.unwrap();
    let shard = scan(&gcp).await.remove("firebaserules").unwrap();
    let rules = shard.resources[0].facets["ruleset"].value().unwrap();
    assert_eq!(rules["source"]["files"][0]["name"], "firestore.rules");
}
