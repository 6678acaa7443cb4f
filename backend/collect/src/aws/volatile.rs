//! Drops what changes by itself: fields that differ from night to night although nobody configured anything.
//!
//! Counters, times of last use and transient states would make every resource look reconfigured each night:
//! drift would drown in them, and an unchanged estate would be stored anew instead of costing nothing. Each
//! service file declares its own beside its API actions; an error that a service reports about itself, or a
//! time that only a person's change moves, is not one of them.

use nephoscope_model::{Facet, Resource};
use serde_json::Value;

/// Where a volatile field stands: the facet, then the names of fields, then `*` for each element of a list, as
/// in `event_sources/EventSourceMappings/*/LastModified`.
pub(super) type Path = &'static str;

/// Drops the fields at `paths` from every facet that was read.
pub(super) fn drop_volatile(resource: &mut Resource, paths: &[Path]) {
    for (name, rest) in paths.iter().filter_map(|path| path.split_once('/')) {
        match resource.facets.get_mut(name) {
            Some(Facet::Known(value)) => drop_at(value, rest),
            Some(Facet::Absent | Facet::Unreadable(_)) | None => {}
        }
    }
}

fn drop_at(value: &mut Value, path: &str) {
    match (path.split_once('/'), value) {
        (None, Value::Object(fields)) => drop(fields.remove(path)),
        (Some(("*", rest)), Value::Array(items)) => items.iter_mut().for_each(|item| drop_at(item, rest)),
        (Some((field, rest)), Value::Object(fields)) => {
            if let Some(value) = fields.get_mut(field) {
                drop_at(value, rest);
            }
        }
        // What does not have the declared shape is not the declared field.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn drops_what_is_declared_and_nothing_else() {
        let mut value = json!({
            "storedBytes": 5, "kmsKeyId": "k", "other": {"storedBytes": 6},
            "mappings": [{"LastModified": 1, "State": "Enabled"}, {"State": "Disabled"}, "odd"],
        });
        for path in
            ["storedBytes", "mappings/*/LastModified", "missing/field", "kmsKeyId/field", "mappings/State"]
        {
            drop_at(&mut value, path);
        }
        let kept = json!({
            "kmsKeyId": "k", "other": {"storedBytes": 6},
            "mappings": [{"State": "Enabled"}, {"State": "Disabled"}, "odd"],
        });
        assert_eq!(value, kept);
    }
}
