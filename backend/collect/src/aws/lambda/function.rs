//! `GetFunction`: reserved concurrency, tags, and where the code comes from.
//!
//! The reply repeats the configuration, with the values of variables, and holds an address from which the code can be
//! fetched. Neither is looked at.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::super::carry::Kept;
use super::super::failure::{Class, Failure};
use super::super::place::{Read, text};
use super::super::request::Request;
use super::details::{Asking, Gone, One};
use super::{GET_FUNCTION, LIST_TAGS};

/// What is kept of the reply.
pub(super) struct Whole {
    pub concurrency: Read,
    pub code: Read,
    pub tags: Read,
}

/// After so many denials without one success the permission is missing for all.
const DENIALS: usize = 10;

pub(super) async fn fetch(asking: &Asking<'_>, one: &One<'_>, kept: &Kept<'_>) -> Result<Whole, Gone> {
    if let Some([concurrency, code, tags]) = kept.carry(["concurrency", "code", "tags"]) {
        return Ok(Whole { concurrency, code, tags });
    }
    let read = if asking.denied.load(Ordering::Relaxed) < DENIALS {
        one.get(&GET_FUNCTION, Request::get(&["2015-03-31", "functions", &one.name])).await?
    } else {
        Err(Failure::new(
            &GET_FUNCTION,
            Class::Denied,
            "AccessDeniedException",
            "denied for every function so far",
        ))
    };
    match read {
        Ok(answer) => {
            // Denied for some functions only: each has to be asked.
            asking.denied.store(0, Ordering::Relaxed);
            Ok(parts(answer.unwrap_or_default()))
        }
        Err(failure) => {
            let denied = failure.class == Class::Denied;
            let concurrency = match denied {
                true if asking.nothing_is_reserved => Ok(None),
                true => kept.or(["concurrency"], one.concurrency()).await?,
                false => Err(failure.clone()),
            };
            asking.denied.fetch_add(usize::from(denied), Ordering::Relaxed);
            Ok(Whole { concurrency, code: Err(failure.clone()), tags: Err(failure) })
        }
    }
}

fn parts(mut answer: Value) -> Whole {
    let concurrency = answer.get_mut("Concurrency").map(Value::take).and_then(reserved);
    let mut code = answer.get_mut("Code").map(Value::take).unwrap_or_default();
    if let Some(fields) = code.as_object_mut() {
        fields.remove("Location");
    }
    let error = |pointer: &str| text(&answer, pointer).map(str::to_owned);
    // Tags come only to whoever may list them; a function without tags has no field for them.
    let tags = match error("/TagsError/ErrorCode") {
        Some(error) => {
            Err(Failure::new(&LIST_TAGS, Class::Denied, &error, "the tags of the function were left out"))
        }
        None => Ok(answer
            .get("Tags")
            .filter(|tags| tags.as_object().is_some_and(|tags| !tags.is_empty()))
            .cloned()),
    };
    let code = if code.is_object() {
        Ok(Some(code))
    } else {
        Err(Failure::malformed(&GET_FUNCTION, "the answer does not say where the code comes from"))
    };
    Whole {
        concurrency: Ok(concurrency),
        code,
        tags: tags.map(|tags| tags.map(|tags| json!({ "Tags": tags }))),
    }
}

/// The answer, where it reserves anything.
pub(super) fn reserved(concurrency: Value) -> Option<Value> {
    concurrency.get("ReservedConcurrentExecutions").is_some_and(|n| !n.is_null()).then_some(concurrency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_code_is_dropped() {
        let whole = parts(json!({
            "Configuration": {"Environment": {"Variables": {"A": "CANARY"}}},
            "Code": {"RepositoryType": "S3", "Location": "https://CANARY"},
            "Concurrency": {"ReservedConcurrentExecutions": 0}, "Tags": {"team": "shop"},
        }));
        assert_eq!(whole.code.unwrap(), Some(json!({"RepositoryType": "S3"})));
        assert_eq!(whole.concurrency.unwrap(), Some(json!({"ReservedConcurrentExecutions": 0})));
        assert_eq!(whole.tags.unwrap(), Some(json!({"Tags": {"team": "shop"}})));
    }

    #[test]
    fn tags_that_were_left_out_are_not_absent() {
        let whole = parts(json!({"Code": {}, "TagsError": {"ErrorCode": "AccessDeniedException"}}));
        assert_eq!(whole.tags.unwrap_err().permission, Some("lambda:ListTags"));
        let whole = parts(json!({"Code": {}, "Tags": {}}));
        assert_eq!((whole.tags.unwrap(), whole.concurrency.unwrap()), (None, None));
        assert!(parts(json!({})).code.is_err());
    }
}
