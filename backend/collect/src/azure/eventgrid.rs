//! Event Grid: custom topics, domains and system topics, and who is subscribed to them.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::insights::diagnostics;
use super::kind::{Kind, NEXT, Source, always, any, as_it_is};
use super::quota::READS;
use crate::normalise::{relate, text};
use crate::redact::Redactor;
use crate::rest::{Action, List};

const VERSION: &str = "2025-02-15";

static OF_TOPICS: List = Action::new("Microsoft.EventGrid/topics/eventSubscriptions/read", &READS)
    .version(VERSION)
    .list("value", NEXT);
static OF_DOMAINS: List = Action::new("Microsoft.EventGrid/domains/eventSubscriptions/read", &READS)
    .version(VERSION)
    .list("value", NEXT);
static OF_SYSTEM_TOPICS: List =
    Action::new("Microsoft.EventGrid/systemTopics/eventSubscriptions/read", &READS)
        .version(VERSION)
        .list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "azure.eventgrid.topic",
        facet: "topic",
        source: Source::Graph { type_: "Microsoft.EventGrid/topics", keep: any },
        details: &[diagnostics("diagnostics")],
        normalise: as_it_is,
    },
    Kind {
        kind: "azure.eventgrid.topic",
        facet: "topic",
        source: Source::Graph { type_: "Microsoft.EventGrid/domains", keep: any },
        details: &[diagnostics("diagnostics")],
        normalise: as_it_is,
    },
    Kind {
        kind: "azure.eventgrid.systemtopic",
        facet: "topic",
        source: Source::Graph { type_: "Microsoft.EventGrid/systemTopics", keep: any },
        details: &[],
        normalise: as_it_is,
    },
    Kind {
        kind: "azure.eventgrid.subscription",
        facet: "subscription",
        source: Source::Children {
            of: "azure.eventgrid.topic",
            list: &OF_TOPICS,
            path: "/eventSubscriptions",
            when: is_topic,
        },
        details: &[],
        normalise: subscription,
    },
    Kind {
        kind: "azure.eventgrid.subscription",
        facet: "subscription",
        source: Source::Children {
            of: "azure.eventgrid.topic",
            list: &OF_DOMAINS,
            path: "/eventSubscriptions",
            when: is_domain,
        },
        details: &[],
        normalise: subscription,
    },
    Kind {
        kind: "azure.eventgrid.subscription",
        facet: "subscription",
        source: Source::Children {
            of: "azure.eventgrid.systemtopic",
            list: &OF_SYSTEM_TOPICS,
            path: "/eventSubscriptions",
            when: always,
        },
        details: &[],
        normalise: subscription,
    },
];

fn is_topic(topic: &Resource) -> bool {
    !is_domain(topic)
}

fn is_domain(topic: &Resource) -> bool {
    topic.uid.as_str().contains("/providers/microsoft.eventgrid/domains/")
}

/// Where a delivery can be described: with keys of the target, or with the topic's identity.
const DESTINATIONS: [&str; 2] =
    ["/properties/destination/properties", "/properties/deliveryWithResourceIdentity/destination/properties"];

/// Drops the query of addresses, which is where webhooks keep their secret, and what is sent along with each event.
fn subscription(subscription: &mut Resource, redactor: &Redactor) {
    let Some(Facet::Known(value)) = subscription.facets.get_mut("subscription") else { return };
    for pointer in DESTINATIONS {
        let Some(destination) = value.pointer_mut(pointer) else { continue };
        for field in ["endpointUrl", "endpointBaseUrl"] {
            if let Some(Value::String(address)) = destination.get_mut(field) {
                address.truncate(address.find(['?', '#']).unwrap_or(address.len()));
            }
        }
        let sent_along = destination.get_mut("deliveryAttributeMappings").and_then(Value::as_array_mut);
        for mapping in sent_along.into_iter().flatten() {
            let name = text(mapping, "/name").unwrap_or_default().to_owned();
            if let Some(Value::String(sent)) = mapping.pointer_mut("/properties/value") {
                let redacted = redactor.redact(&name, sent);
                mapping["properties"]["value"] = redacted.to_value();
            }
        }
    }
    redactor.redact_recognised(value);
    edges(subscription);
}

fn edges(subscription: &mut Resource) {
    let Some(value) = subscription.facets.get("subscription").and_then(Facet::value) else { return };
    let lower = |pointer: &str| text(value, pointer).map(str::to_ascii_lowercase);
    let targets = DESTINATIONS.map(|pointer| lower(&format!("{pointer}/resourceId")));
    let target = targets.into_iter().flatten().next();
    // A function is named with its app, which is the resource.
    let app = target.as_deref().and_then(|id| id.split_once("/functions/")).map(|(app, _)| app.to_owned());
    let kept = [
        "/properties/deadLetterDestination/properties/resourceId",
        "/properties/deadLetterWithResourceIdentity/deadLetterDestination/properties/resourceId",
    ];
    let kept: Vec<String> = kept.iter().filter_map(|pointer| lower(pointer)).collect();
    let topic = lower("/properties/topic");
    match app {
        Some(app) => relate(subscription, RelationName::Invokes, Some(&app)),
        None => relate(subscription, RelationName::WritesTo, target.as_deref()),
    }
    for account in kept {
        relate(subscription, RelationName::WritesTo, Some(&account));
    }
    relate(subscription, RelationName::PartOf, topic.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind::tests::resource;
    use super::*;

    const TOPIC: &str = "/subscriptions/1/resourceGroups/Shop/providers/Microsoft.EventGrid/topics/orders";

    fn normalised(properties: Value) -> Resource {
        let uid = format!("{}/providers/microsoft.eventgrid/eventsubscriptions/one", TOPIC.to_lowercase());
        let mut one =
            resource("azure.eventgrid.subscription", &uid, "subscription", json!({"properties": properties}));
        subscription(&mut one, &Redactor::new([0; 32]));
        one
    }

    fn edges_of(resource: &Resource) -> Vec<(RelationName, &str)> {
        resource.relations.iter().map(|relation| (relation.name, relation.to.as_str())).collect()
    }

    #[test]
    fn a_webhook_loses_the_query_of_its_address_and_what_is_sent_along() {
        let one = normalised(json!({
            "topic": TOPIC,
            "destination": {"endpointType": "WebHook", "properties": {
                "endpointUrl": "https://hooks.example/in?code=CANARY-7Gh2",
                "endpointBaseUrl": "https://hooks.example/in",
                "deliveryAttributeMappings": [{"name": "X-Key", "type": "Static", "properties": {"value": "CANARY-9Lm4", "isSecret": false}}],
            }},
        }));
        let value = one.facets["subscription"].value().unwrap();
        assert!(!value.to_string().contains("CANARY"), "{value}");
        assert_eq!(
            value["properties"]["destination"]["properties"]["endpointUrl"],
            "https://hooks.example/in"
        );
        assert_eq!(edges_of(&one), [(RelationName::PartOf, TOPIC.to_lowercase().as_str())]);
    }

    #[test]
    fn a_function_is_invoked_and_dead_letters_are_written() {
        let app = "/subscriptions/1/resourceGroups/Shop/providers/Microsoft.Web/sites/Orders";
        let account = "/subscriptions/1/resourceGroups/Shop/providers/Microsoft.Storage/storageAccounts/dead";
        let one = normalised(json!({
            "deliveryWithResourceIdentity": {"destination": {"endpointType": "AzureFunction", "properties": {"resourceId": format!("{app}/functions/take")}}},
            "deadLetterDestination": {"endpointType": "StorageBlob", "properties": {"resourceId": account}},
        }));
        let expected =
            [(RelationName::Invokes, app.to_lowercase()), (RelationName::WritesTo, account.to_lowercase())];
        assert_eq!(edges_of(&one), expected.each_ref().map(|(name, to)| (*name, to.as_str())));
    }

    #[test]
    fn a_queue_is_written_to() {
        let queue = "/subscriptions/1/resourceGroups/Shop/providers/Microsoft.ServiceBus/namespaces/bus/queues/orders";
        let one = normalised(
            json!({"destination": {"endpointType": "ServiceBusQueue", "properties": {"resourceId": queue}}}),
        );
        assert_eq!(edges_of(&one), [(RelationName::WritesTo, queue.to_lowercase().as_str())]);
        assert!(normalised(json!({})).relations.is_empty());
    }

    #[test]
    fn domains_stand_among_the_topics() {
        let of = |uid: &str| is_domain(&resource("azure.eventgrid.topic", uid, "topic", json!({})));
        assert!(of("/subscriptions/1/resourcegroups/shop/providers/microsoft.eventgrid/domains/all"));
        assert!(!of(&TOPIC.to_lowercase()));
    }
}
