//! Settings that look like secrets, unless they could not be decrypted for the reader.

use nephoscope_model::Resource;
use serde_json::Value;

use crate::derive::reading::{Reading, reason, required};
use crate::derive::secrets;

/// Path, detector, length class and tag of each redacted value under the facet that looked like a secret, in path order.
pub(super) fn secrets(resource: &Resource, facet: &str) -> Reading<Value> {
    // Lambda sends an error in place of variables that it could not decrypt for the reader.
    let settings = required(resource, facet)?;
    if let Some(error) = settings.pointer("/Environment/Error").filter(|error| !error.is_null()) {
        return Err(reason(facet, error.get("ErrorCode").and_then(Value::as_str).unwrap_or("Undecrypted")));
    }
    secrets::secrets(resource, facet)
}
