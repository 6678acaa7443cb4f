//! Scans, and what of one could and could not be read.

use nephoscope_model::ScanId;
use nephoscope_model::TargetName;
use nephoscope_model::api::ScanDetail;
use nephoscope_model::query::AsOf;
use nephoscope_model::scan::{ScanState, ScanSummary};
use nephoscope_store::Page;

use crate::{Library, Result, missing};

/// Scans, latest first.
pub async fn scan_list(
    library: &Library,
    target: Option<&TargetName>,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<ScanSummary>> {
    Ok(library.store.scan_list(target, cursor, limit).await?)
}

/// One scan with its shards and what they let be judged; none where there is no such id.
///
/// The policy that would restore what is missing is left to who renders it.
pub async fn scan_fetch(library: &Library, id: &ScanId) -> Result<Option<ScanDetail>> {
    let Some(scan) = library.store.scan_fetch(id).await? else { return Ok(None) };
    let coverage = library.store.coverage_list(id).await?;
    if scan.state != ScanState::Finished {
        let missing = missing::permissions(&coverage, None);
        return Ok(Some(ScanDetail { scan, coverage, services: Vec::new(), missing }));
    }
    let sight = library.sight(std::slice::from_ref(&scan.target), &AsOf::Scan(id.clone())).await?;
    let services = missing::services(&coverage, sight.rollups().await?);
    let missing = missing::permissions(&coverage, library.store.scan_blinded(id).await?);
    Ok(Some(ScanDetail { scan, coverage, services, missing }))
}
