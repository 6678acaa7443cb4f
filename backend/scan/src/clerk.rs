//! The clerk of a scan: commits shards while others are read, and rings for the judges when an account is whole.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use nephoscope_model::api::ScanEvent;
use nephoscope_model::{AccountId, PackedResource, ScanId, Shard, ShardKey};
use nephoscope_store::{OpenScan, Store, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Progress;
use crate::judges::Bell;
use crate::reading::Read;
use crate::room::Room;

/// Shards that are committed together, where so many were read while others were committed.
const TOGETHER: usize = 256;
/// Their resources; a shard that has more is committed alone, and let go before the next one.
const RESOURCES: usize = 2048;
/// A shard of so few resources goes before the larger ones: often it is the last of its account, which can then be judged
/// while they are written.
const FEW: usize = 16;

/// Where shards lie from when they were read until they are committed.
pub(crate) struct Desk {
    room: Room,
    pile: UnboundedSender<Laid>,
}

/// What lies on the desk, for the clerk to take.
pub(crate) type Pile = UnboundedReceiver<Laid>;

/// A shard on the desk, and the room that it takes.
pub(crate) struct Laid(Read, OwnedSemaphorePermit);

impl Desk {
    /// An empty desk.
    pub(crate) fn new() -> (Self, Pile) {
        let (pile, taken) = unbounded_channel();
        (Self { room: Room::empty(), pile }, taken)
    }

    /// Lays a shard there, once there is room. False where the clerk has gone.
    pub(crate) async fn lay(&self, read: Read) -> bool {
        let room = self.room.take(read.shard.resources.len() as u64).await;
        self.pile.send(Laid(read, room)).is_ok()
    }
}

/// What shows that a shard is not committed yet.
type Slips = (Option<OwnedSemaphorePermit>, OwnedSemaphorePermit);

/// Takes the first of what was laid down, small shards before large ones, and as many more as are committed with it.
fn together(laid: &mut VecDeque<Laid>) -> (Vec<Shard<PackedResource>>, Vec<Slips>) {
    laid.make_contiguous().sort_by_key(|Laid(read, _)| read.shard.resources.len() > FEW);
    let mut resources = 0;
    let fits = |Laid(read, _): &Laid| {
        let is_first = resources == 0;
        resources += read.shard.resources.len();
        is_first || resources <= RESOURCES
    };
    let count = laid.iter().take(TOGETHER).map(fits).take_while(|fits| *fits).count();
    laid.drain(..count).map(|Laid(read, room)| (read.shard, (read.receipt, room))).unzip()
}

/// Who commits the shards of one scan.
pub(crate) struct Clerk {
    store: Arc<dyn Store>,
    scan: ScanId,
    /// By account that is not judged yet: how many of its shards are missing.
    missing: BTreeMap<AccountId, usize>,
    done: u64,
    planned: u64,
    bell: Bell,
    progress: Progress,
}

impl Clerk {
    /// The clerk of a scan of which the shards `missing` are to be read. Rings for accounts that are whole already.
    pub(crate) fn of(
        store: &Arc<dyn Store>,
        open: &OpenScan,
        missing: &[ShardKey],
        bell: Bell,
        progress: &Progress,
    ) -> Self {
        let OpenScan { scan, done, evaluated } = open;
        let accounts = scan.planned.iter().map(|key| &key.account);
        let unjudged = accounts.filter(|account| evaluated.binary_search(account).is_err());
        let mut by_account: BTreeMap<AccountId, usize> =
            unjudged.map(|account| (account.clone(), 0)).collect();
        for key in missing {
            if let Some(missing) = by_account.get_mut(&key.account) {
                *missing += 1;
            }
        }
        by_account.iter().filter(|(_, missing)| **missing == 0).for_each(|(account, _)| bell.ring(account));
        Self {
            store: Arc::clone(store),
            scan: scan.id.clone(),
            missing: by_account,
            done: done.len() as u64,
            planned: scan.planned.len() as u64,
            bell,
            progress: progress.clone(),
        }
    }

    /// Commits what is laid down, until nothing more is.
    pub(crate) async fn commit(mut self, mut pile: Pile) -> Result<(), StoreError> {
        let mut taken = VecDeque::new();
        loop {
            if taken.is_empty() {
                let Some(laid) = pile.recv().await else { return Ok(()) };
                taken.push_back(laid);
            }
            taken.extend(std::iter::from_fn(|| pile.try_recv().ok()));
            let (shards, slips) = together(&mut taken);
            self.store.shard_insert(&self.scan, &shards).await?;
            drop(slips);
            shards.iter().for_each(|shard| self.note(shard));
            // Letting go of many documents takes as long as committing some.
            tokio::task::spawn_blocking(|| drop(shards));
        }
    }

    /// Tells of a shard that is committed.
    fn note(&mut self, shard: &Shard<PackedResource>) {
        self.done += 1;
        let Self { done, planned, .. } = *self;
        let coverage = &shard.coverage;
        tracing::info!(
            shard = %shard.key,
            state = %coverage.state,
            resources = shard.resources.len(),
            calls = coverage.call_count(),
            "shard {done} of {planned} committed"
        );
        self.progress.tell(ScanEvent::ShardDone {
            shard: shard.key.to_string(),
            state: coverage.state.to_string(),
            resources: shard.resources.len() as u64,
            calls: coverage.call_count(),
            done,
            planned,
        });
        if let Some(missing) = self.missing.get_mut(&shard.key.account) {
            *missing -= 1;
            if *missing == 0 {
                self.bell.ring(&shard.key.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use nephoscope_model::{Coverage, CoverageState, Kind, Provider, Region, Resource, ServiceName, Uid};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::room;

    fn read(resources: usize) -> Read {
        let key = ShardKey {
            provider: Provider::Aws,
            account: AccountId::from("447120260912"),
            region: Region::global(),
            service: ServiceName::from("iam"),
        };
        let resource = Resource {
            uid: Uid::from("arn"),
            kind: Kind::from("aws.iam.role"),
            provider: key.provider,
            account: key.account.clone(),
            region: key.region.clone(),
            service: key.service.clone(),
            name: String::new(),
            tags: BTreeMap::new(),
            facets: BTreeMap::new(),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        };
        let coverage = Coverage {
            state: CoverageState::Complete,
            calls: BTreeMap::new(),
            errors: Vec::new(),
            costs: Vec::new(),
            listed: true,
        };
        Read { shard: Shard { key, coverage, resources: vec![resource.into(); resources] }, receipt: None }
    }

    #[test]
    fn small_shards_are_committed_together_and_large_ones_alone() {
        let lay = |size| Laid(read(size), Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap());
        let sizes = [RESOURCES - 3, 0, 3, FEW + 1, RESOURCES + 1, FEW + 2];
        let mut laid: VecDeque<Laid> = sizes.into_iter().map(lay).collect();
        let mut batches = Vec::new();
        while !laid.is_empty() {
            let (shards, _) = together(&mut laid);
            batches.push(shards.iter().map(|shard| shard.resources.len()).collect::<Vec<_>>());
        }
        let expected = [vec![0, 3, RESOURCES - 3], vec![FEW + 1], vec![RESOURCES + 1], vec![FEW + 2]];
        assert_eq!(batches, expected);
    }

    #[tokio::test]
    async fn the_desk_holds_one_large_shard_or_some_small_ones() {
        let (desk, mut pile) = Desk::new();
        assert!(desk.lay(read(room::RESOURCES as usize + 1)).await);
        assert_eq!(desk.lay(read(0)).now_or_never(), None, "it is full");
        drop(pile.try_recv().unwrap());
        assert!(desk.lay(read(0)).await);
        drop(pile);
        assert!(!desk.lay(read(0)).await, "the clerk has gone");
    }
}
