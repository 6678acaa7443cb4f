//! An answer, whoever gives it.

use serde_json::Value;

/// Status, headers and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// Status 200 with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self::json_with_status(200, body)
    }

    /// A JSON body with this status.
    pub fn json_with_status(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string() }
    }

    /// A page for people, which no client of an API asked for.
    pub fn html() -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "text/html".to_owned())],
            body: "<!DOCTYPE html><title>Sign in</title>".to_owned(),
        }
    }

    /// Status 200 and JSON that ends before it is JSON.
    pub fn malformed() -> Self {
        Self { body: "{\"value\": [nonsense".to_owned(), ..Self::json(&Value::Null) }
    }

    /// With one more header.
    pub fn with_header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}
