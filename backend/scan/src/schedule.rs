//! When a scan is due: a cron line in a time zone, and a memory of what was acted upon.

use std::time::Duration;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ScanError;

/// How late a scan may start when nothing else is configured.
pub const DEFAULT_WINDOW: Duration = Duration::from_secs(4 * 60 * 60);

/// A cron line in a time zone, with the latest start after the due time.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    text: String,
    /// A run that could not start within this time after it was due is skipped.
    pub window: Duration,
    /// Upper bound of the delay added to each run, so that many targets do not start in the same second.
    pub jitter: Duration,
}

impl Schedule {
    /// Reads a cron line of five fields and an IANA time zone name.
    pub fn parse(cron: &str, zone: &str) -> Result<Self, ScanError> {
        let refuse = |text: &str, cause: String| ScanError::Schedule { text: text.to_owned(), cause };
        let parsed = cron.parse::<Cron>().map_err(|error| refuse(cron, error.to_string()))?;
        let tz = TimeZone::get(zone).map_err(|error| refuse(zone, error.to_string()))?;
        let schedule = Self {
            cron: parsed,
            zone: tz,
            text: format!("{cron} {zone}"),
            window: DEFAULT_WINDOW,
            jitter: Duration::ZERO,
        };
        // A date that never comes, such as 30 February, is a mistake that should not wait for a year to be noticed.
        let reference = Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH);
        match schedule.next_after(reference) {
            Some(_) => Ok(schedule),
            None => Err(refuse(cron, "it never comes due".to_owned())),
        }
    }

    /// The cron line and its time zone, as configured.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first due time after `now`.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let zoned = now.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&zoned, false).ok().map(|next| next.timestamp())
    }

    /// The due time to act upon at `now`, if there is one.
    ///
    /// It is the latest due time that is not before `since` (exclusive: what was acted upon last, or when the schedule
    /// was first seen) and whose window is still open. Earlier ones that were slept through are not run one after another.
    pub fn due(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let window = SignedDuration::try_from(self.window).unwrap_or(SignedDuration::MAX);
        let earliest = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        let mut latest = None;
        let mut next = self.next_after(since.max(earliest - SignedDuration::from_secs(1)))?;
        while next <= now {
            latest = Some(next);
            next = self.next_after(next)?;
        }
        latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn nightly() -> Schedule {
        Schedule::parse("0 2 * * *", "Europe/Berlin").unwrap()
    }

    #[test]
    fn due_times_follow_the_time_zone_through_summer_time() {
        assert_eq!(nightly().next_after(at("2026-11-15T12:00:00Z")), Some(at("2026-11-16T01:00:00Z")));
        assert_eq!(nightly().next_after(at("2026-07-01T12:00:00Z")), Some(at("2026-07-02T00:00:00Z")));
    }

    #[test]
    fn a_restart_neither_doubles_nor_forgets() {
        let due = at("2026-11-16T01:00:00Z");
        let before = at("2026-11-15T01:00:00Z");
        assert_eq!(nightly().due(before, at("2026-11-16T00:59:59Z")), None);
        assert_eq!(nightly().due(before, due), Some(due));
        assert_eq!(nightly().due(due, at("2026-11-16T01:30:00Z")), None, "acted upon already");
        assert_eq!(
            nightly().due(before, at("2026-11-16T04:59:00Z")),
            Some(due),
            "down at two, up within the window"
        );
        assert_eq!(nightly().due(before, at("2026-11-16T05:00:01Z")), None, "the window has closed");
    }

    #[test]
    fn a_week_of_sleep_is_one_scan() {
        let since = at("2026-11-09T01:00:00Z");
        assert_eq!(nightly().due(since, at("2026-11-16T02:00:00Z")), Some(at("2026-11-16T01:00:00Z")));
    }

    #[test]
    fn mistakes_are_named() {
        let refuse = |cron, zone| Schedule::parse(cron, zone).unwrap_err().to_string();
        assert!(refuse("0 25 * * *", "UTC").starts_with("read schedule `0 25 * * *`: "));
        assert!(refuse("0 2 * * *", "Europe/Berln").starts_with("read schedule `Europe/Berln`: "));
        assert!(refuse("0 2 30 2 *", "UTC").starts_with("read schedule `0 2 30 2 *`: "));
    }
}
