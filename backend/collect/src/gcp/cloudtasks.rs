//! Cloud Tasks: queues with their limits, what they add to their tasks, and who may enqueue.

use nephoscope_model::{Facet, Resource};
use serde_json::Value;

use super::kind::{Ask, Kind, Source};
use super::{edges, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "cloudtasks.googleapis.com";

static QUEUES: List = Action::new("cloudtasks.queues.list", &quota::OTHERS)
    .at(HOST)
    .list("queues", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static POLICY: Action = Action::new("cloudtasks.queues.getIamPolicy", &quota::OTHERS).at(HOST);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.tasks.queue",
    facet: "queue",
    host: HOST,
    source: Source::Assets {
        type_: "cloudtasks.googleapis.com/Queue",
        list: Some(&QUEUES),
        path: "/v2/projects/{project}/locations/{location}/queues",
    },
    policy: Some(Ask::Post(&POLICY, "/v2/{name}:getIamPolicy")),
    details: &[],
    normalise,
}];

fn normalise(queue: &mut Resource, redactor: &Redactor) {
    let Some(Facet::Known(config)) = queue.facets.get_mut("queue") else { return };
    without(config, "purgeTime");
    for headers in
        config.pointer_mut("/httpTarget/headerOverrides").and_then(Value::as_array_mut).into_iter().flatten()
    {
        let Some(name) = text(headers, "/header/key").map(str::to_owned) else { continue };
        if let Some(value) = headers.pointer_mut("/header/value") {
            let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            *value = redactor.redact(&name, &said).to_value();
        }
    }
    // A query that is added to every address may hold a key.
    if let Some(query) = config.pointer_mut("/httpTarget/uriOverride/queryOverride/queryParams") {
        let said = query.as_str().map_or_else(|| query.to_string(), str::to_owned);
        *query = redactor.redact("queryParams", &said).to_value();
    }
    let config = config.clone();
    for pointer in ["/httpTarget/oauthToken/serviceAccountEmail", "/httpTarget/oidcToken/serviceAccountEmail"]
    {
        edges::executes_as(queue, text(&config, pointer));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_queue_keeps_names_of_headers_and_no_values() {
        let facet = json!({
            "httpTarget": {
                "headerOverrides": [{"header": {"key": "X-Api-Key", "value": "CANARYx7Gh2kQ9zLmN4pR"}}],
                "uriOverride": {"host": "orders.run.app", "queryOverride": {"queryParams": "key=CANARY"}},
                "oidcToken": {"serviceAccountEmail": "queue@shop.iam.gserviceaccount.com"},
            },
            "purgeTime": "2026-11-01T00:00:00Z",
        });
        let mut queue = resource("gcp.tasks.queue", "queue", facet);
        normalise(&mut queue, &Redactor::new([1; 32]));
        let facet = queue.facets["queue"].value().unwrap();
        assert!(!facet.to_string().contains("CANARY"), "{facet}");
        assert_eq!(facet["httpTarget"]["headerOverrides"][0]["header"]["key"], "X-Api-Key");
        assert_eq!(facet["httpTarget"]["uriOverride"]["host"], "orders.run.app");
        assert!(facet.get("purgeTime").is_none());
        assert_eq!(queue.relations.len(), 1);
        let mut bare = resource("gcp.tasks.queue", "queue", json!({}));
        normalise(&mut bare, &Redactor::new([1; 32]));
        assert!(bare.relations.is_empty());
    }
}
