//! The bodies of `/api/v1`, which are also what the pages are rendered from: whatever a page shows, the API offers.

mod missing;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::missing::{MissingPermission, MissingPermissions, ServiceJudged};
use crate::check::{Check, Severity};
use crate::drift::Drift;
use crate::fact::Facts;
use crate::finding::{Exposure, Finding, Status};
use crate::framework::{CheckCounts, ControlCounts};
use crate::ident::{AccountId, CheckId, Kind, Provider, Region, ScanId, ServiceName, TargetName, Uid};
use crate::points::Points;
use crate::resource::{RelationName, Resource};
use crate::scan::{CoverageRow, ScanSummary};
use crate::score::Score;

/// The one body of every error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// A word for programs, such as `not_found`.
    pub code: String,
    /// What was attempted, on what, and why it failed.
    pub message: String,
    /// What to do next.
    pub help: String,
}

/// The first page: whole or not, better or worse, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// When the latest scan in view ended; none before the first one has.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub as_of: Option<Timestamp>,
    /// The scans that the view is made of, one per target.
    pub scans: Vec<ScanSummary>,
    /// What each shard of those scans could read.
    pub coverage: Vec<CoverageRow>,
    /// The score of the scope.
    pub score: Score,
    /// The score after each scan, oldest first.
    pub trend: Vec<TrendPoint>,
    /// Verdicts by severity, worst first.
    pub severities: Vec<SeverityCounts>,
    /// What changed since the scans before; none where there are none.
    pub drift: Option<Drift>,
    /// The fixes worth most points, best first.
    pub fixes: Vec<Fix>,
    /// Resources in scope.
    pub resources: u64,
}

/// The score after one scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendPoint {
    /// Which scan.
    pub scan: ScanId,
    /// Its target.
    pub target: TargetName,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// The posture.
    pub posture: Option<Points>,
    /// If every UNKNOWN failed.
    pub low: Option<Points>,
    /// If every UNKNOWN passed.
    pub high: Option<Points>,
    /// What was shown large.
    pub reported: Option<Points>,
    /// The risk debt.
    pub debt: u64,
    /// UNKNOWN verdicts.
    pub unknown: u64,
}

/// Verdicts of one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeverityCounts {
    /// Which severity.
    pub severity: Severity,
    /// FAIL verdicts.
    pub fail: u64,
    /// UNKNOWN verdicts.
    pub unknown: u64,
    /// PASS verdicts.
    pub pass: u64,
}

/// One check's failures together: what fixing them gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fix {
    /// Which check.
    pub check: CheckId,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: Severity,
    /// Failing findings.
    pub failing: u64,
    /// Points given back when all are fixed.
    pub points: Points,
    /// The widest exposure among them.
    pub exposure: Exposure,
    /// What to do, in the imperative.
    pub remediation: String,
}

/// One page of findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingList {
    /// Findings that match, over all pages.
    pub total: u64,
    /// Verdicts in scope, whatever their status.
    pub verdicts: u64,
    /// The page.
    pub findings: Vec<Finding>,
    /// The groups that begin or go on in this page, in order; empty when rows are not grouped.
    pub groups: Vec<GroupHead>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// What can be filtered by, with counts under the other filters.
    pub facets: Vec<FilterFacet>,
}

/// What heads a group of findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupHead {
    /// The check's id or the resource's uid.
    pub key: String,
    /// The check's title or the resource's name.
    pub title: String,
    /// The check's severity; the worst one of a resource.
    pub severity: Severity,
    /// Findings in the group under the filter, over all pages.
    pub count: u64,
    /// Points that fixing all its failures gives back.
    pub points: Points,
}

/// One thing to filter by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilterFacet {
    /// The parameter, such as `severity`.
    pub key: String,
    /// The words on screen.
    pub label: String,
    /// Its values, in the order in which they are shown.
    pub values: Vec<FilterValue>,
}

/// One value to filter by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilterValue {
    /// The value of the parameter.
    pub value: String,
    /// The words on screen.
    pub label: String,
    /// Rows that have it, under the other filters.
    pub count: u64,
    /// True where the query asks for it.
    pub chosen: bool,
}

/// One finding with its check, its history and its neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingDetail {
    /// The finding.
    pub finding: Finding,
    /// What was checked, why it matters and what to do; none where the catalogue no longer has the check.
    pub check: Option<Check>,
    /// Every status it has had, latest first.
    pub history: Vec<FindingInterval>,
    /// Other findings of the same check that fail, in the same view.
    pub others_failing: u64,
}

/// How long a finding had a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingInterval {
    /// The status.
    pub status: Status,
    /// The scan that first saw it so.
    pub scan: ScanId,
    /// When that was.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// When it ended; none while it lasts.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub to: Option<Timestamp>,
}

/// One page of resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceList {
    /// Resources that match, over all pages.
    pub total: u64,
    /// The page.
    pub resources: Vec<ResourceRow>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// What can be filtered by, with counts under the other filters.
    pub facets: Vec<FilterFacet>,
}

/// One line about a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceRow {
    /// The provider's identifier.
    pub uid: Uid,
    /// The short name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The service that listed it.
    pub service: ServiceName,
    /// Its target.
    pub target: TargetName,
    /// Tags, where they were read.
    pub tags: BTreeMap<String, String>,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Σ w·x over its failing findings.
    pub debt: u64,
    /// FAIL verdicts by severity.
    pub failing: BTreeMap<Severity, u64>,
    /// UNKNOWN verdicts.
    pub unknown: u64,
    /// When it was last read.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_read: Timestamp,
    /// True where the last scan could not read it: what is shown is older.
    pub stale: bool,
}

/// One resource with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceDetail {
    /// One line about it.
    pub row: ResourceRow,
    /// What was read.
    pub resource: Resource,
    /// What was derived.
    pub facts: Facts,
    /// Edges from and to it.
    pub relations: Vec<RelationRow>,
    /// Its verdicts, worst first, PASS last.
    pub findings: Vec<Finding>,
    /// Its versions, latest first.
    pub history: Vec<ResourceVersion>,
}

/// One edge, read from the resource that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelationRow {
    /// What the edge means.
    pub name: RelationName,
    /// True where the other end holds the edge: the label is the reverse one.
    pub reversed: bool,
    /// The other end.
    pub uid: Uid,
    /// Its short name, or its uid where it was not collected.
    pub label: String,
    /// What it is, where it was collected.
    pub kind: Option<Kind>,
}

/// How long a resource looked the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceVersion {
    /// The scan that first saw it so.
    pub scan: ScanId,
    /// When that was.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// When it changed or vanished; none while it lasts.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub to: Option<Timestamp>,
    /// Facets that differ from the version before; all of them for the first one.
    pub facets: Vec<String>,
}

/// Scans and what can be scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanList {
    /// Scans, latest first.
    pub scans: Vec<ScanSummary>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// What can be scanned from here.
    pub targets: Vec<TargetRow>,
}

/// One thing that can be scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TargetRow {
    /// Its name.
    pub name: TargetName,
    /// Whose cloud.
    pub provider: Provider,
    /// The schedule as configured, with its time zone; none where it is scanned by hand only.
    pub schedule: Option<String>,
    /// When it is due next.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub next_due: Option<Timestamp>,
    /// Its latest scan.
    pub last: Option<ScanSummary>,
    /// False where it has been scanned but is not configured here, so that it cannot be started.
    pub can_start: bool,
}

/// One scan with its shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanDetail {
    /// The scan.
    pub scan: ScanSummary,
    /// What each shard could read, the worst first.
    pub coverage: Vec<CoverageRow>,
    /// What each service let be judged, the least decided first; empty until the scan has finished.
    pub services: Vec<ServiceJudged>,
    /// The permissions that were missing, and what would restore them.
    pub missing: MissingPermissions,
}

/// What to scan: the body of `POST /api/v1/scans`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// The target's name.
    pub target: TargetName,
}

/// A scan that was started: the answer to `POST /api/v1/scans`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanStarted {
    /// Its id; an earlier one where a scan that was left half done is taken up again.
    pub id: ScanId,
}

/// One event of a running scan, as `/api/v1/scans/{id}/events` sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ScanEvent {
    /// The plan is known.
    Planned {
        /// Shards to read.
        shards: u64,
    },
    /// One shard was committed.
    ShardDone {
        /// `provider/account/region/service`.
        shard: String,
        /// How much was read.
        state: String,
        /// Resources listed.
        resources: u64,
        /// Calls made.
        calls: u64,
        /// Shards committed so far.
        done: u64,
        /// Shards planned.
        planned: u64,
    },
    /// All shards of an account are in; it is being judged.
    Evaluating {
        /// Which account.
        account: AccountId,
    },
    /// The scan ended.
    Ended {
        /// `finished` or `failed`.
        state: String,
        /// Why it failed, where it did.
        failure: Option<String>,
    },
}

/// The catalogue with what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckList {
    /// The digest of the catalogue, first 16 hexadecimal digits.
    pub catalogue: String,
    /// Checks that match the filter.
    pub checks: Vec<CheckRow>,
    /// What can be filtered by.
    pub facets: Vec<FilterFacet>,
}

/// One check with its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckRow {
    /// The check.
    pub check: Check,
    /// Its verdicts in view.
    pub counts: CheckCounts,
    /// Points lost to its failures.
    pub points: Points,
}

/// The frameworks and how they are met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FrameworkList {
    /// One per framework of the catalogue.
    pub frameworks: Vec<FrameworkRow>,
}

/// One framework and how it is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FrameworkRow {
    /// The name in commands.
    pub id: String,
    /// The name on screen.
    pub title: String,
    /// The edition.
    pub version: String,
    /// How many controls have each status.
    pub counts: ControlCounts,
}

/// What frames every page: where one is, what is in view, and what else there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The path of the page, such as `/findings`.
    pub path: String,
    /// The page's own query, without the leading `?`, for links that keep it.
    pub query: String,
    /// What the view is as of, as the query says it; none for the latest.
    pub as_of: Option<String>,
    /// What the view is compared with, as the query says it; none for the scan before.
    pub from: Option<String>,
    /// When the latest scan in view ended.
    pub viewed_at: Option<Timestamp>,
    /// Targets that have been scanned or are configured.
    pub targets: Vec<TargetName>,
    /// The target that the page is restricted to, if it is.
    pub target: Option<TargetName>,
    /// Targets that can be started from here.
    pub startable: Vec<TargetName>,
    /// The scan that is running now, if one is.
    pub running: Option<ScanId>,
    /// Numbers beside the links of the side bar, by path.
    pub counts: BTreeMap<String, u64>,
    /// The product's version.
    pub version: String,
}
