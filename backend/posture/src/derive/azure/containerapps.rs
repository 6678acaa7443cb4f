//! Container apps: which of them answer on the internet, and which of those let anybody in.

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Resource};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, facet, fact, list, malformed, reason, required, text};
use crate::derive::secrets;

/// A container app is reached as far as its ingress and its environment lead and its sign-in lets anybody through.
pub(super) fn expose(map: &Map<'_>, reaches: &mut [Reach]) {
    for &position in map.kind("azure.containerapps.app") {
        let reach: Reach = exposure(&map.open(position), map).into();
        // An API in front of it may have opened it further.
        reaches[position].include(&reach);
    }
}

/// The facts of a container app.
pub(super) fn facts(app: &Resource, map: &Map<'_>, exposure: Fact) -> Vec<(&'static str, Fact)> {
    vec![
        ("public_ingress", fact(public_ingress(app, map))),
        ("secrets", fact(secrets::secrets(app, "app"))),
        ("exposure", exposure),
    ]
}

fn exposure(app: &Resource, map: &Map<'_>) -> Reading<Exposure> {
    let open = public_ingress(app, map)? && !asks_for_sign_in(app)?;
    Ok(if open { Exposure::Internet } else { Exposure::Internal })
}

/// Whether any address of the internet gets an answer.
fn public_ingress(app: &Resource, map: &Map<'_>) -> Reading<bool> {
    let properties = properties(app, "app")?;
    let Some(ingress) = properties.pointer("/configuration/ingress").filter(|ingress| !ingress.is_null())
    else {
        return Ok(false);
    };
    let external = ingress.get("external").and_then(Value::as_bool).unwrap_or(false);
    if !external || is_restricted(list(ingress, "ipSecurityRestrictions")) {
        return Ok(false);
    }
    let environment = ["environmentId", "managedEnvironmentId"].iter().find_map(|key| text(properties, key));
    let environment = environment.ok_or_else(|| malformed("app"))?.to_lowercase();
    let position = map.position(&environment).ok_or_else(|| reason("environment", "NotCollected"))?;
    is_open(&map.open(position))
}

/// Rules are either all for letting in, and nobody else is, or all for keeping out, and everybody else is let in.
fn is_restricted(rules: &[Value]) -> bool {
    let mut allowed = rules.iter().filter(|rule| text(rule, "action") == Some("Allow")).peekable();
    let everything =
        |rule: &Value| matches!(text(rule, "ipAddressRange").map(str::trim), Some("0.0.0.0/0" | "::/0"));
    allowed.peek().is_some() && !allowed.any(everything)
}

/// Whether the environment has an address on the internet.
fn is_open(environment: &Resource) -> Reading<bool> {
    let properties = properties(environment, "environment")?;
    let internal = properties.pointer("/vnetConfiguration/internal").and_then(Value::as_bool) == Some(true);
    Ok(!internal && text(properties, "publicNetworkAccess") != Some("Disabled"))
}

/// Whether the built-in sign-in turns strangers away.
fn asks_for_sign_in(app: &Resource) -> Reading<bool> {
    let Some(auth) = facet(app, "auth")? else { return Ok(false) };
    if auth.pointer("/properties/platform/enabled").and_then(Value::as_bool) != Some(true) {
        return Ok(false);
    }
    match auth.pointer("/properties/globalValidation/unauthenticatedClientAction").and_then(Value::as_str) {
        Some("AllowAnonymous") => Ok(false),
        Some(_) => Ok(true),
        // No default is documented.
        None => Err(malformed("auth")),
    }
}

fn properties<'a>(resource: &'a Resource, facet: &str) -> Reading<&'a Value> {
    required(resource, facet)?.get("properties").ok_or_else(|| malformed(facet))
}
