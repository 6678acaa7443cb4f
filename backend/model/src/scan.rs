//! One run of one target.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Severity;
use crate::coverage::Coverage;
use crate::ident::{ScanId, TargetName, UnknownName};
use crate::score::Score;
use crate::snapshot::ShardKey;

/// What began a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A person at a terminal or a pipeline.
    Command,
    /// A person in the dashboard, or a program through the API.
    Dashboard,
    /// The schedule.
    Schedule,
    /// A snapshot file.
    File,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ScanState {
    /// Shards are being read, or the process that read them died: it resumes there.
    Running,
    /// Everything was judged and committed.
    Finished,
    /// It ended without a result; `ScanSummary::failure` says why.
    Failed,
}

/// One line about a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanSummary {
    /// Which scan.
    pub id: ScanId,
    /// Which target.
    pub target: TargetName,
    /// What began it.
    pub origin: Origin,
    /// How far it is.
    pub state: ScanState,
    /// Why it failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started: Timestamp,
    /// When it ended, if it has.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub finished: Option<Timestamp>,
    /// Shards that were planned.
    pub shards_planned: u64,
    /// Shards committed so far.
    pub shards_done: u64,
    /// Shards that are complete.
    pub shards_complete: u64,
    /// Calls made, retries included.
    pub calls: u64,
    /// Errors counted.
    pub errors: u64,
    /// Resources seen.
    pub resources: u64,
    /// FAIL verdicts by severity.
    pub failing: BTreeMap<Severity, u64>,
    /// PASS verdicts.
    pub pass: u64,
    /// FAIL verdicts.
    pub fail: u64,
    /// UNKNOWN verdicts.
    pub unknown: u64,
    /// The score at its end, without its parts, if it ended with one.
    pub score: Option<Score>,
    /// The catalogue's digest at evaluation, first 16 hexadecimal digits.
    pub catalogue: Option<String>,
}

/// What one shard of a scan could read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageRow {
    /// Which target.
    pub target: TargetName,
    /// Which shard.
    #[serde(flatten)]
    pub shard: ShardKey,
    /// What could be read.
    pub coverage: Coverage,
    /// Resources listed.
    pub resources: u64,
    /// When it was committed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub committed: Timestamp,
}

impl Origin {
    /// The word in data and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Dashboard => "dashboard",
            Self::Schedule => "schedule",
            Self::File => "file",
        }
    }
}

impl FromStr for Origin {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let all = [Self::Command, Self::Dashboard, Self::Schedule, Self::File];
        let found = all.into_iter().find(|o| o.as_str() == text);
        found.ok_or_else(|| UnknownName::new("origin", text, &all.map(Self::as_str)))
    }
}

impl ScanState {
    /// The word in data and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for ScanState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let all = [Self::Running, Self::Finished, Self::Failed];
        let found = all.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| UnknownName::new("scan state", text, &all.map(Self::as_str)))
    }
}

impl fmt::Display for ScanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
