//! What happened while one shard was read, and the coverage that this amounts to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nephoscope_model::{
    CollectionError, Coverage, CoverageState, Facet, PackedResource, Resource, Shard, ShardKey, Uid,
};

use crate::failure::{Asked, Class, Failure};

/// Calls and errors of one shard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub calls: BTreeMap<String, u64>,
    pub errors: BTreeMap<(String, String), CollectionError>,
    /// What failed and cost only calls.
    pub costs: BTreeMap<(String, String), CollectionError>,
}

/// The log of a shard, written by all calls that are in flight.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    log: Mutex<Log>,
    /// Milliseconds that calls lost, all together.
    lost: AtomicU64,
}

impl Journal {
    /// A journal that goes on where `log` ends.
    pub(crate) fn after(log: Log) -> Self {
        Self { log: Mutex::new(log), lost: AtomicU64::default() }
    }

    /// Everything that was noted.
    pub(crate) fn into_log(self) -> Log {
        self.log.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was noted so far.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one try of a call.
    pub(crate) fn count(&self, asked: &impl Asked) {
        *self.lock().calls.entry(asked.api().to_owned()).or_default() += 1;
    }

    /// Notes time that a call lost.
    pub(crate) fn lose(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.lost.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// The time that calls lost so far, all together.
    pub(crate) fn lost(&self) -> Duration {
        Duration::from_millis(self.lost.load(Ordering::Relaxed))
    }

    /// Notes an error for the coverage. That something does not exist is an answer, not an error, and so is that it was
    /// never asked for.
    pub(crate) fn record(&self, failure: &Failure, about: Option<&Uid>) {
        if !matches!(failure.class, Class::NotFound | Class::NotAsked) {
            self.lock().add(failure.api, &failure.error, &failure.message, failure.permission, about);
        }
    }

    /// Notes a failure of a call that another shard made for this one too, unless it was this one.
    pub(crate) fn note(&self, failure: &Failure) {
        let known = self.lock().errors.contains_key(&(failure.api.to_owned(), failure.error.clone()));
        if !known {
            self.record(failure, None);
        }
    }

    /// Takes an error back that turned out to be an answer.
    pub(crate) fn forget(&self, failure: &Failure) {
        self.lock().errors.remove(&(failure.api.to_owned(), failure.error.clone()));
    }

    /// Notes a failure that leaves nothing unread: what it would have spared is read instead.
    pub(crate) fn cost(&self, failure: &Failure) {
        let mut log = self.lock();
        let key = (failure.api.to_owned(), failure.error.clone());
        if !log.errors.contains_key(&key) {
            log.add(failure.api, &failure.error, &failure.message, failure.permission, None);
        }
        if let Some(error) = log.errors.remove(&key) {
            log.costs.insert(key, error);
        }
    }
}

/// The error of what was left out on purpose.
const NOT_ASKED: &str = "NotAsked";

impl Log {
    /// Counts an error; the message and the resource are those of its first occurrence.
    pub(crate) fn add(
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

    /// Counts the calls of another log as well.
    pub(crate) fn add_calls(&mut self, other: &Log) {
        for (api, count) in &other.calls {
            *self.calls.entry(api.clone()).or_default() += count;
        }
    }

    /// Adds the errors that came up while replies were normalised into the resource: no unreadable facet without an error.
    pub(crate) fn complete(&mut self, resource: &Resource) {
        let mut found = Log::default();
        found.note_unreadable(resource);
        self.complete_with(found);
    }

    /// Counts an error for each facet of `resource` that is unreadable. What was left out on purpose did not fail.
    pub(crate) fn note_unreadable(&mut self, resource: &Resource) {
        let unreadable = resource.facets.values().filter_map(Facet::unreadable);
        for unreadable in unreadable.filter(|unreadable| unreadable.error != NOT_ASKED) {
            let message = format!("the facet `{}` could not be read", unreadable.facet);
            let permission = unreadable.permission.as_deref();
            self.add(&unreadable.api, &unreadable.error, &message, permission, Some(&resource.uid));
        }
    }

    /// Takes over the errors of `found` that are not known.
    pub(crate) fn complete_with(&mut self, found: Log) {
        for (key, error) in found.errors {
            self.errors.entry(key).or_insert(error);
        }
    }

    /// The coverage of a shard whose listings ended so, the main one first; none where one was read to its end.
    pub(crate) fn coverage(self, listings: &[Option<Failure>]) -> Coverage {
        Coverage {
            state: state(listings, &self),
            calls: self.calls,
            errors: self.errors.into_values().collect(),
            costs: self.costs.into_values().collect(),
            listed: listings.iter().all(Option::is_none),
        }
    }
}

fn state(listings: &[Option<Failure>], log: &Log) -> CoverageState {
    match listings.first() {
        Some(Some(failure)) => failure.coverage(),
        _ if listings.iter().any(Option::is_some) || !log.errors.is_empty() => CoverageState::Partial,
        _ => CoverageState::Complete,
    }
}

/// A shard whose reading ended by a fault of ours, in these words; what was read of it is lost.
pub fn broken_off(key: &ShardKey, words: &str) -> Shard<PackedResource> {
    let mut log = Log::default();
    let message = format!("reading it broke off by a fault of this program ({words}); please report it");
    log.add("collect", "BrokenOff", &message, None, None);
    unread(key, CoverageState::Failed, log)
}

/// A shard of which nothing was read.
pub(crate) fn unread(key: &ShardKey, state: CoverageState, log: Log) -> Shard<PackedResource> {
    let errors = log.errors.into_values().collect();
    let coverage = Coverage { state, calls: log.calls, errors, costs: Vec::new(), listed: false };
    Shard { key: key.clone(), coverage, resources: Vec::new() }
}

/// A key that was not planned, such as one of a scan that began with other credentials.
pub(crate) fn not_collected(key: &ShardKey) -> Shard<PackedResource> {
    let mut log = Log::default();
    let api = format!("{}:*", key.service);
    log.add(&api, "NotCollected", "the shard is not one of this account and this release", None, None);
    unread(key, CoverageState::Failed, log)
}
