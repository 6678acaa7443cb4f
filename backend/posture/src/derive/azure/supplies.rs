//! What functions are supplied from: the registries that their images come from, the vaults that their settings refer to.

use std::collections::BTreeSet;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Resource, Unreadable};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, elements, fact, list, merged, required, text};

/// Who runs images of which registry, and who refers to secrets of which vault.
#[derive(Debug)]
pub(super) struct Supplies {
    registries: Users,
    vaults: Users,
}

/// A registry is reached by everybody where nobody is asked for a name.
pub(super) fn expose(map: &Map<'_>, reaches: &mut [Reach]) {
    for &position in map.kind("azure.containerregistry.registry") {
        let registry = map.open(position);
        let reading = required(&registry, "registry").map(|value| match is_open(value) {
            true => Exposure::Internet,
            false => Exposure::Internal,
        });
        reaches[position] = reading.into();
    }
}

fn is_open(registry: &Value) -> bool {
    let says = |pointer: &str| registry.pointer(pointer).and_then(Value::as_str);
    registry.pointer("/properties/anonymousPullEnabled").and_then(Value::as_bool) == Some(true)
        && says("/properties/publicNetworkAccess") != Some("Disabled")
        && says("/properties/networkRuleSet/defaultAction") != Some("Deny")
}

/// Applications with the names of what they use.
#[derive(Debug, Default)]
struct Users {
    known: Vec<(String, BTreeSet<String>)>,
    /// Why some application may use more than is known.
    hidden: Vec<Unreadable>,
    /// Why there may be more applications.
    unlisted: Vec<Unreadable>,
}

const APPS: &[(&str, &str)] = &[("azure.functions.app", "web"), ("azure.functions.slot", "web")];
const RUNNING_IMAGES: &[(&str, &str)] = &[
    ("azure.containerapps.app", "containerapps"),
    ("azure.functions.app", "web"),
    ("azure.functions.slot", "web"),
];

impl Supplies {
    pub fn of(map: &Map<'_>) -> Self {
        Self {
            registries: Users::of(map, RUNNING_IMAGES, &["app", "config", "site"], registries_of),
            vaults: Users::of(map, APPS, &["references"], vaults_of),
        }
    }

    /// The facts of a registry.
    pub fn registry_facts(&self, registry: &Resource, exposure: Fact) -> Vec<(&'static str, Fact)> {
        let address =
            required(registry, "registry").ok().and_then(|value| value.pointer("/properties/loginServer"));
        let address = address.and_then(Value::as_str).map(str::to_lowercase);
        let name = registry.name.to_lowercase();
        let ours = |host: &str| match &address {
            Some(address) => host == address,
            None => host.split('.').next() == Some(name.as_str()),
        };
        vec![("functions", fact(self.registries.of_which(ours))), ("exposure", exposure)]
    }

    /// The facts of a vault.
    pub fn vault_facts(&self, vault: &Resource) -> Vec<(&'static str, Fact)> {
        let functions = self.vaults.of_which(|name| name.eq_ignore_ascii_case(&vault.name));
        vec![("functions", fact(functions))]
    }

    /// Whether anything runs an image of a registry of Azure.
    pub fn runs_images(&self) -> Reading<bool> {
        let azure = |host: &str| host.contains(".azurecr.");
        self.registries.of_which(azure).map(|using| using.as_array().is_some_and(|using| !using.is_empty()))
    }
}

impl Users {
    fn of(
        map: &Map<'_>,
        kinds: &[(&str, &str)],
        facets: &[&str],
        names_of: fn(&Resource) -> Reading<BTreeSet<String>>,
    ) -> Self {
        let mut users = Self::default();
        for (kind, service) in kinds {
            users.unlisted.extend(map.listed(service, None).err().unwrap_or_default());
            for &position in map.kind(kind) {
                let app = map.held(position).open_only(facets);
                match names_of(&app) {
                    Ok(names) => users.known.push((app.uid.as_str().to_owned(), names)),
                    Err(reasons) => users.hidden.extend(reasons),
                }
            }
        }
        users.hidden = merged(users.hidden);
        users.unlisted = merged(users.unlisted);
        users
    }

    /// The applications that use something of which `ours` is true.
    fn of_which(&self, ours: impl Fn(&str) -> bool) -> Reading<Value> {
        let using = self.known.iter().filter(|(_, names)| names.iter().any(|name| ours(name)));
        let using: Vec<&str> = using.map(|(app, _)| app.as_str()).collect();
        if using.is_empty() && !(self.hidden.is_empty() && self.unlisted.is_empty()) {
            return Err(merged(self.hidden.iter().chain(&self.unlisted).cloned()));
        }
        Ok(json!(using))
    }
}

/// The hosts of the images that an application runs.
fn registries_of(app: &Resource) -> Reading<BTreeSet<String>> {
    if app.kind.as_str() == "azure.containerapps.app" {
        let template = required(app, "app")?.pointer("/properties/template").unwrap_or(&Value::Null);
        let containers = list(template, "containers").iter().chain(list(template, "initContainers"));
        return Ok(containers.filter_map(|container| text(container, "image")).filter_map(host).collect());
    }
    let kind = text(required(app, "site")?, "kind").unwrap_or_default().to_lowercase();
    if !kind.split(',').any(|part| part == "container") {
        return Ok(BTreeSet::new());
    }
    let properties = required(app, "config")?.get("properties").unwrap_or(&Value::Null);
    let versions = ["linuxFxVersion", "windowsFxVersion"].iter().filter_map(|key| text(properties, key));
    let images = versions
        .filter_map(|version| version.split_once('|'))
        .filter(|(by, _)| by.eq_ignore_ascii_case("docker"));
    Ok(images.filter_map(|(_, image)| host(image)).collect())
}

/// The registry of an image; one without a dot is a folder of Docker's own.
fn host(image: &str) -> Option<String> {
    let image = image.trim_start_matches("https://");
    let (host, _) = image.split_once('/')?;
    host.contains(['.', ':']).then(|| host.to_lowercase())
}

fn vaults_of(app: &Resource) -> Reading<BTreeSet<String>> {
    let references = elements(app, "references", "value")?;
    let names = references.iter().filter_map(|one| text(one.get("properties")?, "vaultName"));
    Ok(names.map(str::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_names_its_registry_or_is_dockers() {
        assert_eq!(host("Shop.azurecr.io/orders:1").as_deref(), Some("shop.azurecr.io"));
        assert_eq!(host("https://shop.azurecr.io/orders:1").as_deref(), Some("shop.azurecr.io"));
        assert_eq!(host("localhost:5000/orders").as_deref(), Some("localhost:5000"));
        for of_docker in ["nginx", "library/nginx:1"] {
            assert_eq!(host(of_docker), None, "{of_docker}");
        }
    }
}
