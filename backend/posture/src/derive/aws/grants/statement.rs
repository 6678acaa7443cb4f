//! One statement of a policy document, with single values made lists.

use serde_json::Value;

use super::condition::{self, Condition};
use super::glob;
use super::principal::{self, Principal};

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

impl Effect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// One statement as it was written.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub actions: Vec<String>,
    pub not_actions: Vec<String>,
    pub resources: Vec<String>,
    pub not_resources: Vec<String>,
    pub principals: Vec<Principal>,
    pub not_principals: Vec<Principal>,
    pub conditions: Vec<Condition>,
}

/// The statements of `document`; none where it is not a policy document.
pub(super) fn statements(document: &Value) -> Option<Vec<Statement>> {
    match document.get("Statement")? {
        Value::Array(statements) => statements.iter().map(statement).collect(),
        single @ Value::Object(_) => Some(vec![statement(single)?]),
        _ => None,
    }
}

fn statement(value: &Value) -> Option<Statement> {
    let effect = match value.get("Effect")?.as_str()? {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        _ => return None,
    };
    Some(Statement {
        sid: value.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty()).map(str::to_owned),
        effect,
        actions: texts(value.get("Action"))?,
        not_actions: texts(value.get("NotAction"))?,
        resources: texts(value.get("Resource"))?,
        not_resources: texts(value.get("NotResource"))?,
        principals: principal::principals(value.get("Principal"))?,
        not_principals: principal::principals(value.get("NotPrincipal"))?,
        conditions: condition::conditions(value.get("Condition"))?,
    })
}

/// One text or a list of them, as a list; none where there is something else.
pub(super) fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(text).collect(),
        Some(single) => Some(vec![text(single)?]),
    }
}

/// A scalar as text: condition values may be written as JSON booleans or numbers.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Statement {
    /// True where strangers are among the principals. `NotPrincipal` names everybody but a few.
    pub fn lets_everyone_in(&self) -> bool {
        !self.not_principals.is_empty() || self.principals.iter().any(Principal::is_everyone)
    }

    /// The service principals, sorted.
    pub fn services(&self) -> Vec<String> {
        let mut services: Vec<String> =
            self.principals.iter().filter(|p| p.kind == "Service").map(|p| p.id.clone()).collect();
        services.sort();
        services.dedup();
        services
    }

    /// True where one resource is among those that the statement is about.
    pub fn covers_resource(&self, wanted: &str) -> bool {
        if self.not_resources.is_empty() {
            self.resources.iter().any(|pattern| glob::matches(pattern, wanted))
        } else {
            !self.not_resources.iter().any(|pattern| glob::matches(pattern, wanted))
        }
    }

    /// True where `wanted` is among the actions.
    pub fn covers_action(&self, wanted: &str) -> bool {
        if self.not_actions.is_empty() {
            self.actions.iter().any(|pattern| glob::matches(pattern, wanted))
        } else {
            !self.not_actions.iter().any(|pattern| glob::matches(pattern, wanted))
        }
    }
}
