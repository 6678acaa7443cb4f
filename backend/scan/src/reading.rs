//! The shards of a scan as they come: accounts side by side, and those first that name what others read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use nephoscope_collect::{ACCOUNTS_AT_ONCE, Named};
use nephoscope_model::query::AsOf;
use nephoscope_model::{AccountId, CoverageState, PackedResource, ScanId, Shard, ShardKey, Uid};
use nephoscope_store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ScanError;
use crate::source::{Given, Source};

/// A shard that was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) shard: Shard<PackedResource>,
    /// To be dropped once the shard is committed: the next round waits for that.
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
    // What is stored already of a scan that is resumed still names what others read.
    let planned = given.night.map_or(&[][..], |(_, open)| &open.scan.planned);
    for keys in planned.chunk_by(|one, other| one.account == other.account) {
        accounts.entry(keys[0].account.clone()).or_default();
    }
    let accounts: Vec<(AccountId, Vec<ShardKey>)> = accounts.into_iter().collect();
    let receipts = Receipts::of(accounts.iter().map(|(_, keys)| keys.len()).sum());
    let parties: Vec<Party> = accounts.chunks(ACCOUNTS_AT_ONCE).map(<[_]>::to_vec).collect();
    let reads =
        parties.into_iter().map(move |party| read_party(source, party, given.clone(), receipts.clone()));
    stream::iter(reads).flatten().boxed()
}

/// Accounts that are read together, with the shards that are missing of each.
type Party = Vec<(AccountId, Vec<ShardKey>)>;

/// Reads the shards of a party, round after round: what one account names may be another's.
fn read_party<'a>(source: &'a dyn Source, party: Party, given: Given<'a>, receipts: Receipts) -> Reads<'a> {
    let mut rounds: BTreeMap<u8, BTreeMap<AccountId, Vec<ShardKey>>> = BTreeMap::new();
    let (members, keys): (Vec<_>, Vec<_>) = party.into_iter().unzip();
    let members: Arc<[AccountId]> = members.into();
    for key in keys.into_iter().flatten() {
        let accounts = rounds.entry(source.round(&key)).or_default();
        accounts.entry(key.account.clone()).or_default().push(key);
    }
    let heard = Arc::new(Mutex::new(Heard::default()));
    let rounds = stream::iter(rounds).then(move |(round, accounts)| {
        let (given, heard, receipts) = (given.clone(), Arc::clone(&heard), receipts.clone());
        let members = Arc::clone(&members);
        async move {
            let known = match round {
                0 => Known::default(),
                _ => known_before(source, &members, round, &given, &heard, receipts.returned()).await?,
            };
            let Known { named, in_part } = known;
            let beginning = if round == 0 { u32::try_from(accounts.len()).unwrap_or(u32::MAX) } else { 0 };
            let given = Given { named, beginning, ..given };
            let shards = accounts.into_values().map(move |keys| source.shards(keys, given.clone()));
            let shards = stream::iter(shards).flatten_unordered(ACCOUNTS_AT_ONCE);
            Ok::<_, ScanError>(shards.map_ok(move |mut shard| {
                heard.lock().unwrap_or_else(PoisonError::into_inner).hear(&shard);
                // Who would have named a resource may not have been read: that it is missing here proves nothing.
                shard.coverage.listed &= !in_part.contains(&shard.key.account);
                Read { shard, receipt: receipts.issue() }
            }))
        }
    });
    rounds.try_flatten().boxed()
}

/// One for each shard that was read, until it is committed.
#[derive(Clone)]
struct Receipts {
    all: u32,
    out: Arc<Semaphore>,
}

impl Receipts {
    fn of(shards: usize) -> Self {
        Self { all: u32::try_from(shards).unwrap_or(u32::MAX), out: Arc::new(Semaphore::new(shards)) }
    }

    fn issue(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.out).try_acquire_owned().ok()
    }

    /// Waits until everything that was read is committed.
    async fn returned(&self) {
        drop(self.out.acquire_many(self.all).await);
    }
}

/// What the shards that this process read have named.
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
#[derive(Default)]
struct Known {
    named: Named,
    /// Accounts in which somebody who may name something could not be heard.
    in_part: BTreeSet<AccountId>,
}

/// What the rounds before `round` have named. What a shard named that this process did not read, or not whole, the store
/// knows, once all of them are `committed`; where nothing is stored, what was heard is all there is.
async fn known_before(
    source: &dyn Source,
    accounts: &[AccountId],
    round: u8,
    given: &Given<'_>,
    heard: &Mutex<Heard>,
    committed: impl Future<Output = ()>,
) -> Result<Known, ScanError> {
    let Heard { mut uids, mut states } = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut in_part = BTreeSet::new();
    let Some((store, open)) = given.night else {
        return Ok(Known { named: uids.into_iter().collect(), in_part });
    };
    let before = store.view_fetch(std::slice::from_ref(&open.scan.target), &AsOf::Latest).await?;
    let before = before.entries.first().map(|entry| &entry.scan);
    let planned = &open.scan.planned;
    let is_alone =
        [planned.first(), planned.last()].iter().flatten().all(|key| accounts.contains(&key.account));
    // On the first night, what was heard is all that accounts name that are read together.
    if before.is_some() || !is_alone {
        committed.await;
        // What those name that are read before, after or no more: of this night, or when they were read last.
        uids.extend(store.relation_targets_abroad(&open.scan.id).await?);
    }
    for account in accounts {
        // What is planned of one provider is sorted by account, and there may be tens of thousands.
        let planned = &planned[planned.partition_point(|key| key.account < *account)..];
        let naming =
            planned.iter().take_while(|key| key.account == *account).filter(|key| source.round(key) < round);
        // What is no longer asked for stands as it was read last, and names what it named then.
        let mut unasked = store.estate_shards(&open.scan.id, account).await?;
        unasked.retain(|key| source.round(key) < round && open.scan.planned.binary_search(key).is_err());
        let mut silent: Vec<ShardKey> =
            naming.filter(|key| states.get(key) != Some(&CoverageState::Complete)).cloned().collect();
        let unheard = [unasked, silent.clone()].concat();
        if !unheard.is_empty() {
            uids.extend(store.relation_targets(&open.scan.id, &unheard).await?);
        }
        if silent.is_empty() {
            continue;
        }
        if silent.iter().any(|key| !states.contains_key(key)) {
            let coverage = store.estate_coverage(&open.scan.id, account).await?;
            states.extend(coverage.into_iter().map(|row| (row.shard, row.coverage.state)));
        }
        silent.retain(|key| states.get(key) != Some(&CoverageState::Complete));
        let are_off = silent.iter().all(|key| states.get(key) == Some(&CoverageState::Disabled));
        let is_whole = silent.is_empty() || are_off && were_off(store, before, account, &silent).await?;
        if !is_whole {
            in_part.insert(account.clone());
        }
    }
    Ok(Known { named: uids.into_iter().collect(), in_part })
}

/// True where shards that are switched off were so in the scan before too.
///
/// What stood in a shard before it was switched off still names what it named. What came into being since the last
/// reading is not known on the first night, and a name that is not resolved for once looks like a shard that is off.
async fn were_off(
    store: &dyn Store,
    before: Option<&ScanId>,
    account: &AccountId,
    silent: &[ShardKey],
) -> Result<bool, ScanError> {
    let Some(before) = before else { return Ok(true) };
    let before = store.estate_coverage(before, account).await?;
    let mut spoke = before.iter().filter(|row| row.coverage.state != CoverageState::Disabled);
    Ok(!spoke.any(|row| silent.contains(&row.shard)))
}
