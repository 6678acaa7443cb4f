//! Scans: begun, resumed, ended, listed.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use nephoscope_model::scan::{Origin, ScanState, ScanSummary};
use nephoscope_model::score::Score;
use nephoscope_model::{AccountId, ScanId, Severity, ShardKey, TargetName};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fault::{Fault, Sql};
use super::names::intern;
use super::{code, cursor, shard};
use crate::{NewScan, OpenScan, Page, ScanEnd, StoreError};

/// A scan that may be written to.
#[derive(Debug)]
pub(super) struct Running {
    /// Its number.
    pub id: i64,
    /// The number of its target.
    pub target: i64,
    /// The name of its target.
    pub target_name: TargetName,
    /// What began it.
    pub origin: Origin,
    /// The instant against which everything is judged.
    pub instant: Timestamp,
}

/// Begins a scan, or gives it as it was left.
pub(super) fn open(tx: &Connection, scan: &NewScan) -> Sql<OpenScan> {
    match state_of(tx, &scan.id)? {
        Some(ScanState::Running) => return left(tx, &scan.id),
        Some(state) => return Err(StoreError::ScanNotThere { id: scan.id.clone(), state }.into()),
        None => {}
    }
    let target = intern_target(tx, &scan.target)?;
    // Whatever a process left of an earlier scan of this target can no longer be finished: its shards would mix with ours.
    let left = "SELECT id FROM scan WHERE target = ?1 AND state = 'running'";
    for table in ["rollup", "resource_rollup", "plan"] {
        tx.execute(&format!("DELETE FROM {table} WHERE scan IN ({left})"), [target])?;
    }
    tx.execute(
        "UPDATE scan SET state = 'failed', failure = 'given up: another scan of the target began', finished = ?2
         WHERE target = ?1 AND state = 'running'",
        params![target, code::of_instant(scan.instant)],
    )?;
    let sequence = next_sequence(tx)?;
    let id: i64 = tx.query_row(
        "INSERT INTO scan (name, target, origin, state, instant, opened, shards_planned)
         VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6) RETURNING id",
        params![
            scan.id.as_str(),
            target,
            scan.origin.as_str(),
            code::of_instant(scan.instant),
            sequence,
            code::of_count(scan.planned.len() as u64),
        ],
        |row| row.get(0),
    )?;
    let plan = serde_json::to_string(&scan.planned)?;
    tx.execute("INSERT INTO plan (scan, shards) VALUES (?1, ?2)", params![id, plan])?;
    note_step(tx, sequence, id)?;
    Ok(OpenScan { scan: scan.clone(), done: Vec::new(), evaluated: Vec::new() })
}

/// The scan of a target that is running or was left.
pub(super) fn unfinished(tx: &Connection, target: &TargetName) -> Sql<Option<OpenScan>> {
    let name: Option<String> = tx
        .query_row(
            "SELECT scan.name FROM scan JOIN target ON target.id = scan.target
             WHERE target.name = ?1 AND scan.state = 'running' ORDER BY scan.id DESC LIMIT 1",
            [target.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    name.map(|name| left(tx, &ScanId::from(name))).transpose()
}

fn left(tx: &Connection, id: &ScanId) -> Sql<OpenScan> {
    let running = running(tx, id)?;
    let mut done: Vec<ShardKey> = shard::coverage(tx, id, None)?.into_iter().map(|row| row.shard).collect();
    done.sort();
    let evaluated = evaluated(tx, running.id)?;
    let scan = NewScan {
        id: id.clone(),
        target: running.target_name,
        origin: running.origin,
        instant: running.instant,
        planned: planned(tx, running.id)?,
    };
    Ok(OpenScan { scan, done, evaluated })
}

/// The shards that a scan set out to read, sorted. There may be tens of thousands.
fn planned(tx: &Connection, scan: i64) -> Sql<Vec<ShardKey>> {
    let text: String = tx.query_row("SELECT shards FROM plan WHERE scan = ?1", [scan], |row| row.get(0))?;
    Ok(serde_json::from_str(&text)?)
}

fn evaluated(tx: &Connection, scan: i64) -> Sql<Vec<AccountId>> {
    let mut statement =
        tx.prepare_cached("SELECT account FROM evaluation WHERE scan = ?1 ORDER BY account")?;
    let accounts = statement.query_map([scan], |row| Ok(AccountId::from(row.get::<_, String>(0)?)))?;
    Ok(accounts.collect::<rusqlite::Result<_>>()?)
}

/// Ends a scan. A finished one is in view from here on.
pub(super) fn finish(tx: &Connection, scan: &ScanId, end: &ScanEnd) -> Sql<()> {
    let running = running(tx, scan)?;
    let sequence = next_sequence(tx)?;
    note_step(tx, sequence, running.id)?;
    match end.state {
        ScanState::Finished => leave_unread_accounts(tx, scan, &running, sequence)?,
        ScanState::Failed | ScanState::Running => {
            tx.execute("DELETE FROM rollup WHERE scan = ?1", [running.id])?;
            tx.execute("DELETE FROM resource_rollup WHERE scan = ?1", [running.id])?;
        }
    }
    tx.execute("DELETE FROM plan WHERE scan = ?1", [running.id])?;
    let score = end.score.clone().map(|score| Score { parts: Vec::new(), ..score });
    tx.execute(
        "UPDATE scan SET state = ?2, failure = ?3, finished = ?4, closed = ?5, score = ?6, catalogue = ?7 WHERE id = ?1",
        params![
            running.id,
            end.state.as_str(),
            end.failure,
            code::of_instant(end.finished),
            sequence,
            score.map(|score| serde_json::to_string(&score)).transpose()?,
            end.catalogue,
        ],
    )?;
    Ok(())
}

/// Whatever stands in an account that the scan had nothing to do with is out of the target from now on.
/// An account that was read and not judged would leave the view without its verdicts: that is refused.
fn leave_unread_accounts(tx: &Connection, scan: &ScanId, running: &Running, sequence: i64) -> Sql<()> {
    let judged: HashSet<AccountId> = evaluated(tx, running.id)?.into_iter().collect();
    let read = shard::coverage(tx, scan, None)?.into_iter().map(|row| row.shard.account);
    let mut asked = planned(tx, running.id)?.into_iter().map(|key| key.account).chain(read);
    if let Some(account) = asked.find(|account| !judged.contains(account)) {
        return Err(StoreError::NotJudged { id: scan.clone(), account }.into());
    }
    let mut places = tx.prepare_cached(
        "SELECT place.id, account.name FROM place JOIN shard ON shard.id = place.shard
         JOIN account ON account.id = shard.account WHERE account.target = ?1",
    )?;
    let mut rows = places.query([running.target])?;
    while let Some(row) = rows.next()? {
        if !judged.contains(&AccountId::from(row.get::<_, String>(1)?)) {
            leave_place(tx, row.get(0)?, sequence)?;
        }
    }
    Ok(())
}

fn leave_place(tx: &Connection, place: i64, sequence: i64) -> Sql<()> {
    // What was judged and what was read end at different steps, so each part asks its own table. That table comes last.
    let parts: [(i64, &str, &[&str]); 2] =
        [(1, "judgement", &["verdict", "judgement"]), (0, "version", &["relation", "reading", "version"])];
    for (part, of_part, tables) in parts {
        let resources =
            format!("(SELECT resource FROM {of_part} WHERE place = ?1 AND valid_to = {})", open!());
        let note = "INSERT INTO change (part, sequence, resource) SELECT";
        tx.execute(&format!("{note} {part}, ?2, resource FROM {resources}"), [place, sequence])?;
        for table in tables {
            let end = format!(
                "UPDATE {table} SET valid_to = ?2 WHERE resource IN {resources} AND valid_to = {}",
                open!()
            );
            tx.execute(&end, [place, sequence])?;
        }
    }
    Ok(())
}

const SUMMARY: &str = "SELECT scan.name, target.name, origin, state, failure, instant, finished, shards_planned, shards_done,
    shards_complete, calls, errors, resources, pass, unknown, critical, high, medium, low, informational, score, catalogue,
    scan.id
    FROM scan JOIN target ON target.id = scan.target";

/// Scans, latest first.
pub(super) fn list(
    tx: &Connection,
    target: Option<&TargetName>,
    cursor: Option<&str>,
    limit: u32,
) -> Sql<Page<ScanSummary>> {
    let fingerprint = cursor::fingerprint("scans", &target)?;
    let [instant, id] = cursor::read(&fingerprint, cursor)?.unwrap_or([i64::MAX, i64::MAX]);
    let mut statement = tx.prepare_cached(&format!(
        "{SUMMARY} WHERE (?1 IS NULL OR target.name = ?1) AND (instant, scan.id) < (?2, ?3)
         ORDER BY instant DESC, scan.id DESC LIMIT ?4"
    ))?;
    let mut found =
        statement.query(params![target.map(TargetName::as_str), instant, id, i64::from(limit) + 1])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push((summary(row)?, row.get::<_, i64>(22)?));
    }
    let next = cursor::cut(&mut rows, limit, |(scan, id)| {
        cursor::write(&fingerprint, &[code::of_instant(scan.started), *id])
    });
    Ok(Page { rows: rows.into_iter().map(|(scan, _)| scan).collect(), next })
}

/// One scan.
pub(super) fn fetch(tx: &Connection, id: &ScanId) -> Sql<Option<ScanSummary>> {
    let mut statement = tx.prepare_cached(&format!("{SUMMARY} WHERE scan.name = ?1"))?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(summary).transpose()
}

fn summary(row: &Row<'_>) -> Sql<ScanSummary> {
    let count = |column: usize| -> rusqlite::Result<u64> { Ok(code::count(row.get(column)?)) };
    let severities = [
        (Severity::Critical, count(15)?),
        (Severity::High, count(16)?),
        (Severity::Medium, count(17)?),
        (Severity::Low, count(18)?),
        (Severity::Informational, count(19)?),
    ];
    let failing: BTreeMap<_, _> = severities.into_iter().filter(|(_, count)| *count > 0).collect();
    let score: Option<String> = row.get(20)?;
    Ok(ScanSummary {
        id: ScanId::from(row.get::<_, String>(0)?),
        target: TargetName::from(row.get::<_, String>(1)?),
        origin: row.get::<_, String>(2)?.parse()?,
        state: row.get::<_, String>(3)?.parse()?,
        failure: row.get(4)?,
        started: code::instant(row.get(5)?),
        finished: row.get::<_, Option<i64>>(6)?.map(code::instant),
        shards_planned: count(7)?,
        shards_done: count(8)?,
        shards_complete: count(9)?,
        calls: count(10)?,
        errors: count(11)?,
        resources: count(12)?,
        pass: count(13)?,
        fail: failing.values().sum(),
        unknown: count(14)?,
        failing,
        score: score.map(|text| serde_json::from_str(&text)).transpose()?,
        catalogue: row.get(21)?,
    })
}

/// Targets that have been scanned, sorted.
pub(super) fn targets(tx: &Connection) -> Sql<Vec<TargetName>> {
    let mut statement = tx.prepare_cached("SELECT name FROM target ORDER BY name")?;
    let names = statement.query_map([], |row| Ok(TargetName::from(row.get::<_, String>(0)?)))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// The scan of this id, which must be running.
pub(super) fn running(tx: &Connection, id: &ScanId) -> Sql<Running> {
    match state_of(tx, id)? {
        None => return Err(StoreError::ScanUnknown { id: id.clone() }.into()),
        Some(ScanState::Running) => {}
        Some(state) => return Err(StoreError::ScanNotThere { id: id.clone(), state }.into()),
    }
    let mut statement = tx.prepare_cached(
        "SELECT scan.id, scan.target, target.name, origin, instant
         FROM scan JOIN target ON target.id = scan.target WHERE scan.name = ?1",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(Running {
        id: row.get(0)?,
        target: row.get(1)?,
        target_name: TargetName::from(row.get::<_, String>(2)?),
        origin: row.get::<_, String>(3)?.parse()?,
        instant: code::instant(row.get(4)?),
    })
}

fn state_of(tx: &Connection, id: &ScanId) -> Sql<Option<ScanState>> {
    let mut statement = tx.prepare_cached("SELECT state FROM scan WHERE name = ?1")?;
    let state: Option<String> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
    state.map(|state| state.parse().map_err(Fault::from)).transpose()
}

/// The sequence of a new step of a scan.
pub(super) fn step(tx: &Connection, scan: i64) -> Sql<i64> {
    let sequence = next_sequence(tx)?;
    note_step(tx, sequence, scan)?;
    Ok(sequence)
}

fn next_sequence(tx: &Connection) -> Sql<i64> {
    let next = "UPDATE meta SET value = value + 1 WHERE name = 'sequence' RETURNING value";
    Ok(tx.prepare_cached(next)?.query_row([], |row| row.get(0))?)
}

fn note_step(tx: &Connection, sequence: i64, scan: i64) -> Sql<()> {
    tx.prepare_cached("INSERT INTO step (sequence, scan) VALUES (?1, ?2)")?.execute([sequence, scan])?;
    Ok(())
}

fn intern_target(tx: &Connection, name: &TargetName) -> Sql<i64> {
    let insert = "INSERT INTO target (name) VALUES (?1) ON CONFLICT (name) DO NOTHING";
    intern(tx, insert, "SELECT id FROM target WHERE name = ?1", params![name.as_str()])
}
