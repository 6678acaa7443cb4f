//! Ways from one identity to the rights of another, and what they take.
//!
//! The ways are those collected by HackTricks Cloud (github.com/HackTricks-wiki/hacktricks-cloud, Azure, read November
//! 2026); the names are our own.

use super::assignments::Grant;

/// Where a way leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leads {
    /// To whatever rights there are: roles can be given away, or stronger identities borrowed.
    ToRights,
    /// Into the code, the keys or the settings of something that runs, and so to its identity.
    IntoCode,
    /// To keys and stored secrets.
    ToKeys,
}

/// One way, with the actions that it takes, all of them.
struct Way {
    name: &'static str,
    leads: Leads,
    actions: &'static [&'static str],
}

const ASSIGN: &str = "microsoft.managedidentity/userassignedidentities/assign/action";
const ROLES: &str = "microsoft.authorization/roleassignments/write";

const fn way(name: &'static str, leads: Leads, actions: &'static [&'static str]) -> Way {
    Way { name, leads, actions }
}

/// Sorted by name.
const WAYS: &[Way] = &[
    way("apim-backend-write", Leads::ToKeys, &["microsoft.apimanagement/service/backends/write"]),
    way(
        "apim-named-values",
        Leads::ToKeys,
        &["microsoft.apimanagement/service/namedvalues/listvalue/action"],
    ),
    way("apim-policy-write", Leads::ToKeys, &["microsoft.apimanagement/service/apis/policies/write"]),
    way(
        "apim-subscription-keys",
        Leads::ToKeys,
        &["microsoft.apimanagement/service/subscriptions/listsecrets/action"],
    ),
    way("app-webjob", Leads::IntoCode, &["microsoft.web/sites/publish/action"]),
    way(
        "automation-runbook",
        Leads::ToRights,
        &[
            "microsoft.automation/automationaccounts/runbooks/draft/write",
            "microsoft.automation/automationaccounts/runbooks/publish/action",
            "microsoft.automation/automationaccounts/jobs/write",
        ],
    ),
    way("automation-webhook", Leads::ToRights, &["microsoft.automation/automationaccounts/webhooks/write"]),
    way(
        "containerapp-job",
        Leads::ToRights,
        &["microsoft.app/jobs/write", "microsoft.app/jobs/start/action", ASSIGN],
    ),
    way("containerapp-secrets", Leads::ToKeys, &["microsoft.app/containerapps/listsecrets/action"]),
    way("containerapp-write", Leads::ToRights, &["microsoft.app/containerapps/write", ASSIGN]),
    way("elevate-access", Leads::ToRights, &["microsoft.authorization/elevateaccess/action"]),
    way("func-admin-token", Leads::IntoCode, &["microsoft.web/sites/functions/token/read"]),
    way("func-config-list", Leads::ToKeys, &["microsoft.web/sites/config/list/action"]),
    way(
        "func-config-write",
        Leads::IntoCode,
        &["microsoft.web/sites/config/list/action", "microsoft.web/sites/config/write"],
    ),
    way("func-host-key-write", Leads::IntoCode, &["microsoft.web/sites/host/functionkeys/write"]),
    way("func-host-listkeys", Leads::IntoCode, &["microsoft.web/sites/host/listkeys/action"]),
    way("func-identity-assign", Leads::ToRights, &["microsoft.web/sites/write", ASSIGN]),
    way(
        "func-publish-profile",
        Leads::IntoCode,
        &[
            "microsoft.web/sites/publishxml/action",
            "microsoft.web/sites/basicpublishingcredentialspolicies/write",
        ],
    ),
    way("func-source-control", Leads::IntoCode, &["microsoft.web/sites/sourcecontrols/write"]),
    way("func-vfs-write", Leads::IntoCode, &["microsoft.web/sites/hostruntime/vfs/write"]),
    way(
        "identity-federation-write",
        Leads::ToRights,
        &["microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write"],
    ),
    way("keyvault-policy-write", Leads::ToKeys, &["microsoft.keyvault/vaults/accesspolicies/write"]),
    way("logic-callback-url", Leads::ToKeys, &["microsoft.logic/workflows/triggers/listcallbackurl/action"]),
    way("logic-identity-assign", Leads::ToRights, &["microsoft.logic/workflows/write", ASSIGN]),
    way("logic-write", Leads::IntoCode, &["microsoft.logic/workflows/write"]),
    way(
        "policy-modify-identity",
        Leads::ToRights,
        &["microsoft.authorization/policyassignments/write", ROLES],
    ),
    way("role-assignment-write", Leads::ToRights, &[ROLES]),
    way("role-definition-write", Leads::ToRights, &["microsoft.authorization/roledefinitions/write"]),
    way(
        "servicebus-keys",
        Leads::ToKeys,
        &["microsoft.servicebus/namespaces/authorizationrules/listkeys/action"],
    ),
    way(
        "servicebus-rule-write",
        Leads::ToKeys,
        &["microsoft.servicebus/namespaces/authorizationrules/write"],
    ),
    way("storage-listkeys", Leads::ToKeys, &["microsoft.storage/storageaccounts/listkeys/action"]),
];

/// The names of the ways that are open to who holds these grants over more than single resources.
pub(super) fn open(grants: &[&Grant]) -> Vec<&'static str> {
    WAYS.iter().filter(|way| is_open(way, grants)).map(|way| way.name).collect()
}

/// Whether one of them leads to whatever rights there are.
pub(super) fn lead_to_rights(grants: &[&Grant]) -> bool {
    WAYS.iter().any(|way| way.leads == Leads::ToRights && is_open(way, grants))
}

/// Whether the grant lets its holder change what the app or slot with this uid runs.
pub(super) fn rewrites_app(grant: &Grant, uid: &str) -> bool {
    grant.covers(uid) && changes(grant, uid.contains("/slots/"))
}

/// Whether the grant lets its holder change what some app runs.
pub(super) fn changes_code(grant: &Grant) -> bool {
    changes(grant, false) || changes(grant, true)
}

/// The actions on slots are named after those on apps.
fn changes(grant: &Grant, slot: bool) -> bool {
    const PREFIX: &str = "microsoft.web/sites/";
    APP_WRITES.iter().any(|action| match action.strip_prefix(PREFIX) {
        Some(rest) if slot => grant.allows(&format!("{PREFIX}slots/{rest}")),
        _ => grant.allows(action),
    })
}

/// Each alone replaces the code of an app, or what it is started with.
const APP_WRITES: &[&str] = &[
    "microsoft.web/sites/config/write",
    "microsoft.web/sites/extensions/write",
    "microsoft.web/sites/host/listkeys/action",
    "microsoft.web/sites/hostruntime/vfs/write",
    "microsoft.web/sites/publish/action",
    "microsoft.web/sites/publishxml/action",
    "microsoft.web/sites/sourcecontrols/write",
    "microsoft.web/sites/write",
];

/// A condition limits which roles may be given away.
fn is_open(way: &Way, grants: &[&Grant]) -> bool {
    way.actions.iter().all(|action| {
        grants.iter().any(|grant| {
            grant.is_wide() && grant.allows(action) && (*action != ROLES || grant.condition.is_none())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_sorted_and_spelled_as_they_are_compared() {
        assert!(WAYS.is_sorted_by_key(|way| way.name));
        let actions = WAYS.iter().flat_map(|way| way.actions).chain(APP_WRITES);
        for action in actions {
            assert!(action.starts_with("microsoft.") && *action == action.to_lowercase(), "{action}");
        }
        assert!(APP_WRITES.is_sorted());
        let leading = WAYS.iter().filter(|way| way.leads == Leads::IntoCode).count();
        assert!(leading > 0 && WAYS.iter().any(|way| way.leads == Leads::ToKeys));
    }
}
