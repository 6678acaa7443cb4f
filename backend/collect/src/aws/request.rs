//! A request as a service file states it, and how each protocol writes it.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Request as Http;
use aws_smithy_types::body::SdkBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::api::{Action, Protocol};

/// What one call asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    fields: Map<String, Value>,
    region: Option<String>,
    account: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Method {
    #[default]
    Get,
    Post,
}

/// RFC 3986's unreserved characters stay as they are, which is what signatures expect.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Request {
    /// A named operation of an API that speaks JSON or forms.
    pub(super) fn call() -> Self {
        Self { method: Method::Post, path: "/".to_owned(), ..Self::default() }
    }

    /// Reads the address made of these segments, each of which may hold any text.
    pub(super) fn get(segments: &[&str]) -> Self {
        let path = segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, RESERVED)));
        Self { path: path.collect(), ..Self::default() }
    }

    /// Asks the address made of these segments with a body: some listings are written so.
    pub(super) fn post(segments: &[&str]) -> Self {
        Self { method: Method::Post, ..Self::get(segments) }
    }

    /// Asks in another region than the shard's: a bucket answers only where it lives.
    pub(super) fn in_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    /// The region to ask in, where it is not the shard's.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Asks about an account, which S3's control API wants named in the host and in a header.
    pub(super) fn about_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// The account that stands in the host's name.
    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Adds a parameter to the address.
    pub(super) fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a field to the body: of the JSON, or of the form, where lists become `name.member.1`.
    pub(super) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Asks for the page with this token, where the other parameters stand: in the address or in the body.
    pub(super) fn page(self, name: &str, token: &str) -> Self {
        match self.method {
            Method::Get => self.query(name, token),
            Method::Post if !self.query.is_empty() => self.query(name, token),
            Method::Post => self.field(name, token),
        }
    }

    /// Writes the request as the protocol of the action's API does; the address still lacks its host.
    pub(super) fn write(&self, action: &Action) -> Result<HttpRequest, BoxError> {
        let query: Vec<String> = self.query.iter().map(|(name, value)| pair(name, value)).collect();
        let mut path = if self.path.is_empty() { "/".to_owned() } else { self.path.clone() };
        for (position, pair) in query.iter().enumerate() {
            path.push(if position == 0 { '?' } else { '&' });
            path.push_str(pair);
        }
        let json = || Value::Object(self.fields.clone()).to_string();
        let (content_type, body) = match action.service.protocol {
            Protocol::Json { version, .. } => (Some(format!("application/x-amz-json-{version}")), json()),
            Protocol::Query { version } => {
                (Some("application/x-www-form-urlencoded".to_owned()), self.form(action.operation(), version))
            }
            Protocol::RestJson if self.method == Method::Post => {
                (Some("application/json".to_owned()), json())
            }
            Protocol::RestJson | Protocol::RestXml => (None, String::new()),
        };
        let mut request = Http::new(SdkBody::from(body.as_str()));
        request.set_method(match self.method {
            Method::Get => "GET",
            Method::Post => "POST",
        })?;
        request.set_uri(path)?;
        let headers = request.headers_mut();
        if let Some(content_type) = content_type {
            headers.try_insert("content-type", content_type)?;
            headers.try_insert("content-length", body.len().to_string())?;
        }
        if matches!(action.service.protocol, Protocol::RestJson) {
            headers.try_insert("accept", "application/json")?;
        }
        if let Protocol::Json { target, .. } = action.service.protocol {
            headers.try_insert("x-amz-target", format!("{target}.{}", action.operation()))?;
        }
        if let Some(account) = &self.account {
            headers.try_insert("x-amz-account-id", account.clone())?;
        }
        headers.try_insert("user-agent", concat!("nephoscope/", env!("CARGO_PKG_VERSION")))?;
        Ok(request)
    }

    fn form(&self, operation: &str, version: &str) -> String {
        let mut pairs = vec![pair("Action", operation), pair("Version", version)];
        for (name, value) in &self.fields {
            form_pairs(name, value, &mut pairs);
        }
        pairs.join("&")
    }
}

fn form_pairs(name: &str, value: &Value, pairs: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => pairs.push(pair(name, text)),
        Value::Bool(_) | Value::Number(_) => pairs.push(pair(name, &value.to_string())),
        Value::Array(items) => {
            // EC2's dialect numbers its lists without `member`; its files write the number into the name themselves.
            for (position, item) in items.iter().enumerate() {
                form_pairs(&format!("{name}.member.{}", position + 1), item, pairs);
            }
        }
        Value::Object(fields) => {
            for (inner, value) in fields {
                form_pairs(&format!("{name}.{inner}"), value, pairs);
            }
        }
    }
}

fn pair(name: &str, value: &str) -> String {
    format!("{}={}", utf8_percent_encode(name, RESERVED), utf8_percent_encode(value, RESERVED))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::api::Api;
    use crate::aws::quota;

    static REST: Api = Api::rest_json("Lambda", "lambda", &quota::LAMBDA);
    static JSON: Api = Api::json("SQS", "sqs", "1.0", "AmazonSQS", &quota::LAMBDA);
    static QUERY: Api = Api::query("IAM", "iam", "2010-05-08", &quota::IAM);
    static READ: Action = REST.action("lambda:GetPolicy");
    static CALL: Action = JSON.action("sqs:ListQueues");
    static FORM: Action = QUERY.action("iam:ListRoles");

    fn body(request: &HttpRequest) -> &str {
        std::str::from_utf8(request.body().bytes().unwrap()).unwrap()
    }

    #[test]
    fn paths_hold_any_text() {
        let request = Request::get(&["functions", "a/b c:d", "policy"]).query("Qualifier", "$LATEST&x");
        let written = request.page("Marker", "=").write(&READ).unwrap();
        assert_eq!(written.method(), "GET");
        assert_eq!(
            written.uri().to_string(),
            "/functions/a%2Fb%20c%3Ad/policy?Qualifier=%24LATEST%26x&Marker=%3D"
        );
        assert!(written.headers().get("content-type").is_none());
    }

    #[test]
    fn operations_stand_in_the_header_or_in_the_form() {
        let written = Request::call().field("MaxResults", 10).page("NextToken", "t").write(&CALL).unwrap();
        assert_eq!(written.headers().get("x-amz-target"), Some("AmazonSQS.ListQueues"));
        assert_eq!(written.headers().get("content-type"), Some("application/x-amz-json-1.0"));
        assert_eq!(body(&written), r#"{"MaxResults":10,"NextToken":"t"}"#);
        let filters = json!(["Role", "a b"]);
        let written = Request::call().field("Filter", filters).field("MaxItems", 7).write(&FORM).unwrap();
        assert_eq!(
            body(&written),
            "Action=ListRoles&Version=2010-05-08&Filter.member.1=Role&Filter.member.2=a%20b&MaxItems=7"
        );
    }

    #[test]
    fn accounts_stand_in_a_header() {
        static CONTROL: Api = Api::rest_xml("S3 Control", "s3-control", &quota::LAMBDA).signed_as("s3");
        static BLOCK: Action = CONTROL.action("s3:GetPublicAccessBlock");
        let request = Request::get(&["v20180820", "configuration", "publicAccessBlock"]);
        let request = request.about_account("123456789012").in_region("eu-west-1");
        assert_eq!((request.account(), request.region()), (Some("123456789012"), Some("eu-west-1")));
        let written = request.write(&BLOCK).unwrap();
        assert_eq!(written.headers().get("x-amz-account-id"), Some("123456789012"));
        assert_eq!(written.uri(), "/v20180820/configuration/publicAccessBlock");
    }
}
