//! The server's host: a bearer token where there is one, and errors as the server words them.

use std::fmt;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;

use super::contexts::{Base, Contact};
use crate::budget::Family;
use crate::failure::Class;
use crate::rest::transport::{Outgoing, Transport};
use crate::rest::{Action, Explained, Reply, Request, Unsent, Wire};

/// A server publishes no quota. A node answers some thousands of reads a second; what keeps a scan from crowding out
/// others is rather how many calls are in flight.
pub(super) static FAMILY: Family = Family { name: "fn", per_second: 4000.0, burst: 200 };

/// One server.
pub(super) struct Server {
    base: Base,
    token: Option<HeaderValue>,
    transport: Transport,
}

impl Server {
    /// Refuses a token that no header can hold.
    pub fn new(contact: &Contact, transport: Transport) -> Result<Self, String> {
        let token = contact.token.as_ref().map(|token| {
            let header = HeaderValue::from_str(&format!("Bearer {token}"));
            header.map(|mut header| {
                header.set_sensitive(true);
                header
            })
        });
        let token = token.transpose().map_err(|_| "the token holds what a header cannot".to_owned())?;
        Ok(Self { base: contact.base.clone(), token, transport })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("base", &self.base.url()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Wire for Server {
    async fn send(&self, _action: &Action, request: &Request) -> Result<Reply, Unsent> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        headers.extend(self.token.clone().map(|token| (AUTHORIZATION, token)));
        let url = request.url(&self.base.url(), "");
        self.transport.send(Outgoing { method: Method::GET, url, headers, body: Vec::new() }).await
    }

    /// Errors are `{"message": "..."}`, some of them written twice in a row.
    fn explain(&self, reply: &Reply) -> Explained {
        let class = match reply.status {
            // Only what stands in front asks for credentials: that none or the wrong ones were sent is a refusal.
            401 => Some(Class::Denied),
            _ => None,
        };
        Explained { code: String::new(), message: message(&reply.body).unwrap_or_default(), class }
    }

    fn distrusts(&self, _address: &str) -> Option<String> {
        Some("no listing of Fn's names its next page by an address".to_owned())
    }
}

/// The message of the first error in a body.
pub(super) fn message(body: &[u8]) -> Option<String> {
    let first = serde_json::Deserializer::from_slice(body).into_iter::<Value>().next()?.ok()?;
    first.get("message")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_is_written_twice_is_read_once() {
        let twice =
            b"{\"message\":\"Missing App ID on Trigger\"}\n{\"message\":\"Missing App ID on Trigger\"}\n";
        assert_eq!(message(twice).as_deref(), Some("Missing App ID on Trigger"));
        for other in [&b""[..], b"<html>", b"[]", b"{\"message\": 5}"] {
            assert_eq!(message(other), None);
        }
    }
}
