//! The published quotas of AWS.

use crate::aws::route::Call;
use crate::quota::Limit;

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

/// The limit of a call: one bucket per access key, region and quota.
pub(crate) fn limit(call: &Call) -> Option<Limit> {
    let fits = |(service, operation, ..): &&(&str, &str, &str, f64, f64)| {
        *service == call.service && (operation.is_empty() || *operation == call.operation)
    };
    let (_, _, name, rate, burst) = QUOTAS.iter().find(fits)?;
    let bucket = format!("{} {} {name}", call.access_key, call.region);
    Some(Limit { bucket, rate: *rate, burst: *burst, windowed: false, told: false })
}
