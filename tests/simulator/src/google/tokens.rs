//! Tokens: for service accounts and users, for impersonated accounts, for federated ones, and of a machine.

use serde_json::json;

use super::GoogleEstate;
use crate::address::Call;
use crate::answer::Answer;

/// How long a token is good, in seconds.
const GOOD_FOR: u64 = 3599;

/// The name of a call for a token, at whichever host it is asked for; none for all others.
pub(super) fn kind(call: &Call) -> Option<&'static str> {
    match call.parts().as_slice() {
        ["token"] if call.method == "POST" => Some("token"),
        ["v1", "token"] if call.method == "POST" => Some("token of a federated identity"),
        ["v1", "projects", "-", "serviceAccounts", account] if account.ends_with(":generateAccessToken") => {
            Some("token of an impersonated account")
        }
        ["computeMetadata", ..] | [] => Some("metadata"),
        _ => None,
    }
}

impl GoogleEstate {
    pub(super) fn token(&self, call: &Call) -> Answer {
        match kind(call) {
            Some("token") => signed_in(call),
            Some("token of an impersonated account") => {
                let time = "2099-01-01T00:00:00Z";
                Answer::json(&json!({"accessToken": "simulated", "expireTime": time}))
            }
            Some("metadata") => self.metadata(call),
            _ => Answer::json(&json!({
                "access_token": "simulated", "expires_in": GOOD_FOR, "token_type": "Bearer",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            })),
        }
    }

    fn metadata(&self, call: &Call) -> Answer {
        let flavoured = |body: String, kind: &str| Answer {
            status: 200,
            headers: vec![("content-type", kind.to_owned()), ("metadata-flavor", "Google".to_owned())],
            body,
        };
        let path = call.parts();
        if path.is_empty() {
            return flavoured("computeMetadata/\n".to_owned(), "application/text");
        }
        if call.headers.get("metadata-flavor").is_none_or(|flavour| flavour != "Google") {
            return Answer {
                status: 403,
                ..flavoured("Missing Metadata-Flavor:Google header.".to_owned(), "text/html")
            };
        }
        let project = self.projects.first();
        let text = match path.get(2..).unwrap_or_default() {
            ["instance", "service-accounts", _, "token"] => {
                let token =
                    json!({"access_token": "simulated", "expires_in": GOOD_FOR, "token_type": "Bearer"});
                return flavoured(token.to_string(), "application/json");
            }
            ["instance", "service-accounts", _, "email"] => {
                project.map(|project| format!("scanner@{}.iam.gserviceaccount.com", project.id))
            }
            ["instance", "service-accounts", _, "scopes"] => {
                Some("https://www.googleapis.com/auth/cloud-platform\n".to_owned())
            }
            ["universe", "universe-domain"] => Some("googleapis.com".to_owned()),
            ["project", "project-id"] => project.map(|project| project.id.clone()),
            ["project", "numeric-project-id"] => project.map(|project| project.number.clone()),
            _ => None,
        };
        let missing = || Answer { status: 404, ..flavoured("Not Found".to_owned(), "text/html") };
        text.map_or_else(missing, |text| flavoured(text, "application/text"))
    }
}

fn signed_in(call: &Call) -> Answer {
    // Both of Google's libraries' ways: a form, and the same as JSON.
    let json = call.json();
    let field =
        |name: &str| call.field(name).or_else(|| json[name].as_str().map(str::to_owned)).unwrap_or_default();
    let refused = |error: &str, description: &str| {
        Answer::json_with_status(400, &json!({"error": error, "error_description": description}))
    };
    let given = match field("grant_type").as_str() {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => field("assertion"),
        "refresh_token" => field("refresh_token"),
        other => return refused("unsupported_grant_type", &format!("Invalid grant_type: {other}")),
    };
    if given.is_empty() {
        return refused("invalid_grant", "Invalid JWT Signature.");
    }
    Answer::json(&json!({"access_token": "simulated", "expires_in": GOOD_FOR, "token_type": "Bearer"}))
}
