//! The bindings of a project: those of its own policy, of what stands above it, and of its resources.

use std::collections::BTreeMap;

use nephoscope_model::{Facet, Resource, Unreadable};
use serde_json::{Value, json};

use super::members;
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, facet, list, merged, reason, text};

/// How the sets of all principals of a project begin.
const SETS_OF_PROJECTS: &str = "principalSet://cloudresourcemanager.googleapis.com/projects/";

/// One role that a policy gives to members.
#[derive(Debug)]
pub(super) struct Binding {
    pub role: String,
    pub members: Vec<String>,
    /// Where the policy stands: `organizations/1`, `folders/2`, `projects/shop`, or the uid of a resource.
    pub scope: String,
    /// True where it holds on the whole project.
    pub wide: bool,
    /// The condition as the provider has it; null where there is none.
    pub condition: Value,
}

impl Binding {
    pub fn is_conditional(&self) -> bool {
        !self.condition.is_null()
    }

    /// Whether the role goes to the service account.
    pub fn includes(&self, email: &str, project: &Project) -> bool {
        self.members.iter().any(|member| members::includes(member, email, project))
    }
}

/// Every binding that could be read.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    pub all: Vec<Binding>,
    /// Why there may be others that hold on the whole project.
    pub doubts: Vec<Unreadable>,
    /// Positions of those on one resource, by its uid.
    narrow: BTreeMap<String, Vec<usize>>,
    /// Why there may be others on one resource, by its uid.
    narrow_doubts: BTreeMap<String, Unreadable>,
}

impl Bindings {
    pub fn of(map: &Map<'_>, project: &Project) -> Self {
        let mut bindings = Self::default();
        match map.kind("gcp.project").first() {
            Some(&position) => {
                bindings.add_project(&map.held(position).open_only(&["policy", "ancestors"]), project)
            }
            None => bindings.doubts = reason("policy", "NotCollected"),
        }
        for (position, held) in map.estate.resources.iter().enumerate() {
            if held.resource.kind().as_str() == "gcp.project" {
                continue;
            }
            let resource = map.held(position).open_only(&["policy"]);
            match resource.facets.get("policy") {
                Some(Facet::Known(policy)) => bindings.add(policy, held.resource.uid().as_str(), false),
                Some(Facet::Unreadable(unread)) => {
                    bindings.narrow_doubts.insert(held.resource.uid().as_str().to_owned(), unread.clone());
                }
                Some(Facet::Absent) | None => {}
            }
        }
        // Sets of all accounts of a project are named by its number.
        let numbered = |member: &String| member.starts_with(SETS_OF_PROJECTS);
        if project.number.is_none() && bindings.all.iter().any(|binding| binding.members.iter().any(numbered))
        {
            bindings.doubts.extend(reason("project", "NotCollected"));
        }
        bindings.doubts = merged(std::mem::take(&mut bindings.doubts));
        bindings
    }

    fn add_project(&mut self, resource: &Resource, project: &Project) {
        match facet(resource, "policy") {
            Ok(Some(policy)) => self.add(policy, &format!("projects/{}", project.id), true),
            Ok(None) => {}
            Err(unread) => self.doubts.extend(unread),
        }
        match elements(resource, "ancestors", "policies") {
            Ok(policies) => {
                for above in policies {
                    let scope = text(above, "resource").unwrap_or_default().to_owned();
                    self.add(above.get("policy").unwrap_or(&Value::Null), &scope, true);
                }
            }
            Err(unread) => self.doubts.extend(unread),
        }
    }

    fn add(&mut self, policy: &Value, scope: &str, wide: bool) {
        let bindings = list(policy, "bindings").iter().filter_map(|binding| {
            let role = text(binding, "role")?;
            // Where a reply could not show conditions, their mark on the name of the role is all that is left of them.
            let (role, hidden) = match role.split_once("_withcond_") {
                Some((role, _)) => (role, json!({})),
                None => (role, Value::Null),
            };
            Some(Binding {
                role: role.to_owned(),
                members: list(binding, "members")
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                scope: scope.to_owned(),
                wide,
                condition: binding.get("condition").cloned().unwrap_or(hidden),
            })
        });
        let first = self.all.len();
        self.all.extend(bindings);
        if !wide {
            self.narrow.insert(scope.to_owned(), (first..self.all.len()).collect());
        }
    }

    /// Whether every policy could be read.
    pub fn are_whole(&self) -> bool {
        self.doubts.is_empty() && self.narrow_doubts.is_empty()
    }

    /// The bindings on one resource, where its policy could be read.
    pub fn on(&self, uid: &str) -> Reading<impl Iterator<Item = &Binding>> {
        match self.narrow_doubts.get(uid) {
            Some(unread) => Err(vec![unread.clone()]),
            None => Ok(self.narrow.get(uid).into_iter().flatten().map(|&position| &self.all[position])),
        }
    }
}
