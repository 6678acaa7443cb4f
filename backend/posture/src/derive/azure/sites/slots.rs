//! A deployment slot beside the app that it stands in for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nephoscope_model::secret::Redacted;
use nephoscope_model::{RelationName, Resource, Unreadable};
use serde_json::{Value, json};

use super::access::{Access, Door};
use super::sign_in::SignIn;
use super::{APP, properties};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, malformed, merged, reason, required, text};

/// The names of the settings in which the slot is less protected than the app. Each is a witness of its own; that there
/// are none is only known where all of both could be read.
pub(super) fn weaker(position: usize, slot: &Resource, map: &Map<'_>) -> Reading<Value> {
    let app = app(position, map)?;
    let mut found = Vec::new();
    let mut doubts: Vec<Unreadable> = Vec::new();
    for (name, guard) in GUARDS {
        match (guard(slot), guard(&app)) {
            (Ok(slot), Ok(app)) if slot < app => found.push(name),
            (Ok(_), Ok(_)) => {}
            (Err(more), Ok(_)) | (Ok(_), Err(more)) => doubts.extend(more),
            (Err(one), Err(other)) => doubts.extend(one.into_iter().chain(other)),
        }
    }
    if found.is_empty() && !doubts.is_empty() {
        return Err(merged(doubts));
    }
    Ok(json!(found))
}

/// The names of the settings of the slot that look like a secret and hold the same value as one of the app.
pub(super) fn shared_secrets(position: usize, slot: &Resource, map: &Map<'_>) -> Reading<Value> {
    let slot = secret_tags(slot)?;
    if slot.is_empty() {
        return Ok(json!([]));
    }
    let app = app(position, map)?;
    let app = secret_tags(&app)?;
    let shared = slot.iter().filter(|(_, tag)| app.values().any(|other| other == *tag));
    Ok(shared.map(|(name, _)| name.as_str()).collect())
}

/// How strong one protection is; more is stronger.
type Guard = fn(&Resource) -> Reading<i64>;

const GUARDS: [(&str, Guard); 7] = [
    ("cors", |site| {
        let origins = properties(site, "config")?.pointer("/cors/allowedOrigins").and_then(Value::as_array);
        Ok(i64::from(!origins.is_some_and(|origins| origins.iter().any(|origin| origin == "*"))))
    }),
    ("ftpsState", |site| match text(properties(site, "config")?, "ftpsState") {
        Some("AllAllowed") => Ok(0),
        Some("FtpsOnly") => Ok(1),
        Some("Disabled") => Ok(2),
        _ => Err(malformed("config")),
    }),
    ("httpsOnly", |site| flag(properties(site, "site")?, "httpsOnly", "site")),
    ("minTlsVersion", |site| {
        let version = text(properties(site, "config")?, "minTlsVersion");
        let minor =
            version.and_then(|version| version.strip_prefix("1.")).and_then(|minor| minor.parse().ok());
        minor.ok_or_else(|| malformed("config"))
    }),
    ("network", |site| Ok(-(Access::of(site, Door::Main)?.admits as i64))),
    ("remoteDebuggingEnabled", |site| {
        Ok(1 - flag(properties(site, "config")?, "remoteDebuggingEnabled", "config")?)
    }),
    ("signIn", |site| Ok(i64::from(SignIn::of(site)?.is_enforced()))),
];

fn flag(value: &Value, key: &str, facet: &str) -> Reading<i64> {
    value.get(key).and_then(Value::as_bool).map(i64::from).ok_or_else(|| malformed(facet))
}

fn app<'a>(position: usize, map: &Map<'a>) -> Reading<Cow<'a, Resource>> {
    let relations = map.held(position).relations().iter();
    let parent = relations.filter(|relation| relation.name == RelationName::PartOf);
    let mut parent = parent.filter_map(|relation| map.position(relation.to.as_str()));
    let app = parent.find(|&position| map.held(position).kind().as_str() == APP && map.is_fresh(position));
    app.map(|position| map.open(position)).ok_or_else(|| reason("app", "NotCollected"))
}

/// The tag of each setting that looks like a secret, by name.
fn secret_tags(site: &Resource) -> Reading<BTreeMap<String, String>> {
    let settings = required(site, "settings")?.get("properties").and_then(Value::as_object);
    let settings = settings.ok_or_else(|| malformed("settings"))?.iter();
    let secret = |(name, value): (&String, &Value)| {
        let redacted = Redacted::from_value(value)?;
        redacted.detector.as_ref()?;
        Some((name.clone(), redacted.tag))
    };
    Ok(settings.filter_map(secret).collect())
}
