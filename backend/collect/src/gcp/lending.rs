//! Which roles a policy gives, so that what each of them permits is read as well.

use nephoscope_model::{Facet, RelationName, Resource};

use super::edges;
use crate::normalise::{elements, text};

/// Whose name says all there is to say, and which permit so much that reading it would cost more than all the others.
const BASIC: [&str; 7] = [
    "roles/admin",
    "roles/browser",
    "roles/editor",
    "roles/owner",
    "roles/reader",
    "roles/viewer",
    "roles/writer",
];

/// Adds an edge to each role that the policies of the resource, or above it, give to anybody.
pub(super) fn relate_roles(resource: &mut Resource) {
    let known = |name: &str| resource.facets.get(name).and_then(Facet::value);
    let own = known("policy").into_iter().flat_map(|policy| elements(policy, "/bindings"));
    let above = known("ancestors").into_iter().flat_map(|above| elements(above, "/policies"));
    let above = above.flat_map(|above| elements(above, "/policy/bindings"));
    let mut roles: Vec<String> = own
        .chain(above)
        .filter_map(|binding| text(binding, "/role"))
        // A condition that could not be shown leaves its mark on the name.
        .map(|role| role.split("_withcond_").next().unwrap_or(role).to_owned())
        .filter(|role| !BASIC.contains(&role.as_str()))
        .collect();
    roles.sort_unstable();
    roles.dedup();
    for role in roles {
        edges::to(resource, RelationName::Lends, "iam.googleapis.com", Some(&role));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample;

    #[test]
    fn roles_of_the_policy_and_above_are_named_once_and_basic_ones_are_not() {
        let policy = json!({"bindings": [
            {"role": "roles/run.invoker", "members": ["allUsers"]},
            {"role": "roles/run.invoker_withcond_1a2b", "members": ["user:a@example.com"]},
            {"role": "roles/owner", "members": ["user:a@example.com"]},
        ]});
        let mut project = sample::resource("gcp.project", "policy", policy);
        let above = json!({"policies": [{"resource": "organizations/1", "policy": {"bindings": [{"role": "organizations/1/roles/audit"}]}}]});
        project.facets.insert("ancestors".to_owned(), Facet::Known(above));
        relate_roles(&mut project);
        let named: Vec<&str> = project.relations.iter().map(|relation| relation.to.as_str()).collect();
        assert_eq!(
            named,
            ["//iam.googleapis.com/organizations/1/roles/audit", "//iam.googleapis.com/roles/run.invoker"]
        );
        let mut none = sample::resource("gcp.project", "project", json!({}));
        relate_roles(&mut none);
        assert!(none.relations.is_empty());
    }
}
