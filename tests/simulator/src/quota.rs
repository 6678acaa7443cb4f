//! Published quotas, as token buckets that refuse what comes too early.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// The quota that a call counts against.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What shares the quota.
    pub bucket: String,
    /// Calls a second.
    pub rate: f64,
    /// True where calls are not given back one by one, but all at once when a window of time ends.
    pub windowed: bool,
    /// Calls at once.
    pub burst: f64,
    /// True where a refusal says in `Retry-After` how long to wait.
    pub told: bool,
}

/// What a quota says of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Admission {
    /// Within the quota; so many calls are left, and in so many seconds all of them will be.
    Admitted(u64, f64),
    /// Too early by so many seconds.
    Refused(f64),
}

/// The buckets of one cloud.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<HashMap<String, (f64, Instant)>>);

impl Quotas {
    /// Takes one call from the bucket, if there is one in it.
    pub(crate) fn take(&self, limit: &Limit) -> Admission {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (tokens, since) = buckets.entry(limit.bucket.clone()).or_insert((limit.burst, now));
        let passed = now.duration_since(*since).as_secs_f64();
        let full_after = |missing: f64| missing / limit.rate;
        let window = full_after(limit.burst);
        if !limit.windowed {
            *tokens = (*tokens + passed * limit.rate).min(limit.burst);
            *since = now;
        } else if passed >= window {
            (*tokens, *since) = (limit.burst, now);
        }
        let left_of_window = window - now.duration_since(*since).as_secs_f64();
        if *tokens < 1.0 {
            return Admission::Refused(if limit.windowed {
                left_of_window
            } else {
                full_after(1.0 - *tokens)
            });
        }
        *tokens -= 1.0;
        let full = if limit.windowed { left_of_window } else { full_after(limit.burst - *tokens) };
        Admission::Admitted(*tokens as u64, full)
    }
}
