//! What is looked at: a view with its counts, fetched once for everything that is asked of it.
//!
//! A page asks for its body and for the frame around it; both see the same moment, and the store is asked once.

use nephoscope_model::TargetName;
use nephoscope_model::query::{AsOf, ListQuery};
use nephoscope_store::{ResourceRollup, Rollup, View};
use tokio::sync::OnceCell;

use crate::{Library, Result};

/// A view, and its counts once someone asked for them.
#[derive(Debug)]
pub struct Sight {
    pub(crate) library: Library,
    /// The scans that are looked at.
    pub view: View,
    rollups: OnceCell<Vec<Rollup>>,
    resource_rollups: OnceCell<Vec<ResourceRollup>>,
}

impl Library {
    /// Looks at `targets` (all where empty) at a moment.
    pub async fn sight(&self, targets: &[TargetName], as_of: &AsOf) -> Result<Sight> {
        Ok(Sight::new(self, self.store.view_fetch(targets, as_of).await?))
    }

    /// Looks at the targets of a query at its moment.
    pub async fn sight_of(&self, query: &ListQuery) -> Result<Sight> {
        self.sight(&query.filter.targets, &query.as_of).await
    }
}

impl Sight {
    fn new(library: &Library, view: View) -> Self {
        let (rollups, resource_rollups) = (OnceCell::new(), OnceCell::new());
        Self { library: library.clone(), view, rollups, resource_rollups }
    }

    /// What the scans before saw: for each target, the one before the scan that is looked at.
    pub async fn before(&self) -> Result<Self> {
        Ok(Self::new(&self.library, self.library.store.view_before(&self.view).await?))
    }

    /// Verdict counts.
    pub async fn rollups(&self) -> Result<&[Rollup]> {
        let fetch = || self.library.store.rollup_list(&self.view);
        Ok(self.rollups.get_or_try_init(fetch).await?)
    }

    /// Resource counts.
    pub async fn resource_rollups(&self) -> Result<&[ResourceRollup]> {
        let fetch = || self.library.store.resource_rollup_list(&self.view);
        Ok(self.resource_rollups.get_or_try_init(fetch).await?)
    }
}
