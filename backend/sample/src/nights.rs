//! The nights: what each scan of the sample gathered.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nephoscope_model::snapshot::SnapshotHeader;
use nephoscope_model::{Shard, TargetName};
use serde::Deserialize;

use crate::coverage::{Failure, fail};
use crate::error::SampleError;
use crate::estate::{Change, Files, holds, parse};
use crate::expand::shards;
use crate::place::Place;
use crate::recorded;

/// One scan of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Night {
    /// The target and the time.
    pub header: SnapshotHeader,
    /// What was gathered, sorted by key.
    pub shards: Vec<Shard>,
}

/// What changed over the nights, and what could not be read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    last: Timestamp,
    count: i64,
    changes: Vec<Change>,
    failures: Vec<Failure>,
}

/// Thirty nights of every target, sorted by time, then target.
pub fn nights() -> Result<Vec<Night>, SampleError> {
    let (files, script) = read()?;
    let recorded = recorded::read()?;
    let mut nights = Vec::new();
    for before in (0..script.count).rev() {
        let past = SignedDuration::from_hours(24 * before);
        let instant = script
            .last
            .checked_sub(past)
            .map_err(|source| SampleError::CountNights { last: script.last, source })?;
        let date = instant.to_zoned(TimeZone::UTC).date();
        let mut of_instant = Vec::new();
        for target in files.accounts.keys() {
            of_instant.push(night(&files, &script, target, instant)?);
        }
        for recorded in &recorded {
            of_instant.push(finished(
                recorded.target,
                recorded.target,
                instant,
                recorded.on(date)?,
                &script,
            )?);
        }
        of_instant.sort_by(|one, other| one.header.target.cmp(&other.header.target));
        nights.extend(of_instant);
    }
    Ok(nights)
}

/// The shop of the last night, repeated.
pub(crate) fn last_shop(repeat: usize) -> Result<Vec<Shard>, SampleError> {
    let (files, script) = read()?;
    let date = script.last.to_zoned(TimeZone::UTC).date();
    let estate = files.on(date, &script.changes)?;
    Ok(shards(&files.accounts["web-shop"], "web-shop", &estate, repeat))
}

fn read() -> Result<(Files, Script), SampleError> {
    Ok((Files::read()?, parse("nights", include_str!("../nights.yaml"))?))
}

fn night(files: &Files, script: &Script, target: &str, instant: Timestamp) -> Result<Night, SampleError> {
    let date = instant.to_zoned(TimeZone::UTC).date();
    let account = &files.accounts[target];
    let mut shards = shards(account, target, &files.on(date, &script.changes)?, 1);
    let reader = format!("arn:aws:sts::{}:assumed-role/{}/nephoscope", account.account, account.reader);
    for failure in &script.failures {
        let (_, region) = files.find_place(&failure.place)?;
        let concerned = failure.place.starts_with(&format!("{target}/"));
        if concerned && holds(failure.from, failure.until, date) {
            fail(failure, &reader, region, &mut shards)?;
        }
    }
    finished(target, &account.account, instant, shards, script)
}

/// The night with its end, which lies some minutes after its beginning.
fn finished(
    target: &str,
    account: &str,
    instant: Timestamp,
    shards: Vec<Shard>,
    script: &Script,
) -> Result<Night, SampleError> {
    let date = instant.to_zoned(TimeZone::UTC).date();
    let place = Place { account, region: "global", copy: 0 };
    let shard_seconds = 9 * i64::try_from(shards.len()).unwrap_or(0);
    let call_seconds = shards.iter().map(|shard| shard.coverage.call_count()).sum::<u64>() / 4;
    let wait = place.number(&["finished", &date.to_string()], 90) + call_seconds;
    let seconds = shard_seconds + i64::try_from(wait).unwrap_or(0);
    let finished = instant
        .checked_add(SignedDuration::from_secs(seconds))
        .map_err(|source| SampleError::CountNights { last: script.last, source })?;
    Ok(Night { header: SnapshotHeader { target: TargetName::from(target), instant, finished }, shards })
}
