//! The shards of a scan as they come: accounts side by side, and of each account those first that name what others read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use nephoscope_collect::{ACCOUNTS_AT_ONCE, Named};
use nephoscope_model::query::AsOf;
use nephoscope_model::{AccountId, CoverageState, PackedResource, Shard, ShardKey, Uid};
use nephoscope_store::{OpenScan, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ScanError;
use crate::source::{Given, Source};

/// A shard that was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) shard: Shard<PackedResource>,
    /// To be dropped once the shard is committed: the next round of its account waits for that.
    pub(crate) receipt: Option<OwnedSemaphorePermit>,
}

/// Shards as they come.
pub(crate) type Reads<'a> = BoxStream<'a, Result<Read, ScanError>>;

/// Reads the shards of `keys`, those of each account in their order.
pub(crate) fn read<'a>(source: &'a dyn Source, keys: Vec<ShardKey>, given: Given<'a>) -> Reads<'a> {
    if !source.by_account() {
        return source.shards(keys, given).map_ok(|shard| Read { shard, receipt: None }).boxed();
    }
    let mut accounts: BTreeMap<AccountId, Vec<ShardKey>> = BTreeMap::new();
    for key in keys {
        accounts.entry(key.account.clone()).or_default().push(key);
    }
    let accounts =
        accounts.into_iter().map(move |(account, keys)| read_account(source, account, keys, given.clone()));
    stream::iter(accounts).flatten_unordered(ACCOUNTS_AT_ONCE).boxed()
}

/// Reads the shards of one account, round after round.
fn read_account<'a>(
    source: &'a dyn Source,
    account: AccountId,
    keys: Vec<ShardKey>,
    given: Given<'a>,
) -> Reads<'a> {
    let all = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    let receipts = Arc::new(Semaphore::new(keys.len()));
    let mut rounds: BTreeMap<u8, Vec<ShardKey>> = BTreeMap::new();
    for key in keys {
        rounds.entry(source.round(&key)).or_default().push(key);
    }
    let heard = Arc::new(Mutex::new(Heard::default()));
    let shards = stream::iter(rounds).then(move |(round, keys)| {
        let (account, given, heard) = (account.clone(), given.clone(), Arc::clone(&heard));
        let receipts = Arc::clone(&receipts);
        async move {
            drop(receipts.acquire_many(all).await);
            let known = match round {
                0 => Known { named: Named::default(), is_whole: true },
                _ => known_before(source, &account, round, &given, &heard).await?,
            };
            let shards = source.shards(keys, Given { named: known.named, ..given });
            Ok::<_, ScanError>(shards.map_ok(move |mut shard| {
                heard.lock().unwrap_or_else(PoisonError::into_inner).hear(&shard);
                // Who would have named a resource may not have been read: that it is missing here proves nothing.
                shard.coverage.listed &= known.is_whole;
                Read { shard, receipt: Arc::clone(&receipts).try_acquire_owned().ok() }
            }))
        }
    });
    shards.try_flatten().boxed()
}

/// What the shards of an account that this process read have named.
#[derive(Clone, Default)]
struct Heard {
    uids: BTreeSet<Uid>,
    states: BTreeMap<ShardKey, CoverageState>,
}

impl Heard {
    fn hear(&mut self, shard: &Shard<PackedResource>) {
        let edges = shard.resources.iter().flat_map(|resource| &resource.relations);
        self.uids.extend(edges.map(|edge| edge.to.clone()));
        self.states.insert(shard.key.clone(), shard.coverage.state);
    }
}

/// What is known before a round.
struct Known {
    named: Named,
    /// False where somebody who may name something could not be heard.
    is_whole: bool,
}

/// What the rounds before `round` have named. What a shard named that this process did not read, or not whole, the store
/// knows; where nothing is stored, what was heard is all there is.
async fn known_before(
    source: &dyn Source,
    account: &AccountId,
    round: u8,
    given: &Given<'_>,
    heard: &Mutex<Heard>,
) -> Result<Known, ScanError> {
    let Heard { mut uids, mut states } = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut is_whole = true;
    if let Some((store, open)) = given.night {
        let naming = open.scan.planned.iter().filter(|key| key.account == *account);
        let naming = naming.filter(|key| source.round(key) < round);
        let mut silent: Vec<ShardKey> =
            naming.filter(|key| states.get(key) != Some(&CoverageState::Complete)).cloned().collect();
        if silent.iter().any(|key| !states.contains_key(key)) {
            let coverage = store.estate_coverage(&open.scan.id, account).await?;
            states.extend(coverage.into_iter().map(|row| (row.shard, row.coverage.state)));
        }
        uids.extend(store.relation_targets(&open.scan.id, &silent).await?);
        silent.retain(|key| states.get(key) != Some(&CoverageState::Complete));
        is_whole = silent.is_empty()
            || silent.iter().all(|key| states.get(key) == Some(&CoverageState::Disabled))
                && were_silent(store, open, account, &silent).await?;
    }
    Ok(Known { named: uids.into_iter().collect(), is_whole })
}

/// True where shards that are switched off were so the night before too.
///
/// What stood in a shard before it was switched off still names what it named. What came into being since the last
/// reading is not known on the first night, and a name that is not resolved for once looks like a shard that is off.
async fn were_silent(
    store: &dyn Store,
    open: &OpenScan,
    account: &AccountId,
    silent: &[ShardKey],
) -> Result<bool, ScanError> {
    let view = store.view_fetch(std::slice::from_ref(&open.scan.target), &AsOf::Latest).await?;
    let Some(before) = view.entries.first() else { return Ok(true) };
    let before = store.estate_coverage(&before.scan, account).await?;
    let mut spoke = before.iter().filter(|row| row.coverage.state != CoverageState::Disabled);
    Ok(!spoke.any(|row| silent.contains(&row.shard)))
}
