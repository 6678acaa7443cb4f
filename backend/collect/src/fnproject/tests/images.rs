//! Asking registries which image a tag means.

use super::*;

#[tokio::test]
async fn trusted_registries_say_which_image_a_tag_means() {
    let digest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    let manifest = move |asked: &str, _: usize, request: &Request| {
        let token = request.headers.get("authorization").map(|token| token.to_str().unwrap());
        match (asked, token) {
            ("HEAD /v2/charge/manifests/1", Some("Bearer anonymous")) => {
                let found = ResponseTemplate::new(200).insert_header("docker-content-digest", digest);
                Some(found.insert_header("content-type", "application/vnd.oci.image.index.v1+json"))
            }
            ("HEAD /v2/charge/manifests/1", _) => {
                let challenge =
                    r#"Bearer realm="https://auth.example.test/token",scope="repository:charge:pull""#;
                Some(ResponseTemplate::new(401).insert_header("www-authenticate", challenge))
            }
            ("GET /token?scope=repository%3Acharge%3Apull", None) => {
                Some(reply(json!({"token": "anonymous"})))
            }
            ("HEAD /v2/refund/manifests/1", _) => Some(ResponseTemplate::new(404)),
            ("HEAD /v2/render/manifests/1", _) => Some(ResponseTemplate::new(403)),
            _ => None,
        }
    };
    let fake = Fake::start(manifest).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    std::fs::write(&path, "trusted_registries = [\"example.test\"]\n").unwrap();
    let options = FnOptions { resolve_images: true, server_facts: Some(path.clone()), ..fake.options() };
    let fns = shard(&FnProject::connect(options.clone()).await.unwrap(), "fns").await;
    let resolved = json!({"digest": digest, "media_type": "application/vnd.oci.image.index.v1+json"});
    assert_eq!(find(&fns, "charge").facets["resolved"], Facet::Known(resolved));
    assert_eq!(find(&fns, "refund").facets["resolved"], Facet::Absent);
    assert_eq!(error(&find(&fns, "render").facets["resolved"]), "Http403");
    assert_eq!(fns.coverage.calls["registry:HeadManifest"], 5);
    assert!(fns.coverage.listed);

    std::fs::write(&path, "trusted_registries = [\"registry.example.com\"]\n").unwrap();
    let fns = shard(&FnProject::connect(options).await.unwrap(), "fns").await;
    assert_eq!(find(&fns, "charge").facets.get("resolved"), None, "nobody trusts that registry");
    assert_eq!(fns.coverage.calls.get("registry:HeadManifest"), None);
}
