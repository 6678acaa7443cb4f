//! The published quotas, as token buckets that refuse what comes too early.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::route::Call;

/// Calls a second, and calls at once, by service and operation; the first row that fits counts.
///
/// Lambda: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
/// API Gateway: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
const QUOTAS: &[(&str, &str, &str, f64, f64)] = &[
    ("lambda", "GetPolicy", "lambda-policy", 15.0, 15.0),
    ("lambda", "GetFunction", "lambda-function", 100.0, 100.0),
    ("lambda", "", "lambda", 15.0, 15.0),
    ("apigateway", "", "apigateway", 10.0, 40.0),
];

/// The buckets of one cloud, one per account, region and quota.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<HashMap<Bucket, (f64, Instant)>>);

/// Access key, region and quota.
type Bucket = (String, String, &'static str);

impl Quotas {
    /// True where the call is within its quota.
    pub(crate) fn admit(&self, call: &Call) -> bool {
        let fits = |(service, operation, ..): &&(&str, &str, &str, f64, f64)| {
            *service == call.service && (operation.is_empty() || *operation == call.operation)
        };
        let Some((_, _, name, rate, burst)) = QUOTAS.iter().find(fits) else { return true };
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let key = (call.access_key.clone(), call.region.clone(), *name);
        let (tokens, since) = buckets.entry(key).or_insert((*burst, now));
        *tokens = (*tokens + now.duration_since(*since).as_secs_f64() * rate).min(*burst);
        *since = now;
        let admitted = *tokens >= 1.0;
        if admitted {
            *tokens -= 1.0;
        }
        admitted
    }
}
