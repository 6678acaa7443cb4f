//! What roles may do beyond what their functions need, and what follows from it for others.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{RelationName, Resource, Unreadable};
use serde_json::{Value, json};

use super::escalations;
use super::grants::{Extent, Identity};
use super::policies::{self, Policies};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, merged, named, reason};

/// Actions that are worth a finding where a workload may do them, and that are not a way to more rights by themselves.
const POWERS: [&str; 35] = [
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
    "iam:PassRole",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "lambda:AddLayerVersionPermission",
    "lambda:AddPermission",
    "lambda:CreateFunctionUrlConfig",
    "lambda:InvokeFunction",
    "lambda:PassCapacityProvider",
    "lambda:UpdateFunctionUrlConfig",
    "logs:DeleteLogGroup",
    "logs:DeleteLogStream",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
];

/// Services whose machines run code of the account. Those that deploy, such as CloudFormation and CodeBuild, are not
/// among them: what they may do is their purpose.
const WORKLOADS: [&str; 10] = [
    "batch.amazonaws.com",
    "bedrock-agentcore.amazonaws.com",
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "edgelambda.amazonaws.com",
    "glue.amazonaws.com",
    "lambda.amazonaws.com",
    "pods.eks.amazonaws.com",
    "sagemaker.amazonaws.com",
    "tasks.apprunner.amazonaws.com",
];

/// How a function's code can be changed, or what is loaded before it.
const REWRITES: [&str; 2] = ["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"];

/// What is known of every role of the account.
pub(super) struct Powers {
    /// Administrators, and whoever can become one.
    strong: BTreeSet<usize>,
    /// Functions that run with such a role, sorted.
    targets: Vec<(String, usize)>,
    /// Roles besides administrators that may use every capacity provider.
    placing: Vec<String>,
    /// Whether each function may write to its log group.
    may_log: BTreeMap<usize, Reading<bool>>,
    /// Why not every role is known.
    doubts: Vec<Unreadable>,
}

impl Powers {
    pub fn of(map: &Map<'_>, policies: &Policies<'_>) -> Self {
        let mut known = Self {
            strong: BTreeSet::new(),
            targets: Vec::new(),
            placing: Vec::new(),
            may_log: BTreeMap::new(),
            doubts: map.listed("iam", None).err().unwrap_or_default(),
        };
        for &position in map.kind("aws.iam.role") {
            let functions = map.referrers(RelationName::ExecutesAs, map.held(position).uid().as_str());
            let functions: Vec<usize> = functions.iter().copied().filter(|&f| is_function(map, f)).collect();
            let identity = policies.identity(&map.held(position).open_only(&["role"]));
            known.add(position, &functions, map, identity);
        }
        known.targets.sort_unstable();
        known.doubts = merged(std::mem::take(&mut known.doubts));
        known
    }

    fn add(&mut self, position: usize, functions: &[usize], map: &Map<'_>, identity: Reading<Identity>) {
        for &function in functions {
            let may =
                identity.as_ref().map(|identity| may_log(map, function, identity)).map_err(Clone::clone);
            let known = self.may_log.remove(&function).unwrap_or(Ok(true));
            self.may_log.insert(function, known.and_then(|known| may.map(|may| known && may)));
        }
        let identity = match identity {
            Ok(identity) => identity,
            Err(unread) => return self.doubts.extend(unread),
        };
        if identity.is_admin() || !escalations::open(&identity).is_empty() {
            self.strong.insert(position);
            let uids = functions.iter().map(|&function| map.held(function).uid().as_str().to_owned());
            self.targets.extend(uids.map(|uid| (uid, position)));
        }
        if !identity.is_admin() && identity.extent("lambda:PassCapacityProvider") == Extent::Everywhere {
            self.placing.push(map.held(position).uid().as_str().to_owned());
        }
    }

    /// Whether the function may write to its log group.
    pub fn may_log(&self, position: usize) -> Reading<bool> {
        self.may_log.get(&position).cloned().unwrap_or_else(|| Err(reason("role", "NotCollected")))
    }

    /// The roles besides administrators that may place functions on any capacity provider.
    pub fn placing(&self) -> Reading<Value> {
        if self.placing.is_empty() && !self.doubts.is_empty() {
            Err(self.doubts.clone())
        } else {
            Ok(json!(self.placing))
        }
    }

    /// The strong roles that the resource executes as.
    pub fn strong_of(&self, resource: &Resource, map: &Map<'_>) -> Reading<Value> {
        let named = resource.relations.iter().filter(|relation| relation.name == RelationName::ExecutesAs);
        let mut strong = Vec::new();
        let mut unread = Vec::new();
        for relation in named {
            match map.position(relation.to.as_str()) {
                Some(role) if self.strong.contains(&role) => strong.push(relation.to.as_str()),
                Some(_) => unread.extend(self.doubts.iter().cloned()),
                None => unread.extend(reason("role", "NotCollected")),
            }
        }
        if strong.is_empty() && !unread.is_empty() { Err(merged(unread)) } else { Ok(json!(strong)) }
    }

    /// The functions of stronger roles whose code the role can change; nothing is stronger than an administrator.
    pub fn rewrites(&self, position: usize, identity: &Identity) -> Reading<Value> {
        // Most roles can change none at all. Then there is nothing to compare, and it does not matter which others could
        // not be read.
        let could: Vec<&str> =
            REWRITES.into_iter().filter(|action| identity.extent(action) != Extent::Nowhere).collect();
        if identity.is_admin() || could.is_empty() {
            return Ok(json!([]));
        }
        let others = self.targets.iter().filter(|(_, role)| *role != position);
        let functions = others.map(|(function, _)| function.as_str());
        let found: Vec<&str> =
            functions.filter(|function| could.iter().any(|action| identity.may(action, function))).collect();
        if found.is_empty() && !self.doubts.is_empty() { Err(self.doubts.clone()) } else { Ok(named(&found)) }
    }
}

/// What the role may do of what is worth a finding, and whether on everything.
pub(super) fn powers(identity: &Identity) -> Value {
    let whole = |action: &str| identity.grants.iter().any(|grant| grant.gives_service_of(action));
    let power = |action: &&str| match identity.extent(action) {
        Extent::Nowhere => None,
        extent @ (Extent::Somewhere | Extent::Everywhere) => {
            let everywhere = extent == Extent::Everywhere;
            Some(json!({"action": action, "everywhere": everywhere, "whole": whole(action)}))
        }
    };
    Value::Array(POWERS.iter().filter_map(power).collect())
}

/// The functions that execute as the role and may change themselves with it, each with the action.
pub(super) fn self_modifying(position: usize, map: &Map<'_>, identity: &Identity) -> Value {
    let functions = map.referrers(RelationName::ExecutesAs, map.held(position).uid().as_str());
    let uids =
        functions.iter().filter(|&&function| is_function(map, function)).map(|&f| map.held(f).uid().as_str());
    let changing = uids.filter_map(|uid| {
        let action = REWRITES.iter().find(|action| identity.may(action, uid))?;
        Some(json!({"function": uid, "action": action}))
    });
    Value::Array(changing.collect())
}

/// Whether code of the account can run with the role, other than code that deploys.
pub(super) fn is_workload(role: &Resource) -> Reading<bool> {
    let trust = policies::trust_grants(role)?;
    Ok(trust.iter().any(|grant| WORKLOADS.iter().any(|service| grant.names_service(service))))
}

fn is_function(map: &Map<'_>, position: usize) -> bool {
    map.held(position).kind().as_str() == "aws.lambda.function"
}

/// Whether the identity may create a stream in the log group of the function and write to it.
fn may_log(map: &Map<'_>, function: usize, identity: &Identity) -> bool {
    let relations = map.held(function).relations();
    let groups = relations.iter().filter(|relation| relation.name == RelationName::LogsTo);
    groups.map(|group| group.to.as_str()).all(|group| {
        // The group is written with and without its streams in policies that work.
        let forms =
            [group.to_owned(), format!("{group}:*"), format!("{group}:log-stream:2026/01/01/[$LATEST]0")];
        ["logs:CreateLogStream", "logs:PutLogEvents"]
            .iter()
            .all(|action| forms.iter().any(|form| identity.might(action, form)))
    })
}
