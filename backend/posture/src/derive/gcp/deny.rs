//! Deny policies: what is taken back whatever roles give.
//!
//! Only rules without a condition count, and only principals that name the account or everybody; where deny policies
//! could not be read nothing is taken back, since a grant that is there stays worth a finding.

use nephoscope_model::Facet;
use serde_json::Value;

use super::members;
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reading::list;

/// The rules that hold in the project.
pub(super) struct Deny {
    rules: Vec<Value>,
}

impl Deny {
    pub fn of(map: &Map<'_>) -> Self {
        let project =
            map.kind("gcp.project").first().map(|&position| map.held(position).open_only(&["deny"]));
        let facet = project.as_ref().and_then(|project| project.facets.get("deny").and_then(Facet::value));
        let policies = facet.map_or(&[][..], |facet| list(facet, "policies"));
        let rules =
            policies.iter().flat_map(|policy| list(policy, "rules")).filter_map(|rule| rule.get("denyRule"));
        Self { rules: rules.filter(|rule| rule.get("denialCondition").is_none()).cloned().collect() }
    }

    /// Whether the account is refused the permission, whatever its roles say.
    pub fn takes(&self, permission: &str, email: &str, project: &Project) -> bool {
        self.rules.iter().any(|rule| {
            let names = |key: &str| list(rule, key).iter().filter_map(Value::as_str);
            names("deniedPermissions").any(|denied| covers(denied, permission))
                && !names("exceptionPermissions").any(|excepted| covers(excepted, permission))
                && names("deniedPrincipals").any(|denied| is(denied, email, project))
                // A group among the exceptions may hold the account, and nobody says who is in it.
                && !names("exceptionPrincipals").any(|excepted| is(excepted, email, project) || excepted.contains("/group/"))
        })
    }
}

/// `iam.googleapis.com/roles.update` covers `iam.roles.update`, and so does `iam.googleapis.com/*`.
fn covers(denied: &str, permission: &str) -> bool {
    let Some((service, denied)) = denied.split_once('/') else { return false };
    let Some((prefix, wanted)) = permission.split_once('.') else { return false };
    // Permissions of projects say `resourcemanager`, deny rules the whole name of the service.
    let named = service.split('.').next().unwrap_or_default();
    if named != prefix && named.strip_prefix("cloud") != Some(prefix) {
        return false;
    }
    match (denied.split_once('.'), wanted.split_once('.')) {
        _ if denied == "*" => true,
        (Some((thing, "*")), Some((wanted, _))) => thing == wanted,
        _ => denied == wanted,
    }
}

fn is(principal: &str, email: &str, project: &Project) -> bool {
    if principal == "principalSet://goog/public:all" {
        return true;
    }
    if let Some(named) = principal.strip_prefix("principal://iam.googleapis.com/projects/-/serviceAccounts/")
    {
        return named.eq_ignore_ascii_case(email);
    }
    members::includes(principal, email, project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_permission_is_named_whole_or_by_a_star() {
        assert!(covers("iam.googleapis.com/serviceAccounts.actAs", "iam.serviceAccounts.actAs"));
        assert!(covers("iam.googleapis.com/serviceAccounts.*", "iam.serviceAccounts.actAs"));
        assert!(covers("iam.googleapis.com/*", "iam.serviceAccounts.actAs"));
        assert!(covers(
            "cloudresourcemanager.googleapis.com/projects.setIamPolicy",
            "resourcemanager.projects.setIamPolicy"
        ));
        assert!(!covers("iam.googleapis.com/roles.update", "iam.serviceAccounts.actAs"));
        assert!(!covers("run.googleapis.com/*", "iam.serviceAccounts.actAs"));
        assert!(!covers("nonsense", "iam.serviceAccounts.actAs"));
    }

    #[test]
    fn rules_without_a_principal_take_nothing() {
        let rule = |principal: &str| serde_json::json!({"deniedPermissions": ["iam.googleapis.com/*"], "deniedPrincipals": [principal]});
        let project = Project { id: "shop".to_owned(), number: None, ancestors: Vec::new() };
        let takes = |principal: &str| {
            let deny = Deny { rules: vec![rule(principal)] };
            deny.takes("iam.roles.update", "a@shop.iam.gserviceaccount.com", &project)
        };
        assert!(takes("principalSet://goog/public:all"));
        assert!(takes(
            "principal://iam.googleapis.com/projects/-/serviceAccounts/a@shop.iam.gserviceaccount.com"
        ));
        assert!(!takes("principal://goog/subject/ada@example.com"));
    }
}
