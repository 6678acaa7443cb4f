//! Refusals in the words of Google's APIs, and of the older ones among them.

use serde_json::json;

use super::tokens;
use crate::address::Call;
use crate::answer::Answer;
use crate::misbehaviour::Fault;

/// APIs that are older than the common form of errors and give the reason elsewhere.
const OLDER: &[&str] = &["storage.googleapis.com", "compute.googleapis.com"];

/// An error with its status by number and by name, and the reason for it.
pub(super) fn refusal(call: &Call, status: u16, name: &str, reason: &str, message: &str) -> Answer {
    let mut error = json!({"code": status, "message": message});
    if OLDER.contains(&call.host.as_str()) {
        let older = match reason {
            "SERVICE_DISABLED" => "accessNotConfigured",
            "RATE_LIMIT_EXCEEDED" => "rateLimitExceeded",
            "IAM_PERMISSION_DENIED" => "forbidden",
            "ACCESS_TOKEN_EXPIRED" => "authError",
            other => other,
        };
        error["errors"] = json!([{"message": message, "domain": "global", "reason": older}]);
    } else {
        error["status"] = json!(name);
        if reason.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') {
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
                "metadata": {"service": call.host},
            }]);
        }
    }
    Answer::json_with_status(status, &json!({"error": error}))
}

pub(super) fn answer(call: &Call, fault: &Fault) -> Answer {
    let refuse =
        |status, name: &str, reason: &str, message: &str| refusal(call, status, name, reason, message);
    match fault {
        Fault::Denied | Fault::ExpiredCredentials if tokens::kind(call).is_some() => {
            Answer::json_with_status(
                400,
                &json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}),
            )
        }
        Fault::Throttled(after) => {
            let message =
                format!("Quota exceeded for quota metric 'Read requests' of service '{}'.", call.host);
            let answer = refuse(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", &message);
            after.iter().fold(answer, |answer, seconds| answer.with_header("retry-after", seconds))
        }
        Fault::Denied => {
            let message = format!(
                "Permission '{}' denied on resource '{}' (or it may not exist).",
                call.name, call.path
            );
            refuse(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", &message)
        }
        Fault::DeniedByOrganization => {
            let message = "Request is prohibited by organization's policy.";
            refuse(403, "PERMISSION_DENIED", "SECURITY_POLICY_VIOLATED", message)
        }
        Fault::RegionDisabled => {
            let message = "Location is not found or access is unauthorized.";
            refuse(403, "PERMISSION_DENIED", "LOCATION_ACCESS_DENIED", message)
        }
        Fault::ApiDisabled => {
            let message = format!(
                "{} has not been used in this project before or it is disabled. Enable it, then retry.",
                call.host
            );
            refuse(403, "PERMISSION_DENIED", "SERVICE_DISABLED", &message)
        }
        Fault::Refused(status, code, message) => refuse(*status, code, code, message),
        Fault::ExpiredCredentials => {
            let message = "Request had invalid authentication credentials. Expected OAuth 2 access token.";
            refuse(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", message)
                .with_header("www-authenticate", "Bearer realm=\"https://accounts.google.com/\"")
        }
        Fault::ServerError(status) => {
            let name = if *status == 503 { "UNAVAILABLE" } else { "INTERNAL" };
            refuse(*status, name, "backendError", "The service is currently unavailable.")
        }
        Fault::Malformed => Answer::malformed(),
        Fault::Html => Answer::html(),
        Fault::Vanished => {
            let message = format!("Resource '{}' was not found", call.path.trim_start_matches('/'));
            refuse(404, "NOT_FOUND", "notFound", &message)
        }
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
