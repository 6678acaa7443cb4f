//! The one way to call AWS: budget, count, time limit, retries and classification in one function.
//!
//! The SDK's own retries are switched off, because they know neither our budgets nor `Retry-After`. Its log
//! lines are discarded, because at trace level they hold whole requests and answers.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use governor::Jitter;
use nephoscope_model::{CollectionError, Region, Uid};
use serde_json::Value;
use tokio::time::Instant;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::failure::{Class, Failure};
use super::place::Place;
use crate::budget::{Budgets, Family};
use crate::redact::Redactor;

/// One API action: how it is counted, which permission allows it and whose quota it uses.
#[derive(Debug)]
pub(super) struct Action {
    pub api: &'static str,
    pub permission: &'static str,
    pub family: &'static Family,
}

impl Action {
    /// An action whose permission has its own name.
    pub(super) const fn new(api: &'static str, family: &'static Family) -> Self {
        Self { api, permission: api, family }
    }

    /// An action that another permission allows.
    pub(super) const fn under(permission: &'static str, api: &'static str, family: &'static Family) -> Self {
        Self { api, permission, family }
    }
}

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
    pub log: Mutex<Log>,
}

/// Calls and errors of one shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub calls: BTreeMap<String, u64>,
    pub errors: BTreeMap<(String, String), CollectionError>,
}

impl Reader {
    /// Calls a JSON API and returns the whole answer, with fields that the SDK does not know.
    ///
    /// `send` sends the request once, with the capture as an interceptor; it is called again for each retry.
    pub(super) async fn json<T, E, F, Fut>(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        send: F,
    ) -> Result<Value, Failure>
    where
        F: Fn(Capture) -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let decode = |_: T, body: Vec<u8>| match serde_json::from_slice::<Value>(&body) {
            Ok(answer @ Value::Object(_)) => Ok(answer),
            Ok(_) | Err(_) => Err(Failure::malformed(action, "the answer is not a JSON object")),
        };
        self.call(action, about, send, decode).await
    }

    /// Calls an XML API and returns the answer as the SDK understands it.
    pub(super) async fn typed<T, E, F, Fut>(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        send: F,
    ) -> Result<T, Failure>
    where
        F: Fn(Capture) -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.call(action, about, send, |answer, _| Ok(answer)).await
    }

    async fn call<T, E, F, Fut, R>(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        send: F,
        decode: impl Fn(T, Vec<u8>) -> Result<R, Failure>,
    ) -> Result<R, Failure>
    where
        F: Fn(Capture) -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let budget = self.budgets.of(&self.place.account, &self.place.region, action.family, self.share);
        let mut spent = Duration::ZERO;
        let mut tries = 0;
        loop {
            budget.take().await;
            self.count(action);
            tries += 1;
            let capture = Capture::default();
            let started = Instant::now();
            let sending = send(capture.clone()).with_subscriber(NoSubscriber::new());
            let failure = match tokio::time::timeout(self.limits.attempt, sending).await {
                Ok(Ok(answer)) => match decode(answer, capture.take()) {
                    Ok(decoded) => {
                        budget.answered();
                        return Ok(decoded);
                    }
                    Err(failure) => failure,
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

    /// Notes an error for the coverage. That something does not exist is an answer, not an error.
    pub(super) fn record(&self, failure: &Failure, about: Option<&Uid>) {
        if failure.class != Class::NotFound {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.add(failure.api, &failure.error, &failure.message, failure.permission, about);
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

/// Keeps the raw body of an answer, before the SDK's types drop what they do not know.
#[derive(Clone, Default)]
pub(super) struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The body of an error is never needed: only what the SDK parsed out of it is kept.
        if context.output_or_error().is_ok() {
            let body = context.response().body().bytes().unwrap_or_default().to_vec();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        }
        Ok(())
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold secrets.
        f.write_str("Capture")
    }
}
