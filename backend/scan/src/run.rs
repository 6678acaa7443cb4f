//! One scan from plan to score.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use nephoscope_catalogue::Catalogue;
use nephoscope_collect::{ACCOUNTS_AT_ONCE, Named};
use nephoscope_model::api::ScanEvent;
use nephoscope_model::query::AsOf;
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{AccountId, CoverageState, PackedResource, ScanId, Shard, ShardKey, TargetName};
use nephoscope_posture::score::score;
use nephoscope_store::{NewScan, OpenScan, ScanEnd, Store};
use tokio_util::sync::CancellationToken;

use crate::judge::{court, judge};
use crate::source::{Given, Source};
use crate::{Progress, ScanError};

/// How long a scan that was left half done may be resumed; after that its first shards are too old to stand beside new ones.
const RESUMABLE: SignedDuration = SignedDuration::from_hours(6);

/// What to scan, and when it counts as scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The target.
    pub target: TargetName,
    /// What began it.
    pub origin: Origin,
    /// The instant against which everything is judged.
    pub instant: Timestamp,
}

/// Reads every shard, commits each as it comes, judges each account once its shards are in, and ends with the score.
///
/// A scan of the same target that was left half done within the last six hours is taken up where it stopped,
/// with its own id and instant. When `stop` is cancelled, the shard in hand is committed and the scan is left to be resumed.
pub async fn run(
    store: &dyn Store,
    catalogue: &Arc<Catalogue>,
    source: &dyn Source,
    request: &Request,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<ScanId, ScanError> {
    let mut order = source.plan().await?;
    order.sort_by(|one, other| one.account.cmp(&other.account));
    let mut planned = order.clone();
    planned.sort();
    let open = open(store, request, planned).await?;
    let id = open.scan.id.clone();
    progress.tell(ScanEvent::Planned { shards: open.scan.planned.len() as u64 });

    let ended = stages(store, catalogue, source, &open, order, progress, stop).await;
    if let Err(error) = &ended
        && !matches!(error, ScanError::Interrupted { .. } | ScanError::Store(_))
    {
        let end = failed(error.to_string());
        store.scan_finish(&id, &end).await?;
    }
    ended?;
    Ok(id)
}

/// What is stored of a scan that ended without a result.
pub(crate) fn failed(failure: String) -> ScanEnd {
    ScanEnd {
        state: ScanState::Failed,
        failure: Some(failure),
        finished: Timestamp::now(),
        score: None,
        catalogue: None,
    }
}

async fn open(store: &dyn Store, request: &Request, planned: Vec<ShardKey>) -> Result<OpenScan, ScanError> {
    if let Some(left) = store.scan_unfinished(&request.target).await? {
        let fresh = request.instant.duration_since(left.scan.instant) <= RESUMABLE;
        if fresh && left.scan.planned == planned {
            tracing::info!(scan = %left.scan.id, done = left.done.len(), "resuming a scan that was left half done");
            return Ok(left);
        }
        let why = if fresh { "what there is to scan changed" } else { "it was left for more than six hours" };
        store.scan_finish(&left.scan.id, &failed(format!("given up: {why}"))).await?;
    }
    let scan = NewScan {
        id: ScanId::of(&request.target, request.instant),
        target: request.target.clone(),
        origin: request.origin,
        instant: request.instant,
        planned,
    };
    Ok(store.scan_open(&scan).await?)
}

async fn stages(
    store: &dyn Store,
    catalogue: &Arc<Catalogue>,
    source: &dyn Source,
    open: &OpenScan,
    order: Vec<ShardKey>,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<(), ScanError> {
    let id = &open.scan.id;
    let interrupted = || ScanError::Interrupted { scan: id.clone() };

    let mut done = open.done.len() as u64;
    // What is done is sorted, and there may be tens of thousands.
    let missing = order.into_iter().filter(|key| open.done.binary_search(key).is_err());
    for keys in waves(source, missing.collect()) {
        // What the shards before these have named, in this run or in the one that it resumes.
        let mut named = BTreeSet::new();
        let mut named_in_part = BTreeSet::new();
        for account in accounts(keys.iter().filter(|key| source.waits(key))) {
            named.extend(store.relation_targets(id, &account).await?);
            if !named_whole(store, source, open, &account).await? {
                named_in_part.insert(account);
            }
        }
        let named: Named = named.into_iter().collect();
        let mut shards =
            source.shards(keys, Given { instant: open.scan.instant, named, before: Some((store, id)) });
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => return Err(interrupted()),
                next = shards.next() => next,
            };
            let Some(shard) = next else { break };
            let mut shard = shard?;
            if named_in_part.contains(&shard.key.account) {
                // Who would have named a resource may not have been read: that it is missing here proves nothing.
                shard.coverage.listed = false;
            }
            store.shard_insert(id, &shard).await?;
            done += 1;
            tell_shard(progress, &shard, done, open.scan.planned.len() as u64);
        }
    }

    let court = court(catalogue, open)?;
    for account in accounts(open.scan.planned.iter())
        .into_iter()
        .filter(|account| open.evaluated.binary_search(account).is_err())
    {
        if stop.is_cancelled() {
            return Err(interrupted());
        }
        progress.tell(ScanEvent::Evaluating { account: account.clone() });
        judge(store, &court, open, &account).await?;
    }

    let end = ScanEnd {
        state: ScanState::Finished,
        failure: None,
        finished: source.finished().unwrap_or_else(Timestamp::now),
        score: Some(score(&store.scan_buckets(id).await?)),
        catalogue: Some(catalogue.digest().to_owned()),
    };
    Ok(store.scan_finish(id, &end).await?)
}

/// True where every shard that may name something was read whole, or is switched off and was so the night before.
///
/// What stood in a shard before it was switched off still names what it named. What came into being since the last
/// reading is not known on the first night, and a name that is not resolved for once looks like a shard that is off.
async fn named_whole(
    store: &dyn Store,
    source: &dyn Source,
    open: &OpenScan,
    account: &AccountId,
) -> Result<bool, ScanError> {
    let coverage = store.estate_coverage(&open.scan.id, account).await?;
    let states: BTreeMap<&ShardKey, CoverageState> =
        coverage.iter().map(|row| (&row.shard, row.coverage.state)).collect();
    let naming = open.scan.planned.iter().filter(|key| key.account == *account && !source.waits(key));
    let silent: Vec<&ShardKey> =
        naming.filter(|key| states.get(key) != Some(&CoverageState::Complete)).collect();
    if silent.is_empty() {
        return Ok(true);
    }
    if silent.iter().any(|key| states.get(key) != Some(&CoverageState::Disabled)) {
        return Ok(false);
    }
    let view = store.view_fetch(std::slice::from_ref(&open.scan.target), &AsOf::Latest).await?;
    let Some(before) = view.entries.first() else { return Ok(true) };
    let before = store.estate_coverage(&before.scan, account).await?;
    let mut spoke = before.iter().filter(|row| row.coverage.state != CoverageState::Disabled);
    Ok(!spoke.any(|row| silent.contains(&&row.shard)))
}

/// The accounts of `keys`, which are sorted by account, each once.
fn accounts<'a>(keys: impl Iterator<Item = &'a ShardKey>) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = keys.map(|key| key.account.clone()).collect();
    accounts.dedup();
    accounts
}

/// `keys`, which are sorted by account, in the order in which they are read: as many accounts as are read side by side,
/// and of these the shards that wait for what others name after all others.
pub(crate) fn waves(source: &dyn Source, keys: Vec<ShardKey>) -> Vec<Vec<ShardKey>> {
    let together = accounts(keys.iter());
    let mut keys = keys.into_iter().peekable();
    let mut waves = Vec::new();
    for together in together.chunks(ACCOUNTS_AT_ONCE) {
        let (mut first, mut waiting) = (Vec::new(), Vec::new());
        while let Some(key) = keys.next_if(|key| together.contains(&key.account)) {
            if source.waits(&key) { waiting.push(key) } else { first.push(key) }
        }
        waves.extend([first, waiting].into_iter().filter(|keys| !keys.is_empty()));
    }
    waves
}

fn tell_shard(progress: &Progress, shard: &Shard<PackedResource>, done: u64, planned: u64) {
    let coverage = &shard.coverage;
    tracing::info!(
        shard = %shard.key,
        state = %coverage.state,
        resources = shard.resources.len(),
        calls = coverage.call_count(),
        "shard {done} of {planned} committed"
    );
    progress.tell(ScanEvent::ShardDone {
        shard: shard.key.to_string(),
        state: coverage.state.to_string(),
        resources: shard.resources.len() as u64,
        calls: coverage.call_count(),
        done,
        planned,
    });
}
