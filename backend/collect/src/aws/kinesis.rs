//! Kinesis: data streams with their policies, encryption and how long they keep what was written.
//!
//! One call for a hundred streams and two for each: its summary and its policy.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, object_at, put, relate, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&STREAMS.action, &DESCRIBE, &GET_POLICY];
/// A stream on demand splits and merges its shards by itself.
pub(super) const VOLATILE: &[Path] = &["stream/OpenShardCount", "stream/StreamStatus"];

static API: Api = Api::json("Kinesis", "kinesis", "1.1", "Kinesis_20131202", &quota::KINESIS);
static STREAMS: List = API.list("kinesis:ListStreams", "StreamNames").within(&quota::KINESIS_LIST);
static DESCRIBE: Action = API.action("kinesis:DescribeStreamSummary");
static GET_POLICY: Action = API.action("kinesis:GetResourcePolicy");

struct Stream {
    name: String,
    stream: Result<Value, Failure>,
    policy: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&STREAMS, None, Request::call()).await;
    let streams = listed.items.into_iter().map(|name| fetch(reader, name));
    let streams: Vec<Option<Stream>> =
        futures::stream::iter(streams).buffer_unordered(reader.limits.concurrency).collect().await;
    let streams = streams.into_iter().flatten().map(|stream| normalise(&reader.place, stream));
    Outcome { resources: streams.collect(), listings: vec![listed.failure] }
}

/// None where the stream was deleted after it had been listed.
async fn fetch(reader: &Reader, name: Value) -> Option<Stream> {
    let name = name.as_str()?.to_owned();
    let uid = Uid::from(arn(&reader.place, &name));
    let summary = Request::call().field("StreamName", name.as_str());
    let policy = Request::call().field("ResourceARN", uid.as_str());
    let (stream, policy) = tokio::join!(
        reader.call(&DESCRIBE, Some(&uid), summary),
        reader.call(&GET_POLICY, Some(&uid), policy)
    );
    if stream.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let stream = stream.and_then(|reply| object_at(&DESCRIBE, reply, "StreamDescriptionSummary"));
    let policy = match policy {
        Ok(reply) => policy::read(&GET_POLICY, text(&reply, "/Policy")),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    };
    Some(Stream { name, stream, policy })
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("kinesis", &format!("stream/{name}"))
}

fn normalise(place: &Place, read: Stream) -> Resource {
    let Stream { name, stream, policy } = read;
    let mut resource = place.resource("aws.kinesis.stream", &arn(place, &name), &name);
    if let Ok(stream) = &stream {
        let key = place.key_arn(text(stream, "/KeyId"));
        relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    }
    put(&mut resource, "stream", stream.map(Some));
    put(&mut resource, "policy", policy);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stream_is_related_to_its_key() {
        let summary = json!({"StreamName": "clicks", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"});
        let read = Stream { name: "clicks".to_owned(), stream: Ok(summary.clone()), policy: Ok(None) };
        let stream = normalise(&Place::example("kinesis"), read);
        assert_eq!(stream.uid.as_str(), "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks");
        assert_eq!(stream.relations[0].to.as_str(), "arn:aws:kms:eu-west-1:123456789012:alias/aws/kinesis");
        assert_eq!(
            (&stream.facets["stream"], &stream.facets["policy"]),
            (&Facet::Known(summary), &Facet::Absent)
        );
    }

    #[test]
    fn an_unread_summary_leaves_the_policy_readable() {
        let denied = Failure::new(&DESCRIBE, Class::Denied, "AccessDeniedException", "no");
        let policy = json!({"Statement": []});
        let read =
            Stream { name: "clicks".to_owned(), stream: Err(denied), policy: Ok(Some(policy.clone())) };
        let stream = normalise(&Place::example("kinesis"), read);
        assert!(stream.facets["stream"].unreadable().is_some());
        assert_eq!(stream.facets["policy"], Facet::Known(policy));
    }
}
