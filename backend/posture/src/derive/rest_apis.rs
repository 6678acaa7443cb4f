//! REST APIs of API Gateway: who may call which method, and what stands behind it.

use nephoscope_model::{Resource, Unreadable};
use serde_json::{Value, json};

use super::grants::Grant;
use super::reading::{Reading, elements, list, malformed, merged, required, text};

/// One method of one path.
pub(super) struct Method<'a> {
    path: &'a str,
    verb: &'a str,
    value: &'a Value,
}

/// How a method knows its callers.
#[derive(PartialEq, Eq)]
enum Lock {
    /// By an authorizer or a signature.
    Authorizer,
    /// By an API key alone.
    Key,
    /// Not at all.
    None,
}

impl<'a> Method<'a> {
    fn lock(&self) -> Reading<Lock> {
        match text(self.value, "authorizationType").ok_or_else(|| malformed("resources"))? {
            "NONE" if flag(self.value, "apiKeyRequired") => Ok(Lock::Key),
            "NONE" => Ok(Lock::None),
            _ => Ok(Lock::Authorizer),
        }
    }

    pub fn integration(&self) -> Option<&'a Value> {
        self.value.get("methodIntegration")
    }

    fn is_preflight(&self) -> bool {
        self.verb.eq_ignore_ascii_case("OPTIONS")
    }
}

impl From<&Method<'_>> for Value {
    fn from(method: &Method<'_>) -> Self {
        json!({ "path": method.path, "method": method.verb })
    }
}

/// Methods that anybody can call; none where the resource policy keeps strangers out.
///
/// Browsers send preflight requests without credentials, so OPTIONS has to be open and gives nothing away.
pub(super) fn open<'a>(
    api: &'a Resource,
    policy: Result<&[Grant], &[Unreadable]>,
) -> Reading<Vec<Method<'a>>> {
    let open = locked_by(api, &Lock::None)?;
    if open.is_empty() {
        return Ok(open);
    }
    let policy = policy.map_err(<[_]>::to_vec)?;
    let strangers = |grant: &Grant| grant.public && grant.allows("execute-api:Invoke");
    let restricts = !policy.is_empty() && !policy.iter().any(strangers);
    Ok(if restricts { Vec::new() } else { open })
}

/// [`open`] as a fact.
pub(super) fn open_methods(api: &Resource, policy: Result<&[Grant], &[Unreadable]>) -> Reading<Value> {
    open(api, policy).map(to_value)
}

/// Methods that an API key alone protects.
pub(super) fn key_only_methods(api: &Resource) -> Reading<Value> {
    locked_by(api, &Lock::Key).map(to_value)
}

/// Methods that hand requests to a function which nothing has looked at before.
pub(super) fn unvalidated_methods(api: &Resource) -> Reading<Value> {
    let mut unvalidated = Vec::new();
    for method in methods(api)? {
        if takes_input(&method) && calls_function(&method) && !is_validated(api, &method)? {
            unvalidated.push(method);
        }
    }
    Ok(to_value(unvalidated))
}

/// Whether an integration over plain HTTP, which may need a client certificate, exists.
pub(super) fn has_http_integration(api_or_stage: &Resource) -> Reading<bool> {
    let is_http = |integration: &Value| matches!(text(integration, "type"), Some("HTTP" | "HTTP_PROXY"));
    Ok(methods(api_or_stage)?.iter().any(|method| method.integration().is_some_and(is_http)))
}

/// Whether the API's own endpoint stands in the internet rather than in a private network.
pub(super) fn has_public_endpoint(api_or_stage: &Resource) -> Reading<bool> {
    let api = required(api_or_stage, "api")?;
    let types =
        api.get("endpointConfiguration").map_or(&[][..], |configuration| list(configuration, "types"));
    // Without a type it is edge-optimised, the provider's default.
    Ok(types.is_empty() || types.iter().any(|kind| kind.as_str() != Some("PRIVATE")))
}

/// Every method of every path, in the provider's order.
fn methods(api: &Resource) -> Reading<Vec<Method<'_>>> {
    let mut methods = Vec::new();
    for resource in elements(api, "resources", "item")? {
        let path = text(resource, "path").ok_or_else(|| malformed("resources"))?;
        if let Some(verbs) = resource.get("resourceMethods").and_then(Value::as_object) {
            methods.extend(verbs.iter().map(|(verb, value)| Method { path, verb, value }));
        }
    }
    Ok(methods)
}

fn locked_by<'a>(api: &'a Resource, lock: &Lock) -> Reading<Vec<Method<'a>>> {
    let mut found = Vec::new();
    let mut doubts = Vec::new();
    for method in methods(api)?.into_iter().filter(|method| !method.is_preflight()) {
        match method.lock() {
            Ok(given) if given == *lock => found.push(method),
            Ok(_) => {}
            Err(reasons) => doubts.extend(reasons),
        }
    }
    if doubts.is_empty() { Ok(found) } else { Err(merged(doubts)) }
}

/// A GET without parameters has nothing to validate.
fn takes_input(method: &Method<'_>) -> bool {
    let has_parameters = method.path.contains('{')
        || method.value.get("requestParameters").and_then(Value::as_object).is_some_and(|p| !p.is_empty());
    match method.verb.to_ascii_uppercase().as_str() {
        "OPTIONS" => false,
        "GET" | "HEAD" => has_parameters,
        _ => true,
    }
}

fn calls_function(method: &Method<'_>) -> bool {
    let Some(integration) = method.integration() else { return false };
    let uri = text(integration, "uri").unwrap_or_default();
    match text(integration, "type") {
        Some("AWS_PROXY") => true,
        Some("AWS") => uri.contains(":lambda:path/"),
        _ => false,
    }
}

fn is_validated(api: &Resource, method: &Method<'_>) -> Reading<bool> {
    let Some(id) = text(method.value, "requestValidatorId") else { return Ok(false) };
    let validators = elements(api, "validators", "item")?;
    let validator = validators.iter().find(|validator| text(validator, "id") == Some(id));
    Ok(validator.is_some_and(|v| flag(v, "validateRequestBody") || flag(v, "validateRequestParameters")))
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool) == Some(true)
}

fn to_value(methods: Vec<Method<'_>>) -> Value {
    Value::Array(methods.iter().map(Value::from).collect())
}
