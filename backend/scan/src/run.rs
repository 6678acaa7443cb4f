//! One scan from plan to score.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use nephoscope_catalogue::Catalogue;
use nephoscope_model::api::ScanEvent;
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{AccountId, ScanId, ShardKey, TargetName};
use nephoscope_posture::score::score;
use nephoscope_store::{NewScan, OpenScan, ScanEnd, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::ahead::Ahead;
use crate::clerk::{Clerk, Desk};
use crate::judges::Judges;
use crate::reading::read;
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
    order.extend(unseen(&**store, source, request, &order).await?);
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

/// The shards of accounts that something stands in and nobody tells of any more: that they are not seen ends nothing there.
async fn unseen(
    store: &dyn Store,
    source: &dyn Source,
    request: &Request,
    planned: &[ShardKey],
) -> Result<Vec<ShardKey>, ScanError> {
    let accounts: BTreeSet<&AccountId> = planned.iter().map(|key| &key.account).collect();
    let mut before = store.account_list(&request.target).await?;
    before.retain(|account| !accounts.contains(account));
    let unseen = source.unseen(&before);
    before.retain(|account| unseen.iter().all(|key| key.account != *account));
    for account in before {
        tracing::warn!(target = %request.target, %account, "the target does not have this account any more: what stood there leaves it with this scan");
    }
    Ok(unseen)
}

/// What a task of the scan came to; a panic in it goes on here.
pub(crate) async fn outcome<T>(task: AbortOnDropHandle<T>) -> T {
    task.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))
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
    let OpenScan { scan, done, .. } = &**open;
    let judges = Judges::convene(store, catalogue, open, progress, stop);
    // What is done is sorted, and there may be tens of thousands.
    let missing: Vec<ShardKey> = order.into_iter().filter(|key| done.binary_search(key).is_err()).collect();
    let clerk = Clerk::of(store, open, &missing, judges.bell(), progress);
    let (desk, pile) = Desk::new();
    let clerk = AbortOnDropHandle::new(tokio::spawn(clerk.commit(pile)));

    let ahead = Arc::<Ahead>::default();
    let _ahead = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&ahead).store(Arc::clone(store))));

    let night = Some((&**store, &**open));
    let given = Given { instant: scan.instant, night, ahead: Some(ahead), ..Given::default() };
    let mut reads = read(source, missing, given);
    let read = loop {
        let next = tokio::select! {
            biased;
            () = judges.gone() => break Err(ScanError::Interrupted { scan: scan.id.clone() }),
            next = reads.next() => next,
        };
        match next {
            None => break Ok(()),
            Some(Err(error)) => break Err(error),
            Some(Ok(read)) => {
                tracing::debug!(shard = %read.shard.key, resources = read.shard.resources.len(), "read");
                if !desk.lay(read).await {
                    // A clerk who has gone says why.
                    break Ok(());
                }
            }
        }
    };
    drop(desk);
    let read = outcome(clerk).await.map_err(ScanError::from).and(read);
    if read.is_err() {
        judges.dismiss();
    }
    match judges.adjourn().await {
        // That is why the reading was broken off.
        Err(error) if !matches!(error, ScanError::Interrupted { .. }) => return Err(error),
        judged => read.and(judged)?,
    }

    let id = &scan.id;
    let end = ScanEnd {
        state: ScanState::Finished,
        failure: None,
        finished: source.finished().unwrap_or_else(Timestamp::now),
        score: Some(score(&store.scan_buckets(id).await?)),
        catalogue: Some(catalogue.digest().to_owned()),
    };
    Ok(store.scan_finish(id, &end).await?)
}
