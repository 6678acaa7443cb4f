//! What gives the shards of a scan: a cloud through its collector, or a snapshot file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use nephoscope_collect::{Collector, Context, Named, Preview, Previous, broken_off};
use nephoscope_model::{AccountId, PackedResource, Shard, ShardKey, TargetName};
use nephoscope_store::{OpenScan, Store};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use crate::ScanError;
use crate::ahead::Ahead;

/// Shards of an account read at the same time. Quotas are those of one region and family of calls, so that a slow shard
/// must not keep those of other regions and services waiting.
const SHARDS_AT_ONCE: usize = 16;
/// How far shards that lead are ahead of the others, for each account that begins at the same time.
const HEAD_START: Duration = Duration::from_millis(8);

/// What is known before shards are read.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// When the scan began.
    pub instant: Timestamp,
    /// What resources that were read before refer to.
    pub named: Named,
    /// The running scan and the store, which may know what the scan before it read; none where nothing is stored.
    pub night: Option<(&'a dyn Store, &'a OpenScan)>,
    /// How many accounts begin to be read with this one.
    pub beginning: u32,
    /// What stores documents of shards that take long while they are read; none where nothing is stored.
    pub(crate) ahead: Option<Arc<Ahead>>,
}

impl Given<'_> {
    /// What a collector is told before it reads one shard.
    async fn of(&self, collector: &dyn Collector, key: &ShardKey) -> Result<Context, ScanError> {
        let facets = collector.carries(key);
        let (mut previous, mut preview) = (Previous::default(), Preview::default());
        if let Some((store, open)) = self.night.filter(|_| !facets.is_empty()) {
            match store.shard_before(&open.scan.id, key, facets).await? {
                Some(before) => previous = Previous::new(before.instant, before.resources),
                // All of it will be new, and take as long as it has resources.
                None => preview = self.ahead.as_ref().map(|ahead| ahead.watch()).unwrap_or_default(),
            }
        }
        Ok(Context { instant: self.instant, named: self.named.clone(), previous, preview })
    }
}

/// What gives the shards of a scan.
#[async_trait]
pub trait Source: Send + Sync {
    /// The shards that there are to read, those of each account in the order in which they are best begun.
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError>;

    /// Of accounts that were read before and are not planned any more, those of which nobody says that they are gone: for
    /// each the one shard that will say that it was not seen.
    fn unseen(&self, _before: &[AccountId]) -> Vec<ShardKey> {
        Vec::new()
    }

    /// The round in which a shard is read: after the first, 0, it reads only what the resources of those before name.
    fn round(&self, _key: &ShardKey) -> u8 {
        0
    }

    /// True where each account is best read by itself, many of them side by side.
    fn by_account(&self) -> bool {
        false
    }

    /// Reads these shards, in any order.
    /// A shard that could not be read is a shard all the same: its coverage says so.
    fn shards<'a>(
        &'a self,
        keys: Vec<ShardKey>,
        given: Given<'a>,
    ) -> BoxStream<'a, Result<Shard<PackedResource>, ScanError>>;

    /// When the reading ended, where that is in the past.
    fn finished(&self) -> Option<Timestamp> {
        None
    }
}

/// A cloud as a source.
pub struct Cloud {
    /// Whose.
    pub target: TargetName,
    /// How it is read.
    pub collector: Arc<dyn Collector>,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud").field("target", &self.target).finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for Cloud {
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError> {
        let plan = self.collector.plan().await;
        plan.map_err(|source| ScanError::Connect { target: self.target.clone(), source: Box::new(source) })
    }

    fn unseen(&self, before: &[AccountId]) -> Vec<ShardKey> {
        self.collector.unseen(before)
    }

    fn round(&self, key: &ShardKey) -> u8 {
        self.collector.round(key)
    }

    fn by_account(&self) -> bool {
        true
    }

    fn shards<'a>(
        &'a self,
        keys: Vec<ShardKey>,
        given: Given<'a>,
    ) -> BoxStream<'a, Result<Shard<PackedResource>, ScanError>> {
        let head_start = Instant::now() + HEAD_START * given.beginning;
        let reads = keys.into_iter().map(move |key| {
            let given = given.clone();
            async move {
                if !self.collector.leads(&key) {
                    sleep_until(head_start).await;
                }
                let context = given.of(&*self.collector, &key).await?;
                Ok(read(Arc::clone(&self.collector), key, context).await)
            }
        });
        stream::iter(reads).buffer_unordered(SHARDS_AT_ONCE).boxed()
    }
}

/// Reads one shard as a task of its own, so that shards use every core and go on while others are committed.
async fn read(collector: Arc<dyn Collector>, key: ShardKey, context: Context) -> Shard<PackedResource> {
    let of = key.clone();
    let task = tokio::spawn(async move { collector.collect_packed(&of, &context).await });
    match AbortOnDropHandle::new(task).await {
        Ok(shard) => shard,
        Err(ended) => broken_off(&key, &ended.to_string()),
    }
}

/// Shards that are in memory already.
#[derive(Debug)]
pub struct Gathered<'a> {
    /// The shards.
    pub shards: &'a [Shard],
    /// When the reading ended; none where it ends now.
    pub finished: Option<Timestamp>,
}

#[async_trait]
impl Source for Gathered<'_> {
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError> {
        let mut keys: Vec<ShardKey> = self.shards.iter().map(|shard| shard.key.clone()).collect();
        keys.sort();
        Ok(keys)
    }

    fn shards<'a>(
        &'a self,
        keys: Vec<ShardKey>,
        _given: Given<'a>,
    ) -> BoxStream<'a, Result<Shard<PackedResource>, ScanError>> {
        let keys: BTreeSet<ShardKey> = keys.into_iter().collect();
        let asked = self.shards.iter().filter(move |shard| keys.contains(&shard.key));
        stream::iter(asked.cloned().map(|shard| Ok(shard.packed()))).boxed()
    }

    fn finished(&self) -> Option<Timestamp> {
        self.finished
    }
}
