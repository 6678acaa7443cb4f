//! The one way to call AWS: budget, count, time limit, retries and classification in one function.
//!
//! The SDK's own retries are switched off, because they know neither our budgets nor `Retry-After`. Its log
//! lines are discarded, because at trace level they hold whole requests and answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use governor::Jitter;
use nephoscope_model::{CollectionError, Region, Uid};
use serde_json::Value;
use tokio::time::Instant;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::api::Action;
use super::carry::Past;
use super::failure::{Class, Failure};
use super::place::Place;
use super::rehearsal::Purpose;
use super::request::Request;
use super::wire;
use crate::Named;
use crate::budget::Budgets;
use crate::redact::Redactor;

/// How long and how often is tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most tries of one call.
    pub tries: u32,
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest time for one try.
    pub attempt: Duration,
    /// Longest time for one call, with its tries and the waits between them.
    pub call: Duration,
    /// The wait before the second try; it doubles from try to try.
    pub first_wait: Duration,
    /// The longest wait between two tries, whatever the provider asks for.
    pub longest_wait: Duration,
    /// Calls of one shard in flight.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tries: 8,
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            call: Duration::from_secs(120),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(20),
            concurrency: 8,
        }
    }
}

/// What one shard is read with, and what happened while it was read.
#[derive(Debug)]
pub(super) struct Reader {
    pub place: Place,
    /// The configuration of every client of this shard, with its region.
    pub sdk: SdkConfig,
    pub redactor: Redactor,
    pub limits: Limits,
    pub budgets: Budgets,
    pub share: f64,
    /// The regions of the scan, in the first of them: there is read what lives in none of them. None in the others.
    pub first_of: Option<Vec<Region>>,
    /// What resources of other shards refer to, for services that read only that.
    pub named: Named,
    /// What the scan before read of this shard.
    pub past: Past,
    pub purpose: Purpose,
    pub log: Mutex<Log>,
}

/// Calls and errors of one shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub calls: BTreeMap<String, u64>,
    pub errors: BTreeMap<(String, String), CollectionError>,
    /// What failed and cost only calls.
    pub costs: BTreeMap<(String, String), CollectionError>,
}

impl Reader {
    /// What other resources refer to of `service` (as ARNs name it) in this account and region, sorted.
    pub(super) fn named(&self, service: &str) -> Vec<&str> {
        let Place { partition, account, region, .. } = &self.place;
        let ours = |uid: &&str| {
            let parts: Vec<&str> = uid.splitn(6, ':').collect();
            // Buckets name neither, other global things no region.
            let here =
                |named: &str| named.is_empty() || named == region.as_str() || *region == Region::global();
            matches!(parts[..], ["arn", part, of, place, owner, _] if part == partition.as_str()
                && of == service && here(place) && (owner.is_empty() || owner == account.as_str()))
        };
        let most = if self.purpose == Purpose::Probe { 1 } else { usize::MAX };
        self.named.iter().filter(ours).take(most).collect()
    }

    /// Calls an API and returns the whole answer as JSON, with every field that was sent.
    pub(super) async fn call(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        request: Request,
    ) -> Result<Value, Failure> {
        match self.unasked(action) {
            Some(answer) => {
                self.count(action);
                answer
            }
            None => self.ask(action, about, request).await,
        }
    }

    /// Makes the call, whatever the reader is for.
    pub(super) async fn ask(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        request: Request,
    ) -> Result<Value, Failure> {
        let budget = self.budgets.of(&self.place.account, &self.place.region, action.family, self.share);
        let mut spent = Duration::ZERO;
        let mut tries = 0;
        loop {
            budget.take().await;
            self.count(action);
            tries += 1;
            let started = Instant::now();
            let sending = wire::send(&self.sdk, &self.place.partition, action, request.clone());
            let sending = sending.with_subscriber(NoSubscriber::new());
            let failure = match tokio::time::timeout(self.limits.attempt, sending).await {
                Ok(Ok(answer)) => match answer.into_json(action) {
                    Some(answer) => {
                        budget.answered();
                        return Ok(answer);
                    }
                    None => Failure::malformed(action, "the answer is not what the API's protocol promises"),
                },
                Ok(Err(error)) => Failure::of(action, &error),
                Err(_) => Failure::timed_out(action),
            };
            spent += started.elapsed();
            let wait = self.wait(&failure, tries);
            if failure.class == Class::Throttled {
                budget.throttled(wait);
            }
            if tries >= failure.tries(self.limits.tries) || spent + wait > self.limits.call {
                self.record(&failure, about);
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
            spent += wait;
        }
    }

    /// Exponential with full jitter, at least what the provider asked for, at most the limit.
    fn wait(&self, failure: &Failure, tries: u32) -> Duration {
        let doubled = self.limits.first_wait.saturating_mul(1 << (tries - 1).min(16));
        let most = doubled.min(self.limits.longest_wait).max(Duration::from_micros(1));
        let drawn = Jitter::up_to(most) + Duration::ZERO;
        drawn.max(failure.retry_after.unwrap_or_default()).min(self.limits.longest_wait)
    }

    fn count(&self, action: &Action) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        *log.calls.entry(action.api.to_owned()).or_default() += 1;
    }

    /// Notes an error for the coverage. That something does not exist is an answer, not an error, and so is that it was
    /// never asked for.
    pub(super) fn record(&self, failure: &Failure, about: Option<&Uid>) {
        if !matches!(failure.class, Class::NotFound | Class::NotAsked) {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.add(failure.api, &failure.error, &failure.message, failure.permission, about);
        }
    }
}

impl Reader {
    /// Takes an error back that turned out to be an answer.
    pub(super) fn forget(&self, failure: &Failure) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.errors.remove(&(failure.api.to_owned(), failure.error.clone()));
    }

    /// Notes a failure that leaves nothing unread: what it would have spared is read instead.
    pub(super) fn cost(&self, failure: &Failure) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (failure.api.to_owned(), failure.error.clone());
        if !log.errors.contains_key(&key) {
            log.add(failure.api, &failure.error, &failure.message, failure.permission, None);
        }
        if let Some(error) = log.errors.remove(&key) {
            log.costs.insert(key, error);
        }
    }
}

impl Log {
    /// Counts an error; the message and the resource are those of its first occurrence.
    pub(super) fn add(
        &mut self,
        api: &str,
        error: &str,
        message: &str,
        permission: Option<&str>,
        about: Option<&Uid>,
    ) {
        let first = || CollectionError {
            api: api.to_owned(),
            error: error.to_owned(),
            message: message.to_owned(),
            permission: permission.map(str::to_owned),
            count: 0,
            uid: about.cloned(),
        };
        self.errors.entry((api.to_owned(), error.to_owned())).or_insert_with(first).count += 1;
    }
}
