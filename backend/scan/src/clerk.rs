//! The clerk of a scan: commits shards while others are read, and rings for the judges when an account is whole.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use nephoscope_model::api::ScanEvent;
use nephoscope_model::{AccountId, PackedResource, ScanId, Shard, ShardKey};
use nephoscope_store::{OpenScan, Store, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Receiver;

use crate::Progress;
use crate::judges::Bell;
use crate::reading::Read;

/// Shards that are committed together, where so many were read while others were committed.
pub(crate) const TOGETHER: usize = 32;
/// Their resources; a shard that has more is committed alone, and let go before the next one.
const RESOURCES: usize = 4096;

/// Takes the first of `reads`, and as many more as are committed with it.
fn together(reads: &mut VecDeque<Read>) -> (Vec<Shard<PackedResource>>, Vec<Option<OwnedSemaphorePermit>>) {
    let mut resources = 0;
    let fits = |read: &Read| {
        let is_first = resources == 0;
        resources += read.shard.resources.len();
        is_first || resources <= RESOURCES
    };
    let count = reads.iter().map(fits).take_while(|fits| *fits).count();
    reads.drain(..count).map(|read| (read.shard, read.receipt)).unzip()
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

    /// Commits what is handed over, until nothing more is.
    pub(crate) async fn commit(mut self, mut handed_over: Receiver<Read>) -> Result<(), StoreError> {
        let mut reads = VecDeque::new();
        loop {
            if reads.is_empty() {
                let Some(read) = handed_over.recv().await else { return Ok(()) };
                reads.push_back(read);
            }
            reads.extend(std::iter::from_fn(|| handed_over.try_recv().ok()).take(TOGETHER - reads.len()));
            let (shards, receipts) = together(&mut reads);
            self.store.shard_insert(&self.scan, &shards).await?;
            drop(receipts);
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
    use nephoscope_model::{Coverage, CoverageState, Kind, Provider, Region, Resource, ServiceName, Uid};

    use super::*;

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
        let sizes = [0, 3, RESOURCES - 3, 1, RESOURCES + 1, 0, 5];
        let mut reads: VecDeque<Read> = sizes.into_iter().map(read).collect();
        let mut batches = Vec::new();
        while !reads.is_empty() {
            let (shards, _) = together(&mut reads);
            batches.push(shards.iter().map(|shard| shard.resources.len()).collect::<Vec<_>>());
        }
        assert_eq!(batches, [vec![0, 3, RESOURCES - 3], vec![1], vec![RESOURCES + 1], vec![0, 5]]);
    }
}
