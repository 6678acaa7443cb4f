//! What the reference to a function's image says of where its code comes from.

use std::borrow::Cow;

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::servers::Server;
use crate::derive::reading::{Reading, malformed, required, text};

/// Where references without a registry lead.
const DEFAULT: &str = "docker.io";
/// Other names of it.
const ALIASES: &[&str] =
    &["hub.docker.com", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// registry, repository, tag, digest and pinned of the function's image.
pub(super) fn image(function: &Resource) -> Reading<Value> {
    let Image { registry, repository, tag, digest } = of(function)?;
    Ok(json!({
        "registry": registry, "repository": repository, "tag": tag, "digest": digest, "pinned": digest.is_some(),
    }))
}

/// Whether the image comes from a registry, or a part of one, that is declared as trusted.
pub(super) fn is_trusted(function: &Resource, server: &Server<'_>) -> Reading<bool> {
    let Image { registry, repository, .. } = of(function)?;
    let name = format!("{registry}/{repository}");
    let trusted = server.declared("/trusted_registries")?;
    let trusted = trusted.as_array().ok_or_else(|| malformed("declared.trusted_registries"))?;
    let covers = |entry: &str| {
        let entry = entry.trim_end_matches('/');
        let whole = match entry.split_once('/') {
            Some((host, path)) if is_host(host) => format!("{}/{path}", registry_name(host)),
            None if is_host(entry) => registry_name(entry).to_owned(),
            _ => format!("{DEFAULT}/{entry}"),
        };
        name.strip_prefix(&whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    Ok(trusted.iter().filter_map(Value::as_str).any(covers))
}

struct Image<'a> {
    registry: &'a str,
    repository: Cow<'a, str>,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

fn of(function: &Resource) -> Reading<Image<'_>> {
    let reference = text(required(function, "fn")?, "image").filter(|reference| !reference.is_empty());
    Ok(parse(reference.ok_or_else(|| malformed("fn"))?))
}

fn parse(reference: &str) -> Image<'_> {
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    // A colon before the last slash belongs to the registry's port.
    let colon = name.rfind(':').filter(|&colon| !name[colon..].contains('/'));
    let (name, tag) = colon.map_or((name, None), |colon| (&name[..colon], Some(&name[colon + 1..])));
    match name.split_once('/') {
        Some((host, repository)) if is_host(host) => {
            Image { registry: registry_name(host), repository: Cow::Borrowed(repository), tag, digest }
        }
        Some(_) => Image { registry: DEFAULT, repository: Cow::Borrowed(name), tag, digest },
        None => Image { registry: DEFAULT, repository: Cow::Owned(format!("library/{name}")), tag, digest },
    }
}

/// The rule by which container tools tell a registry from the first part of a repository.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
}

fn registry_name(host: &str) -> &str {
    if ALIASES.contains(&host) { DEFAULT } else { host }
}
