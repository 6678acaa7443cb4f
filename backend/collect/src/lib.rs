//! Reads cloud APIs into shards of a snapshot. One folder per provider, one file per cloud service.
//!
//! `fetch` talks and is async, `normalise` turns replies into resources and is pure. Nothing here knows checks,
//! the store or the dashboard. A read that fails becomes an unreadable facet and an error in the coverage;
//! a value that may be a secret is replaced in `normalise`, before anything else can see it.

use async_trait::async_trait;
use nephoscope_model::{Shard, ShardKey};

pub mod aws;
pub mod budget;
mod detect;
mod error;
mod redact;

pub use aws::{Aws, AwsOptions, Limits, RegionChoice, actions, permissions};
pub use budget::Budgets;
pub use error::{Cause, CollectError};
pub use redact::{Redactor, scrub};

/// Something that can be scanned, shard by shard.
#[async_trait]
pub trait Collector: Send + Sync {
    /// The shards that one scan consists of, in the order in which they are best read.
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError>;

    /// Reads one shard. It never fails: what could not be read is said in the shard's coverage.
    async fn collect(&self, key: &ShardKey) -> Shard;
}
