//! Why a condition could not be decided, in terms of what was read.

use cel::{ExecutionError, Program};
use nephoscope_model::Unreadable;
use serde_json::Value;

use super::paths::{Path, Reads, Step};
use super::subject::{Rooted, Subject};

/// Everything that the condition touched and could not have; where that was all there, what it found unfit.
pub(super) fn of(error: &ExecutionError, program: &Program, subject: &Subject<'_>) -> Vec<Unreadable> {
    let mut reasons = subject.missed().take();
    // A path that ends early is reported like a name that is not there; only the latter has been noted.
    let is_about_data = !matches!(error, ExecutionError::UndeclaredReference(_));
    if is_about_data || reasons.is_empty() {
        reasons.push(unfit(error, program, subject));
    }
    reasons
}

/// A key that the provider left out, or a value of another kind than the condition expects.
fn unfit(error: &ExecutionError, program: &Program, subject: &Subject<'_>) -> Unreadable {
    let reads = Reads::of([program.expression()]);
    let missing = match error {
        ExecutionError::NoSuchKey(key) => {
            let of_key = reads.paths.iter().find_map(|path| gap(path, Some(key), subject));
            Some(of_key.unwrap_or_else(|| key.to_string()))
        }
        _ => reads.paths.iter().find_map(|path| gap(path, None, subject)),
    };
    let first = || reads.paths.first().map(|path| path.subject().to_owned()).unwrap_or_default();
    let (facet, code) = match missing {
        Some(path) => (path, "NoSuchKey"),
        None => (first(), "Malformed"),
    };
    Unreadable { facet, api: String::new(), error: code.to_owned(), permission: None }
}

/// Where along `path` nothing stands: at `key`, or at any step below something that is not there at all.
fn gap(path: &Path, key: Option<&str>, subject: &Subject<'_>) -> Option<String> {
    let first = path.steps.first().and_then(Step::key);
    let (value, skip) = match subject.root(&path.root, first)? {
        Rooted::Whole(value) => (value, 0),
        Rooted::Fact(value) => (value, 1),
    };
    let mut text = path.root.clone();
    for step in &path.steps[..skip] {
        text.push('.');
        text.push_str(step.key().unwrap_or_default());
    }
    gap_below(value, &path.steps[skip..], key, text)
}

fn gap_below(value: &Value, steps: &[Step], key: Option<&str>, text: String) -> Option<String> {
    let (step, rest) = steps.split_first()?;
    match step {
        Step::Key(name) => {
            let text = format!("{text}.{name}");
            match value {
                Value::Object(fields) => match fields.get(name) {
                    Some(value) => gap_below(value, rest, key, text),
                    None => key.is_none_or(|key| key == name).then_some(text),
                },
                Value::Null => Some(text),
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
            }
        }
        Step::Index(index) => gap_below(value.get(index)?, rest, key, format!("{text}[{index}]")),
        Step::Each => value
            .as_array()?
            .iter()
            .enumerate()
            .find_map(|(index, element)| gap_below(element, rest, key, format!("{text}[{index}]"))),
    }
}
