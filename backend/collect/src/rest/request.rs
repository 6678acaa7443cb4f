//! A request as a service file states it; who sends it adds host, credentials and version.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What one call asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    target: Target,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
enum Target {
    /// A path, percent-encoded, with its first slash.
    Path(String),
    /// The whole address of a next page, as the provider gave it.
    Address(String),
}

/// Of a segment, RFC 3986's unreserved characters stay as they are, and those that custom methods are written with.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'(')
    .remove(b')');

impl Request {
    /// Reads `path`, whose segments may hold any text but a slash.
    pub(crate) fn get(path: &str) -> Self {
        let segments = path.trim_start_matches('/').split('/');
        let encoded: String =
            segments.map(|segment| format!("/{}", utf8_percent_encode(segment, RESERVED))).collect();
        Self { target: Target::Path(encoded), query: Vec::new(), body: None }
    }

    /// Asks `path` with a body, as some reads are written.
    pub(crate) fn post(path: &str, body: Value) -> Self {
        Self { body: Some(body), ..Self::get(path) }
    }

    /// Adds a parameter.
    pub(crate) fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Asks for what stands at the address that a reply named, with nothing added.
    pub(crate) fn address(address: &str) -> Self {
        Self { target: Target::Address(address.to_owned()), query: Vec::new(), body: None }
    }

    /// Puts `value` at `pointer` of the body, whose objects are made as needed.
    pub(crate) fn put(mut self, pointer: &str, value: &str) -> Self {
        let mut place = self.body.get_or_insert_default();
        for key in pointer.trim_start_matches('/').split('/') {
            if !place.is_object() {
                *place = Value::Object(serde_json::Map::new());
            }
            place = &mut place[key];
        }
        *place = Value::from(value);
        self
    }

    /// The body, where there is one.
    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// The address at `base` (`https://host`), with `version` as `api-version` where there is one. A page's own address
    /// stays as it is.
    pub(crate) fn url(&self, base: &str, version: &str) -> String {
        let path = match &self.target {
            Target::Address(address) => return address.clone(),
            Target::Path(path) => path,
        };
        let version = (!version.is_empty()).then_some(("api-version", version));
        let given = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<String> = version
            .into_iter()
            .chain(given)
            .map(|(name, value)| {
                format!("{}={}", utf8_percent_encode(name, RESERVED), utf8_percent_encode(value, RESERVED))
            })
            .collect();
        let mark = if pairs.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{}", base.trim_end_matches('/'), pairs.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_and_parameters_hold_any_text() {
        let request = Request::get("/v1/projects/a b?c/x:getIamPolicy").query("pageToken", "a=&b");
        let url = request.url("https://host/", "");
        assert_eq!(url, "https://host/v1/projects/a%20b%3Fc/x:getIamPolicy?pageToken=a%3D%26b");
        assert_eq!(
            Request::get("subscriptions").url("https://h", "2022-12-01"),
            "https://h/subscriptions?api-version=2022-12-01"
        );
    }

    #[test]
    fn a_page_is_asked_for_as_it_was_named() {
        let next = "https://host/x?api-version=1&$skiptoken=a%3D";
        assert_eq!(Request::address(next).url("https://elsewhere", "2"), next);
        let asked = Request::post("/q", json!({"query": "Resources"})).put("/options/$skipToken", "t");
        assert_eq!(asked.body(), Some(&json!({"query": "Resources", "options": {"$skipToken": "t"}})));
    }
}
