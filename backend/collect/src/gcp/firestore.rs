//! Firestore: databases, and whether they can be deleted or set back.

use nephoscope_model::{Facet, Resource};

use super::kind::{Kind, Source};
use super::quota;
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "firestore.googleapis.com";

static DATABASES: List = Action::new("firestore.databases.list", &quota::OTHERS)
    .allowed_by("datastore.databases.list")
    .at(HOST)
    .list("databases", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.firestore.database",
    facet: "database",
    host: HOST,
    source: Source::Listed { list: &DATABASES, path: "/v1/projects/{project}/databases" },
    policy: None,
    details: &[],
    normalise: database,
}];

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
