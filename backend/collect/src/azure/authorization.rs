//! Role assignments that are in force in the subscription, and the definitions of the roles that they assign.
//!
//! The listing of a subscription also has what is assigned above it, to its management groups, and below it.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::kind::{Kind, NEXT, Source, as_it_is};
use super::quota::READS;
use crate::normalise::{relate, text};
use crate::redact::Redactor;
use crate::rest::{Action, List};

const VERSION: &str = "2022-04-01";

static ASSIGNMENTS: List =
    Action::new("Microsoft.Authorization/roleAssignments/read", &READS).version(VERSION).list("value", NEXT);
static DEFINITIONS: List =
    Action::new("Microsoft.Authorization/roleDefinitions/read", &READS).version(VERSION).list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "azure.authorization.assignment",
        facet: "assignment",
        source: Source::Subscription {
            list: &ASSIGNMENTS,
            path: "/providers/Microsoft.Authorization/roleAssignments",
        },
        details: &[],
        normalise: assignment,
    },
    // Azure itself defines hundreds of roles in every subscription.
    Kind {
        kind: "azure.authorization.definition",
        facet: "definition",
        source: Source::Named {
            list: &DEFINITIONS,
            path: "/providers/Microsoft.Authorization/roleDefinitions",
            keep: is_assigned,
        },
        details: &[],
        normalise: as_it_is,
    },
];

/// The id of a built-in role names a subscription or not, whoever writes it down; only its end tells.
fn is_assigned(definition: &Value, resources: &[Resource]) -> bool {
    let Some(role) = text(definition, "/name") else { return false };
    let assignments = resources.iter().filter_map(|known| known.facets.get("assignment"));
    let mut roles =
        assignments.filter_map(Facet::value).filter_map(|one| text(one, "/properties/roleDefinitionId"));
    roles.any(|assigned| assigned.rsplit('/').next().is_some_and(|end| end.eq_ignore_ascii_case(role)))
}

fn assignment(assignment: &mut Resource, _redactor: &Redactor) {
    let value = assignment.facets.get("assignment").and_then(Facet::value);
    let role =
        value.and_then(|value| text(value, "/properties/roleDefinitionId")).map(str::to_ascii_lowercase);
    relate(assignment, RelationName::HasPolicy, role.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind::tests::resource;
    use super::*;

    #[test]
    fn only_definitions_that_are_assigned_are_kept() {
        let role = "/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions/AB-12";
        let properties = json!({"properties": {"roleDefinitionId": role}});
        let mut one = resource("azure.authorization.assignment", "/a/1", "assignment", properties);
        assignment(&mut one, &Redactor::new([0; 32]));
        assert_eq!(one.relations[0].to.as_str(), role.to_lowercase());
        let assigned = [one];
        assert!(is_assigned(&json!({"name": "ab-12"}), &assigned));
        assert!(!is_assigned(&json!({"name": "ab-1"}), &assigned));
        assert!(!is_assigned(&json!({}), &assigned));
        assert!(!is_assigned(&json!({"name": "ab-12"}), &[]));
    }
}
