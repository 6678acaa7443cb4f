//! Who receives what is published, and where messages end that nobody could handle.

use nephoscope_model::RelationName;
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, required};

/// `uid`, `protocol` and `endpoint` of the topic's subscriptions.
pub(super) fn subscribers(position: usize, map: &Map<'_>) -> Reading<Value> {
    let topic = map.held(position);
    map.listed("sns", Some(topic.region().as_str()))?;
    let subscriptions = map.referrers(RelationName::PartOf, topic.uid().as_str()).iter();
    let subscriptions =
        subscriptions.filter(|&&position| map.held(position).kind().as_str() == "aws.sns.subscription");
    subscriptions
        .map(|&position| {
            let subscription = map.open(position);
            let said = required(&subscription, "subscription")?;
            let uid = subscription.uid.as_str();
            Ok(json!({ "uid": uid, "protocol": said.get("Protocol"), "endpoint": said.get("Endpoint") }))
        })
        .collect()
}

/// The uids of what sends its failures to this queue.
///
/// Each is a witness of its own; that there are none is only known where everything that could be one was listed.
pub(super) fn dead_letters_of(position: usize, map: &Map<'_>) -> Reading<Value> {
    let queue = map.held(position);
    let senders = map.referrers(RelationName::WritesTo, queue.uid().as_str());
    let uids: Vec<Value> =
        senders.iter().map(|&sender| Value::from(map.held(sender).uid().as_str())).collect();
    if uids.is_empty() {
        for service in ["sqs", "lambda"] {
            map.listed(service, Some(queue.region().as_str()))?;
        }
    }
    Ok(Value::Array(uids))
}
