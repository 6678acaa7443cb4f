//! Edges between resources, as intervals that are written only when they change.

use std::collections::{BTreeSet, HashMap, HashSet};

use nephoscope_model::{Kind, Relation, RelationName, ScanId, ShardKey, Uid};
use rusqlite::{CachedStatement, Connection, params};

use super::fault::Sql;
use super::view::Look;
use super::{Reader, finding, resource, shard};
use crate::{StoredRelation, View};

/// Writes the edges of one shard's resources.
pub(super) struct RelationWriter<'t> {
    account: i64,
    sequence: i64,
    tx: &'t Connection,
    add: CachedStatement<'t>,
    find: CachedStatement<'t>,
    current: CachedStatement<'t>,
    insert: CachedStatement<'t>,
    end: CachedStatement<'t>,
    known: HashMap<Uid, i64>,
}

impl<'t> RelationWriter<'t> {
    pub(super) fn new(tx: &'t Connection, account: i64, sequence: i64) -> Sql<Self> {
        Ok(Self {
            account,
            sequence,
            tx,
            add: tx.prepare_cached(
                "INSERT OR IGNORE INTO resource (uid, account, digest) VALUES (?1, ?2, ?3)",
            )?,
            find: tx.prepare_cached("SELECT id FROM resource WHERE uid = ?1 AND account = ?2")?,
            current: tx.prepare_cached(concat!(
                "SELECT name, other FROM relation WHERE resource = ?1 AND valid_to = ",
                open!()
            ))?,
            insert: tx.prepare_cached(concat!(
                "INSERT INTO relation (resource, name, other, valid_from, valid_to) VALUES (?1, ?2, ?3, ?4, ",
                open!(),
                ")"
            ))?,
            end: tx.prepare_cached(concat!(
                "UPDATE relation SET valid_to = ?4 WHERE resource = ?1 AND name = ?2 AND other = ?3 AND valid_to = ",
                open!()
            ))?,
            known: HashMap::new(),
        })
    }

    /// The number of a uid as the account sees it.
    pub(super) fn intern(&mut self, uid: &Uid) -> Sql<i64> {
        if let Some(id) = self.known.get(uid) {
            return Ok(*id);
        }
        let values = params![uid.as_str(), self.account];
        let id = match self.add.execute(params![uid.as_str(), self.account, finding::uid_number(uid)])? {
            1 => self.tx.last_insert_rowid(),
            _ => self.find.query_row(values, |row| row.get(0))?,
        };
        self.known.insert(uid.clone(), id);
        Ok(id)
    }

    /// Makes `relations` the edges of a resource; `replaced` where it had a version before.
    pub(super) fn write(&mut self, resource: i64, relations: &[Relation], replaced: bool) -> Sql<()> {
        let mut before = HashSet::<(String, i64)>::new();
        if replaced {
            let rows = self.current.query_map([resource], |row| Ok((row.get(0)?, row.get(1)?)))?;
            before = rows.collect::<rusqlite::Result<_>>()?;
        }
        let mut after = HashSet::new();
        for relation in relations {
            let edge = (relation.name.as_str().to_owned(), self.intern(&relation.to)?);
            if !before.remove(&edge) && !after.contains(&edge) {
                self.insert.execute(params![resource, edge.0, edge.1, self.sequence])?;
            }
            after.insert(edge);
        }
        for (name, other) in before.iter().filter(|edge| !after.contains(*edge)) {
            self.end.execute(params![resource, name, other, self.sequence])?;
        }
        Ok(())
    }
}

/// Reads the edges that resources hold.
pub(super) struct RelationReader<'t> {
    find: CachedStatement<'t>,
}

impl<'t> RelationReader<'t> {
    pub(super) fn new(tx: &'t Connection) -> Sql<Self> {
        let find = tx.prepare_cached(
            "SELECT relation.name, resource.uid FROM relation JOIN resource ON resource.id = relation.other
             WHERE relation.resource = ?1 AND valid_from <= ?2 AND valid_to > ?2",
        )?;
        Ok(Self { find })
    }

    /// The edges of a resource at a sequence, sorted.
    pub(super) fn of(&mut self, resource: i64, sequence: i64) -> Sql<Vec<Relation>> {
        let mut rows = self.find.query([resource, sequence])?;
        let mut relations = Vec::new();
        while let Some(row) = rows.next()? {
            let name: RelationName = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?.parse()?;
            relations.push(Relation {
                name,
                to: Uid::from(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?),
            });
        }
        relations.sort();
        Ok(relations)
    }
}

/// What current resources of some shards of the scan's target refer to, sorted.
pub(super) fn targets(connection: &Connection, scan: &ScanId, shards: &[ShardKey]) -> Sql<Vec<Uid>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT DISTINCT other.uid FROM place
         JOIN version ON version.place = place.id AND version.valid_to = ",
        open!(),
        " JOIN relation ON relation.resource = version.resource AND relation.valid_to = ",
        open!(),
        " JOIN resource AS other ON other.id = relation.other WHERE place.shard = ?1"
    ))?;
    let mut targets = BTreeSet::new();
    for key in shards {
        let shard = shard::find(connection, scan, key)?;
        for uid in statement.query_map([shard], |row| row.get::<_, String>(0))? {
            targets.insert(Uid::from(uid?));
        }
    }
    Ok(targets.into_iter().collect())
}

/// What current resources of the scan's target refer to and their own account does not have, sorted.
pub(super) fn targets_abroad(connection: &Connection, scan: &ScanId) -> Sql<Vec<Uid>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT other.uid FROM resource AS other JOIN account ON account.id = other.account
         WHERE account.target = (SELECT target FROM scan WHERE name = ?1)
         AND NOT EXISTS (SELECT 1 FROM version WHERE resource = other.id AND valid_to = ",
        open!(),
        ") AND EXISTS (SELECT 1 FROM relation
         JOIN version ON version.resource = relation.resource AND version.valid_to = ",
        open!(),
        " WHERE relation.other = other.id AND relation.valid_to = ",
        open!(),
        ")"
    ))?;
    let uids = statement.query_map([scan.as_str()], |row| row.get::<_, String>(0))?;
    let targets: BTreeSet<Uid> = uids.map(|uid| uid.map(Uid::from)).collect::<rusqlite::Result<_>>()?;
    Ok(targets.into_iter().collect())
}

/// Edges from and to a resource, sorted, its own first.
pub(super) fn list(reader: &Reader<'_>, view: &View, uid: &Uid) -> Sql<Vec<StoredRelation>> {
    let look = Look::new(reader, view)?;
    let mut relations = Vec::new();
    if let Some(version) = resource::find(reader, &look, uid)?
        && let Some(moment) = look.at(version.place)
    {
        for relation in RelationReader::new(reader.connection)?.of(version.resource, moment.sequence)? {
            let other = name_of(reader, &look, &relation.to)?;
            relations.push(StoredRelation { relation, reversed: false, other });
        }
    }
    let mut statement = reader.connection.prepare_cached(
        "SELECT relation.name, relation.valid_from, relation.valid_to, relation.resource
         FROM resource JOIN relation ON relation.other = resource.id WHERE resource.uid = ?1",
    )?;
    let mut rows = statement.query([uid.as_str()])?;
    while let Some(row) = rows.next()? {
        let (valid_from, valid_to, holder): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let Some(version) = resource::version_of(reader, &look, holder)? else { continue };
        if look.sees_past(version.place, valid_from, valid_to) {
            let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?.parse()?;
            let relation = Relation { name, to: resource::uid_of(reader, holder)? };
            let kind = reader.names.place(version.place).map(|place| place.kind.clone());
            relations.push(StoredRelation {
                relation,
                reversed: true,
                other: kind.map(|kind| (version.name, kind)),
            });
        }
    }
    relations.sort_by(|one, other| (one.reversed, &one.relation).cmp(&(other.reversed, &other.relation)));
    relations.dedup();
    Ok(relations)
}

/// Name and kind of a resource, where it was collected.
fn name_of(reader: &Reader<'_>, look: &Look<'_>, uid: &Uid) -> Sql<Option<(String, Kind)>> {
    let found = resource::find(reader, look, uid)?;
    Ok(found.and_then(|version| Some((version.name, reader.names.place(version.place)?.kind.clone()))))
}
