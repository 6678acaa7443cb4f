//! Firebase's security rules, which stand between a database or a bucket and every browser.

use futures::FutureExt;
use futures::future::BoxFuture;
use nephoscope_model::Facet;

use super::kind::{Ask, Asking, Detail, Kind, Source, as_it_is};
use super::quota;
use crate::normalise::{Read, text};
use crate::rest::{Action, List, Pages, Request};

const HOST: &str = "firebaserules.googleapis.com";

static RELEASES: List = Action::new("firebaserules.releases.list", &quota::OTHERS)
    .at(HOST)
    .list("releases", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static RULESET: Action = Action::new("firebaserules.rulesets.get", &quota::OTHERS).at(HOST);

const RULES: Ask = Ask::Several(&[&RULESET], ruleset);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.firestore.rules",
    facet: "release",
    host: HOST,
    source: Source::Listed { list: &RELEASES, path: "/v1/projects/{project}/releases" },
    policy: None,
    details: &[Detail::new("ruleset", RULES)],
    normalise: as_it_is,
}];

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
