//! Settings whose value a secret detector recognised while it was collected.

use nephoscope_model::Resource;
use nephoscope_model::secret::Redacted;
use serde_json::{Value, json};

use super::reading::{Reading, required};

/// Path, detector, length class and tag of each redacted value under the facet that looked like a secret, in path order.
pub(super) fn secrets(resource: &Resource, facet: &str) -> Reading<Value> {
    let mut found = Vec::new();
    search(required(resource, facet)?, facet.to_owned(), &mut found);
    Ok(Value::Array(found))
}

fn search(value: &Value, path: String, found: &mut Vec<Value>) {
    if let Some(redacted) = Redacted::from_value(value) {
        if let Some(detector) = redacted.detector {
            let (length, tag) = (redacted.length, redacted.tag);
            found.push(json!({ "path": path, "detector": detector, "length": length, "tag": tag }));
        }
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                search(value, format!("{path}{}", step(key)), found);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                search(value, format!("{path}[{index}]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One step of a path, as a condition would write it.
fn step(key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty();
    if plain { format!(".{key}") } else { format!("[{}]", Value::from(key)) }
}
