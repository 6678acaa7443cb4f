//! Images: which registry they come from, and what of it can be said.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Fact, Resource};
use serde_json::{Value, json};

use super::callers::{holders, is_project};
use super::serving::Serving;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, fact, malformed, reason, required, text};

/// Where the containers of each kind stand in its facet.
const CONTAINERS: [(&str, &str, &str); 3] = [
    ("gcp.run.service", "service", "/template/containers"),
    ("gcp.run.job", "job", "/template/template/containers"),
    ("gcp.run.workerpool", "pool", "/template/containers"),
];

/// What runs images of each repository.
#[derive(Debug, Default)]
pub(super) struct Origins {
    runners: BTreeMap<String, BTreeSet<String>>,
}

impl Origins {
    pub fn of(map: &Map<'_>) -> Self {
        let mut origins = Self::default();
        for &position in map.kind("gcp.functions.function") {
            let function = map.held(position).open_only(&["config"]);
            if let Ok(Some(repository)) = repository_name(&function) {
                origins.add(format!("//artifactregistry.googleapis.com/{repository}"), &function);
            }
        }
        for (kind, facet, pointer) in CONTAINERS {
            for &position in map.kind(kind) {
                let resource = map.held(position).open_only(&[facet]);
                let Ok(config) = required(&resource, facet) else { continue };
                for image in images(config, pointer) {
                    if let Some(uid) = repository_uid(image) {
                        origins.add(uid, &resource);
                    }
                }
            }
        }
        origins
    }

    fn add(&mut self, repository: String, runner: &Resource) {
        self.runners.entry(repository).or_default().insert(runner.uid.as_str().to_owned());
    }
}

/// The facts of a repository.
pub(super) fn facts(repository: &Resource, map: &Map<'_>, serving: &Serving) -> Vec<(&'static str, Fact)> {
    vec![
        ("runs", fact(runs(repository, map, &serving.origins))),
        ("public_rights", fact(public_rights(repository))),
        ("public_first", fact(public_first(repository, map))),
    ]
}

/// The uids of functions, services, jobs and worker pools whose image lies in the repository.
///
/// Each is a witness of its own; that there are none is only known where all were listed.
fn runs(repository: &Resource, map: &Map<'_>, origins: &Origins) -> Reading<Value> {
    match origins.runners.get(repository.uid.as_str()) {
        Some(runners) => Ok(runners.iter().map(String::as_str).collect()),
        None => {
            for service in ["run", "cloudfunctions"] {
                map.listed(service, None)?;
            }
            Ok(json!([]))
        }
    }
}

/// What everybody may do with the repository.
fn public_rights(repository: &Resource) -> Reading<Value> {
    let holders = holders(repository)?;
    let public = holders.iter().filter(|holder| holder.is_public());
    Ok(public.map(|holder| holder.to_value("repository")).collect())
}

/// Upstreams of a virtual repository that fetch from outside and come before, or level with, one that holds our own.
fn public_first(repository: &Resource, map: &Map<'_>) -> Reading<Value> {
    let config = required(repository, "repository")?;
    let upstreams = config.pointer("/virtualRepositoryConfig/upstreamPolicies").and_then(Value::as_array);
    let (mut own, mut remote) = (Vec::new(), Vec::new());
    for upstream in upstreams.into_iter().flatten() {
        let named = text(upstream, "repository").ok_or_else(|| malformed("repository"))?;
        // A priority that is left out is zero, the lowest.
        let priority = upstream.get("priority").and_then(Value::as_i64).unwrap_or_default();
        let position = map.position(&format!("//artifactregistry.googleapis.com/{named}"));
        let position = position.ok_or_else(|| reason("upstream", "NotCollected"))?;
        let behind = map.held(position).open_only(&["repository"]);
        match text(required(&behind, "repository")?, "mode") {
            Some("REMOTE_REPOSITORY") => remote.push((named, priority)),
            Some(_) | None => own.push(priority),
        }
    }
    let Some(lowest) = own.into_iter().min() else { return Ok(json!([])) };
    let before = remote.into_iter().filter(|(_, priority)| *priority >= lowest);
    Ok(before.map(|(named, priority)| json!({ "repository": named, "priority": priority })).collect())
}

/// The repository that a function's image is built into; null where none is named.
pub(super) fn repository_of(function: &Resource, map: &Map<'_>, serving: &Serving) -> Reading<Value> {
    let Some(name) = repository_name(function)? else { return Ok(Value::Null) };
    let project = name.strip_prefix("projects/").and_then(|rest| rest.split('/').next());
    let own = is_project(project.unwrap_or_default(), &serving.project)?;
    if !own {
        return Ok(json!({ "name": name, "own": false, "customer_key": null }));
    }
    let key = match map.position(&format!("//artifactregistry.googleapis.com/{name}")) {
        Some(position) => {
            let repository = map.held(position).open_only(&["repository"]);
            let key = text(required(&repository, "repository")?, "kmsKeyName").unwrap_or_default();
            Some(!key.is_empty())
        }
        // Of what is gone nothing can be said.
        None => map.listed("artifactregistry", None).map(|()| None)?,
    };
    Ok(json!({ "name": name, "own": true, "customer_key": key }))
}

/// Images of the containers at `pointer` that come from registries other than Google's.
pub(super) fn outside(resource: &Resource, facet: &str, pointer: &str) -> Reading<Value> {
    let config = required(resource, facet)?;
    let foreign = images(config, pointer).filter(|image| !is_google(registry(image)));
    Ok(foreign.map(|image| json!({ "image": image, "registry": registry(image) })).collect())
}

fn repository_name(function: &Resource) -> Reading<Option<String>> {
    let config = required(function, "config")?;
    let name = config.pointer("/buildConfig/dockerRepository").and_then(Value::as_str);
    Ok(name.filter(|name| !name.is_empty()).map(str::to_owned))
}

fn images<'a>(config: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    let containers = config.pointer(pointer).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    containers.iter().filter_map(|container| text(container, "image"))
}

/// The uid of the repository of Artifact Registry that an image lies in.
fn repository_uid(image: &str) -> Option<String> {
    let mut parts = image.split('/');
    let location = parts.next()?.strip_suffix("-docker.pkg.dev")?;
    let project = parts.next()?;
    // A project of a domain stands in two parts: `example.com/shop`.
    let project = match project.contains('.') {
        true => format!("{project}:{}", parts.next()?),
        false => project.to_owned(),
    };
    let repository = parts.next()?.split(['@', ':']).next()?;
    Some(format!(
        "//artifactregistry.googleapis.com/projects/{project}/locations/{location}/repositories/{repository}"
    ))
}

/// The registry of an image; Docker Hub where it names none.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        Some(_) | None => "docker.io",
    }
}

/// Whether the registry is one of Google's, where somebody had to let the publisher in. The mirror of Docker Hub holds
/// what anybody published.
fn is_google(registry: &str) -> bool {
    let is_own = registry.ends_with(".pkg.dev") || registry == "gcr.io" || registry.ends_with(".gcr.io");
    is_own && registry != "mirror.gcr.io"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_name_their_registry_and_repository() {
        let image = "europe-west1-docker.pkg.dev/shop/app/web@sha256:1234";
        let uid = "//artifactregistry.googleapis.com/projects/shop/locations/europe-west1/repositories/app";
        assert_eq!(repository_uid(image).as_deref(), Some(uid));
        assert_eq!(
            repository_uid("us-docker.pkg.dev/example.com/shop/app/web:1").as_deref(),
            Some("//artifactregistry.googleapis.com/projects/example.com:shop/locations/us/repositories/app")
        );
        assert_eq!(repository_uid("gcr.io/shop/web"), None);
        for (image, host, google) in [
            (image, "europe-west1-docker.pkg.dev", true),
            ("eu.gcr.io/shop/web", "eu.gcr.io", true),
            ("mirror.gcr.io/library/nginx", "mirror.gcr.io", false),
            ("ghcr.io/somebody/web:1", "ghcr.io", false),
            ("library/nginx", "docker.io", false),
            ("nginx:latest", "docker.io", false),
        ] {
            assert_eq!((registry(image), is_google(registry(image))), (host, google), "{image}");
        }
    }
}
