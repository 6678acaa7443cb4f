//! What changed of functions that no revision shows, as CloudTrail tells it: policies, URLs, tags, concurrency, …
//!
//! One call for each name of an event in a region, for each 50 such events since the oldest reading that may be carried
//! over. Where that would take more calls than it spares, or where CloudTrail does not answer, nothing is known to be
//! unchanged, and everything is read again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use nephoscope_model::Uid;
use serde_json::{Value, json};

use super::api::{List, Tier};
use super::carry::{Events, OVERLAP, is_due};
use super::client::Reader;
use super::cloudtrail::API;
use super::failure::Failure;
use super::place::text;
use super::quota;
use super::request::Request;
use crate::purpose::Purpose;

pub(super) static LOOKUP_EVENTS: List = API
    .list("cloudtrail:LookupEvents", "Events")
    .may_lack_items()
    .within(&quota::CLOUDTRAIL_LOOKUP)
    .tier(Tier::Events);

/// The events of everything that can be set on a function and that its listing does not show. Where older releases of
/// the operation are still logged under a name of their own, both stand here.
/// <https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html>
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-supported-apis.html>
const EVENTS: [&str; 25] = [
    "AddPermission20150331",
    "AddPermission20150331v2",
    "CreateAlias20150331",
    "CreateFunctionUrlConfig",
    "DeleteAlias20150331",
    "DeleteFunctionConcurrency20171031",
    "DeleteFunctionEventInvokeConfig",
    "DeleteFunctionUrlConfig",
    "DeleteProvisionedConcurrencyConfig",
    "DeleteResourcePolicy",
    "PutFunctionConcurrency20171031",
    "PutFunctionEventInvokeConfig",
    "PutFunctionRecursionConfig",
    "PutProvisionedConcurrencyConfig",
    "PutResourcePolicy",
    "PutRuntimeManagementConfig",
    "RemovePermission20150331",
    "RemovePermission20150331v2",
    "TagResource20170331",
    "TagResource20170331v2",
    "UntagResource20170331",
    "UntagResource20170331v2",
    "UpdateAlias20150331",
    "UpdateFunctionEventInvokeConfig",
    "UpdateFunctionUrlConfig",
];

/// What a function takes at least where nothing is carried over: its policy, the function, and its runtime management.
const CALLS_SPARED: usize = 3;

/// What happened to the functions of a region; none where that is not known.
#[derive(Debug, Default)]
pub(super) struct Changes(Option<Told>);

#[derive(Debug)]
struct Told {
    /// All events since then were looked at.
    start: Timestamp,
    /// When each function was changed last, by name.
    last: BTreeMap<String, Timestamp>,
}

impl Changes {
    /// What is known of one function.
    pub(super) fn of(&self, name: &str) -> Events {
        match &self.0 {
            None => Events::Unknown,
            Some(told) => Events::Since { start: told.start, last: told.last.get(name).copied() },
        }
    }
}

/// Looks up what happened to the functions of the region since they were read.
pub(super) async fn of_functions(reader: &Reader) -> Changes {
    let candidates = candidates(reader);
    let spared = candidates.len() * CALLS_SPARED;
    // It is worth it where it spares at least half of the calls; CloudTrail answers more slowly than Lambda.
    let Some(oldest) = candidates.into_iter().min().filter(|_| spared >= 2 * EVENTS.len()) else {
        return Changes::default();
    };
    let pages = AtomicUsize::new(spared);
    let start = oldest - OVERLAP;
    match lookup_all(reader, start, &pages).await {
        Ok(last) => Changes(Some(Told { start, last })),
        Err(failure) => {
            reader.log.cost(&failure);
            Changes::default()
        }
    }
}

/// Since when the functions were not read that may be carried over.
fn candidates(reader: &Reader) -> Vec<Timestamp> {
    if reader.purpose != Purpose::Scan {
        return Vec::new();
    }
    let instant = reader.past.instant;
    let fresh = |(uid, read): (&Uid, Timestamp)| (!is_due(uid, read, instant)).then_some(read);
    reader.past.previous.oldest().filter_map(fresh).collect()
}

async fn lookup_all(
    reader: &Reader,
    start: Timestamp,
    pages: &AtomicUsize,
) -> Result<BTreeMap<String, Timestamp>, Failure> {
    let mut names = EVENTS.into_iter();
    // Where the first is refused, so would be the others.
    let mut changes = match names.next() {
        Some(name) => merge(lookup(reader, name, start, pages).await?.iter())?,
        None => BTreeMap::new(),
    };
    let mut lookups = Vec::new();
    for name in names {
        lookups.push(lookup(reader, name, start, pages));
    }
    let others: Vec<Vec<Value>> =
        futures::stream::iter(lookups).buffer_unordered(reader.limits.concurrency).try_collect().await?;
    for (name, at) in merge(others.iter().flatten())? {
        let last = changes.entry(name).or_insert(at);
        *last = at.max(*last);
    }
    Ok(changes)
}

/// The events of one name since `start`, at most as many pages as are left.
async fn lookup(
    reader: &Reader,
    name: &'static str,
    start: Timestamp,
    pages: &AtomicUsize,
) -> Result<Vec<Value>, Failure> {
    let request = Request::call()
        .field("LookupAttributes", json!([{"AttributeKey": "EventName", "AttributeValue": name}]))
        .field("StartTime", start.as_second());
    let mut events = Vec::new();
    let failure = reader.list_pages(&LOOKUP_EVENTS, None, request, |mut page| {
        let left = pages.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_err() {
            return Err("there are so many events that reading everything again takes fewer calls".to_owned());
        }
        match page.get_mut("Events").map(Value::take) {
            Some(Value::Array(found)) => events.extend(found),
            Some(Value::Null) | None => {}
            Some(_) => return Err("the answer has no list `Events`".to_owned()),
        }
        Ok(())
    });
    match failure.await {
        Some(failure) => Err(failure),
        None => Ok(events),
    }
}

/// When each function was changed last.
fn merge<'a>(events: impl Iterator<Item = &'a Value>) -> Result<BTreeMap<String, Timestamp>, Failure> {
    let mut changes: BTreeMap<String, Timestamp> = BTreeMap::new();
    for event in events {
        match change(event) {
            Ok(Some((name, at))) => {
                let last = changes.entry(name).or_insert(at);
                *last = at.max(*last);
            }
            Ok(None) => {}
            Err(wrong) => return Err(Failure::malformed(&LOOKUP_EVENTS.action, wrong)),
        }
    }
    Ok(changes)
}

/// The function that an event changed, and when; none where it changed none.
fn change(event: &Value) -> Result<Option<(String, Timestamp)>, &'static str> {
    // Other services log operations of the same names.
    if text(event, "/EventSource").is_some_and(|source| source != "lambda.amazonaws.com") {
        return Ok(None);
    }
    let record =
        text(event, "/CloudTrailEvent").and_then(|record| serde_json::from_str::<Value>(record).ok());
    let record = record.ok_or("an event has no record that could be read")?;
    // What was refused changed nothing.
    if text(&record, "/errorCode").is_some() {
        return Ok(None);
    }
    let named = ["functionName", "resource", "resourceArn"];
    let named = named.iter().find_map(|key| text(&record, &format!("/requestParameters/{key}")));
    let Some(named) = named else { return Err("an event does not say which function it changed") };
    let at = event.get("EventTime").and_then(instant).ok_or("an event does not say when it was")?;
    Ok(function_name(named).map(|name| (name.to_owned(), at)))
}

/// The name of a function that is given by name or by ARN, whole or in part, with or without a version or an alias;
/// none for the ARN of something else that has tags.
fn function_name(named: &str) -> Option<&str> {
    let name = match named.split_once("function:") {
        Some((before, name)) if before.is_empty() || before.ends_with(':') => name,
        _ if named.starts_with("arn:") => return None,
        _ => named,
    };
    name.split(':').next()
}

/// Seconds since 1970, or the text of an instant.
fn instant(time: &Value) -> Option<Timestamp> {
    match time {
        Value::String(text) => text.parse().ok(),
        // Whole seconds are all that CloudTrail tells.
        other => Timestamp::from_second(other.as_f64()?.floor() as i64).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(parameters: Value) -> Value {
        let record = json!({"eventName": "AddPermission20150331v2", "requestParameters": parameters});
        json!({"EventSource": "lambda.amazonaws.com", "EventTime": 100.7, "CloudTrailEvent": record.to_string()})
    }

    #[test]
    fn functions_are_named_in_every_way_that_the_api_takes() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
        for named in
            ["shop", "shop:live", arn, &format!("{arn}:3"), "123456789012:function:shop", "function:shop"]
        {
            assert_eq!(function_name(named), Some("shop"), "{named}");
        }
        assert_eq!(function_name("my-function:live"), Some("my-function"));
        assert_eq!(function_name("arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:u"), None);
    }

    #[test]
    fn the_last_change_of_each_function_counts() {
        let mut earlier = event(json!({"functionName": "shop"}));
        earlier["EventTime"] = json!(50);
        let tagged = event(json!({"resource": "arn:aws:lambda:e:1:function:cart"}));
        let changes =
            merge([&event(json!({"functionName": "shop:live"})), &earlier, &tagged].into_iter()).unwrap();
        let at = Timestamp::from_second(100).unwrap();
        assert_eq!(changes, BTreeMap::from([("shop".to_owned(), at), ("cart".to_owned(), at)]));
        let changes = Changes(Some(Told { start: Timestamp::UNIX_EPOCH, last: changes }));
        assert_eq!(changes.of("other"), Events::Since { start: Timestamp::UNIX_EPOCH, last: None });
        assert_eq!(changes.of("cart"), Events::Since { start: Timestamp::UNIX_EPOCH, last: Some(at) });
        assert_eq!(Changes::default().of("shop"), Events::Unknown);
    }

    #[test]
    fn what_was_refused_or_is_another_services_changed_no_function() {
        let mut refused = event(Value::Null);
        refused["CloudTrailEvent"] =
            json!({"errorCode": "AccessDenied", "requestParameters": null}).to_string().into();
        let mut foreign = event(json!({"resourceArn": "arn:aws:dynamodb:e:1:table/t"}));
        foreign["EventSource"] = json!("dynamodb.amazonaws.com");
        assert!(merge([&refused, &foreign].into_iter()).unwrap().is_empty());
    }

    #[test]
    fn an_event_that_cannot_be_understood_leaves_everything_unknown() {
        let mut torn = event(json!({"functionName": "shop"}));
        torn["CloudTrailEvent"] = json!("{\"requestParameters\":");
        let mut undated = event(json!({"functionName": "shop"}));
        undated["EventTime"] = Value::Null;
        for event in [torn, undated, event(Value::Null)] {
            assert!(merge([&event].into_iter()).is_err(), "{event}");
        }
    }
}
