//! Putting resources together from what was read: what is the same for every provider.

use nephoscope_model::secret::REDACTED_KEY;
use nephoscope_model::{Facet, Relation, RelationName, Resource, Uid};
use serde_json::Value;

use crate::failure::Failure;
use crate::redact::{scrub, sweep};

/// What one call said of one resource: a value, that there is none, or a failure.
pub(crate) type Read = Result<Option<Value>, Failure>;

/// Leaves out a field, which stands elsewhere or must not be kept.
pub(crate) fn without(value: &mut Value, field: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(field);
    }
}

/// The facet called `name` for what was read.
pub(crate) fn facet(name: &str, read: Read) -> Facet {
    match read {
        Ok(Some(value)) => Facet::Known(value),
        Ok(None) => Facet::Absent,
        Err(failure) => failure.facet(name),
    }
}

/// Adds a facet.
pub(crate) fn put(resource: &mut Resource, name: &str, read: Read) {
    resource.facets.insert(name.to_owned(), facet(name, read));
}

/// Adds an edge to what is named, if anything is.
pub(crate) fn relate(resource: &mut Resource, name: RelationName, to: Option<&str>) {
    if let Some(to) = to.filter(|to| !to.is_empty()) {
        resource.relations.push(Relation { name, to: Uid::from(to) });
    }
}

/// Adds tags that the provider gives as a map, or as a list of keys and values.
pub(crate) fn tag(resource: &mut Resource, tags: Option<&Value>) {
    let plain = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    match tags {
        Some(Value::Object(tags)) => {
            resource.tags.extend(tags.iter().map(|(key, value)| (key.clone(), plain(value))));
        }
        Some(Value::Array(tags)) => {
            let pair = |tag: &Value| Some((text(tag, "/Key")?.to_owned(), plain(tag.get("Value")?)));
            resource.tags.extend(tags.iter().filter_map(pair));
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}

/// The text at `pointer`.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The elements of the list at `pointer`; none where there is no list.
pub(crate) fn elements<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Sorts what was found, open or packed, and drops what a listing named twice.
pub(crate) fn once_each<R>(resources: &mut Vec<R>, uid: impl Fn(&R) -> &Uid) {
    resources.sort_by(|one, other| uid(one).cmp(uid(other)));
    resources.dedup_by(|one, other| uid(one) == uid(other));
}

/// Sorts the edges of a resource, and cuts out secrets that stand where none should.
pub(crate) fn tidy_one(resource: &mut Resource) {
    resource.relations.sort();
    resource.relations.dedup();
    for facet in resource.facets.values_mut() {
        match facet {
            Facet::Known(value) => {
                drop_nulls(value);
                sweep(value);
            }
            Facet::Absent | Facet::Unreadable(_) => {}
        }
    }
    for value in resource.tags.values_mut() {
        *value = scrub(value).into_owned();
    }
}

/// Drops fields that are null: in AWS's protocols that means the same as leaving them out, and both occur.
fn drop_nulls(value: &mut Value) {
    match value {
        // What stands for a redacted value is ours, and complete.
        Value::Object(fields) if fields.contains_key(REDACTED_KEY) => {}
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
