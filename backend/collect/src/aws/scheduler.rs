//! EventBridge Scheduler: groups, and schedules with what they call, as whom and with which input.
//!
//! One call for a hundred groups, one for a hundred schedules, and one for each schedule: the listing tells neither
//! role nor key nor input.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, put, relate, text};
use super::quota;
use super::request::Request;
use super::target::aim;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&SCHEDULES.action, &GROUPS.action, &GET_SCHEDULE];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("Scheduler", "scheduler", &quota::SCHEDULER);
static SCHEDULES: List = API.list("scheduler:ListSchedules", "Schedules").within(&quota::SCHEDULER_LIST);
static GROUPS: List =
    API.list("scheduler:ListScheduleGroups", "ScheduleGroups").within(&quota::SCHEDULER_LIST);
static GET_SCHEDULE: Action = API.action("scheduler:GetSchedule");

const PAGE: i32 = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (schedules, groups) = tokio::join!(
        reader.list(&SCHEDULES, None, Request::get(&["schedules"]).query("MaxResults", PAGE)),
        reader.list(&GROUPS, None, Request::get(&["schedule-groups"]).query("MaxResults", PAGE)),
    );
    let read = schedules.items.into_iter().map(|item| schedule(reader, item));
    let read: Vec<Option<Resource>> =
        futures::stream::iter(read).buffer_unordered(reader.limits.concurrency).collect().await;
    let groups_read = groups.items.into_iter().filter_map(|item| group(&reader.place, item));
    Outcome {
        resources: read.into_iter().flatten().chain(groups_read).collect(),
        listings: vec![schedules.failure, groups.failure],
    }
}

/// None where the schedule ended or was deleted after it had been listed.
async fn schedule(reader: &Reader, item: Value) -> Option<Resource> {
    let (arn, name) = (text(&item, "/Arn")?, text(&item, "/Name")?);
    let uid = Uid::from(arn);
    let mut request = Request::get(&["schedules", name]);
    if let Some(group) = text(&item, "/GroupName") {
        request = request.query("groupName", group);
    }
    match reader.call(&GET_SCHEDULE, Some(&uid), request).await {
        Err(failure) if failure.class == Class::NotFound => None,
        reply => Some(normalise(&reader.place, &reader.redactor, &item, reply)),
    }
}

fn normalise(place: &Place, redactor: &Redactor, item: &Value, reply: Result<Value, Failure>) -> Resource {
    let arn = text(item, "/Arn").unwrap_or_default();
    let mut resource = place.resource("aws.scheduler.schedule", arn, text(item, "/Name").unwrap_or(arn));
    if let Some(group) = text(item, "/GroupName") {
        let group = place.arn("scheduler", &format!("schedule-group/{group}"));
        relate(&mut resource, RelationName::PartOf, Some(&group));
    }
    let reply = reply.map(|mut schedule| {
        relate(&mut resource, RelationName::ExecutesAs, text(&schedule, "/Target/RoleArn"));
        relate(&mut resource, RelationName::EncryptedBy, text(&schedule, "/KmsKeyArn"));
        relate(&mut resource, RelationName::WritesTo, text(&schedule, "/Target/DeadLetterConfig/Arn"));
        aim(&mut resource, text(&schedule, "/Target/Arn"));
        redactor.redact_payload(&mut schedule, "/Target/Input");
        schedule
    });
    put(&mut resource, "schedule", reply.map(Some));
    resource
}

fn group(place: &Place, group: Value) -> Option<Resource> {
    let arn = text(&group, "/Arn")?.to_owned();
    let mut resource = place.resource("aws.scheduler.group", &arn, text(&group, "/Name").unwrap_or(&arn));
    put(&mut resource, "group", Ok(Some(group)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    fn nightly(reply: Result<Value, Failure>) -> Resource {
        let arn = "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly";
        let item = json!({"Arn": arn, "Name": "nightly", "GroupName": "default"});
        normalise(&Place::example("scheduler"), &Redactor::new([1; 32]), &item, reply)
    }

    #[test]
    fn a_schedule_calls_its_target_as_its_role_and_keeps_no_secret() {
        let reply = json!({"Target": {
            "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:export", "RoleArn": "arn:aws:iam::123456789012:role/export",
            "Input": "{\"dbPassword\":\"CANARY-9kQz\",\"table\":\"orders\"}",
        }});
        let mut found = nightly(Ok(reply));
        found.relations.sort();
        let edges: Vec<&str> = found.relations.iter().map(|edge| edge.name.as_str()).collect();
        assert_eq!(edges, ["executes_as", "invokes", "part_of"]);
        let Facet::Known(schedule) = &found.facets["schedule"] else { panic!("the schedule was read") };
        assert_eq!(schedule["Target"]["Input"]["table"], "orders");
        assert!(!schedule.to_string().contains("CANARY"), "{schedule}");
    }

    #[test]
    fn a_schedule_that_was_not_read_is_kept() {
        let denied = Failure::new(&GET_SCHEDULE, Class::Denied, "AccessDeniedException", "no");
        let found = nightly(Err(denied));
        let permission = found.facets["schedule"].unreadable().unwrap().permission.as_deref();
        assert_eq!(permission, Some("scheduler:GetSchedule"));
    }
}
