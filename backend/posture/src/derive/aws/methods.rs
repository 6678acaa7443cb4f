//! Methods of gateways in one shape, whether they stand in an exported document, in a draft or in a list of routes.

use serde_json::{Value, json};

use crate::derive::reading::{Reading, malformed, text};

/// One method of one path.
pub(super) struct Method<'a> {
    pub path: &'a str,
    /// In capitals; `ANY` stands for all.
    pub verb: String,
    pub lock: Lock,
    /// It has parameters or a body.
    pub takes_input: bool,
    /// Whether a validator looks at requests; none where that cannot be told.
    pub validated: Option<bool>,
    pub integration: Option<Integration<'a>>,
}

/// How a method knows its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lock {
    /// Not at all.
    None,
    /// By an API key alone.
    Key,
    /// By a signature with AWS credentials.
    Signature,
    /// By an authorizer.
    Authorizer,
}

/// What stands behind a method.
pub(super) struct Integration<'a> {
    /// In capitals, as in `AWS_PROXY`.
    pub kind: String,
    pub uri: Option<&'a str>,
    value: &'a Value,
}

impl Lock {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Key => "key",
            Self::Signature => "iam",
            Self::Authorizer => "authorizer",
        }
    }

    /// As drafts and routes name it. A key counts only where nothing stronger is asked for.
    pub fn named(authorization: &str, needs_key: bool) -> Self {
        match authorization.to_ascii_uppercase().as_str() {
            "NONE" if needs_key => Self::Key,
            "NONE" => Self::None,
            "AWS_IAM" => Self::Signature,
            _ => Self::Authorizer,
        }
    }
}

impl<'a> Integration<'a> {
    /// `facet` is where it was read.
    pub fn of(value: &'a Value, facet: &str) -> Reading<Self> {
        let kind = text(value, "type").or_else(|| text(value, "integrationType"));
        let kind = kind.ok_or_else(|| malformed(facet))?.to_ascii_uppercase();
        let uri = text(value, "uri").or_else(|| text(value, "integrationUri"));
        Ok(Self { kind, uri, value })
    }

    /// It calls something over HTTP, rather than a service of AWS.
    pub fn is_http(&self) -> bool {
        matches!(self.kind.as_str(), "HTTP" | "HTTP_PROXY")
    }

    /// The request leaves API Gateway in plain text over the internet, or for whoever answers.
    pub fn is_plain(&self) -> bool {
        let scheme = self.uri.and_then(|uri| uri.split_once("://")).map(|(scheme, _)| scheme);
        let plain = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        let unverified = self.value.pointer("/tlsConfig/insecureSkipVerification");
        self.is_http() && ((plain && !self.is_private()) || unverified.and_then(Value::as_bool) == Some(true))
    }

    /// It goes through a VPC link.
    pub fn is_private(&self) -> bool {
        text(self.value, "connectionType").is_some_and(|kind| kind.eq_ignore_ascii_case("VPC_LINK"))
    }

    /// A name is stated by which the backend has to prove itself.
    pub fn has_tls(&self) -> bool {
        self.value.get("tlsConfig").is_some_and(|tls| text(tls, "serverNameToVerify").is_some())
    }

    /// It answers that pages of any origin may read the reply.
    pub fn admits_any_origin(&self) -> bool {
        let responses = ["responses", "integrationResponses"].iter().filter_map(|key| self.value.get(*key));
        let headers = responses
            .filter_map(Value::as_object)
            .flat_map(|responses| responses.values())
            .filter_map(|response| response.get("responseParameters")?.as_object());
        headers.flatten().any(|(header, value)| {
            let named = header.to_ascii_lowercase().ends_with(".access-control-allow-origin");
            named && value.as_str().is_some_and(|value| value.trim_matches('\'') == "*")
        })
    }
}

impl Method<'_> {
    /// Browsers send these without credentials, so that they have to be open and give nothing away.
    pub fn is_preflight(&self) -> bool {
        self.verb == "OPTIONS"
    }

    pub fn integration_kind(&self) -> Option<&str> {
        self.integration.as_ref().map(|integration| integration.kind.as_str())
    }

    pub fn uri(&self) -> Option<&str> {
        self.integration.as_ref().and_then(|integration| integration.uri)
    }

    /// It hands its requests to a function.
    pub fn calls_function(&self) -> bool {
        match self.integration_kind() {
            Some("AWS_PROXY") => true,
            Some("AWS") => self.uri().is_some_and(|uri| uri.contains(":lambda:path/")),
            Some(_) | None => false,
        }
    }

    /// `$default`, or `GET /orders`.
    pub fn route(&self) -> String {
        if self.path.starts_with('$') { self.path.to_owned() } else { format!("{} {}", self.verb, self.path) }
    }
}

impl From<&Method<'_>> for Value {
    fn from(method: &Method<'_>) -> Self {
        json!({ "path": method.path, "method": method.verb, "integration": method.integration_kind() })
    }
}

/// Methods as a fact's value.
pub(super) fn to_value<'m>(methods: impl IntoIterator<Item = &'m Method<'m>>) -> Value {
    Value::Array(methods.into_iter().map(Value::from).collect())
}

pub(super) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(integration: Value) -> bool {
        Integration::of(&integration, "deployed").unwrap().is_plain()
    }

    #[test]
    fn plain_is_what_others_can_read_or_answer() {
        assert!(plain(json!({"type": "http_proxy", "uri": "http://shop.example/"})));
        assert!(!plain(json!({"type": "http_proxy", "uri": "https://shop.example/"})));
        let unverified = json!({"insecureSkipVerification": true});
        assert!(plain(json!({"type": "http", "uri": "https://shop.example/", "tlsConfig": unverified})));
        assert!(!plain(json!({"type": "http", "uri": "http://nlb.internal/", "connectionType": "VPC_LINK"})));
        assert!(!plain(json!({"type": "mock"})));
        assert!(Integration::of(&json!({}), "deployed").is_err());
    }

    #[test]
    fn any_origin_is_a_header_of_a_star() {
        let of = |value: &str| {
            let headers = json!({"method.response.header.Access-Control-Allow-Origin": value});
            let integration =
                json!({"type": "mock", "responses": {"default": {"responseParameters": headers}}});
            Integration::of(&integration, "deployed").unwrap().admits_any_origin()
        };
        assert!(of("'*'"));
        assert!(!of("'https://shop.example'"));
    }
}
