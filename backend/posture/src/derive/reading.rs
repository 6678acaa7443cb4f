//! Reading facets so that what could not be read stays visible: a value, or the reasons why there is none.

use nephoscope_model::{Facet, Fact, Resource, Unreadable};
use serde_json::Value;

/// A value that needs facets to be readable, or each reason why one was not.
pub(super) type Reading<T> = Result<T, Vec<Unreadable>>;

/// The facet's value; none where the provider said that there is none.
pub(super) fn facet<'a>(resource: &'a Resource, name: &str) -> Reading<Option<&'a Value>> {
    match resource.facets.get(name) {
        Some(Facet::Known(value)) => Ok(Some(value)),
        Some(Facet::Absent) => Ok(None),
        Some(Facet::Unreadable(reason)) => Err(vec![reason.clone()]),
        None => Err(reason(name, "NotCollected")),
    }
}

/// The value of a facet that every resource of its kind has.
pub(super) fn required<'a>(resource: &'a Resource, name: &str) -> Reading<&'a Value> {
    facet(resource, name)?.ok_or_else(|| malformed(name))
}

/// The elements under `key` of a facet that lists things; an absent facet lists none.
pub(super) fn elements<'a>(resource: &'a Resource, name: &str, key: &str) -> Reading<&'a [Value]> {
    match facet(resource, name)?.and_then(|value| value.get(key)) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(elements)) => Ok(elements),
        Some(_) => Err(malformed(name)),
    }
}

/// The facet was read, but is not what the provider documents.
pub(super) fn malformed(name: &str) -> Vec<Unreadable> {
    reason(name, "Malformed")
}

/// A reason of our own, about no call in particular.
pub(super) fn reason(facet: &str, error: &str) -> Vec<Unreadable> {
    vec![Unreadable {
        facet: facet.to_owned(),
        api: String::new(),
        error: error.to_owned(),
        permission: None,
    }]
}

/// Reasons from several places, each named once.
pub(super) fn merged(reasons: impl IntoIterator<Item = Unreadable>) -> Vec<Unreadable> {
    let mut reasons: Vec<Unreadable> = reasons.into_iter().collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// How many of each other a fact names at most.
const MOST_NAMED: usize = 100;

/// Names in their order, as a fact has them. Where any resource can stand to any other, such lists would grow with the
/// square of the estate: of very many the first hundred are named, and how many more there are.
pub(super) fn named(names: &[&str]) -> Value {
    let more = names.len().saturating_sub(MOST_NAMED);
    let rest = (more > 0).then(|| format!("and {more} more"));
    names.iter().take(MOST_NAMED).copied().map(Value::from).chain(rest.map(Value::from)).collect()
}

/// The fact that a reading amounts to.
pub(super) fn fact<T: Into<Value>>(reading: Reading<T>) -> Fact {
    match reading {
        Ok(value) => Fact::Known(value.into()),
        Err(reasons) => Fact::Unknown(merged(reasons)),
    }
}

/// Text at `key`, where there is text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// The elements of the list at `key`; none where there is no list.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
