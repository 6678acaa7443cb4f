//! Puts resources together from their rows and documents.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use nephoscope_model::api::ResourceRow;
use nephoscope_model::{Facts, PackedResource, Resource, Severity, Uid};
use rusqlite::{CachedStatement, OptionalExtension};

use super::document::DocumentReader;
use super::fault::{Fault, Sql};
use super::freshness::Freshness;
use super::reading::ReadingReader;
use super::relation::RelationReader;
use super::resource::Version;
use super::view::Moment;
use super::{Reader, code};

/// Reads what belongs to a resource, statement by statement.
pub(super) struct Assembler<'r> {
    reader: &'r Reader<'r>,
    documents: DocumentReader<'r>,
    relations: RelationReader<'r>,
    readings: ReadingReader<'r>,
    version: CachedStatement<'r>,
    judgement: CachedStatement<'r>,
    /// Documents and names of facets that were read, for those who have the same.
    texts: HashMap<i64, Arc<str>>,
    names: HashMap<String, Arc<str>>,
    carried: HashSet<Arc<str>>,
}

impl<'r> Assembler<'r> {
    pub(super) fn new(reader: &'r Reader<'r>) -> Sql<Self> {
        let connection = reader.connection;
        Ok(Self {
            reader,
            documents: DocumentReader::new(connection)?,
            relations: RelationReader::new(connection)?,
            readings: ReadingReader::new(connection)?,
            version: connection.prepare_cached(
                "SELECT resource.uid, version.tags, version.facets FROM version
                 JOIN resource ON resource.id = version.resource WHERE version.resource = ?1 AND valid_from = ?2",
            )?,
            judgement: connection.prepare_cached(
                "SELECT exposure, debt, unknown, facts, critical, high, medium, low, informational FROM judgement
                 WHERE resource = ?1 AND valid_from <= ?2 AND valid_to > ?2",
            )?,
            texts: HashMap::new(),
            names: HashMap::new(),
            carried: HashSet::new(),
        })
    }

    /// A resource with its facets and relations, at a sequence at which the version is seen.
    pub(super) fn resource(&mut self, version: &Version, sequence: i64) -> Sql<Resource> {
        Ok(self.packed(version, sequence)?.open())
    }

    /// The same, packed. Whatever resources have in common is in memory once.
    pub(super) fn packed(&mut self, version: &Version, sequence: i64) -> Sql<PackedResource> {
        self.packed_with(version, sequence, |_| true)
    }

    /// The same with only those facets that are wanted.
    pub(super) fn packed_with(
        &mut self,
        version: &Version,
        sequence: i64,
        wanted: impl Fn(&str) -> bool,
    ) -> Sql<PackedResource> {
        let place = self.reader.names.place(version.place).ok_or_else(|| no_place(version))?;
        let (uid, tags, facets): (String, Option<i64>, String) = (self.version)
            .query_row([version.resource, version.valid_from], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let documents: BTreeMap<String, i64> = serde_json::from_str(&facets)?;
        let facets = documents
            .into_iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, id)| Ok((self.facet_name(name), self.text(id)?)));
        let facets = facets.collect::<Sql<_>>()?;
        let read = self.readings.of(version.resource, sequence)?;
        Ok(PackedResource {
            uid: Uid::from(uid),
            kind: place.kind.clone(),
            provider: place.provider,
            account: place.account.clone(),
            region: place.region.clone(),
            service: place.service.clone(),
            name: Arc::from(version.name.as_str()),
            facets,
            tags: tags.map(|tags| self.text(tags)).transpose()?,
            relations: self.relations.of(version.resource, sequence)?,
            // Those that were read last in the same night say the same.
            carried: read.carried.map(|carried| self.shared(carried)),
            revision: read.revision,
        })
    }

    fn facet_name(&mut self, name: String) -> Arc<str> {
        Arc::clone(self.names.entry(name).or_insert_with_key(|name| Arc::from(name.as_str())))
    }

    fn shared(&mut self, carried: Arc<str>) -> Arc<str> {
        if let Some(known) = self.carried.get(&carried) {
            return Arc::clone(known);
        }
        self.carried.insert(Arc::clone(&carried));
        carried
    }

    fn text(&mut self, document: i64) -> Sql<Arc<str>> {
        if let Some(text) = self.texts.get(&document) {
            return Ok(Arc::clone(text));
        }
        let text = self.documents.text(document)?;
        self.texts.insert(document, Arc::clone(&text));
        Ok(text)
    }

    /// The facts in a document.
    pub(super) fn facts(&mut self, document: i64) -> Sql<Facts> {
        self.documents.get(document)
    }

    /// One line about a resource, and the document of its facts where it was judged.
    pub(super) fn row(
        &mut self,
        freshness: &mut Freshness<'_>,
        version: &Version,
        moment: &Moment,
    ) -> Sql<(ResourceRow, Option<i64>)> {
        let place = self.reader.names.place(version.place).ok_or_else(|| no_place(version))?;
        let (uid, tags): (String, Option<i64>) = (self.version)
            .query_row([version.resource, version.valid_from], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (last_read, stale) = freshness.of(version.resource, place.shard, moment)?;
        let judged = (self.judgement)
            .query_row([version.resource, moment.sequence], |row| {
                let counts: [i64; 5] = [row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?];
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, counts))
            })
            .optional()?;
        // A resource that no check speaks about is judged too; one that is not was read by a scan that failed.
        let judged: Option<(i64, i64, i64, i64, [i64; 5])> = judged;
        let (exposure, debt, unknown, counts) = judged
            .map_or((1, 0, 0, [0; 5]), |(exposure, debt, unknown, _, counts)| {
                (exposure, debt, unknown, counts)
            });
        let failing = Severity::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
        let row = ResourceRow {
            uid: Uid::from(uid),
            name: version.name.clone(),
            kind: place.kind.clone(),
            provider: place.provider,
            account: place.account.clone(),
            region: place.region.clone(),
            service: place.service.clone(),
            target: place.target.clone(),
            tags: tags.map_or_else(|| Ok(BTreeMap::new()), |tags| self.documents.get(tags))?,
            exposure: code::exposure(exposure)?,
            debt: code::count(debt),
            failing: failing.map(|(severity, count)| (severity, code::count(count))).collect(),
            unknown: code::count(unknown),
            last_read,
            stale,
        };
        Ok((row, judged.map(|(_, _, _, facts, _)| facts)))
    }
}

fn no_place(version: &Version) -> Fault {
    Fault::Damaged(format!("place {} is missing", version.place).into())
}
