//! HTTP and WebSocket APIs of API Gateway: who may call which route, and what stands behind it.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::reading::{Reading, elements, malformed, merged, required, text};

/// Routes that anybody can call, without preflight requests.
///
/// A WebSocket API knows its callers from the connection on, so its routes are never open by themselves.
pub(super) fn open(api: &Resource) -> Reading<Vec<&Value>> {
    if is_websocket(api)? {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut doubts = Vec::new();
    for route in elements(api, "routes", "items")? {
        match is_open(route) {
            Ok(true) if !is_preflight(route) => found.push(route),
            Ok(_) => {}
            Err(reasons) => doubts.extend(reasons),
        }
    }
    if doubts.is_empty() { Ok(found) } else { Err(merged(doubts)) }
}

/// [`open`] as a fact.
pub(super) fn open_routes(api: &Resource) -> Reading<Value> {
    let open = open(api)?;
    let protocol = text(required(api, "api")?, "protocolType");
    let route = |route: &&Value| json!({ "route": text(route, "routeKey"), "protocol": protocol });
    Ok(Value::Array(open.iter().map(route).collect()))
}

/// Whether anybody can open a connection to a WebSocket API. Without a `$connect` route nobody asks.
pub(super) fn is_connect_open(api: &Resource) -> Reading<bool> {
    if !is_websocket(api)? {
        return Ok(false);
    }
    let routes = elements(api, "routes", "items")?;
    match routes.iter().find(|route| text(route, "routeKey") == Some("$connect")) {
        Some(connect) => is_open(connect),
        None => Ok(true),
    }
}

/// The integration that a route leads to, where it can be told.
pub(super) fn integration<'a>(api: &'a Resource, route: &Value) -> Option<&'a Value> {
    let id = text(route, "target")?.strip_prefix("integrations/")?;
    let integrations = elements(api, "integrations", "items").ok()?;
    integrations.iter().find(|integration| text(integration, "integrationId") == Some(id))
}

fn is_websocket(api: &Resource) -> Reading<bool> {
    let protocol = text(required(api, "api")?, "protocolType").ok_or_else(|| malformed("api"))?;
    Ok(protocol == "WEBSOCKET")
}

fn is_open(route: &Value) -> Reading<bool> {
    let authorization = text(route, "authorizationType").ok_or_else(|| malformed("routes"))?;
    let needs_key = route.get("apiKeyRequired").and_then(Value::as_bool) == Some(true);
    Ok(authorization == "NONE" && !needs_key)
}

fn is_preflight(route: &Value) -> bool {
    text(route, "routeKey").is_some_and(|key| key.starts_with("OPTIONS "))
}
