//! CloudTrail: the trails whose home is this region, whether they record, and what.
//!
//! Each trail is listed once: its shadows in other regions are left out. Only where a trail's home is not scanned
//! at all, the first region reads its shadow, for it records there as well.

use futures::StreamExt;
use nephoscope_model::{Region, RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::client::{Action, Reader};
use super::failure::{Class, Failure};
use super::pages::List;
use super::place::{Outcome, Place, Read, log_group_arn, put, relate, text};
use super::quota;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&TRAILS.action, &GET_STATUS, &GET_SELECTORS];
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
static TRAILS: List = List {
    action: Action::new("cloudtrail:DescribeTrails", &quota::CLOUDTRAIL),
    items: "trailList",
    token: "NextToken",
    may_lack_items: false,
};
static GET_STATUS: Action = Action::new("cloudtrail:GetTrailStatus", &quota::CLOUDTRAIL);
static GET_SELECTORS: Action = Action::new("cloudtrail:GetEventSelectors", &quota::CLOUDTRAIL);

struct Trail {
    trail: Value,
    status: Read,
    selectors: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (trails, listing) = fetch(reader).await;
    Outcome { resources: normalise(&reader.place, trails), listings: vec![listing] }
}

async fn fetch(reader: &Reader) -> (Vec<Trail>, Option<Failure>) {
    let client = aws_sdk_cloudtrail::Client::new(&reader.sdk);
    let listed = reader.list(&TRAILS, None, |capture, _| {
        let shadows = reader.first_of.is_some();
        client.describe_trails().include_shadow_trails(shadows).customize().interceptor(capture).send()
    });
    let listed = listed.await;
    let is_ours = |trail: &Value| text(trail, "/HomeRegion").is_none_or(|home| belongs(reader, home));
    let details = listed.items.into_iter().filter(is_ours).map(|trail| fetch_trail(reader, &client, trail));
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
async fn fetch_trail(reader: &Reader, client: &aws_sdk_cloudtrail::Client, trail: Value) -> Option<Trail> {
    let arn = text(&trail, "/TrailARN")?;
    let uid = Uid::from(arn);
    // An organisation's trail belongs to another account, which may hide its details: it is not gone then.
    let own = arn.split(':').nth(4) == Some(reader.place.account.as_str());
    let status = reader.json(&GET_STATUS, Some(&uid), |capture| {
        client.get_trail_status().name(arn).customize().interceptor(capture).send()
    });
    let status = status.await;
    if own && status.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let selectors = reader.json(&GET_SELECTORS, Some(&uid), |capture| {
        client.get_event_selectors().trail_name(arn).customize().interceptor(capture).send()
    });
    let selectors = selectors.await;
    Some(Trail { status: status.map(Some), selectors: selectors.map(Some), trail })
}

fn normalise(place: &Place, trails: Vec<Trail>) -> Vec<Resource> {
    trails.into_iter().filter_map(|trail| normalise_trail(place, trail)).collect()
}

fn normalise_trail(place: &Place, replies: Trail) -> Option<Resource> {
    let Trail { trail, status, selectors } = replies;
    let arn = text(&trail, "/TrailARN")?.to_owned();
    let mut resource = place.resource("aws.cloudtrail.trail", &arn, text(&trail, "/Name").unwrap_or(&arn));
    relate(&mut resource, RelationName::EncryptedBy, text(&trail, "/KmsKeyId"));
    let logs = text(&trail, "/CloudWatchLogsLogGroupArn").and_then(log_group_arn);
    relate(&mut resource, RelationName::LogsTo, logs);
    put(&mut resource, "trail", Ok(Some(trail)));
    put(&mut resource, "status", status);
    put(&mut resource, "selectors", selectors);
    Some(resource)
}
