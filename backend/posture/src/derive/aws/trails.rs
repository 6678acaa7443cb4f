//! What CloudTrail records, in trails and in event data stores: invocations of functions, objects being written to
//! buckets, and management of the account.

use std::borrow::Cow;

use nephoscope_model::{Resource, Unreadable};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet, list, malformed, merged, reason, required, text};

/// The trails and stores that were read this time, and what may be missing beside them.
pub(super) struct Trails<'a> {
    trails: Vec<Trail<'a>>,
    doubts: Vec<Unreadable>,
}

/// One trail or store, as far as it can be read.
struct Trail<'a> {
    resource: Cow<'a, Resource>,
    form: Form,
    /// The region whose events it records; none for all of them.
    only: Option<String>,
}

/// How a recorder says what it does.
#[derive(Clone, Copy)]
enum Form {
    Trail,
    Store,
}

impl Form {
    const ALL: [Self; 2] = [Self::Trail, Self::Store];

    fn kind(self) -> &'static str {
        match self {
            Self::Trail => "aws.cloudtrail.trail",
            Self::Store => "aws.cloudtrail.store",
        }
    }

    /// The facet that tells where it records; and the field of it that means everywhere.
    fn extent(self) -> (&'static str, &'static str) {
        match self {
            Self::Trail => ("trail", "IsMultiRegionTrail"),
            Self::Store => ("store", "MultiRegionEnabled"),
        }
    }
}

impl<'a> Trails<'a> {
    pub fn of(map: &Map<'a>) -> Self {
        let mut trails = Vec::new();
        let mut doubts = map.listed("cloudtrail", None).err().unwrap_or_default();
        for form in Form::ALL {
            let (facet, everywhere) = form.extent();
            for &position in map.kind(form.kind()) {
                if !map.is_fresh(position) {
                    // What a trail did last time does not show that it records today.
                    doubts.extend(reason(facet, "NotListed"));
                    continue;
                }
                let resource = map.open(position);
                let only = required(&resource, facet).map(|extent| {
                    let everywhere = extent.get(everywhere).and_then(Value::as_bool) == Some(true);
                    let home = text(extent, "HomeRegion").unwrap_or(resource.region.as_str());
                    (!everywhere).then(|| home.to_owned())
                });
                match only {
                    Ok(only) => trails.push(Trail { resource, form, only }),
                    Err(reasons) => doubts.extend(reasons),
                }
            }
        }
        Self { trails, doubts: merged(doubts) }
    }

    /// Whether some logging trail's data events cover invocations of `function`.
    pub fn record_invocations(&self, function: &Resource) -> Reading<bool> {
        let region = function.region.as_str();
        let here = |trail: &&Trail<'_>| trail.only.as_deref().is_none_or(|only| only == region);
        let covers = |selectors: &Value| records_invocations(selectors, function.uid.as_str());
        self.any(self.trails.iter().filter(here), covers)
    }

    /// Whether some logging trail's data events cover every object that is written to `bucket`.
    pub fn record_objects(&self, bucket: &Resource) -> Reading<bool> {
        let region = text(required(bucket, "location")?, "BucketRegion");
        let region = region.ok_or_else(|| malformed("location"))?;
        let here = |trail: &&Trail<'_>| trail.only.as_deref().is_none_or(|only| only == region);
        let covers = |selectors: &Value| records_objects(selectors, bucket.uid.as_str());
        self.any(self.trails.iter().filter(here), covers)
    }

    /// Whether some logging trail over all regions records management events, reads and writes.
    pub fn record_management(&self) -> Reading<bool> {
        let everywhere = |trail: &&Trail<'_>| trail.only.is_none();
        self.any(self.trails.iter().filter(everywhere), records_management)
    }

    /// One readable witness suffices; that there is none takes every trail.
    fn any<'t>(
        &self,
        trails: impl Iterator<Item = &'t Trail<'a>>,
        covers: impl Fn(&Value) -> bool,
    ) -> Reading<bool>
    where
        'a: 't,
    {
        let mut doubts = self.doubts.clone();
        for trail in trails {
            match trail.is_witness(&covers) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(reasons) => doubts.extend(reasons),
            }
        }
        if doubts.is_empty() { Ok(false) } else { Err(merged(doubts)) }
    }
}

impl Trail<'_> {
    /// Either half being readable and negative decides it.
    fn is_witness(&self, covers: impl Fn(&Value) -> bool) -> Reading<bool> {
        let (logging, covered) = match self.form {
            Form::Trail => {
                let logging = required(&self.resource, "status").and_then(|status| {
                    status.get("IsLogging").and_then(Value::as_bool).ok_or_else(|| malformed("status"))
                });
                (logging, facet(&self.resource, "selectors").map(|selectors| selectors.is_some_and(covers)))
            }
            // Both stand in the one answer, which was read.
            Form::Store => {
                let store = required(&self.resource, "store")?;
                (Ok(text(store, "Status") == Some("ENABLED")), Ok(covers(store)))
            }
        };
        match (logging, covered) {
            (Ok(false), _) | (_, Ok(false)) => Ok(false),
            (Ok(true), Ok(true)) => Ok(true),
            (Err(reasons), Ok(true)) | (Ok(true), Err(reasons)) => Err(reasons),
            (Err(logging), Err(covered)) => Err(merged(logging.into_iter().chain(covered))),
        }
    }
}

/// An `Invoke` is a data event that writes.
fn records_invocations(selectors: &Value, function: &str) -> bool {
    let basic = list(selectors, "EventSelectors").iter().any(|selector| {
        matches!(text(selector, "ReadWriteType"), None | Some("All" | "WriteOnly"))
            && list(selector, "DataResources").iter().any(|resource| {
                text(resource, "Type") == Some("AWS::Lambda::Function")
                    && list(resource, "Values")
                        .iter()
                        .filter_map(Value::as_str)
                        .any(|value| value == function || is_all_of_lambda(value))
            })
    });
    let event = [
        ("eventCategory", "Data"),
        ("eventName", "Invoke"),
        ("eventSource", "lambda.amazonaws.com"),
        ("readOnly", "false"),
        ("resources.ARN", function),
        ("resources.type", "AWS::Lambda::Function"),
    ];
    basic || list(selectors, "AdvancedEventSelectors").iter().any(|selector| selects(selector, &event))
}

/// `arn:aws:lambda` stands for every function.
fn is_all_of_lambda(value: &str) -> bool {
    let fields: Vec<&str> = value.split(':').collect();
    matches!(fields[..], ["arn", _, "lambda"])
}

/// A `PutObject` is a data event that writes. A selector for a part of the bucket does not cover it.
fn records_objects(selectors: &Value, bucket: &str) -> bool {
    let objects = format!("{bucket}/");
    let basic = list(selectors, "EventSelectors").iter().any(|selector| {
        matches!(text(selector, "ReadWriteType"), None | Some("All" | "WriteOnly"))
            && list(selector, "DataResources").iter().any(|resource| {
                text(resource, "Type") == Some("AWS::S3::Object")
                    && list(resource, "Values")
                        .iter()
                        .filter_map(Value::as_str)
                        .any(|value| value == objects || is_all_of_s3(value))
            })
    });
    let event = [
        ("eventCategory", "Data"),
        ("eventName", "PutObject"),
        ("eventSource", "s3.amazonaws.com"),
        ("readOnly", "false"),
        ("resources.ARN", objects.as_str()),
        ("resources.type", "AWS::S3::Object"),
    ];
    basic || list(selectors, "AdvancedEventSelectors").iter().any(|selector| selects(selector, &event))
}

/// `arn:aws:s3` and `arn:aws:s3:::` stand for the objects of every bucket.
fn is_all_of_s3(value: &str) -> bool {
    let fields: Vec<&str> = value.split(':').collect();
    matches!(fields[..], ["arn", _, "s3"] | ["arn", _, "s3", "", "", ""])
}

fn records_management(selectors: &Value) -> bool {
    let basic = |kind: &str| {
        list(selectors, "EventSelectors").iter().any(|selector| {
            selector.get("IncludeManagementEvents").and_then(Value::as_bool) == Some(true)
                && text(selector, "ReadWriteType").is_none_or(|given| given == "All" || given == kind)
        })
    };
    let advanced = |read_only: &str| {
        let event = [("eventCategory", "Management"), ("readOnly", read_only)];
        list(selectors, "AdvancedEventSelectors").iter().any(|selector| selects(selector, &event))
    };
    (basic("ReadOnly") && basic("WriteOnly")) || (advanced("true") && advanced("false"))
}

/// True where every field selector of an advanced selector holds for `event`.
///
/// A field that the event does not name may narrow the selection, so it is taken not to cover it; but leaving out the
/// chatty sources of management events, which AWS itself proposes, narrows nothing that matters here.
fn selects(selector: &Value, event: &[(&str, &str)]) -> bool {
    list(selector, "FieldSelectors").iter().all(|field| {
        let name = text(field, "Field").unwrap_or_default();
        match event.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => holds(field, value),
            None => name == "eventSource" && !list(field, "NotEquals").is_empty(),
        }
    })
}

fn holds(field: &Value, value: &str) -> bool {
    let any = |operator: &str, test: fn(&str, &str) -> bool| {
        list(field, operator).iter().filter_map(Value::as_str).any(|given| test(value, given))
    };
    let has_positive =
        ["Equals", "StartsWith", "EndsWith"].iter().any(|operator| !list(field, operator).is_empty());
    let equals: fn(&str, &str) -> bool = |value, given| value == given;
    let starts: fn(&str, &str) -> bool = |value, given| value.starts_with(given);
    let ends: fn(&str, &str) -> bool = |value, given| value.ends_with(given);
    let chosen = any("Equals", equals) || any("StartsWith", starts) || any("EndsWith", ends);
    let left_out = any("NotEquals", equals) || any("NotStartsWith", starts) || any("NotEndsWith", ends);
    (chosen || !has_positive) && !left_out
}
