//! STS: whose credentials these are. Asked once, when a scan connects; the shard repeats that answer.

use nephoscope_model::Resource;
use serde_json::json;

use super::Scope;
use super::api::{Action, Api};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, put, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Global;
pub(super) const ACTIONS: &[&Action] = &[&GET_CALLER_IDENTITY];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::query("STS", "sts", "2011-06-15", &quota::STS);
static GET_CALLER_IDENTITY: Action = API.action("sts:GetCallerIdentity");

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub account: String,
    pub arn: String,
}

impl Identity {
    /// `aws` of `arn:aws:sts::123456789012:assumed-role/…`.
    pub(super) fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

/// Asks who calls.
pub(super) async fn fetch(reader: &Reader) -> Result<Identity, Failure> {
    let answer = reader.call(&GET_CALLER_IDENTITY, None, Request::call()).await?;
    match (text(&answer, "/Account"), text(&answer, "/Arn")) {
        (Some(account), Some(arn)) if !account.is_empty() => {
            Ok(Identity { account: account.to_owned(), arn: arn.to_owned() })
        }
        _ => Err(Failure::malformed(&GET_CALLER_IDENTITY, "the answer names no account")),
    }
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    Outcome { resources: vec![normalise(&reader.place)], listings: vec![None] }
}

fn normalise(place: &Place) -> Resource {
    let uid = format!("arn:{}:iam::{}:root", place.partition, place.account);
    let mut account = place.resource("aws.account", &uid, place.account.as_str());
    // The user id changes with each session of an assumed role, and so does the end of its ARN.
    let identity = json!({ "Account": place.account, "Arn": without_session(&place.caller) });
    put(&mut account, "identity", Ok(Some(identity)));
    account
}

/// `arn:aws:sts::123456789012:assumed-role/scanner` of `…:assumed-role/scanner/botocore-session-1700000000`.
fn without_session(arn: &str) -> &str {
    match arn.rsplit_once('/') {
        Some((role, _)) if role.contains(":assumed-role/") => role,
        _ => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sessions_are_cut() {
        let role = "arn:aws:sts::123456789012:assumed-role/scanner";
        assert_eq!(without_session(&format!("{role}/botocore-session-1700000000")), role);
        for other in [
            role,
            "arn:aws:iam::123456789012:user/team/scanner",
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::123456789012:federated-user/scanner",
        ] {
            assert_eq!(without_session(other), other);
        }
    }
}
