//! Which verdicts a query lets through, read from narrow indices, bucket by bucket.

use std::collections::{HashMap, HashSet};

use nephoscope_model::query::Filter;
use nephoscope_model::{State, Status};
use rusqlite::CachedStatement;

use super::fault::Sql;
use super::view::{Look, Moment};
use super::{Reader, code, resource};
use crate::{BucketKey, View};

/// Numbers of check, status and exposure.
pub(super) type BucketCode = [i64; 3];

/// Where a verdict row stands, without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub resource: i64,
    pub check: i64,
    pub valid_from: i64,
}

/// Lets verdicts of a view through.
pub(super) struct Sieve<'r> {
    reader: &'r Reader<'r>,
    pub look: Look<'r>,
    states: Vec<State>,
    hits: Option<Vec<bool>>,
    current: CachedStatement<'r>,
    of_resource: CachedStatement<'r>,
    past: HashMap<BucketCode, Vec<Place>>,
}

impl<'r> Sieve<'r> {
    /// A sieve for what the store applies of `filter`.
    pub(super) fn new(reader: &'r Reader<'r>, view: &View, filter: &Filter) -> Sql<Self> {
        let look = Look::filtered(reader, view, filter)?;
        let hits = filter.query.as_ref().map(|text| resource::matching(reader, &look, text)).transpose()?;
        let mut sieve = Self {
            reader,
            look,
            states: filter.states.clone(),
            hits,
            current: reader.connection.prepare_cached(concat!(
                "SELECT resource, valid_from, place, opened FROM verdict
                 WHERE check_id = ?1 AND status = ?2 AND exposure = ?3 AND valid_to = ",
                open!()
            ))?,
            of_resource: reader.connection.prepare_cached(
                "SELECT check_id, status, exposure, severity, valid_from, valid_to, place, opened FROM verdict
                 WHERE resource = ?1",
            )?,
            past: HashMap::new(),
        };
        sieve.past = sieve.fetch_past()?;
        Ok(sieve)
    }

    /// Rows that are over and in view all the same: none for the latest view, unless a scan is running.
    fn fetch_past(&self) -> Sql<HashMap<BucketCode, Vec<Place>>> {
        let mut found = HashMap::<_, Vec<_>>::new();
        let Some(earliest) = self.look.earliest() else { return Ok(found) };
        let mut statement = self.reader.connection.prepare_cached(concat!(
            "SELECT check_id, status, exposure, resource, valid_from, valid_to, place, opened FROM verdict
             WHERE valid_to > ?1 AND valid_to < ",
            open!()
        ))?;
        let mut rows = statement.query([earliest])?;
        while let Some(row) = rows.next()? {
            let bucket: BucketCode = [row.get(0)?, row.get(1)?, row.get(2)?];
            let (resource, valid_from, place) = (row.get(3)?, row.get(4)?, row.get(6)?);
            if self.look.sees_past(place, valid_from, row.get(5)?)
                && self.lets(resource, bucket[1], place, row.get(7)?)
            {
                found.entry(bucket).or_default().push(Place { resource, check: bucket[0], valid_from });
            }
        }
        Ok(found)
    }

    /// The numbers of a bucket; none where the check has never judged anything.
    pub(super) fn code(&self, key: &BucketKey) -> Option<BucketCode> {
        let check = self.reader.names.check_id(&key.check)?;
        Some([check, code::of_status(key.status), code::of_exposure(key.exposure)])
    }

    /// The rows of one bucket, in no order.
    pub(super) fn bucket(&mut self, bucket: BucketCode) -> Sql<Vec<Place>> {
        let mut found = self.past.get(&bucket).cloned().unwrap_or_default();
        let Self { look, states, hits, current, .. } = self;
        let mut rows = current.query(bucket)?;
        while let Some(row) = rows.next()? {
            let (resource, valid_from, place) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if look.sees(place, valid_from)
                && lets(look, states, hits.as_deref(), resource, bucket[1], place, row.get(3)?)
            {
                found.push(Place { resource, check: bucket[0], valid_from });
            }
        }
        Ok(found)
    }

    /// The rows of one resource that are in `buckets`, with their severity.
    pub(super) fn resource(
        &mut self,
        resource: i64,
        buckets: &HashSet<BucketCode>,
    ) -> Sql<Vec<(i64, Place)>> {
        let mut found = Vec::new();
        let Self { look, states, hits, of_resource, .. } = self;
        let mut rows = of_resource.query([resource])?;
        while let Some(row) = rows.next()? {
            let bucket: BucketCode = [row.get(0)?, row.get(1)?, row.get(2)?];
            let (valid_from, place) = (row.get(4)?, row.get(6)?);
            if buckets.contains(&bucket)
                && look.sees_past(place, valid_from, row.get(5)?)
                && lets(look, states, hits.as_deref(), resource, bucket[1], place, row.get(7)?)
            {
                found.push((row.get(3)?, Place { resource, check: bucket[0], valid_from }));
            }
        }
        Ok(found)
    }

    fn lets(&self, resource: i64, status: i64, place: i64, opened: i64) -> bool {
        lets(&self.look, &self.states, self.hits.as_deref(), resource, status, place, opened)
    }
}

fn lets(
    look: &Look<'_>,
    states: &[State],
    hits: Option<&[bool]>,
    resource: i64,
    status: i64,
    place: i64,
    opened: i64,
) -> bool {
    let state = || look.at(place).map(|moment| state(status, opened, moment));
    (states.is_empty() || state().is_some_and(|state| states.contains(&state)))
        && hits.is_none_or(|hits| resource::is_match(hits, resource))
}

/// The state of a verdict that was opened at a sequence, at a moment.
pub(super) fn state(status: i64, opened: i64, moment: &Moment) -> State {
    if status == code::of_status(Status::Pass) {
        State::Resolved
    } else if opened > moment.before {
        State::New
    } else {
        State::Open
    }
}
