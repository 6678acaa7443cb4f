//! Firehose: delivery streams with their encryption, and where they take from and deliver to.
//!
//! One call for all streams of a region and one for each.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Map, Value};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, object_at, put, relate, unqualified_function};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::{Redactor, host};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&STREAMS.action, &DESCRIBE];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::json("Firehose", "firehose", "1.1", "Firehose_20150804", &quota::FIREHOSE);
/// One page always: it holds more streams than a region may have.
static STREAMS: List = API.list("firehose:ListDeliveryStreams", "DeliveryStreamNames");
static DESCRIBE: Action = API.action("firehose:DescribeDeliveryStream");

/// The largest page.
const PAGE: i32 = 10_000;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let mut names = Vec::new();
    let keep = |mut page: Value| match page.get_mut("DeliveryStreamNames").map(Value::take) {
        Some(Value::Array(found)) => {
            names.extend(found);
            // Its next page has no token, so that it could not be told from one that was read before.
            let more = page.get("HasMoreDeliveryStreams") == Some(&Value::Bool(true));
            if more { Err(format!("there are more than {PAGE} delivery streams")) } else { Ok(()) }
        }
        _ => Err("the answer has no list `DeliveryStreamNames`".to_owned()),
    };
    let failure = reader.list_pages(&STREAMS, None, Request::call().field("Limit", PAGE), keep).await;
    let streams = names.into_iter().map(|name| fetch(reader, name));
    let streams: Vec<Option<Resource>> =
        futures::stream::iter(streams).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: streams.into_iter().flatten().collect(), listings: vec![failure] }
}

/// None where the stream was deleted after it had been listed.
async fn fetch(reader: &Reader, name: Value) -> Option<Resource> {
    let name = name.as_str()?;
    let uid = Uid::from(arn(&reader.place, name));
    let reply = reader.call(&DESCRIBE, Some(&uid), Request::call().field("DeliveryStreamName", name)).await;
    if reply.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let stream = reply.and_then(|reply| object_at(&DESCRIBE, reply, "DeliveryStreamDescription"));
    Some(normalise(&reader.place, &reader.redactor, name, stream))
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("firehose", &format!("deliverystream/{name}"))
}

fn normalise(place: &Place, redactor: &Redactor, name: &str, mut stream: Result<Value, Failure>) -> Resource {
    let mut resource = place.resource("aws.firehose.stream", &arn(place, name), name);
    if let Ok(stream) = &mut stream {
        walk(stream, &mut |part| {
            relate_part(place, &mut resource, part);
            redact_part(redactor, part);
        });
    }
    put(&mut resource, "stream", stream.map(Some));
    resource
}

/// Every kind of destination says the same things in the same words, at its own depth.
fn walk(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            visit(fields);
            fields.values_mut().for_each(|field| walk(field, visit));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn relate_part(place: &Place, resource: &mut Resource, part: &Map<String, Value>) {
    let field = |name: &str| part.get(name).and_then(Value::as_str);
    relate(resource, RelationName::ExecutesAs, field("RoleARN"));
    relate(resource, RelationName::EncryptedBy, field("KeyARN").or(field("AWSKMSKeyARN")));
    relate(resource, RelationName::WritesTo, field("BucketARN").or(field("DomainARN")));
    relate(resource, RelationName::TriggeredBy, field("KinesisStreamARN").or(field("MSKClusterARN")));
    if part.get("Enabled") == Some(&Value::Bool(true)) {
        let group = field("LogGroupName").map(|group| place.arn("logs", &format!("log-group:{group}")));
        relate(resource, RelationName::LogsTo, group.as_deref());
    }
    if field("ParameterName") == Some("LambdaArn") {
        let function = field("ParameterValue").and_then(unqualified_function);
        relate(resource, RelationName::Invokes, function);
    }
}

/// Tokens, headers and addresses of endpoints: all of them may let in whoever knows them.
fn redact_part(redactor: &Redactor, part: &mut Map<String, Value>) {
    for name in ["HECToken", "AttributeValue", "CopyOptions"] {
        if let Some(Value::String(secret)) = part.get(name) {
            let redacted = redactor.redact(name, secret).to_value();
            part.insert(name.to_owned(), redacted);
        }
    }
    for name in ["Url", "HECEndpoint"] {
        if let Some(Value::String(address)) = part.get_mut(name) {
            *address = host(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stream_is_related_to_whatever_it_names_and_keeps_no_token() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:clean";
        let description = json!({
            "DeliveryStreamEncryptionConfiguration": {"Status": "ENABLED", "KeyARN": "arn:key"},
            "Source": {"KinesisStreamSourceDescription": {"KinesisStreamARN": "arn:source", "RoleARN": "arn:role"}},
            "Destinations": [
                {"SplunkDestinationDescription": {
                    "HECToken": "CANARY", "HECEndpoint": "https://splunk.example:8088/CANARY",
                    "S3DestinationDescription": {"BucketARN": "arn:aws:s3:::late", "RoleARN": "arn:role",
                        "CloudWatchLoggingOptions": {"Enabled": false, "LogGroupName": "/off"}},
                    "ProcessingConfiguration": {"Processors": [{"Type": "Lambda", "Parameters": [
                        {"ParameterName": "LambdaArn", "ParameterValue": format!("{function}:$LATEST")}]}]},
                    "CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "/on"}}},
                {"HttpEndpointDestinationDescription": {
                    "EndpointConfiguration": {"Url": "https://logs.example/v1?key=CANARY", "Name": "logs"},
                    "RequestConfiguration": {"CommonAttributes": [{"AttributeName": "key", "AttributeValue": "CANARY"}]}}},
            ],
        });
        let redactor = Redactor::new([1; 32]);
        let stream = normalise(&Place::example("firehose"), &redactor, "clicks", Ok(description));
        assert_eq!(stream.uid.as_str(), "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks");
        let edges: Vec<(RelationName, &str)> =
            stream.relations.iter().map(|relation| (relation.name, relation.to.as_str())).collect();
        for edge in [
            (RelationName::EncryptedBy, "arn:key"),
            (RelationName::TriggeredBy, "arn:source"),
            (RelationName::ExecutesAs, "arn:role"),
            (RelationName::WritesTo, "arn:aws:s3:::late"),
            (RelationName::Invokes, function),
            (RelationName::LogsTo, "arn:aws:logs:eu-west-1:123456789012:log-group:/on"),
        ] {
            assert!(edges.contains(&edge), "{edge:?}");
        }
        assert!(!edges.iter().any(|(_, to)| to.ends_with("/off")));
        let text = serde_json::to_string(&stream).unwrap();
        assert!(!text.contains("CANARY"), "{text}");
        let Facet::Known(kept) = &stream.facets["stream"] else { panic!("known") };
        let splunk = &kept["Destinations"][0]["SplunkDestinationDescription"];
        assert_eq!(splunk["HECEndpoint"], "https://splunk.example:8088");
    }
}
