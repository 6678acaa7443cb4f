//! What strangers are answered: the same server asked without credentials, where a target wants that.
//!
//! Nothing is invoked. Triggers are asked at a source beside their own that no function has, and functions with a
//! method that their address does not take; either way the server itself says so, which shows that it was reached.
//! Only hosts are asked that the target names: annotations are written by whoever may deploy.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use nephoscope_model::{Facet, Region, Resource, Unreadable};
use reqwest::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::contexts::Base;
use super::wire::{FAMILY, message};
use crate::failure::Failure;
use crate::normalise::{Read, put, text};
use crate::rest::transport::{Outgoing, Transport};
use crate::rest::{Action, Reader, Reply};

/// Counted as one action, whatever is asked for; no permission would change the answers.
pub(super) static PROBE: Action = Action::new("fn:Probe", &FAMILY);

/// A site that nobody can have: the name is reserved.
const FOREIGN_ORIGIN: &str = "https://stranger.invalid";
/// What no trigger and no function is called.
const NOBODY: &str = "nephoscope-asks-for-no-function";

/// Asks without credentials.
#[derive(Debug)]
pub(super) struct Stranger<'a> {
    pub transport: &'a Transport,
    pub base: &'a Base,
    /// The other host that the target names: that of the load balancer.
    pub public_host: Option<String>,
    /// What was answered at doors, by address: those of one app, or of all functions, are the same.
    pub asked: Mutex<BTreeMap<String, Arc<OnceCell<Read>>>>,
}

/// What stands for an answer that nobody asked for.
pub(super) fn not_probed() -> Facet {
    Facet::Unreadable(Unreadable {
        facet: "probe".to_owned(),
        api: PROBE.api.to_owned(),
        error: super::NOT_PROBED.to_owned(),
        permission: None,
    })
}

impl Stranger<'_> {
    /// What the server answers.
    pub async fn server(&self, reader: &Reader) -> Read {
        let at = |path: &str| format!("{}{path}", self.base.url());
        let api = self.get(reader, &at("/v2/apps?per_page=1")).await?;
        let metrics = self.get(reader, &at("/metrics")).await?;
        let debug = self.get(reader, &at("/debug/pprof/")).await?;
        let asking = HeaderMap::from_iter([
            (ORIGIN, HeaderValue::from_static(FOREIGN_ORIGIN)),
            (ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("GET")),
        ]);
        let preflight = self.ask(reader, Method::OPTIONS, &at("/v2/apps"), asking).await?;
        Ok(Some(json!({
            "api": { "status": api.status, "let_in": listed(&api) },
            "metrics": { "status": metrics.status, "let_in": shown(&metrics, &["# TYPE ", "# HELP "]) },
            "debug": { "status": debug.status, "let_in": shown(&debug, &["/debug/pprof", "goroutine"]) },
            "preflight": {
                "status": preflight.status,
                "origin": FOREIGN_ORIGIN,
                "allow_origin": preflight.header(ALLOW_ORIGIN.as_str()),
            },
        })))
    }

    /// Adds what stands at the doors of `resources`, each address asked once; others stay as they are.
    pub async fn doors(
        &self,
        reader: &Reader,
        resources: &mut [Resource],
        beside: fn(&Value) -> Option<String>,
    ) {
        for resource in resources {
            if let Some(address) = self.door(resource, beside) {
                put(resource, "probe", self.at_door(reader, address).await);
            }
        }
    }

    async fn at_door(&self, reader: &Reader, address: String) -> Read {
        let answer = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asked.entry(address.clone()).or_default())
        };
        let ask = || async {
            let reply = self.get(reader, &address).await?;
            Ok(Some(json!({ "status": reply.status, "let_in": reached(&reply) })))
        };
        answer.get_or_init(ask).await.clone()
    }

    /// The address to ask for a resource, where it is of a host that the target names.
    fn door(&self, resource: &Resource, beside: fn(&Value) -> Option<String>) -> Option<String> {
        let address = resource.facets.values().filter_map(Facet::value).find_map(beside)?;
        let url = Url::parse(&address).ok()?;
        let host = url.host_str()?;
        let is_named = host == self.base.host || self.public_host.as_deref() == Some(host);
        (is_named && matches!(url.scheme(), "http" | "https")).then_some(address)
    }

    async fn get(&self, reader: &Reader, url: &str) -> Result<Reply, Failure> {
        self.ask(reader, Method::GET, url, HeaderMap::new()).await
    }

    /// Any answer is one, a refusal among them.
    async fn ask(
        &self,
        reader: &Reader,
        method: Method,
        url: &str,
        headers: HeaderMap,
    ) -> Result<Reply, Failure> {
        let budget = reader.budgets.of(&reader.account, &Region::global(), &FAMILY, reader.share);
        let send = || async {
            let (method, url, headers) = (method.clone(), url.to_owned(), headers.clone());
            let sent = self.transport.send(Outgoing { method, url, headers, body: Vec::new() }).await;
            sent.map_err(|unsent| unsent.failure(&PROBE))
        };
        let answer = reader.limits.insist(&PROBE, &budget, &reader.log, send).await;
        answer.inspect_err(|failure| reader.log.record(failure, None))
    }
}

const ALLOW_ORIGIN: HeaderName = reqwest::header::ACCESS_CONTROL_ALLOW_ORIGIN;

/// An address beside that of a trigger: of the same app, with a source that it does not have.
pub(super) fn beside_trigger(trigger: &Value) -> Option<String> {
    let address = trigger.pointer("/annotations/fnproject.io~1trigger~1httpEndpoint")?.as_str()?;
    let of_app = address.strip_suffix(text(trigger, "/source")?)?;
    Some(format!("{}/{NOBODY}", of_app.trim_end_matches('/')))
}

/// An address beside that of a function: of the same server, with an id that nothing has.
pub(super) fn beside_function(function: &Value) -> Option<String> {
    let address = function.pointer("/annotations/fnproject.io~1fn~1invokeEndpoint")?.as_str()?;
    let of_server = address.strip_suffix(text(function, "/id")?)?;
    Some(format!("{}/{NOBODY}", of_server.trim_end_matches('/')))
}

/// Whether the list of apps was given; null where the answer is neither the list nor a refusal.
fn listed(reply: &Reply) -> Option<bool> {
    match reply.status {
        401 | 403 => Some(false),
        200 => {
            let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
            body.is_some_and(|body| body["items"].is_array()).then_some(true)
        }
        _ => None,
    }
}

/// Whether a page was given that shows one of `marks`; null where the answer is neither that nor a refusal.
fn shown(reply: &Reply, marks: &[&str]) -> Option<bool> {
    match reply.status {
        401 | 403 | 404 => Some(false),
        200 => {
            let body = String::from_utf8_lossy(&reply.body);
            marks.iter().any(|mark| body.contains(mark)).then_some(true)
        }
        _ => None,
    }
}

/// Whether the server itself answered that there is no such trigger, or that functions are not invoked so.
fn reached(reply: &Reply) -> Option<bool> {
    match (reply.status, message(&reply.body)) {
        (401 | 403, _) => Some(false),
        (404, Some(message)) if message == "Trigger not found" => Some(true),
        (405, Some(message)) if message.starts_with("Method not allowed: GET") => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    #[test]
    fn answers_are_taken_for_what_they_are() {
        assert_eq!(listed(&reply(200, r#"{"items": []}"#)), Some(true));
        assert_eq!(listed(&reply(401, "")), Some(false));
        for (status, body) in
            [(200, "<html>sign in</html>"), (200, "{}"), (302, ""), (500, r#"{"items": []}"#)]
        {
            assert_eq!(listed(&reply(status, body)), None, "{status} {body}");
        }
        assert_eq!(shown(&reply(200, "# TYPE fn_calls counter"), &["# TYPE "]), Some(true));
        assert_eq!(shown(&reply(404, ""), &["# TYPE "]), Some(false));
        assert_eq!(shown(&reply(200, "<html>sign in</html>"), &["# TYPE "]), None);
        assert_eq!(reached(&reply(404, r#"{"message": "Trigger not found"}"#)), Some(true));
        assert_eq!(reached(&reply(405, r#"{"message": "Method not allowed: GET /invoke/x"}"#)), Some(true));
        assert_eq!(reached(&reply(403, "")), Some(false));
        let elsewhere = [(404, "not here"), (404, r#"{"message": "Path not found: GET /t/x"}"#), (200, "{}")];
        for (status, body) in elsewhere {
            assert_eq!(reached(&reply(status, body)), None, "{status} {body}");
        }
    }

    #[test]
    fn doors_are_asked_beside_what_they_lead_to() {
        let trigger = json!({
            "source": "/charge", "annotations": {"fnproject.io/trigger/httpEndpoint": "https://f/t/pay/charge"},
        });
        assert_eq!(beside_trigger(&trigger), Some(format!("https://f/t/pay/{NOBODY}")));
        let function =
            json!({"id": "C", "annotations": {"fnproject.io/fn/invokeEndpoint": "https://f/invoke/C"}});
        assert_eq!(beside_function(&function), Some(format!("https://f/invoke/{NOBODY}")));
        for odd in [json!({}), json!({"source": "/other", "annotations": trigger["annotations"]})] {
            assert_eq!(beside_trigger(&odd), None);
        }
    }
}
