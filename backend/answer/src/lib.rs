//! Questions about what is stored, answered the same way for pages, API, commands and reports.
//!
//! Each file answers for one noun: it takes rollups from a [`Sight`], asks the store for rows and `posture` for the score,
//! and adds what the catalogue says. Nothing here knows HTTP, HTML or a terminal.

mod buckets;
mod checks;
mod compliance;
mod drift;
mod facets;
mod findings;
mod missing;
mod overview;
mod resources;
mod scans;
mod sight;

use std::sync::Arc;

use nephoscope_catalogue::Catalogue;
use nephoscope_store::{Store, StoreError};

pub use checks::{check_fetch, check_list};
pub use compliance::{compliance_fetch, framework_list, report_fetch};
pub use drift::drift_between;
pub use findings::{FindingExport, finding_fetch, finding_list};
pub use overview::{overview, score_of};
pub use resources::{resource_fetch, resource_list};
pub use scans::{scan_fetch, scan_list};
pub use sight::Sight;

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
    /// A report is asked for of a moment at which there is nothing to report on.
    #[error("no scan had finished by then: there is nothing to report on")]
    NothingScanned,
}

/// What every question gives.
pub type Result<T> = std::result::Result<T, AnswerError>;

impl AnswerError {
    /// What a person can do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Store(error) => error.help(),
            Self::NoSuch { what, .. } => format!("`nephoscope {what}s list` shows what there is"),
            Self::NothingScanned => "scan first, or choose a later date".to_owned(),
        }
    }
}
