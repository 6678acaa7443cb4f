//! What exported documents of REST and HTTP APIs have in common.

use serde_json::{Value, json};

/// The key of an operation.
pub(super) fn verb(verb: &str) -> String {
    if verb == "ANY" { "x-amazon-apigateway-any-method".to_owned() } else { verb.to_ascii_lowercase() }
}

/// The parameters that stand in a path.
pub(super) fn parameters(path: &str) -> Vec<Value> {
    let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    named.map(|name| json!({ "name": name.trim_end_matches('+'), "in": "path", "required": true })).collect()
}

/// The scheme of requests that are signed with AWS credentials.
pub(super) fn signature() -> Value {
    json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" })
}
