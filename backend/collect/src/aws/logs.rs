//! CloudWatch Logs: log groups with retention, key and metric filters, and the policies that let others write.
//!
//! Three listings a region. Filters are listed for all groups at once.

use std::collections::BTreeMap;

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Failure;
use super::pages::Listing;
use super::place::{Outcome, Place, Read, grouped, log_group_arn, put, relate, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&GROUPS.action, &POLICIES.action, &FILTERS.action];
/// Grows with every line that is logged.
pub(super) const VOLATILE: &[Path] = &["group/storedBytes"];

static API: Api = Api::json("CloudWatch Logs", "logs", "1.1", "Logs_20140328", &quota::LOGS);
static GROUPS: List = API.list("logs:DescribeLogGroups", "logGroups").paged("nextToken", "nextToken");
static POLICIES: List =
    API.list("logs:DescribeResourcePolicies", "resourcePolicies").paged("nextToken", "nextToken");
static FILTERS: List =
    API.list("logs:DescribeMetricFilters", "metricFilters").paged("nextToken", "nextToken");

/// The largest page of each listing.
const PAGE: i32 = 50;

/// The metric filters of each log group, by the name of the group.
type Filters = BTreeMap<String, Vec<Value>>;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (groups, policies, filters) = fetch(reader).await;
    // Filters that could not be listed hide no group.
    let listings = vec![groups.failure, policies.failure];
    let filters = filters.whole().map(|filters| grouped(filters, |filter| text(filter, "/logGroupName")));
    Outcome { resources: normalise(&reader.place, groups.items, policies.items, &filters), listings }
}

async fn fetch(reader: &Reader) -> (Listing, Listing, Listing) {
    let page = || Request::call().field("limit", PAGE);
    tokio::join!(
        reader.list(&GROUPS, None, page()),
        reader.list(&POLICIES, None, page()),
        reader.list(&FILTERS, None, page())
    )
}

fn normalise(
    place: &Place,
    groups: Vec<Value>,
    policies: Vec<Value>,
    filters: &Result<Filters, Failure>,
) -> Vec<Resource> {
    let groups = groups.into_iter().filter_map(|group| log_group(place, group, filters));
    let policies = policies.into_iter().filter_map(|policy| resource_policy(place, policy));
    groups.chain(policies).collect()
}

fn log_group(place: &Place, group: Value, filters: &Result<Filters, Failure>) -> Option<Resource> {
    let name = text(&group, "/logGroupName")?.to_owned();
    let given = text(&group, "/logGroupArn").or_else(|| text(&group, "/arn"));
    let uid = match given.and_then(log_group_arn) {
        Some(arn) => arn.to_owned(),
        None => place.arn("logs", &format!("log-group:{name}")),
    };
    let mut resource = place.resource("aws.logs.group", &uid, &name);
    relate(&mut resource, RelationName::EncryptedBy, text(&group, "/kmsKeyId"));
    put(&mut resource, "group", Ok(Some(group)));
    let own = filters.as_ref().map(|filters| filters.get(&name)).map_err(Clone::clone);
    put(&mut resource, "metric_filters", own.map(|own| own.map(|own| json!({ "metricFilters": own }))));
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
