//! Where history lives: the `Store` trait and its implementations. All SQL of the product is in this crate.
//!
//! History is kept as intervals `[valid_from, valid_to)` of one store-wide commit sequence.
//! A [`View`] fixes, for each target, the sequence at which it is looked at: a running scan never shows half a picture.

mod error;
mod judging;
mod key;
pub mod sqlite;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use nephoscope_model::api::{FindingInterval, ResourceRow, ResourceVersion};
use nephoscope_model::coverage::Blinded;
use nephoscope_model::drift::ResourceChange;
use nephoscope_model::finding::Detail;
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::{CoverageRow, Origin, ScanState, ScanSummary};
use nephoscope_model::score::{Bucket, Score};
use nephoscope_model::{
    AccountId, CheckId, Exposure, Facts, FindingKey, Kind, PackedResource, Provider, Region, Relation,
    Resource, ScanId, ServiceName, Severity, Shard, ShardKey, State, Status, TargetName, Uid,
};

pub use error::StoreError;
pub use judging::Judging;
pub use key::redaction_key;

/// What every method gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A scan about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScan {
    /// Its id; opening the id of a scan that is still running resumes it.
    pub id: ScanId,
    /// The target.
    pub target: TargetName,
    /// What began it.
    pub origin: Origin,
    /// The instant against which everything is judged.
    pub instant: Timestamp,
    /// The shards that will be read, sorted.
    pub planned: Vec<ShardKey>,
}

/// A scan that was opened, or found where a process left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenScan {
    /// The scan as it was opened first.
    pub scan: NewScan,
    /// Shards that are committed already, sorted.
    pub done: Vec<ShardKey>,
    /// Accounts whose evaluation is committed already, sorted.
    pub evaluated: Vec<AccountId>,
}

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanEnd {
    /// `Finished` or `Failed`.
    pub state: ScanState,
    /// Why it failed, where it did.
    pub failure: Option<String>,
    /// When it ended.
    pub finished: Timestamp,
    /// The score over the target as the scan leaves it, for `Finished`.
    pub score: Option<Score>,
    /// The catalogue's digest.
    pub catalogue: Option<String>,
}

/// A resource as it is to be judged or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResource<R = Resource> {
    /// What is known of it.
    pub resource: R,
    /// When its shard last listed it.
    pub last_read: Timestamp,
    /// True where this scan could not list it: it is shown as it was at `last_read`.
    pub stale: bool,
}

/// One shard as the scan before read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardBefore {
    /// When that scan began: nothing that it read is older, but for what it carried over itself.
    pub instant: Timestamp,
    /// What it read, in no order. What it could not list is not among them.
    pub resources: Vec<PackedResource>,
}

/// At which sequence each target is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// One entry per target that has a finished scan in view, sorted by target.
    pub entries: Vec<ViewEntry>,
}

/// One target within a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewEntry {
    /// Which target.
    pub target: TargetName,
    /// The finished scan that is shown.
    pub scan: ScanId,
    /// Its last sequence.
    pub sequence: i64,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
}

/// Counts of verdicts that agree in everything a filter can name, for one target of a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rollup {
    /// The target.
    pub target: TargetName,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The service that listed the resources.
    pub service: ServiceName,
    /// What the resources are.
    pub kind: Kind,
    /// Check, severity, status, exposure and count.
    pub bucket: Bucket,
}

/// Counts of resources that agree in everything a filter can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceRollup {
    /// The target.
    pub target: TargetName,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The service.
    pub service: ServiceName,
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: u64,
}

/// A finding as stored: without what the catalogue says of its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// Identity across scans.
    pub key: FindingKey,
    /// The check.
    pub check: CheckId,
    /// Its severity at evaluation.
    pub severity: Severity,
    /// What it says.
    pub status: Status,
    /// A FAIL or UNKNOWN is `New` where no finished scan before the one shown saw it so, else `Open`.
    /// A PASS is `Resolved`, also where it never failed, and so is what is gone.
    pub state: State,
    /// Whose cloud.
    pub provider: Provider,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The service.
    pub service: ServiceName,
    /// What the resource is.
    pub kind: Kind,
    /// The resource.
    pub resource: Uid,
    /// Its short name.
    pub name: String,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Evidence and reasons; empty for PASS.
    pub detail: Detail,
    /// The facets of the resource that the scan carried over, and when they were really read.
    pub carried: BTreeMap<String, Timestamp>,
    /// When the key began to fail or be unknown, without a pass since; for a PASS, when it began to pass.
    pub first_seen: Timestamp,
    /// When the scan that last saw it began.
    pub last_seen: Timestamp,
    /// That scan.
    pub scan: ScanId,
}

/// The rows that share check, status and exposure: the unit in which findings are ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey {
    /// The check.
    pub check: CheckId,
    /// The status.
    pub status: Status,
    /// The exposure.
    pub exposure: Exposure,
}

/// In which order findings are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingOrder {
    /// Bucket after bucket as given, by uid within each; only these buckets are listed.
    Buckets(Vec<BucketKey>),
    /// By the debt of the resource, greatest first, then uid, then severity, then check; only these buckets are listed.
    Resources(Vec<BucketKey>),
}

/// One page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; opaque, and refused as `StoreError::Cursor` where it does not fit the query.
    pub next: Option<String>,
}

/// One verdict that differs between two views, before the catalogue gives it a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// The finding as it is now; as it was last, where it is gone.
    pub row: FindingRow,
    /// The status then; none where it did not exist.
    pub before: Option<Status>,
    /// The status now; none where it is gone.
    pub after: Option<Status>,
}

/// One edge of a resource, read from either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRelation {
    /// The edge; `to` is the other end, also where `reversed`.
    pub relation: Relation,
    /// True where the other end holds it.
    pub reversed: bool,
    /// Name and kind of the other end, where it was collected.
    pub other: Option<(String, Kind)>,
}

/// A schedule's memory: what was due last, so that a restart neither doubles nor forgets a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleMark {
    /// The target.
    pub target: TargetName,
    /// The due time that was last acted upon.
    pub due: Timestamp,
}

/// The one place where scans, resources and findings are kept. One writer; readers are never blocked.
#[async_trait]
pub trait Store: Send + Sync + Debug {
    /// Begins a scan; where a scan with this id is running, gives it as it was left.
    ///
    /// A scan that has ended is not opened again. Another scan of the target that was left running is given up: it fails.
    async fn scan_open(&self, scan: &NewScan) -> Result<OpenScan>;

    /// The scan of `target` that is running or was left by a process that died, if there is one.
    async fn scan_unfinished(&self, target: &TargetName) -> Result<Option<OpenScan>>;

    /// Stores the documents of resources whose shard is still being read, so that its commit has less to do.
    ///
    /// No view shows them before that: until a resource refers to it, a document takes its bytes and nothing else.
    async fn document_insert(&self, resources: &[PackedResource]) -> Result<()>;

    /// Commits what shards gathered, with their completion marks, in one transaction.
    ///
    /// A resource that a `listed` shard no longer has ends here; one of a shard that was not listed whole stays as it was, stale.
    /// Committing a shard again that is already committed in this scan changes nothing.
    async fn shard_insert(&self, scan: &ScanId, shards: &[Shard<PackedResource>]) -> Result<()>;

    /// Everything known of one account within the scan's target, stale resources included, sorted by uid.
    async fn estate_fetch(
        &self,
        scan: &ScanId,
        account: &AccountId,
    ) -> Result<Vec<StoredResource<PackedResource>>>;

    /// The accounts of a target in which something stands, sorted.
    async fn account_list(&self, target: &TargetName) -> Result<Vec<AccountId>>;

    /// What the current resources of some shards of the scan's target refer to, sorted.
    async fn relation_targets(&self, scan: &ScanId, shards: &[ShardKey]) -> Result<Vec<Uid>>;

    /// What current resources of the scan's target refer to and their own account does not have, sorted: what another
    /// account may have.
    async fn relation_targets_abroad(&self, scan: &ScanId) -> Result<Vec<Uid>>;

    /// The shards of one account in which something stands, whichever scan read it, sorted.
    async fn estate_shards(&self, scan: &ScanId, account: &AccountId) -> Result<Vec<ShardKey>>;

    /// What the shards of one account could read in this scan, sorted by shard.
    async fn estate_coverage(&self, scan: &ScanId, account: &AccountId) -> Result<Vec<CoverageRow>>;

    /// For every verdict of the scan before on a resource of one account that this scan could not list: the last status that was
    /// decided, or UNKNOWN where none ever was. What a stale resource falls back to. Sorted by key.
    async fn verdict_last_known(
        &self,
        scan: &ScanId,
        account: &AccountId,
    ) -> Result<Vec<(FindingKey, Status)>>;

    /// Judges accounts and commits their verdicts, facts and rollups in one transaction. Only what differs from before is
    /// written; an account that is judged already in this scan is left as it is.
    ///
    /// Each of `judgings` is asked as fast as its answers are written, so that only a few are in memory at a time.
    async fn evaluation_insert(&self, scan: &ScanId, judgings: &[&dyn Judging]) -> Result<()>;

    /// Verdict counts of the scan's target as evaluated in this scan: what its score is computed from.
    async fn scan_buckets(&self, scan: &ScanId) -> Result<Vec<Bucket>>;

    /// Ends a scan. From here on views show it, where it finished.
    ///
    /// A scan only finishes once every account that was planned or read is judged. What stands in other accounts is no longer
    /// in the target: it ends here, with its findings. Of the score, the parts are not kept: they follow from the rollups.
    async fn scan_finish(&self, scan: &ScanId, end: &ScanEnd) -> Result<()>;

    /// Scans, latest first; of one target where given.
    async fn scan_list(
        &self,
        target: Option<&TargetName>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ScanSummary>>;

    /// One scan; none where there is no such id.
    async fn scan_fetch(&self, id: &ScanId) -> Result<Option<ScanSummary>>;

    /// What missing permissions kept a scan from deciding, over its accounts; none where one of them was not counted.
    async fn scan_blinded(&self, scan: &ScanId) -> Result<Option<Blinded>>;

    /// The shards committed by one scan, the worst state first, then by shard.
    async fn coverage_list(&self, scan: &ScanId) -> Result<Vec<CoverageRow>>;

    /// Targets that have been scanned, sorted.
    async fn target_list(&self) -> Result<Vec<TargetName>>;

    /// The view of `targets` (all where empty) at `as_of`. A target without a finished scan by then has no entry.
    async fn view_fetch(&self, targets: &[TargetName], as_of: &AsOf) -> Result<View>;

    /// The view before `view`: for each entry the finished scan before it. A target that has none has no entry.
    async fn view_before(&self, view: &View) -> Result<View>;

    /// Verdict counts of a view, from rollups only.
    async fn rollup_list(&self, view: &View) -> Result<Vec<Rollup>>;

    /// Resource counts of a view, from rollups only.
    async fn resource_rollup_list(&self, view: &View) -> Result<Vec<ResourceRollup>>;

    /// Findings of a view in the order given. Of `filter`, the store applies targets, providers, accounts, regions, services, kinds, states and query; checks, severities, statuses, exposures, concerns and frameworks are already in the buckets.
    async fn finding_list(
        &self,
        view: &View,
        filter: &Filter,
        order: &FindingOrder,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<FindingRow>>;

    /// How many findings `finding_list` would give over all pages. Only called where rollups cannot say (states, query).
    async fn finding_count(&self, view: &View, filter: &Filter, buckets: &[BucketKey]) -> Result<u64>;

    /// One finding; none where no view up to this one has such a key. A key that once existed is given as it was last, with state `Resolved`.
    async fn finding_fetch(&self, view: &View, key: &FindingKey) -> Result<Option<FindingRow>>;

    /// Every status a finding has had, latest first.
    async fn finding_history(&self, key: &FindingKey) -> Result<Vec<FindingInterval>>;

    /// Every verdict on one resource in a view, worst first.
    async fn finding_list_of(&self, view: &View, uid: &Uid) -> Result<Vec<FindingRow>>;

    /// Resources of a view. Of `filter`, targets, providers, accounts, regions, services, kinds, exposures and query apply. Ordered by debt (greatest first) then uid, or by name then uid where `by_name`.
    async fn resource_list(
        &self,
        view: &View,
        filter: &Filter,
        by_name: bool,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ResourceRow>>;

    /// How many resources `resource_list` would give over all pages.
    async fn resource_count(&self, view: &View, filter: &Filter) -> Result<u64>;

    /// One resource with its row and facts; none where the view has no such uid.
    async fn resource_fetch(
        &self,
        view: &View,
        uid: &Uid,
    ) -> Result<Option<(StoredResource, ResourceRow, Facts)>>;

    /// The versions of a resource, latest first. `tags` stands among the facets that differ where the tags do.
    async fn resource_history(&self, uid: &Uid) -> Result<Vec<ResourceVersion>>;

    /// Edges from and to a resource in a view, sorted.
    async fn relation_list(&self, view: &View, uid: &Uid) -> Result<Vec<StoredRelation>>;

    /// Verdicts that differ between two views, at most `limit`; targets that only one of them has are left out: worse ones first (FAIL now, then UNKNOWN now, then the rest), by severity, then exposure, then uid. Of `filter`, targets, providers, accounts, regions, services and kinds apply; of `checks`, only these are compared, where given.
    async fn verdict_change_list(
        &self,
        from: &View,
        to: &View,
        filter: &Filter,
        checks: Option<&BTreeSet<CheckId>>,
        limit: u32,
    ) -> Result<Vec<VerdictChange>>;

    /// Resources that came, went or changed between two views, at most `limit`, sorted by uid; targets that only one of them has are left out. Of `filter`, targets, providers, accounts, regions, services and kinds apply.
    async fn resource_change_list(
        &self,
        from: &View,
        to: &View,
        filter: &Filter,
        limit: u32,
    ) -> Result<Vec<ResourceChange>>;

    /// One shard of a finished scan as it is in the view, for export; none where the scan did not read it.
    async fn shard_fetch(&self, view: &View, key: &ShardKey) -> Result<Option<Shard>>;

    /// One shard as the last finished scan of the same target read it, before `scan` reads it again, with these facets
    /// only; none where no such scan read it, or where that scan took it from a file.
    async fn shard_before(
        &self,
        scan: &ScanId,
        key: &ShardKey,
        facets: &[&str],
    ) -> Result<Option<ShardBefore>>;

    /// What the schedules have acted upon.
    async fn schedule_list(&self) -> Result<Vec<ScheduleMark>>;

    /// Remembers that a due time was acted upon.
    async fn schedule_mark(&self, mark: &ScheduleMark) -> Result<()>;
}
