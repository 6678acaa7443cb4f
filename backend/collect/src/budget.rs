//! How fast one API family of one account and region may be called: a token bucket at a share of the published
//! quota, which halves its rate when the provider throttles and recovers step by step.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use nephoscope_model::{AccountId, Region};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Calls that share one quota of the provider.
#[derive(Debug)]
pub struct Family {
    /// What the bucket is called, unique within a provider.
    pub name: &'static str,
    /// Calls a second that the provider allows.
    pub per_second: f64,
    /// Calls that it allows at once.
    pub burst: u32,
}

/// How fast a family is called at a share of its quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Calls a second.
    pub rate: f64,
    /// Calls at once.
    pub burst: u32,
}

impl Pace {
    pub(crate) fn of(family: &Family, share: f64) -> Self {
        // Cut, not rounded: with a burst of one, half of it is still one call at a time.
        let burst = ((f64::from(family.burst) * share) as u32).max(1);
        Self { rate: family.per_second * share, burst }
    }
}

/// The buckets of a process, one per account × region × family. Clones share them, so that two targets in the
/// same account do not double the load.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    buckets: Arc<Mutex<HashMap<BucketKey, Arc<Budget>>>>,
}

type BucketKey = (AccountId, Region, &'static str);

impl Budgets {
    /// The bucket of one family; the share of whoever asks first holds.
    pub(crate) fn of(
        &self,
        account: &AccountId,
        region: &Region,
        family: &'static Family,
        share: f64,
    ) -> Arc<Budget> {
        let key = (account.clone(), region.clone(), family.name);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(key).or_insert_with(|| Arc::new(Budget::new(family, share))))
    }
}

impl Budgets {
    /// Drops the buckets of an account that nobody waits for any more, so that those of thousands do not pile up.
    pub(crate) fn forget(&self, account: &AccountId) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.retain(|(owner, ..), budget| owner != account || Arc::strong_count(budget) > 1);
    }
}

/// One token bucket.
pub(crate) struct Budget {
    clock: Ticks,
    full_rate: f64,
    full_burst: u32,
    pace: Mutex<State>,
}

struct State {
    limiter: Limiter,
    rate: f64,
    /// Answers in a row without throttling since the rate last changed.
    calm: u32,
    closed_until: Option<Instant>,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

/// The slowest a bucket gets, as a part of its full rate.
const FLOOR: f64 = 1.0 / 16.0;
/// Answers in a row after which a slowed bucket speeds up by a quarter.
const CALM_ANSWERS: u32 = 20;

impl Budget {
    fn new(family: &Family, share: f64) -> Self {
        let clock = Ticks::start();
        let Pace { rate: full_rate, burst } = Pace::of(family, share);
        // A quarter is kept back: calls may arrive closer together than they were sent.
        let full_burst = if burst > 2 { burst - (burst / 4).max(1) } else { burst };
        let limiter = limiter(full_rate, full_burst, clock);
        let pace = State { limiter, rate: full_rate, calm: 0, closed_until: None };
        Self { clock, full_rate, full_burst, pace: Mutex::new(pace) }
    }

    /// Waits for the right to make one call, and for a place among those in flight. The right comes last: a call that
    /// waits after it would arrive together with those that come later.
    pub(crate) async fn take<'s>(&self, in_flight: &'s Semaphore) -> SemaphorePermit<'s> {
        loop {
            let place = in_flight.acquire().await.expect("nobody closes it");
            match self.try_take() {
                Ok(()) => return place,
                Err(wait) => {
                    drop(place);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    fn try_take(&self) -> Result<(), Duration> {
        let pace = self.lock();
        if let Some(until) = pace.closed_until {
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                return Err(left);
            }
        }
        pace.limiter.check().map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// The provider throttled: nobody calls for `pause`, and afterwards at half the rate, one at a time.
    pub(crate) fn throttled(&self, pause: Duration) {
        let mut pace = self.lock();
        let until = Instant::now() + pause;
        // Calls in flight that are throttled by the same overload slow the bucket down once, not eight times.
        let open = pace.closed_until.is_none_or(|closed| closed <= Instant::now());
        pace.closed_until = Some(pace.closed_until.map_or(until, |closed| closed.max(until)));
        pace.calm = 0;
        if open {
            pace.rate = (pace.rate / 2.0).max(self.full_rate * FLOOR);
            pace.limiter = limiter(pace.rate, 1, self.clock);
        }
    }

    /// The quota is nearly spent: nobody calls for `pause`. The rate stays as it is.
    pub(crate) fn rest(&self, pause: Duration) {
        let mut pace = self.lock();
        let until = Instant::now() + pause;
        pace.closed_until = Some(pace.closed_until.map_or(until, |closed| closed.max(until)));
    }

    /// The provider answered; after enough answers in a row the rate grows again.
    pub(crate) fn answered(&self) {
        let mut pace = self.lock();
        if pace.rate >= self.full_rate {
            return;
        }
        pace.calm += 1;
        if pace.calm >= CALM_ANSWERS {
            pace.calm = 0;
            pace.rate = (pace.rate * 1.25).min(self.full_rate);
            let burst = if pace.rate >= self.full_rate { self.full_burst } else { 1 };
            pace.limiter = limiter(pace.rate, burst, self.clock);
            // The provider's own bucket has only just begun to fill again.
            let all = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            let _emptied = pace.limiter.check_n(all);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("rate", &self.lock().rate).finish_non_exhaustive()
    }
}

fn limiter(rate: f64, burst: u32, clock: Ticks) -> Limiter {
    // A rate of zero would never open; one call in ten minutes is slower than any quota.
    let period = Duration::from_secs_f64((1.0 / rate).clamp(1e-6, 600.0));
    let one = Quota::with_period(period).expect("the period was clamped above zero");
    let quota = one.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
    RateLimiter::direct_with_clock(quota, clock)
}

/// The runtime's clock, so that waiting and counting agree, and tests need not wait.
#[derive(Clone, Copy, Debug)]
struct Ticks {
    start: Instant,
}

impl Ticks {
    fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FAMILY: Family = Family { name: "test", per_second: 10.0, burst: 4 };

    async fn seconds_for(budget: &Budget, calls: u32) -> f64 {
        let (start, in_flight) = (Instant::now(), Semaphore::new(1));
        for _ in 0..calls {
            drop(budget.take(&in_flight).await);
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn stays_under_its_share() {
        let budget = Budget::new(&FAMILY, 0.5);
        // Half of a burst of four at once, then five a second.
        let elapsed = seconds_for(&budget, 52).await;
        assert!((9.9..10.2).contains(&elapsed), "{elapsed}");
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_slows_down_and_recovers() {
        let budget = Budget::new(&FAMILY, 1.0);
        budget.throttled(Duration::from_secs(3));
        budget.throttled(Duration::from_secs(3));
        assert_eq!(budget.lock().rate, 5.0, "one overload slows down once");
        let elapsed = seconds_for(&budget, 1).await;
        assert!((2.9..3.2).contains(&elapsed), "{elapsed}");
        let elapsed = seconds_for(&budget, 10).await;
        assert!((1.9..2.2).contains(&elapsed), "{elapsed}");
        for _ in 0..CALM_ANSWERS * 4 {
            budget.answered();
        }
        assert_eq!(budget.lock().rate, 10.0);
    }

    #[tokio::test(start_paused = true)]
    async fn never_stops_altogether() {
        let budget = Budget::new(&FAMILY, 1.0);
        for _ in 0..50 {
            budget.throttled(Duration::from_millis(1));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(budget.lock().rate, 10.0 * FLOOR);
    }

    #[test]
    fn what_is_in_use_is_not_forgotten() {
        let (budgets, region) = (Budgets::default(), Region::from("eu-west-1"));
        let of = |account: &str| budgets.of(&AccountId::from(account), &region, &FAMILY, 0.5);
        let (used, other) = (of("1"), of("2"));
        budgets.forget(&AccountId::from("1"));
        assert!(Arc::ptr_eq(&used, &of("1")), "somebody waits for it");
        drop(used);
        budgets.forget(&AccountId::from("1"));
        assert!(Arc::ptr_eq(&other, &of("2")), "another account's");
        assert_eq!(budgets.buckets.lock().unwrap().len(), 1);
    }

    #[test]
    fn accounts_and_regions_do_not_share_but_clones_do() {
        let budgets = Budgets::default();
        let (here, there) = (Region::from("eu-west-1"), Region::from("eu-west-2"));
        let account = AccountId::from("1");
        let one = budgets.of(&account, &here, &FAMILY, 0.5);
        assert!(Arc::ptr_eq(&one, &budgets.clone().of(&account, &here, &FAMILY, 0.5)));
        assert!(!Arc::ptr_eq(&one, &budgets.of(&account, &there, &FAMILY, 0.5)));
        assert!(!Arc::ptr_eq(&one, &budgets.of(&AccountId::from("2"), &here, &FAMILY, 0.5)));
    }
}
