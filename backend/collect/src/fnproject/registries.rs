//! Which image a tag means today: registries are asked for the digest, where a target wants that.
//!
//! Only registries are asked that the server facts trust, anonymously and without pulling anything: references are
//! written by whoever may deploy, and must not make a scan talk to hosts of their choice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use nephoscope_model::{AccountId, Region, Resource};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::budget::Family;
use crate::failure::{Class, Failure};
use crate::normalise::{Read, put, text};
use crate::rest::transport::{Outgoing, Transport};
use crate::rest::{Action, Reader, Reply};

/// The only call; `pull` of the repository allows it.
pub(super) static MANIFEST: Action = Action::new("registry:HeadManifest", &FAMILY).allowed_by("pull");

/// Registries publish limits on pulls, not on looking: slow enough for any of them.
static FAMILY: Family = Family { name: "registry", per_second: 20.0, burst: 20 };

/// Where references without a registry lead, and the host that answers there.
const DEFAULT: &str = "docker.io";
const DEFAULT_HOST: &str = "registry-1.docker.io";
/// Other names of it.
const ALIASES: &[&str] = &["hub.docker.com", "index.docker.io", DEFAULT_HOST, "registry.hub.docker.com"];

/// Every form of a manifest, so that the digest is that of the tag itself.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// Asks registries.
#[derive(Debug)]
pub(super) struct Registries<'a> {
    transport: &'a Transport,
    /// Registries, or parts of them, as the server facts name them.
    trusted: Vec<String>,
    answered: Mutex<BTreeMap<Tag, Arc<OnceCell<Read>>>>,
}

/// What a reference without a digest means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tag {
    registry: String,
    repository: String,
    tag: String,
}

impl<'a> Registries<'a> {
    /// Those that `declared` trusts.
    pub fn of(transport: &'a Transport, declared: Option<&Value>) -> Self {
        let trusted = declared.and_then(|declared| declared.get("trusted_registries")?.as_array());
        let trusted = trusted.into_iter().flatten().filter_map(Value::as_str).map(whole_name).collect();
        Self { transport, trusted, answered: Mutex::default() }
    }

    /// Adds to each function which image its tag means, where its registry is asked.
    pub async fn resolve(&self, reader: &Reader, functions: &mut [Resource]) {
        for function in functions {
            let reference = function.facets.get("fn").and_then(|facet| text(facet.value()?, "/image"));
            if let Some(tag) = reference.and_then(Tag::of).filter(|tag| self.is_trusted(tag)) {
                let read = self.once(reader, tag).await;
                put(function, "resolved", read);
            }
        }
    }

    fn is_trusted(&self, tag: &Tag) -> bool {
        let name = format!("{}/{}", tag.registry, tag.repository);
        let covers = |entry: &String| {
            name.strip_prefix(entry.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.trusted.iter().any(covers)
    }

    async fn once(&self, reader: &Reader, tag: Tag) -> Read {
        let answer = {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answered.entry(tag.clone()).or_default())
        };
        answer.get_or_init(|| self.ask(reader, &tag)).await.clone()
    }

    async fn ask(&self, reader: &Reader, tag: &Tag) -> Read {
        let answer = self.head(reader, tag, None).await?;
        let answer = match (answer.status, challenge(&answer)) {
            (401, Some(realm)) => {
                let token = self.token(reader, &tag.registry, realm).await?;
                self.head(reader, tag, Some(&token)).await?
            }
            _ => answer,
        };
        let refused = |class, error: &str, message: &str| {
            let failure = Failure::new(&MANIFEST, class, error, message);
            reader.log.record(&failure, None);
            Err(failure)
        };
        match (answer.status, answer.header("docker-content-digest")) {
            (200, Some(digest)) => {
                Ok(Some(json!({ "digest": digest, "media_type": answer.header("content-type") })))
            }
            (200, None) => refused(Class::Malformed, "Malformed", "the registry named no digest"),
            (404, _) => Ok(None),
            (401 | 403, _) => refused(
                Class::Denied,
                &format!("Http{}", answer.status),
                "the registry wants to know who asks",
            ),
            (status, _) => {
                refused(Class::Other, &format!("Http{status}"), "the registry answered something else")
            }
        }
    }

    async fn head(&self, reader: &Reader, tag: &Tag, token: Option<&str>) -> Result<Reply, Failure> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(MANIFESTS))]);
        if let Some(token) = token {
            let header = HeaderValue::from_str(&format!("Bearer {token}"));
            let odd = |_| Failure::malformed(&MANIFEST, "the registry's token holds what a header cannot");
            headers.insert(AUTHORIZATION, header.map_err(odd)?);
        }
        let host = if tag.registry == DEFAULT { DEFAULT_HOST } else { &tag.registry };
        let url = format!("https://{host}/v2/{}/manifests/{}", tag.repository, tag.tag);
        self.send(reader, &tag.registry, Method::HEAD, url, headers).await
    }

    /// An anonymous token, where the registry sends its callers for one.
    async fn token(&self, reader: &Reader, registry: &str, realm: Url) -> Result<String, Failure> {
        let reply = self.send(reader, registry, Method::GET, realm.into(), HeaderMap::new()).await?;
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let token = text(&body, "/token").or_else(|| text(&body, "/access_token")).map(str::to_owned);
        token.ok_or_else(|| {
            let failure = Failure::malformed(&MANIFEST, "the registry gave no token");
            reader.log.record(&failure, None);
            failure
        })
    }

    async fn send(
        &self,
        reader: &Reader,
        registry: &str,
        method: Method,
        url: String,
        headers: HeaderMap,
    ) -> Result<Reply, Failure> {
        let budget = reader.budgets.of(&AccountId::from(registry), &Region::global(), &FAMILY, reader.share);
        let send = || async {
            let (method, url, headers) = (method.clone(), url.clone(), headers.clone());
            let sent = self.transport.send(Outgoing { method, url, headers, body: Vec::new() }).await;
            let reply = sent.map_err(|unsent| unsent.failure(&MANIFEST))?;
            match reply.status {
                429 => {
                    let throttled = Failure::new(&MANIFEST, Class::Throttled, "Http429", "too many requests");
                    Err(Failure { retry_after: reply.retry_after(), ..throttled })
                }
                500.. => Err(Failure::new(
                    &MANIFEST,
                    Class::Server,
                    &format!("Http{}", reply.status),
                    "the registry failed",
                )),
                _ => Ok(reply),
            }
        };
        let answer = reader.limits.insist(&MANIFEST, &budget, &reader.log, send).await;
        answer.inspect_err(|failure| reader.log.record(failure, None))
    }
}

impl Tag {
    /// What a reference means; none where it names a digest, or cannot be part of an address.
    fn of(reference: &str) -> Option<Self> {
        if reference.contains('@') {
            return None;
        }
        // A colon before the last slash belongs to the registry's port.
        let colon = reference.rfind(':').filter(|&colon| !reference[colon..].contains('/'));
        let (name, tag) =
            colon.map_or((reference, "latest"), |colon| (&reference[..colon], &reference[colon + 1..]));
        let whole = whole_name(name);
        let (registry, repository) = whole.split_once('/')?;
        let repository = match repository.contains('/') || registry != DEFAULT {
            true => repository.to_owned(),
            false => format!("library/{repository}"),
        };
        let plain = |text: &str, more: &[char]| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
        };
        let fits = plain(registry, &['.', '-', ':', '[', ']'])
            && repository.split('/').all(|part| plain(part, &['.', '_', '-']) && !part.starts_with('.'))
            && plain(tag, &['.', '_', '-']);
        fits.then(|| Self { registry: registry.to_owned(), repository, tag: tag.to_owned() })
    }
}

/// The name with its registry, where it has none, and that in one of its spellings.
fn whole_name(name: &str) -> String {
    let name = name.trim_end_matches('/');
    let (first, rest) = name.split_once('/').map_or((name, None), |(first, rest)| (first, Some(rest)));
    // The rule by which container tools tell a registry from the first part of a repository.
    let is_host = first.contains(['.', ':']) || first == "localhost";
    let registry = if ALIASES.contains(&first) { DEFAULT } else { first };
    match (is_host, rest) {
        (true, Some(rest)) => format!("{registry}/{rest}"),
        (true, None) => registry.to_owned(),
        (false, _) => format!("{DEFAULT}/{name}"),
    }
}

/// Where the registry sends its callers for a token. `Bearer realm="https://…",service="…",scope="…"`
fn challenge(reply: &Reply) -> Option<Url> {
    let challenge = reply.header(WWW_AUTHENTICATE.as_str())?;
    let (scheme, parameters) = challenge.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut quoted = parameters.split('"');
    let mut pairs: BTreeMap<String, &str> = BTreeMap::new();
    while let (Some(name), Some(value)) = (quoted.next(), quoted.next()) {
        pairs.insert(name.trim_matches([',', ' ', '=']).to_ascii_lowercase(), value);
    }
    let mut realm = Url::parse(pairs.get("realm")?).ok().filter(|realm| realm.scheme() == "https")?;
    for name in ["service", "scope"] {
        if let Some(value) = pairs.get(name) {
            realm.query_pairs_mut().append_pair(name, value);
        }
    }
    Some(realm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(reference: &str) -> Option<(String, String, String)> {
        Tag::of(reference).map(|tag| (tag.registry, tag.repository, tag.tag))
    }

    #[test]
    fn references_are_taken_apart_as_container_tools_do() {
        for (reference, expected) in [
            ("hello", ["docker.io", "library/hello", "latest"]),
            ("acme/hello:2", ["docker.io", "acme/hello", "2"]),
            ("hub.docker.com/acme/hello", ["docker.io", "acme/hello", "latest"]),
            (
                "registry.example.com:5000/pay/charge:0.0.3",
                ["registry.example.com:5000", "pay/charge", "0.0.3"],
            ),
            ("localhost/charge", ["localhost", "charge", "latest"]),
        ] {
            let [registry, repository, name] = expected.map(str::to_owned);
            assert_eq!(tag(reference), Some((registry, repository, name)), "{reference}");
        }
        for odd in [
            "acme/hello@sha256:2c26",
            "",
            "registry.example.com/../admin",
            "registry.example.com/a?b",
            "a/b:c d",
            "registry.example.com/",
            "evil.example.com#registry.example.com/a",
        ] {
            assert_eq!(tag(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_what_is_trusted_is_asked() {
        let transport = Transport::new(std::time::Duration::from_secs(1), None).unwrap();
        let declared = json!({"trusted_registries": ["registry.example.com/pay/", "hub.docker.com/acme"]});
        let registries = Registries::of(&transport, Some(&declared));
        let trusts = |reference: &str| registries.is_trusted(&Tag::of(reference).unwrap());
        assert!(trusts("registry.example.com/pay/charge:1") && trusts("acme/hello"));
        assert!(!trusts("registry.example.com/payments/charge:1") && !trusts("hello"));
        assert!(!Registries::of(&transport, None).is_trusted(&Tag::of("acme/hello").unwrap()));
    }

    #[test]
    fn where_a_registry_sends_for_a_token() {
        let asked = |challenge: &str| {
            let headers = vec![("www-authenticate".to_owned(), challenge.to_owned())];
            super::challenge(&Reply { status: 401, headers, ..Reply::default() }).map(String::from)
        };
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull""#;
        let url = "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Aa%2Fb%3Apull";
        assert_eq!(asked(hub).as_deref(), Some(url));
        for other in ["Basic realm=\"x\"", "Bearer", "Bearer realm=\"http://auth.example.com\"", ""] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
