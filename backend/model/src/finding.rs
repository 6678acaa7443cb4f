//! The result of one check on one resource.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{Concern, Severity};
use crate::facet::Unreadable;
use crate::fact::Facts;
use crate::ident::{
    AccountId, CheckId, FindingKey, Kind, Provider, Region, ScanId, ServiceName, Uid, UnknownName,
};
use crate::points::Points;

/// What a check says of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// The condition does not hold.
    Fail,
    /// What was needed could not be read.
    Unknown,
    /// The condition holds.
    Pass,
    /// No check can decide the control.
    Manual,
}

/// Where a finding key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Failing or unknown since the last scan.
    New,
    /// Failing or unknown for longer.
    Open,
    /// Passing, or gone with its resource, after having failed.
    Resolved,
}

/// Who can reach a resource; the factor `x` of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// Nobody outside the account: 1.
    Internal,
    /// It could not be established: 2.
    Unknown,
    /// Principals of other accounts: 2.
    CrossAccount,
    /// Anybody on the internet, without authentication: 4.
    Internet,
}

/// A path that decided, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The path within the resource, such as `url.AuthType` or `facts.grants`.
    pub path: String,
    /// The value found there; null where there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub found: Value,
}

/// One verdict of an evaluation. Small, for there are millions: check and resource are positions in the [`Evaluation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Position in `Evaluation::resources`.
    pub resource: u32,
    /// Position in `Evaluation::checks`.
    pub check: u32,
    /// What the check says; never `Manual`.
    pub status: Status,
    /// Evidence and reasons; none for PASS, whose evidence can be read from the stored facets.
    pub detail: Option<Box<Detail>>,
}

/// Why a verdict is FAIL or UNKNOWN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The paths that decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Each read that was missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    /// For a resource that was not listed this time: the status at the last reading, and when that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_known: Option<LastKnown>,
}

/// What was known of a finding before its resource could no longer be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastKnown {
    /// The status then.
    pub status: Status,
    /// When the resource was last read.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
}

/// What judging one account gave. The same estate, catalogue and instant give the same evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The account.
    pub account: AccountId,
    /// The resources judged, sorted by uid.
    pub resources: Vec<Judged>,
    /// The checks that ran, sorted by id.
    pub checks: Vec<CheckId>,
    /// The severity of each check, in the same order.
    pub severities: Vec<Severity>,
    /// Sorted by resource, then check.
    pub verdicts: Vec<Verdict>,
    /// How often each check did not apply.
    pub not_applicable: BTreeMap<CheckId, u64>,
}

/// One resource within an evaluation, with what was derived of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which resource.
    pub uid: Uid,
    /// Who can reach it.
    pub exposure: Exposure,
    /// The derived facts.
    pub facts: Facts,
}

/// A finding with everything a person or a program needs: the object of `/api/v1/findings` and of every export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Identity across scans.
    pub key: FindingKey,
    /// Which check.
    pub check: CheckId,
    /// The check's title: what holds when it passes.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// What the check says.
    pub status: Status,
    /// New, open or resolved.
    pub state: State,
    /// True where an exception covers it.
    pub muted: bool,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region, or `global`.
    pub region: Region,
    /// The service that listed the resource.
    pub service: ServiceName,
    /// What the resource is.
    pub kind: Kind,
    /// The resource's identifier.
    pub resource: Uid,
    /// The resource's short name.
    pub name: String,
    /// The paths that decided.
    pub evidence: Vec<Evidence>,
    /// Of the facets that the check reads, those that the scan carried over, and when they were really read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub carried: BTreeMap<String, Timestamp>,
    /// Each read that was missing.
    pub unreadable: Vec<Unreadable>,
    /// For a resource that was not listed this time: what was known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_known: Option<LastKnown>,
    /// The factor of the score: 4, 2 or 1.
    pub exposure: u64,
    /// Who can reach the resource.
    pub reachable: Exposure,
    /// What fixing it gives back to the posture score, as decimal text; `0` unless it fails.
    pub points: Points,
    /// When the key was first seen failing or unknown, without a pass since.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub first_seen: Timestamp,
    /// The scan in which it was last seen so.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_seen: Timestamp,
    /// The id of that scan.
    pub scan: ScanId,
    /// What people worry about that the check answers.
    pub concerns: Vec<Concern>,
    /// Framework controls, as `framework/control`.
    pub frameworks: Vec<String>,
}

impl Status {
    /// Every status, worst first.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Unknown, Self::Pass, Self::Manual];

    /// The word in data and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Unknown => "UNKNOWN",
            Self::Pass => "PASS",
            Self::Manual => "MANUAL",
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::New, Self::Open, Self::Resolved];

    /// The word in data and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

impl Exposure {
    /// Every exposure, widest first.
    pub const ALL: [Self; 4] = [Self::Internet, Self::CrossAccount, Self::Unknown, Self::Internal];

    /// The word in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Unknown => "unknown",
            Self::CrossAccount => "cross_account",
            Self::Internet => "internet",
        }
    }

    /// The words on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Internal => "only inside the account",
            Self::Unknown => "not known",
            Self::CrossAccount => "across accounts",
            Self::Internet => "from the internet",
        }
    }

    /// The factor `x` of the score.
    pub fn factor(self) -> u64 {
        match self {
            Self::Internal => 1,
            Self::Unknown | Self::CrossAccount => 2,
            Self::Internet => 4,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownName::new("status", text, &Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| UnknownName::new("state", text, &Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Exposure {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|e| e.as_str() == text);
        found.ok_or_else(|| UnknownName::new("exposure", text, &Self::ALL.map(Self::as_str)))
    }
}
