//! Refusals in the words of the resource manager, and in those of the token endpoints.

use serde_json::json;

use crate::address::Call;
use crate::answer::Answer;
use crate::azure::{graph, tokens};
use crate::misbehaviour::Fault;

/// An error as the resource manager writes it.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json_with_status(status, &json!({"error": {"code": code, "message": message}}))
}

pub(super) fn answer(call: &Call, fault: &Fault) -> Answer {
    let denied = |why: &str| {
        let message = format!(
            "The client 'nephoscope' with object id '00000000-0000-4000-8000-0000000000aa' does not have authorization \
             to perform action '{}' over scope '{}' or the scope is invalid.{why} If access was recently granted, \
             please refresh your credentials.",
            call.name, call.path
        );
        refusal(403, "AuthorizationFailed", &message)
    };
    match fault {
        Fault::Throttled(after) if tokens::kind(call).is_some() => {
            let answer =
                tokens::refusal(429, "temporarily_unavailable", 90_055, "There are too many requests.");
            after.iter().fold(answer, |answer, seconds| answer.with_header("retry-after", seconds))
        }
        Fault::Throttled(after) => {
            let code = if graph::is_query(call) { "RateLimiting" } else { "SubscriptionRequestsThrottled" };
            let message = "Number of requests exceeded the limit. Please try again after a while.";
            let answer = refusal(429, code, message);
            after.iter().fold(answer, |answer, seconds| answer.with_header("retry-after", seconds))
        }
        Fault::Denied | Fault::ExpiredCredentials if tokens::kind(call).is_some() => {
            let (code, message) = match fault {
                Fault::Denied => (7_000_215, "Invalid client secret provided."),
                _ => (7_000_222, "The provided client secret keys for app are expired."),
            };
            tokens::refusal(401, "invalid_client", code, message)
        }
        Fault::Denied => denied(""),
        Fault::DeniedByOrganization => denied(" The access is denied because of the deny assignment."),
        Fault::RegionDisabled => {
            let message = "The subscription is disabled and therefore marked as read only.";
            refusal(409, "ReadOnlyDisabledSubscription", message)
        }
        Fault::ApiDisabled => {
            let space = call.name.split('/').next().unwrap_or_default();
            let message = format!("The subscription is not registered to use namespace '{space}'.");
            refusal(409, "MissingSubscriptionRegistration", &message)
        }
        Fault::Refused(status, code, message) => refusal(*status, code, message),
        Fault::ExpiredCredentials => {
            let message = "The access token expiry UTC time is earlier than current UTC time.";
            refusal(401, "ExpiredAuthenticationToken", message)
        }
        Fault::ServerError(status) => {
            let code = if *status == 503 { "ServiceUnavailable" } else { "InternalServerError" };
            refusal(*status, code, "The server encountered an error and could not complete the request.")
        }
        Fault::Malformed => Answer::malformed(),
        Fault::Html => Answer::html(),
        Fault::Vanished => not_found(call),
        Fault::Late(_)
        | Fault::Silence
        | Fault::Reset
        | Fault::CutOff
        | Fault::Oversized
        | Fault::RepeatedToken
        | Fault::NextElsewhere
        | Fault::Changed(..) => unreachable!("the server plays these on the connection"),
    }
}

pub(super) fn not_found(call: &Call) -> Answer {
    let message = format!("The Resource '{}' was not found.", call.path.trim_start_matches('/'));
    refusal(404, "ResourceNotFound", &message)
}
