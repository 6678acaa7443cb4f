//! What secrets and keys are there for: which functions read a secret, and what a key protects.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{RelationName, Resource, Unreadable};
use serde_json::Value;

use super::callers::is_project;
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet, list, merged, reason, required, text};
use crate::derive::secrets;

/// Kinds that take secrets, with the facet that says so.
const READERS: [(&str, &str); 4] = [
    ("gcp.functions.function", "config"),
    ("gcp.run.job", "job"),
    ("gcp.run.service", "service"),
    ("gcp.run.workerpool", "pool"),
];

/// Which functions and services take which secret.
#[derive(Default)]
pub(super) struct Usage {
    readers: BTreeMap<String, Vec<String>>,
    /// Names of secrets that may be this project's: their project is named by a number, and ours could not be read.
    uncertain: BTreeSet<String>,
    /// Why not every reader is known.
    doubts: Vec<Unreadable>,
    /// Topics that subscriptions send their failures to.
    dead_letters: BTreeSet<String>,
    /// Why not every one of them is known.
    letter_doubts: Vec<Unreadable>,
    /// Buckets that functions are built from.
    sources: BTreeSet<String>,
}

impl Usage {
    pub fn of(map: &Map<'_>, project: &Project) -> Self {
        let mut usage = Self::default();
        for (kind, facet) in READERS {
            for &position in map.kind(kind) {
                let resource = map.held(position).open_only(&[facet]);
                match required(&resource, facet) {
                    Ok(value) => {
                        let source = value.pointer("/buildConfig/source/storageSource/bucket");
                        usage.sources.extend(source.and_then(Value::as_str).map(str::to_owned));
                        for secret in secrets(value, project) {
                            usage.uncertain.extend(uncertain(&secret, project));
                            let readers = usage.readers.entry(secret).or_default();
                            readers.push(resource.uid.as_str().to_owned());
                        }
                    }
                    Err(unread) => usage.doubts.extend(unread),
                }
            }
        }
        usage.doubts = merged(std::mem::take(&mut usage.doubts));
        usage.add_dead_letters(map);
        usage
    }

    fn add_dead_letters(&mut self, map: &Map<'_>) {
        for &position in map.kind("gcp.pubsub.subscription") {
            match required(&map.held(position).open_only(&["subscription"]), "subscription") {
                Ok(subscription) => {
                    let topic =
                        subscription.pointer("/deadLetterPolicy/deadLetterTopic").and_then(Value::as_str);
                    self.dead_letters.extend(topic.map(str::to_owned));
                }
                Err(unread) => self.letter_doubts.extend(unread),
            }
        }
        self.letter_doubts.extend(map.listed("pubsub", None).err().unwrap_or_default());
        self.letter_doubts = merged(std::mem::take(&mut self.letter_doubts));
    }

    /// Whether the subscription reads a topic that another one sends its failures to. Such is the end of the way.
    pub fn drains_dead_letters(&self, resource: &Resource) -> Reading<bool> {
        let topic = text(required(resource, "subscription")?, "topic").unwrap_or_default();
        let drains = self.dead_letters.contains(topic);
        if !drains && !self.letter_doubts.is_empty() { Err(self.letter_doubts.clone()) } else { Ok(drains) }
    }

    /// Whether functions, services or App Engine take their code from the bucket, as its name or a function says.
    pub fn holds_code(&self, bucket: &Resource, project: &Project, map: &Map<'_>) -> Reading<bool> {
        let name = bucket.name.as_str();
        let made_for_it = ["gcf-sources-", "gcf-v2-sources-", "gcf-v2-uploads-", "run-sources-"];
        let by_name = made_for_it.iter().any(|prefix| name.starts_with(prefix))
            || name == format!("staging.{}.appspot.com", project.id);
        if by_name || self.sources.contains(name) {
            return Ok(true);
        }
        map.listed("cloudfunctions", None)?;
        if self.doubts.is_empty() { Ok(false) } else { Err(self.doubts.clone()) }
    }

    /// The uids of what takes the secret; that nothing does is only known where all was listed and read.
    pub fn readers(&self, secret: &Resource, map: &Map<'_>) -> Reading<Value> {
        if let Some(readers) = self.readers.get(secret.uid.as_str()) {
            return Ok(readers.as_slice().into());
        }
        if self.uncertain.contains(&secret.name) {
            return Err(reason("project", "NotCollected"));
        }
        for service in ["cloudfunctions", "run"] {
            map.listed(service, None)?;
        }
        if self.doubts.is_empty() { Ok(Value::Array(Vec::new())) } else { Err(self.doubts.clone()) }
    }
}

/// The name of the secret where its project is named by a number that nobody can compare.
fn uncertain(uid: &str, project: &Project) -> Option<String> {
    let (owner, name) = uid.split_once("/projects/")?.1.split_once("/secrets/")?;
    is_project(owner, project).is_err().then(|| name.to_owned())
}

/// The uids of the secrets that a function, service, job or worker pool names.
fn secrets(facet: &Value, project: &Project) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut name = |owner: Option<&str>, secret: Option<&str>| {
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { return };
        let owner = owner.filter(|owner| !owner.is_empty()).unwrap_or(&project.id);
        let secret = match secret.starts_with("projects/") {
            true => secret.to_owned(),
            false => format!("projects/{owner}/secrets/{secret}"),
        };
        found.insert(format!("//secretmanager.googleapis.com/{}", project.by_id(&secret)));
    };
    if let Some(config) = facet.get("serviceConfig") {
        for key in ["secretEnvironmentVariables", "secretVolumes"] {
            list(config, key).iter().for_each(|one| name(text(one, "projectId"), text(one, "secret")));
        }
    }
    let template = facet.get("template");
    // The template of a job holds that of its tasks.
    let template = template.and_then(|template| template.get("template").or(Some(template)));
    if let Some(template) = template {
        for container in list(template, "containers") {
            for variable in list(container, "env") {
                let secret = variable.pointer("/valueSource/secretKeyRef/secret").and_then(Value::as_str);
                name(None, secret);
            }
        }
        for volume in list(template, "volumes") {
            name(None, volume.pointer("/secret/secret").and_then(Value::as_str));
        }
    }
    found
}

/// What looks like a secret in the workflow's settings and in its source.
pub(super) fn secrets_of_workflow(resource: &Resource) -> Reading<Value> {
    secrets_in(resource, &["workflow", "definition"])
}

/// What looks like a secret in a scheduled call and in the parameters of its address, which it need not have.
pub(super) fn secrets_of_call(resource: &Resource) -> Reading<Value> {
    match facet(resource, "parameters")? {
        Some(_) => secrets_in(resource, &["job", "parameters"]),
        None => secrets_in(resource, &["job"]),
    }
}

fn secrets_in(resource: &Resource, facets: &[&str]) -> Reading<Value> {
    let mut found = Vec::new();
    for facet in facets {
        if let Value::Array(secrets) = secrets::secrets(resource, facet)? {
            found.extend(secrets);
        }
    }
    Ok(Value::Array(found))
}

/// The uids of what the key protects; that it protects nothing is only known where all of these services were listed.
pub(super) fn protected(position: usize, map: &Map<'_>) -> Reading<Value> {
    let uid = map.held(position).uid().as_str();
    let found: Vec<&str> = map
        .referrers(RelationName::EncryptedBy, uid)
        .iter()
        .map(|&position| map.held(position).uid().as_str())
        .collect();
    if found.is_empty() {
        for service in ["cloudfunctions", "run", "pubsub", "workflows", "secretmanager", "eventarc"] {
            map.listed(service, None)?;
        }
    }
    Ok(found.into())
}
