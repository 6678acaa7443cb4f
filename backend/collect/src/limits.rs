//! How long and how often a call is tried, and the one loop that tries it.

use std::time::Duration;

use governor::Jitter;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::budget::Budget;
use crate::failure::{Asked, Class, Failure};
use crate::log::Journal;

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
    /// The most time that one shard may lose to tries that fail, to the waits after them and to slow answers; what it
    /// then still wants is not asked for. Waiting for the quota is no loss: a large shard rightly takes long.
    pub shard: Duration,
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
            shard: Duration::from_secs(600),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(20),
            concurrency: 8,
        }
    }
}

/// Calls of the whole process in flight: each has a connection with its buffers, and accounts are read side by side.
static IN_FLIGHT: Semaphore = Semaphore::const_new(256);

/// What an answer may take before it counts as slow.
const PROMPT: Duration = Duration::from_secs(2);

impl Limits {
    /// Makes the call that `send` makes, within its budget, until it is answered or given up; `journal`, the shard's own,
    /// counts each try and what is lost.
    pub(crate) async fn insist<T, F>(
        &self,
        asked: &impl Asked,
        budget: &Budget,
        journal: &Journal,
        send: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut spent = Duration::ZERO;
        let mut tries = 0;
        loop {
            // Calls in flight lose their time side by side.
            if journal.lost() > self.shard * u32::try_from(self.concurrency).unwrap_or(u32::MAX) {
                return Err(Failure::out_of_time(asked));
            }
            let place = budget.take(&IN_FLIGHT).await;
            journal.count(asked);
            tries += 1;
            let started = Instant::now();
            let sent = tokio::time::timeout(self.attempt, send()).await;
            drop(place);
            let failure = match sent {
                Ok(Ok(answer)) => {
                    budget.answered();
                    journal.lose(started.elapsed().saturating_sub(PROMPT));
                    return Ok(answer);
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::timed_out(asked),
            };
            journal.lose(started.elapsed());
            spent += started.elapsed();
            let wait = self.wait(&failure, tries);
            if failure.class == Class::Throttled {
                budget.throttled(wait);
            }
            if tries >= failure.tries(self.tries) || spent + wait > self.call {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
            journal.lose(wait);
            spent += wait;
        }
    }

    /// Exponential with full jitter, at least what the provider asked for, at most the limit.
    fn wait(&self, failure: &Failure, tries: u32) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << (tries - 1).min(16));
        let most = doubled.min(self.longest_wait).max(Duration::from_micros(1));
        let drawn = Jitter::up_to(most) + Duration::ZERO;
        drawn.max(failure.retry_after.unwrap_or_default()).min(self.longest_wait)
    }
}
