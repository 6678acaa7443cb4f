//! Views: which scan of each target is looked at, and which rows that makes visible.

use std::collections::HashMap;

use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::ScanState;
use nephoscope_model::{ScanId, TargetName};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fault::{Fault, Sql};
use super::names::Place;
use super::{Reader, code};
use crate::{StoreError, View, ViewEntry};

const ENTRY: &str = "SELECT target.name, scan.name, closed, instant, finished FROM scan
    JOIN target ON target.id = scan.target WHERE state = 'finished' AND target.name = ?1";

/// The view of `targets` at `as_of`.
pub(super) fn fetch(tx: &Connection, targets: &[TargetName], as_of: &AsOf) -> Sql<View> {
    // At most this instant and this sequence; the scan asked for has the greatest sequence that is allowed.
    let (instant, sequence) = match as_of {
        AsOf::Latest => (i64::MAX, i64::MAX),
        AsOf::At(instant) => (code::of_instant(*instant), i64::MAX),
        AsOf::Scan(id) => (i64::MAX, closed(tx, id)?),
    };
    let mut statement = tx.prepare_cached(&format!(
        "{ENTRY} AND finished <= ?2 AND closed <= ?3 ORDER BY closed DESC LIMIT 1"
    ))?;
    let mut entries = Vec::new();
    for target in super::scan::targets(tx)? {
        if targets.is_empty() || targets.contains(&target) {
            let values = params![target.as_str(), instant, sequence];
            entries.extend(statement.query_row(values, entry).optional()?);
        }
    }
    Ok(View { entries })
}

/// The sequence at which a finished scan ended.
fn closed(tx: &Connection, id: &ScanId) -> Sql<i64> {
    let find = "SELECT state, closed FROM scan WHERE name = ?1";
    let row: Option<(String, Option<i64>)> =
        tx.query_row(find, [id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (state, closed) = row.ok_or_else(|| StoreError::ScanUnknown { id: id.clone() })?;
    match (state.parse()?, closed) {
        (ScanState::Finished, Some(closed)) => Ok(closed),
        (state, _) => Err(StoreError::ScanNotThere { id: id.clone(), state }.into()),
    }
}

/// The view one finished scan back, for each target that has one.
pub(super) fn before(tx: &Connection, view: &View) -> Sql<View> {
    let mut statement =
        tx.prepare_cached(&format!("{ENTRY} AND closed < ?2 ORDER BY closed DESC LIMIT 1"))?;
    let mut entries = Vec::new();
    for shown in &view.entries {
        entries
            .extend(statement.query_row(params![shown.target.as_str(), shown.sequence], entry).optional()?);
    }
    Ok(View { entries })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<ViewEntry> {
    Ok(ViewEntry {
        target: TargetName::from(row.get::<_, String>(0)?),
        scan: ScanId::from(row.get::<_, String>(1)?),
        sequence: row.get(2)?,
        started: code::instant(row.get(3)?),
        finished: code::instant(row.get(4)?),
    })
}

/// A view made ready for looking at rows: which places are in it, and at which sequence.
#[derive(Clone, Debug)]
pub(super) struct Look<'r> {
    reader: &'r Reader<'r>,
    /// By number of place: the position of its target in `moments`.
    places: Vec<Option<u32>>,
    moments: Vec<Moment>,
}

/// The moment at which one target is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Position in the view's entries.
    pub entry: usize,
    /// The number of the scan that is shown.
    pub scan: i64,
    /// Its last sequence.
    pub sequence: i64,
    /// The last sequence of the finished scan before it; what began after it is new.
    pub before: i64,
}

impl<'r> Look<'r> {
    /// All places of the view.
    pub(super) fn new(reader: &'r Reader<'r>, view: &View) -> Sql<Self> {
        let mut find = reader.connection.prepare_cached(
            "SELECT scan.id, (SELECT max(earlier.closed) FROM scan AS earlier WHERE earlier.target = scan.target
             AND earlier.state = 'finished' AND earlier.closed < scan.closed) FROM scan WHERE scan.name = ?1",
        )?;
        let mut moments = Vec::with_capacity(view.entries.len());
        for (entry, shown) in view.entries.iter().enumerate() {
            let found =
                find.query_row([shown.scan.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let unknown = || Fault::from(StoreError::ScanUnknown { id: shown.scan.clone() });
            let (scan, before): (i64, Option<i64>) = found.ok_or_else(unknown)?;
            moments.push(Moment { entry, scan, sequence: shown.sequence, before: before.unwrap_or(0) });
        }
        let by_target: HashMap<&TargetName, u32> =
            view.entries.iter().map(|entry| &entry.target).zip(0..).collect();
        let of_place = |id: i64| by_target.get(&reader.names.place(id)?.target).copied();
        let places = (0..).take(reader.names.place_slots()).map(of_place).collect();
        Ok(Self { reader, places, moments })
    }

    /// The places of one scan's target as they are now, whether or not the scan has ended.
    pub(super) fn now(reader: &'r Reader<'r>, scan: i64, target: &TargetName) -> Self {
        // Rows that last are seen at the last sequence but one, and no others.
        let moments = vec![Moment { entry: 0, scan, sequence: i64::MAX - 1, before: 0 }];
        let of_place = |id: i64| reader.names.place(id).filter(|place| place.target == *target).map(|_| 0);
        let places = (0..).take(reader.names.place_slots()).map(of_place).collect();
        Self { reader, places, moments }
    }

    /// The places that `filter` lets through.
    pub(super) fn filtered(reader: &'r Reader<'r>, view: &View, filter: &Filter) -> Sql<Self> {
        fn lets<T: PartialEq>(list: &[T], value: &T) -> bool {
            list.is_empty() || list.contains(value)
        }
        Ok(Self::new(reader, view)?.only(|place| {
            lets(&filter.targets, &place.target)
                && lets(&filter.providers, &place.provider)
                && lets(&filter.accounts, &place.account)
                && lets(&filter.regions, &place.region)
                && lets(&filter.services, &place.service)
                && lets(&filter.kinds, &place.kind)
        }))
    }

    /// Only the places that `keep` wants.
    pub(super) fn only(&self, keep: impl Fn(&Place) -> bool) -> Self {
        let kept = |(id, moment): (i64, &Option<u32>)| {
            moment.filter(|_| self.reader.names.place(id).is_some_and(&keep))
        };
        let places = (0..).zip(&self.places).map(kept).collect();
        Self { reader: self.reader, places, moments: self.moments.clone() }
    }

    /// The moment at which a place is looked at; none where it is not in view.
    pub(super) fn at(&self, place: i64) -> Option<&Moment> {
        let moment = (*self.places.get(usize::try_from(place).ok()?)?)?;
        self.moments.get(moment as usize)
    }

    /// The moment of the target at `index` of the view's entries.
    pub(super) fn moment(&self, index: usize) -> &Moment {
        &self.moments[index]
    }

    /// The moments of all targets.
    pub(super) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The numbers of the places in view.
    pub(super) fn places(&self) -> impl Iterator<Item = i64> {
        (0..).zip(&self.places).filter(|(_, moment)| moment.is_some()).map(|(id, _)| id)
    }

    /// The earliest sequence in view: rows that ended by then are of no interest. None for an empty view.
    pub(super) fn earliest(&self) -> Option<i64> {
        self.moments.iter().map(|moment| moment.sequence).min()
    }

    /// True where a row of `place` that was written at `valid_from` and lasts is seen.
    pub(super) fn sees(&self, place: i64, valid_from: i64) -> bool {
        self.at(place).is_some_and(|moment| valid_from <= moment.sequence)
    }

    /// True where a row of `place` that is over is seen.
    pub(super) fn sees_past(&self, place: i64, valid_from: i64, valid_to: i64) -> bool {
        self.at(place).is_some_and(|moment| valid_from <= moment.sequence && moment.sequence < valid_to)
    }
}
