//! Artifact Registry: repositories of images and packages, and who may read and write them.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Ask, Kind, Source};
use super::{edges, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "artifactregistry.googleapis.com";

static REPOSITORIES: List = Action::new("artifactregistry.repositories.list", &quota::ARTIFACTS)
    .at(HOST)
    .list("repositories", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static POLICY: Action = Action::new("artifactregistry.repositories.getIamPolicy", &quota::ARTIFACTS).at(HOST);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.artifactregistry.repository",
    facet: "repository",
    host: HOST,
    source: Source::Assets {
        type_: "artifactregistry.googleapis.com/Repository",
        list: Some(&REPOSITORIES),
        path: "/v1/projects/{project}/locations/{location}/repositories",
    },
    policy: Some(Ask::One(&POLICY, "/v1/{name}:getIamPolicy?options.requestedPolicyVersion=3")),
    details: &[],
    normalise,
}];

fn normalise(resource: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(repository)) = resource.facets.get_mut("repository") else { return };
    // They change with every push.
    for moving in ["sizeBytes", "updateTime"] {
        without(repository, moving);
    }
    let key = text(repository, "/kmsKeyName").map(str::to_owned);
    edges::to(resource, RelationName::EncryptedBy, "cloudkms.googleapis.com", key.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn what_every_push_changes_is_left_out() {
        let key = "projects/shop/locations/europe/keyRings/k/cryptoKeys/a";
        let config = json!({"format": "DOCKER", "sizeBytes": "5", "updateTime": "2026-01-01T00:00:00Z", "kmsKeyName": key});
        let mut repository = resource("gcp.artifactregistry.repository", "repository", config);
        normalise(&mut repository, &Redactor::new([1; 32]));
        assert_eq!(
            repository.facets["repository"].value().unwrap(),
            &json!({"format": "DOCKER", "kmsKeyName": key})
        );
        assert_eq!(repository.relations[0].to.as_str(), format!("//cloudkms.googleapis.com/{key}"));
        let mut keyless =
            resource("gcp.artifactregistry.repository", "repository", json!({"kmsKeyName": ""}));
        normalise(&mut keyless, &Redactor::new([1; 32]));
        assert_eq!(keyless.relations, []);
    }
}
