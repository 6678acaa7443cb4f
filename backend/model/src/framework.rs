//! Named sets of requirements, and how a scope meets them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Severity;
use crate::finding::Status;
use crate::ident::{CheckId, ScanId};

/// A named, versioned set of controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Framework {
    /// The name in files and commands, such as `aws-fsbp`.
    pub id: String,
    /// The name on screen.
    pub title: String,
    /// The edition that the controls follow.
    pub version: String,
    /// What it is, in one or two sentences of our own.
    pub description: String,
    /// Where it is published.
    pub source: String,
    /// The controls, in the framework's order.
    pub controls: Vec<Control>,
}

/// What a report says of itself, so that it can be computed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportHead {
    /// What it is called.
    pub title: String,
    /// The date that it speaks of: when the latest of its scans ended.
    pub as_of: Timestamp,
    /// What it covers, in words.
    pub scope: String,
    /// The scans that it is computed from.
    pub scans: Vec<ScanId>,
    /// The digest of the catalogue.
    pub catalogue: String,
    /// The version of the product that wrote it.
    pub product_version: String,
}

/// One requirement of a framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Control {
    /// The framework's own number, such as `Lambda.1`.
    pub id: String,
    /// What it asks for, in our own words.
    pub title: String,
    /// What a person has to look at, for a control that no check decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<String>,
}

/// How one control is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ControlStatus {
    /// At least one finding fails.
    Fail,
    /// None fails, but something could not be read.
    Unknown,
    /// Every finding passes, and there is at least one.
    Pass,
    /// A person has to decide it.
    Manual,
    /// Its checks ran and found nothing that they speak about.
    NotApplicable,
    /// No check of the catalogue bears on it.
    NotCovered,
}

/// A framework against a scope, as of a date: what pages show and reports export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Compliance {
    /// Which framework.
    pub framework: Framework,
    /// One result per control, in the framework's order.
    pub controls: Vec<ControlResult>,
    /// How many controls have each status.
    pub summary: ControlCounts,
}

/// How many controls have each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ControlCounts {
    /// Controls with a failing finding.
    pub fail: u64,
    /// Controls with something unread.
    pub unknown: u64,
    /// Controls that are met.
    pub pass: u64,
    /// Controls for a person to decide.
    pub manual: u64,
    /// Controls whose checks found nothing to speak about.
    pub not_applicable: u64,
    /// Controls without a check.
    pub not_covered: u64,
}

/// How one control is met, and by which checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ControlResult {
    /// Which control.
    pub control: Control,
    /// The verdict over its checks.
    pub status: ControlStatus,
    /// The checks that bear on it, with their counts.
    pub checks: Vec<CheckCounts>,
}

/// How often one check passes, fails and cannot tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckCounts {
    /// Which check.
    pub check: CheckId,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: Severity,
    /// PASS verdicts.
    pub pass: u64,
    /// FAIL verdicts.
    pub fail: u64,
    /// UNKNOWN verdicts.
    pub unknown: u64,
}

impl CheckCounts {
    /// The status over all its verdicts; none where it judged nothing.
    pub fn status(&self) -> Option<Status> {
        match (self.fail, self.unknown, self.pass) {
            (1.., _, _) => Some(Status::Fail),
            (0, 1.., _) => Some(Status::Unknown),
            (0, 0, 1..) => Some(Status::Pass),
            (0, 0, 0) => None,
        }
    }
}

impl ControlStatus {
    /// Every status, worst first.
    pub const ALL: [Self; 6] =
        [Self::Fail, Self::Unknown, Self::Pass, Self::Manual, Self::NotApplicable, Self::NotCovered];

    /// The word in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Unknown => "UNKNOWN",
            Self::Pass => "PASS",
            Self::Manual => "MANUAL",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::NotCovered => "NOT_COVERED",
        }
    }

    /// The words on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Unknown => "UNKNOWN",
            Self::Pass => "PASS",
            Self::Manual => "MANUAL",
            Self::NotApplicable => "not applicable",
            Self::NotCovered => "not covered",
        }
    }
}
