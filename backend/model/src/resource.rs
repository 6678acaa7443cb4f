//! One configured thing in a cloud.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facet::Facet;
use crate::ident::{AccountId, Kind, Provider, Region, ServiceName, Uid, UnknownName};

/// One configured thing, as one scan saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resource {
    /// The provider's full identifier.
    pub uid: Uid,
    /// What it is, such as `aws.lambda.function`.
    pub kind: Kind,
    /// Whose cloud it lives in.
    pub provider: Provider,
    /// The account that owns it.
    pub account: AccountId,
    /// Where it lives, or `global`.
    pub region: Region,
    /// The service (and so the shard) that listed it.
    pub service: ServiceName,
    /// The short name a person knows it by.
    pub name: String,
    /// Tags, where the calls that were made carry them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What was read of it, by short name: `config`, `policy`, `url`, …
    pub facets: BTreeMap<String, Facet>,
    /// Edges to other resources, sorted, without duplicates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// When each facet was really read that this scan carried over, because nothing changed it since.
    /// It belongs to the scan, not to the version: a facet that is as it was is not a change.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub carried: BTreeMap<String, Timestamp>,
    /// A digest of the revisions that its listing named: the same one the next time proves it unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// A named edge to another resource, which need not have been collected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Relation {
    /// What the edge means, read from the resource that holds it.
    pub name: RelationName,
    /// The other end.
    pub to: Uid,
}

/// What an edge means, read from the resource that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RelationName {
    /// A function runs with this role.
    ExecutesAs,
    /// A function is started by this queue, stream or bucket.
    TriggeredBy,
    /// A gateway, rule or workflow starts this function.
    Invokes,
    /// Log lines go to this group.
    LogsTo,
    /// Data at rest is protected by this key.
    EncryptedBy,
    /// Failures or results are sent here.
    WritesTo,
    /// Code is shared from this layer.
    UsesLayer,
    /// The policy is attached to the role.
    HasPolicy,
    /// A stage, route or alias belongs to this parent.
    PartOf,
    /// A firewall, distribution or custom domain stands in front.
    FrontedBy,
    /// Whoever comes through this pool is given this role.
    Lends,
    /// Code runs in this subnet, behind this security group or on this capacity provider.
    RunsIn,
    /// The code is an image of this repository.
    RunsImage,
    /// This file system is mounted.
    Mounts,
}

impl RelationName {
    /// Every relation.
    pub const ALL: [Self; 14] = [
        Self::ExecutesAs,
        Self::TriggeredBy,
        Self::Invokes,
        Self::LogsTo,
        Self::EncryptedBy,
        Self::WritesTo,
        Self::UsesLayer,
        Self::HasPolicy,
        Self::PartOf,
        Self::FrontedBy,
        Self::Lends,
        Self::RunsIn,
        Self::RunsImage,
        Self::Mounts,
    ];

    /// The name in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExecutesAs => "executes_as",
            Self::TriggeredBy => "triggered_by",
            Self::Invokes => "invokes",
            Self::LogsTo => "logs_to",
            Self::EncryptedBy => "encrypted_by",
            Self::WritesTo => "writes_to",
            Self::UsesLayer => "uses_layer",
            Self::HasPolicy => "has_policy",
            Self::PartOf => "part_of",
            Self::FrontedBy => "fronted_by",
            Self::Lends => "lends",
            Self::RunsIn => "runs_in",
            Self::RunsImage => "runs_image",
            Self::Mounts => "mounts",
        }
    }

    /// The words on screen, from the resource that holds the edge to the other end.
    pub fn label(self) -> &'static str {
        match self {
            Self::ExecutesAs => "executes as",
            Self::TriggeredBy => "is triggered by",
            Self::Invokes => "invokes",
            Self::LogsTo => "logs to",
            Self::EncryptedBy => "is encrypted by",
            Self::WritesTo => "writes to",
            Self::UsesLayer => "uses layer",
            Self::HasPolicy => "has policy",
            Self::PartOf => "is part of",
            Self::FrontedBy => "is fronted by",
            Self::Lends => "lends",
            Self::RunsIn => "runs in",
            Self::RunsImage => "runs an image of",
            Self::Mounts => "mounts",
        }
    }

    /// The words on screen for the same edge read from its other end.
    pub fn reverse_label(self) -> &'static str {
        match self {
            Self::ExecutesAs => "is the role of",
            Self::TriggeredBy => "triggers",
            Self::Invokes => "is invoked by",
            Self::LogsTo => "receives logs of",
            Self::EncryptedBy => "encrypts",
            Self::WritesTo => "is written by",
            Self::UsesLayer => "is a layer of",
            Self::HasPolicy => "is attached to",
            Self::PartOf => "contains",
            Self::FrontedBy => "fronts",
            Self::Lends => "is lent by",
            Self::RunsIn => "runs",
            Self::RunsImage => "is the image of",
            Self::Mounts => "is mounted by",
        }
    }
}

impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RelationName {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|r| r.as_str() == text);
        found.ok_or_else(|| UnknownName::new("relation", text, &Self::ALL.map(Self::as_str)))
    }
}
