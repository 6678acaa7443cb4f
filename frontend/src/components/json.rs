//! A provider's JSON to read: folded where it is deep, with redacted values drawn as such.

use leptos::prelude::*;
use nephoscope_model::secret::Redacted;
use serde_json::Value;

use crate::wording;

/// Levels that stand open.
const OPEN_DEPTH: usize = 2;
/// Levels that are drawn at all; what is deeper is shown as one line.
const MAX_DEPTH: usize = 24;
/// Entries of one list or object that are drawn.
const MAX_ENTRIES: usize = 200;

/// The value as a tree.
pub fn json(value: &Value) -> AnyView {
    let body = match value {
        Value::Object(map) if !map.is_empty() && Redacted::from_value(value).is_none() => entries(value, 0),
        Value::Array(list) if !list.is_empty() => entries(value, 0),
        other => view! { <ul class="json-level"><li>{leaf(other)}</li></ul> }.into_any(),
    };
    view! { <div class="json">{body}</div> }.into_any()
}

fn entries(value: &Value, depth: usize) -> AnyView {
    let (rows, total): (Vec<AnyView>, usize) = match value {
        Value::Object(map) => {
            let rows = map.iter().take(MAX_ENTRIES).map(|(key, value)| entry(key.clone(), value, depth));
            (rows.collect(), map.len())
        }
        Value::Array(list) => {
            let rows = list.iter().take(MAX_ENTRIES).enumerate();
            (rows.map(|(index, value)| entry(index.to_string(), value, depth)).collect(), list.len())
        }
        other => (vec![leaf(other)], 1),
    };
    let rest = total.saturating_sub(MAX_ENTRIES);
    let rest = (rest > 0).then(|| view! { <li class="quiet">{format!("and {rest} more")}</li> });
    view! {
        <ul class="json-level">
            {rows}
            {rest}
        </ul>
    }
    .into_any()
}

fn entry(key: String, value: &Value, depth: usize) -> AnyView {
    let children = match value {
        Value::Object(map) if Redacted::from_value(value).is_none() => map.len(),
        Value::Array(list) => list.len(),
        _ => 0,
    };
    if children == 0 || depth >= MAX_DEPTH {
        return view! {
            <li>
                <span class="json-key">{key}</span>
                {leaf(value)}
            </li>
        }
        .into_any();
    }
    let size = match value {
        Value::Array(_) => wording::count(children as u64, "entry", "entries"),
        _ => wording::count(children as u64, "key", "keys"),
    };
    view! {
        <li>
            <details open={depth < OPEN_DEPTH}>
                <summary>
                    <span class="json-key">{key}</span>
                    <span class="json-kind">{size}</span>
                </summary>
                {entries(value, depth + 1)}
            </details>
        </li>
    }
    .into_any()
}

fn leaf(value: &Value) -> AnyView {
    if let Some(redacted) = Redacted::from_value(value) {
        return self::redacted(&redacted);
    }
    let (class, text) = match value {
        Value::Null => ("json-null", "null".to_owned()),
        Value::Bool(flag) => ("json-bool", flag.to_string()),
        Value::Number(number) => ("json-number", number.to_string()),
        Value::String(text) if text.is_empty() => ("json-null", "empty text".to_owned()),
        Value::String(text) => ("json-text", text.clone()),
        Value::Array(list) if list.is_empty() => ("json-null", "empty list".to_owned()),
        Value::Object(map) if map.is_empty() => ("json-null", "empty object".to_owned()),
        Value::Array(_) | Value::Object(_) => ("json-text", value.to_string()),
    };
    view! { <span class=class>{text}</span> }.into_any()
}

/// A value that was never stored.
fn redacted(redacted: &Redacted) -> AnyView {
    let (class, what) = match &redacted.detector {
        Some(detector) => ("redacted secret", format!("looks like a secret ({detector})")),
        None => ("redacted", "redacted".to_owned()),
    };
    let length =
        if redacted.length == "0" { "empty".to_owned() } else { format!("{} characters", redacted.length) };
    view! {
        <span class=class>
            <span class="redacted-ink" aria-hidden="true"></span>
            <span>{format!("{what}, {length}")}</span>
            <code title="Equal values have equal tags">{redacted.tag.clone()}</code>
        </span>
    }
    .into_any()
}
