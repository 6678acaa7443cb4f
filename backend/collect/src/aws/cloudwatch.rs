//! CloudWatch: alarms and what they do, in one bulk read.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::place::{Outcome, Place, elements, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&ALARMS.action];
/// Whether an alarm rings is no configuration.
pub(super) const VOLATILE: &[Path] = &[
    "alarm/ActionsSuppressedBy",
    "alarm/ActionsSuppressedReason",
    "alarm/EvaluationState",
    "alarm/StateReason",
    "alarm/StateReasonData",
    "alarm/StateTransitionedTimestamp",
    "alarm/StateUpdatedTimestamp",
    "alarm/StateValue",
];

static API: Api =
    Api::json("CloudWatch", "monitoring", "1.0", "GraniteServiceVersion20100801", &quota::CLOUDWATCH);
static ALARMS: List = API.list("cloudwatch:DescribeAlarms", "MetricAlarms");

/// The largest page.
const PAGE: i32 = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let request = Request::call()
        .field("AlarmTypes", json!(["MetricAlarm", "CompositeAlarm"]))
        .field("MaxRecords", PAGE);
    let mut resources = Vec::new();
    // A page has two lists, either of which may be left out.
    let keep = |mut page: Value| {
        for list in ["MetricAlarms", "CompositeAlarms"] {
            if let Some(Value::Array(alarms)) = page.get_mut(list).map(Value::take) {
                resources.extend(alarms.into_iter().filter_map(|item| alarm(&reader.place, item)));
            }
        }
        Ok(())
    };
    let failure = reader.list_pages(&ALARMS, None, request, keep).await;
    Outcome { resources, listings: vec![failure] }
}

fn alarm(place: &Place, alarm: Value) -> Option<Resource> {
    let arn = text(&alarm, "/AlarmArn")?.to_owned();
    let mut resource =
        place.resource("aws.cloudwatch.alarm", &arn, text(&alarm, "/AlarmName").unwrap_or(&arn));
    for action in elements(&alarm, "/AlarmActions").iter().filter_map(Value::as_str) {
        relate(&mut resource, RelationName::WritesTo, Some(action));
    }
    put(&mut resource, "alarm", Ok(Some(alarm)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_writes_to_what_it_tells() {
        let topic = "arn:aws:sns:eu-west-1:123456789012:on-call";
        let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors";
        let listed = json!({"AlarmArn": arn, "AlarmName": "errors", "AlarmActions": [topic]});
        let found = alarm(&Place::example("cloudwatch"), listed).unwrap();
        assert_eq!((found.uid.as_str(), found.name.as_str()), (arn, "errors"));
        assert_eq!(found.relations[0].to.as_str(), topic);
    }
}
