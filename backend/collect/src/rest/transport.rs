//! HTTP: one client for all hosts of a target, which sends everything to one address where a configuration says so.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};

use super::{Reply, Unsent};

/// The most that a reply may hold; the largest pages of the providers are a tenth of it.
const LARGEST_REPLY: usize = 128 << 20;

/// The header that names the host that was meant, where all go to one address.
const MEANT_HOST: &str = "x-original-host";

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Client,
    endpoint: Option<Url>,
}

/// A request that is ready to go.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Transport {
    /// A client that connects within `connect`; with an `endpoint`, that is where every request goes.
    pub(crate) fn new(connect: Duration, endpoint: Option<&str>) -> Result<Self, Unsent> {
        let client = Client::builder()
            .connect_timeout(connect)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("nephoscope/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Unsent::Unreachable(innermost(&error)))?;
        let endpoint = endpoint.map(|text| {
            Url::parse(text)
                .map_err(|error| Unsent::Unreachable(format!("`{text}` is not an address: {error}")))
        });
        Ok(Self { client, endpoint: endpoint.transpose()? })
    }

    /// Sends it and reads the whole reply.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<Reply, Unsent> {
        let meant = Url::parse(&outgoing.url)
            .map_err(|error| Unsent::Unreachable(format!("`{}` is not an address: {error}", outgoing.url)))?;
        let mut headers = outgoing.headers;
        let url = match &self.endpoint {
            None => meant,
            Some(endpoint) => {
                let host = meant.host_str().and_then(|host| HeaderValue::from_str(host).ok());
                if let Some(host) = host {
                    headers.insert(HOST, host.clone());
                    headers.insert(HeaderName::from_static(MEANT_HOST), host);
                }
                routed(meant, endpoint)
            }
        };
        let request = self.client.request(outgoing.method, url).headers(headers).body(outgoing.body);
        let mut response = request.send().await.map_err(|error| Unsent::Unreachable(innermost(&error)))?;
        let status = response.status().as_u16();
        let mut reply = Reply { status, headers: named(response.headers()), ..Reply::default() };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if reply.body.len() + chunk.len() > LARGEST_REPLY => {
                    return Err(Unsent::Broken(format!(
                        "the answer is larger than {} MiB",
                        LARGEST_REPLY >> 20
                    )));
                }
                Ok(Some(chunk)) => reply.body.extend_from_slice(&chunk),
                Ok(None) => return Ok(reply),
                Err(error) => {
                    return Err(Unsent::Broken(format!("the answer broke off: {}", innermost(&error))));
                }
            }
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("endpoint", &self.endpoint.as_ref().map(Url::as_str)).finish()
    }
}

/// Headers as a reply has them.
pub(crate) fn named(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The same path and parameters at `endpoint`.
fn routed(meant: Url, endpoint: &Url) -> Url {
    let mut url = endpoint.clone();
    url.set_path(&format!("{}{}", endpoint.path().trim_end_matches('/'), meant.path()));
    url.set_query(meant.query());
    url
}

/// The last cause, without the address, which can hold what nobody should read.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |inner| (**inner).source()).last();
    last.map_or_else(|| error.to_string(), ToString::to_string)
}
