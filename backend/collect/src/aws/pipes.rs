//! EventBridge Pipes: what is taken from where, enriched by what and handed to whom, with which role.
//!
//! One call for a hundred pipes, and one for each pipe: the listing tells no role and no logging.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, log_group_arn, put, relate, tag, text};
use super::quota;
use super::request::Request;
use super::target::aim;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&PIPES.action, &DESCRIBE];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("Pipes", "pipes", &quota::PIPES).in_some_regions();
static PIPES: List = API.list("pipes:ListPipes", "Pipes");
static DESCRIBE: Action = API.action("pipes:DescribePipe");

const PAGE: i32 = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&PIPES, None, Request::get(&["v1", "pipes"]).query("Limit", PAGE)).await;
    let pipes = listed.items.into_iter().map(|item| pipe(reader, item));
    let pipes: Vec<Option<Resource>> =
        futures::stream::iter(pipes).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: pipes.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

/// None where the pipe was deleted after it had been listed.
async fn pipe(reader: &Reader, item: Value) -> Option<Resource> {
    let (arn, name) = (text(&item, "/Arn")?, text(&item, "/Name")?);
    let uid = Uid::from(arn);
    match reader.call(&DESCRIBE, Some(&uid), Request::get(&["v1", "pipes", name])).await {
        Err(failure) if failure.class == Class::NotFound => None,
        reply => Some(normalise(&reader.place, &reader.redactor, arn, name, reply)),
    }
}

fn normalise(
    place: &Place,
    redactor: &Redactor,
    arn: &str,
    name: &str,
    reply: Result<Value, Failure>,
) -> Resource {
    let mut resource = place.resource("aws.pipes.pipe", arn, name);
    let reply = reply.map(|mut pipe| {
        relate_all(place, &mut resource, &pipe);
        tag(&mut resource, pipe.get("Tags"));
        for of in ["Enrichment", "Target"] {
            redactor.redact_map(&mut pipe, &format!("/{of}Parameters/HttpParameters/HeaderParameters"));
            redactor.redact_map(&mut pipe, &format!("/{of}Parameters/HttpParameters/QueryStringParameters"));
            redactor.redact_payload(&mut pipe, &format!("/{of}Parameters/InputTemplate"));
        }
        pipe
    });
    put(&mut resource, "pipe", reply.map(Some));
    resource
}

fn relate_all(place: &Place, resource: &mut Resource, pipe: &Value) {
    relate(resource, RelationName::ExecutesAs, text(pipe, "/RoleArn"));
    let source = text(pipe, "/Source").filter(|source| source.starts_with("arn:"));
    relate(resource, RelationName::TriggeredBy, source);
    aim(resource, text(pipe, "/Enrichment"));
    aim(resource, text(pipe, "/Target"));
    let key = place.key_arn(text(pipe, "/KmsKeyIdentifier"));
    relate(resource, RelationName::EncryptedBy, key.as_deref());
    let group = text(pipe, "/LogConfiguration/CloudwatchLogsLogDestination/LogGroupArn");
    relate(resource, RelationName::LogsTo, group.and_then(log_group_arn));
    let sources = pipe.get("SourceParameters").and_then(Value::as_object);
    for parameters in sources.into_iter().flat_map(|sources| sources.values()) {
        relate(resource, RelationName::WritesTo, text(parameters, "/DeadLetterConfig/Arn"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pipe_leads_from_its_source_to_its_target() {
        let own = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:123456789012:{rest}");
        let pipe = json!({
            "RoleArn": "arn:aws:iam::123456789012:role/pipe", "Source": own("sqs", "in"), "Target": own("events", "event-bus/shop"),
            "Enrichment": own("lambda", "function:look-up"), "Tags": {"team": "shop"},
            "SourceParameters": {"DynamoDBStreamParameters": {"DeadLetterConfig": {"Arn": own("sqs", "late")}}},
            "TargetParameters": {"HttpParameters": {"HeaderParameters": {"X": "CANARY"}}, "InputTemplate": "{\"token\":\"CANARYx7Gh2kQ9zLmN4pR\"}"},
        });
        let arn = own("pipes", "pipe/p");
        let mut found = normalise(&Place::example("pipes"), &Redactor::new([1; 32]), &arn, "p", Ok(pipe));
        found.relations.sort();
        let edges: Vec<(&str, &str)> =
            found.relations.iter().map(|edge| (edge.name.as_str(), edge.to.as_str())).collect();
        let expected = [
            ("executes_as", "arn:aws:iam::123456789012:role/pipe"),
            ("triggered_by", "arn:aws:sqs:eu-west-1:123456789012:in"),
            ("invokes", "arn:aws:lambda:eu-west-1:123456789012:function:look-up"),
            ("writes_to", "arn:aws:events:eu-west-1:123456789012:event-bus/shop"),
            ("writes_to", "arn:aws:sqs:eu-west-1:123456789012:late"),
        ];
        assert_eq!(edges, expected);
        assert_eq!(found.tags["team"], "shop");
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
    }
}
