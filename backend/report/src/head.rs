//! What a report says of itself, so that it can be computed again.

use jiff::Timestamp;
use nephoscope_model::ScanId;
use serde::Serialize;

/// Where a report's content comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportHead {
    /// What it is called.
    pub title: String,
    /// The date that it speaks of: when the latest of its scans ended.
    pub as_of: Timestamp,
    /// What it covers, in words.
    pub scope: String,
    /// The scans that it is computed from.
    pub scans: Vec<ScanId>,
    /// The digest of the catalogue.
    pub catalogue: String,
    /// The version of the product that wrote it.
    pub product_version: String,
}
