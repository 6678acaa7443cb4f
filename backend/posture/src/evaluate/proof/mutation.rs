//! Changes to a document at a path: everything that plausibly moves a verdict.

use serde_json::{Map, Value, json};

use super::super::paths::Step;

/// Lists longer than this are not made up to get past a bound on their size.
const LONGEST: usize = 256;

/// Every value that `steps` lead to.
pub(super) fn values(value: &Value, steps: &[Step]) -> Vec<Value> {
    let Some((step, rest)) = steps.split_first() else { return vec![value.clone()] };
    match (step, value) {
        (Step::Each, Value::Array(elements)) => elements.iter().flat_map(|e| values(e, rest)).collect(),
        (Step::Each, Value::Object(fields)) => fields.keys().map(|key| Value::from(key.as_str())).collect(),
        _ => step.of(value).map(|value| values(value, rest)).unwrap_or_default(),
    }
}

/// The document with one change where `steps` lead, for every change worth trying; `pool` holds values to try there.
pub(super) fn mutations(document: &Value, steps: &[Step], pool: &[Value]) -> Vec<Value> {
    let Some((step, rest)) = steps.split_first() else { return replacements(Some(document), pool) };
    match (step, document) {
        (Step::Key(key), Value::Object(fields)) => {
            let mut mutated: Vec<Value> = match fields.get(key) {
                Some(value) => mutations(value, rest, pool),
                None => replacements(None, pool).into_iter().map(|value| nested(rest, value)).collect(),
            };
            mutated = mutated.into_iter().map(|value| with_field(fields, key, value)).collect();
            if rest.is_empty() {
                mutated.push(without_field(fields, key));
            }
            mutated
        }
        (Step::Index(index), Value::Array(elements)) => at(elements, *index, rest, pool),
        (Step::Each, Value::Array(elements)) => {
            let new = replacements(None, pool).into_iter().map(|value| {
                let mut longer = elements.clone();
                longer.push(nested(rest, value));
                Value::Array(longer)
            });
            let changed = (0..elements.len()).flat_map(|index| at(elements, index, rest, pool));
            new.chain(changed).collect()
        }
        (Step::Each, Value::Object(fields)) => renamed(fields, pool),
        _ => Vec::new(),
    }
}

fn at(elements: &[Value], index: usize, rest: &[Step], pool: &[Value]) -> Vec<Value> {
    let Some(element) = elements.get(index) else { return Vec::new() };
    let changed = mutations(element, rest, pool).into_iter().map(|value| {
        let mut changed = elements.to_vec();
        changed[index] = value;
        Value::Array(changed)
    });
    changed.collect()
}

/// `value` at the end of `steps`, with everything made up that leads there.
fn nested(steps: &[Step], value: Value) -> Value {
    steps.iter().rev().fold(value, |value, step| match step {
        Step::Key(key) => json!({ key: value }),
        Step::Index(_) | Step::Each => json!([value]),
    })
}

fn with_field(fields: &Map<String, Value>, key: &str, value: Value) -> Value {
    let mut fields = fields.clone();
    fields.insert(key.to_owned(), value);
    Value::Object(fields)
}

fn without_field(fields: &Map<String, Value>, key: &str) -> Value {
    let mut fields = fields.clone();
    fields.remove(key);
    Value::Object(fields)
}

/// The object with each key in turn removed, renamed, or joined by another.
fn renamed(fields: &Map<String, Value>, pool: &[Value]) -> Vec<Value> {
    let names: Vec<Value> = replacements(None, pool);
    let names = || names.iter().filter_map(Value::as_str);
    let joined = names().map(|name| with_field(fields, name, Value::from("mutant")));
    let changed = fields.iter().flat_map(|(key, value)| {
        let rest = without_field(fields, key);
        let renamed = names().map(move |name| match without_field(fields, key) {
            Value::Object(rest) => with_field(&rest, name, value.clone()),
            other => other,
        });
        std::iter::once(rest).chain(renamed)
    });
    joined.chain(changed).collect()
}

/// What can stand in place of `value`: emptied, flipped, off by one, and everything in `pool` and close to it.
fn replacements(value: Option<&Value>, pool: &[Value]) -> Vec<Value> {
    let mut found: Vec<Value> = vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(""),
        json!("mutant"),
        json!("1990-01-01T00:00:00Z"),
        json!("2100-01-01T00:00:00Z"),
        json!(0),
        json!(-1),
        json!(1_000_000),
        json!([]),
        json!(["mutant"]),
        json!({}),
        json!({"mutant": "mutant"}),
    ];
    for given in pool.iter().chain(value) {
        found.push(given.clone());
        found.extend(close_to(given));
    }
    match value {
        Some(Value::Array(elements)) => found.extend(lists(elements, pool)),
        Some(Value::Object(fields)) => {
            found.extend(fields.keys().map(|key| without_field(fields, key)));
        }
        _ => {}
    }
    found.extend(pool.iter().map(|element| json!([element])));
    found.retain(|replacement| value != Some(replacement));
    found
}

fn close_to(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(flag) => vec![json!(!flag)],
        Value::Number(number) => match number.as_i64() {
            Some(whole) => {
                let size = usize::try_from(whole).ok().filter(|size| *size < LONGEST);
                let long = size.map(|size| json!(vec!["mutant"; size + 1]));
                let near = [json!(whole.saturating_sub(1)), json!(whole.saturating_add(1))];
                near.into_iter().chain(long).collect()
            }
            None => {
                number.as_f64().map(|real| vec![json!(real - 1.0), json!(real + 1.0)]).unwrap_or_default()
            }
        },
        Value::String(text) => vec![json!(format!("{text}x")), json!(format!("x{text}"))],
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

/// The list without each element, and with each value of the pool added.
fn lists(elements: &[Value], pool: &[Value]) -> Vec<Value> {
    let shorter = (0..elements.len()).map(|index| {
        let mut shorter = elements.to_vec();
        shorter.remove(index);
        Value::Array(shorter)
    });
    let longer = pool.iter().chain(elements).map(|element| {
        let mut longer = elements.to_vec();
        longer.push(element.clone());
        Value::Array(longer)
    });
    shorter.chain(longer).collect()
}
