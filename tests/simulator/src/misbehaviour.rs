//! What goes wrong, on order and the same each time.

use std::time::Duration;

use serde_json::Value;

use crate::provider::Asked;

/// One way to misbehave.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Refused as too many calls, with the wait in seconds that `Retry-After` names, if any.
    Throttled(Option<u64>),
    /// Refused for a missing permission.
    Denied,
    /// Refused by the organisation, which no policy of the account can change.
    DeniedByOrganization,
    /// The region is switched off for the account.
    RegionDisabled,
    /// The API is not enabled in the project, or its provider is not registered in the subscription.
    ApiDisabled,
    /// Refused with this status, code and message.
    Refused(u16, String, String),
    /// The credentials have expired.
    ExpiredCredentials,
    /// The server's own fault, with this status.
    ServerError(u16),
    /// The answer comes this much later.
    Late(Duration),
    /// The connection stays open, and nothing ever comes.
    Silence,
    /// The connection is reset.
    Reset,
    /// The answer ends in the middle.
    CutOff,
    /// An answer without end.
    Oversized,
    /// An answer that is not the protocol's.
    Malformed,
    /// A page for people.
    Html,
    /// A listing whose next page is the same again.
    RepeatedToken,
    /// A listing whose next page lies on another host, where the provider gives next pages as addresses.
    NextElsewhere,
    /// The value at this JSON pointer of the answer is another one; none takes it away. In a list, `*` is every item.
    Changed(String, Option<Value>),
    /// What was listed a moment ago does not exist any more.
    Vanished,
}

/// Which calls go wrong, and how. Decisions depend on the seed and on what is asked, not on the order of calls.
#[derive(Clone, Debug, Default)]
pub struct Misbehaviour {
    rules: Vec<Rule>,
    /// True where the published quotas are kept.
    pub quotas: bool,
    /// How long every answer takes.
    pub latency: Duration,
}

#[derive(Clone, Debug)]
struct Rule {
    calls: String,
    about: Option<String>,
    share: f64,
    first: Option<u64>,
    tries: Option<u64>,
    fault: Fault,
}

impl Rule {
    fn new(calls: &str, fault: Fault) -> Self {
        Self { calls: calls.to_owned(), about: None, share: 1.0, first: None, tries: None, fault }
    }
}

impl Misbehaviour {
    /// `calls` (`lambda:GetPolicy`, `lambda:*`, `*`) go wrong, always. Where a provider is asked by address, the
    /// pattern may be one of method and address instead: `GET */sites/*/config/web*`.
    pub fn always(self, calls: &str, fault: Fault) -> Self {
        self.with(Rule::new(calls, fault))
    }

    /// The first so many tries of each of `calls` go wrong, and the next one does not.
    pub fn first_tries(self, calls: &str, tries: u64, fault: Fault) -> Self {
        self.with(Rule { tries: Some(tries), ..Rule::new(calls, fault) })
    }

    /// `calls` that name `about` in their path or parameters go wrong.
    pub fn about(self, calls: &str, about: &str, fault: Fault) -> Self {
        self.with(Rule { about: Some(about.to_owned()), ..Rule::new(calls, fault) })
    }

    /// This share of tries of `calls` goes wrong.
    pub fn share(self, calls: &str, share: f64, fault: Fault) -> Self {
        self.with(Rule { share, ..Rule::new(calls, fault) })
    }

    /// All calls from the `nth` on (counted from 0 over all that was asked) go wrong.
    pub fn from_call(self, calls: &str, nth: u64, fault: Fault) -> Self {
        self.with(Rule { first: Some(nth), ..Rule::new(calls, fault) })
    }

    /// Within the published quotas only.
    pub fn with_quotas(mut self) -> Self {
        self.quotas = true;
        self
    }

    /// Every answer takes this long.
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// What goes wrong with the `nth` call, which is the `attempt`th with the same content.
    pub(crate) fn of(&self, call: &impl Asked, nth: u64, attempt: u64) -> Option<&Fault> {
        let (name, line) = (call.name(), call.line());
        let applies = |rule: &&Rule| {
            let named = fits(&rule.calls, &name) || line.as_ref().is_some_and(|line| fits(&rule.calls, line));
            let about = rule.about.as_ref().is_none_or(|about| call.mentions(about));
            named
                && about
                && rule.first.is_none_or(|first| nth >= first)
                && rule.tries.is_none_or(|tries| attempt < tries)
                && call.drawn(attempt) < rule.share
        };
        self.rules.iter().find(applies).map(|rule| &rule.fault)
    }
}

/// A number from 0 up to 1, made from bits.
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// True where the text is as the pattern says, in which `*` stands for anything; upper and lower case are the same.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let start = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(start) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}
