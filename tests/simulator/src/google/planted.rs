//! An estate as a test plants it, held against Google's discovery documents.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::projects::Project;
use super::{GoogleEstate, read};
use crate::description::{Wrong, is_name};

const PARTS: &[&str] = &["projects", "resources", "disabled"];
const MANAGER: &str = "cloudresourcemanager.googleapis.com";

impl GoogleEstate {
    /// An estate as a test plants it:
    ///
    /// ```json
    /// {"projects": ["shop" or a project as version 3 of the resource manager gives it],
    ///  "resources": [{"host": "run.googleapis.com", "path": "/v2/projects/shop/locations/europe-west1/services/api",
    ///                 "body": {…}}],
    ///  "disabled"?: ["run.googleapis.com" or {"project": "shop", "host": "run.googleapis.com"}]}
    /// ```
    ///
    /// An IAM policy is a resource whose path ends in `:getIamPolicy`, and in `/iam` for a bucket. What no list can be
    /// made of is planted at the address of the list itself. Cloud Asset Inventory shows the same resources. Refused
    /// where a path or a body has what the discovery documents do not.
    pub fn planted(planted: &Value) -> Result<Self, Wrong> {
        let mut wrong = Vec::new();
        let list = |name: &str| planted[name].as_array().map(Vec::as_slice).unwrap_or_default();
        for name in planted.as_object().into_iter().flatten().map(|(name, _)| name) {
            if !PARTS.contains(&name.as_str()) {
                wrong.push(format!("google.{name}: an estate has {}", PARTS.join(", ")));
            }
        }
        let mut estate = Self::default();
        for (number, project) in list("projects").iter().enumerate() {
            estate.plant_project(project, number, &mut wrong);
        }
        for one in list("disabled") {
            let project = one["project"].as_str().map(str::to_owned);
            match one.as_str().or_else(|| one["host"].as_str()) {
                Some(host) => drop(estate.disabled.insert((project, host.to_ascii_lowercase()))),
                None => wrong.push(format!("google.disabled: a host is wanted, and not {one}")),
            }
        }
        for resource in list("resources") {
            let (host, path) = (resource["host"].as_str(), resource["path"].as_str());
            match (host, path, resource.get("body")) {
                (Some(host), Some(path), Some(body)) => estate.plant(host, path, body, &mut wrong),
                _ => wrong.push(format!("google.resources: a resource has host, path and body: {resource}")),
            }
        }
        if wrong.is_empty() { Ok(estate.indexed()) } else { Err(Wrong(wrong)) }
    }

    pub(super) fn plant_project(&mut self, project: &Value, number: usize, wrong: &mut Vec<String>) {
        let body = match project.as_str() {
            None => project.clone(),
            Some(id) => json!({
                "name": format!("projects/{}", 100_000_000_000u64 + number as u64), "projectId": id,
                "displayName": id, "state": "ACTIVE", "createTime": "2026-01-02T03:04:05Z",
            }),
        };
        let Some(project) = Project::of(&body) else {
            wrong.push(format!(
                "google.projects: a project has a projectId and a name `projects/NUMBER`: {body}"
            ));
            return;
        };
        self.projects.push(project.clone());
        self.plant(MANAGER, &format!("/v3/projects/{}", project.id), &body, wrong);
    }

    pub(super) fn plant(&mut self, host: &str, path: &str, body: &Value, wrong: &mut Vec<String>) {
        let at = format!("google {host}{path}");
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match read(host, "GET", &parts).or_else(|| read(host, "POST", &parts)) {
            Some((document, read)) => document.check(body, &read.kind, &at, wrong),
            None => {
                // A few things are listed and cannot be read one by one.
                let parent = parts.split_last().map(|(_, parent)| parent).unwrap_or_default();
                let list = read(host, "GET", parent);
                match list.and_then(|(document, read)| Some((document, document.items(&read.kind)?.1))) {
                    Some((document, item)) => document.check(body, item, &at, wrong),
                    None => {
                        wrong.push(format!("{at}: no read of the discovery documents serves this address"))
                    }
                }
            }
        }
        if let (Some(number), Some(email)) = (body["uniqueId"].as_str(), body["email"].as_str()) {
            self.accounts.insert(number.to_owned(), email.to_owned());
        }
        let key = self.key(host, &parts);
        let named =
            key.split('/').skip_while(|part| !matches!(*part, "projects" | "apps" | "namespaces")).nth(1);
        let named = named.map(|name| name.split(':').next().unwrap_or(name));
        if let Some(name) = named.filter(|name| self.project(name).is_none()) {
            wrong.push(format!("{at}: there is no project {name}"));
        }
        // The API gives every resource its name, and mostly the one that it is asked for by.
        let last = parts.last().copied().unwrap_or_default();
        let last = if is_name(last) { last } else { last.split(':').next().unwrap_or(last) };
        let own = body["name"].as_str().filter(|own| own.contains('/'));
        if own.is_some_and(|own| host != MANAGER && own.rsplit('/').next() != Some(last)) {
            wrong.push(format!("{at}.name: by its address it is {last}, and not {}", body["name"]));
        }
        if self.bodies.insert(key, body.to_string().into_boxed_str()).is_some() {
            wrong.push(format!("{at}: there is another one of this address"));
        }
    }
}
