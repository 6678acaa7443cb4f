//! One scan from plan to score.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use nephoscope_catalogue::Catalogue;
use nephoscope_model::api::ScanEvent;
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{AccountId, PackedResource, ScanId, Shard, ShardKey, TargetName};
use nephoscope_posture::score::score;
use nephoscope_store::{NewScan, OpenScan, ScanEnd, Store};
use tokio_util::sync::CancellationToken;

use crate::judges::Judges;
use crate::reading::read;
use crate::source::{Given, Source};
use crate::{Progress, ScanError};

/// How long a scan that was left half done may be resumed; after that its first shards are too old to stand beside new ones.
const RESUMABLE: SignedDuration = SignedDuration::from_hours(6);

/// Shards that are committed together, where so many were read while others were committed.
const TOGETHER: usize = 32;

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

/// Reads every shard, commits each as it comes, judges each account once its shards are in while others are still read,
/// and ends with the score.
///
/// A scan of the same target that was left half done within the last six hours is taken up where it stopped,
/// with its own id and instant. When `stop` is cancelled, the shard in hand is committed and the scan is left to be resumed.
pub async fn run(
    store: &Arc<dyn Store>,
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
    let open = Arc::new(open(&**store, request, planned).await?);
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

/// Reads, commits and judges side by side; what is in hand when it ends is committed.
async fn stages(
    store: &Arc<dyn Store>,
    catalogue: &Arc<Catalogue>,
    source: &dyn Source,
    open: &Arc<OpenScan>,
    order: Vec<ShardKey>,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<(), ScanError> {
    let judges = Judges::convene(store, catalogue, open, progress, stop);
    let read = collect(&**store, source, open, order, progress, &judges).await;
    if read.is_err() {
        judges.dismiss();
    }
    match judges.adjourn().await {
        // That is why the reading was broken off.
        Err(error) if !matches!(error, ScanError::Interrupted { .. }) => return Err(error),
        judged => read.and(judged)?,
    }

    let id = &open.scan.id;
    let end = ScanEnd {
        state: ScanState::Finished,
        failure: None,
        finished: source.finished().unwrap_or_else(Timestamp::now),
        score: Some(score(&store.scan_buckets(id).await?)),
        catalogue: Some(catalogue.digest().to_owned()),
    };
    Ok(store.scan_finish(id, &end).await?)
}

/// Reads every shard that is missing, commits each as it comes, and calls the judges for each account that is whole.
async fn collect(
    store: &dyn Store,
    source: &dyn Source,
    open: &OpenScan,
    order: Vec<ShardKey>,
    progress: &Progress,
    judges: &Judges,
) -> Result<(), ScanError> {
    let OpenScan { scan, done, evaluated } = open;
    // What is done is sorted, and there may be tens of thousands.
    let missing: Vec<ShardKey> = order.into_iter().filter(|key| done.binary_search(key).is_err()).collect();
    let mut left: BTreeMap<&AccountId, usize> = scan.planned.iter().map(|key| (&key.account, 0)).collect();
    for key in &missing {
        if let Some(left) = left.get_mut(&key.account) {
            *left += 1;
        }
    }
    left.retain(|account, _| evaluated.binary_search(account).is_err());
    let whole = left.iter().filter(|(_, left)| **left == 0).map(|(account, _)| *account);
    whole.for_each(|account| judges.call(account));

    let given = Given { instant: scan.instant, night: Some((store, open)), ..Given::default() };
    let mut reads = read(source, missing, given).ready_chunks(TOGETHER);
    let (mut done, planned) = (done.len() as u64, scan.planned.len() as u64);
    loop {
        let next = tokio::select! {
            biased;
            () = judges.gone() => return Err(ScanError::Interrupted { scan: scan.id.clone() }),
            next = reads.next() => next,
        };
        let Some(reads) = next else { return Ok(()) };
        let mut failure = None;
        let reads = reads.into_iter().map_while(|read| read.map_err(|error| failure = Some(error)).ok());
        let (shards, receipts): (Vec<_>, Vec<_>) = reads.map(|read| (read.shard, read.receipt)).unzip();
        store.shard_insert(&scan.id, &shards).await?;
        drop(receipts);
        for shard in &shards {
            done += 1;
            tell_shard(progress, shard, done, planned);
            if let Some(left) = left.get_mut(&shard.key.account) {
                *left -= 1;
                if *left == 0 {
                    judges.call(&shard.key.account);
                }
            }
        }
        // Letting go of many documents takes as long as committing some.
        tokio::task::spawn_blocking(|| drop(shards));
        if let Some(error) = failure {
            return Err(error);
        }
    }
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
