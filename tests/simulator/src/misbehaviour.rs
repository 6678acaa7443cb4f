//! What goes wrong, on order and the same each time.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use crate::route::Call;

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
    fault: Fault,
}

impl Misbehaviour {
    /// `calls` (`lambda:GetPolicy`, `lambda:*`, `*`) go wrong, always.
    pub fn always(mut self, calls: &str, fault: Fault) -> Self {
        self.rules.push(Rule { calls: calls.to_owned(), about: None, share: 1.0, first: None, fault });
        self
    }

    /// `calls` that name `about` in their path or parameters go wrong.
    pub fn about(mut self, calls: &str, about: &str, fault: Fault) -> Self {
        let about = Some(about.to_owned());
        self.rules.push(Rule { calls: calls.to_owned(), about, share: 1.0, first: None, fault });
        self
    }

    /// This share of tries of `calls` goes wrong.
    pub fn share(mut self, calls: &str, share: f64, fault: Fault) -> Self {
        self.rules.push(Rule { calls: calls.to_owned(), about: None, share, first: None, fault });
        self
    }

    /// All calls from the `nth` on (counted from 0 over all that was asked) go wrong.
    pub fn from_call(mut self, calls: &str, nth: u64, fault: Fault) -> Self {
        self.rules.push(Rule { calls: calls.to_owned(), about: None, share: 1.0, first: Some(nth), fault });
        self
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

    /// What goes wrong with the `nth` call, which is the `attempt`th with the same content.
    pub(crate) fn of(&self, call: &Call, nth: u64, attempt: u64) -> Option<&Fault> {
        let name = call.name();
        let fits = |rule: &&Rule| {
            let named = match rule.calls.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => rule.calls == name,
            };
            let about = rule.about.as_ref().is_none_or(|about| {
                call.path.iter().any(|segment| segment == about)
                    || call.parameters.values().any(|value| value.as_str() == Some(about))
            });
            named && about && rule.first.is_none_or(|first| nth >= first) && drawn(call, attempt) < rule.share
        };
        self.rules.iter().find(fits).map(|rule| &rule.fault)
    }
}

/// A number from 0 up to 1 that is the same whenever the same try of the same call is made.
fn drawn(call: &Call, attempt: u64) -> f64 {
    let mut hasher = DefaultHasher::new();
    (call.name(), &call.region, &call.path, format!("{:?}", call.parameters), attempt).hash(&mut hasher);
    (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
}
