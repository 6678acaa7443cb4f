//! GraphQL and event APIs of AppSync: who can reach them.

use nephoscope_model::Resource;
use serde_json::Value;

use crate::derive::reading::{Reading, list, required, text};

/// Whether the API answers on the internet. Without a visibility it does.
pub(super) fn is_public(api: &Resource) -> Reading<bool> {
    Ok(text(required(api, "api")?, "visibility") != Some("PRIVATE"))
}

/// Whether a key, which every client carries in plain sight, opens something of a public API.
pub(super) fn is_open(api: &Resource) -> Reading<bool> {
    let value = required(api, "api")?;
    // Event APIs name the ways in to connect by, whatever channels ask for afterwards.
    let connecting = value.get("eventConfig").map_or(&[][..], |config| list(config, "connectionAuthModes"));
    let others = list(value, "additionalAuthenticationProviders").iter().chain(connecting);
    let keyed = std::iter::once(value).chain(others).any(|way| method(way) == Some("API_KEY"));
    Ok(keyed && is_public(api)?)
}

/// Whether every field that says nothing else asks for no more than a key.
pub(super) fn keys_open_all(api: &Resource) -> Reading<bool> {
    Ok(method(required(api, "api")?) == Some("API_KEY"))
}

fn method(way: &Value) -> Option<&str> {
    text(way, "authenticationType").or_else(|| text(way, "authType"))
}
