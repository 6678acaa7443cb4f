//! What the scan before read of a shard: what it need not ask again, where something proves it unchanged.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use nephoscope_model::{Facet, PackedResource, Uid};

/// One shard as the last finished scan read it, packed; empty where there was none. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Previous(Option<Arc<Shard>>);

#[derive(Debug)]
struct Shard {
    instant: Timestamp,
    resources: BTreeMap<Uid, PackedResource>,
}

impl Previous {
    /// What a scan that began at `instant` read. Only what it could list may be among it.
    pub fn new(instant: Timestamp, resources: Vec<PackedResource>) -> Self {
        let resources = resources.into_iter().map(|resource| (resource.uid.clone(), resource)).collect();
        Self(Some(Arc::new(Shard { instant, resources })))
    }

    /// A facet, and when it was really read; none where it is not known.
    pub(crate) fn facet(&self, uid: &Uid, facet: &str) -> Option<(Facet, Timestamp)> {
        let shard = self.0.as_ref()?;
        let resource = shard.resources.get(uid)?;
        let value = resource.facet(facet)?;
        Some((value, resource.carried().remove(facet).unwrap_or(shard.instant)))
    }

    /// The digest of the revisions that the listing named.
    pub(crate) fn revision(&self, uid: &Uid) -> Option<&str> {
        self.0.as_ref()?.resources.get(uid)?.revision.as_deref()
    }

    /// When the facet was read that was not read for the longest time, of each resource with a revision to compare.
    pub(crate) fn oldest(&self) -> impl Iterator<Item = (&Uid, Timestamp)> {
        self.0.iter().flat_map(|shard| {
            let oldest = |resource: &PackedResource| resource.carried().into_values().min();
            let revised = shard.resources.iter().filter(|(_, resource)| resource.revision.is_some());
            revised.map(move |(uid, resource)| (uid, oldest(resource).unwrap_or(shard.instant)))
        })
    }
}
