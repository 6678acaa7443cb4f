//! CloudWatch Logs: log groups with retention and key, and the policies that let others write.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Failure;
use super::pages::Listing;
use super::place::{Outcome, Place, Read, log_group_arn, put, relate, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&GROUPS.action, &POLICIES.action];
/// Grows with every line that is logged.
pub(super) const VOLATILE: &[Path] = &["group/storedBytes"];

static API: Api = Api::json("CloudWatch Logs", "logs", "1.1", "Logs_20140328", &quota::LOGS);
static GROUPS: List = API.list("logs:DescribeLogGroups", "logGroups").paged("nextToken", "nextToken");
static POLICIES: List =
    API.list("logs:DescribeResourcePolicies", "resourcePolicies").paged("nextToken", "nextToken");

/// The largest page of both listings.
const PAGE: i32 = 50;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (groups, policies) = fetch(reader).await;
    let listings = vec![groups.failure.clone(), policies.failure.clone()];
    Outcome { resources: normalise(&reader.place, groups.items, policies.items), listings }
}

async fn fetch(reader: &Reader) -> (Listing, Listing) {
    let groups = reader.list(&GROUPS, None, Request::call().field("limit", PAGE));
    let policies = reader.list(&POLICIES, None, Request::call().field("limit", PAGE));
    tokio::join!(groups, policies)
}

fn normalise(place: &Place, groups: Vec<Value>, policies: Vec<Value>) -> Vec<Resource> {
    let groups = groups.into_iter().filter_map(|group| log_group(place, group));
    let policies = policies.into_iter().filter_map(|policy| resource_policy(place, policy));
    groups.chain(policies).collect()
}

fn log_group(place: &Place, group: Value) -> Option<Resource> {
    let name = text(&group, "/logGroupName")?.to_owned();
    let given = text(&group, "/logGroupArn").or_else(|| text(&group, "/arn"));
    let uid = match given.and_then(log_group_arn) {
        Some(arn) => arn.to_owned(),
        None => place.arn("logs", &format!("log-group:{name}")),
    };
    let mut resource = place.resource("aws.logs.group", &uid, &name);
    relate(&mut resource, RelationName::EncryptedBy, text(&group, "/kmsKeyId"));
    put(&mut resource, "group", Ok(Some(group)));
    Some(resource)
}

fn resource_policy(place: &Place, mut policy: Value) -> Option<Resource> {
    let name = text(&policy, "/policyName")?.to_owned();
    let uid = place.arn("logs", &format!("resource-policy/{name}"));
    let mut resource = place.resource("aws.logs.policy", &uid, &name);
    let read: Read = if policy::parse_in_place(&mut policy, "policyDocument") {
        Ok(Some(policy))
    } else {
        Err(Failure::malformed(&POLICIES.action, "the document of a resource policy is not JSON"))
    };
    put(&mut resource, "policy", read);
    Some(resource)
}
