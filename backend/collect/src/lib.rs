//! Reads cloud APIs into shards of a snapshot. One folder per provider, one file per cloud service.
//!
//! `fetch` talks and is async, `normalise` turns replies into resources and is pure. Nothing here knows checks,
//! the store or the dashboard. A read that fails becomes an unreadable facet and an error in the coverage;
//! a value that may be a secret is replaced in `normalise`, before anything else can see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use nephoscope_model::{AccountId, PackedResource, Shard, ShardKey, Uid};

mod asking;
pub mod aws;
pub mod azure;
mod basket;
pub mod budget;
pub mod declared;
mod detect;
mod discovered;
mod error;
mod failure;
pub mod floor;
pub mod fnproject;
pub mod gcp;
mod limits;
mod log;
mod normalise;
mod pages;
mod preview;
mod previous;
mod purpose;
mod redact;
mod rest;

pub use asking::Asking;
pub use aws::{Aws, AwsOptions, Organization, OrganizationOptions, RegionChoice, actions, permissions};
pub use azure::{Azure, AzureAuth, AzureCloud, AzureOptions};
pub use budget::Budgets;
pub use error::{Cause, CollectError};
pub use fnproject::{FnOptions, FnProject};
pub use gcp::{Gcp, GcpOptions};
pub use limits::Limits;
pub use log::broken_off;
pub use preview::{Preview, Viewer};
pub use previous::Previous;
pub use purpose::{Purpose, Tier};
pub use redact::{Redactor, scrub};

/// The most accounts of an organization that are connected at once, and therefore read side by side.
pub const ACCOUNTS_AT_ONCE: usize = 64;

/// What the resources that were read so far refer to: keys, buckets, images and the like that are read only
/// where something uses them. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Named(Arc<BTreeSet<Uid>>);

impl Named {
    /// The uids, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Uid::as_str)
    }

    /// The uids that begin with `prefix`, sorted.
    pub(crate) fn beginning(&self, prefix: String) -> impl Iterator<Item = &str> {
        let from = self.0.range(Uid::from(prefix.as_str())..).map(Uid::as_str);
        from.take_while(move |uid| uid.starts_with(&prefix))
    }
}

impl FromIterator<Uid> for Named {
    fn from_iter<T: IntoIterator<Item = Uid>>(uids: T) -> Self {
        Self(Arc::new(uids.into_iter().collect()))
    }
}

/// What is known before a shard is read.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// When the scan began.
    pub instant: Timestamp,
    /// What resources of other shards refer to.
    pub named: Named,
    /// What the scan before read of the shard.
    pub previous: Previous,
    /// Who sees resources that are complete before the shard is.
    pub preview: Preview,
}

/// Something that can be scanned, shard by shard.
#[async_trait]
pub trait Collector: Send + Sync {
    /// The shards that one scan consists of, in the order in which they are best read.
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError>;

    /// Of accounts that were read before and are not planned any more, those of which nobody says that they are gone: for
    /// each the one shard that will say that it was not seen. What the configuration leaves out is not among them.
    fn unseen(&self, _before: &[AccountId]) -> Vec<ShardKey> {
        Vec::new()
    }

    /// The round in which a shard is read: after the first, 0, it reads only what the resources of those before name.
    fn round(&self, key: &ShardKey) -> u8;

    /// False for a shard that is better begun a moment after those that take longest, where many accounts begin at the same
    /// time: their quotas would go unused while they wait for a core behind thousands of short calls.
    fn leads(&self, _key: &ShardKey) -> bool {
        true
    }

    /// The facets of the shard that need not always be asked again, which `Context::previous` should hold; none where
    /// it is of no use.
    fn carries(&self, key: &ShardKey) -> &'static [&'static str];

    /// Reads one shard, and packs what it reads as it comes. It never fails: what could not be read is said in the
    /// shard's coverage.
    async fn collect_packed(&self, key: &ShardKey, context: &Context) -> Shard<PackedResource>;

    /// The same, open.
    async fn collect(&self, key: &ShardKey, context: &Context) -> Shard {
        self.collect_packed(key, context).await.open()
    }
}
