//! API keys and what restricts them. The keys themselves are never asked for.

use nephoscope_model::{Facet, Resource};

use super::kind::{Kind, Source};
use super::{names, quota};
use crate::normalise::without;
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "apikeys.googleapis.com";

static KEYS: List = Action::new("apikeys.keys.list", &quota::APIKEYS)
    .at(HOST)
    .list("keys", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.apikeys.key",
    facet: "key",
    host: HOST,
    source: Source::Assets {
        type_: "apikeys.googleapis.com/Key",
        list: Some(&KEYS),
        path: "/v2/projects/{project}/locations/global/keys",
    },
    policy: None,
    details: &[],
    normalise,
}];

/// Listings leave the key out; were one ever to have it, it would end here.
fn normalise(resource: &mut Resource, _redactor: &Redactor) {
    let rest = names::rest(resource).to_owned();
    names::by_project(resource, HOST, &rest);
    if let Some(Facet::Known(key)) = resource.facets.get_mut("key") {
        without(key, "keyString");
        without(key, "etag");
        if let Some(name) = key.get("displayName").and_then(serde_json::Value::as_str) {
            resource.name = name.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn the_key_itself_is_dropped() {
        let mut key = resource(
            "gcp.apikeys.key",
            "key",
            json!({"displayName": "maps", "keyString": "CANARY", "uid": "u"}),
        );
        normalise(&mut key, &Redactor::new([1; 32]));
        assert_eq!(key.facets["key"].value().unwrap(), &json!({"displayName": "maps", "uid": "u"}));
        assert_eq!(key.name, "maps");
        let mut unnamed = resource("gcp.apikeys.key", "key", json!({"uid": "u"}));
        normalise(&mut unnamed, &Redactor::new([1; 32]));
        assert_eq!(unnamed.name, "web", "the name that it had");
    }
}
