//! What time it is for AWS, which refuses what is signed at another time by more than some minutes.
//!
//! A machine whose clock is wrong can scan all the same: such a refusal tells the time, and what is sent afterwards is
//! signed by it. Nothing else that an answer says of the time is believed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_types::sdk_config::TimeSource;

use super::wire::SendError;

/// How far this machine's clock is behind, in milliseconds. A machine has one clock, whatever it scans.
static BEHIND: AtomicI64 = AtomicI64::new(0);

/// What AWS answers to a signature of another time. Some of it is said of wrong keys as well, with the same time then.
const CODES: [&str; 4] =
    ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"];

/// Differences up to this are allowed, so that they are not why something was refused.
const TOLERATED: Duration = Duration::from_secs(4 * 60);

/// The time by the machine's clock, corrected.
#[derive(Debug)]
pub(super) struct Corrected;

impl TimeSource for Corrected {
    fn now(&self) -> SystemTime {
        shifted(SystemTime::now(), behind())
    }
}

/// By how much the clock is corrected now, in milliseconds.
pub(super) fn behind() -> i64 {
    BEHIND.load(Ordering::Relaxed)
}

/// Corrects the clock where something that was signed with it, `behind` milliseconds later than it shows, was refused
/// for that: then it is worth sending again.
pub(super) fn learns(error: &SendError, behind: i64) -> bool {
    let Some(answer) = error.raw_response() else { return false };
    let is_refused_for_it =
        error.as_service_error().and_then(|refused| refused.code()).is_some_and(|code| CODES.contains(&code));
    let told = answer.headers().get("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    let Some(told) = told.filter(|_| is_refused_for_it).and_then(|told| SystemTime::try_from(told).ok())
    else {
        return false;
    };
    let found = difference(told, SystemTime::now());
    let is_off = u128::from(found.abs_diff(behind)) > TOLERATED.as_millis();
    if is_off {
        BEHIND.store(found, Ordering::Relaxed);
    }
    is_off
}

/// How many milliseconds `told` is after `shown`.
fn difference(told: SystemTime, shown: SystemTime) -> i64 {
    let (later, sign) = match told.duration_since(shown) {
        Ok(later) => (later, 1),
        Err(earlier) => (earlier.duration(), -1),
    };
    i64::try_from(later.as_millis()).map_or(0, |milliseconds| sign * milliseconds)
}

fn shifted(shown: SystemTime, behind: i64) -> SystemTime {
    let by = Duration::from_millis(behind.unsigned_abs());
    let moved = if behind < 0 { shown.checked_sub(by) } else { shown.checked_add(by) };
    moved.unwrap_or(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_set_right_from_either_side() {
        let shown = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for told in [shown + Duration::from_secs(7200), shown - Duration::from_secs(7200), shown] {
            assert_eq!(shifted(shown, difference(told, shown)), told);
        }
        assert_eq!(difference(shown + Duration::from_secs(3), shown), 3000);
    }
}
