//! Eventarc: triggers with the account they call as and what they call, and the channels of other providers' events.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::kind::{Kind, Source};
use super::{edges, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "eventarc.googleapis.com";

static TRIGGERS: List = Action::new("eventarc.triggers.list", &quota::OTHERS)
    .at(HOST)
    .list("triggers", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static CHANNELS: List = Action::new("eventarc.channels.list", &quota::OTHERS)
    .at(HOST)
    .list("channels", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.eventarc.trigger",
        facet: "trigger",
        host: HOST,
        source: Source::Assets {
            type_: "eventarc.googleapis.com/Trigger",
            list: Some(&TRIGGERS),
            path: "/v1/projects/{project}/locations/{location}/triggers",
        },
        policy: None,
        details: &[],
        normalise: trigger,
    },
    Kind {
        kind: "gcp.eventarc.channel",
        facet: "channel",
        host: HOST,
        source: Source::Assets {
            type_: "eventarc.googleapis.com/Channel",
            list: Some(&CHANNELS),
            path: "/v1/projects/{project}/locations/{location}/channels",
        },
        policy: None,
        details: &[],
        normalise: channel,
    },
];

fn trigger(trigger: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = trigger.facets.get("trigger") else { return };
    let config = config.clone();
    let account = text(&config, "/serviceAccount").and_then(|account| account.rsplit('/').next());
    edges::executes_as(trigger, account);
    let topic = text(&config, "/transport/pubsub/topic");
    edges::to(trigger, RelationName::TriggeredBy, "pubsub.googleapis.com", topic);
    for (host, pointer) in [
        ("cloudfunctions.googleapis.com", "/destination/cloudFunction"),
        ("workflows.googleapis.com", "/destination/workflow"),
    ] {
        edges::to(trigger, RelationName::Invokes, host, text(&config, pointer));
    }
    let service = service(trigger, &config);
    edges::to(trigger, RelationName::Invokes, "run.googleapis.com", service.as_deref());
}

/// The service of Cloud Run that is called: it lies in the trigger's project.
fn service(trigger: &Resource, config: &Value) -> Option<String> {
    let name = text(config, "/destination/cloudRun/service").filter(|name| !name.is_empty())?;
    let region = text(config, "/destination/cloudRun/region").filter(|region| !region.is_empty())?;
    Some(format!("projects/{}/locations/{region}/services/{name}", trigger.account))
}

fn channel(channel: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = channel.facets.get_mut("channel") else { return };
    // Whoever has it publishes to the channel.
    without(config, "activationToken");
    let key = text(config, "/cryptoKeyName").map(str::to_owned);
    edges::to(channel, RelationName::EncryptedBy, "cloudkms.googleapis.com", key.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_trigger_leads_from_a_topic_to_a_service() {
        let facet = json!({
            "serviceAccount": "trigger@shop.iam.gserviceaccount.com",
            "transport": {"pubsub": {"topic": "projects/shop/topics/t"}},
            "destination": {"cloudRun": {"service": "orders", "region": "europe-west1"}},
        });
        let mut one = resource("gcp.eventarc.trigger", "trigger", facet);
        trigger(&mut one, &Redactor::new([1; 32]));
        let edges: Vec<&str> = one.relations.iter().map(|relation| relation.to.as_str()).collect();
        let expected = [
            "//iam.googleapis.com/projects/shop/serviceAccounts/trigger@shop.iam.gserviceaccount.com",
            "//pubsub.googleapis.com/projects/shop/topics/t",
            "//run.googleapis.com/projects/shop/locations/europe-west1/services/orders",
        ];
        assert_eq!(edges, expected);
        let mut bare = resource(
            "gcp.eventarc.trigger",
            "trigger",
            json!({"destination": {"cloudRun": {"service": "orders"}}}),
        );
        trigger(&mut bare, &Redactor::new([1; 32]));
        assert!(bare.relations.is_empty(), "without a region nobody knows which");
    }

    #[test]
    fn a_channel_keeps_no_token() {
        let mut one = resource(
            "gcp.eventarc.channel",
            "channel",
            json!({"activationToken": "CANARY-8f2", "state": "ACTIVE"}),
        );
        channel(&mut one, &Redactor::new([1; 32]));
        assert_eq!(one.facets["channel"].value().unwrap(), &json!({"state": "ACTIVE"}));
    }
}
