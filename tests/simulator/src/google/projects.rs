//! Projects, folders and organizations: who stands above whom.

use serde_json::{Value, json};

use super::{GoogleEstate, fault};
use crate::address::Call;
use crate::answer::Answer;

const HOST: &str = "cloudresourcemanager.googleapis.com";

/// A project under its two names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Project {
    pub id: String,
    pub number: String,
    /// `folders/1` or `organizations/1`; empty where it stands alone.
    pub parent: String,
}

impl Project {
    /// The project of a body of the resource manager.
    pub(super) fn of(body: &Value) -> Option<Self> {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let number = text("name")?.strip_prefix("projects/")?.to_owned();
        Some(Self { id: text("projectId")?, number, parent: text("parent").unwrap_or_default() })
    }
}

impl Project {
    /// The project as version 1 of the resource manager gives it.
    pub(super) fn as_version_1(&self, body: &Value) -> Value {
        let mut project =
            json!({"projectId": self.id, "projectNumber": self.number, "lifecycleState": body["state"]});
        for (field, own) in [("displayName", "name"), ("createTime", "createTime"), ("labels", "labels")] {
            if let Some(value) = body.get(field) {
                project[own] = value.clone();
            }
        }
        if let Some((kind, id)) = self.parent.split_once('/') {
            project["parent"] = json!({"type": kind.trim_end_matches('s'), "id": id});
        }
        project
    }
}

impl GoogleEstate {
    /// A project by its id or number.
    pub(super) fn project(&self, name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == name || project.number == name)
    }

    /// The project and all that is above it: `["projects/100", "folders/2", "organizations/3"]`.
    pub(super) fn ancestors(&self, project: &Project) -> Vec<String> {
        let mut chain = vec![format!("projects/{}", project.number)];
        let mut next = project.parent.clone();
        // A folder that is above itself would be planted by mistake only.
        while !next.is_empty() && !chain.contains(&next) {
            chain.push(next.clone());
            let above = self.body(&format!("{HOST}/v3/{next}"));
            next = above.and_then(|folder| folder["parent"].as_str().map(str::to_owned)).unwrap_or_default();
        }
        chain
    }

    /// What the resource manager computes rather than keeps.
    pub(super) fn of_projects(&self, call: &Call, key: &str) -> Option<Answer> {
        let billed = key.strip_prefix("cloudbilling.googleapis.com/v1/projects/");
        if let Some(id) = billed.and_then(|rest| rest.strip_suffix("/billingInfo")) {
            // Every project can be asked; one that nobody pays for has no account.
            return Some(Answer::json(
                &json!({"name": format!("projects/{id}/billingInfo"), "projectId": id}),
            ));
        }
        let name = key.strip_prefix(HOST)?.strip_prefix("/v1/projects/")?.strip_suffix(":getAncestry")?;
        let Some(project) = self.project(name) else {
            return Some(fault::answer(call, &crate::Fault::Denied));
        };
        let id = |ancestor: String| {
            let (kind, id) = ancestor.split_once('/').unwrap_or((&ancestor, ""));
            let id = if kind == "projects" { &project.id } else { id };
            json!({"resourceId": {"type": kind.trim_end_matches('s'), "id": id}})
        };
        let ancestors: Vec<Value> = self.ancestors(project).into_iter().map(id).collect();
        Some(Answer::json(&json!({"ancestor": ancestors})))
    }
}
