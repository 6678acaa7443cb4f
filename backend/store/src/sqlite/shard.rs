//! Shards: what one service of one region of one account gave, committed whole, with what could be read.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use nephoscope_model::coverage::{Coverage, CoverageState};
use nephoscope_model::query::AsOf;
use nephoscope_model::scan::{CoverageRow, Origin};
use nephoscope_model::{
    AccountId, PackedResource, Region, ScanId, ServiceName, Shard, ShardKey, TargetName, Uid,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::ahead::Stored;
use super::assembler::Assembler;
use super::document::{DocumentWriter, Hash, Packed, Packer, Results, hashed, pipeline};
use super::fault::Sql;
use super::freshness::Freshness;
use super::names::intern;
use super::scan::{Running, running, step};
use super::view::{self, Look};
use super::{Reader, code, reading, relation, resource};
use crate::{ShardBefore, View};

/// A resource of the shard as the store has it.
#[derive(Debug)]
struct Current {
    resource: i64,
    valid_from: i64,
    digest: Hash,
}

/// What a thread makes of one resource.
#[derive(Debug)]
pub(super) enum Prepared {
    /// It is as it was.
    Same,
    /// It is new or differs.
    Differs { digest: Hash, tags: Option<Packed>, facets: Vec<Packed> },
}

/// The resources of a shard as the store has them, by uid.
#[derive(Debug)]
pub(super) struct Standing(HashMap<String, Current>);

/// A shard that is to be committed, and what stands in it.
pub(super) type Case<'s> = (&'s Shard<PackedResource>, Standing);

/// Hashes and compresses what shards gathered and differs from what is standing, and gives it to `commit`.
pub(super) fn pack<O>(
    shards: &[Case<'_>],
    stored: &Stored<'_>,
    commit: impl FnOnce(&mut Results<'_, Prepared>) -> O,
) -> Sql<O> {
    let resources: Vec<(&PackedResource, Option<&Current>)> = shards
        .iter()
        .flat_map(|(shard, standing)| shard.resources.iter().map(move |resource| (resource, standing)))
        .map(|(resource, standing)| (resource, standing.0.get(resource.uid.as_str())))
        .collect();
    pipeline(&resources, |packer, (resource, current)| prepare(packer, stored, resource, *current), commit)
}

/// Commits what shards gathered.
pub(super) fn insert(
    tx: &Connection,
    scan: &ScanId,
    cases: &[Case<'_>],
    prepared: &mut Results<'_, Prepared>,
) -> Sql<()> {
    let scan = running(tx, scan)?;
    cases.iter().try_for_each(|case| insert_one(tx, &scan, case, prepared))
}

fn insert_one(
    tx: &Connection,
    scan: &Running,
    (shard, standing): &Case<'_>,
    prepared: &mut Results<'_, Prepared>,
) -> Sql<()> {
    let account = intern_account(tx, scan.target, &shard.key)?;
    let shard_id = intern_shard(tx, account, &shard.key)?;
    let sequence = step(tx, scan.id)?;
    let mut writer = VersionWriter::new(tx, account, shard_id, sequence)?;
    let read = write_resources(&mut writer, shard, standing, prepared)?;
    if shard.coverage.listed {
        let gone = standing.0.values().filter(|row| !read.contains(&row.resource));
        end_resources(tx, gone, sequence)?;
    } else {
        let mut sight = tx.prepare_cached("INSERT INTO sighting (resource, sequence) VALUES (?1, ?2)")?;
        for resource in &read {
            sight.execute([*resource, sequence])?;
        }
    }
    mark(tx, scan, shard, shard_id, sequence)
}

/// The completion mark, and the shard's part in the scan's counts.
fn mark(
    tx: &Connection,
    scan: &Running,
    shard: &Shard<PackedResource>,
    shard_id: i64,
    sequence: i64,
) -> Sql<()> {
    let coverage = &shard.coverage;
    let resources = code::of_count(shard.resources.len() as u64);
    // A snapshot file was read when its scan began, whenever it comes in.
    let committed = match scan.origin {
        Origin::File => scan.instant,
        Origin::Command | Origin::Dashboard | Origin::Schedule => Timestamp::now(),
    };
    let mut insert = tx.prepare_cached(
        "INSERT INTO coverage (scan, shard, sequence, listed, body, resources, committed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(params![
        scan.id,
        shard_id,
        sequence,
        coverage.listed,
        serde_json::to_string(coverage)?,
        resources,
        code::of_instant(committed),
    ])?;
    let complete = coverage.state == CoverageState::Complete;
    let errors: u64 = coverage.errors.iter().map(|error| error.count).sum();
    let mut update = tx.prepare_cached(
        "UPDATE scan SET shards_done = shards_done + 1, shards_complete = shards_complete + ?2, calls = calls + ?3,
         errors = errors + ?4, resources = resources + ?5 WHERE id = ?1",
    )?;
    let calls = code::of_count(coverage.call_count());
    update.execute(params![scan.id, complete, calls, code::of_count(errors), resources])?;
    Ok(())
}

/// The shards that this scan has not committed yet, with what stands in each. Only the scan itself changes that.
pub(super) fn docket<'s>(
    connection: &Connection,
    scan: &ScanId,
    shards: &'s [Shard<PackedResource>],
) -> Sql<Vec<Case<'s>>> {
    running(connection, scan)?;
    let mut cases = Vec::with_capacity(shards.len());
    for shard in shards {
        let id = find(connection, scan, &shard.key)?;
        if !is_committed(connection, scan, id)? {
            cases.push((shard, standing(connection, id)?));
        }
    }
    Ok(cases)
}

/// True where a scan has committed a shard.
fn is_committed(connection: &Connection, scan: &ScanId, shard: Option<i64>) -> Sql<bool> {
    let mut mark = connection.prepare_cached(
        "SELECT 1 FROM scan JOIN coverage ON coverage.scan = scan.id WHERE scan.name = ?1 AND coverage.shard = ?2",
    )?;
    Ok(mark.exists(params![scan.as_str(), shard])?)
}

/// What stands in a shard: nothing where it was never committed.
fn standing(connection: &Connection, shard: Option<i64>) -> Sql<Standing> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT resource.uid, version.resource, version.valid_from, version.digest
         FROM place JOIN version ON version.place = place.id AND version.valid_to = ",
        open!(),
        " JOIN resource ON resource.id = version.resource WHERE place.shard = ?1"
    ))?;
    let rows = statement.query_map([shard], |row| {
        Ok((row.get(0)?, Current { resource: row.get(1)?, valid_from: row.get(2)?, digest: row.get(3)? }))
    })?;
    Ok(Standing(rows.collect::<rusqlite::Result<_>>()?))
}

/// Writes what is new or differs, and gives the numbers of all resources that were read.
fn write_resources(
    writer: &mut VersionWriter<'_>,
    shard: &Shard<PackedResource>,
    standing: &Standing,
    prepared: &mut Results<'_, Prepared>,
) -> Sql<HashSet<i64>> {
    let mut readings = reading::ReadingWriter::new(writer.tx, writer.shard, writer.sequence)?;
    let mut read = HashSet::with_capacity(shard.resources.len());
    for (resource, prepared) in shard.resources.iter().zip(prepared) {
        let known = standing.0.get(resource.uid.as_str());
        let id = match (prepared?, known) {
            (Prepared::Same, Some(known)) => known.resource,
            (Prepared::Same, None) => continue,
            (Prepared::Differs { digest, tags, facets }, known) => {
                let id = known.map_or_else(|| writer.intern(&resource.uid), |known| Ok(known.resource))?;
                // A listing that names a resource twice means the same one.
                if !read.contains(&id) {
                    writer.write(id, resource, known, digest, tags.as_ref(), &facets)?;
                }
                id
            }
        };
        if read.insert(id) {
            readings.write(id, resource, known.is_some())?;
        }
    }
    Ok(read)
}

/// Hashes a resource; compresses its documents where it is not as it was.
fn prepare(
    packer: &mut Packer,
    stored: &Stored<'_>,
    resource: &PackedResource,
    current: Option<&Current>,
) -> Sql<Prepared> {
    let mut whole = blake3::Hasher::new();
    let mut text = |part: &str| {
        whole.update(part.as_bytes()).update(&[0]);
    };
    text(resource.kind.as_str());
    text(&resource.name);
    for relation in &resource.relations {
        text(relation.name.as_str());
        text(relation.to.as_str());
    }
    let tags = resource.tags.as_deref().map(hashed);
    let mut facets = Vec::with_capacity(resource.facets.len());
    for (name, json) in &resource.facets {
        text(name);
        facets.push(hashed(json));
    }
    for (hash, _) in tags.iter().chain(&facets) {
        whole.update(hash);
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&whole.finalize().as_bytes()[..16]);
    if current.is_some_and(|current| current.digest == digest) {
        return Ok(Prepared::Same);
    }
    let mut pack = |(hash, json)| stored.find(hash).map_or_else(|| packer.pack_json(hash, json), Ok);
    let tags = tags.map(&mut pack).transpose()?;
    let facets = facets.into_iter().map(pack).collect::<Sql<_>>()?;
    Ok(Prepared::Differs { digest, tags, facets })
}

/// Writes versions of resources within one shard.
struct VersionWriter<'t> {
    tx: &'t Connection,
    documents: DocumentWriter<'t>,
    relations: relation::RelationWriter<'t>,
    end: CachedStatement<'t>,
    insert: CachedStatement<'t>,
    change: CachedStatement<'t>,
    shard: i64,
    sequence: i64,
    /// Numbers by kind and region.
    places: HashMap<(String, String), i64>,
}

impl<'t> VersionWriter<'t> {
    fn new(tx: &'t Connection, account: i64, shard: i64, sequence: i64) -> Sql<Self> {
        Ok(Self {
            tx,
            documents: DocumentWriter::new(tx)?,
            relations: relation::RelationWriter::new(tx, account, sequence)?,
            end: tx.prepare_cached(concat!(
                "UPDATE version SET valid_to = ?2 WHERE resource = ?1 AND valid_to = ",
                open!()
            ))?,
            insert: tx.prepare_cached(concat!(
                "INSERT INTO version (resource, valid_from, valid_to, place, name, tags, facets, digest)
                 VALUES (?1, ?2, ",
                open!(),
                ", ?3, ?4, ?5, ?6, ?7)"
            ))?,
            change: tx.prepare_cached("INSERT INTO change (part, sequence, resource) VALUES (0, ?1, ?2)")?,
            shard,
            sequence,
            places: HashMap::new(),
        })
    }

    fn intern(&mut self, uid: &Uid) -> Sql<i64> {
        self.relations.intern(uid)
    }

    fn write(
        &mut self,
        id: i64,
        resource: &PackedResource,
        known: Option<&Current>,
        digest: Hash,
        tags: Option<&Packed>,
        facets: &[Packed],
    ) -> Sql<()> {
        let tags = tags.map(|tags| self.documents.put(tags)).transpose()?;
        let documents: BTreeMap<&str, i64> = (resource.facets.iter().zip(facets))
            .map(|((name, _), facet)| Ok((name.as_ref(), self.documents.put(facet)?)))
            .collect::<Sql<_>>()?;
        let place = self.place(resource.kind.as_str(), resource.region.as_str())?;
        let facets = serde_json::to_string(&documents)?;
        // It may also stand in another shard, which listed it before.
        let replaced = self.end.execute([id, self.sequence])?;
        debug_assert!(known.is_none_or(|known| known.valid_from < self.sequence));
        let values = params![id, self.sequence, place, resource.name.as_ref(), tags, facets, digest];
        self.insert.execute(values)?;
        self.relations.write(id, &resource.relations, replaced > 0)?;
        self.change.execute([self.sequence, id])?;
        Ok(())
    }

    fn place(&mut self, kind: &str, region: &str) -> Sql<i64> {
        let key = (kind.to_owned(), region.to_owned());
        if let Some(id) = self.places.get(&key) {
            return Ok(*id);
        }
        let insert = "INSERT INTO place (shard, kind, region) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let find = "SELECT id FROM place WHERE shard = ?1 AND kind = ?2 AND region = ?3";
        let id = intern(self.tx, insert, find, params![self.shard, kind, region])?;
        self.places.insert(key, id);
        Ok(id)
    }
}

fn end_resources<'a>(tx: &Connection, gone: impl Iterator<Item = &'a Current>, sequence: i64) -> Sql<()> {
    let mut version = tx.prepare_cached(concat!(
        "UPDATE version SET valid_to = ?3 WHERE resource = ?1 AND valid_from = ?2 AND valid_to = ",
        open!()
    ))?;
    let mut relations = tx.prepare_cached(concat!(
        "UPDATE relation SET valid_to = ?2 WHERE resource = ?1 AND valid_to = ",
        open!()
    ))?;
    let mut readings = reading::ReadingEnder::new(tx)?;
    let mut change = tx.prepare_cached("INSERT INTO change (part, sequence, resource) VALUES (0, ?1, ?2)")?;
    for row in gone {
        // What another shard of this commit lists has moved there.
        if version.execute([row.resource, row.valid_from, sequence])? == 0 {
            continue;
        }
        relations.execute([row.resource, sequence])?;
        readings.end(row.resource, sequence)?;
        change.execute([sequence, row.resource])?;
    }
    Ok(())
}

fn intern_account(tx: &Connection, target: i64, key: &ShardKey) -> Sql<i64> {
    let values = params![target, key.provider.as_str(), key.account.as_str()];
    let insert = "INSERT INTO account (target, provider, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let find = "SELECT id FROM account WHERE target = ?1 AND provider = ?2 AND name = ?3";
    intern(tx, insert, find, values)
}

fn intern_shard(tx: &Connection, account: i64, key: &ShardKey) -> Sql<i64> {
    let values = params![account, key.region.as_str(), key.service.as_str()];
    let insert = "INSERT INTO shard (account, region, service) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let find = "SELECT id FROM shard WHERE account = ?1 AND region = ?2 AND service = ?3";
    intern(tx, insert, find, values)
}

/// The number of a shard of the scan's target, where it was ever committed.
pub(super) fn find(connection: &Connection, scan: &ScanId, key: &ShardKey) -> Sql<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT shard.id FROM scan JOIN account ON account.target = scan.target
         JOIN shard ON shard.account = account.id
         WHERE scan.name = ?1 AND provider = ?2 AND account.name = ?3 AND region = ?4 AND service = ?5",
    )?;
    let place = [key.provider.as_str(), key.account.as_str(), key.region.as_str(), key.service.as_str()];
    let values = params![scan.as_str(), place[0], place[1], place[2], place[3]];
    Ok(statement.query_row(values, |row| row.get(0)).optional()?)
}

/// The shards that one scan has committed, of one account or of all, in no order.
pub(super) fn coverage(tx: &Connection, scan: &ScanId, account: Option<&AccountId>) -> Sql<Vec<CoverageRow>> {
    // In this order, or one account's would be looked for among those of all.
    let mut statement = tx.prepare_cached(
        "SELECT target.name, account.provider, account.name, shard.region, shard.service, coverage.body,
         coverage.resources, coverage.committed
         FROM scan CROSS JOIN target ON target.id = scan.target
         CROSS JOIN account ON account.target = target.id AND (?2 IS NULL OR account.name = ?2)
         CROSS JOIN shard ON shard.account = account.id
         CROSS JOIN coverage ON coverage.scan = scan.id AND coverage.shard = shard.id WHERE scan.name = ?1",
    )?;
    let mut rows = statement.query(params![scan.as_str(), account.map(AccountId::as_str)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column: usize| row.get::<_, String>(column);
        found.push(CoverageRow {
            target: TargetName::from(text(0)?),
            shard: ShardKey {
                provider: text(1)?.parse()?,
                account: AccountId::from(text(2)?),
                region: Region::from(text(3)?),
                service: ServiceName::from(text(4)?),
            },
            coverage: serde_json::from_str::<Coverage>(&text(5)?)?,
            resources: code::count(row.get(6)?),
            committed: code::instant(row.get(7)?),
        });
    }
    Ok(found)
}

/// One shard as its scan read it.
pub(super) fn fetch(reader: &Reader<'_>, view: &View, key: &ShardKey) -> Sql<Option<Shard>> {
    let look = Look::new(reader, view)?;
    for (index, entry) in view.entries.iter().enumerate() {
        let covered = coverage(reader.connection, &entry.scan, Some(&key.account))?
            .into_iter()
            .find(|row| row.shard == *key);
        let Some(row) = covered else { continue };
        let in_shard =
            |place: &super::names::Place| place.target == entry.target && place.shard_key() == *key;
        let rows = resource::versions(reader, &look.only(|place| in_shard(place)))?;
        let mut assembler = Assembler::new(reader)?;
        let mut freshness = Freshness::new(reader.connection)?;
        let mut resources = Vec::with_capacity(rows.len());
        for slim in rows {
            let Some(place) = reader.names.place(slim.place) else { continue };
            let (_, stale) = freshness.of(slim.resource, place.shard, look.moment(index))?;
            if !stale {
                resources.push(assembler.resource(&slim, look.moment(index).sequence)?);
            }
        }
        resources.sort_by(|one, other| one.uid.cmp(&other.uid));
        return Ok(Some(Shard { key: key.clone(), coverage: row.coverage, resources }));
    }
    Ok(None)
}

/// The last finished scan of the running scan's target, where it read the shard in a cloud: a file is what somebody says
/// that was read.
pub(super) fn last_read(connection: &Connection, scan: &ScanId, key: &ShardKey) -> Sql<Option<View>> {
    let running = running(connection, scan)?;
    let view = view::fetch(connection, &[running.target_name], &AsOf::Latest)?;
    let Some(entry) = view.entries.first() else { return Ok(None) };
    let mut origin = connection.prepare_cached("SELECT origin FROM scan WHERE name = ?1")?;
    let origin: String = origin.query_row([entry.scan.as_str()], |row| row.get(0))?;
    let is_of_file = origin.parse::<Origin>()? == Origin::File;
    let shard = find(connection, &entry.scan, key)?;
    let was_read = !is_of_file && is_committed(connection, &entry.scan, shard)?;
    Ok(was_read.then_some(view))
}

/// One shard as it is in the view of one scan.
pub(super) fn before(
    reader: &Reader<'_>,
    view: &View,
    key: &ShardKey,
    facets: &[&str],
) -> Sql<Option<ShardBefore>> {
    let Some(entry) = view.entries.first() else { return Ok(None) };
    let look = Look::new(reader, view)?.only(|place| place.shard_key() == *key);
    let mut assembler = Assembler::new(reader)?;
    let mut freshness = Freshness::new(reader.connection)?;
    let mut resources = Vec::new();
    for version in resource::versions(reader, &look)? {
        let Some((place, moment)) = reader.names.place(version.place).zip(look.at(version.place)) else {
            continue;
        };
        let (_, stale) = freshness.of(version.resource, place.shard, moment)?;
        if !stale {
            let wanted = |name: &str| facets.contains(&name);
            resources.push(assembler.packed_with(&version, moment.sequence, wanted)?);
        }
    }
    Ok(Some(ShardBefore { instant: entry.started, resources }))
}
