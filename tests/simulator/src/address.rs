//! A call of a provider that is asked by address, as Azure, Google and Fn are.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::http::Request;
use crate::provider::Asked;

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation, as the provider calls it.
    pub name: String,
    pub method: String,
    /// The host that was meant; all of them are served at one address.
    pub host: String,
    /// Where the request really came, for addresses of next pages.
    pub served_at: String,
    /// The path as sent, and its segments decoded.
    pub path: String,
    pub segments: Vec<String>,
    /// The parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    pub bearer: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Call {
    /// The call of a request, named by `name`.
    pub(crate) fn of(request: &Request, name: impl FnOnce(&Self) -> String) -> Self {
        let header = |name: &str| request.headers.get(name).cloned();
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let served_at = header("host").unwrap_or_default();
        let mut call = Self {
            name: String::new(),
            method: request.method.clone(),
            host: header("x-original-host").unwrap_or_else(|| served_at.clone()),
            served_at,
            path: path.to_owned(),
            segments: path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect(),
            query: pairs(query),
            bearer: header("authorization").and_then(|value| Some(value.strip_prefix("Bearer ")?.to_owned())),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        call.name = name(&call);
        call
    }

    /// The segments of the path.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// The first value of a parameter of the query; upper and lower case of its name are the same.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.query.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// A field of a form in the body.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let form = pairs(&String::from_utf8_lossy(&self.body));
        form.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The JSON of the body; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Asked for Call {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn line(&self) -> Option<String> {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        Some(format!("{} {}/{}{query}", self.method, self.host, self.segments.join("/")))
    }

    fn mentions(&self, word: &str) -> bool {
        self.segments.iter().any(|segment| segment.eq_ignore_ascii_case(word))
            || self.query.iter().any(|(_, value)| value.eq_ignore_ascii_case(word))
            || holds(&self.json(), word)
    }

    fn identity(&self) -> String {
        format!("{}\n{}", self.line().unwrap_or_default(), String::from_utf8_lossy(&self.body))
    }
}

fn holds(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text.eq_ignore_ascii_case(word),
        Value::Array(items) => items.iter().any(|item| holds(item, word)),
        Value::Object(fields) => fields.values().any(|field| holds(field, word)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    };
    text.split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

/// A value that is changed at a pointer, in which `*` is every item of a list and every field of an object.
pub(crate) fn changed(value: &mut Value, pointer: &str, new: Option<&Value>) {
    let Some((step, rest)) = pointer.trim_start_matches('/').split_once('/').or_else(|| {
        let last = pointer.trim_start_matches('/');
        (!last.is_empty()).then_some((last, ""))
    }) else {
        return;
    };
    if rest.is_empty() && step != "*" {
        match (value, new) {
            (Value::Object(fields), Some(new)) => drop(fields.insert(step.to_owned(), new.clone())),
            (Value::Object(fields), None) => drop(fields.remove(step)),
            (Value::Array(items), new) => {
                let position = step.parse::<usize>().ok().filter(|position| *position < items.len());
                match (position, new) {
                    (Some(position), Some(new)) => items[position] = new.clone(),
                    (Some(position), None) => drop(items.remove(position)),
                    (None, _) => {}
                }
            }
            _ => {}
        }
        return;
    }
    match value {
        Value::Object(fields) if step == "*" => {
            fields.values_mut().for_each(|field| changed(field, rest, new))
        }
        Value::Array(items) if step == "*" => items.iter_mut().for_each(|item| changed(item, rest, new)),
        Value::Object(fields) => fields.get_mut(step).into_iter().for_each(|field| changed(field, rest, new)),
        Value::Array(items) => {
            let item = step.parse::<usize>().ok().and_then(|position| items.get_mut(position));
            item.into_iter().for_each(|item| changed(item, rest, new));
        }
        _ => {}
    }
}
