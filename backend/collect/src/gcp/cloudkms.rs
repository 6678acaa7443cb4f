//! Cloud KMS: keys, how often they rotate, and who may use them. Their rings would have to be listed place by place, so
//! that only the inventory has them.

use nephoscope_model::{Facet, Resource};

use super::kind::{Ask, Kind, Source};
use super::quota;
use crate::normalise::without;
use crate::redact::Redactor;
use crate::rest::Action;

const HOST: &str = "cloudkms.googleapis.com";

static POLICY: Action = Action::new("cloudkms.cryptoKeys.getIamPolicy", &quota::KMS).at(HOST);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.kms.key",
    facet: "key",
    host: HOST,
    source: Source::Assets { type_: "cloudkms.googleapis.com/CryptoKey", list: None, path: "" },
    policy: Some(Ask::One(&POLICY, "/v1/{name}:getIamPolicy?options.requestedPolicyVersion=3")),
    details: &[],
    normalise,
}];

fn normalise(key: &mut Resource, _redactor: &Redactor) {
    // Each rotation changes it, and no rotation is news.
    if let Some(Facet::Known(config)) = key.facets.get_mut("key") {
        without(config, "primary");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_rotation_is_no_change() {
        let facet = json!({"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "7776000s", "primary": {"name": "x/cryptoKeyVersions/3"}});
        let mut key = resource("gcp.kms.key", "key", facet);
        normalise(&mut key, &Redactor::new([1; 32]));
        let expected = json!({"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "7776000s"});
        assert_eq!(key.facets["key"].value().unwrap(), &expected);
    }
}
