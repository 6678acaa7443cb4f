//! Secret Manager: secrets without their values, who may read them, and when they are to be replaced.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Ask, Kind, Source};
use super::{edges, names, quota};
use crate::normalise::{elements, text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "secretmanager.googleapis.com";

static SECRETS: List = Action::new("secretmanager.secrets.list", &quota::SECRETS)
    .at(HOST)
    .list("secrets", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static POLICY: Action = Action::new("secretmanager.secrets.getIamPolicy", &quota::SECRETS).at(HOST);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.secretmanager.secret",
    facet: "secret",
    host: HOST,
    source: Source::Assets {
        type_: "secretmanager.googleapis.com/Secret",
        list: Some(&SECRETS),
        path: "/v1/projects/{project}/secrets",
    },
    policy: Some(Ask::One(&POLICY, "/v1/{name}:getIamPolicy?options.requestedPolicyVersion=3")),
    details: &[],
    normalise,
}];

fn normalise(secret: &mut Resource, _redactor: &Redactor) {
    // The service names secrets by the project's number, functions mostly by its id.
    let rest = names::rest(secret).to_owned();
    names::by_project(secret, HOST, &rest);
    let Some(Facet::Known(config)) = secret.facets.get_mut("secret") else { return };
    without(config, "etag");
    let config = config.clone();
    let key = |holder, pointer| text(holder, pointer).map(str::to_owned);
    let mut keys = vec![
        key(&config, "/customerManagedEncryption/kmsKeyName"),
        key(&config, "/replication/automatic/customerManagedEncryption/kmsKeyName"),
    ];
    let replicas = elements(&config, "/replication/userManaged/replicas");
    keys.extend(replicas.iter().map(|replica| key(replica, "/customerManagedEncryption/kmsKeyName")));
    for key in keys {
        edges::to(secret, RelationName::EncryptedBy, "cloudkms.googleapis.com", key.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Uid;
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_secret_goes_by_the_id_of_its_project_and_names_its_keys() {
        let key = "projects/shop/locations/europe-west1/keyRings/a/cryptoKeys/b";
        let facet = json!({
            "name": "projects/100200300/secrets/database", "etag": "\"1\"",
            "replication": {"userManaged": {"replicas": [{"location": "europe-west1", "customerManagedEncryption": {"kmsKeyName": key}}]}},
        });
        let mut secret = resource("gcp.secretmanager.secret", "secret", facet);
        secret.uid = Uid::from("//secretmanager.googleapis.com/projects/100200300/secrets/database");
        normalise(&mut secret, &Redactor::new([1; 32]));
        assert_eq!(secret.uid.as_str(), "//secretmanager.googleapis.com/projects/shop/secrets/database");
        assert_eq!(secret.relations[0].to.as_str(), format!("//cloudkms.googleapis.com/{key}"));
        assert!(secret.facets["secret"].value().unwrap().get("etag").is_none());
        let mut plain =
            resource("gcp.secretmanager.secret", "secret", json!({"replication": {"automatic": {}}}));
        normalise(&mut plain, &Redactor::new([1; 32]));
        assert!(plain.relations.is_empty());
    }
}
