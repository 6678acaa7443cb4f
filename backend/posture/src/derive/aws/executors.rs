//! What the roles may do that workflows, rules, schedules and pipes execute as.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::grants::{self, Grant};
use super::policies::Policies;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, list, required};

/// The grants of every role that the resource executes as; `facet` is where these roles are named.
pub(super) fn role_grants(
    resource: &Resource,
    facet: &str,
    map: &Map<'_>,
    policies: &Policies<'_>,
) -> Reading<Vec<Grant>> {
    required(resource, facet)?;
    let mut all = Vec::new();
    for relation in resource.relations.iter().filter(|relation| relation.name == RelationName::ExecutesAs) {
        all.extend(of_role(relation.to.as_str(), map, policies)?);
    }
    Ok(all)
}

/// The grants of the role with this ARN. A role that a complete listing does not have gives nothing.
pub(super) fn of_role(arn: &str, map: &Map<'_>, policies: &Policies<'_>) -> Reading<Vec<Grant>> {
    match map.position(arn) {
        Some(position) => policies.grants(&map.open(position)),
        None => map.listed("iam", None).map(|()| Vec::new()),
    }
}

/// Those of the roles' grants that no single purpose needs.
pub(super) fn broad_grants(
    resource: &Resource,
    facet: &str,
    map: &Map<'_>,
    policies: &Policies<'_>,
) -> Reading<Value> {
    let all = role_grants(resource, facet, map, policies)?;
    let broad: Vec<Grant> = all.into_iter().filter(is_broad).collect();
    Ok(grants::to_value(&broad))
}

/// Everything, everything of a sensitive service, or handing any role to any service, which comes to the same.
fn is_broad(grant: &Grant) -> bool {
    let value = Value::from(grant);
    let whole = value["admin"] == true || !list(&value, "service_wildcards").is_empty();
    whole || (grant.allows("iam:PassRole") && is_for_any_role(&value))
}

fn is_for_any_role(grant: &Value) -> bool {
    let any = |resource: &Value| resource.as_str().is_some_and(|arn| arn == "*" || arn.ends_with(":role/*"));
    let limited = |condition: &Value| condition["key"] == "iam:passedtoservice";
    let everywhere = !list(grant, "not_resources").is_empty() || list(grant, "resources").iter().any(any);
    everywhere && !list(grant, "conditions").iter().any(limited)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn broad_is_what_no_single_purpose_needs() {
        let statement = |action: &str, resource: &str, condition: Value| {
            let statement =
                json!({"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition});
            let document = json!({"Statement": [statement]});
            grants::grants(&document, "123456789012", "inline:x", "role").unwrap().remove(0)
        };
        let to_lambda = json!({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}});
        for (action, resource, condition, broad) in [
            ("*", "*", json!({}), true),
            ("sqs:*", "*", json!({}), true),
            ("iam:PassRole", "*", json!({}), true),
            ("iam:PassRole", "arn:aws:iam::123456789012:role/*", json!({}), true),
            ("iam:PassRole", "*", to_lambda, false),
            ("iam:PassRole", "arn:aws:iam::123456789012:role/export", json!({}), false),
            ("lambda:InvokeFunction", "*", json!({}), false),
            ("sqs:*", "arn:aws:sqs:eu-west-1:123456789012:orders", json!({}), false),
        ] {
            assert_eq!(is_broad(&statement(action, resource, condition)), broad, "{action} on {resource}");
        }
    }
}
