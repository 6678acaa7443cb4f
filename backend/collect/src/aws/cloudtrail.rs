//! CloudTrail: the trails and event data stores whose home is this region, whether they record, and what.
//!
//! Two listings a region; two calls for each trail, a third where Insights may be on, and one for each store.
//!
//! Each trail is listed once: its shadows in other regions are left out. Only where a trail's home is not scanned
//! at all, the first region reads its shadow, for it records there as well.

use futures::StreamExt;
use nephoscope_model::{Region, RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, log_group_arn, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&TRAILS.action, &GET_STATUS, &GET_SELECTORS, &GET_INSIGHTS, &STORES.action, &GET_STORE];
/// Every delivery of a log file moves these. The `Latest…Error` fields stay, and so do `StartLoggingTime` and
/// `StopLoggingTime`, which show a trail that was paused between two scans; the `TimeLogging…` fields repeat
/// them in another form.
pub(super) const VOLATILE: &[Path] = &[
    "status/LatestDeliveryTime",
    "status/LatestDeliveryAttemptTime",
    "status/LatestDeliveryAttemptSucceeded",
    "status/LatestNotificationTime",
    "status/LatestNotificationAttemptTime",
    "status/LatestNotificationAttemptSucceeded",
    "status/LatestCloudWatchLogsDeliveryTime",
    "status/LatestDigestDeliveryTime",
    "status/TimeLoggingStarted",
    "status/TimeLoggingStopped",
];

/// One page always: an account has at most five trails in a region.
static TRAILS: List = API.list("cloudtrail:DescribeTrails", "trailList");
pub(super) static API: Api = Api::json(
    "CloudTrail",
    "cloudtrail",
    "1.1",
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    &quota::CLOUDTRAIL,
);
/// Names and ARNs alone are certain to be filled in.
static STORES: List = API.list("cloudtrail:ListEventDataStores", "EventDataStores").may_lack_items();
static GET_STORE: Action = API.action("cloudtrail:GetEventDataStore");
static GET_STATUS: Action = API.action("cloudtrail:GetTrailStatus");
static GET_SELECTORS: Action = API.action("cloudtrail:GetEventSelectors");
static GET_INSIGHTS: Action = API.action("cloudtrail:GetInsightSelectors");

struct Trail {
    trail: Value,
    status: Read,
    selectors: Read,
    insights: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let ((trails, listing), (stores, stores_listing)) = tokio::join!(fetch(reader), fetch_stores(reader));
    let mut resources = normalise(&reader.place, trails);
    resources.extend(stores);
    Outcome { resources, listings: vec![listing, stores_listing] }
}

async fn fetch(reader: &Reader) -> (Vec<Trail>, Option<Failure>) {
    let request = Request::call().field("includeShadowTrails", reader.first_of.is_some());
    let listed = reader.list(&TRAILS, None, request).await;
    let is_ours = |trail: &Value| text(trail, "/HomeRegion").is_none_or(|home| belongs(reader, home));
    let details = listed.items.into_iter().filter(is_ours).map(|trail| fetch_trail(reader, trail));
    let trails: Vec<Option<Trail>> =
        futures::stream::iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    (trails.into_iter().flatten().collect(), listed.failure)
}

/// True in a trail's home region, and in the first region of a scan that does not go there.
fn belongs(reader: &Reader, home: &str) -> bool {
    let out_of_scope = |regions: &Vec<Region>| regions.iter().all(|region| region.as_str() != home);
    home == reader.place.region.as_str() || reader.first_of.as_ref().is_some_and(out_of_scope)
}

/// None where the trail was deleted after it had been listed.
async fn fetch_trail(reader: &Reader, trail: Value) -> Option<Trail> {
    let arn = text(&trail, "/TrailARN")?;
    let uid = Uid::from(arn);
    // An organisation's trail belongs to another account, which may hide its details: it is not gone then.
    let own = arn.split(':').nth(4) == Some(reader.place.account.as_str());
    let status = reader.call(&GET_STATUS, Some(&uid), Request::call().field("Name", arn)).await;
    if own && status.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let selectors = reader.call(&GET_SELECTORS, Some(&uid), Request::call().field("TrailName", arn)).await;
    let insights = fetch_insights(reader, &trail, &uid).await;
    Some(Trail { status: status.map(Some), selectors: selectors.map(Some), insights, trail })
}

/// Not asked for where the trail says that it has none.
async fn fetch_insights(reader: &Reader, trail: &Value, uid: &Uid) -> Read {
    if trail.get("HasInsightSelectors") == Some(&Value::Bool(false)) {
        return Ok(None);
    }
    match reader.call(&GET_INSIGHTS, Some(uid), Request::call().field("TrailName", uid.as_str())).await {
        Err(failure) if failure.error == "InsightNotEnabledException" => {
            // That it has none is an answer.
            reader.log.forget(&failure);
            Ok(None)
        }
        insights => insights.map(Some),
    }
}

async fn fetch_stores(reader: &Reader) -> (Vec<Resource>, Option<Failure>) {
    let listed = reader.list_where_offered(&STORES, Request::call()).await;
    let stores = listed.items.into_iter().map(|store| fetch_store(reader, store));
    let stores: Vec<Option<Resource>> =
        futures::stream::iter(stores).buffer_unordered(reader.limits.concurrency).collect().await;
    (stores.into_iter().flatten().collect(), listed.failure)
}

/// None where the store was deleted after it had been listed.
async fn fetch_store(reader: &Reader, listed: Value) -> Option<Resource> {
    let arn = text(&listed, "/EventDataStoreArn")?;
    let request = Request::call().field("EventDataStore", arn);
    let store = match reader.call(&GET_STORE, Some(&Uid::from(arn)), request).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        store => store.map(Some),
    };
    Some(normalise_store(&reader.place, arn, text(&listed, "/Name").unwrap_or(arn), store))
}

fn normalise_store(place: &Place, arn: &str, name: &str, store: Read) -> Resource {
    let mut resource = place.resource("aws.cloudtrail.store", arn, name);
    if let Ok(Some(store)) = &store {
        relate(&mut resource, RelationName::EncryptedBy, text(store, "/KmsKeyId"));
    }
    put(&mut resource, "store", store);
    resource
}

fn normalise(place: &Place, trails: Vec<Trail>) -> Vec<Resource> {
    trails.into_iter().filter_map(|trail| normalise_trail(place, trail)).collect()
}

fn normalise_trail(place: &Place, replies: Trail) -> Option<Resource> {
    let Trail { trail, status, selectors, insights } = replies;
    let arn = text(&trail, "/TrailARN")?.to_owned();
    let mut resource = place.resource("aws.cloudtrail.trail", &arn, text(&trail, "/Name").unwrap_or(&arn));
    relate(&mut resource, RelationName::EncryptedBy, text(&trail, "/KmsKeyId"));
    let logs = text(&trail, "/CloudWatchLogsLogGroupArn").and_then(log_group_arn);
    relate(&mut resource, RelationName::LogsTo, logs);
    put(&mut resource, "trail", Ok(Some(trail)));
    put(&mut resource, "status", status);
    put(&mut resource, "selectors", selectors);
    put(&mut resource, "insights", insights);
    Some(resource)
}
