//! Cloud Storage: buckets, who may read and write them, and how long what lies in them is kept.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Ask, Kind, Source};
use super::{edges, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "storage.googleapis.com";

static BUCKETS: List = Action::new("storage.buckets.list", &quota::STORAGE)
    .at(HOST)
    .list("items", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static POLICY: Action = Action::new("storage.buckets.getIamPolicy", &quota::STORAGE).at(HOST);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.storage.bucket",
    facet: "bucket",
    host: HOST,
    source: Source::Assets {
        type_: "storage.googleapis.com/Bucket",
        list: Some(&BUCKETS),
        path: "/storage/v1/b?project={project}",
    },
    policy: Some(Ask::One(&POLICY, "/storage/v1/b/{name}/iam?optionsRequestedPolicyVersion=3")),
    details: &[],
    normalise,
}];

fn normalise(bucket: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = bucket.facets.get_mut("bucket") else { return };
    without(config, "etag");
    let key = text(config, "/encryption/defaultKmsKeyName").map(str::to_owned);
    edges::to(bucket, RelationName::EncryptedBy, "cloudkms.googleapis.com", key.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_bucket_names_its_key() {
        let key = "projects/shop/locations/eu/keyRings/a/cryptoKeys/b";
        let mut bucket = resource(
            "gcp.storage.bucket",
            "bucket",
            json!({"etag": "x", "encryption": {"defaultKmsKeyName": key}}),
        );
        normalise(&mut bucket, &Redactor::new([1; 32]));
        assert_eq!(bucket.relations[0].to.as_str(), format!("//cloudkms.googleapis.com/{key}"));
        assert!(bucket.facets["bucket"].value().unwrap().get("etag").is_none());
    }
}
