//! The judges of a scan: they judge the accounts that are whole while others are still read.

use std::collections::BTreeSet;
use std::sync::Arc;

use nephoscope_catalogue::Catalogue;
use nephoscope_model::AccountId;
use nephoscope_model::api::ScanEvent;
use nephoscope_store::{OpenScan, Store};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::judge::{Case, court, judge};
use crate::room::Room;
use crate::run::outcome;
use crate::{Progress, ScanError};

/// Judges side by side, where there are as many accounts: while one's are written, the other's are fetched and judged.
const JUDGES: usize = 2;
/// Resources of the accounts that one judge has at a time, where several wait. Written together, they touch the pages of
/// an index once.
const TOGETHER: u64 = 2048;

/// Judges at work. Accounts are judged in the order in which they are rung for.
pub(crate) struct Judges {
    bell: Bell,
    judges: Vec<AbortOnDropHandle<Result<(), ScanError>>>,
    gone: CancellationToken,
}

/// Calls the judges. They adjourn once nobody has it any more.
#[derive(Clone)]
pub(crate) struct Bell(UnboundedSender<AccountId>);

impl Bell {
    /// Has an account judged, of which every shard is committed.
    pub(crate) fn ring(&self, account: &AccountId) {
        // Judges who have gone say why when they adjourn.
        let _ = self.0.send(account.clone());
    }
}

/// What the judges of one scan share.
struct Chamber {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    open: Arc<OpenScan>,
    progress: Progress,
    called: Mutex<UnboundedReceiver<AccountId>>,
    /// For the resources of the accounts that are judged side by side.
    room: Room,
    gone: CancellationToken,
}

impl Judges {
    /// Judges of one scan, who go when it is to `stop`.
    pub(crate) fn convene(
        store: &Arc<dyn Store>,
        catalogue: &Arc<Catalogue>,
        open: &Arc<OpenScan>,
        progress: &Progress,
        stop: &CancellationToken,
    ) -> Self {
        let (bell, called) = unbounded_channel();
        let gone = stop.child_token();
        let chamber = Arc::new(Chamber {
            store: Arc::clone(store),
            catalogue: Arc::clone(catalogue),
            open: Arc::clone(open),
            progress: progress.clone(),
            called: Mutex::new(called),
            room: Room::empty(),
            gone: gone.clone(),
        });
        let judge = |_| {
            let (chamber, gone) = (Arc::clone(&chamber), gone.clone());
            AbortOnDropHandle::new(tokio::spawn(async move {
                let sat = chamber.sit().await;
                if sat.is_err() {
                    gone.cancel();
                }
                sat
            }))
        };
        let accounts: BTreeSet<&AccountId> = open.scan.planned.iter().map(|key| &key.account).collect();
        Self { bell: Bell(bell), judges: (0..JUDGES.min(accounts.len())).map(judge).collect(), gone }
    }

    /// What calls them.
    pub(crate) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Ends when the scan is stopped, or an account could not be judged.
    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// Lets them finish only what they are at.
    pub(crate) fn dismiss(&self) {
        self.gone.cancel();
    }

    /// Waits until every account that was rung for is judged, or the judges have gone.
    pub(crate) async fn adjourn(self) -> Result<(), ScanError> {
        drop(self.bell);
        let mut ended = Ok(());
        for judge in self.judges {
            let sat = outcome(judge).await;
            // Where one failed, the others were only interrupted.
            if ended.is_ok() || matches!(ended, Err(ScanError::Interrupted { .. })) && sat.is_err() {
                ended = sat;
            }
        }
        ended
    }
}

impl Chamber {
    async fn sit(&self) -> Result<(), ScanError> {
        let court = court(&self.catalogue, &self.open)?;
        loop {
            let cases = self.next().await?;
            if cases.is_empty() {
                return Ok(());
            }
            if self.gone.is_cancelled() {
                return Err(ScanError::Interrupted { scan: self.open.scan.id.clone() });
            }
            for case in &cases {
                self.progress.tell(ScanEvent::Evaluating { account: case.account.clone() });
            }
            let _room = self.room.take(cases.iter().map(Case::resources).sum()).await;
            judge(&*self.store, &court, &self.open, cases).await?;
        }
    }

    /// The accounts that are judged next; none where there will be no more.
    async fn next(&self) -> Result<Vec<Case>, ScanError> {
        let mut called = self.called.lock().await;
        let (mut cases, mut resources) = (Vec::new(), 0);
        let mut account = called.recv().await;
        while let Some(called_for) = account {
            let case = Case::of(&*self.store, &self.open, called_for).await?;
            resources += case.resources();
            cases.push(case);
            account = if resources < TOGETHER { called.try_recv().ok() } else { None };
        }
        Ok(cases)
    }
}
