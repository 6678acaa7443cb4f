//! Who comes in through the addresses that the server gives: where they lead, and whether anything asks for credentials.

use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure;
use serde_json::Value;

use super::addresses::{Address, Place};
use super::servers::Server;
use crate::derive::reading::{Reading, facet, malformed, merged, reason, required};

/// An address of a resource that calls a function.
#[derive(Clone, Copy, Debug)]
pub(super) enum Door {
    /// Of a trigger.
    Trigger,
    /// Of a function itself.
    Invoke,
}

impl Door {
    /// The facet and the annotation that hold the address.
    fn annotation(self) -> (&'static str, &'static str) {
        match self {
            Self::Trigger => ("trigger", "fnproject.io/trigger/httpEndpoint"),
            Self::Invoke => ("fn", "fnproject.io/fn/invokeEndpoint"),
        }
    }

    /// What the server facts call it.
    fn declared(self) -> &'static str {
        match self {
            Self::Trigger => "triggers",
            Self::Invoke => "invoke",
        }
    }
}

/// The address that the server gives for the resource.
pub(super) fn address(door: Door, resource: &Resource) -> Reading<&str> {
    let (name, annotation) = door.annotation();
    let found = required(resource, name)?.get("annotations").and_then(|all| all.get(annotation));
    found.and_then(Value::as_str).ok_or_else(|| malformed(name))
}

/// Whether callers are asked for credentials.
pub(super) fn authenticated(door: Door, resource: &Resource, server: &Server<'_>) -> Reading<bool> {
    let answer = facet(resource, "probe").and_then(|probe| asked(probe, "probe"));
    weighed(answer, server.asks(door.declared()))
}

/// How far the resource is reached through its own address.
pub(super) fn exposure(door: Door, resource: &Resource, server: &Server<'_>) -> Reading<Exposure> {
    let place = address(door, resource).and_then(|address| server.place(address));
    opened(place, authenticated(door, resource, server))
}

/// What the answer that strangers were given shows: whether they were asked for credentials.
pub(super) fn asked(answer: Option<&Value>, name: &str) -> Reading<bool> {
    match answer.and_then(|answer| answer.get("let_in")).and_then(Value::as_bool) {
        Some(let_in) => Ok(!let_in),
        None => Err(reason(name, "Inconclusive")),
    }
}

/// Whether something asks for credentials, from what was seen and what is declared. Whoever says no is believed.
pub(super) fn weighed(seen: Reading<bool>, declared: Reading<bool>) -> Reading<bool> {
    match (seen, declared) {
        (Ok(false), _) | (_, Ok(false)) => Ok(false),
        (Ok(true), _) | (_, Ok(true)) => Ok(true),
        (Err(seen), Err(declared)) => Err(merged(seen.into_iter().chain(declared))),
    }
}

/// How far something is reached that stands at `place` and asks for credentials or does not.
pub(super) fn opened(place: Reading<Exposure>, authenticated: Reading<bool>) -> Reading<Exposure> {
    match (place, authenticated) {
        (Ok(Exposure::Internal), _) | (_, Ok(true)) => Ok(Exposure::Internal),
        (place, Ok(false)) => place,
        (Ok(_), Err(doubts)) => Err(doubts),
        (Err(where_to), Err(who)) => Err(merged(where_to.into_iter().chain(who))),
    }
}

/// From where `address` is reached, as far as the name of the host shows.
pub(super) fn shown(address: &str, name: &str) -> Reading<Exposure> {
    match Address::of(address).ok_or_else(|| malformed(name))?.place() {
        Place::Public => Ok(Exposure::Internet),
        Place::Private => Ok(Exposure::Internal),
        // What the machine itself is called tells nothing about who else gets there.
        Place::Loopback => Err(reason("declared.reach", "NotDeclared")),
    }
}
