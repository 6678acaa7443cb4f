//! Room in memory for resources, so that a scan of many accounts takes no more of it than one of a few.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Resources in one room at the same time. One takes some kilobytes.
pub(crate) const RESOURCES: u32 = 16_384;

/// A room in which resources are kept until their permit is dropped.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn empty() -> Self {
        Self(Arc::new(Semaphore::new(RESOURCES as usize)))
    }

    /// Waits for room for so many resources; those that are too many for it get all of it. Even none take some.
    pub(crate) async fn take(&self, resources: u64) -> OwnedSemaphorePermit {
        let size = u32::try_from(resources).unwrap_or(RESOURCES).clamp(1, RESOURCES);
        Arc::clone(&self.0).acquire_many_owned(size).await.expect("the room is never closed")
    }
}
