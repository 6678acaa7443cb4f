//! What differs between two views. Steps note which resources they touched, so that only those are compared.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use nephoscope_model::drift::{ChangeKind, ResourceChange};
use nephoscope_model::query::Filter;
use nephoscope_model::{CheckId, Status};

use super::fault::Sql;
use super::finding::Composer;
use super::resource::{Parts, Version, uid_of, version_of};
use super::sieve::Place;
use super::view::Look;
use super::{Reader, code};
use crate::{VerdictChange, View};

/// The part of a resource that was touched.
#[derive(Clone, Copy, Debug)]
enum Part {
    Read = 0,
    Verdicts = 1,
}

/// A verdict row, as far as it is compared.
#[derive(Clone, Copy, Debug)]
struct Side {
    at: Place,
    status: Status,
    severity: i64,
    exposure: i64,
}

/// Two views, cut to what a filter lets through of the targets that both have.
struct Both<'r> {
    from: Look<'r>,
    to: Look<'r>,
}

impl<'r> Both<'r> {
    fn new(reader: &'r Reader<'r>, from: &View, to: &View, filter: &Filter) -> Sql<Self> {
        let shared = |place: &super::names::Place| {
            [from, to].iter().all(|view| view.entries.iter().any(|entry| entry.target == place.target))
        };
        let look = |view| -> Sql<Look<'r>> { Ok(Look::filtered(reader, view, filter)?.only(shared)) };
        Ok(Self { from: look(from)?, to: look(to)? })
    }

    /// Resources that were touched between the earliest and the latest moment of both views.
    fn touched(&self, reader: &Reader<'_>, part: Part) -> Sql<Vec<i64>> {
        let moments = || self.from.moments().iter().chain(self.to.moments()).map(|moment| moment.sequence);
        let Some((first, last)) = moments().min().zip(moments().max()) else { return Ok(Vec::new()) };
        let mut statement = reader.connection.prepare_cached(
            "SELECT DISTINCT resource FROM change WHERE part = ?1 AND sequence > ?2 AND sequence <= ?3",
        )?;
        let rows = statement.query_map([part as i64, first, last], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Verdicts that differ, worse ones first.
pub(super) fn verdicts(
    reader: &Reader<'_>,
    [from, to]: [&View; 2],
    filter: &Filter,
    checks: Option<&BTreeSet<CheckId>>,
    limit: u32,
) -> Sql<Vec<VerdictChange>> {
    let both = Both::new(reader, from, to, filter)?;
    let mut statement = reader.connection.prepare_cached(
        "SELECT check_id, valid_from, valid_to, place, status, severity, exposure FROM verdict WHERE resource = ?1",
    )?;
    let wanted = checks.map(|checks| -> HashSet<i64> {
        // A check that never judged anything has no number, and no verdict either.
        checks.iter().filter_map(|check| reader.names.check_id(check)).collect()
    });
    let mut changes = Vec::new();
    for resource in both.touched(reader, Part::Verdicts)? {
        let mut sides = BTreeMap::<i64, (Option<Side>, Option<Side>)>::new();
        let mut rows = statement.query([resource])?;
        while let Some(row) = rows.next()? {
            let (check, valid_from, valid_to, place) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&check)) {
                continue;
            }
            let side = Side {
                at: Place { resource, check, valid_from },
                status: code::status(row.get(4)?)?,
                severity: row.get(5)?,
                exposure: row.get(6)?,
            };
            let (before, after) = sides.entry(check).or_default();
            if both.from.sees_past(place, valid_from, valid_to) {
                *before = Some(side);
            }
            if both.to.sees_past(place, valid_from, valid_to) {
                *after = Some(side);
            }
        }
        let differs = |(before, after): &(Option<Side>, Option<Side>)| {
            before.map(|side| side.status) != after.map(|side| side.status)
        };
        changes.extend(sides.into_values().filter(differs));
    }
    let resources = reader.order()?;
    changes.sort_by_cached_key(|(before, after)| {
        let class = match after.map(|side| side.status) {
            Some(Status::Fail) => 0,
            Some(Status::Unknown) => 1,
            Some(Status::Pass | Status::Manual) | None => 2,
        };
        let shown = after.or(*before);
        let order = shown.map(|side| {
            let rank = (resources.rank(side.at.resource), reader.names.check_rank(side.at.check));
            (Reverse(side.severity), Reverse(side.exposure), rank)
        });
        (class, order)
    });
    changes.truncate(limit as usize);
    let mut composer = Composer::new(reader, to)?;
    let mut found = Vec::with_capacity(changes.len());
    for (before, after) in changes {
        let row = match (before, after) {
            (_, Some(side)) => composer.seen(&both.to, side.at)?,
            (Some(side), None) => composer.gone(&both.to, side.at)?,
            (None, None) => continue,
        };
        found.push(VerdictChange {
            row,
            before: before.map(|side| side.status),
            after: after.map(|side| side.status),
        });
    }
    Ok(found)
}

/// Resources that came, went or changed, by uid.
pub(super) fn resources(
    reader: &Reader<'_>,
    [from, to]: [&View; 2],
    filter: &Filter,
    limit: u32,
) -> Sql<Vec<ResourceChange>> {
    let both = Both::new(reader, from, to, filter)?;
    let mut touched = both.touched(reader, Part::Read)?;
    let order = reader.order()?;
    touched.sort_unstable_by_key(|resource| order.rank(*resource));
    let mut changes = Vec::new();
    for resource in touched {
        if changes.len() == limit as usize {
            break;
        }
        let before = version_of(reader, &both.from, resource)?;
        let after = version_of(reader, &both.to, resource)?;
        changes.extend(compare(reader, before, after)?);
    }
    Ok(changes)
}

fn compare(
    reader: &Reader<'_>,
    before: Option<Version>,
    after: Option<Version>,
) -> Sql<Option<ResourceChange>> {
    let parts = |version: &Version| Parts::fetch(reader.connection, version.resource, version.valid_from);
    let (change, facets) = match (&before, &after) {
        (None, None) => return Ok(None),
        (None, Some(_)) => (ChangeKind::Added, Vec::new()),
        (Some(_), None) => (ChangeKind::Removed, Vec::new()),
        (Some(one), Some(other)) => {
            let facets = parts(other)?.differing(&parts(one)?);
            // Between the two it may have changed and changed back.
            if facets.is_empty() && one.name == other.name {
                return Ok(None);
            }
            (ChangeKind::Changed, facets)
        }
    };
    let Some(version) = after.or(before) else { return Ok(None) };
    let Some(place) = reader.names.place(version.place) else { return Ok(None) };
    Ok(Some(ResourceChange {
        uid: uid_of(reader, version.resource)?,
        name: version.name,
        kind: place.kind.clone(),
        provider: place.provider,
        account: place.account.clone(),
        region: place.region.clone(),
        change,
        facets,
    }))
}
