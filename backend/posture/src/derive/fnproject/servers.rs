//! The server: what its API shows of it, what a file declares of it, and what strangers were answered.

use std::borrow::Cow;
use std::collections::BTreeSet;

use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure;
use serde_json::Value;

use super::addresses::{Address, Place};
use super::doors::{self, Door};
use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, malformed, merged, reason, required, text};

/// The one server of an account; none where it was not collected.
pub(super) struct Server<'a>(Option<Cow<'a, Resource>>);

impl<'a> Server<'a> {
    pub fn of(map: &Map<'a>) -> Self {
        Self(map.kind("fn.server").first().map(|&position| map.open(position)))
    }

    /// Whether callers of the API are asked for credentials.
    pub fn authenticated(&self, map: &Map<'_>) -> Reading<bool> {
        let probed = self.answered("api");
        // The scan itself is a stranger where it sends nothing; over loopback it may have gone round a gateway.
        let seen = match self.scan_was_let_in(map)? {
            true => Ok(false),
            false => probed,
        };
        doors::weighed(seen, self.asks("api"))
    }

    /// Whether strangers get neither metrics nor profiles.
    pub fn metrics_authenticated(&self) -> Reading<bool> {
        let seen = match (self.answered("metrics"), self.answered("debug")) {
            (Ok(metrics), Ok(debug)) => Ok(metrics && debug),
            (Ok(false), _) | (_, Ok(false)) => Ok(false),
            (Err(metrics), Err(debug)) => Err(merged(metrics.into_iter().chain(debug))),
            (Err(doubts), Ok(true)) | (Ok(true), Err(doubts)) => Err(doubts),
        };
        doors::weighed(seen, self.asks("metrics"))
    }

    /// Whether the API answers pages of any site.
    pub fn any_origin(&self) -> Reading<bool> {
        let seen = self.facet("probe").and_then(|probe| {
            let preflight = probe.get("preflight").ok_or_else(|| reason("probe", "Inconclusive"))?;
            let allowed = text(preflight, "allow_origin");
            Ok(allowed.is_some_and(|allowed| allowed == "*" || Some(allowed) == text(preflight, "origin")))
        });
        let declared = self.declared("/server/environment").map(|environment| {
            let origins = text(environment, "FN_API_CORS_ORIGINS").unwrap_or_default();
            origins.split(',').any(|origin| origin.trim() == "*")
        });
        match (seen, declared) {
            (Ok(true), _) | (_, Ok(true)) => Ok(true),
            (Ok(false), _) | (_, Ok(false)) => Ok(false),
            (Err(seen), Err(declared)) => Err(merged(seen.into_iter().chain(declared))),
        }
    }

    /// The addresses of the API, of triggers and of functions that are reached without TLS.
    pub fn plain_addresses(&self, map: &Map<'_>) -> Reading<Value> {
        let mut plain = BTreeSet::new();
        let mut doubts = Vec::new();
        let url = self.url()?;
        let api = Address::of(url).ok_or_else(|| malformed("address"))?;
        match (api.scheme, api.place()) {
            ("https", _) => {}
            (_, Place::Private | Place::Public) => {
                plain.insert(shown(&api));
            }
            (_, Place::Loopback) => match self.declared("/tls").map(Value::as_bool) {
                Ok(Some(true)) => {}
                Ok(_) => {
                    plain.insert(shown(&api));
                }
                Err(undeclared) => doubts.extend(undeclared),
            },
        }
        for (kind, facet, service, door) in
            [("fn.function", "fn", "fns", Door::Invoke), ("fn.trigger", "trigger", "triggers", Door::Trigger)]
        {
            doubts.extend(map.listed(service, None).err().into_iter().flatten());
            for &position in map.kind(kind).iter().filter(|&&position| map.is_fresh(position)) {
                let resource = map.held(position).open_only(&[facet]);
                let Ok(given) = doors::address(door, &resource) else { continue };
                let Some(given) = Address::of(given) else { continue };
                let behind_proxy = api.scheme == "https" && given.host.eq_ignore_ascii_case(api.host);
                if given.scheme == "http" && given.place() != Place::Loopback && !behind_proxy {
                    plain.insert(shown(&given));
                }
            }
        }
        // Further ones change nothing once there is one.
        if plain.is_empty() && !doubts.is_empty() {
            return Err(merged(doubts));
        }
        Ok(plain.into_iter().map(Value::from).collect())
    }

    /// How far the API is reached.
    pub fn reach(&self, map: &Map<'_>) -> Reach {
        let place = self.url().and_then(|url| self.place(url));
        doors::opened(place, self.authenticated(map)).into()
    }

    /// From where `address` is reached: as declared, or as its host shows.
    pub fn place(&self, address: &str) -> Reading<Exposure> {
        match self.declared("/reach").map(Value::as_str) {
            Ok(Some("internet")) => Ok(Exposure::Internet),
            Ok(Some("internal")) => Ok(Exposure::Internal),
            Ok(_) => Err(malformed("declared.reach")),
            Err(_) => doors::shown(address, "address"),
        }
    }

    /// Whether anything asks for credentials at `door`, as declared.
    pub fn asks(&self, door: &str) -> Reading<bool> {
        let declared = self.declared(&format!("/authentication/{door}"))?;
        declared.as_str().map(|who| who != "none").ok_or_else(|| malformed("declared.authentication"))
    }

    /// What is declared at `pointer`.
    pub fn declared(&self, pointer: &str) -> Reading<&Value> {
        let declared = self.facet("declared")?;
        let missing = || reason(&format!("declared{}", pointer.replace('/', ".")), "NotDeclared");
        declared.pointer(pointer).ok_or_else(missing)
    }

    /// Whether strangers were asked for credentials at `door`.
    fn answered(&self, door: &str) -> Reading<bool> {
        let probe = self.facet("probe")?;
        doors::asked(probe.get(door), "probe")
    }

    fn scan_was_let_in(&self, map: &Map<'_>) -> Reading<bool> {
        let without = text(self.facet("address")?, "credentials") == Some("none");
        let place = Address::of(self.url()?).map(|address| address.place());
        let beyond = place.is_some_and(|place| place != Place::Loopback);
        Ok(without && beyond && map.listed("apps", None).is_ok())
    }

    fn url(&self) -> Reading<&str> {
        text(self.facet("address")?, "url").ok_or_else(|| malformed("address"))
    }

    fn facet(&self, name: &str) -> Reading<&Value> {
        match &self.0 {
            Some(server) => required(server, name),
            None => Err(reason("server", "NotCollected")),
        }
    }
}

fn shown(address: &Address<'_>) -> String {
    format!("{}://{}", address.scheme, address.authority)
}
