//! API configs and the gateways that serve them: who is let in, and what stands behind.

use std::collections::BTreeSet;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Resource, Unreadable};
use serde_json::{Value, json};

use super::openapi::{Operation, documents, has_quota, operations, place, prefixes};
use super::serving::Serving;
use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, fact, merged, required, text};

/// The issuer of every Google identity. Whoever has a service account anywhere gets tokens from it, for any audience.
const SHARED_ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// The facts of an API config.
pub(super) fn facts(config: &Resource, map: &Map<'_>, serving: &Serving) -> Vec<(&'static str, Fact)> {
    let named = |is_meant: fn(&Operation<'_>) -> bool| {
        each(config, |operation| is_meant(operation).then(|| shown(operation)))
    };
    vec![
        ("gateways", fact(gateways(config.uid.as_str(), map))),
        ("open_operations", fact(named(is_way_in))),
        ("key_only_operations", fact(named(|o| o.is_key_only()))),
        ("shared_issuers", fact(shared_issuers(config))),
        ("unsigned_backends", fact(named(is_unsigned))),
        ("quota", fact(quota(config))),
        ("open_backends", fact(open_backends(config, map, serving))),
    ]
}

/// The uids of the gateways that serve the config. That there are none is only known where all were listed and read.
pub(super) fn gateways(uid: &str, map: &Map<'_>) -> Reading<Value> {
    let (mut uids, mut doubts) = (Vec::new(), Vec::new());
    for &position in map.kind("gcp.apigateway.gateway") {
        match config_of(&map.open(position)) {
            Ok(Some(config)) if within(&config) == within(uid) => {
                uids.push(Value::from(map.held(position).uid().as_str()));
            }
            Ok(_) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    if uids.is_empty() {
        doubts.extend(map.listed("apigateway", None).err().unwrap_or_default());
        if !doubts.is_empty() {
            return Err(merged(doubts));
        }
    }
    Ok(Value::Array(uids))
}

/// How far a config is reached: by everybody where a gateway serves an operation that asks for nothing.
pub(super) fn reach(position: usize, map: &Map<'_>, doors: &mut Doors) -> Reach {
    let config = map.open(position);
    let unserved = match gateways(config.uid.as_str(), map) {
        Ok(Value::Array(gateways)) if gateways.is_empty() => return Reach::default(),
        Ok(_) => None,
        Err(unread) => Some(unread),
    };
    let open = each(&config, |operation| is_way_in(operation).then(|| address(operation)));
    match open {
        Ok(Value::Array(open)) if open.is_empty() => Reach::default(),
        Ok(open) => match unserved {
            None => {
                let open = open.as_array().into_iter().flatten().filter_map(Value::as_str);
                doors.open.extend(open.map(str::to_owned));
                Reach { witnessed: Exposure::Internet, doubts: Vec::new() }
            }
            Some(unread) => {
                doors.doubts.extend(unread.iter().cloned());
                Err(unread).into()
            }
        },
        Err(reasons) => {
            doors.doubts.extend(reasons.iter().cloned());
            Err(reasons).into()
        }
    }
}

/// What strangers reach through gateways.
#[derive(Debug, Default)]
pub(super) struct Doors {
    /// The addresses behind operations that ask for nothing.
    open: BTreeSet<String>,
    /// Why there may be more.
    pub doubts: Vec<Unreadable>,
}

impl Doors {
    /// Whether one of them leads to one of these addresses.
    pub fn lead_to(&self, addresses: &BTreeSet<String>) -> bool {
        self.open.iter().any(|open| prefixes(open).any(|prefix| addresses.contains(prefix)))
    }
}

/// The uid of the config that a gateway serves; none where it serves none.
pub(super) fn config_of(gateway: &Resource) -> Reading<Option<String>> {
    let config = text(required(gateway, "gateway")?, "apiConfig");
    Ok(config.map(|config| format!("//apigateway.googleapis.com/{config}")))
}

/// A uid without its project, which goes by two names.
pub(super) fn within(uid: &str) -> &str {
    uid.find("/locations/").map_or(uid, |start| &uid[start..])
}

/// What `show` makes of each operation of each document.
fn each(config: &Resource, show: impl Fn(&Operation<'_>) -> Option<Value>) -> Reading<Value> {
    let mut shown = Vec::new();
    for document in documents(config)? {
        shown.extend(operations(document)?.iter().filter_map(&show));
    }
    Ok(Value::Array(shown))
}

/// Whether strangers come in. A preflight is answered to everybody and leads nowhere.
fn is_way_in(operation: &Operation<'_>) -> bool {
    operation.is_open() && !operation.is_preflight()
}

fn shown(operation: &Operation<'_>) -> Value {
    let address = operation.backend.map(|backend| backend.address);
    json!({ "path": operation.path, "method": operation.verb.to_ascii_uppercase(), "backend": address })
}

fn address(operation: &Operation<'_>) -> Value {
    Value::from(operation.backend.map(|backend| place(backend.address)))
}

/// Whether the gateway calls the operation's backend without saying who it is, or where everybody can listen.
fn is_unsigned(operation: &Operation<'_>) -> bool {
    operation.backend.is_some_and(|backend| {
        backend.unauthenticated || backend.address.to_ascii_lowercase().starts_with("http://")
    })
}

/// Schemes that take tokens of an issuer that everybody can have tokens from, where an operation uses them.
fn shared_issuers(config: &Resource) -> Reading<Value> {
    let mut found = BTreeSet::new();
    for document in documents(config)? {
        for operation in &operations(document)? {
            let shared = operation.schemes().filter_map(|scheme| {
                let issuer = scheme.issuer?.trim_end_matches('/');
                SHARED_ISSUERS.contains(&issuer).then(|| (scheme.name.to_owned(), issuer.to_owned()))
            });
            found.extend(shared);
        }
    }
    Ok(found.into_iter().map(|(scheme, issuer)| json!({ "scheme": scheme, "issuer": issuer })).collect())
}

/// Whether any document limits how often one may call; null where there is no document.
fn quota(config: &Resource) -> Reading<Value> {
    let documents = documents(config)?;
    Ok(match documents.is_empty() {
        true => Value::Null,
        false => documents.into_iter().any(has_quota).into(),
    })
}

/// The uids of backends that strangers can call without the gateway.
fn open_backends(config: &Resource, map: &Map<'_>, serving: &Serving) -> Reading<Value> {
    let mut uids = BTreeSet::new();
    let mut doubts = Vec::new();
    for document in documents(config)? {
        for operation in operations(document)? {
            let Some(backend) = operation.backend else { continue };
            let place = place(backend.address);
            let Some(position) = prefixes(place).find_map(|prefix| serving.at(prefix)) else {
                // What is not here may be another project's, or not have been listed.
                if place.contains(".run.app") {
                    doubts.extend(map.listed("run", None).err().unwrap_or_default());
                } else if place.contains(".cloudfunctions.net") {
                    doubts.extend(map.listed("cloudfunctions", None).err().unwrap_or_default());
                }
                continue;
            };
            match serving.direct(position) {
                Some(reach) if reach.witnessed == Exposure::Internet => {
                    uids.insert(map.held(position).uid().to_string());
                }
                Some(reach) => doubts.extend(reach.doubts.iter().cloned()),
                None => {}
            }
        }
    }
    if uids.is_empty() && !doubts.is_empty() { Err(merged(doubts)) } else { Ok(uids.into_iter().collect()) }
}
