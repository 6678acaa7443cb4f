//! Pub/Sub: topics and subscriptions with who may use them, where messages are pushed to and where failures go.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::kind::{Ask, Kind, Source};
use super::{edges, names, quota};
use crate::normalise::text;
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "pubsub.googleapis.com";

static TOPICS: List = Action::new("pubsub.topics.list", &quota::PUBSUB)
    .at(HOST)
    .list("topics", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static TOPIC_POLICY: Action = Action::new("pubsub.topics.getIamPolicy", &quota::PUBSUB).at(HOST);
static SUBSCRIPTIONS: List = Action::new("pubsub.subscriptions.list", &quota::PUBSUB)
    .at(HOST)
    .list("subscriptions", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static SUBSCRIPTION_POLICY: Action =
    Action::new("pubsub.subscriptions.getIamPolicy", &quota::PUBSUB).at(HOST);

const POLICY: &str = "/v1/{name}:getIamPolicy?options.requestedPolicyVersion=3";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.pubsub.topic",
        facet: "topic",
        host: HOST,
        source: Source::Assets {
            type_: "pubsub.googleapis.com/Topic",
            list: Some(&TOPICS),
            path: "/v1/projects/{project}/topics",
        },
        policy: Some(Ask::One(&TOPIC_POLICY, POLICY)),
        details: &[],
        normalise: topic,
    },
    Kind {
        kind: "gcp.pubsub.subscription",
        facet: "subscription",
        host: HOST,
        source: Source::Assets {
            type_: "pubsub.googleapis.com/Subscription",
            list: Some(&SUBSCRIPTIONS),
            path: "/v1/projects/{project}/subscriptions",
        },
        policy: Some(Ask::One(&SUBSCRIPTION_POLICY, POLICY)),
        details: &[],
        normalise: subscription,
    },
];

fn topic(topic: &mut Resource, _redactor: &Redactor) {
    let key = topic.facets.get("topic").and_then(Facet::value).and_then(|topic| text(topic, "/kmsKeyName"));
    let key = key.map(str::to_owned);
    edges::to(topic, RelationName::EncryptedBy, "cloudkms.googleapis.com", key.as_deref());
}

fn subscription(subscription: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = subscription.facets.get_mut("subscription") else { return };
    // Receivers that know no better are told by a word in the query who calls.
    if let Some(Value::String(endpoint)) = config.pointer_mut("/pushConfig/pushEndpoint") {
        let bare = endpoint.split(['?', '#']).next().unwrap_or_default();
        *endpoint = names::without_user(bare).0;
    }
    let config = config.clone();
    let own = text(&config, "/topic").filter(|topic| topic.starts_with("projects/"));
    edges::to(subscription, RelationName::TriggeredBy, HOST, own);
    let failures = text(&config, "/deadLetterPolicy/deadLetterTopic");
    edges::to(subscription, RelationName::WritesTo, HOST, failures);
    edges::executes_as(subscription, text(&config, "/pushConfig/oidcToken/serviceAccountEmail"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    fn edges_of(resource: &Resource) -> Vec<(RelationName, &str)> {
        resource.relations.iter().map(|relation| (relation.name, relation.to.as_str())).collect()
    }

    #[test]
    fn a_subscription_keeps_nothing_of_the_query_that_it_pushes_with() {
        let facet = json!({
            "topic": "projects/shop/topics/orders",
            "pushConfig": {"pushEndpoint": "https://ada:CANARY@hooks.example/push?token=CANARY-8f2", "oidcToken": {"serviceAccountEmail": "push@shop.iam.gserviceaccount.com"}},
            "deadLetterPolicy": {"deadLetterTopic": "projects/shop/topics/late"},
        });
        let mut one = resource("gcp.pubsub.subscription", "subscription", facet);
        subscription(&mut one, &Redactor::new([1; 32]));
        let facet = one.facets["subscription"].value().unwrap();
        assert_eq!(facet["pushConfig"]["pushEndpoint"], "https://hooks.example/push");
        let expected = [
            (RelationName::TriggeredBy, "//pubsub.googleapis.com/projects/shop/topics/orders"),
            (RelationName::WritesTo, "//pubsub.googleapis.com/projects/shop/topics/late"),
            (
                RelationName::ExecutesAs,
                "//iam.googleapis.com/projects/shop/serviceAccounts/push@shop.iam.gserviceaccount.com",
            ),
        ];
        assert_eq!(edges_of(&one), expected);
    }

    #[test]
    fn what_names_nothing_has_no_edges() {
        let mut gone =
            resource("gcp.pubsub.subscription", "subscription", json!({"topic": "_deleted-topic_"}));
        subscription(&mut gone, &Redactor::new([1; 32]));
        assert!(gone.relations.is_empty());
        let mut plain = resource("gcp.pubsub.topic", "topic", json!({"kmsKeyName": ""}));
        topic(&mut plain, &Redactor::new([1; 32]));
        assert!(plain.relations.is_empty());
    }

    #[test]
    fn a_topic_is_encrypted_by_the_key_that_it_names() {
        let key = "projects/shop/locations/europe-west1/keyRings/a/cryptoKeys/b";
        let mut one = resource("gcp.pubsub.topic", "topic", json!({ "kmsKeyName": key }));
        topic(&mut one, &Redactor::new([1; 32]));
        assert_eq!(
            edges_of(&one),
            [(RelationName::EncryptedBy, &*format!("//cloudkms.googleapis.com/{key}"))]
        );
    }
}
