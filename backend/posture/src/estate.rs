//! One account as it is judged: everything that was read of it, and how much of it could be read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_model::ident::{AccountId, FindingKey};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{Resource, Status};

/// One account as it is judged.
#[derive(Clone, Debug)]
pub struct Estate<'a> {
    /// The account that owns every resource.
    pub account: AccountId,
    /// What was read, sorted by uid, without duplicates.
    pub resources: &'a [EstateResource],
    /// How much of each shard could be read.
    pub coverage: &'a [CoverageRow],
    /// The instant against which dates are judged.
    pub instant: Timestamp,
    /// The last decided status of findings, for resources that could not be listed this time.
    pub last_known: &'a BTreeMap<FindingKey, Status>,
}

/// A resource, and whether what is known of it is old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EstateResource {
    /// What was read of it, this time or the last time.
    pub resource: Resource,
    /// When it was last read, where its shard could not be listed this time.
    pub stale_since: Option<Timestamp>,
}
