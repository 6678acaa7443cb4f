//! IAM: every role with its policies, and the managed policies that roles use, in one bulk read.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, Home, List, Xml};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, elements, put, relate, tag, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Global;
pub(super) const ACTIONS: &[&Action] = &[&DETAILS.action];
/// When a role was last used. How often a policy is attached is not kept: that is in the relations of each role.
pub(super) const VOLATILE: &[Path] = &["role/RoleLastUsed"];

static API: Api = Api::query("IAM", "iam", "2010-05-08", &quota::IAM).at(Home::Global);
static DETAILS: List =
    API.list("iam:GetAccountAuthorizationDetails", "RoleDetailList").paged("Marker", "Marker").reads(Xml {
        lists: &[
            "RoleDetailList",
            "Policies",
            "RolePolicyList",
            "AttachedManagedPolicies",
            "InstanceProfileList",
            "PolicyVersionList",
            "Tags",
        ],
        numbers: &["AttachmentCount", "PermissionsBoundaryUsageCount", "MaxSessionDuration"],
        // Names and values of a person's choosing, which may read `true`.
        texts: &["RoleName", "PolicyName", "Key", "Value", "Description"],
        repeated: &[],
    });

/// What was read: resources already, because a page is many times larger than what is kept of it.
#[derive(Default)]
pub(super) struct Replies {
    roles: Vec<Resource>,
    policies: BTreeMap<String, Resource>,
    failure: Option<Failure>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    normalise(fetch(reader).await)
}

async fn fetch(reader: &Reader) -> Replies {
    let mut replies = Replies::default();
    let request = Request::call()
        .field("Filter", json!(["Role", "LocalManagedPolicy", "AWSManagedPolicy"]))
        .field("MaxItems", 1000);
    let keep = |mut page: Value| {
        if !page.get("RoleDetailList").is_some_and(Value::is_array) {
            return Err("the answer has no list `RoleDetailList`".to_owned());
        }
        let mut take = |list: &str| match page.get_mut(list).map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        replies.roles.extend(take("RoleDetailList").into_iter().filter_map(|d| role(&reader.place, d)));
        let used =
            take("Policies").into_iter().filter(is_used).filter_map(|d| managed_policy(&reader.place, d));
        replies.policies.extend(used.map(|policy| (policy.uid.as_str().to_owned(), policy)));
        Ok(())
    };
    let failure = reader.list_pages(&DETAILS, None, request, keep).await;
    replies.failure = failure;
    replies
}

/// Keeps the policies that a role uses: hundreds of managed ones exist, and the rest grant nothing to a function.
fn normalise(replies: Replies) -> Outcome {
    let Replies { mut roles, policies, failure } = replies;
    let used: BTreeSet<&str> = roles.iter().flat_map(policies_of).collect();
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    roles.extend(policies.into_iter().filter(|(arn, _)| used.contains(arn)).map(|(_, policy)| policy));
    Outcome { resources: roles, listings: vec![failure] }
}

fn policies_of(role: &Resource) -> Vec<&str> {
    let boundary = match role.facets.get("role") {
        Some(Facet::Known(role)) => text(role, "/PermissionsBoundary/PermissionsBoundaryArn"),
        Some(Facet::Absent | Facet::Unreadable(_)) | None => None,
    };
    let attached = role.relations.iter().filter(|relation| relation.name == RelationName::HasPolicy);
    attached.map(|relation| relation.to.as_str()).chain(boundary).collect()
}

fn is_used(policy: &Value) -> bool {
    let count = |name: &str| policy.get(name).and_then(Value::as_i64);
    count("AttachmentCount").unwrap_or(1) > 0 || count("PermissionsBoundaryUsageCount").unwrap_or(0) > 0
}

fn role(place: &Place, mut detail: Value) -> Option<Resource> {
    let arn = text(&detail, "/Arn")?.to_owned();
    let name = text(&detail, "/RoleName").unwrap_or_else(|| last_part(&arn));
    let mut resource = place.resource("aws.iam.role", &arn, name);
    for attached in elements(&detail, "/AttachedManagedPolicies") {
        relate(&mut resource, RelationName::HasPolicy, text(attached, "/PolicyArn"));
    }
    tag(&mut resource, detail.get("Tags"));
    let parsed = parse_role(&mut detail);
    let read = parsed.then_some(detail).ok_or_else(|| unparseable("a policy of the role is not JSON"));
    put(&mut resource, "role", read.map(Some));
    Some(resource)
}

fn managed_policy(place: &Place, mut detail: Value) -> Option<Resource> {
    let arn = text(&detail, "/Arn")?.to_owned();
    let name = text(&detail, "/PolicyName").unwrap_or_else(|| last_part(&arn));
    let mut resource = place.resource("aws.iam.policy", &arn, name);
    let parsed = parse_policy(&mut detail);
    let read =
        parsed.then_some(detail).ok_or_else(|| unparseable("the policy's default version is not JSON"));
    put(&mut resource, "policy", read.map(Some));
    Some(resource)
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn unparseable(message: &str) -> Failure {
    Failure::malformed(&DETAILS.action, message)
}

/// False where a policy cannot be parsed: a role with half its policies would look harmless.
fn parse_role(role: &mut Value) -> bool {
    utc(role);
    for profile in list_mut(role, "InstanceProfileList") {
        utc(profile);
        // The profile's roles would repeat the role inside itself.
        remove(profile, "Roles");
    }
    let inline = list_mut(role, "RolePolicyList").iter_mut().all(|inline| decode(inline, "PolicyDocument"));
    inline && decode(role, "AssumeRolePolicyDocument")
}

/// The default version's document stands at `Document`; other versions grant nothing and are dropped.
fn parse_policy(policy: &mut Value) -> bool {
    let default = text(policy, "/DefaultVersionId").map(str::to_owned);
    let is_default = |version: &&Value| {
        let id = text(version, "/VersionId");
        version.get("IsDefaultVersion") == Some(&Value::Bool(true))
            || (id.is_some() && id == default.as_deref())
    };
    let document = elements(policy, "/PolicyVersionList").iter().find(is_default);
    let document = document.and_then(|version| text(version, "/Document")).and_then(policy::parse_encoded);
    for unkept in ["PolicyVersionList", "AttachmentCount", "PermissionsBoundaryUsageCount"] {
        remove(policy, unkept);
    }
    utc(policy);
    let parsed = document.is_some();
    policy["Document"] = document.unwrap_or_default();
    parsed
}

/// Replaces the document at `key`, JSON in URL encoding, by what it says.
fn decode(holder: &mut Value, key: &str) -> bool {
    match holder.get(key).and_then(Value::as_str).and_then(policy::parse_encoded) {
        Some(document) => {
            holder[key] = document;
            true
        }
        None => false,
    }
}

fn list_mut<'a>(value: &'a mut Value, key: &str) -> &'a mut [Value] {
    value.get_mut(key).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

fn remove(value: &mut Value, key: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(key);
    }
}

/// Dates as the provider's command line prints them: `2026-01-02T03:04:05+00:00`.
fn utc(value: &mut Value) {
    for key in ["CreateDate", "UpdateDate"] {
        let civil = value.get(key).and_then(Value::as_str).and_then(|text| text.strip_suffix('Z'));
        if let Some(civil) = civil.map(|civil| format!("{civil}+00:00")) {
            value[key] = Value::from(civil);
        }
    }
}
