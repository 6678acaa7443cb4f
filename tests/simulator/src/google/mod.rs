//! Google Cloud: the REST surfaces of its services, Cloud Asset Inventory, and its token and metadata endpoints, all at
//! one address.

mod assets;
mod fault;
mod knative;
mod lists;
mod planted;
mod projects;
mod quota;
mod seeded;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::address::{Call, changed};
use crate::answer::Answer;
use crate::description::{Document, Read};
use crate::http::Request;
use crate::misbehaviour::Fault;
use crate::provider::Provider;
use crate::quota::{Admission, Limit};

use assets::Inventory;
use projects::Project;

/// Items of a page where nobody asks for a number, and the most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// Parameters that every method takes.
const EVERYWHERE: &[&str] = &[
    "$.xgafv",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "userIp",
];

/// Projects and what is in them.
#[derive(Debug, Default)]
pub struct GoogleEstate {
    /// The most items of a page; none where it is what the services allow.
    page: Option<usize>,
    projects: Vec<Project>,
    /// Hosts whose API is not enabled, with the project, or in all of them.
    disabled: BTreeSet<(Option<String>, String)>,
    /// Bodies by host and path, as text: an estate of a size would not fit into memory otherwise.
    bodies: BTreeMap<String, Box<str>>,
    inventory: Inventory,
    /// The addresses of service accounts by their numbers.
    accounts: BTreeMap<String, String>,
}

impl GoogleEstate {
    /// With at most so many items on a page.
    pub fn with_page_size(self, page: usize) -> Self {
        Self { page: Some(page), ..self }
    }

    fn body(&self, key: &str) -> Option<Value> {
        self.bodies.get(key).and_then(|text| serde_json::from_str(text).ok())
    }

    /// The path that resources are kept under: projects go by their ids, service accounts by their addresses.
    fn key(&self, host: &str, path: &[&str]) -> String {
        let mut key = host.to_ascii_lowercase();
        for (position, segment) in path.iter().enumerate() {
            let after = position.checked_sub(1).and_then(|before| path.get(before));
            let (name, verb) = segment.split_once(':').unwrap_or((segment, ""));
            let by_number = matches!(after, Some(&"projects" | &"namespaces" | &"apps"))
                .then(|| self.project(name))
                .flatten();
            let account = (after == Some(&"serviceAccounts")).then(|| self.accounts.get(name)).flatten();
            key.push('/');
            key.push_str(account.map_or(by_number.map_or(name, |project| &project.id), String::as_str));
            if !verb.is_empty() {
                key.push(':');
                key.push_str(verb);
            }
        }
        key
    }
}

/// The documents that are carried, one to an API.
fn documents() -> &'static [Document] {
    static DOCUMENTS: OnceLock<Vec<Document>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| Document::all(include_str!("../../data/google.json")))
}

/// The read that serves an address.
fn read(host: &str, method: &str, path: &[&str]) -> Option<(&'static Document, &'static Read)> {
    let mine = documents().iter().filter(|document| document.host.eq_ignore_ascii_case(host));
    let mut found: Vec<_> = mine.filter_map(|one| Some((one, one.read(method, path)?))).collect();
    found.sort_by_key(|(_, read)| read.path.placeholders());
    found.into_iter().next()
}

impl Provider for GoogleEstate {
    type Call = Call;

    /// Calls are named as the discovery documents name them: `run.projects.locations.services.list`.
    fn call(request: &Request) -> Call {
        Call::of(request, |call| match (tokens::kind(call), read(&call.host, &call.method, &call.parts())) {
            (Some(token), _) => token.to_owned(),
            (None, Some((_, read))) => read.name.clone(),
            (None, None) => format!("{} {}{}", call.method, call.host, call.path),
        })
    }

    fn limit(call: &Call) -> Option<Limit> {
        quota::limit(call)
    }

    fn answer(&self, call: &Call) -> Option<Answer> {
        if tokens::kind(call).is_some() {
            return Some(self.token(call));
        }
        if call.bearer.as_deref().unwrap_or_default().is_empty() {
            return Some(fault::answer(call, &Fault::ExpiredCredentials));
        }
        let path = call.parts();
        let (document, read) = read(&call.host, &call.method, &path)?;
        let strange = call
            .query
            .iter()
            .map(|(name, _)| name.as_str())
            .find(|name| !EVERYWHERE.contains(name) && !read.asked.iter().any(|asked| asked == name));
        if let Some(name) = strange {
            let message = format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter."
            );
            return Some(fault::refusal(call, 400, "INVALID_ARGUMENT", "invalid", &message));
        }
        let key = self.key(&call.host, &path);
        let project = key.split('/').skip_while(|part| !matches!(*part, "projects" | "apps")).nth(1);
        let project = project.map(|name| name.split(':').next().unwrap_or(name)).filter(|name| *name != "-");
        let asked = project.or_else(|| call.parameter("project"));
        if self.is_disabled(asked, &call.host) {
            return Some(fault::answer(call, &Fault::ApiDisabled));
        }
        if let Some(name) = project.filter(|name| self.project(name).is_none()) {
            let message = format!("Permission denied on resource project {name} (or it may not exist).");
            return Some(fault::refusal(call, 403, "PERMISSION_DENIED", "CONSUMER_INVALID", &message));
        }
        if !read.anywhere && call.path.contains("/locations/-/") {
            let message = "Location must be a valid location, and cannot be the \"-\" wildcard.";
            return Some(fault::refusal(call, 400, "INVALID_ARGUMENT", "invalid", message));
        }
        Some(self.read(call, document, read, &key))
    }

    fn unknown(call: &Call) -> Answer {
        let message = format!("Method not found: {} {}", call.method, call.path);
        fault::refusal(call, 404, "NOT_FOUND", "notFound", &message)
    }

    fn fault(&self, call: &Call, fault: &Fault) -> Answer {
        fault::answer(call, fault)
    }

    fn bent(_: &Call, answer: Answer, fault: &Fault) -> Answer {
        let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else { return answer };
        match fault {
            Fault::RepeatedToken if body.is_object() => body["nextPageToken"] = json!("again"),
            Fault::Changed(pointer, new) => changed(&mut body, pointer, new.as_ref()),
            _ => {}
        }
        Answer { body: body.to_string(), ..answer }
    }

    fn dressed(_: &Call, answer: Answer, _: Option<Admission>) -> Answer {
        answer
    }
}

impl GoogleEstate {
    fn is_disabled(&self, project: Option<&str>, host: &str) -> bool {
        let project = project.and_then(|name| self.project(name)).map(|project| project.id.clone());
        let host = host.to_ascii_lowercase();
        self.disabled.contains(&(None, host.clone()))
            || (project.is_some() && self.disabled.contains(&(project, host)))
    }

    fn read(&self, call: &Call, document: &Document, read: &Read, key: &str) -> Answer {
        if let Some(text) = self.bodies.get(key) {
            let headers = vec![("content-type", "application/json; charset=UTF-8".to_owned())];
            return Answer { status: 200, headers, body: text.to_string() };
        }
        if let Some(answer) = self.of_assets(call).or_else(|| self.of_projects(call, key)) {
            return answer;
        }
        if let Some((field, _)) = document.items(&read.kind) {
            return self.list(call, field, key);
        }
        if let Some(items) = self.aggregated(key) {
            return Answer::json(&json!({"kind": "compute#aggregatedList", "items": items}));
        }
        // What exists and has no policy of its own has an empty one.
        let owner = key.strip_suffix(":getIamPolicy").or_else(|| key.strip_suffix("/iam"));
        match owner.filter(|owner| self.bodies.contains_key(*owner)) {
            Some(bucket) if key.ends_with("/iam") => {
                let name = bucket.rsplit('/').next().unwrap_or_default();
                let resource = format!("projects/_/buckets/{name}");
                Answer::json(
                    &json!({"kind": "storage#policy", "resourceId": resource, "version": 1, "etag": "CAE="}),
                )
            }
            Some(_) => Answer::json(&json!({"etag": "ACAB"})),
            None => fault::answer(call, &Fault::Vanished),
        }
    }

    /// Which of so many items are on the page that is asked for.
    fn range(&self, call: &Call, count: usize) -> Result<Range<usize>, Answer> {
        let asked = call.parameter("pageSize").or_else(|| call.parameter("maxResults"));
        let size = asked.and_then(|size| size.parse().ok()).filter(|size| *size > 0).unwrap_or(PAGE);
        let size = size.min(LARGEST_PAGE).min(self.page.unwrap_or(LARGEST_PAGE));
        let start = match call.parameter("pageToken").filter(|token| !token.is_empty()) {
            None | Some("again") => 0,
            Some(token) => match token.strip_prefix("page-").and_then(|start| start.parse::<usize>().ok()) {
                Some(start) => start.min(count),
                None => {
                    let message = "The page token is invalid.";
                    return Err(fault::refusal(call, 400, "INVALID_ARGUMENT", "invalid", message));
                }
            },
        };
        Ok(start..(start + size).min(count))
    }
}
