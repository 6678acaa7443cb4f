//! The store on SQLite: one connection writes, a few read, and write-ahead logging keeps them out of each other's way.

/// The end of an interval that lasts. Written out in SQL, for only then does SQLite use the indices of lasting rows.
macro_rules! open {
    () => {
        "9223372036854775807"
    };
}

mod ahead;
mod assembler;
mod batch;
mod change;
mod checkpoint;
mod code;
mod connection;
mod cursor;
mod document;
mod evaluation;
mod fault;
mod finding;
mod freshness;
mod names;
mod pool;
mod reading;
mod relation;
mod resource;
mod rollup;
mod scan;
mod schedule;
mod shard;
mod sieve;
mod standing;
mod verdict;
mod view;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use nephoscope_model::api::{FindingInterval, ResourceRow, ResourceVersion};
use nephoscope_model::coverage::Blinded;
use nephoscope_model::drift::ResourceChange;
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::{CoverageRow, ScanSummary};
use nephoscope_model::score::Bucket;
use nephoscope_model::{
    AccountId, CheckId, Facts, FindingKey, PackedResource, ScanId, Shard, ShardKey, Status, TargetName, Uid,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::runtime::{Handle, RuntimeFlavor};

pub use connection::{path_of, schema, schema_version};

use self::ahead::Ahead;
use self::checkpoint::Checkpoint;
use self::fault::Sql;
use self::names::{Names, Order, latest};
use self::pool::Pool;
use crate::{
    BucketKey, FindingOrder, FindingRow, Judging, NewScan, OpenScan, Page, ResourceRollup, Result, Rollup,
    ScanEnd, ScheduleMark, ShardBefore, Store, StoreError, StoredRelation, StoredResource, VerdictChange,
    View,
};

/// A store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: Option<Writer>,
    readers: Pool,
    names: RwLock<Arc<Names>>,
    order: RwLock<Arc<Order>>,
    ahead: Ahead,
}

#[derive(Debug)]
struct Writer {
    connection: Mutex<Connection>,
    checkpoint: Checkpoint,
    /// Held, not used: it is let go when the store is dropped or the process dies.
    _lock: File,
}

/// One read transaction with the names as it sees them.
#[derive(Debug)]
struct Reader<'c> {
    connection: &'c Connection,
    names: Arc<Names>,
    last_order: &'c RwLock<Arc<Order>>,
}

impl Reader<'_> {
    /// Resources in the order of their uids.
    fn order(&self) -> Sql<Arc<Order>> {
        latest(self.last_order, |last| Order::fetch(self.connection, last))
    }
}

impl SqliteStore {
    /// Opens the store at `url` for writing, and makes it where it does not exist. Only one process can.
    pub fn open_writer(url: &str) -> Result<Self> {
        let path = path_of(url)?;
        let lock = connection::lock(&path)?;
        let connection = Mutex::new(connection::open_writer(&path)?);
        let checkpoint = Checkpoint::of(&path);
        Ok(Self::new(path, Some(Writer { connection, checkpoint, _lock: lock }), Vec::new()))
    }

    /// Opens the store at `url` for reading. It must exist; another process may be writing.
    pub fn open_reader(url: &str) -> Result<Self> {
        let path = path_of(url)?;
        let first = connection::open_reader(&path)?;
        Ok(Self::new(path, None, vec![first]))
    }

    fn new(path: PathBuf, writer: Option<Writer>, readers: Vec<Connection>) -> Self {
        Self {
            path,
            writer,
            readers: Pool::of(readers),
            names: RwLock::default(),
            order: RwLock::default(),
            ahead: Ahead::default(),
        }
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Limits the database to a number of pages of 8 kB: a commit that needs more fails as on a full disk.
    pub fn limit_pages(&self, pages: u32) -> Result<()> {
        let operation = "limit the size";
        let writer = self.writer(operation)?;
        let connection = writer.connection.lock().unwrap_or_else(PoisonError::into_inner);
        // SQLite answers with the limit that is now in force.
        let limited =
            connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0));
        limited.map(drop).map_err(|error| fault::Fault::from(error).during(operation, &self.path))
    }

    fn writer(&self, operation: &'static str) -> Result<&Writer> {
        self.writer.as_ref().ok_or_else(|| StoreError::ReadOnly { operation, path: self.path.clone() })
    }

    /// Runs `query` in one read transaction.
    async fn read<T>(
        &self,
        operation: &'static str,
        query: impl FnOnce(&Reader<'_>) -> Sql<T> + Send,
    ) -> Result<T> {
        self.readers.lend(&self.path, operation, |connection| self.query(connection, query)).await
    }

    /// Runs `query` in one read transaction, without the names of places and checks: those of a running scan change with
    /// each of its commits.
    async fn glance<T>(
        &self,
        operation: &'static str,
        query: impl FnOnce(&Connection) -> Sql<T> + Send,
    ) -> Result<T> {
        let query = |connection: &Connection| query(&*connection.unchecked_transaction()?);
        self.readers.lend(&self.path, operation, query).await
    }

    /// The same for a query over a whole account.
    fn read_through<T>(
        &self,
        operation: &'static str,
        query: impl FnOnce(&Reader<'_>) -> Sql<T> + Send,
    ) -> Result<T> {
        self.readers.lend_forgetful(&self.path, operation, |connection| self.query(connection, query))
    }

    fn query<T>(&self, connection: &Connection, query: impl FnOnce(&Reader<'_>) -> Sql<T>) -> Sql<T> {
        let transaction = connection.unchecked_transaction()?;
        let names = latest(&self.names, |last| Names::fetch(&transaction, last))?;
        query(&Reader { connection: &transaction, names, last_order: &self.order })
    }

    /// Runs `change` in one write transaction; where it fails, nothing of it is kept.
    async fn write<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Sql<T> + Send,
    ) -> Result<T> {
        blocking(|| self.commit(operation, change))
    }

    /// The same, on this thread.
    fn commit<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Sql<T>,
    ) -> Result<T> {
        let writer = self.writer(operation)?;
        let mut connection = writer.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let commit = || -> Sql<T> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = change(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        let committed = commit().map_err(|fault| fault.during(operation, &self.path));
        drop(connection);
        writer.checkpoint.after_commit();
        committed
    }
}

/// Runs what blocks without keeping other tasks from running. Borrowing is why this is not `spawn_blocking`:
/// a shard may hold hundreds of megabytes that must not be copied.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn scan_open(&self, scan: &NewScan) -> Result<OpenScan> {
        self.write("open a scan", |tx| scan::open(tx, scan)).await
    }

    async fn scan_unfinished(&self, target: &TargetName) -> Result<Option<OpenScan>> {
        self.read("look for an unfinished scan", |reader| scan::unfinished(reader.connection, target)).await
    }

    async fn document_insert(&self, resources: &[PackedResource]) -> Result<()> {
        let operation = "store documents";
        blocking(|| {
            let commit = |packed: &mut document::Results<'_, _>| {
                self.commit(operation, |tx| ahead::insert(tx, packed))
            };
            let stored = self.ahead.pack(resources, commit);
            self.ahead.note(stored.map_err(|fault| fault.during(operation, &self.path))??);
            Ok(())
        })
    }

    async fn shard_insert(&self, scan: &ScanId, shards: &[Shard<PackedResource>]) -> Result<()> {
        let operation = "commit a shard";
        let docket = self.glance(operation, |connection| shard::docket(connection, scan, shards));
        let cases = docket.await?;
        // Packing goes on while another commit has the writer.
        blocking(|| {
            let commit = |prepared: &mut document::Results<'_, _>| {
                self.commit(operation, |tx| shard::insert(tx, scan, &cases, prepared))
            };
            shard::pack(&cases, &self.ahead.stored(), commit)
                .map_err(|fault| fault.during(operation, &self.path))?
        })
    }

    async fn estate_fetch(
        &self,
        scan: &ScanId,
        account: &AccountId,
    ) -> Result<Vec<StoredResource<PackedResource>>> {
        self.read_through("fetch an account's resources", |reader| resource::estate(reader, scan, account))
    }

    async fn relation_targets(&self, scan: &ScanId, shards: &[ShardKey]) -> Result<Vec<Uid>> {
        self.glance("list what resources refer to", |connection| relation::targets(connection, scan, shards))
            .await
    }

    async fn relation_targets_abroad(&self, scan: &ScanId) -> Result<Vec<Uid>> {
        let operation = "list what resources refer to in other accounts";
        self.glance(operation, |connection| relation::targets_abroad(connection, scan)).await
    }

    async fn account_list(&self, target: &TargetName) -> Result<Vec<AccountId>> {
        self.glance("list a target's accounts", |connection| standing::accounts(connection, target)).await
    }

    async fn estate_shards(&self, scan: &ScanId, account: &AccountId) -> Result<Vec<ShardKey>> {
        self.glance("list an account's shards", |connection| standing::shards(connection, scan, account))
            .await
    }

    async fn estate_coverage(&self, scan: &ScanId, account: &AccountId) -> Result<Vec<CoverageRow>> {
        self.glance("fetch an account's coverage", |connection| {
            let mut rows = shard::coverage(connection, scan, Some(account))?;
            rows.sort_by(|one, other| one.shard.cmp(&other.shard));
            Ok(rows)
        })
        .await
    }

    async fn verdict_last_known(
        &self,
        scan: &ScanId,
        account: &AccountId,
    ) -> Result<Vec<(FindingKey, Status)>> {
        self.read("fetch what was known last", |reader| evaluation::last_known(reader, scan, account)).await
    }

    async fn evaluation_insert(&self, scan: &ScanId, judgings: &[&dyn Judging]) -> Result<()> {
        let operation = "commit an evaluation";
        let docket = self.glance(operation, |connection| evaluation::docket(connection, scan, judgings));
        let cases = docket.await?;
        // Judging goes on while another commit has the writer.
        blocking(|| {
            let commit = |prepared: &mut document::Results<'_, _>| {
                self.commit(operation, |tx| evaluation::insert(tx, scan, &cases, prepared))
            };
            evaluation::hear(&cases, commit).map_err(|fault| fault.during(operation, &self.path))?
        })
    }

    async fn scan_buckets(&self, scan: &ScanId) -> Result<Vec<Bucket>> {
        self.read("count a scan's verdicts", |reader| rollup::buckets(reader, scan)).await
    }

    async fn scan_finish(&self, scan: &ScanId, end: &ScanEnd) -> Result<()> {
        self.write("finish a scan", |tx| scan::finish(tx, scan, end)).await
    }

    async fn scan_list(
        &self,
        target: Option<&TargetName>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ScanSummary>> {
        self.read("list scans", |reader| scan::list(reader.connection, target, cursor, limit)).await
    }

    async fn scan_fetch(&self, id: &ScanId) -> Result<Option<ScanSummary>> {
        self.read("fetch a scan", |reader| scan::fetch(reader.connection, id)).await
    }

    async fn scan_blinded(&self, scan: &ScanId) -> Result<Option<Blinded>> {
        self.read("count what a scan may not read", |reader| evaluation::blinded(reader.connection, scan))
            .await
    }

    async fn coverage_list(&self, scan: &ScanId) -> Result<Vec<CoverageRow>> {
        self.read("list coverage", |reader| {
            let mut rows = shard::coverage(reader.connection, scan, None)?;
            rows.sort_by(|one, other| {
                other.coverage.state.cmp(&one.coverage.state).then_with(|| one.shard.cmp(&other.shard))
            });
            Ok(rows)
        })
        .await
    }

    async fn target_list(&self) -> Result<Vec<TargetName>> {
        self.read("list targets", |reader| scan::targets(reader.connection)).await
    }

    async fn view_fetch(&self, targets: &[TargetName], as_of: &AsOf) -> Result<View> {
        self.read("find the scans in view", |reader| view::fetch(reader.connection, targets, as_of)).await
    }

    async fn view_before(&self, view: &View) -> Result<View> {
        self.read("find the scans before", |reader| view::before(reader.connection, view)).await
    }

    async fn rollup_list(&self, view: &View) -> Result<Vec<Rollup>> {
        self.read("count verdicts", |reader| rollup::list(reader, view)).await
    }

    async fn resource_rollup_list(&self, view: &View) -> Result<Vec<ResourceRollup>> {
        self.read("count resources", |reader| rollup::resource_list(reader, view)).await
    }

    async fn finding_list(
        &self,
        view: &View,
        filter: &Filter,
        order: &FindingOrder,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<FindingRow>> {
        self.read("list findings", |reader| finding::list(reader, view, filter, order, cursor, limit)).await
    }

    async fn finding_count(&self, view: &View, filter: &Filter, buckets: &[BucketKey]) -> Result<u64> {
        self.read("count findings", |reader| finding::count(reader, view, filter, buckets)).await
    }

    async fn finding_fetch(&self, view: &View, key: &FindingKey) -> Result<Option<FindingRow>> {
        self.read("fetch a finding", |reader| finding::fetch(reader, view, key)).await
    }

    async fn finding_history(&self, key: &FindingKey) -> Result<Vec<FindingInterval>> {
        self.read("fetch a finding's history", |reader| finding::history(reader, key)).await
    }

    async fn finding_list_of(&self, view: &View, uid: &Uid) -> Result<Vec<FindingRow>> {
        self.read("list a resource's findings", |reader| finding::list_of(reader, view, uid)).await
    }

    async fn resource_list(
        &self,
        view: &View,
        filter: &Filter,
        by_name: bool,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ResourceRow>> {
        self.read("list resources", |reader| resource::list(reader, view, filter, by_name, cursor, limit))
            .await
    }

    async fn resource_count(&self, view: &View, filter: &Filter) -> Result<u64> {
        self.read("count resources", |reader| resource::count(reader, view, filter)).await
    }

    async fn resource_fetch(
        &self,
        view: &View,
        uid: &Uid,
    ) -> Result<Option<(StoredResource, ResourceRow, Facts)>> {
        self.read("fetch a resource", |reader| resource::fetch(reader, view, uid)).await
    }

    async fn resource_history(&self, uid: &Uid) -> Result<Vec<ResourceVersion>> {
        self.read("fetch a resource's history", |reader| resource::history(reader, uid)).await
    }

    async fn relation_list(&self, view: &View, uid: &Uid) -> Result<Vec<StoredRelation>> {
        self.read("list relations", |reader| relation::list(reader, view, uid)).await
    }

    async fn verdict_change_list(
        &self,
        from: &View,
        to: &View,
        filter: &Filter,
        checks: Option<&BTreeSet<CheckId>>,
        limit: u32,
    ) -> Result<Vec<VerdictChange>> {
        self.read("compare verdicts", |reader| change::verdicts(reader, [from, to], filter, checks, limit))
            .await
    }

    async fn resource_change_list(
        &self,
        from: &View,
        to: &View,
        filter: &Filter,
        limit: u32,
    ) -> Result<Vec<ResourceChange>> {
        self.read("compare resources", |reader| change::resources(reader, [from, to], filter, limit)).await
    }

    async fn shard_fetch(&self, view: &View, key: &ShardKey) -> Result<Option<Shard>> {
        self.read("fetch a shard", |reader| shard::fetch(reader, view, key)).await
    }

    async fn shard_before(
        &self,
        scan: &ScanId,
        key: &ShardKey,
        facets: &[&str],
    ) -> Result<Option<ShardBefore>> {
        let operation = "fetch a shard as it was";
        let last = self.glance(operation, |connection| shard::last_read(connection, scan, key)).await?;
        let Some(view) = last else { return Ok(None) };
        self.read_through(operation, |reader| shard::before(reader, &view, key, facets))
    }

    async fn schedule_list(&self) -> Result<Vec<ScheduleMark>> {
        self.read("list schedules", |reader| schedule::list(reader.connection)).await
    }

    async fn schedule_mark(&self, mark: &ScheduleMark) -> Result<()> {
        self.write("remember a schedule's run", |tx| schedule::mark(tx, mark)).await
    }
}
