//! What went wrong in one call: which kind of failure, in the provider's words, without anything of the body.

use std::time::Duration;

use nephoscope_model::{CoverageState, Facet, Unreadable};

use crate::redact::scrub;

/// A call as failures and coverage name it.
pub(crate) trait Asked {
    /// The name under which it is counted.
    fn api(&self) -> &'static str;
    /// The permission that allows it.
    fn permission(&self) -> &'static str;
}

/// A call that was given up.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub class: Class,
    pub api: &'static str,
    /// The provider's error code, or ours.
    pub error: String,
    /// The provider's message, scrubbed and cut.
    pub message: String,
    /// The permission that would have allowed the call, where one was missing.
    pub permission: Option<&'static str>,
    /// How long the provider asked to wait.
    pub retry_after: Option<Duration>,
}

/// Kinds of failure that are handled differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A permission is missing.
    Denied,
    /// Too many calls.
    Throttled,
    /// The region or the API is switched off for the account.
    Disabled,
    /// What was asked for does not exist (any more).
    NotFound,
    /// The provider's own fault.
    Server,
    /// No answer in time.
    TimedOut,
    /// No connection.
    Unreachable,
    /// An answer that cannot be parsed, such as one cut in half.
    Malformed,
    /// An answer that is not an AWS API's, such as a sign-in page.
    Foreign,
    /// There are no credentials, or their provider failed.
    Credentials,
    /// A session that has ended.
    Expired,
    /// The call was counted and not made.
    NotAsked,
    /// Anything else that the provider refuses.
    Other,
}

/// Statuses that may be better at the next try; 501 is not among them.
pub(crate) const OVERLOADED: &[u16] = &[500, 502, 503, 504];

impl Failure {
    pub(crate) fn new(action: &impl Asked, class: Class, error: &str, message: &str) -> Self {
        let permission = (class == Class::Denied).then_some(action.permission());
        let (error, message) = (code(error), cut(&scrub(message)));
        Self { class, api: action.api(), error, message, permission, retry_after: None }
    }

    /// The answer was there but could not be understood.
    pub(crate) fn malformed(action: &impl Asked, message: &str) -> Self {
        Self::new(action, Class::Malformed, "Malformed", message)
    }

    /// A call that a scan makes only where it was asked to, because its permission lets its holder see more.
    pub(crate) fn withheld(action: &impl Asked) -> Self {
        let message = "the call belongs to a tier that the target does not allow";
        Self {
            permission: Some(action.permission()),
            ..Self::new(action, Class::NotAsked, "NotAsked", message)
        }
    }

    pub(crate) fn timed_out(action: &impl Asked) -> Self {
        Self::new(action, Class::TimedOut, "Timeout", "no answer in time")
    }

    /// A call that was not made, because its shard had lost more time than it may.
    pub(crate) fn out_of_time(action: &impl Asked) -> Self {
        let message = "not asked: too much time was lost on calls of this shard that failed";
        Self::new(action, Class::TimedOut, "ShardTimeout", message)
    }

    /// How often a call that fails so is tried, given how often any call may be tried.
    pub(crate) fn tries(&self, most: u32) -> u32 {
        match self.class {
            Class::Throttled | Class::Server => most,
            Class::Unreachable | Class::TimedOut | Class::Malformed => most.min(3),
            Class::Denied
            | Class::Disabled
            | Class::NotFound
            | Class::Foreign
            | Class::Credentials
            | Class::Expired
            | Class::NotAsked
            | Class::Other => 1,
        }
    }

    /// The facet that this call should have filled.
    pub(crate) fn facet(&self, name: &str) -> Facet {
        Facet::Unreadable(Unreadable {
            facet: name.to_owned(),
            api: self.api.to_owned(),
            error: self.error.clone(),
            permission: self.permission.map(str::to_owned),
        })
    }

    /// The state of a shard whose listing failed so.
    pub(crate) fn coverage(&self) -> CoverageState {
        match self.class {
            Class::Denied => CoverageState::Denied,
            Class::Throttled => CoverageState::Throttled,
            Class::Disabled => CoverageState::Disabled,
            Class::NotFound
            | Class::Server
            | Class::TimedOut
            | Class::Unreachable
            | Class::Malformed
            | Class::Foreign
            | Class::Credentials
            | Class::Expired
            | Class::NotAsked
            | Class::Other => CoverageState::Failed,
        }
    }
}

/// A code is a word; whatever else an endpoint sends in its place is not repeated.
fn code(text: &str) -> String {
    let word: String =
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(80).collect();
    if word.is_empty() { "Unknown".to_owned() } else { word }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}
