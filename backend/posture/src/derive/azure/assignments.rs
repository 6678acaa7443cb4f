//! Role assignments as grants: which principal may do what, and how far.
//!
//! An assignment counts wherever it was made: a management group's reach down to the subscription. What a principal
//! holds as a member of a group is not among them, for only the directory knows its groups.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use nephoscope_model::Unreadable;
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, list, reason, required, text};

/// The service that lists assignments and definitions.
const SERVICE: &str = "authorization";

/// How much a scope takes in, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Resource,
    ResourceGroup,
    Subscription,
    ManagementGroup,
    Tenant,
}

/// One role assignment with what its role allows.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    /// The principal's object id.
    pub principal: String,
    /// The GUID of the role definition.
    role: String,
    /// What people call the role, where its definition was read.
    pub role_name: Option<String>,
    /// Where it holds, in lower case.
    pub scope: String,
    pub level: Level,
    /// What narrows the assignment down, in Azure's own language.
    pub condition: Option<String>,
    permissions: Arc<[Permission]>,
}

/// What one block of a role definition allows, every pattern in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Permission {
    actions: Vec<String>,
    not_actions: Vec<String>,
    data_actions: Vec<String>,
    not_data_actions: Vec<String>,
}

/// Every grant of the subscription, by principal.
#[derive(Debug, Default)]
pub(super) struct Assignments {
    grants: BTreeMap<String, Vec<Grant>>,
    /// Principals with an assignment whose role is not known.
    unclear: BTreeMap<String, Vec<Unreadable>>,
    /// Why there may be more assignments than these.
    incomplete: Vec<Unreadable>,
}

/// What a few principals hold together, and why that may not be all.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding<'a> {
    pub grants: Vec<&'a Grant>,
    pub doubts: Vec<Unreadable>,
}

impl Assignments {
    pub fn of(map: &Map<'_>) -> Self {
        let roles = roles(map);
        let mut all =
            Self { incomplete: map.listed(SERVICE, None).err().unwrap_or_default(), ..Self::default() };
        for &position in map.kind("azure.authorization.assignment") {
            let resource = map.open(position);
            let properties = match required(&resource, "assignment") {
                Ok(assignment) => assignment.get("properties").unwrap_or(&Value::Null),
                Err(reasons) => {
                    all.incomplete.extend(reasons);
                    continue;
                }
            };
            let lower = |key: &str| text(properties, key).map(str::to_lowercase);
            let (Some(principal), Some(role), Some(scope)) =
                (lower("principalId"), lower("roleDefinitionId"), lower("scope"))
            else {
                all.incomplete.extend(reason("assignment", "Malformed"));
                continue;
            };
            let role = last_part(&role).to_owned();
            let Some((role_name, permissions)) = roles.get(&role).cloned().or_else(|| built_in(&role)) else {
                all.unclear.entry(principal).or_default().extend(reason("definition", "NotCollected"));
                continue;
            };
            let condition = text(properties, "condition").filter(|text| !text.is_empty()).map(str::to_owned);
            let level = level(&scope);
            let grant =
                Grant { principal: principal.clone(), role, role_name, scope, level, condition, permissions };
            all.grants.entry(principal).or_default().push(grant);
        }
        all
    }

    /// What these principals hold.
    pub fn held_by<'p>(&self, principals: impl IntoIterator<Item = &'p str>) -> Holding<'_> {
        let mut holding = Holding { grants: Vec::new(), doubts: self.incomplete.clone() };
        for principal in principals {
            holding.grants.extend(self.grants.get(principal).into_iter().flatten());
            holding.doubts.extend(self.unclear.get(principal).into_iter().flatten().cloned());
        }
        holding
    }
}

impl Holding<'_> {
    /// Every grant, once nothing more can turn up.
    pub fn all(&self) -> Reading<&[&Grant]> {
        if self.doubts.is_empty() { Ok(&self.grants) } else { Err(self.doubts.clone()) }
    }
}

impl Grant {
    /// Whether the role allows this action on the management plane, given in lower case.
    pub fn allows(&self, action: &str) -> bool {
        self.permissions.iter().any(|p| permits(&p.actions, &p.not_actions, action))
    }

    /// Whether the role allows this action on data, given in lower case.
    pub fn allows_data(&self, action: &str) -> bool {
        self.permissions.iter().any(|p| permits(&p.data_actions, &p.not_data_actions, action))
    }

    /// Whether it holds for the resource with this uid.
    pub fn covers(&self, uid: &str) -> bool {
        match self.level {
            // Only those above the subscription are listed for it.
            Level::Tenant | Level::ManagementGroup => true,
            Level::Subscription | Level::ResourceGroup | Level::Resource => uid
                .strip_prefix(self.scope.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// Whether it holds for more than one resource.
    pub fn is_wide(&self) -> bool {
        self.level > Level::Resource
    }

    /// Whether the role lets its holder do everything of every kind, or give itself the rights to.
    ///
    /// A condition is taken to limit which roles may be given away; it takes nothing from the rest of a role.
    pub fn is_admin(&self) -> bool {
        let gives_roles =
            self.condition.is_none() && self.allows("microsoft.authorization/roleassignments/write");
        gives_roles || EVERYTHING.iter().all(|action| self.allows(action))
    }

    pub fn to_value(&self) -> Value {
        let patterns = |of: fn(&Permission) -> &Vec<String>| -> Vec<&str> {
            self.permissions.iter().flat_map(of).map(String::as_str).collect()
        };
        json!({
            "principal": self.principal,
            "role": self.role,
            "role_name": self.role_name,
            "scope": self.scope,
            "level": self.level.as_str(),
            "actions": patterns(|p| &p.actions),
            "not_actions": patterns(|p| &p.not_actions),
            "data_actions": patterns(|p| &p.data_actions),
            "not_data_actions": patterns(|p| &p.not_data_actions),
            "condition": self.condition,
            "admin": self.is_admin(),
        })
    }
}

/// Writes of providers that have nothing to do with each other: a role with all of them is not made for a purpose.
const EVERYTHING: &[&str] = &[
    "microsoft.compute/virtualmachines/write",
    "microsoft.keyvault/vaults/write",
    "microsoft.managedidentity/userassignedidentities/write",
    "microsoft.resources/deployments/write",
    "microsoft.storage/storageaccounts/write",
    "microsoft.web/sites/write",
];

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::ResourceGroup => "resource_group",
            Self::Subscription => "subscription",
            Self::ManagementGroup => "management_group",
            Self::Tenant => "tenant",
        }
    }
}

type Role = (Option<String>, Arc<[Permission]>);

/// The role definitions that were read, by GUID: the rest of their id differs with who names them.
fn roles(map: &Map<'_>) -> HashMap<String, Role> {
    let mut roles = HashMap::new();
    for &position in map.kind("azure.authorization.definition") {
        let resource = map.open(position);
        let Ok(definition) = required(&resource, "definition") else { continue };
        let Some(properties) = definition.get("properties") else { continue };
        let permissions = list(properties, "permissions").iter().map(Permission::of).collect();
        let name = text(properties, "roleName").map(str::to_owned);
        roles.insert(last_part(resource.uid.as_str()).to_owned(), (name, permissions));
    }
    roles
}

/// The built-in roles that make an administrator, by Microsoft's list of them, so that nobody passes for lack of their
/// definitions: <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged>.
fn built_in(role: &str) -> Option<Role> {
    let (name, actions, not_actions): (&str, &[&str], &[&str]) = match role {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" => ("Owner", &["*"], &[]),
        "b24988ac-6180-42a0-ab88-20f7382dd24c" => (
            "Contributor",
            &["*"],
            &[
                "microsoft.authorization/*/delete",
                "microsoft.authorization/*/write",
                "microsoft.authorization/elevateaccess/action",
            ],
        ),
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9" => {
            ("User Access Administrator", &["*/read", "microsoft.authorization/*"], &[])
        }
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168" => (
            "Role Based Access Control Administrator",
            &[
                "*/read",
                "microsoft.authorization/roleassignments/write",
                "microsoft.authorization/roleassignments/delete",
            ],
            &[],
        ),
        _ => return None,
    };
    let owned = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    let permission =
        Permission { actions: owned(actions), not_actions: owned(not_actions), ..Permission::default() };
    Some((Some(name.to_owned()), [permission].into()))
}

impl Permission {
    fn of(block: &Value) -> Self {
        let patterns = |key: &str| {
            list(block, key).iter().filter_map(Value::as_str).map(str::to_lowercase).collect::<Vec<_>>()
        };
        Self {
            actions: patterns("actions"),
            not_actions: patterns("notActions"),
            data_actions: patterns("dataActions"),
            not_data_actions: patterns("notDataActions"),
        }
    }
}

fn permits(allowed: &[String], taken_back: &[String], action: &str) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, action));
    any(allowed) && !any(taken_back)
}

/// Whether `action` is one that `pattern` means, in which an asterisk stands for any text.
fn fits(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn level(scope: &str) -> Level {
    let parts: Vec<&str> = scope.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => Level::Tenant,
        ["providers", "microsoft.management", "managementgroups", _] => Level::ManagementGroup,
        ["subscriptions", _] => Level::Subscription,
        ["subscriptions", _, "resourcegroups", _] => Level::ResourceGroup,
        _ => Level::Resource,
    }
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_stands_for_any_text() {
        for (pattern, action, expected) in [
            ("*", "microsoft.web/sites/write", true),
            ("*/read", "microsoft.web/sites/read", true),
            ("*/read", "microsoft.web/sites/write", false),
            ("microsoft.web/sites/*", "microsoft.web/sites/config/list/action", true),
            ("microsoft.web/sites/*", "microsoft.web/sites", false),
            ("microsoft.web/*/write", "microsoft.web/sites/config/write", true),
            ("microsoft.web/*/write", "microsoft.web/write", false),
            ("microsoft.web/sites/write", "microsoft.web/sites/write", true),
            ("microsoft.web/sites/write", "microsoft.web/sites/write/more", false),
        ] {
            assert_eq!(fits(pattern, action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn a_scope_says_how_much_it_takes_in() {
        for (scope, expected) in [
            ("/", Level::Tenant),
            ("/providers/microsoft.management/managementgroups/corp", Level::ManagementGroup),
            ("/subscriptions/1", Level::Subscription),
            ("/subscriptions/1/resourcegroups/shop", Level::ResourceGroup),
            ("/subscriptions/1/resourcegroups/shop/providers/microsoft.web/sites/a", Level::Resource),
        ] {
            assert_eq!(level(scope), expected, "{scope}");
        }
    }
}
