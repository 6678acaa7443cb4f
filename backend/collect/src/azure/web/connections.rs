//! What kind of value a setting has that the platform itself knows: what redaction would lose, and never the value of
//! anything that could be secret.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use nephoscope_model::{Facet, Resource};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::redact::host;

/// Settings that hold a connection or an address.
const CONNECTIONS: [&str; 3] =
    ["AzureWebJobsStorage", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_RUN_FROM_PACKAGE"];

/// Settings that hold a name or a version.
const PLAIN: [&str; 4] = [
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "WEBSITE_NODE_DEFAULT_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
];

/// Adds the facet `connections` of a site, from the settings as they were read.
pub(super) fn describe(site: &mut Resource) {
    let described = match site.facets.get("settings") {
        Some(Facet::Known(settings)) => Facet::Known(Value::Object(connections(settings))),
        Some(Facet::Absent) => Facet::Absent,
        Some(Facet::Unreadable(reason)) => {
            let mut reason = reason.clone();
            reason.facet = "connections".to_owned();
            Facet::Unreadable(reason)
        }
        None => return,
    };
    site.facets.insert("connections".to_owned(), described);
}

/// True for a value that only says where the real one is.
pub(super) fn is_reference(value: &str) -> bool {
    value.starts_with("@Microsoft.KeyVault(") || value.starts_with("@Microsoft.AppConfiguration(")
}

fn connections(settings: &Value) -> Map<String, Value> {
    let settings: Vec<(&String, &str)> = settings
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    // Names of settings mean the same in capitals.
    let find = |sought: &str| settings.iter().find(|(name, _)| name.eq_ignore_ascii_case(sought));
    let mut described = Map::new();
    for name in CONNECTIONS.into_iter().chain(PLAIN) {
        if let Some((_, value)) = find(name) {
            described.insert(name.to_owned(), connection(name, value));
        }
    }
    if let (None, Some(identity)) = (find("AzureWebJobsStorage"), by_identity(&settings)) {
        described.insert("AzureWebJobsStorage".to_owned(), identity);
    }
    described
}

/// The host's storage where only its account is named, so that the identity has to be used.
fn by_identity(settings: &[(&String, &str)]) -> Option<Value> {
    let parts: Vec<(String, &str)> = settings
        .iter()
        .filter_map(|(name, value)| {
            let part = name.get(.."AzureWebJobsStorage".len())?.eq_ignore_ascii_case("AzureWebJobsStorage");
            let part = part.then(|| &name["AzureWebJobsStorage".len()..])?;
            let part = part.strip_prefix("__").or_else(|| part.strip_prefix(':'))?;
            Some((part.to_ascii_lowercase(), *value))
        })
        .collect();
    let part = |sought: &str| parts.iter().find(|(name, _)| name == sought).map(|(_, value)| *value);
    let of_host = |address: &str| {
        let host = host(address);
        let name = host.split_once("://").map_or(host.as_str(), |(_, name)| name);
        name.split('.').next().unwrap_or_default().to_owned()
    };
    let account = part("accountname").map(str::to_owned);
    let account = account.or_else(|| part("blobserviceuri").map(of_host))?;
    Some(json!({"kind": "identity", "account": account}))
}

fn connection(name: &str, value: &str) -> Value {
    if is_reference(value) {
        return json!({"kind": "reference"});
    }
    let parts: Vec<(String, &str)> = value
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value))
        .collect();
    let part = |sought: &str| parts.iter().find(|(key, _)| key == sought).map(|(_, value)| *value);
    let account = part("accountname");
    if part("accountkey").is_some() {
        return json!({"kind": "account_key", "account": account});
    }
    if let Some(signature) = part("sharedaccesssignature") {
        return signed(signature, account, None);
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        let query = value.split_once('?').map(|(_, query)| query).unwrap_or_default();
        return match parameter(query, "sig") {
            Some(_) => signed(query, None, Some(&host(value))),
            None => json!({"kind": "url", "host": host(value)}),
        };
    }
    match PLAIN.contains(&name) && is_plain(value) {
        true => json!({"kind": "plain", "value": value}),
        false => json!({"kind": "other"}),
    }
}

/// What a shared access signature allows and until when; either may stand in a policy of the account instead.
fn signed(query: &str, account: Option<&str>, host: Option<&str>) -> Value {
    let mut described = json!({"kind": "sas", "account": account, "host": host});
    if let Some(expires) = parameter(query, "se").and_then(|expires| instant(&expires)) {
        described["expires"] = Value::from(expires.to_string());
    }
    if let Some(permissions) = parameter(query, "sp") {
        described["writes"] = Value::from(permissions.contains(['a', 'c', 'd', 'u', 'w']));
    }
    described
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// A moment, or the first moment of a day.
fn instant(text: &str) -> Option<Timestamp> {
    let day = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse().ok().or_else(day)
}

/// It looks like a version or the name of a language, and so like nothing secret.
fn is_plain(value: &str) -> bool {
    value.len() <= 24 && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '~' | '.' | '-'))
}
