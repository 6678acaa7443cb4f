//! Callers: whom policies let call a function or service, and how far away they are.

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Resource, Unreadable};
use serde_json::{Value, json};

use super::members::{is_foreign, is_public, is_uncertain};
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, list, merged, reason, required, text};

/// Anybody on the internet, without any account.
const EVERYBODY: &str = "allUsers";

/// Predefined roles that let one call a function or service, or change it so that one can.
const CALLING: [&str; 10] = [
    "roles/cloudfunctions.admin",
    "roles/cloudfunctions.developer",
    "roles/cloudfunctions.invoker",
    "roles/editor",
    "roles/owner",
    "roles/run.admin",
    "roles/run.developer",
    "roles/run.invoker",
    "roles/run.servicesInvoker",
    "roles/run.sourceDeveloper",
];

/// Roles that let one call and do nothing else.
const ONLY_CALLING: [&str; 3] =
    ["roles/cloudfunctions.invoker", "roles/run.invoker", "roles/run.servicesInvoker"];

const CALLING_PERMISSIONS: [&str; 2] = ["cloudfunctions.functions.invoke", "run.routes.invoke"];

/// One role that one member has on something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub role: String,
    pub member: String,
    /// The CEL expression that limits it; none where there is no condition.
    pub condition: Option<String>,
}

impl Holder {
    /// One for each member of a binding.
    pub fn each(binding: &Value) -> impl Iterator<Item = Self> {
        let role = text(binding, "role").unwrap_or_default();
        let condition = binding.pointer("/condition/expression").and_then(Value::as_str);
        list(binding, "members").iter().filter_map(Value::as_str).map(move |member| Self {
            role: role.to_owned(),
            member: member.to_owned(),
            condition: condition.map(str::to_owned),
        })
    }

    pub fn is_public(&self) -> bool {
        is_public(&self.member)
    }

    /// Whether the role lets one call and do nothing else.
    pub fn only_calls(&self) -> bool {
        ONLY_CALLING.contains(&self.role.as_str())
    }

    /// The holder as facts show it; `on` is what the policy belongs to.
    pub fn to_value(&self, on: &str) -> Value {
        json!({
            "member": self.member,
            "role": self.role,
            "condition": self.condition,
            "public": self.is_public(),
            "on": on,
        })
    }
}

/// Who has roles by the resource's own policy; nobody where there is none.
pub(super) fn holders(resource: &Resource) -> Reading<Vec<Holder>> {
    Ok(elements(resource, "policy", "bindings")?.iter().flat_map(Holder::each).collect())
}

/// Who has roles by the project's policy, which hold for everything in it. Google lets nobody put everybody there:
/// <https://cloud.google.com/resource-manager/reference/rest/v3/projects/setIamPolicy>. Whoever has a role above the
/// project has it from the organisation, and is no stranger to it.
pub(super) fn inherited(map: &Map<'_>) -> Reading<Vec<Holder>> {
    let position = map.kind("gcp.project").first().ok_or_else(|| reason("project", "NotCollected"))?;
    holders(&map.held(*position).open_only(&["policy"]))
}

/// How far away a member is.
///
/// Whoever has any Google account counts as a stranger who has to sign in: as on AWS, where everybody may call who
/// signs with credentials of some account, that is `cross_account` and not `internet`.
pub(super) fn reach(member: &str, project: &Project) -> Exposure {
    match member {
        EVERYBODY => Exposure::Internet,
        member if is_public(member) || is_foreign(member, project) => Exposure::CrossAccount,
        _ => Exposure::Internal,
    }
}

/// Whether `name`, an id or a number, is this project; a number is only known to be another's where ours is known.
pub(super) fn is_project(name: &str, project: &Project) -> Reading<bool> {
    if name == project.id || project.number.as_deref() == Some(name) {
        return Ok(true);
    }
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && project.number.is_none() { Err(reason("project", "NotCollected")) } else { Ok(false) }
}

/// Who may call something, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers {
    /// Those whose role lets them call, each with what the policy belongs to.
    holders: Vec<(Holder, &'static str)>,
    pub doubts: Vec<Unreadable>,
}

impl Callers {
    /// Adds those of `holders` whose role lets them call; `on` is what the policy belongs to.
    pub fn include(
        &mut self,
        holders: Reading<Vec<Holder>>,
        on: &'static str,
        project: &Project,
        map: &Map<'_>,
    ) {
        let holders = match holders {
            Ok(holders) => holders,
            Err(doubts) => return self.doubts.extend(doubts),
        };
        for holder in holders {
            match is_calling(&holder.role, map) {
                Ok(true) => {
                    if is_uncertain(&holder.member, project) {
                        self.doubts.extend(reason("project", "NotCollected"));
                    }
                    self.holders.push((holder, on));
                }
                Ok(false) => {}
                // What a role lets its members do matters only where they are strangers.
                Err(doubts) if reach(&holder.member, project) > Exposure::Internal => {
                    self.doubts.extend(doubts);
                }
                Err(_) => {}
            }
        }
    }

    /// How far away the farthest of them is.
    pub fn reach(&self, project: &Project) -> Exposure {
        let reaches = self.holders.iter().map(|(holder, _)| reach(&holder.member, project));
        reaches.max().unwrap_or(Exposure::Internal)
    }

    /// Whether a service account is among them, such as that of a gateway.
    pub fn admit_accounts(&self) -> bool {
        self.holders.iter().any(|(holder, _)| holder.member.starts_with("serviceAccount:"))
    }

    /// All of them. One who stands for everybody is a witness that no doubt takes away.
    pub fn fact(&self) -> Reading<Value> {
        let public = self.holders.iter().any(|(holder, _)| holder.is_public());
        if !public && !self.doubts.is_empty() {
            return Err(merged(self.doubts.iter().cloned()));
        }
        Ok(self.holders.iter().map(|(holder, on)| holder.to_value(on)).collect())
    }
}

/// Whether the role lets its members call functions and services.
fn is_calling(role: &str, map: &Map<'_>) -> Reading<bool> {
    if CALLING.contains(&role) {
        return Ok(true);
    }
    if let Some(position) = map.position(&format!("//iam.googleapis.com/{role}")) {
        let role = map.open(position);
        let permissions = list(required(&role, "role")?, "includedPermissions");
        let permissions = permissions.iter().filter_map(Value::as_str);
        return Ok(permissions.into_iter().any(|permission| CALLING_PERMISSIONS.contains(&permission)));
    }
    // Google ends the names of roles that only read in one of these words.
    let name = role.to_ascii_lowercase();
    let reads = ["viewer", "browser", "reviewer", "reader"].iter().any(|word| name.ends_with(word));
    if role.starts_with("roles/") && reads { Ok(false) } else { Err(reason(role, "NotCollected")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(number: Option<&str>) -> Project {
        Project { id: "shop".to_owned(), number: number.map(str::to_owned), ancestors: Vec::new() }
    }

    #[test]
    fn members_are_near_or_far() {
        let of = |member: &str| reach(member, &project(Some("100")));
        assert_eq!(of("allUsers"), Exposure::Internet);
        assert_eq!(of("allAuthenticatedUsers"), Exposure::CrossAccount);
        assert_eq!(of("serviceAccount:ci@other.iam.gserviceaccount.com"), Exposure::CrossAccount);
        for own in ["serviceAccount:web@shop.iam.gserviceaccount.com", "user:jane@example.com"] {
            assert_eq!(of(own), Exposure::Internal, "{own}");
        }
    }

    #[test]
    fn projects_go_by_two_names() {
        let numbered = project(Some("100"));
        let known = ["shop", "100", "200", "other"].map(|name| is_project(name, &numbered));
        assert_eq!(known, [Ok(true), Ok(true), Ok(false), Ok(false)]);
        let unnumbered = project(None);
        assert!(is_project("200", &unnumbered).is_err());
        assert_eq!(is_project("other", &unnumbered), Ok(false));
    }
}
