//! What changed between two views of the same scope.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Severity;
use crate::finding::{Exposure, Status};
use crate::ident::{AccountId, CheckId, FindingKey, Kind, Provider, Region, Uid};
use crate::points::Points;

/// The difference between two views.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Drift {
    /// When the earlier view was taken.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// When the later view was taken.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// The posture then, where there was one.
    pub posture_from: Option<Points>,
    /// The posture now, where there is one.
    pub posture_to: Option<Points>,
    /// Verdicts that changed, the worst first.
    pub findings: Vec<FindingChange>,
    /// Resources that came, went or were reconfigured.
    pub resources: Vec<ResourceChange>,
    /// True where the lists were cut at the limit that was asked for.
    pub truncated: bool,
}

/// One verdict that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingChange {
    /// Identity of the finding.
    pub key: FindingKey,
    /// Which check.
    pub check: CheckId,
    /// The check's title.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// The resource.
    pub resource: Uid,
    /// The resource's short name.
    pub name: String,
    /// What the resource is.
    pub kind: Kind,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// Who can reach the resource now.
    pub exposure: Exposure,
    /// The status then; none where the resource or check did not exist.
    pub before: Option<Status>,
    /// The status now; none where the resource or check is gone.
    pub after: Option<Status>,
}

/// One resource that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceChange {
    /// Which resource.
    pub uid: Uid,
    /// Its short name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// Came, went or was reconfigured.
    pub change: ChangeKind,
    /// The facets that differ, for a reconfigured one.
    pub facets: Vec<String>,
}

/// How a resource changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is no longer there.
    Removed,
    /// A facet differs.
    Changed,
}

impl FindingChange {
    /// True where the change is for the worse: it fails now, or it can no longer be told whether it passes.
    pub fn is_worse(&self) -> bool {
        match (self.before, self.after) {
            (before, Some(Status::Fail)) => before != Some(Status::Fail),
            (before, Some(Status::Unknown)) => before == Some(Status::Pass) || before.is_none(),
            (_, Some(Status::Pass | Status::Manual) | None) => false,
        }
    }
}
