//! Settings whose value a secret detector recognised while it was collected.

use nephoscope_model::Resource;
use nephoscope_model::secret::{REDACTED_KEY, Redacted};
use serde_json::{Value, json};

use super::reading::{Reading, required};

/// Path, detector, length class and tag of each redacted value under the facet that looked like a secret, in path order.
pub(super) fn secrets(resource: &Resource, facet: &str) -> Reading<Value> {
    let settings = required(resource, facet)?;
    let mut found = Vec::new();
    search(settings, &mut vec![Step::Key(facet)], &mut found);
    Ok(Value::Array(found))
}

/// One step on the way to a value.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn search<'a>(value: &'a Value, way: &mut Vec<Step<'a>>, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) if fields.contains_key(REDACTED_KEY) => {
            if let Some(Redacted { detector: Some(detector), length, tag }) = Redacted::from_value(value) {
                found.push(json!({ "path": path(way), "detector": detector, "length": length, "tag": tag }));
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                way.push(Step::Key(key));
                search(value, way, found);
                way.pop();
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                way.push(Step::Index(index));
                search(value, way, found);
                way.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The way as a condition would write it.
fn path(way: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in way {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) if is_plain(key) => path.push_str(&format!(".{key}")),
            Step::Key(key) => path.push_str(&format!("[{}]", Value::from(*key))),
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

fn is_plain(key: &str) -> bool {
    key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !key.starts_with(|c: char| c.is_ascii_digit())
}
