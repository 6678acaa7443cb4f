//! The numbers that stand for words in the database. They are promises: a stored number keeps its meaning.

use jiff::Timestamp;
use nephoscope_model::{Exposure, Severity, Status};

use super::fault::{Fault, Sql};

/// The number of a status.
pub(super) fn of_status(status: Status) -> i64 {
    match status {
        Status::Fail => 0,
        Status::Unknown => 1,
        Status::Pass => 2,
        Status::Manual => 3,
    }
}

/// The status of a number.
pub(super) fn status(code: i64) -> Sql<Status> {
    Status::ALL.into_iter().find(|status| of_status(*status) == code).ok_or_else(|| unknown("status", code))
}

/// The number of an exposure.
pub(super) fn of_exposure(exposure: Exposure) -> i64 {
    match exposure {
        Exposure::Internal => 0,
        Exposure::Unknown => 1,
        Exposure::CrossAccount => 2,
        Exposure::Internet => 3,
    }
}

/// The exposure of a number.
pub(super) fn exposure(code: i64) -> Sql<Exposure> {
    let found = Exposure::ALL.into_iter().find(|exposure| of_exposure(*exposure) == code);
    found.ok_or_else(|| unknown("exposure", code))
}

/// The number of a severity.
pub(super) fn of_severity(severity: Severity) -> i64 {
    match severity {
        Severity::Informational => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

/// The severity of a number.
pub(super) fn severity(code: i64) -> Sql<Severity> {
    let found = Severity::ALL.into_iter().find(|severity| of_severity(*severity) == code);
    found.ok_or_else(|| unknown("severity", code))
}

fn unknown(what: &str, code: i64) -> Fault {
    Fault::Damaged(format!("{code} stands for no {what}").into())
}

/// The number of an instant; the nearest one that the database can hold, which spans the years 1678 to 2262.
pub(super) fn of_instant(instant: Timestamp) -> i64 {
    let nanoseconds = instant.as_nanosecond().clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(nanoseconds).expect("clamped to the range on the line above")
}

/// The instant of a number.
pub(super) fn instant(code: i64) -> Timestamp {
    Timestamp::from_nanosecond(code.into()).expect("the years 1678 to 2262 are within those of a timestamp")
}

/// A count as the database holds it.
pub(super) fn of_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count as the model holds it.
pub(super) fn count(code: i64) -> u64 {
    u64::try_from(code).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        for word in Status::ALL {
            assert_eq!(status(of_status(word)).unwrap(), word);
        }
        for word in Exposure::ALL {
            assert_eq!(exposure(of_exposure(word)).unwrap(), word);
        }
        for word in Severity::ALL {
            assert_eq!(severity(of_severity(word)).unwrap(), word);
        }
        assert!(matches!(status(9), Err(Fault::Damaged(_))));
    }

    #[test]
    fn an_instant_beyond_the_database_is_the_nearest_one() {
        assert_eq!(of_instant(Timestamp::MAX), i64::MAX);
        let now: Timestamp = "2026-11-16T02:00:00.123456789Z".parse().unwrap();
        assert_eq!(instant(of_instant(now)), now);
    }
}
