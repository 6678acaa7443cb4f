//! Commits what judging accounts gave: only what differs from before is written, and what is gone is closed.

use std::collections::{BTreeMap, HashMap, HashSet};

use nephoscope_model::coverage::Blinded;
use nephoscope_model::{AccountId, CheckId, FindingKey, ScanId, Status};
use rusqlite::{Connection, params};

use super::document::{DocumentWriter, Packer, Results, pipeline};
use super::fault::Sql;
use super::freshness::Freshness;
use super::resource::versions;
use super::scan::{Running, running, step};
use super::verdict::{Item, Prepared, Spoken, Sums, VerdictWriter};
use super::view::Look;
use super::{Reader, code, resource};
use crate::{Judging, StoreError};

/// An account to be judged, and how it was judged before.
pub(super) struct Case<'j> {
    judging: &'j dyn Judging,
    /// Sorted by resource.
    items: Vec<Item>,
    before: Sums,
}

/// What is to be judged: the accounts that this scan has not judged yet. Only their scan changes that.
pub(super) fn docket<'j>(
    connection: &Connection,
    scan: &ScanId,
    judgings: &[&'j dyn Judging],
) -> Sql<Vec<Case<'j>>> {
    let scan = running(connection, scan)?;
    let mut judged =
        connection.prepare_cached("SELECT 1 FROM evaluation WHERE scan = ?1 AND account = ?2")?;
    let mut cases = Vec::with_capacity(judgings.len());
    for judging in judgings {
        if !judged.exists(params![scan.id, judging.account().as_str()])? {
            let items = items(connection, &scan, *judging)?;
            let before = Sums::fetch(connection, scan.target, judging.account())?;
            cases.push(Case { judging: *judging, items, before });
        }
    }
    Ok(cases)
}

/// Judges the items of some accounts, and gives `commit` what is said of each.
pub(super) fn hear<O>(cases: &[Case<'_>], commit: impl FnOnce(&mut Results<'_, Prepared>) -> O) -> Sql<O> {
    let items = cases.iter().flat_map(|case| case.items.iter().map(|item| (case.judging, item)));
    let items: Vec<(&dyn Judging, &Item)> = items.collect();
    pipeline(&items, |packer, (judging, item)| prepare(packer, *judging, item), commit)
}

/// Commits the verdicts, facts and rollups of some accounts.
pub(super) fn insert(
    tx: &Connection,
    scan: &ScanId,
    cases: &[Case<'_>],
    prepared: &mut Results<'_, Prepared>,
) -> Sql<()> {
    let scan = running(tx, scan)?;
    let mut names = CheckNames::fetch(tx)?;
    let mut documents = DocumentWriter::new(tx)?;
    cases.iter().try_for_each(|case| insert_one(tx, &scan, case, &mut names, &mut documents, prepared))
}

fn insert_one(
    tx: &Connection,
    scan: &Running,
    case: &Case<'_>,
    names: &mut CheckNames,
    documents: &mut DocumentWriter<'_>,
    prepared: &mut Results<'_, Prepared>,
) -> Sql<()> {
    let Case { judging, items, before } = case;
    let sequence = step(tx, scan.id)?;
    let checks = judging.checks().iter().map(|check| names.intern(tx, check)).collect::<Sql<_>>()?;
    let mut writer = VerdictWriter::new(tx, *judging, checks, sequence, before)?;
    let mut blinded = Blinded::default();
    for (item, prepared) in items.iter().zip(prepared) {
        let prepared = prepared?;
        for spoken in prepared.spoken.iter().filter(|spoken| spoken.status == Status::Unknown) {
            blinded.note(&judging.checks()[spoken.check], &spoken.unreadable);
        }
        writer.write(documents, item, prepared)?;
    }
    writer.finish(scan.id, items)?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO evaluation (scan, account, sequence, not_applicable, blinded) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute(params![
        scan.id,
        judging.account().as_str(),
        sequence,
        serde_json::to_string(&judging.not_applicable())?,
        serde_json::to_string(&blinded)?,
    ])?;
    Ok(())
}

/// The resources that are judged by number, so that rows are inserted in the order of their keys.
fn items(connection: &Connection, scan: &Running, judging: &dyn Judging) -> Sql<Vec<Item>> {
    let account = judging.account();
    let mut statement = connection.prepare_cached(concat!(
        "SELECT resource.uid, version.resource, version.place
         FROM account JOIN shard ON shard.account = account.id JOIN place ON place.shard = shard.id
         JOIN version ON version.place = place.id AND version.valid_to = ",
        open!(),
        " JOIN resource ON resource.id = version.resource WHERE account.target = ?1 AND account.name = ?2"
    ))?;
    let rows = statement.query_map(params![scan.target, account.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?)))
    })?;
    let known: HashMap<String, (i64, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    let mut items = Vec::with_capacity(judging.resources());
    for position in 0..judging.resources() {
        let uid = judging.uid(position);
        let Some((resource, place)) = known.get(uid.as_str()).copied() else {
            return Err(StoreError::NotCollected { account: account.clone(), uid: uid.to_string() }.into());
        };
        items.push(Item { resource, place, position });
    }
    items.sort_unstable_by_key(|item| item.resource);
    Ok(items)
}

/// The numbers of checks.
struct CheckNames(HashMap<String, i64>);

impl CheckNames {
    fn fetch(tx: &Connection) -> Sql<Self> {
        let mut statement = tx.prepare_cached("SELECT name, id FROM check_name")?;
        let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self(names.collect::<rusqlite::Result<_>>()?))
    }

    fn intern(&mut self, tx: &Connection, check: &CheckId) -> Sql<i64> {
        if let Some(id) = self.0.get(check.as_str()) {
            return Ok(*id);
        }
        tx.prepare_cached("INSERT INTO check_name (name) VALUES (?1)")?.execute([check.as_str()])?;
        self.0.insert(check.to_string(), tx.last_insert_rowid());
        Ok(tx.last_insert_rowid())
    }
}

/// Judges one resource; what is said of it is all that is kept.
fn prepare(packer: &mut Packer, judging: &dyn Judging, item: &Item) -> Sql<Prepared> {
    let (judged, verdicts) = (judging.judge(item.position))
        .map_err(|cause| StoreError::Judge { account: judging.account().clone(), cause })?;
    let spoken = verdicts.into_iter().map(|verdict| {
        let check = verdict.check as usize;
        let detail = verdict.detail.as_deref().map(|detail| packer.pack(detail)).transpose()?;
        let unreadable = verdict.detail.map(|detail| detail.unreadable).unwrap_or_default();
        Ok(Spoken { check, status: verdict.status, detail, unreadable })
    });
    let spoken = spoken.collect::<Sql<_>>()?;
    Ok(Prepared { exposure: judged.exposure, facts: packer.pack(&judged.facts)?, spoken })
}

/// What missing permissions kept a scan from deciding, over its accounts; none where one was judged uncounted.
pub(super) fn blinded(tx: &Connection, scan: &ScanId) -> Sql<Option<Blinded>> {
    let mut statement = tx.prepare_cached(
        "SELECT blinded FROM evaluation JOIN scan ON scan.id = evaluation.scan WHERE scan.name = ?1",
    )?;
    let mut rows = statement.query([scan.as_str()])?;
    let mut sum = Blinded::default();
    while let Some(row) = rows.next()? {
        let Some(text) = row.get::<_, Option<String>>(0)? else { return Ok(None) };
        sum.add(serde_json::from_str(&text)?);
    }
    Ok(Some(sum))
}

/// What was last decided about the resources of an account that this scan could not list.
pub(super) fn last_known(
    reader: &Reader<'_>,
    scan: &ScanId,
    account: &AccountId,
) -> Sql<Vec<(FindingKey, Status)>> {
    let scan = running(reader.connection, scan)?;
    let look = Look::now(reader, scan.id, &scan.target_name).only(|place| place.account == *account);
    let mut freshness = Freshness::new(reader.connection)?;
    let mut history = reader.connection.prepare_cached(
        "SELECT check_id, status, valid_to FROM verdict WHERE resource = ?1 ORDER BY check_id, valid_from DESC",
    )?;
    let mut known = Vec::new();
    for version in versions(reader, &look)? {
        let Some((place, moment)) = reader.names.place(version.place).zip(look.at(version.place)) else {
            continue;
        };
        if !freshness.of(version.resource, place.shard, moment)?.1 {
            continue;
        }
        let uid = resource::uid_of(reader, version.resource)?;
        let mut statuses = BTreeMap::<i64, i64>::new();
        let mut lasting = HashSet::new();
        let mut rows = history.query([version.resource])?;
        while let Some(row) = rows.next()? {
            let (check, status, valid_to): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if valid_to > moment.sequence {
                lasting.insert(check);
            }
            // The latest status stands, unless it is UNKNOWN and an earlier one was decided.
            let latest = statuses.entry(check).or_insert(status);
            if *latest == code::of_status(Status::Unknown) {
                *latest = status;
            }
        }
        for (id, status) in statuses.into_iter().filter(|(check, _)| lasting.contains(check)) {
            if let Some(check) = reader.names.check(id) {
                known.push((FindingKey::of(check, &uid), code::status(status)?));
            }
        }
    }
    known.sort();
    Ok(known)
}
