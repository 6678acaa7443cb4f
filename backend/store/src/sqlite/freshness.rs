//! When resources were read last. Nothing is written for it night by night: a shard that was listed read all it has.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::code;
use super::fault::{Fault, Sql};
use super::view::Moment;

/// Tells when resources were read last; what it learns of a shard it keeps.
pub(super) struct Freshness<'t> {
    listed: CachedStatement<'t>,
    sighted: CachedStatement<'t>,
    shards: HashMap<(i64, i64), Option<Reading>>,
}

/// A step that read something.
#[derive(Clone, Copy, Debug)]
struct Reading {
    sequence: i64,
    scan: i64,
    instant: i64,
}

impl<'t> Freshness<'t> {
    pub(super) fn new(tx: &'t Connection) -> Sql<Self> {
        Ok(Self {
            listed: tx.prepare_cached(
                "SELECT coverage.sequence, scan.id, scan.instant FROM coverage JOIN scan ON scan.id = coverage.scan
                 WHERE shard = ?1 AND listed = 1 AND sequence <= ?2 ORDER BY sequence DESC LIMIT 1",
            )?,
            sighted: tx.prepare_cached(
                "SELECT sighting.sequence, scan.id, scan.instant FROM sighting
                 JOIN step ON step.sequence = sighting.sequence JOIN scan ON scan.id = step.scan
                 WHERE resource = ?1 AND sighting.sequence <= ?2 ORDER BY sighting.sequence DESC LIMIT 1",
            )?,
            shards: HashMap::new(),
        })
    }

    /// When a resource of a shard was last read as of a moment, and whether the scan shown then could not.
    pub(super) fn of(&mut self, resource: i64, shard: i64, moment: &Moment) -> Sql<(Timestamp, bool)> {
        let listed = match self.shards.get(&(shard, moment.sequence)) {
            Some(listed) => *listed,
            None => {
                let found = last_reading(&mut self.listed, shard, moment.sequence)?;
                self.shards.insert((shard, moment.sequence), found);
                found
            }
        };
        let is_current = |reading: &Reading| reading.scan == moment.scan;
        if let Some(reading) = listed.filter(is_current) {
            return Ok((code::instant(reading.instant), false));
        }
        let sighted = last_reading(&mut self.sighted, resource, moment.sequence)?;
        let latest = listed.into_iter().chain(sighted).max_by_key(|reading| reading.sequence);
        let latest =
            latest.ok_or_else(|| Fault::Damaged(format!("resource {resource} was never read").into()))?;
        Ok((code::instant(latest.instant), !is_current(&latest)))
    }
}

fn last_reading(statement: &mut CachedStatement<'_>, of: i64, sequence: i64) -> Sql<Option<Reading>> {
    let reading = statement.query_row([of, sequence], |row| {
        Ok(Reading { sequence: row.get(0)?, scan: row.get(1)?, instant: row.get(2)? })
    });
    Ok(reading.optional()?)
}
