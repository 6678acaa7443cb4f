//! Stages of REST APIs: who may call which method, and what stands behind it.
//!
//! A stage answers as it was deployed. Only where that could not be exported, the draft stands in for it.

use nephoscope_model::{Resource, Unreadable};
use serde_json::{Value, json};

use super::grants::Grant;
use super::methods::{Integration, Lock, Method, flag, to_value};
use super::openapi;
use crate::derive::reading::{Reading, elements, list, malformed, required, text};

/// Every method of every path: as deployed, else as in the draft.
pub(super) fn methods(stage: &Resource) -> Reading<Vec<Method<'_>>> {
    match openapi::document(stage) {
        Ok(Some(document)) => openapi::methods(document, "deployed"),
        Ok(None) => Err(malformed("deployed")),
        // Why the draft cannot stand in is beside the point: what is deployed should have been read.
        Err(reasons) => draft(stage).map_err(|_| reasons),
    }
}

/// Where [`methods`] were read: `deployed` or `draft`.
pub(super) fn source(stage: &Resource) -> Reading<Value> {
    methods(stage)?;
    Ok(Value::from(if openapi::document(stage).is_ok() { "deployed" } else { "draft" }))
}

/// The methods of the draft that the facet `resources` holds.
pub(super) fn draft(resource: &Resource) -> Reading<Vec<Method<'_>>> {
    required(resource, "resources")?;
    let mut methods = Vec::new();
    for path in elements(resource, "resources", "item")? {
        let name = text(path, "path").ok_or_else(|| malformed("resources"))?;
        for (verb, method) in path.get("resourceMethods").and_then(Value::as_object).into_iter().flatten() {
            methods.push(draft_method(resource, name, verb, method)?);
        }
    }
    Ok(methods)
}

fn draft_method<'a>(
    resource: &Resource,
    path: &'a str,
    verb: &str,
    method: &'a Value,
) -> Reading<Method<'a>> {
    let authorization = text(method, "authorizationType").ok_or_else(|| malformed("resources"))?;
    let integration = method.get("methodIntegration");
    let has = |key: &str| method.get(key).and_then(Value::as_object).is_some_and(|all| !all.is_empty());
    Ok(Method {
        path,
        verb: verb.to_ascii_uppercase(),
        lock: Lock::named(authorization, flag(method, "apiKeyRequired")),
        takes_input: path.contains('{') || has("requestParameters") || has("requestModels"),
        validated: draft_validated(resource, method),
        integration: integration.map(|own| Integration::of(own, "resources")).transpose()?,
    })
}

fn draft_validated(resource: &Resource, method: &Value) -> Option<bool> {
    let Some(id) = text(method, "requestValidatorId") else { return Some(false) };
    let validators = elements(resource, "validators", "item").ok()?;
    let validator = validators.iter().find(|validator| text(validator, "id") == Some(id))?;
    Some(flag(validator, "validateRequestBody") || flag(validator, "validateRequestParameters"))
}

/// Each method with how it knows its callers and what answers.
pub(super) fn overview(stage: &Resource) -> Reading<Value> {
    let one = |method: &Method<'_>| {
        let mut value = Value::from(method);
        value["lock"] = Value::from(method.lock.as_str());
        value
    };
    Ok(Value::Array(methods(stage)?.iter().map(one).collect()))
}

/// Methods that anybody can call; none where the resource policy keeps strangers out.
pub(super) fn open<'a>(
    stage: &'a Resource,
    policy: Result<&[Grant], &[Unreadable]>,
) -> Reading<Vec<Method<'a>>> {
    locked_by(stage, Lock::None, policy)
}

/// [`open`] as a fact.
pub(super) fn open_methods(stage: &Resource, policy: Reading<Vec<Grant>>) -> Reading<Value> {
    open(stage, policy.as_deref().map_err(Vec::as_slice)).map(|open| to_value(&open))
}

/// Methods that an API key alone protects, where the resource policy lets strangers in.
pub(super) fn key_only_methods(stage: &Resource, policy: Reading<Vec<Grant>>) -> Reading<Value> {
    locked_by(stage, Lock::Key, policy.as_deref().map_err(Vec::as_slice)).map(|keyed| to_value(&keyed))
}

/// Open methods that hand every verb and every path below theirs to a function.
pub(super) fn open_proxies(stage: &Resource, policy: Reading<Vec<Grant>>) -> Reading<Value> {
    let mut open = open(stage, policy.as_deref().map_err(Vec::as_slice))?;
    open.retain(|method| {
        method.verb == "ANY" && method.path.ends_with("+}") && method.integration_kind() == Some("AWS_PROXY")
    });
    Ok(to_value(&open))
}

/// Methods that hand requests to a function which nothing has looked at before.
pub(super) fn unvalidated_methods(stage: &Resource) -> Reading<Value> {
    let mut unvalidated = Vec::new();
    for method in methods(stage)?.into_iter().filter(|method| method.calls_function()) {
        let takes_input = match method.verb.as_str() {
            "OPTIONS" => false,
            // Without parameters there is nothing to validate.
            "GET" | "HEAD" => method.takes_input,
            _ => true,
        };
        if takes_input && !method.validated.ok_or_else(|| validator_unread(stage))? {
            unvalidated.push(method);
        }
    }
    Ok(to_value(&unvalidated))
}

/// Why it cannot be told what a validator does.
fn validator_unread(stage: &Resource) -> Vec<Unreadable> {
    match openapi::document(stage) {
        Ok(_) => malformed("deployed"),
        Err(_) => elements(stage, "validators", "item").err().unwrap_or_else(|| malformed("validators")),
    }
}

/// Methods whose requests leave API Gateway in plain text, or for whoever answers.
pub(super) fn plain_integrations(stage: &Resource) -> Reading<Value> {
    let mut plain = methods(stage)?;
    plain.retain(|method| method.integration.as_ref().is_some_and(Integration::is_plain));
    let one =
        |method: &Method<'_>| json!({ "path": method.path, "method": method.verb, "uri": method.uri() });
    Ok(Value::Array(plain.iter().map(one).collect()))
}

/// Preflight methods that let pages of any origin call methods which identify their callers.
pub(super) fn any_origin_methods(stage: &Resource) -> Reading<Value> {
    let methods = methods(stage)?;
    let guarded = |path: &str| {
        let mut beside = methods.iter().filter(|method| method.path == path && !method.is_preflight());
        beside.any(|method| method.lock > Lock::None)
    };
    let found = methods.iter().filter(|method| {
        let any = method.integration.as_ref().is_some_and(Integration::admits_any_origin);
        method.is_preflight() && any && guarded(method.path)
    });
    Ok(to_value(found))
}

/// Whether an integration over plain HTTP, which may need a client certificate, exists.
pub(super) fn has_http_integration(stage: &Resource) -> Reading<bool> {
    let methods = methods(stage)?;
    Ok(methods.iter().any(|method| method.integration.as_ref().is_some_and(Integration::is_http)))
}

/// Whether the API's own endpoint stands in the internet rather than in a private network.
pub(super) fn has_public_endpoint(api_or_stage: &Resource) -> Reading<bool> {
    let api = required(api_or_stage, "api")?;
    let types =
        api.get("endpointConfiguration").map_or(&[][..], |configuration| list(configuration, "types"));
    // Without a type it is edge-optimised, the provider's default.
    Ok(types.is_empty() || types.iter().any(|kind| kind.as_str() != Some("PRIVATE")))
}

/// The facet that names the roles with which the stage calls services.
pub(super) fn integrations_facet(stage: &Resource) -> &'static str {
    if openapi::document(stage).is_ok() { "deployed" } else { "resources" }
}

/// Methods with this lock, preflight aside; none where the resource policy keeps strangers out.
fn locked_by<'a>(
    stage: &'a Resource,
    lock: Lock,
    policy: Result<&[Grant], &[Unreadable]>,
) -> Reading<Vec<Method<'a>>> {
    let mut found = methods(stage)?;
    found.retain(|method| method.lock == lock && !method.is_preflight());
    if found.is_empty() {
        return Ok(found);
    }
    let policy = policy.map_err(<[_]>::to_vec)?;
    let strangers = |grant: &Grant| grant.public && grant.allows("execute-api:Invoke");
    let restricts = !policy.is_empty() && !policy.iter().any(strangers);
    Ok(if restricts { Vec::new() } else { found })
}
