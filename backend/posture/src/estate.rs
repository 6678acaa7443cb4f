//! One account as it is judged: everything that was read of it, and how much of it could be read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_model::ident::{AccountId, FindingKey, Kind, Provider, Region, Uid};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{PackedResource, Relation, Resource, Status};

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

impl Estate<'_> {
    /// Whose cloud the account is in; none where nothing of it was read.
    pub fn provider(&self) -> Option<Provider> {
        let read = self.coverage.first().map(|row| row.shard.provider);
        read.or_else(|| self.resources.first().map(|held| held.resource.provider()))
    }
}

/// A resource, and whether what is known of it is old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EstateResource {
    /// What was read of it, this time or the last time.
    pub resource: Held,
    /// When it was last read, where its shard could not be listed this time.
    pub stale_since: Option<Timestamp>,
}

/// A resource as an estate holds it. Its identity and relations can always be read; its facets once it is open.
///
/// A whole account is held packed and opened one resource at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Open from the beginning.
    Open(Resource),
    /// To be opened by whoever reads its facets.
    Packed(PackedResource),
}

impl Held {
    /// The resource with every facet.
    pub fn open(&self) -> Cow<'_, Resource> {
        match self {
            Self::Open(resource) => Cow::Borrowed(resource),
            Self::Packed(resource) => Cow::Owned(resource.open()),
        }
    }

    /// The resource with at least those facets, for whoever reads no other.
    pub fn open_only(&self, facets: &[&str]) -> Cow<'_, Resource> {
        match self {
            Self::Open(resource) => Cow::Borrowed(resource),
            Self::Packed(resource) => Cow::Owned(resource.open_only(facets)),
        }
    }

    /// The provider's full identifier.
    pub fn uid(&self) -> &Uid {
        match self {
            Self::Open(resource) => &resource.uid,
            Self::Packed(resource) => &resource.uid,
        }
    }

    /// Whose it is.
    pub fn provider(&self) -> Provider {
        match self {
            Self::Open(resource) => resource.provider,
            Self::Packed(resource) => resource.provider,
        }
    }

    /// What it is.
    pub fn kind(&self) -> &Kind {
        match self {
            Self::Open(resource) => &resource.kind,
            Self::Packed(resource) => &resource.kind,
        }
    }

    /// Where it lives.
    pub fn region(&self) -> &Region {
        match self {
            Self::Open(resource) => &resource.region,
            Self::Packed(resource) => &resource.region,
        }
    }

    /// Edges to other resources.
    pub fn relations(&self) -> &[Relation] {
        match self {
            Self::Open(resource) => &resource.relations,
            Self::Packed(resource) => &resource.relations,
        }
    }
}

impl From<Resource> for Held {
    fn from(resource: Resource) -> Self {
        Self::Open(resource)
    }
}

impl From<PackedResource> for Held {
    fn from(resource: PackedResource) -> Self {
        Self::Packed(resource)
    }
}
