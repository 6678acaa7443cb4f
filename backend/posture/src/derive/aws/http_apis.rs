//! Stages of HTTP and WebSocket APIs: who may call which route, and what stands behind it.
//!
//! A stage of an HTTP API answers as it was deployed. WebSocket APIs cannot be exported; there, and where an export was
//! refused, the routes, integrations and authorizers as they are edited stand in for what is deployed.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::methods::{Integration, Lock, Method, flag};
use super::openapi;
use crate::derive::reading::{Reading, elements, list, malformed, required, text};

/// Every route: as deployed, else as edited.
pub(super) fn routes(stage: &Resource) -> Reading<Vec<Method<'_>>> {
    match openapi::document(stage) {
        Ok(Some(document)) => openapi::methods(document, "deployed"),
        Ok(None) => edited(stage),
        // Why the edited routes cannot stand in is beside the point: what is deployed should have been read.
        Err(reasons) => edited(stage).map_err(|_| reasons),
    }
}

/// Where [`routes`] were read: `deployed` or `draft`.
pub(super) fn source(stage: &Resource) -> Reading<Value> {
    routes(stage)?;
    let deployed = matches!(openapi::document(stage), Ok(Some(_)));
    Ok(Value::from(if deployed { "deployed" } else { "draft" }))
}

fn edited(stage: &Resource) -> Reading<Vec<Method<'_>>> {
    required(stage, "routes")?;
    let mut routes = Vec::new();
    for route in elements(stage, "routes", "items")? {
        let key = text(route, "routeKey").ok_or_else(|| malformed("routes"))?;
        let authorization = text(route, "authorizationType").ok_or_else(|| malformed("routes"))?;
        let (verb, path) = key.split_once(' ').unwrap_or(("ANY", key));
        routes.push(Method {
            path,
            verb: verb.to_ascii_uppercase(),
            lock: Lock::named(authorization, flag(route, "apiKeyRequired")),
            takes_input: true,
            validated: None,
            integration: integration(stage, route)?,
        });
    }
    Ok(routes)
}

/// The integration that a route leads to, where it can be told.
fn integration<'a>(stage: &'a Resource, route: &Value) -> Reading<Option<Integration<'a>>> {
    let id = text(route, "target").and_then(|target| target.strip_prefix("integrations/"));
    let Ok(integrations) = elements(stage, "integrations", "items") else { return Ok(None) };
    let found = integrations.iter().find(|one| id.is_some() && text(one, "integrationId") == id);
    found.map(|one| Integration::of(one, "integrations")).transpose()
}

/// Routes that anybody can call, without preflight requests.
///
/// A WebSocket API knows its callers from the connection on, so its routes are never open by themselves.
pub(super) fn open(stage: &Resource) -> Reading<Vec<Method<'_>>> {
    if is_websocket(stage)? {
        return Ok(Vec::new());
    }
    let mut open = routes(stage)?;
    open.retain(|route| route.lock == Lock::None && !route.is_preflight());
    Ok(open)
}

/// [`open`] as a fact.
pub(super) fn open_routes(stage: &Resource) -> Reading<Value> {
    let open = open(stage)?;
    let protocol = text(required(stage, "api")?, "protocolType");
    let route = |route: &Method<'_>| json!({ "route": route.route(), "protocol": protocol });
    Ok(Value::Array(open.iter().map(route).collect()))
}

/// Whether anybody can open a connection to a WebSocket API. Without a `$connect` route nobody asks.
pub(super) fn is_connect_open(stage: &Resource) -> Reading<bool> {
    if !is_websocket(stage)? {
        return Ok(false);
    }
    let routes = routes(stage)?;
    Ok(routes.iter().find(|route| route.path == "$connect").is_none_or(|connect| connect.lock == Lock::None))
}

/// Routes that lead into a VPC without naming who has to answer there.
pub(super) fn plain_links(stage: &Resource) -> Reading<Value> {
    let mut routes = routes(stage)?;
    if openapi::document(stage).ok().flatten().is_none() {
        required(stage, "integrations")?;
    }
    routes.retain(|route| {
        route.integration.as_ref().is_some_and(|behind| behind.is_private() && !behind.has_tls())
    });
    let one = |route: &Method<'_>| json!({ "route": route.route(), "uri": route.uri() });
    Ok(Value::Array(routes.iter().map(one).collect()))
}

/// Whether any route leads into a VPC.
pub(super) fn private_links(stage: &Resource) -> Reading<bool> {
    if openapi::document(stage).ok().flatten().is_none() {
        required(stage, "integrations")?;
    }
    Ok(routes(stage)?.iter().any(|route| route.integration.as_ref().is_some_and(Integration::is_private)))
}

/// Authorizers that take any issuer's or any audience's token.
pub(super) fn weak_tokens(stage: &Resource) -> Reading<Value> {
    let found: Vec<Value> = match openapi::document(stage) {
        Ok(Some(document)) => openapi::authorizers(document)
            .filter(|(_, authorizer)| is_weak(authorizer))
            .map(|(name, authorizer)| described(name, authorizer))
            .collect(),
        Ok(None) => weak_of_list(stage)?,
        Err(reasons) => weak_of_list(stage).map_err(|_| reasons)?,
    };
    Ok(Value::Array(found))
}

/// Whether any authorizer looks at tokens.
pub(super) fn has_tokens(stage: &Resource) -> Reading<bool> {
    let has = |authorizer: &Value| authorizer.get("jwtConfiguration").is_some();
    match openapi::document(stage) {
        Ok(Some(document)) => Ok(openapi::authorizers(document).any(|(_, authorizer)| has(authorizer))),
        Ok(None) => {
            required(stage, "authorizers")?;
            Ok(elements(stage, "authorizers", "items")?.iter().any(has))
        }
        Err(reasons) => {
            required(stage, "authorizers").map_err(|_| reasons)?;
            Ok(elements(stage, "authorizers", "items")?.iter().any(has))
        }
    }
}

fn weak_of_list(stage: &Resource) -> Reading<Vec<Value>> {
    required(stage, "authorizers")?;
    let listed = elements(stage, "authorizers", "items")?.iter().filter(|authorizer| is_weak(authorizer));
    Ok(listed.map(|authorizer| described(text(authorizer, "name").unwrap_or_default(), authorizer)).collect())
}

fn described(name: &str, authorizer: &Value) -> Value {
    let of = |key: &str| authorizer.pointer(&format!("/jwtConfiguration/{key}"));
    json!({ "name": name, "issuer": of("issuer"), "audience": of("audience") })
}

/// Without an audience every token of the issuer will do; such an issuer gives tokens to everybody's users.
fn is_weak(authorizer: &Value) -> bool {
    let Some(jwt) = authorizer.get("jwtConfiguration") else { return false };
    let issuer = text(jwt, "issuer").unwrap_or_default();
    let shared = ["login.microsoftonline.com/common", "login.microsoftonline.com/organizations"];
    list(jwt, "audience").is_empty()
        || !issuer.starts_with("https://")
        || shared.iter().any(|host| issuer.contains(host))
}

fn is_websocket(stage: &Resource) -> Reading<bool> {
    let protocol = text(required(stage, "api")?, "protocolType").ok_or_else(|| malformed("api"))?;
    Ok(protocol == "WEBSOCKET")
}
