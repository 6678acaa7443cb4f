//! Cloud Asset Inventory: the same resources and policies again, listed over all services.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::{GoogleEstate, fault, knative};
use crate::address::Call;
use crate::answer::Answer;
use crate::description::is_name;

const HOST: &str = "cloudasset.googleapis.com";

/// A type of assets.
#[derive(Debug)]
struct Type {
    /// `run.googleapis.com/Service`.
    name: &'static str,
    /// `run`.
    service: &'static str,
    /// The path of its resources, with `*` for any segment.
    address: &'static str,
    /// The version of the API in whose form the inventory shows it.
    version: &'static str,
}

impl Type {
    /// What the discovery document calls it.
    fn discovery(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or_default().trim_start_matches("Global")
    }
}

/// The types that the inventory knows, <https://cloud.google.com/asset-inventory/docs/asset-types>, as far as a product
/// asks for them; any other is refused.
///
/// Projects and what is Cloud Run's are shown in the form of version 1, whichever version they were made with.
fn known() -> &'static [Type] {
    static TYPES: OnceLock<Vec<Type>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let lines = include_str!("../../data/assets.csv").lines().skip(1);
        let row = |line: &'static str| {
            let [name, address, version] = line.split(',').collect::<Vec<_>>().try_into().ok()?;
            let service = name.split_once(".googleapis.com/")?.0;
            Some(Type { name, service, address, version })
        };
        lines.filter_map(row).collect()
    })
}

/// Which of the resources are assets, and what was chosen of them for the last questions.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    assets: Vec<Asset>,
    chosen: Mutex<HashMap<String, Arc<Vec<usize>>>>,
}

#[derive(Debug)]
struct Asset {
    kind: &'static Type,
    key: Box<str>,
    /// The project by its id; none for what stands above projects.
    project: Option<Box<str>>,
    policy: bool,
}

impl GoogleEstate {
    /// With the inventory of what is planted.
    pub(super) fn indexed(mut self) -> Self {
        let assets = self.bodies.keys().filter_map(|key| {
            let kind = known().iter().find(|kind| fits(kind, key))?;
            let named =
                key.split('/').skip_while(|part| !matches!(*part, "projects" | "apps" | "namespaces")).nth(1);
            let by_number = || {
                let number = self.body(key)?["projectNumber"].as_str()?.to_owned();
                self.project(&number).map(|project| project.id.clone())
            };
            // A bucket that does not say whose it is belongs to the first.
            let of_bucket =
                || by_number().or_else(|| self.projects.first().map(|project| project.id.clone()));
            let project = match kind.service {
                "storage" => of_bucket(),
                _ => named.map(str::to_owned),
            };
            let policy = self.bodies.contains_key(&policy_of(key));
            Some(Asset {
                kind,
                key: key.as_str().into(),
                project: project.map(String::into_boxed_str),
                policy,
            })
        });
        self.inventory = Inventory { assets: assets.collect(), chosen: Mutex::default() };
        self
    }

    /// The answer of the inventory; none where something else was asked.
    pub(super) fn of_assets(&self, call: &Call) -> Option<Answer> {
        if !call.host.eq_ignore_ascii_case(HOST) || call.segments.last().is_none_or(|last| last != "assets") {
            return None;
        }
        let types: Vec<&str> = call.parameters("assetTypes").flat_map(|types| types.split(',')).collect();
        if let Some(strange) = types.iter().find(|type_| !known().iter().any(|kind| kind.name == **type_)) {
            let message = format!("Asset type {strange} is not supported.");
            return Some(fault::refusal(call, 400, "INVALID_ARGUMENT", "invalid", &message));
        }
        let content = call.parameter("contentType").unwrap_or_default();
        let scope = call.segments[1..call.segments.len() - 1].join("/");
        let chosen = self.chosen(&scope, &types, content == "IAM_POLICY");
        let range = match self.range(call, chosen.len()) {
            Ok(range) => range,
            Err(answer) => return Some(answer),
        };
        let mut body = json!({"readTime": "2026-06-01T10:00:00Z"});
        let end = range.end;
        if !range.is_empty() {
            let assets = chosen[range].iter().filter_map(|position| self.inventory.assets.get(*position));
            body["assets"] = assets.map(|asset| self.asset(asset, content)).collect();
        }
        if end < chosen.len() {
            body["nextPageToken"] = json!(format!("page-{end}"));
        }
        Some(Answer::json(&body))
    }

    fn chosen(&self, scope: &str, types: &[&str], with_policy: bool) -> Arc<Vec<usize>> {
        let question = format!("{scope} {with_policy} {}", types.join(" "));
        let mut known = self.inventory.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        let below = |asset: &Asset| match asset.project.as_deref().and_then(|id| self.project(id)) {
            Some(project) => {
                self.ancestors(project).iter().any(|above| above == scope)
                    || scope == format!("projects/{}", project.id)
            }
            None => !scope.starts_with("projects/"),
        };
        let disabled = |asset: &Asset| {
            let host = format!("{}.googleapis.com", asset.kind.service);
            self.is_disabled(asset.project.as_deref(), &host)
        };
        let choose = || {
            let all = self.inventory.assets.iter().enumerate();
            let fitting = all.filter(|(_, asset)| {
                (types.is_empty() || types.contains(&asset.kind.name))
                    && (!with_policy || asset.policy)
                    && below(asset)
                    && !disabled(asset)
            });
            Arc::new(fitting.map(|(position, _)| position).collect())
        };
        Arc::clone(known.entry(question).or_insert_with(choose))
    }

    fn asset(&self, asset: &Asset, content: &str) -> Value {
        let Type { name: type_, service, version, .. } = *asset.kind;
        let discovery = asset.kind.discovery();
        let data = self.body(&asset.key).unwrap_or_default();
        let project = asset.project.as_deref().and_then(|id| self.project(id));
        let ancestors = project.map(|project| self.ancestors(project)).unwrap_or_default();
        let name = full_name(service, &asset.key, &data);
        let mut shown = json!({"name": name, "assetType": type_, "ancestors": ancestors,
            "updateTime": "2026-05-01T10:00:00Z"});
        match content {
            "RESOURCE" => {
                let parent = ancestors.get(usize::from(discovery == "Project"));
                let parent = parent.map(|parent| format!("//cloudresourcemanager.googleapis.com/{parent}"));
                let location = self.location(&asset.key, &data);
                let data = match (service, project) {
                    ("run", Some(project)) if asset.kind.address.starts_with("v2/") => {
                        knative::written(&data, discovery, &project.number)
                    }
                    ("cloudresourcemanager", Some(project)) => project.as_version_1(&data),
                    _ => data,
                };
                shown["resource"] = json!({
                    "version": version, "discoveryName": discovery, "data": data, "location": location,
                    "discoveryDocumentUri":
                        format!("https://{service}.googleapis.com/$discovery/rest?version={version}"),
                });
                if let Some(parent) = parent {
                    shown["resource"]["parent"] = json!(parent);
                }
            }
            "IAM_POLICY" => shown["iamPolicy"] = self.body(&policy_of(&asset.key)).unwrap_or_default(),
            _ => {}
        }
        shown
    }

    fn location(&self, key: &str, data: &Value) -> String {
        let mut parts = key.split('/').skip_while(|part| !matches!(*part, "locations" | "regions" | "zones"));
        let named = parts.nth(1).map(str::to_owned);
        let own = || data["location"].as_str().map(str::to_ascii_lowercase);
        named.or_else(own).unwrap_or_else(|| "global".to_owned())
    }
}

fn fits(kind: &Type, key: &str) -> bool {
    let Some(path) = key.strip_prefix(kind.service).and_then(|rest| rest.strip_prefix(".googleapis.com/"))
    else {
        return false;
    };
    let mut parts = path.split('/');
    let all = kind
        .address
        .split('/')
        .all(|wanted| parts.next().is_some_and(|part| wanted == part || (wanted == "*" && is_name(part))));
    all && parts.next().is_none()
}

fn policy_of(key: &str) -> String {
    if key.starts_with("storage.") { format!("{key}/iam") } else { format!("{key}:getIamPolicy") }
}

/// The full name of a resource: its host and the name that its API gives it.
fn full_name(service: &str, key: &str, data: &Value) -> String {
    let segments: Vec<&str> = key.split('/').collect();
    let relative = match service {
        "storage" => segments.last().copied().unwrap_or_default().to_owned(),
        "compute" => segments.get(3..).unwrap_or_default().join("/"),
        // Service accounts go by their numbers here, and by their addresses elsewhere.
        "iam" if data["uniqueId"].is_string() => {
            let number = data["uniqueId"].as_str().unwrap_or_default();
            format!("{}/{number}", segments.get(2..segments.len() - 1).unwrap_or_default().join("/"))
        }
        _ => match data["name"].as_str().filter(|name| name.contains('/')) {
            Some(name) => name.to_owned(),
            None => segments.get(2..).unwrap_or_default().join("/"),
        },
    };
    format!("//{service}.googleapis.com/{relative}")
}
