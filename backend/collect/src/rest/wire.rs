//! Who signs and sends for a provider, and how it says what went wrong.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use nephoscope_model::AccountId;

use super::{Action, Request};
use crate::failure::{Class, Failure, OVERLOADED};

/// What a provider adds to a request, and how its refusals read.
#[async_trait]
pub(crate) trait Wire: fmt::Debug + Send + Sync {
    /// Sends the request with the provider's credentials.
    async fn send(&self, action: &Action, request: &Request) -> Result<Reply, Unsent>;

    /// What a reply that is no success says.
    fn explain(&self, reply: &Reply) -> Explained;

    /// How long to rest after a success that says the quota is nearly spent.
    fn rest(&self, _reply: &Reply) -> Option<Duration> {
        None
    }

    /// Whose quota a call uses, of a shard of `account`.
    fn payer<'a>(&self, _action: &Action, account: &'a AccountId) -> Cow<'a, AccountId> {
        Cow::Borrowed(account)
    }

    /// Why the address of a next page must not be followed; none where it may.
    fn distrusts(&self, address: &str) -> Option<String>;
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub status: u16,
    /// Header names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// True where it refuses credentials in whose place there are others by now.
    pub renewed: bool,
}

/// Why nothing came back.
#[derive(Clone, Debug)]
pub(crate) enum Unsent {
    /// No connection, or it broke before there was an answer.
    Unreachable(String),
    /// The answer broke off, or was larger than anything that a provider sends.
    Broken(String),
    /// There are no credentials, or their provider failed.
    Credentials(String),
    /// Who gives tokens is overloaded, and may have asked to wait.
    Busy { why: String, retry_after: Option<Duration> },
}

/// A provider's own words for a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Explained {
    /// Its error code; empty where it gave none.
    pub code: String,
    pub message: String,
    /// The kind of failure, where the code tells more than the status does.
    pub class: Option<Class>,
}

impl Reply {
    /// The header called `name`, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// True for a page made for people, such as a proxy's sign-in.
    pub(crate) fn looks_like_html(&self) -> bool {
        let declared = self.header("content-type").is_some_and(|kind| kind.contains("text/html"));
        let start = self.body.get(..64).unwrap_or(&self.body).trim_ascii_start().to_ascii_lowercase();
        declared || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
    }

    /// How long the provider asks to wait: `Retry-After` in seconds or as a date, and Azure's in milliseconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        for name in ["x-ms-retry-after-ms", "retry-after-ms"] {
            if let Some(milliseconds) = self.header(name).and_then(|text| text.trim().parse().ok()) {
                return Some(Duration::from_millis(milliseconds));
            }
        }
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let wait = date.duration_since(jiff::Timestamp::now());
        Duration::try_from(wait).ok()
    }

    /// The failure that a reply without success amounts to.
    pub(crate) fn failure(&self, action: &Action, wire: &dyn Wire) -> Failure {
        let status = self.status;
        // A gateway that is overloaded answers with a page too, and it may recover.
        if (self.looks_like_html() && !OVERLOADED.contains(&status)) || (300..400).contains(&status) {
            let message =
                format!("HTTP status {status} with a page or a redirection, which is not the API's answer");
            return Failure::new(action, Class::Foreign, "Malformed", &message);
        }
        let Explained { code, message, class } = wire.explain(self);
        let class = class.unwrap_or(match status {
            401 => Class::Expired,
            403 => Class::Denied,
            404 => Class::NotFound,
            429 => Class::Throttled,
            status if OVERLOADED.contains(&status) => Class::Server,
            _ => Class::Other,
        });
        let code = if code.is_empty() { format!("Http{status}") } else { code };
        let message = if message.is_empty() { format!("HTTP status {status}") } else { message };
        let mut failure = Failure::new(action, class, &code, &message);
        failure.retry_after = self.retry_after();
        failure
    }
}

impl Unsent {
    /// The failure that this amounts to.
    pub(crate) fn failure(&self, action: &Action) -> Failure {
        match self {
            Self::Unreachable(why) => Failure::new(action, Class::Unreachable, "Unreachable", why),
            Self::Broken(why) => Failure::malformed(action, why),
            Self::Credentials(why) => Failure::new(action, Class::Credentials, "Credentials", why),
            // The quota that was spent is not that of the call.
            Self::Busy { why, retry_after } => Failure {
                retry_after: *retry_after,
                ..Failure::new(action, Class::Server, "Credentials", why)
            },
        }
    }
}
