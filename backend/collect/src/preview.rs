//! A view of a shard while it is being read: what of it is complete already can be stored meanwhile.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use nephoscope_model::PackedResource;

type Resources = Mutex<Vec<PackedResource>>;

/// Shows the complete resources of one shard to a [`Viewer`]; by default to nobody. Clones show them to the same one.
#[derive(Clone, Debug, Default)]
pub struct Preview(Option<Arc<Resources>>);

/// Who sees what is complete of one shard, for as long as its [`Preview`] lasts.
#[derive(Debug)]
pub struct Viewer(Weak<Resources>);

impl Preview {
    /// A preview, and who sees it.
    pub fn for_viewer() -> (Self, Viewer) {
        let shown = Arc::default();
        let viewer = Viewer(Arc::downgrade(&shown));
        (Self(Some(shown)), viewer)
    }

    /// Shows a resource to which nothing will be added.
    pub fn show(&self, resource: &PackedResource) {
        if let Some(shown) = &self.0 {
            shown.lock().unwrap_or_else(PoisonError::into_inner).push(resource.clone());
        }
    }
}

impl Viewer {
    /// What was shown since the last time; none once the shard is read, or nobody reads it any more.
    pub fn look(&self) -> Option<Vec<PackedResource>> {
        let shown = self.0.upgrade()?;
        Some(std::mem::take(&mut *shown.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
