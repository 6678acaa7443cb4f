//! How long and how often a call is tried, and the one loop that tries it.

use std::time::Duration;

use governor::Jitter;
use tokio::time::Instant;

use crate::budget::Budget;
use crate::failure::{Asked, Class, Failure};

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

impl Limits {
    /// Makes the call that `send` makes, within its budget, until it is answered or given up; `count` is told of each try.
    pub(crate) async fn insist<T, F>(
        &self,
        asked: &impl Asked,
        budget: &Budget,
        count: impl Fn(),
        send: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut spent = Duration::ZERO;
        let mut tries = 0;
        loop {
            budget.take().await;
            count();
            tries += 1;
            let started = Instant::now();
            let failure = match tokio::time::timeout(self.attempt, send()).await {
                Ok(Ok(answer)) => {
                    budget.answered();
                    return Ok(answer);
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::timed_out(asked),
            };
            spent += started.elapsed();
            let wait = self.wait(&failure, tries);
            if failure.class == Class::Throttled {
                budget.throttled(wait);
            }
            if tries >= failure.tries(self.tries) || spent + wait > self.call {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
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
