//! Resources: as they are judged, listed, shown, and as they were.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use nephoscope_model::api::{ResourceRow, ResourceVersion};
use nephoscope_model::query::Filter;
use nephoscope_model::{AccountId, Facts, PackedResource, ScanId, Uid};
use rusqlite::{Connection, OptionalExtension};

use super::assembler::Assembler;
use super::fault::Sql;
use super::freshness::Freshness;
use super::scan::running;
use super::view::Look;
use super::{Reader, code, cursor};
use crate::{Page, StoredResource, View};

/// A version without its facets.
#[derive(Debug)]
pub(super) struct Version {
    pub resource: i64,
    pub place: i64,
    pub valid_from: i64,
    pub name: String,
}

/// A judgement without its facts and counts.
#[derive(Clone, Copy, Debug)]
struct Judgement {
    resource: i64,
    place: i64,
    exposure: i64,
    debt: i64,
}

/// Everything known of one account, stale resources included, sorted by uid.
pub(super) fn estate(
    reader: &Reader<'_>,
    scan: &ScanId,
    account: &AccountId,
) -> Sql<Vec<StoredResource<PackedResource>>> {
    let scan = running(reader.connection, scan)?;
    let look = Look::now(reader, scan.id, &scan.target_name).only(|place| place.account == *account);
    let mut assembler = Assembler::new(reader)?;
    let mut freshness = Freshness::new(reader.connection)?;
    let mut estate = Vec::new();
    for version in versions(reader, &look)? {
        let Some((place, moment)) = reader.names.place(version.place).zip(look.at(version.place)) else {
            continue;
        };
        let (last_read, stale) = freshness.of(version.resource, place.shard, moment)?;
        let resource = assembler.packed(&version, moment.sequence)?;
        estate.push(StoredResource { resource, last_read, stale });
    }
    estate.sort_by(|one, other| one.resource.uid.cmp(&other.resource.uid));
    Ok(estate)
}

/// The versions in view, in no order.
pub(super) fn versions(reader: &Reader<'_>, look: &Look<'_>) -> Sql<Vec<Version>> {
    let mut found = Vec::new();
    let mut current = reader.connection.prepare_cached(concat!(
        "SELECT resource, valid_from, name FROM version WHERE place = ?1 AND valid_to = ",
        open!()
    ))?;
    for place in look.places() {
        let mut rows = current.query([place])?;
        while let Some(row) = rows.next()? {
            let valid_from = row.get(1)?;
            if look.sees(place, valid_from) {
                found.push(Version { resource: row.get(0)?, place, valid_from, name: row.get(2)? });
            }
        }
    }
    let Some(earliest) = look.earliest() else { return Ok(found) };
    let mut past = reader.connection.prepare_cached(concat!(
        "SELECT place, valid_from, valid_to, resource, name FROM version WHERE valid_to > ?1 AND valid_to < ",
        open!()
    ))?;
    let mut rows = past.query([earliest])?;
    while let Some(row) = rows.next()? {
        let (place, valid_from) = (row.get(0)?, row.get(1)?);
        if look.sees_past(place, valid_from, row.get(2)?) {
            found.push(Version { resource: row.get(3)?, place, valid_from, name: row.get(4)? });
        }
    }
    Ok(found)
}

/// The judgements in view, in no order.
fn judgements(reader: &Reader<'_>, look: &Look<'_>) -> Sql<Vec<Judgement>> {
    let mut found = Vec::new();
    let mut current = reader.connection.prepare_cached(concat!(
        "SELECT resource, valid_from, exposure, debt FROM judgement WHERE place = ?1 AND valid_to = ",
        open!()
    ))?;
    for place in look.places() {
        let mut rows = current.query([place])?;
        while let Some(row) = rows.next()? {
            if look.sees(place, row.get(1)?) {
                found.push(Judgement {
                    resource: row.get(0)?,
                    place,
                    exposure: row.get(2)?,
                    debt: row.get(3)?,
                });
            }
        }
    }
    let Some(earliest) = look.earliest() else { return Ok(found) };
    let mut past = reader.connection.prepare_cached(concat!(
        "SELECT place, valid_from, valid_to, resource, exposure, debt FROM judgement WHERE valid_to > ?1 AND valid_to < ",
        open!()
    ))?;
    let mut rows = past.query([earliest])?;
    while let Some(row) = rows.next()? {
        let place = row.get(0)?;
        if look.sees_past(place, row.get(1)?, row.get(2)?) {
            found.push(Judgement { resource: row.get(3)?, place, exposure: row.get(4)?, debt: row.get(5)? });
        }
    }
    Ok(found)
}

/// By number of resource: its debt in view, for putting resources in order.
pub(super) fn debts(reader: &Reader<'_>, look: &Look<'_>) -> Sql<Vec<(i64, i64)>> {
    let judgements = judgements(reader, look)?;
    Ok(judgements.into_iter().map(|judgement| (judgement.resource, judgement.debt)).collect())
}

/// By number of resource: whether its name or uid holds `text`, without regard to case.
pub(super) fn matching(reader: &Reader<'_>, look: &Look<'_>, text: &str) -> Sql<Vec<bool>> {
    let needle = text.to_lowercase();
    let mut hits = vec![false; reader.order()?.slots()];
    let mut hit = |resource: i64| {
        if let Some(slot) = usize::try_from(resource).ok().and_then(|slot| hits.get_mut(slot)) {
            *slot = true;
        }
    };
    let mut uids = reader.connection.prepare_cached("SELECT id, uid FROM resource")?;
    let mut rows = uids.query([])?;
    while let Some(row) = rows.next()? {
        if row.get_ref(1)?.as_str().is_ok_and(|uid| uid.to_lowercase().contains(&needle)) {
            hit(row.get(0)?);
        }
    }
    for version in versions(reader, look)? {
        if version.name.to_lowercase().contains(&needle) {
            hit(version.resource);
        }
    }
    Ok(hits)
}

/// True where `matching` found the resource.
pub(super) fn is_match(hits: &[bool], resource: i64) -> bool {
    usize::try_from(resource).ok().and_then(|slot| hits.get(slot)).copied().unwrap_or(false)
}

fn matches(reader: &Reader<'_>, look: &Look<'_>, filter: &Filter) -> Sql<Vec<Judgement>> {
    let mut found = judgements(reader, look)?;
    if !filter.exposures.is_empty() {
        let exposures: Vec<i64> =
            filter.exposures.iter().map(|exposure| code::of_exposure(*exposure)).collect();
        found.retain(|judgement| exposures.contains(&judgement.exposure));
    }
    if let Some(text) = &filter.query {
        let hits = matching(reader, look, text)?;
        found.retain(|judgement| is_match(&hits, judgement.resource));
    }
    Ok(found)
}

/// How many resources match.
pub(super) fn count(reader: &Reader<'_>, view: &View, filter: &Filter) -> Sql<u64> {
    let look = Look::filtered(reader, view, filter)?;
    Ok(matches(reader, &look, filter)?.len() as u64)
}

/// One page of resources, by debt or by name, then by uid.
pub(super) fn list(
    reader: &Reader<'_>,
    view: &View,
    filter: &Filter,
    by_name: bool,
    cursor: Option<&str>,
    limit: u32,
) -> Sql<Page<ResourceRow>> {
    let fingerprint = cursor::fingerprint("resources", &(filter, by_name))?;
    let after: Option<[i64; 2]> = cursor::read(&fingerprint, cursor)?;
    let look = Look::filtered(reader, view, filter)?;
    let found = matches(reader, &look, filter)?;
    let order = reader.order()?;
    let rank = |resource: i64| order.rank(resource);
    let mut page = if by_name {
        let mut names: HashMap<i64, String> =
            versions(reader, &look)?.into_iter().map(|version| (version.resource, version.name)).collect();
        let mut named: Vec<(String, u32, Judgement)> = (found.into_iter())
            .map(|judgement| {
                (names.remove(&judgement.resource).unwrap_or_default(), rank(judgement.resource), judgement)
            })
            .collect();
        if let Some([_, resource]) = after {
            let last = (last_name(reader.connection, resource)?, rank(resource));
            named.retain(|(name, rank, _)| (name.as_str(), *rank) > (last.0.as_str(), last.1));
        }
        named.sort_unstable_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        named.into_iter().map(|(_, _, judgement)| judgement).collect()
    } else {
        let mut ranked = found;
        if let Some([debt, resource]) = after {
            let last = (Reverse(debt), rank(resource));
            ranked.retain(|judgement| (Reverse(judgement.debt), rank(judgement.resource)) > last);
        }
        ranked.sort_unstable_by_key(|judgement| (Reverse(judgement.debt), rank(judgement.resource)));
        ranked
    };
    let next = cursor::cut(&mut page, limit, |last| cursor::write(&fingerprint, &[last.debt, last.resource]));
    let mut assembler = Assembler::new(reader)?;
    let mut freshness = Freshness::new(reader.connection)?;
    let mut rows = Vec::with_capacity(page.len());
    for judgement in page {
        if let Some(version) = version_of(reader, &look, judgement.resource)?
            && let Some(moment) = look.at(judgement.place)
        {
            rows.push(assembler.row(&mut freshness, &version, moment)?.0);
        }
    }
    Ok(Page { rows, next })
}

/// The name under which a resource was known last.
fn last_name(tx: &Connection, resource: i64) -> Sql<String> {
    let find = "SELECT name FROM version WHERE resource = ?1 ORDER BY valid_from DESC LIMIT 1";
    Ok(tx.query_row(find, [resource], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// The version of a uid that is in view; where several accounts have it, that of the first.
pub(super) fn find(reader: &Reader<'_>, look: &Look<'_>, uid: &Uid) -> Sql<Option<Version>> {
    for id in ids_of(reader.connection, uid)? {
        if let Some(version) = version_of(reader, look, id)? {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// The numbers of a uid, one per account that has met it.
pub(super) fn ids_of(tx: &Connection, uid: &Uid) -> Sql<Vec<i64>> {
    let mut statement = tx.prepare_cached("SELECT id FROM resource WHERE uid = ?1 ORDER BY account")?;
    let ids = statement.query_map([uid.as_str()], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// The uid of a number.
pub(super) fn uid_of(reader: &Reader<'_>, resource: i64) -> Sql<Uid> {
    let mut statement = reader.connection.prepare_cached("SELECT uid FROM resource WHERE id = ?1")?;
    Ok(statement.query_row([resource], |row| Ok(Uid::from(row.get::<_, String>(0)?)))?)
}

/// The version of a resource that is in view.
pub(super) fn version_of(reader: &Reader<'_>, look: &Look<'_>, resource: i64) -> Sql<Option<Version>> {
    let mut statement = reader.connection.prepare_cached(
        "SELECT place, valid_from, valid_to, name FROM version WHERE resource = ?1 ORDER BY valid_from DESC",
    )?;
    let mut rows = statement.query([resource])?;
    while let Some(row) = rows.next()? {
        let (place, valid_from) = (row.get(0)?, row.get(1)?);
        if look.sees_past(place, valid_from, row.get(2)?) {
            return Ok(Some(Version { resource, place, valid_from, name: row.get(3)? }));
        }
    }
    Ok(None)
}

/// One resource with its row and facts.
pub(super) fn fetch(
    reader: &Reader<'_>,
    view: &View,
    uid: &Uid,
) -> Sql<Option<(StoredResource, ResourceRow, Facts)>> {
    let look = Look::new(reader, view)?;
    let Some(version) = find(reader, &look, uid)? else { return Ok(None) };
    let Some(moment) = look.at(version.place) else { return Ok(None) };
    let mut assembler = Assembler::new(reader)?;
    let (row, facts) = assembler.row(&mut Freshness::new(reader.connection)?, &version, moment)?;
    let facts = facts.map_or_else(|| Ok(Facts::new()), |facts| assembler.facts(facts))?;
    let resource = assembler.resource(&version, moment.sequence)?;
    Ok(Some((StoredResource { resource, last_read: row.last_read, stale: row.stale }, row, facts)))
}

/// The versions of a resource, latest first.
pub(super) fn history(reader: &Reader<'_>, uid: &Uid) -> Sql<Vec<ResourceVersion>> {
    let mut statement = reader.connection.prepare_cached(
        "SELECT version.facets, version.tags, scan.name, scan.instant, ended.instant
         FROM version JOIN step ON step.sequence = version.valid_from JOIN scan ON scan.id = step.scan
         LEFT JOIN step AS last ON last.sequence = version.valid_to LEFT JOIN scan AS ended ON ended.id = last.scan
         WHERE version.resource = ?1 ORDER BY version.valid_from",
    )?;
    let mut versions = Vec::new();
    for id in ids_of(reader.connection, uid)? {
        let mut before = Parts::default();
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let parts = Parts { facets: serde_json::from_str(&row.get::<_, String>(0)?)?, tags: row.get(1)? };
            versions.push(ResourceVersion {
                scan: ScanId::from(row.get::<_, String>(2)?),
                from: code::instant(row.get(3)?),
                to: row.get::<_, Option<i64>>(4)?.map(code::instant),
                facets: parts.differing(&before),
            });
            before = parts;
        }
    }
    versions.reverse();
    versions.sort_by_key(|version| Reverse(version.from));
    Ok(versions)
}

/// What may differ between two versions, by number of document.
#[derive(Debug, Default)]
pub(super) struct Parts {
    facets: BTreeMap<String, i64>,
    tags: Option<i64>,
}

impl Parts {
    /// The parts of the version that began at `valid_from`.
    pub(super) fn fetch(tx: &Connection, resource: i64, valid_from: i64) -> Sql<Self> {
        let mut statement =
            tx.prepare_cached("SELECT facets, tags FROM version WHERE resource = ?1 AND valid_from = ?2")?;
        let (facets, tags): (String, _) =
            statement.query_row([resource, valid_from], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { facets: serde_json::from_str(&facets)?, tags })
    }

    /// Facets that differ, sorted; `tags` last where the tags do.
    pub(super) fn differing(&self, before: &Self) -> Vec<String> {
        let mut names: Vec<&String> = self.facets.keys().chain(before.facets.keys()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| self.facets.get(*name) != before.facets.get(*name));
        let tags = (self.tags != before.tags).then(|| "tags".to_owned());
        names.into_iter().cloned().chain(tags).collect()
    }
}
