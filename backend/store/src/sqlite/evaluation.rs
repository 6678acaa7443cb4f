//! Commits what judging one account gave: only what differs from before is written, and what is gone is closed.

use std::collections::{BTreeMap, HashMap, HashSet};

use nephoscope_model::finding::{Evaluation, Judged, Verdict};
use nephoscope_model::{AccountId, CheckId, FindingKey, ScanId, Severity, Status};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::document::{DocumentWriter, Packed, Packer, pipeline};
use super::fault::Sql;
use super::resource::{Freshness, versions};
use super::rollup::RollupWriter;
use super::scan::{Running, running, step};
use super::view::Look;
use super::{Reader, code, finding, resource};
use crate::StoreError;

/// A resource with its verdicts.
struct Item<'e> {
    resource: i64,
    place: i64,
    judged: &'e Judged,
    verdicts: &'e [Verdict],
}

/// What a thread makes of one resource.
struct Prepared {
    facts: Packed,
    details: Vec<Option<Packed>>,
    /// The numbers of the findings' keys, where the account is judged for the first time.
    keys: Vec<i64>,
}

/// A judgement, as far as it can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sum {
    place: i64,
    exposure: i64,
    debt: i64,
    /// Worst first.
    failing: [i64; 5],
    unknown: i64,
    facts: i64,
}

/// Commits the verdicts, facts and rollups of one account.
pub(super) fn insert(
    tx: &Connection,
    scan: &ScanId,
    account: &AccountId,
    evaluation: &Evaluation,
) -> Sql<()> {
    let scan = running(tx, scan)?;
    let marked = "SELECT 1 FROM evaluation WHERE scan = ?1 AND account = ?2";
    if tx.query_row(marked, params![scan.id, account.as_str()], |_| Ok(())).optional()?.is_some() {
        return Ok(());
    }
    let sequence = step(tx, scan.id)?;
    let items = items(tx, &scan, account, evaluation)?;
    let checks = intern_checks(tx, &evaluation.checks)?;
    let before = fetch_sums(tx, scan.target, account)?;
    let mut writer = VerdictWriter::new(tx, evaluation, checks, sequence, before)?;
    let with_keys = writer.before.is_empty();
    let mut next = items.iter();
    pipeline(
        &items,
        |packer, chunk| chunk.iter().map(|item| prepare(packer, evaluation, item, with_keys)).collect(),
        |chunk: Vec<Prepared>| {
            chunk.into_iter().zip(&mut next).try_for_each(|(prepared, item)| writer.write(item, &prepared))
        },
    )?;
    writer.close_gone()?;
    writer.insert_keys()?;
    writer.rollups.insert(tx, scan.id)?;
    tx.execute(
        "INSERT INTO evaluation (scan, account, sequence, not_applicable) VALUES (?1, ?2, ?3, ?4)",
        params![scan.id, account.as_str(), sequence, serde_json::to_string(&evaluation.not_applicable)?],
    )?;
    Ok(())
}

/// The resources of an evaluation by number, so that rows are inserted in the order of their keys.
fn items<'e>(
    tx: &Connection,
    scan: &Running,
    account: &AccountId,
    evaluation: &'e Evaluation,
) -> Sql<Vec<Item<'e>>> {
    let mut statement = tx.prepare_cached(concat!(
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
    let mut rest = evaluation.verdicts.as_slice();
    let mut items = Vec::with_capacity(evaluation.resources.len());
    for (judged, index) in evaluation.resources.iter().zip(0..) {
        let mine = rest.iter().take_while(|verdict| verdict.resource == index).count();
        let (verdicts, others) = rest.split_at(mine);
        rest = others;
        let Some((resource, place)) = known.get(judged.uid.as_str()).copied() else {
            return Err(
                StoreError::NotCollected { account: account.clone(), uid: judged.uid.to_string() }.into()
            );
        };
        items.push(Item { resource, place, judged, verdicts });
    }
    items.sort_unstable_by_key(|item| item.resource);
    Ok(items)
}

fn intern_checks(tx: &Connection, checks: &[CheckId]) -> Sql<Vec<i64>> {
    let mut insert =
        tx.prepare_cached("INSERT INTO check_name (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?;
    let mut find = tx.prepare_cached("SELECT id FROM check_name WHERE name = ?1")?;
    let mut ids = Vec::with_capacity(checks.len());
    for check in checks {
        insert.execute([check.as_str()])?;
        ids.push(find.query_row([check.as_str()], |row| row.get(0))?);
    }
    Ok(ids)
}

/// By number of resource: the judgements of an account that last, with when they began.
fn fetch_sums(tx: &Connection, target: i64, account: &AccountId) -> Sql<HashMap<i64, (i64, Sum)>> {
    let mut statement = tx.prepare_cached(concat!(
        "SELECT judgement.resource, judgement.valid_from, judgement.place, exposure, debt, critical, high, medium, low,
         informational, unknown, facts
         FROM account JOIN shard ON shard.account = account.id JOIN place ON place.shard = shard.id
         JOIN judgement ON judgement.place = place.id AND judgement.valid_to = ",
        open!(),
        " WHERE account.target = ?1 AND account.name = ?2"
    ))?;
    let rows = statement.query_map(params![target, account.as_str()], |row| {
        let sum = Sum {
            place: row.get(2)?,
            exposure: row.get(3)?,
            debt: row.get(4)?,
            failing: [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?],
            unknown: row.get(10)?,
            facts: row.get(11)?,
        };
        Ok((row.get(0)?, (row.get(1)?, sum)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn prepare(packer: &mut Packer, evaluation: &Evaluation, item: &Item<'_>, with_keys: bool) -> Sql<Prepared> {
    let key =
        |verdict: &Verdict| finding::key_number(&evaluation.checks[verdict.check as usize], &item.judged.uid);
    Ok(Prepared {
        facts: packer.pack(&item.judged.facts)?,
        details: (item.verdicts.iter())
            .map(|verdict| verdict.detail.as_ref().map(|detail| packer.pack(detail)).transpose())
            .collect::<Sql<_>>()?,
        keys: if with_keys { item.verdicts.iter().map(key).collect() } else { Vec::new() },
    })
}

/// A verdict row that lasts.
struct Standing {
    valid_from: i64,
    status: i64,
    exposure: i64,
    severity: i64,
    place: i64,
    opened: i64,
    detail: Option<i64>,
}

/// Writes the verdicts of one account.
struct VerdictWriter<'t> {
    tx: &'t Connection,
    evaluation: &'t Evaluation,
    /// By position in the evaluation: the number of the check.
    checks: Vec<i64>,
    sequence: i64,
    /// What has not been judged again yet.
    before: HashMap<i64, (i64, Sum)>,
    documents: DocumentWriter<'t>,
    rollups: RollupWriter,
    keys: Vec<(i64, i64, i64)>,
    standing: CachedStatement<'t>,
    insert: CachedStatement<'t>,
    close: CachedStatement<'t>,
    judge: CachedStatement<'t>,
    close_judgement: CachedStatement<'t>,
    change: CachedStatement<'t>,
}

impl<'t> VerdictWriter<'t> {
    fn new(
        tx: &'t Connection,
        evaluation: &'t Evaluation,
        checks: Vec<i64>,
        sequence: i64,
        before: HashMap<i64, (i64, Sum)>,
    ) -> Sql<Self> {
        Ok(Self {
            tx,
            evaluation,
            checks,
            sequence,
            before,
            documents: DocumentWriter::new(tx)?,
            rollups: RollupWriter::default(),
            keys: Vec::new(),
            standing: tx.prepare_cached(concat!(
                "SELECT check_id, valid_from, status, exposure, severity, place, opened, detail FROM verdict
                 WHERE resource = ?1 AND valid_to = ",
                open!()
            ))?,
            insert: tx.prepare_cached(concat!(
                "INSERT INTO verdict
                 (resource, check_id, valid_from, valid_to, status, exposure, severity, place, opened, detail)
                 VALUES (?1, ?2, ?3, ",
                open!(),
                ", ?4, ?5, ?6, ?7, ?8, ?9)"
            ))?,
            close: tx.prepare_cached(
                "UPDATE verdict SET valid_to = ?4 WHERE resource = ?1 AND check_id = ?2 AND valid_from = ?3",
            )?,
            judge: tx.prepare_cached(concat!(
                "INSERT INTO judgement (resource, valid_from, valid_to, place, exposure, debt, critical, high, medium, low,
                 informational, unknown, facts) VALUES (?1, ?2, ",
                open!(),
                ", ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
            ))?,
            close_judgement: tx
                .prepare_cached("UPDATE judgement SET valid_to = ?3 WHERE resource = ?1 AND valid_from = ?2")?,
            change: tx.prepare_cached("INSERT INTO change (part, sequence, resource) VALUES (1, ?1, ?2)")?,
        })
    }

    fn write(&mut self, item: &Item<'_>, prepared: &Prepared) -> Sql<()> {
        let before = self.before.remove(&item.resource);
        let mut standing =
            if before.is_some() { self.fetch_standing(item.resource)? } else { HashMap::new() };
        let exposure = code::of_exposure(item.judged.exposure);
        let factor = item.judged.exposure.factor();
        let facts = self.documents.put(&prepared.facts)?;
        let mut sum = Sum { place: item.place, exposure, debt: 0, failing: [0; 5], unknown: 0, facts };
        let mut differs = false;
        for (position, (verdict, detail)) in item.verdicts.iter().zip(&prepared.details).enumerate() {
            let (check, severity) =
                (self.checks[verdict.check as usize], self.evaluation.severities[verdict.check as usize]);
            let status = code::of_status(verdict.status);
            self.rollups.add(item.place, check, severity, verdict.status, exposure);
            match verdict.status {
                Status::Fail => {
                    sum.debt += code::of_count(severity.weight() * factor);
                    sum.failing[worst_first(severity)] += 1;
                }
                Status::Unknown => sum.unknown += 1,
                Status::Pass | Status::Manual => {}
            }
            let detail = detail.as_ref().map(|detail| self.documents.put(detail)).transpose()?;
            let row = Standing {
                valid_from: self.sequence,
                status,
                exposure,
                severity: code::of_severity(severity),
                place: item.place,
                opened: self.sequence,
                detail,
            };
            let earlier = standing.remove(&check);
            if earlier.as_ref().is_some_and(|earlier| earlier.says_the_same(&row)) {
                continue;
            }
            differs = true;
            let opened = match &earlier {
                Some(earlier) => {
                    self.close.execute([item.resource, check, earlier.valid_from, self.sequence])?;
                    if earlier.passes() == row.passes() { earlier.opened } else { row.opened }
                }
                None => {
                    let key = prepared.keys.get(position).copied();
                    let key = key.unwrap_or_else(|| {
                        finding::key_number(&self.evaluation.checks[verdict.check as usize], &item.judged.uid)
                    });
                    self.keys.push((key, item.resource, check));
                    row.opened
                }
            };
            self.insert.execute(params![
                item.resource,
                check,
                self.sequence,
                row.status,
                row.exposure,
                row.severity,
                row.place,
                opened,
                row.detail
            ])?;
        }
        for (check, gone) in standing {
            differs = true;
            self.close.execute([item.resource, check, gone.valid_from, self.sequence])?;
        }
        if differs {
            self.change.execute([self.sequence, item.resource])?;
        }
        self.rollups.add_resource(item.place);
        self.write_sum(item.resource, before, sum)
    }

    fn fetch_standing(&mut self, resource: i64) -> Sql<HashMap<i64, Standing>> {
        let rows = self.standing.query_map([resource], |row| {
            let standing = Standing {
                valid_from: row.get(1)?,
                status: row.get(2)?,
                exposure: row.get(3)?,
                severity: row.get(4)?,
                place: row.get(5)?,
                opened: row.get(6)?,
                detail: row.get(7)?,
            };
            Ok((row.get(0)?, standing))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn write_sum(&mut self, resource: i64, before: Option<(i64, Sum)>, sum: Sum) -> Sql<()> {
        if let Some((valid_from, earlier)) = before {
            if earlier == sum {
                return Ok(());
            }
            self.close_judgement.execute([resource, valid_from, self.sequence])?;
        }
        let [critical, high, medium, low, informational] = sum.failing;
        self.judge.execute(params![
            resource,
            self.sequence,
            sum.place,
            sum.exposure,
            sum.debt,
            critical,
            high,
            medium,
            low,
            informational,
            sum.unknown,
            sum.facts
        ])?;
        Ok(())
    }

    /// Closes what is said of resources that are no longer there.
    fn close_gone(&mut self) -> Sql<()> {
        let mut gone: Vec<(i64, i64)> =
            self.before.drain().map(|(resource, (valid_from, _))| (resource, valid_from)).collect();
        gone.sort_unstable();
        for (resource, valid_from) in gone {
            for (check, standing) in self.fetch_standing(resource)? {
                self.close.execute([resource, check, standing.valid_from, self.sequence])?;
            }
            self.close_judgement.execute([resource, valid_from, self.sequence])?;
            self.change.execute([self.sequence, resource])?;
        }
        Ok(())
    }

    fn insert_keys(&mut self) -> Sql<()> {
        self.keys.sort_unstable();
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO finding (key, resource, check_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        for (key, resource, check) in self.keys.drain(..) {
            insert.execute([key, resource, check])?;
        }
        Ok(())
    }
}

impl Standing {
    fn passes(&self) -> bool {
        self.status == code::of_status(Status::Pass)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let words = |row: &Self| (row.status, row.exposure, row.severity, row.place, row.detail);
        words(self) == words(other)
    }
}

/// The position of a severity in a list that begins with the worst.
fn worst_first(severity: Severity) -> usize {
    match severity {
        Severity::Critical => 0,
        Severity::High => 1,
        Severity::Medium => 2,
        Severity::Low => 3,
        Severity::Informational => 4,
    }
}

/// What was last decided about the resources of an account that this scan could not list.
pub(super) fn last_known(
    reader: &Reader<'_>,
    scan: &ScanId,
    account: &AccountId,
) -> Sql<Vec<(FindingKey, Status)>> {
    let scan = running(reader.connection, scan)?;
    let look = Look::now(reader, scan.id, &scan.scan.target).only(|place| place.account == *account);
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
