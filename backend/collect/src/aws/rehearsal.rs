//! Scans that are no scans: the same services are asked through the same reader, which makes fewer calls.
//!
//! A plan makes the listings and counts every other call in place of making it, so that it cannot drift from what a
//! scan does. A probe makes every kind of call, but about one thing each.

use serde_json::{Value, json};

use super::api::Action;
use super::client::Reader;
use super::failure::{Class, Failure};
use crate::purpose::Purpose;

/// Asked also in a plan, besides the listings of a whole region: who we are, and what most calls about one
/// resource hang on.
const ASKED: &[&str] = &[
    "sts:GetCallerIdentity",
    "apigateway:GetStages",
    "apigatewayv2:GetStages",
    "cognito-idp:ListUserPoolClients",
    "events:ListRules",
];

/// Details whose failure would make a service ask for something else instead, as a plan answers them: with nothing.
const NOTHING: &[&str] = &["lambda:GetPolicy", "s3:GetBucketPolicy"];

/// The same, where nothing is a document without content.
const EMPTY_EXPORTS: &[&str] = &["apigateway:GetExport", "apigatewayv2:ExportApi"];

/// The answer to a call that a plan does not make; none where it makes the call.
fn stand_in(action: &Action) -> Option<Result<Value, Failure>> {
    let is_in = |names: &[&str]| names.contains(&action.api);
    if is_in(ASKED) {
        None
    } else if is_in(EMPTY_EXPORTS) {
        Some(Ok(json!({"openapi": "3.0.1", "paths": {}})))
    } else {
        let class = if is_in(NOTHING) { Class::NotFound } else { Class::NotAsked };
        Some(Err(Failure::new(action, class, "NotAsked", "a plan makes no call about a single thing")))
    }
}

impl Reader {
    /// The answer to a call that is not made, where the reader's purpose leaves it out.
    pub(super) fn unasked(&self, action: &Action) -> Option<Result<Value, Failure>> {
        match self.purpose {
            Purpose::Plan => stand_in(action),
            Purpose::Scan | Purpose::Probe => None,
        }
    }

    /// True where the first item of a listing is enough. Where it is looked for what others name, it may be the last.
    pub(super) fn wants_one(&self) -> bool {
        self.purpose == Purpose::Probe && self.named.iter().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_treated_apart_is_called_somewhere() {
        let declared = crate::aws::actions();
        for name in [ASKED, NOTHING, EMPTY_EXPORTS].concat() {
            assert!(declared.contains(&name), "{name} is not declared by any service");
        }
    }
}
