//! The posture score with its range, caps, debt and exact parts.

use serde::{Deserialize, Serialize};

use crate::check::Severity;
use crate::finding::{Exposure, Status};
use crate::ident::CheckId;
use crate::points::Points;

/// How many verdicts of one check share a status and an exposure: what the score is computed from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bucket {
    /// Which check.
    pub check: CheckId,
    /// Its severity.
    pub severity: Severity,
    /// PASS, FAIL or UNKNOWN.
    pub status: Status,
    /// Who can reach the resources.
    pub exposure: Exposure,
    /// How many.
    pub count: u64,
}

/// The posture of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Score {
    /// `100 · (1 − Σ w·φ / Σ w)` over decided verdicts; none where nothing was decided.
    pub posture: Option<Points>,
    /// The posture if every UNKNOWN failed.
    pub low: Option<Points>,
    /// The posture if every UNKNOWN passed.
    pub high: Option<Points>,
    /// What is shown large: the posture, or the cap where that is lower.
    pub reported: Option<Points>,
    /// Why the reported score is held down, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// Σ w·x over failing findings; grows with every failure and cannot be diluted.
    pub debt: u64,
    /// Verdicts that are PASS or FAIL.
    pub decided: u64,
    /// Verdicts that are UNKNOWN.
    pub unknown: u64,
    /// What each check with failures costs; the parts and the posture add up to exactly 100.
    pub parts: Vec<Part>,
}

/// A limit on the reported score while something grave is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// At most 69 while a critical finding is reachable from the internet.
    CriticalFromInternet,
}

/// What one check costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Part {
    /// Which check.
    pub check: CheckId,
    /// Its severity.
    pub severity: Severity,
    /// Failing findings.
    pub failing: u64,
    /// PASS and FAIL together.
    pub decided: u64,
    /// UNKNOWN verdicts.
    pub unknown: u64,
    /// Points lost to all its failures.
    pub points: Points,
    /// Points that a failing finding of exposure factor 1 is worth; multiply by the factor.
    pub unit: Points,
}

impl Cap {
    /// The highest score that is reported.
    pub fn limit(self) -> i64 {
        match self {
            Self::CriticalFromInternet => 69,
        }
    }

    /// The words on screen after "reported as 69 while".
    pub fn reason(self) -> &'static str {
        match self {
            Self::CriticalFromInternet => "a critical finding is open to the internet",
        }
    }
}
