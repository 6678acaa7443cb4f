//! What of a shard is complete, packed as it comes: a service with a long listing never holds all of it open.

use std::sync::{Mutex, PoisonError};

use nephoscope_model::{PackedResource, Resource};

use super::client::Reader;
use super::volatile::{Path, drop_volatile};
use crate::Preview;
use crate::log::Log;
use crate::normalise::{once_each, tidy_one};

/// Complete resources of one shard, and what of them could not be read.
#[derive(Debug, Default)]
pub(super) struct Basket {
    complete: Mutex<Complete>,
    preview: Preview,
}

/// What a basket holds.
#[derive(Debug, Default)]
pub(super) struct Complete {
    pub resources: Vec<PackedResource>,
    /// An error for each unreadable facet.
    pub unreadable: Log,
}

impl Reader {
    /// Keeps a resource to which nothing will be added, without the fields at `volatile`.
    pub(super) fn keep(&self, mut resource: Resource, volatile: &[Path]) {
        drop_volatile(&mut resource, volatile);
        tidy_one(&mut resource);
        self.past.settle(&mut resource);
        let mut complete = self.basket.complete.lock().unwrap_or_else(PoisonError::into_inner);
        complete.unreadable.note_unreadable(&resource);
        let packed = resource.into();
        self.basket.preview.show(&packed);
        complete.resources.push(packed);
    }
}

impl Basket {
    /// An empty basket; who has the preview sees what is put into it.
    pub(super) fn seen_through(preview: Preview) -> Self {
        Self { complete: Mutex::default(), preview }
    }

    /// What it holds, sorted; what a listing named twice is in it once.
    pub(super) fn into_complete(self) -> Complete {
        let mut complete = self.complete.into_inner().unwrap_or_else(PoisonError::into_inner);
        once_each(&mut complete.resources, |resource| &resource.uid);
        complete
    }
}
