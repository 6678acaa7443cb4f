//! The project itself: who rules it and what stands above it, what is recorded of it, what is switched on, what its
//! organisation forbids, and what warns of its costs.

use futures::FutureExt;
use futures::future::BoxFuture;
use nephoscope_model::{Facet, Resource, Uid};
use serde_json::{Map, Value, json};

use super::kind::{Ask, Asking, Detail, Kind, Source};
use super::quota;
use crate::failure::{Class, Failure};
use crate::normalise::{Read, elements, text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages, Request};

const HOST: &str = "cloudresourcemanager.googleapis.com";

static POLICY: Action = Action::new("resourcemanager.projects.getIamPolicy", &quota::PROJECTS).at(HOST);
static FOLDER: Action = Action::new("resourcemanager.folders.get", &quota::PROJECTS).at(HOST);
static FOLDER_POLICY: Action = Action::new("resourcemanager.folders.getIamPolicy", &quota::PROJECTS).at(HOST);
static ORGANISATION_POLICY: Action =
    Action::new("resourcemanager.organizations.getIamPolicy", &quota::PROJECTS).at(HOST);
/// Its listing leaves the rules out, which have to be read one by one.
static DENY_LIST: Action = Action::new("iam.denypolicies.list", &quota::IAM).at("iam.googleapis.com");
static DENY: Action = Action::new("iam.denypolicies.get", &quota::IAM).at("iam.googleapis.com");
static SERVICES: List = Action::new("serviceusage.services.list", &quota::OTHERS)
    .at("serviceusage.googleapis.com")
    .list("services", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static CONSTRAINT: Action = Action::new("orgpolicy.policies.getEffectivePolicy", &quota::OTHERS)
    .allowed_by("orgpolicy.policy.get")
    .at("orgpolicy.googleapis.com");
static SINKS: List = Action::new("logging.sinks.list", &quota::OTHERS)
    .at("logging.googleapis.com")
    .list("sinks", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static BILLING: Action = Action::new("cloudbilling.projects.getBillingInfo", &quota::OTHERS)
    .allowed_by("resourcemanager.projects.get")
    .at("cloudbilling.googleapis.com");
static BUDGETS: List = Action::new("billing.budgets.list", &quota::OTHERS)
    .at("billingbudgets.googleapis.com")
    .list("budgets", Pages::Token { reply: "nextPageToken", request: "pageToken" });

/// The constraints that keep functions and services from the public.
const CONSTRAINTS: [&str; 5] = [
    "cloudfunctions.allowedIngressSettings",
    "iam.allowedPolicyMemberDomains",
    "iam.managed.allowedPolicyMembers",
    "run.allowedIngress",
    "run.managed.requireInvokerIam",
];

/// Folders nest ten deep below an organisation.
const DEEPEST: usize = 12;

const ANCESTORS: Ask = Ask::Several(&[&FOLDER, &FOLDER_POLICY, &ORGANISATION_POLICY], ancestors);
const DENIALS: Ask = Ask::Several(&[&FOLDER, &DENY_LIST, &DENY], deny);
const ORGPOLICIES: Ask = Ask::Several(&[&CONSTRAINT], orgpolicies);
const ANCESTOR_SINKS: Ask = Ask::Several(&[&FOLDER, &SINKS.action], sinks);
const ALL_BUDGETS: Ask = Ask::Several(&[&BILLING, &BUDGETS.action], budgets);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.project",
    facet: "project",
    host: HOST,
    source: Source::Itself,
    policy: Some(Ask::Several(&[&POLICY], policy)),
    details: &[
        Detail::new("ancestors", ANCESTORS),
        Detail::new("deny", DENIALS),
        Detail::new("services", Ask::All(&SERVICES, "/v1/{name}/services?filter=state:ENABLED&pageSize=200")),
        Detail::new("orgpolicies", ORGPOLICIES),
        Detail::new("ancestor_sinks", ANCESTOR_SINKS),
        Detail::new("budgets", ALL_BUDGETS),
    ],
    normalise,
}];

/// Without this version conditions are left out of policies.
fn policy_request(name: &str) -> Request {
    Request::post(&format!("/v3/{name}:getIamPolicy"), json!({"options": {"requestedPolicyVersion": 3}}))
}

fn policy(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let request = policy_request(&format!("projects/{}", asking.place.project));
        asking.reader.call(&POLICY, Some(&asking.resource.uid), &request).await.map(Some)
    }
    .boxed()
}

/// What stands above the project, from the bottom up: `folders/1`, `organizations/2`.
async fn above(asking: &Asking<'_>) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut next =
        text(asking.place.listed, "/parent").filter(|parent| !parent.is_empty()).map(str::to_owned);
    while let Some(parent) = next.take().filter(|_| found.len() < DEEPEST) {
        if parent.starts_with("folders/") {
            let request = Request::get(&format!("/v3/{parent}"));
            let folder = asking.reader.call(&FOLDER, Some(&asking.resource.uid), &request).await?;
            next = text(&folder, "/parent").map(str::to_owned);
        }
        found.push(parent);
    }
    Ok(found)
}

fn ancestors(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let mut policies = Vec::new();
        for parent in above(&asking).await? {
            let action = if parent.starts_with("folders/") { &FOLDER_POLICY } else { &ORGANISATION_POLICY };
            let request = policy_request(&parent);
            let policy = asking.reader.call(action, Some(&asking.resource.uid), &request).await?;
            policies.push(json!({"resource": parent, "policy": policy}));
        }
        Ok(Some(json!({ "policies": policies })))
    }
    .boxed()
}

fn deny(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let uid = Some(&asking.resource.uid);
        let mut attached = vec![format!("projects/{}", asking.place.project)];
        attached.extend(above(&asking).await?);
        let mut policies = Vec::new();
        for name in attached {
            // The name of what a policy is attached to is one segment of the path, its slashes written out.
            let point = format!("{HOST}%2F{}", name.replace('/', "%2F"));
            let address =
                format!("https://iam.googleapis.com/v2/policies/{point}/denypolicies?pageSize=1000");
            let listed = asking.reader.call(&DENY_LIST, uid, &Request::address(&address)).await?;
            for policy in elements(&listed, "/policies") {
                let id = text(policy, "/name").and_then(|name| name.rsplit('/').next()).unwrap_or_default();
                let address = format!("https://iam.googleapis.com/v2/policies/{point}/denypolicies/{id}");
                policies.push(asking.reader.call(&DENY, uid, &Request::address(&address)).await?);
            }
        }
        Ok((!policies.is_empty()).then(|| json!({ "policies": policies })))
    }
    .boxed()
}

fn orgpolicies(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let mut policies = Vec::new();
        for constraint in CONSTRAINTS {
            let name = format!("projects/{}/policies/{constraint}", asking.place.project);
            let request = Request::get(&format!("/v2/{name}:getEffectivePolicy"));
            match asking.reader.call(&CONSTRAINT, Some(&asking.resource.uid), &request).await {
                Ok(policy) => policies.push(policy),
                // A constraint that is not offered here restricts nothing.
                Err(failure) if failure.class == Class::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(Some(json!({ "policies": policies })))
    }
    .boxed()
}

fn sinks(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let mut sinks = Vec::new();
        for parent in above(&asking).await? {
            let request = Request::get(&format!("/v2/{parent}/sinks"));
            let listing = asking.reader.list(&SINKS, Some(&asking.resource.uid), request).await;
            if let Some(failure) = listing.failure {
                return Err(failure);
            }
            sinks.extend(listing.items);
        }
        Ok(Some(json!({ "sinks": sinks })))
    }
    .boxed()
}

/// The budgets of the billing account; none where the project has no such account.
fn budgets(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let uid = &asking.resource.uid;
        let request = Request::get(&format!("/v1/projects/{}/billingInfo", asking.place.project));
        let billing = asking.reader.call(&BILLING, Some(uid), &request).await?;
        let Some(account) = text(&billing, "/billingAccountName").filter(|account| !account.is_empty())
        else {
            return Ok(None);
        };
        let request = Request::get(&format!("/v1/{account}/budgets"));
        asking.reader.list_facet(&BUDGETS, uid, request).await
    }
    .boxed()
}

/// The project goes by its id, as nearly everything in it does.
fn normalise(project: &mut Resource, _redactor: &Redactor) {
    let id = project.account.as_str().to_owned();
    project.uid = Uid::from(format!("//{HOST}/projects/{id}"));
    project.name = id;
    if let Some(Facet::Known(config)) = project.facets.get_mut("project") {
        without(config, "etag");
    }
    // What a service offers says nothing of the project.
    let services = project.facets.get_mut("services");
    if let Some(Facet::Known(Value::Object(reply))) = services {
        for service in reply.get_mut("services").and_then(Value::as_array_mut).into_iter().flatten() {
            let kept = ["name", "state"].map(|key| (key.to_owned(), service.get(key).cloned()));
            let kept: Map<String, Value> =
                kept.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            *service = Value::Object(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_project_goes_by_its_id_and_keeps_only_what_is_switched_on() {
        let mut project =
            resource("gcp.project", "project", json!({"name": "projects/100200300", "projectId": "shop"}));
        let services = json!({"services": [{"name": "projects/100200300/services/run.googleapis.com", "state": "ENABLED", "config": {"title": "Run"}}]});
        project.facets.insert("services".to_owned(), Facet::Known(services));
        normalise(&mut project, &Redactor::new([1; 32]));
        assert_eq!(project.uid.as_str(), "//cloudresourcemanager.googleapis.com/projects/shop");
        assert_eq!(project.name, "shop");
        let expected = json!({"services": [{"name": "projects/100200300/services/run.googleapis.com", "state": "ENABLED"}]});
        assert_eq!(project.facets["services"].value().unwrap(), &expected);
        let mut unread = resource("gcp.project", "project", json!({}));
        unread.facets.insert("services".to_owned(), Facet::Absent);
        normalise(&mut unread, &Redactor::new([1; 32]));
        assert_eq!(unread.facets["services"], Facet::Absent);
    }
}
