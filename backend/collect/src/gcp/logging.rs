//! Cloud Logging: where entries go, what is dropped on the way, what is counted of them, and how long they are kept.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Kind, Source};
use super::{edges, names, quota};
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
static BUCKETS: List = Action::new("logging.buckets.list", &quota::OTHERS)
    .at(HOST)
    .list("buckets", Pages::Token { reply: "nextPageToken", request: "pageToken" });

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
    Kind {
        kind: "gcp.logging.bucket",
        facet: "bucket",
        host: HOST,
        source: Source::Assets {
            type_: "logging.googleapis.com/LogBucket",
            list: Some(&BUCKETS),
            path: "/v2/projects/{project}/locations/-/buckets",
        },
        policy: None,
        details: &[],
        normalise: bucket,
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

fn bucket(bucket: &mut Resource, _redactor: &Redactor) {
    let rest = names::rest(bucket).to_owned();
    names::by_project(bucket, HOST, &rest);
    let config = bucket.facets.get("bucket").and_then(Facet::value);
    let key = config.and_then(|bucket| text(bucket, "/cmekSettings/kmsKeyName")).map(str::to_owned);
    edges::to(bucket, RelationName::EncryptedBy, "cloudkms.googleapis.com", key.as_deref());
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
    use nephoscope_model::Uid;
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

    #[test]
    fn a_bucket_is_what_sinks_write_to_and_names_its_key() {
        let to = "logging.googleapis.com/projects/shop/locations/eu/buckets/audit";
        let mut from = resource("gcp.logging.sink", "sink", json!({"name": "audit", "destination": to}));
        sink(&mut from, &Redactor::new([1; 32]));
        let key = "projects/shop/locations/eu/keyRings/a/cryptoKeys/b";
        let facet = json!({"retentionDays": 400, "locked": true, "cmekSettings": {"kmsKeyName": key}});
        let mut one = resource("gcp.logging.bucket", "bucket", facet);
        one.uid = Uid::from("//logging.googleapis.com/projects/100/locations/eu/buckets/audit");
        bucket(&mut one, &Redactor::new([1; 32]));
        assert_eq!((&one.uid, one.name.as_str()), (&from.relations[0].to, "audit"));
        let edges: Vec<_> = one.relations.iter().map(|edge| (edge.name, edge.to.as_str())).collect();
        assert_eq!(edges, [(RelationName::EncryptedBy, &*format!("//cloudkms.googleapis.com/{key}"))]);
        let mut bare = resource("gcp.logging.bucket", "bucket", json!({}));
        bucket(&mut bare, &Redactor::new([1; 32]));
        assert!(bare.relations.is_empty());
    }
}
