//! When a function's runtime reaches its end, and when the function was last changed.

use jiff::Timestamp;
use nephoscope_model::Resource;
use serde_json::Value;

use crate::derive::reading::{Reading, malformed, required, text};
use crate::derive::runtime::life;

/// The life of the function's runtime as of `instant`; null for container images, which bring their own.
pub(super) fn runtime(function: &Resource, instant: Timestamp) -> Reading<Value> {
    let config = required(function, "config")?;
    if text(config, "PackageType") == Some("Image") {
        return Ok(Value::Null);
    }
    let name = text(config, "Runtime").ok_or_else(|| malformed("config"))?;
    Ok(life(function.provider, name, instant))
}

/// How many days ago the function was last changed, as of `instant`.
pub(super) fn unchanged_days(function: &Resource, instant: Timestamp) -> Reading<i64> {
    let modified = text(required(function, "config")?, "LastModified").ok_or_else(|| malformed("config"))?;
    // Lambda writes the offset without its colon.
    let modified = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", modified).or_else(|_| modified.parse());
    let modified = modified.map_err(|_| malformed("config"))?;
    Ok(instant.duration_since(modified).as_hours() / 24)
}
