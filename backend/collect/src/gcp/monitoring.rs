//! Cloud Monitoring: alert policies, and the channels by which they tell somebody.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::kind::{Kind, Source};
use super::{edges, names, quota};
use crate::normalise::{elements, tag, text, without};
use crate::redact::{Redactor, host};
use crate::rest::{Action, List, Pages};

const HOST: &str = "monitoring.googleapis.com";

static POLICIES: List = Action::new("monitoring.alertPolicies.list", &quota::OTHERS)
    .at(HOST)
    .list("alertPolicies", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static CHANNELS: List = Action::new("monitoring.notificationChannels.list", &quota::OTHERS)
    .at(HOST)
    .list("notificationChannels", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.monitoring.alertpolicy",
        facet: "alert_policy",
        host: HOST,
        source: Source::Assets {
            type_: "monitoring.googleapis.com/AlertPolicy",
            list: Some(&POLICIES),
            path: "/v3/projects/{project}/alertPolicies",
        },
        policy: None,
        details: &[],
        normalise: policy,
    },
    Kind {
        kind: "gcp.monitoring.notificationchannel",
        facet: "notification_channel",
        host: HOST,
        source: Source::Assets {
            type_: "monitoring.googleapis.com/NotificationChannel",
            list: Some(&CHANNELS),
            path: "/v3/projects/{project}/notificationChannels",
        },
        policy: None,
        details: &[],
        normalise: channel,
    },
];

fn policy(policy: &mut Resource, _redactor: &Redactor) {
    name(policy, "alert_policy");
    let Some(Facet::Known(config)) = policy.facets.get_mut("alert_policy") else { return };
    // Who did it and when is no part of how it is.
    without(config, "creationRecord");
    without(config, "mutationRecord");
    let told: Vec<String> = elements(config, "/notificationChannels")
        .iter()
        .filter_map(|channel| channel.as_str()?.rsplit_once('/'))
        // Channels lie in the policy's own project, whether they are named by its number or by its id.
        .map(|(_, id)| format!("projects/{}/notificationChannels/{id}", policy.account))
        .collect();
    for channel in told {
        edges::to(policy, RelationName::WritesTo, HOST, Some(&channel));
    }
}

fn channel(channel: &mut Resource, redactor: &Redactor) {
    name(channel, "notification_channel");
    // What Monitoring calls labels says where the channel leads and with which password.
    channel.tags.clear();
    let Some(Facet::Known(config)) = channel.facets.get_mut("notification_channel") else { return };
    without(config, "creationRecord");
    without(config, "mutationRecords");
    let topic = text(config, "/labels/topic").map(str::to_owned);
    let address = text(config, "/labels/url").map(host);
    redactor.redact_map(config, "/labels");
    if let Some(address) = address {
        config["labels"]["url"] = Value::from(address);
    }
    let given = config.get("userLabels").cloned();
    tag(channel, given.as_ref());
    edges::to(channel, RelationName::WritesTo, "pubsub.googleapis.com", topic.as_deref());
}

/// The inventory names both by the number of the project, and people call them what they like.
fn name(resource: &mut Resource, facet: &str) {
    let rest = names::rest(resource).to_owned();
    names::by_project(resource, HOST, &rest);
    let known = resource.facets.get(facet).and_then(Facet::value);
    let given = known.and_then(|known| text(known, "/displayName")).filter(|given| !given.is_empty());
    if let Some(given) = given {
        resource.name = given.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Uid;
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_policy_goes_by_the_name_that_people_gave_it_and_knows_whom_it_tells() {
        let channels = ["projects/100/notificationChannels/7", "projects/shop/notificationChannels/8"];
        let facet = json!({"displayName": "Owners", "enabled": true, "mutationRecord": {"mutatedBy": "ada@example.com"}, "notificationChannels": channels});
        let mut one = resource("gcp.monitoring.alertpolicy", "alert_policy", facet);
        one.uid = Uid::from("//monitoring.googleapis.com/projects/100/alertPolicies/1");
        policy(&mut one, &Redactor::new([1; 32]));
        assert_eq!(one.uid.as_str(), "//monitoring.googleapis.com/projects/shop/alertPolicies/1");
        assert_eq!(one.name, "Owners");
        assert!(one.facets["alert_policy"].value().unwrap().get("mutationRecord").is_none());
        let told: Vec<&str> = one.relations.iter().map(|relation| relation.to.as_str()).collect();
        let expected = ["7", "8"]
            .map(|id| format!("//monitoring.googleapis.com/projects/shop/notificationChannels/{id}"));
        assert_eq!(told, expected);
    }

    #[test]
    fn a_channel_keeps_no_address_and_no_password() {
        let labels = json!({"url": "https://ada:CANARY@hooks.example/in?auth_token=CANARY", "password": "CANARY-8f2", "email_address": "CANARY@example.com", "topic": "projects/shop/topics/alerts"});
        let facet = json!({"displayName": "Security", "type": "webhook_basicauth", "labels": labels, "userLabels": {"team": "web"}, "creationRecord": {"mutatedBy": "CANARY"}, "mutationRecords": [{"mutatedBy": "CANARY"}]});
        let mut one = resource("gcp.monitoring.notificationchannel", "notification_channel", facet);
        one.uid = Uid::from("//monitoring.googleapis.com/projects/100/notificationChannels/7");
        one.tags = [("password".to_owned(), "CANARY-8f2".to_owned())].into();
        channel(&mut one, &Redactor::new([1; 32]));
        assert_eq!(one.uid.as_str(), "//monitoring.googleapis.com/projects/shop/notificationChannels/7");
        assert_eq!(
            (one.name.as_str(), &one.tags),
            ("Security", &[("team".to_owned(), "web".to_owned())].into())
        );
        let facet = one.facets["notification_channel"].value().unwrap();
        assert_eq!(facet["labels"]["url"], "https://hooks.example");
        assert_eq!(one.relations[0].to.as_str(), "//pubsub.googleapis.com/projects/shop/topics/alerts");
        assert!(!format!("{one:?}").contains("CANARY"), "{one:?}");
    }
}
