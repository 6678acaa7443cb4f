//! Cloud Logging: where entries go, what is dropped on the way, and what is counted of them.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Kind, Source};
use super::{names, quota};
use crate::normalise::{relate, text};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "logging.googleapis.com";

static SINKS: List = Action::new("logging.sinks.list", &quota::OTHERS)
    .at(HOST)
    .list("sinks", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static METRICS: List = Action::new("logging.logMetrics.list", &quota::OTHERS)
    .at(HOST)
    .list("metrics", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.logging.sink",
        facet: "sink",
        host: HOST,
        source: Source::Assets {
            type_: "logging.googleapis.com/LogSink",
            list: Some(&SINKS),
            path: "/v2/projects/{project}/sinks",
        },
        policy: None,
        details: &[],
        normalise: sink,
    },
    Kind {
        kind: "gcp.logging.metric",
        facet: "metric",
        host: HOST,
        source: Source::Assets {
            type_: "logging.googleapis.com/LogMetric",
            list: Some(&METRICS),
            path: "/v2/projects/{project}/metrics",
        },
        policy: None,
        details: &[],
        normalise: metric,
    },
];

fn sink(sink: &mut Resource, _redactor: &Redactor) {
    name(sink, "sink", "sinks");
    let facet = sink.facets.get("sink").and_then(Facet::value);
    let destination = facet.and_then(|sink| text(sink, "/destination")).filter(|to| !to.is_empty());
    let destination = destination.map(|destination| format!("//{destination}"));
    relate(sink, RelationName::WritesTo, destination.as_deref());
}

fn metric(metric: &mut Resource, _redactor: &Redactor) {
    name(metric, "metric", "metrics");
}

/// Logging lists its things by their last part alone, the inventory by the number of the project.
fn name(resource: &mut Resource, facet: &str, collection: &str) {
    let said = resource.facets.get(facet).and_then(Facet::value).and_then(|facet| text(facet, "/name"));
    let said = said.unwrap_or(&resource.name);
    let last = said.split_once(&format!("/{collection}/")).map_or(said, |(_, last)| last).to_owned();
    names::by_project(resource, HOST, &format!("{collection}/{last}"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_sink_has_its_whole_name_and_writes_to_its_destination() {
        let facet = json!({"name": "all", "destination": "storage.googleapis.com/shop-logs"});
        let mut one = resource("gcp.logging.sink", "sink", facet);
        sink(&mut one, &Redactor::new([1; 32]));
        assert_eq!(
            (one.uid.as_str(), one.name.as_str()),
            ("//logging.googleapis.com/projects/shop/sinks/all", "all")
        );
        assert_eq!(one.relations[0].to.as_str(), "//storage.googleapis.com/shop-logs");
        let mut whole =
            resource("gcp.logging.metric", "metric", json!({"name": "projects/100/metrics/roles"}));
        metric(&mut whole, &Redactor::new([1; 32]));
        assert_eq!(whole.uid.as_str(), "//logging.googleapis.com/projects/shop/metrics/roles");
    }
}
