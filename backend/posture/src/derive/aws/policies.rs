//! Where policies stand, by kind of resource, and the grants they make.

use std::collections::BTreeMap;

use nephoscope_model::Resource;
use serde_json::Value;

use super::grants::{self, Grant, Identity};
use super::openapi;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, facet, list, malformed, merged, reason, required, text};

/// Where the policies of an account are found.
pub(super) struct Policies<'a> {
    account: &'a str,
    /// The managed policies, each read once for all the roles that have it, by ARN.
    managed: BTreeMap<&'a str, Reading<Vec<Grant>>>,
}

impl<'a> Policies<'a> {
    pub fn of(map: &Map<'a>) -> Self {
        let account = map.estate.account.as_str();
        let managed = map.kind("aws.iam.policy").iter().map(|&position| {
            let arn = map.held(position).uid().as_str();
            (arn, managed(&map.open(position), account, arn))
        });
        Self { account, managed: managed.collect() }
    }

    /// The grants of one resource; none where its kind has no policy.
    pub fn grants(&self, resource: &Resource) -> Reading<Vec<Grant>> {
        match resource.kind.as_str() {
            "aws.lambda.function" => function(resource, self.account),
            "aws.events.bus" | "aws.schemas.registry" => of_facet(resource, "policy", self.account),
            "aws.iam.role" => Ok(self.identity(resource)?.grants),
            "aws.lambda.layer" | "aws.lambda.web_function" => of_facet(resource, "policy", self.account),
            "aws.apigateway.stage" => rest_stage(resource, self.account),
            "aws.logs.policy" => logs(resource, self.account),
            "aws.dynamodb.table" => table(resource, self.account),
            "aws.sqs.queue"
            | "aws.sns.topic"
            | "aws.kinesis.stream"
            | "aws.secretsmanager.secret"
            | "aws.kms.key"
            | "aws.s3.bucket"
            | "aws.ecr.repository"
            | "aws.efs.filesystem" => of_facet(resource, "policy", self.account),
            _ => Ok(Vec::new()),
        }
    }

    /// What a role may do: the grants of its inline policies, then of its attached ones, each in the provider's order,
    /// within its boundary.
    pub fn identity(&self, role: &Resource) -> Reading<Identity> {
        let details = required(role, "role")?;
        let mut all = Vec::new();
        let mut reasons = Vec::new();
        let mut add = |grants: Reading<Vec<Grant>>| match grants {
            Ok(grants) => all.extend(grants),
            Err(unread) => reasons.extend(unread),
        };
        for inline in list(details, "RolePolicyList") {
            let source = format!("inline:{}", text(inline, "PolicyName").unwrap_or_default());
            add(match inline.get("PolicyDocument") {
                Some(document) => grants::grants(document, self.account, &source, "role"),
                None => Err(malformed("role")),
            });
        }
        for attached in list(details, "AttachedManagedPolicies") {
            add(match text(attached, "PolicyArn") {
                Some(arn) => self.managed(arn),
                None => Err(malformed("role")),
            });
        }
        let boundary = details.get("PermissionsBoundary").filter(|boundary| !boundary.is_null());
        let boundary = boundary.map(|boundary| match text(boundary, "PermissionsBoundaryArn") {
            Some(arn) => self.managed(arn),
            None => Err(malformed("role")),
        });
        let boundary = boundary.transpose().unwrap_or_else(|unread| {
            reasons.extend(unread);
            None
        });
        if reasons.is_empty() { Ok(Identity::of(all, boundary)) } else { Err(merged(reasons)) }
    }

    fn managed(&self, arn: &str) -> Reading<Vec<Grant>> {
        self.managed.get(arn).cloned().unwrap_or_else(|| Err(reason("policy", "NotCollected")))
    }
}

/// The grants of a function's own policy, then of its aliases' policies, which let callers in as well.
fn function(function: &Resource, account: &str) -> Reading<Vec<Grant>> {
    let mut all = of_facet(function, "policy", account)?;
    if facet(function, "aliases")?.is_none() {
        return Ok(all);
    }
    for of_alias in elements(function, "alias_policies", "Policies")? {
        let source = format!("policy:{}", text(of_alias, "Qualifier").unwrap_or_default());
        let policy = of_alias.get("Policy").ok_or_else(|| malformed("alias_policies"))?;
        all.extend(grants::grants(policy, account, &source, "alias_policies")?);
    }
    Ok(all)
}

/// The grants of a facet that is a policy document; none where there is no policy.
fn of_facet(resource: &Resource, name: &str, account: &str) -> Reading<Vec<Grant>> {
    match facet(resource, name)? {
        Some(policy) => grants::grants(policy, account, "policy", name),
        None => Ok(Vec::new()),
    }
}

/// The grants of the table's policy, then of its stream's.
fn table(table: &Resource, account: &str) -> Reading<Vec<Grant>> {
    let mut all = of_facet(table, "policy", account)?;
    if let Some(policy) = facet(table, "stream_policy")? {
        all.extend(grants::grants(policy, account, "stream_policy", "stream_policy")?);
    }
    Ok(all)
}

/// The policy that was deployed with the stage; where that could not be exported, the API's own, as it is edited.
fn rest_stage(stage: &Resource, account: &str) -> Reading<Vec<Grant>> {
    let (policy, facet) = match openapi::document(stage) {
        Ok(Some(document)) => (openapi::policy(document), "deployed"),
        Ok(None) => return Err(malformed("deployed")),
        Err(_) => (required(stage, "api")?.get("policy").filter(|policy| !policy.is_null()), "api"),
    };
    policy.map_or_else(|| Ok(Vec::new()), |policy| grants::grants(policy, account, "policy", facet))
}

fn logs(policy: &Resource, account: &str) -> Reading<Vec<Grant>> {
    let document = required(policy, "policy")?.get("policyDocument").ok_or_else(|| malformed("policy"))?;
    grants::grants(document, account, "policy", "policy")
}

/// The grants of a role's trust policy.
pub(super) fn trust(role: &Resource) -> Reading<Value> {
    Ok(grants::to_value(&trust_grants(role)?))
}

pub(super) fn trust_grants(role: &Resource) -> Reading<Vec<Grant>> {
    let document =
        required(role, "role")?.get("AssumeRolePolicyDocument").ok_or_else(|| malformed("role"))?;
    grants::grants(document, role.account.as_str(), "trust", "role")
}

/// The grants of the default version of a managed policy.
fn managed(policy: &Resource, account: &str, arn: &str) -> Reading<Vec<Grant>> {
    let document = required(policy, "policy")?.get("Document");
    grants::grants(document.ok_or_else(|| malformed("policy"))?, account, arn, "policy")
}
