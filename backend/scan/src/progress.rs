//! What a running scan tells whoever looks: events, kept so that a late listener hears them all.

use std::sync::{Arc, Mutex, PoisonError};

use nephoscope_model::api::ScanEvent;
use tokio::sync::broadcast;

/// Events that a slow listener may lag behind before it has to start over from the history.
const BACKLOG: usize = 1024;

/// The events of one scan. Clones tell and hear the same events.
#[derive(Clone, Debug)]
pub struct Progress {
    history: Arc<Mutex<Vec<ScanEvent>>>,
    sender: broadcast::Sender<ScanEvent>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { history: Arc::default(), sender: broadcast::channel(BACKLOG).0 }
    }
}

impl Progress {
    /// Tells an event to everybody who listens now or later.
    pub fn tell(&self, event: ScanEvent) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.push(event.clone());
        // Nobody listening is the usual case.
        let _ = self.sender.send(event);
    }

    /// What was told so far, and a receiver of everything after it.
    pub fn listen(&self) -> (Vec<ScanEvent>, broadcast::Receiver<ScanEvent>) {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        (history.clone(), self.sender.subscribe())
    }
}
