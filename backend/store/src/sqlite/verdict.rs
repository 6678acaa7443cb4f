//! Writes the verdicts and judgements of one account, where they are not what they were.

use std::collections::HashMap;

use nephoscope_model::facet::Unreadable;
use nephoscope_model::{AccountId, Exposure, Severity, Status};
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, params};

use super::batch::Batch;
use super::code;
use super::document::{DocumentWriter, Packed};
use super::fault::Sql;
use super::rollup::RollupWriter;
use crate::Judging;

/// A resource to be judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub resource: i64,
    pub place: i64,
    /// Where it stands among what is judged.
    pub position: usize,
}

/// What a thread makes of one resource.
#[derive(Debug)]
pub(super) struct Prepared {
    pub exposure: Exposure,
    pub facts: Packed,
    pub spoken: Vec<Spoken>,
}

/// One verdict, as it is stored.
#[derive(Debug)]
pub(super) struct Spoken {
    /// The position of the check.
    pub check: usize,
    pub status: Status,
    /// Why it is FAIL or UNKNOWN.
    pub detail: Option<Packed>,
    /// The reads that were missing.
    pub unreadable: Vec<Unreadable>,
}

/// What a verdict row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Says {
    status: i64,
    exposure: i64,
    severity: i64,
    place: i64,
    document: Option<i64>,
}

/// A verdict row that lasts.
#[derive(Debug)]
struct Standing {
    valid_from: i64,
    opened: i64,
    says: Says,
}

/// What the verdicts on one resource add up to.
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

/// Writes the verdicts of one account.
pub(super) struct VerdictWriter<'t> {
    tx: &'t Connection,
    judging: &'t dyn Judging,
    /// By position: the number of the check.
    checks: Vec<i64>,
    sequence: i64,
    before: &'t Sums,
    rollups: RollupWriter,
    standing: CachedStatement<'t>,
    insert: Batch<'t>,
    close: CachedStatement<'t>,
    judge: Batch<'t>,
    close_judgement: CachedStatement<'t>,
    change: Batch<'t>,
}

impl<'t> VerdictWriter<'t> {
    /// A writer for an account that was judged as in `before`; `checks` are the numbers of its checks.
    pub(super) fn new(
        tx: &'t Connection,
        judging: &'t dyn Judging,
        checks: Vec<i64>,
        sequence: i64,
        before: &'t Sums,
    ) -> Sql<Self> {
        Ok(Self {
            tx,
            judging,
            checks,
            sequence,
            before,
            rollups: RollupWriter::default(),
            standing: tx.prepare_cached(concat!(
                "SELECT check_id, valid_from, opened, status, exposure, severity, place, document FROM verdict
                 WHERE resource = ?1 AND valid_to = ",
                open!()
            ))?,
            insert: Batch::new(
                tx,
                "INSERT OR ROLLBACK INTO verdict
                 (resource, check_id, valid_from, valid_to, status, exposure, severity, place, opened, document)",
                concat!("(?, ?, ?, ", open!(), ", ?, ?, ?, ?, ?, ?)"),
            )?,
            close: tx.prepare_cached(
                "UPDATE verdict SET valid_to = ?4 WHERE resource = ?1 AND check_id = ?2 AND valid_from = ?3",
            )?,
            judge: Batch::new(
                tx,
                "INSERT OR ROLLBACK INTO judgement
                 (resource, valid_from, valid_to, place, exposure, debt, critical, high, medium, low, informational, unknown,
                 facts)",
                concat!("(?, ?, ", open!(), ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
            )?,
            close_judgement: tx
                .prepare_cached("UPDATE judgement SET valid_to = ?3 WHERE resource = ?1 AND valid_from = ?2")?,
            change: Batch::new(
                tx,
                "INSERT OR ROLLBACK INTO change (part, sequence, resource)",
                "(1, ?, ?)",
            )?,
        })
    }

    /// Writes what is said of one resource.
    pub(super) fn write(
        &mut self,
        documents: &mut DocumentWriter<'_>,
        item: &Item,
        prepared: Prepared,
    ) -> Sql<()> {
        let before = self.before.0.get(&item.resource);
        let mut standing =
            if before.is_some() { self.fetch_standing(item.resource)? } else { HashMap::new() };
        let exposure = code::of_exposure(prepared.exposure);
        let facts = documents.put(&prepared.facts)?;
        let mut sum = Sum { place: item.place, exposure, debt: 0, failing: [0; 5], unknown: 0, facts };
        let mut differs = false;
        for spoken in prepared.spoken {
            let check = self.checks[spoken.check];
            let severity = self.judging.severities()[spoken.check];
            self.rollups.add(item.place, check, severity, spoken.status, exposure);
            sum.add(spoken.status, severity, prepared.exposure);
            let document = spoken.detail.map(|detail| documents.put(&detail)).transpose()?;
            let says = Says {
                status: code::of_status(spoken.status),
                exposure,
                severity: code::of_severity(severity),
                place: item.place,
                document,
            };
            let earlier = standing.remove(&check);
            if earlier.as_ref().is_some_and(|earlier| earlier.says == says) {
                continue;
            }
            differs = true;
            self.replace(item.resource, check, earlier.as_ref(), says)?;
        }
        for (check, gone) in standing {
            differs = true;
            self.close.execute([item.resource, check, gone.valid_from, self.sequence])?;
        }
        if differs {
            self.change.push([self.sequence, item.resource].map(Value::Integer))?;
        }
        self.rollups.add_resource(item.place);
        self.write_sum(item.resource, before, sum)
    }

    fn replace(&mut self, resource: i64, check: i64, earlier: Option<&Standing>, says: Says) -> Sql<()> {
        let mut opened = self.sequence;
        if let Some(earlier) = earlier {
            self.close.execute([resource, check, earlier.valid_from, self.sequence])?;
            if earlier.says.passes() == says.passes() {
                opened = earlier.opened;
            }
        }
        let numbers =
            [resource, check, self.sequence, says.status, says.exposure, says.severity, says.place, opened];
        let document = says.document.map_or(Value::Null, Value::Integer);
        self.insert.push(numbers.map(Value::Integer).into_iter().chain([document]))
    }

    fn fetch_standing(&mut self, resource: i64) -> Sql<HashMap<i64, Standing>> {
        let rows = self.standing.query_map([resource], |row| {
            let says = Says {
                status: row.get(3)?,
                exposure: row.get(4)?,
                severity: row.get(5)?,
                place: row.get(6)?,
                document: row.get(7)?,
            };
            Ok((row.get(0)?, Standing { valid_from: row.get(1)?, opened: row.get(2)?, says }))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn write_sum(&mut self, resource: i64, before: Option<&(i64, Sum)>, sum: Sum) -> Sql<()> {
        if let Some((valid_from, earlier)) = before {
            if *earlier == sum {
                return Ok(());
            }
            self.close_judgement.execute([resource, *valid_from, self.sequence])?;
        }
        let first = [resource, self.sequence, sum.place, sum.exposure, sum.debt];
        let numbers = first.into_iter().chain(sum.failing).chain([sum.unknown, sum.facts]);
        self.judge.push(numbers.map(Value::Integer))
    }

    /// Closes what is said of resources that are no longer among `items`, which are sorted by resource, and writes the
    /// counts.
    pub(super) fn finish(mut self, scan: i64, items: &[Item]) -> Sql<()> {
        let before = self.before.0.iter().map(|(resource, (valid_from, _))| (*resource, *valid_from));
        let is_gone = |resource: &i64| items.binary_search_by_key(resource, |item| item.resource).is_err();
        let mut gone: Vec<(i64, i64)> = before.filter(|(resource, _)| is_gone(resource)).collect();
        gone.sort_unstable();
        for (resource, valid_from) in gone {
            for (check, standing) in self.fetch_standing(resource)? {
                self.close.execute([resource, check, standing.valid_from, self.sequence])?;
            }
            self.close_judgement.execute([resource, valid_from, self.sequence])?;
            self.change.push([self.sequence, resource].map(Value::Integer))?;
        }
        for batch in [&mut self.insert, &mut self.judge, &mut self.change] {
            batch.flush()?;
        }
        self.rollups.insert(self.tx, scan)
    }
}

/// By number of resource: the judgements of an account that last, with when they began.
#[derive(Debug)]
pub(super) struct Sums(HashMap<i64, (i64, Sum)>);

impl Sums {
    /// Those of an account of a target.
    pub(super) fn fetch(connection: &Connection, target: i64, account: &AccountId) -> Sql<Self> {
        let mut statement = connection.prepare_cached(concat!(
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
        Ok(Self(rows.collect::<rusqlite::Result<_>>()?))
    }
}

impl Sum {
    fn add(&mut self, status: Status, severity: Severity, exposure: Exposure) {
        match status {
            Status::Fail => {
                self.debt += code::of_count(severity.weight() * exposure.factor());
                self.failing[worst_first(severity)] += 1;
            }
            Status::Unknown => self.unknown += 1,
            Status::Pass | Status::Manual => {}
        }
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

impl Says {
    fn passes(self) -> bool {
        self.status == code::of_status(Status::Pass)
    }
}
