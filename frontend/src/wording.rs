//! How numbers, times and identifiers read on screen.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nephoscope_model::query::AsOf;
use nephoscope_model::{AccountId, Kind, Points};
use serde_json::Value;

use crate::kinds::KINDS;

/// `1,284`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 shard`, `1,284 shards`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", thousands(number)) }
}

/// `71.9`; a dash where there is none.
pub fn points(points: Option<&Points>) -> String {
    points.map_or_else(|| "–".to_owned(), |points| points.rounded(1))
}

/// `+2.9` for what a fix gives back; two places where one would say zero.
pub fn gain(points: &Points) -> String {
    if points.is_zero() {
        return "0".to_owned();
    }
    let short = points.rounded(1);
    let text = if short == "0.0" { points.rounded(2) } else { short };
    if text == "0.00" { "<0.01".to_owned() } else { format!("+{text}") }
}

/// `Mon 16 Nov 2026, 02:41 UTC`.
pub fn moment(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%a %-d %b %Y, %H:%M UTC").to_string()
}

/// `Mon 16 Nov 2026`.
pub fn day(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%a %-d %b %Y").to_string()
}

/// `16 Nov 2026`, where room is scarce.
pub fn date(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%-d %b %Y").to_string()
}

/// `16 Nov`.
pub fn short_day(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%-d %b").to_string()
}

/// How `now` speaks of `then`: `02:41`, `yesterday`, `Friday`, `3 Nov`, `3 Nov 2025`.
pub fn since(then: Timestamp, now: Timestamp) -> String {
    let (then, now) = (then.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC));
    let days = (now.date() - then.date()).get_days();
    let pattern = match days {
        0 => "%H:%M",
        1 => return "yesterday".to_owned(),
        2..=6 => "%A",
        _ if then.year() == now.year() => "%-d %b",
        _ => "%-d %b %Y",
    };
    then.strftime(pattern).to_string()
}

/// `4 s`, `2 min 5 s`, `1 h 3 min`.
pub fn duration(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).max(SignedDuration::ZERO).as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// What a view is as of, in words: a day, a moment or a scan.
pub fn as_of(text: &str) -> String {
    match text.parse::<AsOf>() {
        // A date is read as its last moment.
        Ok(AsOf::At(instant)) if instant.strftime("%H:%M:%S").to_string() == "23:59:59" => day(instant),
        Ok(AsOf::At(instant)) => moment(instant),
        Ok(AsOf::Scan(id)) => format!("scan {id}"),
        Ok(AsOf::Latest) | Err(_) => text.to_owned(),
    }
}

/// `4471…0912` of a long account, the whole of a short one.
pub fn short_account(account: &AccountId) -> String {
    let text: Vec<char> = account.as_str().chars().collect();
    if text.len() <= 10 {
        return account.to_string();
    }
    let (head, tail) = (&text[..4], &text[text.len() - 4..]);
    format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

/// `Lambda function` of `aws.lambda.function`; a kind that is not known here is split into its words.
pub fn kind(kind: &Kind) -> String {
    let text = kind.as_str();
    match KINDS.binary_search_by_key(&text, |(known, _)| known) {
        Ok(at) => KINDS[at].1.to_owned(),
        Err(_) => text.split_once('.').map_or(text, |(_, rest)| rest).replace(['.', '_'], " "),
    }
}

/// JSON in a few words: short values as they are, long ones by their size.
pub fn inline(value: &Value, limit: usize) -> String {
    let whole = value.to_string();
    let fits = whole.chars().count() <= limit;
    match value {
        Value::Array(list) if !fits => format!("[{}]", count(list.len() as u64, "entry", "entries")),
        Value::Object(map) if !fits => format!("{{{}}}", count(map.len() as u64, "key", "keys")),
        _ => cut(&whole, limit),
    }
}

/// At most `limit` characters of a text.
pub fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            (thousands(7), thousands(1284), thousands(1_000_000)),
            ("7".into(), "1,284".into(), "1,000,000".into())
        );
        assert_eq!(
            (count(1, "shard", "shards"), count(0, "shard", "shards")),
            ("1 shard".into(), "0 shards".into())
        );
        let gains =
            [(29, 10), (4, 100), (1, 10_000), (0, 1)].map(|(n, d)| gain(&Points::ratio(n, d).unwrap()));
        assert_eq!(gains, ["+2.9", "+0.04", "<0.01", "0"]);
        assert_eq!(points(None), "–");
    }

    #[test]
    fn times_read_as_people_say_them() {
        let monday = at("2026-11-16T02:41:00Z");
        assert_eq!(moment(monday), "Mon 16 Nov 2026, 02:41 UTC");
        assert_eq!(since(at("2026-11-16T01:05:00Z"), monday), "01:05");
        assert_eq!(since(at("2026-11-15T22:00:00Z"), monday), "yesterday");
        assert_eq!(since(at("2026-11-13T02:00:00Z"), monday), "Friday");
        assert_eq!(since(at("2026-11-03T02:00:00Z"), monday), "3 Nov");
        assert_eq!(since(at("2025-11-03T02:00:00Z"), monday), "3 Nov 2025");
        assert_eq!(duration(at("2026-11-16T00:00:00Z"), at("2026-11-16T01:03:09Z")), "1 h 3 min");
        assert_eq!(duration(at("2026-11-16T00:00:00Z"), at("2026-11-16T00:02:05Z")), "2 min 5 s");
        assert_eq!(as_of("2026-11-16"), "Mon 16 Nov 2026");
        assert_eq!(as_of("2026-11-16T23:59:59.999999999Z"), "Mon 16 Nov 2026");
        assert_eq!(as_of("2026-11-16T02:41:00Z"), "Mon 16 Nov 2026, 02:41 UTC");
    }

    #[test]
    fn identifiers_are_shortened_on_character_boundaries() {
        assert_eq!(short_account(&AccountId::from("447100000912")), "4471…0912");
        assert_eq!(short_account(&AccountId::from("shop-prod")), "shop-prod");
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(kind(&Kind::from("aws.lambda.function")), "Lambda function");
        assert_eq!(kind(&Kind::from("gcp.invented.own_thing")), "invented own thing");
    }
}
