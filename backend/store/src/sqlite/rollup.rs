//! Counts per finished scan, so that no page counts findings.

use std::collections::{BTreeMap, HashMap};

use nephoscope_model::score::Bucket;
use nephoscope_model::{ScanId, Severity, Status};
use rusqlite::{Connection, params};

use super::fault::Sql;
use super::names::Place;
use super::view::Look;
use super::{Reader, code};
use crate::{ResourceRollup, Rollup, View};

/// Adds up one account.
#[derive(Debug, Default)]
pub(super) struct RollupWriter {
    /// By place, check, severity, status and exposure.
    verdicts: HashMap<(i64, i64, Severity, Status, i64), i64>,
    /// By place.
    resources: BTreeMap<i64, i64>,
}

impl RollupWriter {
    /// Counts one verdict.
    pub(super) fn add(&mut self, place: i64, check: i64, severity: Severity, status: Status, exposure: i64) {
        *self.verdicts.entry((place, check, severity, status, exposure)).or_default() += 1;
    }

    /// Counts one resource.
    pub(super) fn add_resource(&mut self, place: i64) {
        *self.resources.entry(place).or_default() += 1;
    }

    /// Writes the counts, and the account's part in those of the scan.
    pub(super) fn insert(&self, tx: &Connection, scan: i64) -> Sql<()> {
        let mut insert = tx.prepare_cached(
            "INSERT INTO rollup (scan, place, check_id, severity, status, exposure, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut totals = BTreeMap::<(Status, Severity), i64>::new();
        for ((place, check, severity, status, exposure), count) in &self.verdicts {
            let (severity_code, status_code) = (code::of_severity(*severity), code::of_status(*status));
            insert.execute([scan, *place, *check, severity_code, status_code, *exposure, *count])?;
            *totals.entry((*status, *severity)).or_default() += count;
        }
        let mut insert =
            tx.prepare_cached("INSERT INTO resource_rollup (scan, place, count) VALUES (?1, ?2, ?3)")?;
        for (place, count) in &self.resources {
            insert.execute([scan, *place, *count])?;
        }
        let sum =
            |status| totals.iter().filter(|((of, _), _)| *of == status).map(|(_, count)| count).sum::<i64>();
        let failing = |severity| totals.get(&(Status::Fail, severity)).copied().unwrap_or(0);
        let mut update = tx.prepare_cached(
            "UPDATE scan SET pass = pass + ?2, unknown = unknown + ?3, critical = critical + ?4, high = high + ?5,
             medium = medium + ?6, low = low + ?7, informational = informational + ?8 WHERE id = ?1",
        )?;
        update.execute(params![
            scan,
            sum(Status::Pass),
            sum(Status::Unknown),
            failing(Severity::Critical),
            failing(Severity::High),
            failing(Severity::Medium),
            failing(Severity::Low),
            failing(Severity::Informational),
        ])?;
        Ok(())
    }
}

/// Verdict counts of one scan, sorted; places together.
pub(super) fn buckets(reader: &Reader<'_>, scan: &ScanId) -> Sql<Vec<Bucket>> {
    let mut statement = reader.connection.prepare_cached(
        "SELECT check_id, severity, status, exposure, sum(count) FROM rollup
         WHERE scan = (SELECT id FROM scan WHERE name = ?1) GROUP BY check_id, severity, status, exposure",
    )?;
    let mut rows = statement.query([scan.as_str()])?;
    let mut buckets = Vec::new();
    while let Some(row) = rows.next()? {
        buckets.extend(bucket(reader, [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])?);
    }
    buckets.sort();
    Ok(buckets)
}

/// Verdict counts of a view, sorted.
pub(super) fn list(reader: &Reader<'_>, view: &View) -> Sql<Vec<Rollup>> {
    let look = Look::new(reader, view)?;
    let mut statement = reader.connection.prepare_cached(
        "SELECT place, check_id, severity, status, exposure, count FROM rollup WHERE scan = ?1",
    )?;
    let mut found = Vec::new();
    for index in 0..view.entries.len() {
        let mut rows = statement.query([look.moment(index).scan])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let values = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            let Some((place, bucket)) = reader.names.place(id).zip(bucket(reader, values)?) else {
                continue;
            };
            let ranks = (reader.names.place_rank(id), reader.names.check_rank(values[0]));
            found.push((ranks, rollup(place, bucket)));
        }
    }
    // Ranks of places and checks stand for comparing six texts.
    found.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.bucket.cmp(&other.1.bucket)));
    Ok(found.into_iter().map(|(_, rollup)| rollup).collect())
}

fn rollup(place: &Place, bucket: Bucket) -> Rollup {
    Rollup {
        target: place.target.clone(),
        provider: place.provider,
        account: place.account.clone(),
        region: place.region.clone(),
        service: place.service.clone(),
        kind: place.kind.clone(),
        bucket,
    }
}

fn bucket(reader: &Reader<'_>, [check, severity, status, exposure, count]: [i64; 5]) -> Sql<Option<Bucket>> {
    let Some(check) = reader.names.check(check).cloned() else { return Ok(None) };
    Ok(Some(Bucket {
        check,
        severity: code::severity(severity)?,
        status: code::status(status)?,
        exposure: code::exposure(exposure)?,
        count: code::count(count),
    }))
}

/// Resource counts of a view, sorted.
pub(super) fn resource_list(reader: &Reader<'_>, view: &View) -> Sql<Vec<ResourceRollup>> {
    let look = Look::new(reader, view)?;
    let mut statement =
        reader.connection.prepare_cached("SELECT place, count FROM resource_rollup WHERE scan = ?1")?;
    let mut found = Vec::new();
    for index in 0..view.entries.len() {
        let mut rows = statement.query([look.moment(index).scan])?;
        while let Some(row) = rows.next()? {
            let Some(place) = reader.names.place(row.get(0)?) else { continue };
            found.push(ResourceRollup {
                target: place.target.clone(),
                provider: place.provider,
                account: place.account.clone(),
                region: place.region.clone(),
                service: place.service.clone(),
                kind: place.kind.clone(),
                count: code::count(row.get(1)?),
            });
        }
    }
    found.sort_unstable();
    Ok(found)
}
