//! What of a shard is complete, packed as it comes: a service with a long listing never holds all of it open.

use std::sync::{Mutex, PoisonError};

use nephoscope_model::{PackedResource, Resource};

use crate::Preview;
use crate::log::Log;
use crate::normalise::once_each;

/// Complete resources of one shard, and what of them could not be read.
#[derive(Debug, Default)]
pub(crate) struct Basket {
    complete: Mutex<Complete>,
    preview: Preview,
}

/// What a basket holds.
#[derive(Debug, Default)]
pub(crate) struct Complete {
    pub resources: Vec<PackedResource>,
    /// An error for each unreadable facet.
    pub unreadable: Log,
}

impl Basket {
    /// An empty basket; who has the preview sees what is put into it.
    pub(crate) fn seen_through(preview: Preview) -> Self {
        Self { complete: Mutex::default(), preview }
    }

    /// Keeps a tidy resource to which nothing will be added.
    pub(crate) fn put(&self, resource: Resource) {
        let mut complete = self.complete.lock().unwrap_or_else(PoisonError::into_inner);
        complete.unreadable.note_unreadable(&resource);
        let packed = resource.into();
        self.preview.show(&packed);
        complete.resources.push(packed);
    }

    /// What it holds, sorted; what a listing named twice is in it once.
    pub(crate) fn into_complete(self) -> Complete {
        let mut complete = self.complete.into_inner().unwrap_or_else(PoisonError::into_inner);
        once_each(&mut complete.resources, |resource| &resource.uid);
        complete
    }
}
