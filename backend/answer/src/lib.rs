//! Questions about what is stored, answered the same way for pages, API, commands and reports.
//!
//! Each file answers for one noun: it asks the store for rows and rollups, asks `posture` for the score,
//! and adds what the catalogue says. Nothing here knows HTTP, HTML or a terminal.

mod buckets;
mod checks;
mod compliance;
mod drift;
mod facets;
mod findings;
mod overview;
mod resources;
mod scans;

use std::sync::Arc;

use nephoscope_catalogue::Catalogue;
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_store::{Store, StoreError, View};

pub use checks::{check_fetch, check_list};
pub use compliance::{compliance_fetch, framework_list};
pub use drift::drift_between;
pub use findings::{FindingExport, finding_fetch, finding_list};
pub use overview::{overview, score_of};
pub use resources::{resource_fetch, resource_list};
pub use scans::{scan_fetch, scan_list};

/// What every question is put to.
#[derive(Clone, Debug)]
pub struct Library {
    /// Where history lives.
    pub store: Arc<dyn Store>,
    /// What the checks say.
    pub catalogue: Arc<Catalogue>,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A pattern or framework of the query matches nothing in the catalogue.
    #[error("{what} `{given}` matches nothing in the catalogue")]
    NoSuch {
        /// `check` or `framework`.
        what: &'static str,
        /// What was given.
        given: String,
    },
}

/// What every question gives.
pub type Result<T> = std::result::Result<T, AnswerError>;

impl AnswerError {
    /// What a person can do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Store(error) => error.help(),
            Self::NoSuch { what, .. } => format!("`nephoscope {what}s list` shows what there is"),
        }
    }
}

impl Library {
    /// The view that a query looks at.
    pub async fn view(&self, filter: &Filter, as_of: &AsOf) -> Result<View> {
        Ok(self.store.view_fetch(&filter.targets, as_of).await?)
    }
}
