//! When a function's runtime reaches its end.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use nephoscope_catalogue::{Runtime, runtimes};
use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::reading::{Reading, malformed, required, text};

/// The life of the function's runtime as of `instant`; null for container images, which bring their own.
pub(super) fn runtime(function: &Resource, instant: Timestamp) -> Reading<Value> {
    let config = required(function, "config")?;
    if text(config, "PackageType") == Some("Image") {
        return Ok(Value::Null);
    }
    let name = text(config, "Runtime").ok_or_else(|| malformed("config"))?;
    let known = runtimes().iter().find(|known| known.provider == function.provider && known.runtime == name);
    let today = instant.to_zoned(TimeZone::UTC).date();
    let reached = |date: Option<Date>| date.is_some_and(|date| date <= today);
    let day = |date: Option<Date>| date.map(|date| date.to_string());
    let deprecation = known.and_then(|known: &Runtime| known.deprecation_date);
    let block = known.and_then(|known| known.block_update_date);
    Ok(json!({
        "name": name,
        "listed": known.is_some(),
        "deprecated": reached(deprecation),
        "deprecation_date": day(deprecation),
        "days_left": deprecation.map(|date| (date - today).get_days()),
        "update_blocked": reached(block),
        "block_update_date": day(block),
        "successor": known.and_then(|known| known.successor.as_deref()),
    }))
}

/// How many days ago the function was last changed, as of `instant`.
pub(super) fn unchanged_days(function: &Resource, instant: Timestamp) -> Reading<i64> {
    let modified = text(required(function, "config")?, "LastModified").ok_or_else(|| malformed("config"))?;
    // Lambda writes the offset without its colon.
    let modified = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", modified).or_else(|_| modified.parse());
    let modified = modified.map_err(|_| malformed("config"))?;
    Ok(instant.duration_since(modified).as_hours() / 24)
}
