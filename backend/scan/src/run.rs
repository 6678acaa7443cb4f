//! One scan from plan to score.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use nephoscope_catalogue::Catalogue;
use nephoscope_model::api::ScanEvent;
use nephoscope_model::finding::Evaluation;
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{AccountId, ScanId, Shard, ShardKey, TargetName};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::evaluate;
use nephoscope_posture::score::score;
use nephoscope_posture::{Estate, EstateResource};
use nephoscope_store::{NewScan, OpenScan, ScanEnd, Store};
use tokio_util::sync::CancellationToken;

use crate::source::Source;
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
    let mut planned = source.plan().await?;
    planned.sort();
    let open = open(store, request, planned).await?;
    let id = open.scan.id.clone();
    progress.tell(ScanEvent::Planned { shards: open.scan.planned.len() as u64 });

    let ended = stages(store, catalogue, source, &open, progress, stop).await;
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
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<(), ScanError> {
    let id = &open.scan.id;
    let interrupted = || ScanError::Interrupted { scan: id.clone() };

    let mut done = open.done.len() as u64;
    let missing = open.scan.planned.iter().filter(|key| !open.done.contains(key)).cloned().collect();
    let mut shards = source.shards(missing);
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(interrupted()),
            next = shards.next() => next,
        };
        let Some(shard) = next else { break };
        let shard = shard?;
        store.shard_insert(id, &shard).await?;
        done += 1;
        tell_shard(progress, &shard, done, open.scan.planned.len() as u64);
    }
    drop(shards);

    let mut accounts: Vec<AccountId> = open.scan.planned.iter().map(|key| key.account.clone()).collect();
    accounts.dedup();
    for account in accounts.into_iter().filter(|account| !open.evaluated.contains(account)) {
        if stop.is_cancelled() {
            return Err(interrupted());
        }
        progress.tell(ScanEvent::Evaluating { account: account.clone() });
        let evaluation = judge(store, catalogue, open, &account).await?;
        store.evaluation_insert(id, &account, &evaluation).await?;
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

fn tell_shard(progress: &Progress, shard: &Shard, done: u64, planned: u64) {
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

/// Judges one account: everything known of it, in memory at once, for facts cross services and regions.
async fn judge(
    store: &dyn Store,
    catalogue: &Arc<Catalogue>,
    open: &OpenScan,
    account: &AccountId,
) -> Result<Evaluation, ScanError> {
    let id = &open.scan.id;
    let stored = store.estate_fetch(id, account).await?;
    let coverage = store.estate_coverage(id, account).await?;
    let any_stale = stored.iter().any(|resource| resource.stale);
    let last_known: BTreeMap<_, _> = match any_stale {
        true => store.verdict_last_known(id, account).await?.into_iter().collect(),
        false => BTreeMap::new(),
    };
    let resources: Vec<EstateResource> = stored
        .into_iter()
        .map(|s| EstateResource { resource: s.resource, stale_since: s.stale.then_some(s.last_read) })
        .collect();

    let catalogue = Arc::clone(catalogue);
    let (instant, owner) = (open.scan.instant, account.clone());
    let judged = tokio::task::spawn_blocking(move || {
        // A panic in judging must end this scan with its reason, not the server.
        catch_unwind(AssertUnwindSafe(|| {
            let estate = Estate {
                account: owner,
                resources: &resources,
                coverage: &coverage,
                instant,
                last_known: &last_known,
            };
            let derived = derive(&estate);
            evaluate(&estate, derived, &catalogue)
        }))
    })
    .await;
    let cause = match judged {
        Ok(Ok(evaluation)) => return Ok(evaluation),
        Ok(Err(panic)) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())),
        Err(join) => Some(join.to_string()),
    };
    let cause = cause.unwrap_or_else(|| "it panicked without a message".to_owned());
    Err(ScanError::Evaluate { account: account.clone(), cause })
}
