//! Where policies stand, by kind of resource, and the grants they make.

use nephoscope_model::{Fact, Resource};
use serde_json::Value;

use super::grants::{self, Grant};
use super::map::Map;
use super::reading::{Reading, facet, fact, list, malformed, merged, reason, required, text};

/// The grants of every resource that has a policy, by position.
pub(super) struct Policies {
    grants: Vec<Option<Reading<Vec<Grant>>>>,
}

impl Policies {
    pub fn of(map: &Map<'_>) -> Self {
        let account = map.estate.account.as_str();
        let grants = (0..map.estate.resources.len()).map(|position| {
            let resource = map.resource(position);
            match resource.kind.as_str() {
                "aws.lambda.function" => Some(function(resource, account)),
                "aws.iam.role" => Some(role(resource, map)),
                "aws.apigateway.restapi" => Some(rest_api(resource, account)),
                "aws.logs.policy" => Some(logs(resource, account)),
                _ => None,
            }
        });
        Self { grants: grants.collect() }
    }

    /// The grants of one resource; none where its kind has no policy.
    pub fn of_resource(&self, position: usize) -> Result<&[Grant], &[nephoscope_model::Unreadable]> {
        match &self.grants[position] {
            None => Ok(&[]),
            Some(Ok(grants)) => Ok(grants),
            Some(Err(reasons)) => Err(reasons),
        }
    }

    pub fn fact(&self, position: usize) -> Fact {
        fact(self.of_resource(position).map(grants::to_value).map_err(<[_]>::to_vec))
    }
}

fn function(function: &Resource, account: &str) -> Reading<Vec<Grant>> {
    match facet(function, "policy")? {
        Some(policy) => grants::grants(policy, account, "policy", "policy"),
        None => Ok(Vec::new()),
    }
}

fn rest_api(api: &Resource, account: &str) -> Reading<Vec<Grant>> {
    match required(api, "api")?.get("policy") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(policy) => grants::grants(policy, account, "policy", "api"),
    }
}

fn logs(policy: &Resource, account: &str) -> Reading<Vec<Grant>> {
    let document = required(policy, "policy")?.get("policyDocument").ok_or_else(|| malformed("policy"))?;
    grants::grants(document, account, "policy", "policy")
}

/// The grants of a role's trust policy.
pub(super) fn trust(role: &Resource) -> Reading<Value> {
    let document =
        required(role, "role")?.get("AssumeRolePolicyDocument").ok_or_else(|| malformed("role"))?;
    let grants = grants::grants(document, role.account.as_str(), "trust", "role")?;
    Ok(grants::to_value(&grants))
}

/// The grants of a role's inline policies, then of its attached ones, each in the provider's order.
fn role(role: &Resource, map: &Map<'_>) -> Reading<Vec<Grant>> {
    let details = required(role, "role")?;
    let account = role.account.as_str();
    let mut all = Vec::new();
    let mut reasons = Vec::new();
    let mut add = |grants: Reading<Vec<Grant>>| match grants {
        Ok(grants) => all.extend(grants),
        Err(unread) => reasons.extend(unread),
    };
    for inline in list(details, "RolePolicyList") {
        let source = format!("inline:{}", text(inline, "PolicyName").unwrap_or_default());
        add(match inline.get("PolicyDocument") {
            Some(document) => grants::grants(document, account, &source, "role"),
            None => Err(malformed("role")),
        });
    }
    for attached in list(details, "AttachedManagedPolicies") {
        add(match text(attached, "PolicyArn") {
            Some(arn) => managed(arn, account, map),
            None => Err(malformed("role")),
        });
    }
    if reasons.is_empty() { Ok(all) } else { Err(merged(reasons)) }
}

/// The grants of the default version of a managed policy.
fn managed(arn: &str, account: &str, map: &Map<'_>) -> Reading<Vec<Grant>> {
    let position = map.position(arn).ok_or_else(|| reason("policy", "NotCollected"))?;
    let document = required(map.resource(position), "policy")?.get("Document");
    grants::grants(document.ok_or_else(|| malformed("policy"))?, account, arn, "policy")
}
