//! How resources were read: what was carried over from an earlier scan, and the revisions that their listings named.
//!
//! Intervals like those of versions, and beside them: reading a facet again that is as it was makes no new version.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use nephoscope_model::PackedResource;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::fault::Sql;

/// What stands in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The JSON of when facets were really read that were carried over.
    pub carried: Option<Arc<str>>,
    /// The digest of the revisions that the listing named.
    pub revision: Option<Arc<str>>,
}

impl Reading {
    fn of(resource: &PackedResource) -> Self {
        Self { carried: resource.carried.clone(), revision: resource.revision.clone() }
    }

    fn is_plain(&self) -> bool {
        self.carried.is_none() && self.revision.is_none()
    }
}

/// Writes how the resources of one shard were read, as far as that differs from before.
pub(super) struct ReadingWriter<'t> {
    sequence: i64,
    current: HashMap<i64, Reading>,
    end: CachedStatement<'t>,
    insert: CachedStatement<'t>,
}

impl<'t> ReadingWriter<'t> {
    pub(super) fn new(tx: &'t Connection, shard: i64, sequence: i64) -> Sql<Self> {
        let mut statement = tx.prepare_cached(concat!(
            "SELECT reading.resource, reading.carried, reading.revision FROM place
             JOIN version ON version.place = place.id AND version.valid_to = ",
            open!(),
            " JOIN reading ON reading.resource = version.resource AND reading.valid_to = ",
            open!(),
            " WHERE place.shard = ?1"
        ))?;
        let rows = statement.query_map([shard], |row| {
            Ok((row.get(0)?, Reading { carried: text(row, 1)?, revision: text(row, 2)? }))
        })?;
        Ok(Self {
            sequence,
            current: rows.collect::<rusqlite::Result<_>>()?,
            end: tx.prepare_cached(concat!(
                "UPDATE reading SET valid_to = ?2 WHERE resource = ?1 AND valid_to = ",
                open!()
            ))?,
            insert: tx.prepare_cached(concat!(
                "INSERT INTO reading (resource, valid_from, valid_to, carried, revision) VALUES (?1, ?2, ",
                open!(),
                ", ?3, ?4)"
            ))?,
        })
    }

    /// Notes how `resource` was read; `known` where the shard had it before.
    pub(super) fn write(&mut self, id: i64, resource: &PackedResource, known: bool) -> Sql<()> {
        let now = Reading::of(resource);
        let before = self.current.get(&id);
        if before.map_or(known && now.is_plain(), |before| *before == now) {
            return Ok(());
        }
        // One that is new to the shard may have been read in another, which listed it before.
        self.end.execute([id, self.sequence])?;
        if !now.is_plain() {
            self.insert.execute(params![id, self.sequence, now.carried, now.revision])?;
        }
        Ok(())
    }
}

/// Ends what is known of how a resource was read, with the resource.
pub(super) struct ReadingEnder<'t>(CachedStatement<'t>);

impl<'t> ReadingEnder<'t> {
    pub(super) fn new(tx: &'t Connection) -> Sql<Self> {
        Ok(Self(tx.prepare_cached(concat!(
            "UPDATE reading SET valid_to = ?2 WHERE resource = ?1 AND valid_to = ",
            open!()
        ))?))
    }

    pub(super) fn end(&mut self, resource: i64, sequence: i64) -> Sql<()> {
        self.0.execute([resource, sequence])?;
        Ok(())
    }
}

/// Tells how resources were read as of a sequence.
pub(super) struct ReadingReader<'t>(CachedStatement<'t>);

impl<'t> ReadingReader<'t> {
    pub(super) fn new(tx: &'t Connection) -> Sql<Self> {
        Ok(Self(tx.prepare_cached(
            "SELECT carried, revision FROM reading WHERE resource = ?1 AND valid_from <= ?2 AND valid_to > ?2",
        )?))
    }

    /// How the resource was read.
    pub(super) fn of(&mut self, resource: i64, sequence: i64) -> Sql<Reading> {
        let found = self.0.query_row([resource, sequence], |row| {
            Ok(Reading { carried: text(row, 0)?, revision: text(row, 1)? })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    /// When facets were really read that were carried over.
    pub(super) fn carried(&mut self, resource: i64, sequence: i64) -> Sql<BTreeMap<String, Timestamp>> {
        match self.of(resource, sequence)?.carried {
            Some(json) => Ok(serde_json::from_str(&json)?),
            None => Ok(BTreeMap::new()),
        }
    }
}

fn text(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Arc<str>>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    Ok(text.map(Arc::from))
}
