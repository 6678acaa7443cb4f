//! SQS: queues with who may use them, how they are encrypted and where their failures go.
//!
//! One call for a thousand queues, and one for each queue, which brings all attributes.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, object_at, put, relate, text, without};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&QUEUES.action, &GET_ATTRIBUTES];
/// How many messages wait, which every message changes.
pub(super) const VOLATILE: &[Path] = &[
    "attributes/ApproximateNumberOfMessages",
    "attributes/ApproximateNumberOfMessagesDelayed",
    "attributes/ApproximateNumberOfMessagesNotVisible",
];

static API: Api = Api::json("SQS", "sqs", "1.0", "AmazonSQS", &quota::SQS);
static QUEUES: List = API.list("sqs:ListQueues", "QueueUrls").may_lack_items();
static GET_ATTRIBUTES: Action = API.action("sqs:GetQueueAttributes");

/// The largest page. Without a size there is one page, and the rest is left out.
const PAGE: i32 = 1000;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&QUEUES, None, Request::call().field("MaxResults", PAGE)).await;
    let queues = listed.items.into_iter().map(|url| queue(reader, url));
    let queues: Vec<Option<Resource>> =
        futures::stream::iter(queues).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: queues.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

/// None where the queue was deleted after it had been listed.
async fn queue(reader: &Reader, url: Value) -> Option<Resource> {
    let url = url.as_str()?;
    let name = url.rsplit('/').next().filter(|name| !name.is_empty())?;
    let uid = Uid::from(reader.place.arn("sqs", name));
    let request = Request::call().field("QueueUrl", url).field("AttributeNames", json!(["All"]));
    match reader.call(&GET_ATTRIBUTES, Some(&uid), request).await {
        Err(failure) if failure.class == Class::NotFound => None,
        reply => Some(normalise(&reader.place, name, reply)),
    }
}

fn normalise(place: &Place, name: &str, reply: Result<Value, Failure>) -> Resource {
    let mut resource = place.resource("aws.sqs.queue", &place.arn("sqs", name), name);
    match reply.and_then(|reply| object_at(&GET_ATTRIBUTES, reply, "Attributes")) {
        Ok(mut attributes) => {
            put(&mut resource, "policy", policy::read(&GET_ATTRIBUTES, text(&attributes, "/Policy")));
            without(&mut attributes, "Policy");
            for embedded in ["RedrivePolicy", "RedriveAllowPolicy"] {
                policy::parse_in_place(&mut attributes, embedded);
            }
            let failures = text(&attributes, "/RedrivePolicy/deadLetterTargetArn");
            relate(&mut resource, RelationName::WritesTo, failures);
            let key = place.key_arn(text(&attributes, "/KmsMasterKeyId"));
            relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
            put(&mut resource, "attributes", Ok(Some(attributes)));
        }
        Err(failure) => {
            put(&mut resource, "attributes", Err(failure.clone()));
            put(&mut resource, "policy", Err(failure));
        }
    }
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn a_queue_with_a_policy_a_key_and_a_place_for_failures() {
        let document = json!({"Version": "2012-10-17", "Statement": []});
        let redrive =
            json!({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:late", "maxReceiveCount": 3});
        let reply = json!({"Attributes": {
            "Policy": document.to_string(), "RedrivePolicy": redrive.to_string(), "KmsMasterKeyId": "alias/shop",
            "SqsManagedSseEnabled": "false",
        }});
        let queue = normalise(&Place::example("sqs"), "orders", Ok(reply));
        assert_eq!(queue.uid.as_str(), "arn:aws:sqs:eu-west-1:123456789012:orders");
        assert_eq!(queue.facets["policy"], Facet::Known(document));
        let attributes = json!({"RedrivePolicy": redrive, "KmsMasterKeyId": "alias/shop", "SqsManagedSseEnabled": "false"});
        assert_eq!(queue.facets["attributes"], Facet::Known(attributes));
        let edges: Vec<&str> = queue.relations.iter().map(|relation| relation.to.as_str()).collect();
        let key = "arn:aws:kms:eu-west-1:123456789012:alias/shop";
        assert_eq!(edges, ["arn:aws:sqs:eu-west-1:123456789012:late", key]);
    }

    #[test]
    fn what_was_not_read_is_not_absent() {
        let plain = normalise(&Place::example("sqs"), "orders", Ok(json!({"Attributes": {}})));
        assert_eq!(plain.facets["policy"], Facet::Absent);
        let failure = Failure::new(&GET_ATTRIBUTES, Class::Denied, "AccessDenied", "no");
        for (reply, facets) in [
            (Err(failure), &["attributes", "policy"][..]),
            (Ok(json!({})), &["attributes", "policy"][..]),
            (Ok(json!({"Attributes": {"Policy": "<html>"}})), &["policy"][..]),
        ] {
            let queue = normalise(&Place::example("sqs"), "orders", reply);
            for facet in facets {
                assert!(queue.facets[*facet].unreadable().is_some(), "{facet}");
            }
        }
    }
}
