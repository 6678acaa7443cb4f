//! The scans of one process: started by a person or by the schedule, watched by whoever looks, stopped together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use nephoscope_catalogue::Catalogue;
use nephoscope_model::api::ScanEvent;
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{ScanId, TargetName};
use nephoscope_store::{NewScan, ScheduleMark, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::run::{Request, failed, run};
use crate::target::Target;
use crate::{Progress, ScanError};

/// How often the schedule is looked at.
const TICK: Duration = Duration::from_secs(15);

/// Runs scans of configured targets, at most one of each target at a time.
#[derive(Clone, Debug)]
pub struct Runner(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    targets: Vec<Target>,
    running: Mutex<BTreeMap<TargetName, Running>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A scan that this process is running.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its id.
    pub id: ScanId,
    /// What began it.
    pub origin: Origin,
    /// When it began.
    pub started: Timestamp,
    /// Its events.
    pub progress: Progress,
}

impl Runner {
    /// A runner of `targets`; nothing starts until it is asked to.
    pub fn new(store: Arc<dyn Store>, catalogue: Arc<Catalogue>, targets: Vec<Target>) -> Self {
        Self(Arc::new(Inner {
            store,
            catalogue,
            targets,
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// What can be scanned from here.
    pub fn targets(&self) -> &[Target] {
        &self.0.targets
    }

    /// What is being scanned, by target.
    pub fn running(&self) -> BTreeMap<TargetName, Running> {
        self.lock().clone()
    }

    /// The scan with this id, while it runs.
    pub fn running_scan(&self, id: &ScanId) -> Option<(TargetName, Running)> {
        let running = self.lock();
        running
            .iter()
            .find(|(_, running)| running.id == *id)
            .map(|(target, running)| (target.clone(), running.clone()))
    }

    /// Starts a scan in the background and gives its id; one that was left half done is taken up again under its own.
    pub async fn start(&self, target: &TargetName, origin: Origin) -> Result<ScanId, ScanError> {
        let Some(target) = self.0.targets.iter().find(|known| known.name == *target).cloned() else {
            let known: Vec<&str> = self.0.targets.iter().map(|known| known.name.as_str()).collect();
            return Err(ScanError::UnknownTarget { target: target.clone(), known: known.join(", ") });
        };
        let started = Timestamp::now();
        let left = self.0.store.scan_unfinished(&target.name).await?;
        let id = left.map_or_else(|| ScanId::of(&target.name, started), |left| left.scan.id);
        let running = Running { id: id.clone(), origin, started, progress: Progress::default() };
        {
            let mut all = self.lock();
            if let Some(already) = all.get(&target.name) {
                return Err(ScanError::AlreadyRunning { target: target.name, scan: already.id.clone() });
            }
            all.insert(target.name.clone(), running.clone());
        }
        let runner = self.clone();
        self.0.tasks.spawn(async move { runner.scan(target, running).await });
        Ok(id)
    }

    async fn scan(&self, target: Target, running: Running) {
        let ended = self.connect_and_run(&target, &running).await;
        let (state, failure) = match &ended {
            Ok(_) => (ScanState::Finished, None),
            Err(error) => (ScanState::Failed, Some(chain(error))),
        };
        if let Err(error @ ScanError::Connect { .. }) = &ended {
            // Nothing was opened yet: a failure that nobody can look up would be a silent one.
            self.record_failure(&target, &running, error).await;
        }
        match &failure {
            None => tracing::info!(scan = %running.id, target = %target.name, "scan finished"),
            Some(cause) => tracing::error!(scan = %running.id, target = %target.name, "scan failed: {cause}"),
        }
        self.lock().remove(&target.name);
        running.progress.tell(ScanEvent::Ended { state: state.as_str().to_owned(), failure });
    }

    async fn connect_and_run(&self, target: &Target, running: &Running) -> Result<ScanId, ScanError> {
        let Inner { store, catalogue, stop, .. } = &*self.0;
        let request =
            Request { target: target.name.clone(), origin: running.origin, instant: running.started };
        let source = target.connect().await?;
        run(store, catalogue, &*source, &request, &running.progress, stop).await
    }

    async fn record_failure(&self, target: &Target, running: &Running, error: &ScanError) {
        let scan = NewScan {
            id: running.id.clone(),
            target: target.name.clone(),
            origin: running.origin,
            instant: running.started,
            planned: Vec::new(),
        };
        let failure = format!("{}; {}", chain(error), error.help());
        let recorded = async {
            self.0.store.scan_open(&scan).await?;
            self.0.store.scan_finish(&scan.id, &failed(failure)).await
        };
        if let Err(error) = recorded.await {
            tracing::error!(scan = %scan.id, "the failure could not be stored: {error}");
        }
    }

    /// Takes up what a process that died left half done, then starts scans as they come due, until [`Runner::stop`].
    pub async fn keep_schedule(&self) -> Result<(), ScanError> {
        for target in &self.0.targets {
            if self.0.store.scan_unfinished(&target.name).await?.is_some() {
                self.start_quietly(&target.name).await;
            }
        }
        let begun = Timestamp::now();
        loop {
            self.start_due(begun, Timestamp::now()).await?;
            tokio::select! {
                () = self.0.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Starts every target that is due at `now` and was not acted upon yet; `begun` stands in for a target never seen before.
    async fn start_due(&self, begun: Timestamp, now: Timestamp) -> Result<(), ScanError> {
        let marks: BTreeMap<TargetName, Timestamp> =
            self.0.store.schedule_list().await?.into_iter().map(|mark| (mark.target, mark.due)).collect();
        for target in &self.0.targets {
            let Some(schedule) = &target.schedule else { continue };
            let since = marks.get(&target.name).copied().unwrap_or(begun);
            let Some(due) = schedule.due(since, now) else { continue };
            if now < due + jitter_of(&target.name, due, schedule.jitter) {
                continue;
            }
            self.start_quietly(&target.name).await;
            if let Some(running) = self.running().remove(&target.name) {
                let (store, mark) =
                    (Arc::clone(&self.0.store), ScheduleMark { target: target.name.clone(), due });
                self.0.tasks.spawn(async move { mark_when_opened(&*store, &running.progress, &mark).await });
            }
        }
        Ok(())
    }

    async fn start_quietly(&self, target: &TargetName) {
        match self.start(target, Origin::Schedule).await {
            Ok(_) | Err(ScanError::AlreadyRunning { .. }) => {}
            Err(error) => tracing::warn!(%target, "the scheduled scan did not start: {}", chain(&error)),
        }
    }

    /// Stops starting, lets the shards in hand be committed, and returns when no scan runs any more.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TargetName, Running>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a due time once its scan stands in the store, or has failed: a process that dies before that starts it again,
/// and one that dies after it finds the scan half done and resumes it.
async fn mark_when_opened(store: &dyn Store, progress: &Progress, mark: &ScheduleMark) {
    let (told, mut events) = progress.listen();
    if told.is_empty() {
        // A closed or lagging channel has told something too.
        let _ = events.recv().await;
    }
    if let Err(error) = store.schedule_mark(mark).await {
        tracing::error!(target = %mark.target, "the schedule could not be marked: {error}");
    }
}

/// A delay below `bound` that is the same whenever it is asked for: restarts do not move a due time.
fn jitter_of(target: &TargetName, due: Timestamp, bound: Duration) -> Duration {
    let digest = blake3::hash(format!("{target}\0{due}").as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&digest.as_bytes()[..8]);
    let millis = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 { Duration::ZERO } else { Duration::from_millis(u64::from_le_bytes(number) % millis) }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
