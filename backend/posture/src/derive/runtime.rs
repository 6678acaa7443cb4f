//! When a runtime reaches its end.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use nephoscope_catalogue::{Runtime, runtimes};
use nephoscope_model::Provider;
use serde_json::{Value, json};

/// The life of the provider's runtime `name` as of `instant`, as facts called `runtime` have it.
pub(super) fn life(provider: Provider, name: &str, instant: Timestamp) -> Value {
    let known = runtimes().iter().find(|known| known.provider == provider && known.runtime == name);
    let today = instant.to_zoned(TimeZone::UTC).date();
    let reached = |date: Option<Date>| date.is_some_and(|date| date <= today);
    let day = |date: Option<Date>| date.map(|date| date.to_string());
    let deprecation = known.and_then(|known: &Runtime| known.deprecation_date);
    let block = known.and_then(|known| known.block_update_date);
    json!({
        "name": name,
        "listed": known.is_some(),
        "deprecated": reached(deprecation),
        "deprecation_date": day(deprecation),
        "days_left": deprecation.map(|date| (date - today).get_days()),
        "update_blocked": reached(block),
        "block_update_date": day(block),
        "successor": known.and_then(|known| known.successor.as_deref()),
    })
}
