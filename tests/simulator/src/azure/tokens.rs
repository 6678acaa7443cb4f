//! Tokens: of Microsoft's own endpoint for applications, and of the identities of machines and apps.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::address::Call;
use crate::answer::Answer;
use crate::azure::AzureEstate;

/// How long a token is good, in seconds.
const GOOD_FOR: u64 = 3599;

/// The name of a call for a token; none for all others.
pub(super) fn kind(call: &Call) -> Option<&'static str> {
    match call.parts().as_slice() {
        [_, "oauth2", "v2.0", "token"] | [_, "oauth2", "token"] => Some("token"),
        ["metadata", "identity", "oauth2", "token"] => Some("token of the machine"),
        ["msi", "token"] => Some("token of the app"),
        _ => None,
    }
}

/// An error as the token endpoint writes it.
pub(super) fn refusal(status: u16, error: &str, code: u32, message: &str) -> Answer {
    let description = format!("AADSTS{code}: {message}");
    Answer::json_with_status(
        status,
        &json!({"error": error, "error_description": description, "error_codes": [code]}),
    )
}

impl AzureEstate {
    pub(super) fn token(&self, call: &Call) -> Answer {
        match kind(call) {
            Some("token") => self.application(call),
            Some("token of the machine") if !is_told(call, "metadata", "true") => Answer::json_with_status(
                400,
                &json!({"error": "invalid_request", "error_description": "Required metadata header not specified"}),
            ),
            Some("token of the app") if !call.headers.contains_key("x-identity-header") => {
                Answer::json_with_status(401, &json!({"statusCode": 401, "message": "no X-IDENTITY-HEADER"}))
            }
            _ => of_identity(call),
        }
    }

    fn application(&self, call: &Call) -> Answer {
        let tenant = call.segments.first().map(String::as_str).unwrap_or_default();
        if !tenant.eq_ignore_ascii_case(&self.tenant) {
            return refusal(400, "invalid_request", 90_002, &format!("Tenant '{tenant}' not found."));
        }
        let field = |name: &str| call.field(name).unwrap_or_default();
        if field("grant_type") != "client_credentials" {
            let message = format!("The app requested an unsupported grant type '{}'.", field("grant_type"));
            return refusal(400, "unsupported_grant_type", 70_003, &message);
        }
        let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let signed = !field("client_secret").is_empty()
            || (field("client_assertion_type") == jwt && !field("client_assertion").is_empty());
        if !signed || field("client_id").is_empty() {
            return refusal(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
        }
        Answer::json(&json!({
            "token_type": "Bearer", "expires_in": GOOD_FOR, "ext_expires_in": GOOD_FOR, "access_token": "simulated",
        }))
    }
}

fn of_identity(call: &Call) -> Answer {
    let Some(resource) = call.parameter("resource") else {
        let message = "Required query variable 'resource' is missing";
        return Answer::json_with_status(
            400,
            &json!({"error": "invalid_request", "error_description": message}),
        );
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Answer::json(&json!({
        "access_token": "simulated", "client_id": "00000000-0000-4000-8000-0000000000bb",
        "expires_in": GOOD_FOR.to_string(), "expires_on": (now + GOOD_FOR).to_string(),
        "not_before": now.to_string(), "resource": resource, "token_type": "Bearer",
    }))
}

fn is_told(call: &Call, header: &str, value: &str) -> bool {
    call.headers.get(header).is_some_and(|told| told.eq_ignore_ascii_case(value))
}
