//! What requests are signed with, and its replacement where the provider refuses it before its time: revoked, or ended
//! early. The libraries keep a token until it ends by its own word, and none of them can be told otherwise.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Who refuses credentials as young as this does not do so because they have ended.
const YOUNG: Duration = Duration::from_secs(60);

/// Credentials that all calls of a target share, and that can be made again.
pub(crate) struct Renewing<T> {
    current: Mutex<Current<T>>,
    make: Box<dyn Fn() -> Option<T> + Send + Sync>,
}

struct Current<T> {
    credentials: Arc<T>,
    /// None for the first ones, which may have been given long before.
    renewed: Option<Instant>,
}

impl<T> Renewing<T> {
    /// Begins with `first`; `make` makes others that know no token yet, where it can.
    pub(crate) fn new(first: T, make: impl Fn() -> Option<T> + Send + Sync + 'static) -> Self {
        let current = Current { credentials: Arc::new(first), renewed: None };
        Self { current: Mutex::new(current), make: Box::new(make) }
    }

    /// What to sign with now.
    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.lock().credentials)
    }

    /// True where there are others than the `refused` credentials by now: of all calls that failed with them, the first
    /// has them made.
    pub(crate) fn renew(&self, refused: &Arc<T>) -> bool {
        let mut current = self.lock();
        if !Arc::ptr_eq(&current.credentials, refused) {
            return true;
        }
        if current.renewed.is_some_and(|renewed| renewed.elapsed() < YOUNG) {
            return false;
        }
        let made = (self.make)().map(Arc::new);
        let is_made = made.is_some();
        if let Some(credentials) = made {
            *current = Current { credentials, renewed: Some(Instant::now()) };
        }
        is_made
    }

    fn lock(&self) -> MutexGuard<'_, Current<T>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Renewing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewing").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_many_calls_saw_refused_is_made_again_once() {
        let made = AtomicU32::new(0);
        let signing = Renewing::new(0, move || Some(made.fetch_add(1, Ordering::Relaxed) + 1));
        let first = signing.current();
        assert!((0..100).all(|_| signing.renew(&first)));
        let second = signing.current();
        assert_eq!(*second, 1);

        assert!(!signing.renew(&second), "its age is not why it was refused");
        tokio::time::advance(YOUNG).await;
        assert!(signing.renew(&second));
        assert_eq!(*signing.current(), 2);
    }

    #[test]
    fn what_cannot_be_made_again_stays() {
        let signing = Renewing::new(0, || None);
        let first = signing.current();
        assert!(!signing.renew(&first) && Arc::ptr_eq(&first, &signing.current()));
    }
}
