//! Firestore: databases, and the security rules that stand between them and every browser.

use futures::FutureExt;
use futures::future::BoxFuture;
use nephoscope_model::{Facet, Resource};

use super::kind::{Ask, Asking, Detail, Kind, Source, as_it_is};
use super::quota;
use crate::normalise::{Read, text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages, Request};

const HOST: &str = "firestore.googleapis.com";
const RULES_HOST: &str = "firebaserules.googleapis.com";

static DATABASES: List = Action::new("firestore.databases.list", &quota::OTHERS)
    .allowed_by("datastore.databases.list")
    .at(HOST)
    .list("databases", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static RELEASES: List = Action::new("firebaserules.releases.list", &quota::OTHERS)
    .at(RULES_HOST)
    .list("releases", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static RULESET: Action = Action::new("firebaserules.rulesets.get", &quota::OTHERS).at(RULES_HOST);

const RULES: Ask = Ask::Several(&[&RULESET], ruleset);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.firestore.database",
        facet: "database",
        host: HOST,
        source: Source::Listed { list: &DATABASES, path: "/v1/projects/{project}/databases" },
        policy: None,
        details: &[],
        normalise: database,
    },
    Kind {
        kind: "gcp.firestore.rules",
        facet: "release",
        host: RULES_HOST,
        source: Source::Listed { list: &RELEASES, path: "/v1/projects/{project}/releases" },
        policy: None,
        details: &[Detail::new("ruleset", RULES)],
        normalise: as_it_is,
    },
];

/// The rules that the release names.
fn ruleset(asking: Asking<'_>) -> BoxFuture<'_, Read> {
    async move {
        let release = asking.resource.facets.get("release").and_then(Facet::value);
        let Some(name) = release.and_then(|release| text(release, "/rulesetName")) else { return Ok(None) };
        let request = Request::get(&format!("/v1/{name}"));
        asking.reader.read(&RULESET, Some(&asking.resource.uid), &request).await
    }
    .boxed()
}

fn database(database: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = database.facets.get_mut("database") else { return };
    // These follow the clock.
    without(config, "earliestVersionTime");
    without(config, "etag");
    if let Some(location) = text(config, "/locationId") {
        database.region = location.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_database_lies_where_it_says_and_the_clock_is_no_change() {
        let facet = json!({"locationId": "eur3", "earliestVersionTime": "2026-11-21T00:00:00Z", "etag": "x", "type": "FIRESTORE_NATIVE"});
        let mut one = resource("gcp.firestore.database", "database", facet);
        database(&mut one, &Redactor::new([1; 32]));
        assert_eq!(one.region.as_str(), "eur3");
        assert_eq!(
            one.facets["database"].value().unwrap(),
            &json!({"locationId": "eur3", "type": "FIRESTORE_NATIVE"})
        );
    }
}
