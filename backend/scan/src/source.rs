//! What gives the shards of a scan: a cloud through its collector, or a snapshot file.

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use nephoscope_collect::Collector;
use nephoscope_model::{Shard, ShardKey, TargetName};

use crate::ScanError;

/// Shards read at the same time; their calls still share one budget per API family.
const SHARDS_AT_ONCE: usize = 4;

/// What gives the shards of a scan.
#[async_trait]
pub trait Source: Send + Sync {
    /// The shards that there are to read, sorted.
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError>;

    /// Reads the shards named, in any order. A shard that could not be read is a shard all the same: its coverage says so.
    fn shards(&self, keys: Vec<ShardKey>) -> BoxStream<'_, Result<Shard, ScanError>>;

    /// When the reading ended, where that is in the past.
    fn finished(&self) -> Option<Timestamp> {
        None
    }
}

/// A cloud as a source.
pub struct Cloud<'a> {
    /// Whose.
    pub target: TargetName,
    /// How it is read.
    pub collector: &'a dyn Collector,
}

impl std::fmt::Debug for Cloud<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud").field("target", &self.target).finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for Cloud<'_> {
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError> {
        let plan = self.collector.plan().await;
        plan.map_err(|source| ScanError::Connect { target: self.target.clone(), source: Box::new(source) })
    }

    fn shards(&self, keys: Vec<ShardKey>) -> BoxStream<'_, Result<Shard, ScanError>> {
        let collector = self.collector;
        let reads = keys.into_iter().map(move |key| async move { Ok(collector.collect(&key).await) });
        stream::iter(reads).buffer_unordered(SHARDS_AT_ONCE).boxed()
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

    fn shards(&self, keys: Vec<ShardKey>) -> BoxStream<'_, Result<Shard, ScanError>> {
        let asked = self.shards.iter().filter(move |shard| keys.contains(&shard.key));
        stream::iter(asked.cloned().map(Ok)).boxed()
    }

    fn finished(&self) -> Option<Timestamp> {
        self.finished
    }
}
