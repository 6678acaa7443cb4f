//! What was gathered in one scan: a header and its shards. Immutable once written.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::ident::{AccountId, Provider, Region, ServiceName, TargetName};
use crate::packed::PackedResource;
use crate::resource::Resource;

/// The head of a snapshot: what was asked for, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHeader {
    /// The target that was scanned.
    pub target: TargetName,
    /// When the scan began; the instant against which everything is judged.
    pub instant: Timestamp,
    /// When the last shard was read.
    pub finished: Timestamp,
}

/// The unit of collecting and of committing: one service of one region of one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShardKey {
    /// Whose cloud.
    pub provider: Provider,
    /// Which account.
    pub account: AccountId,
    /// Which region, or `global`.
    pub region: Region,
    /// Which service.
    pub service: ServiceName,
}

/// What was gathered in one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard<R = Resource> {
    /// Which shard it is.
    #[serde(flatten)]
    pub key: ShardKey,
    /// What could and could not be read.
    pub coverage: Coverage,
    /// The resources, sorted by uid.
    pub resources: Vec<R>,
}

impl Shard {
    /// The same shard in a fifth of the memory.
    pub fn packed(self) -> Shard<PackedResource> {
        Shard {
            key: self.key,
            coverage: self.coverage,
            resources: self.resources.into_iter().map(PackedResource::from).collect(),
        }
    }
}

impl Shard<PackedResource> {
    /// The same shard with its documents open.
    pub fn open(self) -> Shard {
        Shard {
            key: self.key,
            coverage: self.coverage,
            resources: self.resources.iter().map(PackedResource::open).collect(),
        }
    }
}

impl fmt::Display for ShardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.provider, self.account, self.region, self.service)
    }
}
