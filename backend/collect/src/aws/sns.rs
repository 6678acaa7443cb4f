//! SNS: topics with who may use them, and who receives what is published there.
//!
//! One call for a hundred topics, one for a hundred subscriptions, and one for each topic. The subscriptions in bulk
//! are those of this account: only topics that count more are asked for their own, where foreign accounts show.

use std::collections::BTreeMap;

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Map, Value};

use super::Scope;
use super::api::{Action, Api, List, Xml};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, put, relate, text, unqualified_function, without};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};
use crate::redact::host;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&TOPICS.action, &GET_ATTRIBUTES, &SUBSCRIPTIONS.action, &TOPIC_SUBSCRIPTIONS.action];
/// How many subscribe, which the subscriptions themselves say.
pub(super) const VOLATILE: &[Path] = &[
    "attributes/SubscriptionsConfirmed",
    "attributes/SubscriptionsDeleted",
    "attributes/SubscriptionsPending",
];

static API: Api = Api::query("SNS", "sns", "2010-03-31", &quota::SNS);
static TOPICS: List = API.list("sns:ListTopics", "Topics").reads(LISTED);
static GET_ATTRIBUTES: Action = API.action("sns:GetTopicAttributes").reads(Xml {
    lists: &["Attributes"],
    // Values of every kind are texts here, as they are in the protocols without a type for each.
    texts: &["key", "value"],
    repeated: &[],
    numbers: &[],
});
static SUBSCRIPTIONS: List = API.list("sns:ListSubscriptions", "Subscriptions").reads(LISTED);
static TOPIC_SUBSCRIPTIONS: List = API.list("sns:ListSubscriptionsByTopic", "Subscriptions").reads(LISTED);

const LISTED: Xml = Xml {
    lists: &["Topics", "Subscriptions"],
    texts: &["Endpoint", "Owner", "Protocol"],
    repeated: &[],
    numbers: &[],
};

struct Topic {
    arn: String,
    attributes: Result<Value, Failure>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (topics, subscriptions) = tokio::join!(
        reader.list(&TOPICS, None, Request::call()),
        reader.list(&SUBSCRIPTIONS, None, Request::call())
    );
    let read = topics.items.into_iter().map(|topic| topic_attributes(reader, topic));
    let read: Vec<Option<Topic>> =
        futures::stream::iter(read).buffer_unordered(reader.limits.concurrency).collect().await;
    let read: Vec<Topic> = read.into_iter().flatten().collect();

    let mut listings = vec![topics.failure, subscriptions.failure];
    let mut all = subscriptions.items;
    for arn in with_more_subscribers(&read, &all) {
        let uid = Uid::from(arn.as_str());
        let request = Request::call().field("TopicArn", arn);
        let listed = reader.list(&TOPIC_SUBSCRIPTIONS, Some(&uid), request).await;
        all.extend(listed.items);
        listings.push(listed.failure.filter(|failure| failure.class != Class::NotFound));
    }
    let topics = read.into_iter().map(|topic| normalise_topic(&reader.place, topic));
    let subscriptions = all.into_iter().filter_map(|one| normalise_subscription(&reader.place, one));
    Outcome { resources: topics.chain(subscriptions).collect(), listings }
}

/// None where the topic was deleted after it had been listed.
async fn topic_attributes(reader: &Reader, topic: Value) -> Option<Topic> {
    let arn = text(&topic, "/TopicArn")?.to_owned();
    let uid = Uid::from(arn.as_str());
    let request = Request::call().field("TopicArn", arn.as_str());
    let attributes = match reader.call(&GET_ATTRIBUTES, Some(&uid), request).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        Ok(reply) => {
            map(&reply).ok_or_else(|| Failure::malformed(&GET_ATTRIBUTES, "the answer has no `Attributes`"))
        }
        Err(failure) => Err(failure),
    };
    Some(Topic { arn, attributes })
}

/// `[{"key": "Owner", "value": "1"}, …]` as `{"Owner": "1", …}`.
fn map(reply: &Value) -> Option<Value> {
    let entries = reply.get("Attributes")?.as_array()?;
    let pair = |entry: &Value| Some((text(entry, "/key")?.to_owned(), entry.get("value")?.clone()));
    entries.iter().map(pair).collect::<Option<Map<String, Value>>>().map(Value::Object)
}

/// The topics that count more confirmed subscriptions than were listed of them.
fn with_more_subscribers(topics: &[Topic], listed: &[Value]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for subscription in listed.iter().filter(|subscription| is_confirmed(subscription)) {
        if let Some(topic) = text(subscription, "/TopicArn") {
            *seen.entry(topic).or_default() += 1;
        }
    }
    let counts_more = |topic: &&Topic| {
        let counted = topic.attributes.as_ref().ok().and_then(|a| text(a, "/SubscriptionsConfirmed"));
        let counted: usize = counted.and_then(|count| count.parse().ok()).unwrap_or_default();
        counted > seen.get(topic.arn.as_str()).copied().unwrap_or_default()
    };
    topics.iter().filter(counts_more).map(|topic| topic.arn.clone()).collect()
}

/// Until somebody confirms a subscription it has no ARN and receives nothing.
fn is_confirmed(subscription: &Value) -> bool {
    text(subscription, "/SubscriptionArn").is_some_and(|arn| arn.starts_with("arn:"))
}

fn normalise_topic(place: &Place, topic: Topic) -> Resource {
    let Topic { arn, attributes } = topic;
    let name = arn.rsplit(':').next().unwrap_or(&arn);
    let mut resource = place.resource("aws.sns.topic", &arn, name);
    match attributes {
        Ok(mut attributes) => {
            put(&mut resource, "policy", policy::read(&GET_ATTRIBUTES, text(&attributes, "/Policy")));
            without(&mut attributes, "Policy");
            for embedded in ["DeliveryPolicy", "EffectiveDeliveryPolicy", "ArchivePolicy"] {
                policy::parse_in_place(&mut attributes, embedded);
            }
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

/// None for one that nobody has confirmed.
fn normalise_subscription(place: &Place, mut subscription: Value) -> Option<Resource> {
    if !is_confirmed(&subscription) {
        return None;
    }
    let arn = text(&subscription, "/SubscriptionArn")?.to_owned();
    let topic = text(&subscription, "/TopicArn")?.to_owned();
    let (protocol, endpoint) = (text(&subscription, "/Protocol")?, text(&subscription, "/Endpoint")?);
    let name = format!("{} to {protocol}", topic.rsplit(':').next().unwrap_or(&topic));
    let mut resource = place.resource("aws.sns.subscription", &arn, &name);
    relate(&mut resource, RelationName::PartOf, Some(&topic));
    if endpoint.starts_with("arn:") {
        relate(
            &mut resource,
            RelationName::Invokes,
            Some(unqualified_function(endpoint).unwrap_or(endpoint)),
        );
    }
    if protocol.starts_with("http") {
        subscription["Endpoint"] = Value::from(host(endpoint));
    }
    put(&mut resource, "subscription", Ok(Some(subscription)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;
    use crate::aws::place::elements;
    use crate::aws::xml;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

    #[test]
    fn attributes_are_a_map_of_texts() {
        let reply = r#"<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
          <GetTopicAttributesResult><Attributes>
            <entry><key>Policy</key><value>{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*"}]}</value></entry>
            <entry><key>FifoTopic</key><value>true</value></entry>
            <entry><key>KmsMasterKeyId</key><value>1-2-3</value></entry>
            <entry><key>DisplayName</key><value/></entry>
          </Attributes></GetTopicAttributesResult>
          <ResponseMetadata><RequestId>7</RequestId></ResponseMetadata></GetTopicAttributesResponse>"#;
        let reply = xml::to_json(reply, "GetTopicAttributes", GET_ATTRIBUTES.xml).unwrap();
        let topic = Topic { arn: TOPIC.to_owned(), attributes: Ok(map(&reply).unwrap()) };
        let topic = normalise_topic(&Place::example("sns"), topic);
        let attributes = json!({"FifoTopic": "true", "KmsMasterKeyId": "1-2-3", "DisplayName": ""});
        assert_eq!(topic.facets["attributes"], Facet::Known(attributes));
        let policy = json!({"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*"}]});
        assert_eq!(topic.facets["policy"], Facet::Known(policy));
        assert_eq!(topic.relations[0].to.as_str(), "arn:aws:kms:eu-west-1:123456789012:key/1-2-3");
        assert_eq!((topic.name.as_str(), topic.uid.as_str()), ("orders", TOPIC));
        assert_eq!(map(&json!({"Attributes": {}})), None);
        assert_eq!(map(&json!({})), None);
    }

    fn subscription(arn: &str, protocol: &str, endpoint: &str) -> Value {
        json!({"TopicArn": TOPIC, "Protocol": protocol, "SubscriptionArn": arn, "Endpoint": endpoint, "Owner": "123456789012"})
    }

    #[test]
    fn a_listing_of_one_stays_a_list() {
        let reply = "<R><ListSubscriptionsResult><Subscriptions><member><Protocol>sms</Protocol><Endpoint>true</Endpoint>\
             </member></Subscriptions></ListSubscriptionsResult></R>";
        let reply = xml::to_json(reply, "ListSubscriptions", SUBSCRIPTIONS.action.xml).unwrap();
        assert_eq!(elements(&reply, "/Subscriptions"), [json!({"Protocol": "sms", "Endpoint": "true"})]);
        let empty = "<R><ListTopicsResult><Topics/></ListTopicsResult></R>";
        assert_eq!(xml::to_json(empty, "ListTopics", TOPICS.action.xml), Some(json!({"Topics": []})));
    }

    #[test]
    fn subscribers_are_related_and_keep_no_key_in_their_address() {
        let place = Place::example("sns");
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:ship";
        let one = subscription(&format!("{TOPIC}:1"), "lambda", &format!("{function}:live"));
        let one = normalise_subscription(&place, one).unwrap();
        let edges: Vec<(RelationName, &str)> =
            one.relations.iter().map(|relation| (relation.name, relation.to.as_str())).collect();
        assert_eq!(edges, [(RelationName::PartOf, TOPIC), (RelationName::Invokes, function)]);

        let address = "https://user:pass@hooks.example:8443/services/CANARY?key=CANARY";
        let one =
            normalise_subscription(&place, subscription(&format!("{TOPIC}:2"), "https", address)).unwrap();
        let Facet::Known(kept) = &one.facets["subscription"] else { panic!("known") };
        assert_eq!(kept["Endpoint"], "https://hooks.example:8443");
        assert!(
            normalise_subscription(&place, subscription("PendingConfirmation", "email", "a@b.example"))
                .is_none()
        );
    }

    #[test]
    fn topics_with_subscribers_of_others_are_told_by_their_count() {
        let topic = |name: &str, count: &str| Topic {
            arn: format!("{TOPIC}-{name}"),
            attributes: Ok(json!({"SubscriptionsConfirmed": count})),
        };
        let listed = |name: &str| json!({"TopicArn": format!("{TOPIC}-{name}"), "SubscriptionArn": "arn:x"});
        let pending = json!({"TopicArn": format!("{TOPIC}-b"), "SubscriptionArn": "PendingConfirmation"});
        let topics = [topic("a", "1"), topic("b", "1"), topic("c", "0"), topic("d", "many")];
        assert_eq!(with_more_subscribers(&topics, &[listed("a"), pending]), [format!("{TOPIC}-b")]);
    }
}
