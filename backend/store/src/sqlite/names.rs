//! What the numbers of places and checks stand for, and the order of resources by uid: read once, kept while nothing is added.
//!
//! Lists scan narrow indices of numbers and look here instead of joining: ordering by uid costs four bytes a resource.
//! Only lists ask for that order, which goes through every resource; a scan that adds resources never does.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use nephoscope_model::{AccountId, CheckId, Kind, Provider, Region, ServiceName, ShardKey, TargetName};
use rusqlite::{Connection, ToSql};

use super::fault::Sql;

/// Names by number, as of one moment. Numbers are never given twice, so an older one is only short of the newest.
#[derive(Debug, Default)]
pub(super) struct Names {
    places: Arc<Places>,
    checks: Arc<Checks>,
}

/// By number of resource: its position among all, by uid.
#[derive(Debug, Default)]
pub(super) struct Order(Vec<u32>);

#[derive(Debug, Default)]
struct Places {
    by_id: Vec<Option<Place>>,
    /// Only lists ask for that order, a running scan that adds places never does.
    ranks: OnceLock<Vec<u32>>,
}

#[derive(Debug, Default)]
struct Checks {
    by_id: Vec<Option<(CheckId, u32)>>,
    by_name: HashMap<CheckId, i64>,
}

/// Where resources stand: everything that a filter can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub target: TargetName,
    pub provider: Provider,
    pub account: AccountId,
    /// Where the resource is; the shard that lists it may read many regions at once.
    pub region: Region,
    /// The region of the shard.
    pub shard_region: Region,
    pub service: ServiceName,
    pub kind: Kind,
    /// The number of the shard.
    pub shard: i64,
}

/// The number of a name, which `insert` adds where it is new and `find` looks up.
pub(super) fn intern(tx: &Connection, insert: &str, find: &str, name: &[&dyn ToSql]) -> Sql<i64> {
    tx.prepare_cached(insert)?.execute(name)?;
    Ok(tx.prepare_cached(find)?.query_row(name, |row| row.get(0))?)
}

/// What `fetch` makes of what was kept, and keeps where it differs.
pub(super) fn latest<T>(kept: &RwLock<Arc<T>>, fetch: impl FnOnce(&Arc<T>) -> Sql<Arc<T>>) -> Sql<Arc<T>> {
    let last = Arc::clone(&kept.read().unwrap_or_else(PoisonError::into_inner));
    let fetched = fetch(&last)?;
    if !Arc::ptr_eq(&fetched, &last) {
        *kept.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fetched);
    }
    Ok(fetched)
}

impl Names {
    /// The names as `connection` sees them; taken from `last` as far as nothing was added since.
    pub(super) fn fetch(connection: &Connection, last: &Arc<Self>) -> Sql<Arc<Self>> {
        let mut counts = connection
            .prepare_cached("SELECT (SELECT max(id) FROM place), (SELECT max(id) FROM check_name)")?;
        let [places, checks] = counts.query_row([], |row| Ok([slots(row, 0)?, slots(row, 1)?]))?;
        if places <= last.places.by_id.len() && checks <= last.checks.by_id.len() {
            return Ok(Arc::clone(last));
        }
        let fresh = |have: usize, need: usize| have < need;
        Ok(Arc::new(Self {
            places: if fresh(last.places.by_id.len(), places) {
                Arc::new(fetch_places(connection, &last.places, places)?)
            } else {
                Arc::clone(&last.places)
            },
            checks: if fresh(last.checks.by_id.len(), checks) {
                Arc::new(fetch_checks(connection, checks)?)
            } else {
                Arc::clone(&last.checks)
            },
        }))
    }

    /// How many numbers of places there are, gaps included.
    pub(super) fn place_slots(&self) -> usize {
        self.places.by_id.len()
    }

    /// The place of a number.
    pub(super) fn place(&self, id: i64) -> Option<&Place> {
        self.places.by_id.get(usize::try_from(id).ok()?)?.as_ref()
    }

    /// The position of a place among all, by target, provider, account, region, service and kind.
    pub(super) fn place_rank(&self, id: i64) -> u32 {
        let ranks = self.places.ranks.get_or_init(|| self.places.rank());
        usize::try_from(id).ok().and_then(|slot| ranks.get(slot)).copied().unwrap_or(u32::MAX)
    }

    /// The check of a number.
    pub(super) fn check(&self, id: i64) -> Option<&CheckId> {
        self.checks.by_id.get(usize::try_from(id).ok()?)?.as_ref().map(|(name, _)| name)
    }

    /// Every check that has ever judged anything, with its number.
    pub(super) fn checks(&self) -> impl Iterator<Item = (i64, &CheckId)> {
        (0..).zip(&self.checks.by_id).filter_map(|(id, check)| Some((id, &check.as_ref()?.0)))
    }

    /// Where a check stands in the order of names.
    pub(super) fn check_rank(&self, id: i64) -> u32 {
        let slot = usize::try_from(id).ok().and_then(|slot| self.checks.by_id.get(slot)?.as_ref());
        slot.map_or(u32::MAX, |(_, rank)| *rank)
    }

    /// The number of a check, where it has ever judged anything.
    pub(super) fn check_id(&self, name: &CheckId) -> Option<i64> {
        self.checks.by_name.get(name).copied()
    }
}

impl Order {
    /// The order as `connection` sees it; `last` where nothing was added since.
    pub(super) fn fetch(connection: &Connection, last: &Arc<Self>) -> Sql<Arc<Self>> {
        let mut count = connection.prepare_cached("SELECT max(id) FROM resource")?;
        let resources = count.query_row([], |row| slots(row, 0))?;
        if resources <= last.0.len() {
            return Ok(Arc::clone(last));
        }
        let mut statement = connection.prepare_cached("SELECT id FROM resource ORDER BY uid, account")?;
        let mut order = vec![u32::MAX; resources];
        let mut rows = statement.query([])?;
        let mut rank = 0;
        while let Some(row) = rows.next()? {
            put(&mut order, row.get(0)?, rank);
            rank += 1;
        }
        Ok(Arc::new(Self(order)))
    }

    /// Where a resource stands.
    pub(super) fn rank(&self, resource: i64) -> u32 {
        usize::try_from(resource).ok().and_then(|slot| self.0.get(slot)).copied().unwrap_or(u32::MAX)
    }

    /// How many numbers of resources there are, gaps included.
    pub(super) fn slots(&self) -> usize {
        self.0.len()
    }
}

impl Place {
    /// The shard that lists what stands here.
    pub(super) fn shard_key(&self) -> ShardKey {
        ShardKey {
            provider: self.provider,
            account: self.account.clone(),
            region: self.shard_region.clone(),
            service: self.service.clone(),
        }
    }
}

/// One more than the highest number: the length of a list that is indexed by it.
fn slots(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<usize> {
    let highest: Option<i64> = row.get(column)?;
    Ok(highest.and_then(|id| usize::try_from(id).ok()).map_or(0, |id| id + 1))
}

impl Places {
    fn rank(&self) -> Vec<u32> {
        let sorted_by = |place: &Place| {
            let Place { target, provider, account, region, service, kind, .. } = place.clone();
            (target, provider.as_str(), account, region, service, kind)
        };
        let mut order: Vec<usize> = (0..self.by_id.len()).collect();
        order.sort_by_cached_key(|slot| self.by_id[*slot].as_ref().map(sorted_by));
        let mut ranks = vec![u32::MAX; self.by_id.len()];
        for (rank, slot) in (0..).zip(order) {
            ranks[slot] = rank;
        }
        ranks
    }
}

/// The places of `last`, and those that were added since.
fn fetch_places(connection: &Connection, last: &Places, slots: usize) -> Sql<Places> {
    let mut statement = connection.prepare_cached(
        "SELECT place.id, place.kind, shard.id, place.region, shard.service, account.provider, account.name, target.name,
                shard.region
         FROM place JOIN shard ON shard.id = place.shard JOIN account ON account.id = shard.account
         JOIN target ON target.id = account.target WHERE place.id >= ?1",
    )?;
    let mut by_id = last.by_id.clone();
    let added = by_id.len();
    by_id.resize(slots, None);
    let mut rows = statement.query([i64::try_from(added).unwrap_or(i64::MAX)])?;
    // One identifier is shared by all places that have it.
    let mut texts = HashMap::<String, Arc<str>>::new();
    while let Some(row) = rows.next()? {
        let mut text = |column: usize| -> rusqlite::Result<Arc<str>> {
            let text: String = row.get(column)?;
            Ok(Arc::clone(texts.entry(text).or_insert_with_key(|key| Arc::from(key.as_str()))))
        };
        let place = Place {
            kind: Kind::new(text(1)?),
            region: Region::new(text(3)?),
            shard_region: Region::new(text(8)?),
            service: ServiceName::new(text(4)?),
            provider: text(5)?.parse()?,
            account: AccountId::new(text(6)?),
            target: TargetName::new(text(7)?),
            shard: row.get(2)?,
        };
        put(&mut by_id, row.get(0)?, Some(place));
    }
    Ok(Places { by_id, ranks: OnceLock::new() })
}

fn fetch_checks(connection: &Connection, slots: usize) -> Sql<Checks> {
    let mut statement = connection.prepare_cached("SELECT id, name FROM check_name ORDER BY name")?;
    let mut checks = Checks { by_id: vec![None; slots], by_name: HashMap::new() };
    let mut rows = statement.query([])?;
    let mut rank = 0;
    while let Some(row) = rows.next()? {
        let (id, name) = (row.get(0)?, CheckId::from(row.get::<_, String>(1)?));
        checks.by_name.insert(name.clone(), id);
        put(&mut checks.by_id, id, Some((name, rank)));
        rank += 1;
    }
    Ok(checks)
}

fn put<T>(list: &mut [T], id: i64, value: T) {
    if let Some(slot) = usize::try_from(id).ok().and_then(|slot| list.get_mut(slot)) {
        *slot = value;
    }
}
