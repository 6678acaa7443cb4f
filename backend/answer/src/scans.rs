//! Scans, and what of one could and could not be read.

use nephoscope_model::ScanId;
use nephoscope_model::TargetName;
use nephoscope_model::api::ScanDetail;
use nephoscope_model::scan::ScanSummary;
use nephoscope_store::Page;

use crate::{Library, Result};

/// Scans, latest first.
pub async fn scan_list(
    library: &Library,
    target: Option<&TargetName>,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<ScanSummary>> {
    Ok(library.store.scan_list(target, cursor, limit).await?)
}

/// One scan with its shards; none where there is no such id.
pub async fn scan_fetch(library: &Library, id: &ScanId) -> Result<Option<ScanDetail>> {
    let Some(scan) = library.store.scan_fetch(id).await? else { return Ok(None) };
    Ok(Some(ScanDetail { scan, coverage: library.store.coverage_list(id).await? }))
}
