//! What of a shard is complete, packed as it comes: a service with a long listing never holds all of it open.

use std::sync::{Mutex, PoisonError};

use nephoscope_model::{PackedResource, Resource, Shard, ShardKey};

use crate::Preview;
use crate::failure::Failure;
use crate::log::{Journal, Log};
use crate::normalise::once_each;
use crate::purpose::Purpose;

/// Complete resources of one shard, and what of them could not be read.
#[derive(Debug, Default)]
pub(crate) struct Basket {
    complete: Mutex<Complete>,
    preview: Preview,
}

/// What a basket holds.
#[derive(Debug, Default)]
struct Complete {
    resources: Vec<PackedResource>,
    /// An error for each unreadable facet.
    unreadable: Log,
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

    /// The shard of what it holds, sorted, what a listing named twice once. Its listings ended so, the main one first; none
    /// where one was read to its end.
    pub(crate) fn into_shard(
        self,
        key: &ShardKey,
        journal: Journal,
        purpose: Purpose,
        listings: &[Option<Failure>],
    ) -> Shard<PackedResource> {
        let complete = self.complete.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Complete { mut resources, unreadable } = complete;
        once_each(&mut resources, |resource| &resource.uid);
        let mut log = journal.into_log();
        // What was not asked is no error.
        if purpose != Purpose::Plan {
            log.complete_with(unreadable);
        }
        Shard { key: key.clone(), coverage: log.coverage(listings), resources }
    }
}
