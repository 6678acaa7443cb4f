//! Functions that are called over HTTP, and what they ask of callers.

use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure;
use serde_json::{Value, json};

use super::sign_in::SignIn;
use crate::derive::reading::{Reading, elements, malformed, text};

/// One enabled function that is called over HTTP.
pub(super) struct HttpFunction<'a> {
    name: &'a str,
    level: Level,
}

/// What a function asks of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Anonymous,
    Function,
    Admin,
}

/// The functions that are called over HTTP, in the provider's order.
pub(super) fn http_functions(site: &Resource) -> Reading<Vec<HttpFunction<'_>>> {
    let mut found = Vec::new();
    for function in elements(site, "functions", "value")? {
        let properties = function.get("properties").ok_or_else(|| malformed("functions"))?;
        if properties.get("isDisabled") == Some(&Value::Bool(true)) {
            continue;
        }
        let bindings = properties.pointer("/config/bindings").and_then(Value::as_array);
        for binding in bindings.ok_or_else(|| malformed("functions"))? {
            if text(binding, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("httpTrigger")) {
                let name = text(function, "name").ok_or_else(|| malformed("functions"))?;
                let name = name.rsplit('/').next().unwrap_or(name);
                found.push(HttpFunction { name, level: Level::of(binding)? });
            }
        }
    }
    Ok(found)
}

pub(super) fn to_value(functions: &[HttpFunction<'_>]) -> Value {
    let value =
        |function: &HttpFunction<'_>| json!({"name": function.name, "level": function.level.as_str()});
    functions.iter().map(value).collect()
}

/// The names of those that answer without a key and without signing in.
pub(super) fn open(site: &Resource) -> Reading<Value> {
    unguarded(site, |level| level == Level::Anonymous)
}

/// The names of those that ask for a key and for nothing else.
pub(super) fn keyed(site: &Resource) -> Reading<Value> {
    unguarded(site, |level| level != Level::Anonymous)
}

fn unguarded(site: &Resource, of_level: impl Fn(Level) -> bool) -> Reading<Value> {
    let functions = http_functions(site)?;
    let names: Vec<&str> =
        functions.iter().filter(|found| of_level(found.level)).map(|found| found.name).collect();
    // Without such functions it does not matter who has to sign in.
    if names.is_empty() || SignIn::of(site)?.is_enforced() {
        return Ok(json!([]));
    }
    Ok(names.into())
}

/// How far the functions open the site to whoever gets as far as it. A key is a password that only some were told.
pub(super) fn opens_to(site: &Resource) -> Reading<Exposure> {
    let functions = http_functions(site)?;
    if functions.iter().all(|function| function.level != Level::Anonymous) {
        return Ok(Exposure::Internal);
    }
    let sign_in = SignIn::of(site)?;
    Ok(match (sign_in.is_enforced(), sign_in.admits_strangers()) {
        (false, _) => Exposure::Internet,
        (true, true) => Exposure::CrossAccount,
        (true, false) => Exposure::Internal,
    })
}

impl Level {
    fn of(binding: &Value) -> Reading<Self> {
        let Some(level) = text(binding, "authLevel") else {
            // What the host takes it for where it is left out.
            return Ok(Self::Function);
        };
        let known = [Self::Anonymous, Self::Function, Self::Admin];
        let level = known.into_iter().find(|known| level.eq_ignore_ascii_case(known.as_str()));
        level.ok_or_else(|| malformed("functions"))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Function => "function",
            Self::Admin => "admin",
        }
    }
}
