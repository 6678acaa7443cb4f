//! The vocabulary every other room speaks: plain data, no IO, no clock, no async.
//!
//! Reads from the inside out: identifiers, then what was read (`facet`, `resource`, `packed`, `coverage`, `snapshot`),
//! then what is judged (`check`, `fact`, `finding`), then what it adds up to (`score`, `drift`),
//! then what is asked (`query`) and answered (`api`); `invocation` holds what providers document of how functions start.

pub mod api;
pub mod check;
pub mod coverage;
pub mod drift;
pub mod facet;
pub mod fact;
pub mod finding;
pub mod framework;
pub mod ident;
pub mod invocation;
pub mod packed;
pub mod points;
pub mod query;
pub mod resource;
pub mod scan;
pub mod score;
pub mod secret;
pub mod snapshot;

pub use check::{Check, Concern, Severity};
pub use coverage::{CollectionError, Coverage, CoverageState};
pub use facet::{Facet, Unreadable};
pub use fact::{Fact, Facts};
pub use finding::{Evidence, Exposure, Finding, State, Status};
pub use ident::{
    AccountId, CheckId, FindingKey, Kind, Provider, Region, ScanId, ServiceName, TargetName, Uid,
};
pub use packed::PackedResource;
pub use points::Points;
pub use resource::{Relation, RelationName, Resource};
pub use snapshot::{Shard, ShardKey};
