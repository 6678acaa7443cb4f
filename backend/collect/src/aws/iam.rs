//! IAM: every role with its policies, and the managed policies that roles use, in one bulk read.
//!
//! IAM speaks XML, so that the facets are put together here in the form that the provider's own command line
//! prints. Fields newer than the SDK are therefore missing, unlike in services that speak JSON.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{
    EntityType, InstanceProfile, ManagedPolicyDetail, PolicyDetail, PolicyVersion, RoleDetail, Tag,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::{Map, Value, json};

use super::Scope;
use super::client::{Action, Reader};
use super::failure::Failure;
use super::pages::Tokens;
use super::place::{Outcome, Place, put, relate};
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Global;
pub(super) const ACTIONS: &[&Action] = &[&DETAILS];
/// None: the facets are put together here, and when a role was last used or how often a policy is attached is
/// not put in. Attachments are the relations of each role.
pub(super) const VOLATILE: &[Path] = &[];

static DETAILS: Action = Action::new("iam:GetAccountAuthorizationDetails", &quota::IAM);

/// What was read: resources already, because a page of typed roles is many times larger than they are.
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
    let client = aws_sdk_iam::Client::new(&reader.sdk);
    let mut replies = Replies::default();
    let mut tokens = Tokens::default();
    let mut marker: Option<String> = None;
    loop {
        let send = |capture| {
            client
                .get_account_authorization_details()
                .filter(EntityType::Role)
                .filter(EntityType::LocalManagedPolicy)
                .filter(EntityType::AwsManagedPolicy)
                .max_items(1000)
                .set_marker(marker.clone())
                .customize()
                .interceptor(capture)
                .send()
        };
        let page = match reader.typed(&DETAILS, None, send).await {
            Ok(page) => page,
            Err(failure) => {
                replies.failure = Some(failure);
                return replies;
            }
        };
        replies
            .roles
            .extend(page.role_detail_list.unwrap_or_default().iter().filter_map(|d| role(&reader.place, d)));
        let policies = page.policies.unwrap_or_default();
        let used =
            policies.iter().filter(|policy| is_used(policy)).filter_map(|d| managed_policy(&reader.place, d));
        replies.policies.extend(used.map(|policy| (policy.uid.as_str().to_owned(), policy)));
        let next = if page.is_truncated { page.marker.filter(|next| !next.is_empty()) } else { None };
        if page.is_truncated && next.is_none() {
            let failure = Failure::malformed(&DETAILS, "the answer is truncated and names no next page");
            reader.record(&failure, None);
            replies.failure = Some(failure);
            return replies;
        }
        match tokens.follow(&DETAILS, next) {
            Ok(None) => return replies,
            Ok(next) => marker = next,
            Err(failure) => {
                reader.record(&failure, None);
                replies.failure = Some(failure);
                return replies;
            }
        }
    }
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
        Some(Facet::Known(role)) => super::place::text(role, "/PermissionsBoundary/PermissionsBoundaryArn"),
        Some(Facet::Absent | Facet::Unreadable(_)) | None => None,
    };
    let attached = role.relations.iter().filter(|relation| relation.name == RelationName::HasPolicy);
    attached.map(|relation| relation.to.as_str()).chain(boundary).collect()
}

fn is_used(policy: &ManagedPolicyDetail) -> bool {
    policy.attachment_count.unwrap_or(1) > 0 || policy.permissions_boundary_usage_count.unwrap_or(0) > 0
}

fn role(place: &Place, detail: &RoleDetail) -> Option<Resource> {
    let arn = detail.arn.as_deref()?;
    let mut resource =
        place.resource("aws.iam.role", arn, detail.role_name.as_deref().unwrap_or_else(|| last_part(arn)));
    for attached in detail.attached_managed_policies() {
        relate(&mut resource, RelationName::HasPolicy, attached.policy_arn.as_deref());
    }
    for tag in detail.tags() {
        resource.tags.insert(tag.key.clone(), tag.value.clone());
    }
    let read = role_json(detail).ok_or_else(|| unparseable("a policy of the role is not JSON"));
    put(&mut resource, "role", read.map(Some));
    Some(resource)
}

fn managed_policy(place: &Place, detail: &ManagedPolicyDetail) -> Option<Resource> {
    let arn = detail.arn.as_deref()?;
    let mut resource = place.resource(
        "aws.iam.policy",
        arn,
        detail.policy_name.as_deref().unwrap_or_else(|| last_part(arn)),
    );
    let read = policy_json(detail).ok_or_else(|| unparseable("the policy's default version is not JSON"));
    put(&mut resource, "policy", read.map(Some));
    Some(resource)
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn unparseable(message: &str) -> Failure {
    Failure::malformed(&DETAILS, message)
}

/// None where a policy cannot be parsed: a role with half its policies would look harmless.
fn role_json(detail: &RoleDetail) -> Option<Value> {
    let mut role = Map::new();
    set(&mut role, "Path", detail.path.as_deref());
    set(&mut role, "RoleName", detail.role_name.as_deref());
    set(&mut role, "RoleId", detail.role_id.as_deref());
    set(&mut role, "Arn", detail.arn.as_deref());
    set(&mut role, "CreateDate", detail.create_date.as_ref().map(date));
    let trust = policy::parse_encoded(detail.assume_role_policy_document.as_deref()?)?;
    set(&mut role, "AssumeRolePolicyDocument", Some(trust));
    let profiles: Vec<Value> = detail.instance_profile_list().iter().map(profile_json).collect();
    set(&mut role, "InstanceProfileList", Some(profiles));
    let inline: Option<Vec<Value>> = detail.role_policy_list().iter().map(inline_json).collect();
    set(&mut role, "RolePolicyList", Some(inline?));
    let attached = detail.attached_managed_policies().iter();
    let attached =
        attached.map(|policy| json!({"PolicyName": policy.policy_name, "PolicyArn": policy.policy_arn}));
    set(&mut role, "AttachedManagedPolicies", Some(attached.collect::<Vec<_>>()));
    let boundary = detail.permissions_boundary.as_ref().map(|boundary| {
        json!({
            "PermissionsBoundaryType": boundary.permissions_boundary_type.as_ref().map(|kind| kind.as_str()),
            "PermissionsBoundaryArn": boundary.permissions_boundary_arn,
        })
    });
    set(&mut role, "PermissionsBoundary", boundary);
    set(&mut role, "Tags", Some(tags_json(detail.tags())));
    Some(Value::Object(role))
}

fn inline_json(detail: &PolicyDetail) -> Option<Value> {
    let document = policy::parse_encoded(detail.policy_document.as_deref()?)?;
    Some(json!({"PolicyName": detail.policy_name, "PolicyDocument": document}))
}

/// Without the profile's roles, which would repeat the role inside itself.
fn profile_json(profile: &InstanceProfile) -> Value {
    json!({
        "Path": profile.path,
        "InstanceProfileName": profile.instance_profile_name,
        "InstanceProfileId": profile.instance_profile_id,
        "Arn": profile.arn,
        "CreateDate": date(&profile.create_date),
    })
}

/// The default version's document stands at `Document`; other versions grant nothing and are dropped.
fn policy_json(detail: &ManagedPolicyDetail) -> Option<Value> {
    let default = detail.policy_version_list().iter().find(|version| is_default(detail, version))?;
    let mut policy = Map::new();
    set(&mut policy, "PolicyName", detail.policy_name.as_deref());
    set(&mut policy, "PolicyId", detail.policy_id.as_deref());
    set(&mut policy, "Arn", detail.arn.as_deref());
    set(&mut policy, "Path", detail.path.as_deref());
    set(&mut policy, "DefaultVersionId", detail.default_version_id.as_deref());
    set(&mut policy, "IsAttachable", Some(detail.is_attachable));
    set(&mut policy, "Description", detail.description.as_deref());
    set(&mut policy, "CreateDate", detail.create_date.as_ref().map(date));
    set(&mut policy, "UpdateDate", detail.update_date.as_ref().map(date));
    set(&mut policy, "Document", Some(policy::parse_encoded(default.document.as_deref()?)?));
    Some(Value::Object(policy))
}

fn is_default(detail: &ManagedPolicyDetail, version: &PolicyVersion) -> bool {
    version.is_default_version
        || (version.version_id.is_some() && version.version_id == detail.default_version_id)
}

fn tags_json(tags: &[Tag]) -> Vec<Value> {
    tags.iter().map(|tag| json!({"Key": tag.key, "Value": tag.value})).collect()
}

/// What the provider leaves out is left out, not null.
fn set(object: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value.into());
    }
}

/// As the provider's command line prints it: `2026-01-02T03:04:05+00:00`.
fn date(date: &DateTime) -> String {
    let text = date.fmt(Format::DateTime).unwrap_or_default();
    text.strip_suffix('Z').map(|civil| format!("{civil}+00:00")).unwrap_or(text)
}
