//! The first page: coverage, score, trend, counts, changes and the best fixes.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::api::{Fix, Overview, SeverityCounts, TrendPoint};
use nephoscope_model::query::{AsOf, Filter, ListQuery};
use nephoscope_model::scan::{ScanState, ScanSummary};
use nephoscope_model::score::Score;
use nephoscope_model::{CheckId, Exposure, Severity, Status};
use nephoscope_store::{Rollup, View, ViewEntry};

use crate::buckets::{checks_of, in_scope, score_of_rollups};
use crate::drift::drift_between;
use crate::findings::title_of;
use crate::{Library, Result, Sight};

/// Scans of each target that the trend goes back.
const TREND_SCANS: u32 = 30;
/// Changes shown on the first page.
const CHANGES: u32 = 12;
/// Fixes shown on the first page.
const FIXES: usize = 5;

/// The first page of a scope, compared with the moment that the query names, or else with the scan before.
pub async fn overview(sight: &Sight, query: &ListQuery) -> Result<Overview> {
    let Sight { library, view, .. } = sight;
    let (store, filter) = (&library.store, &query.filter);
    let rollups = scoped(sight, filter).await?;
    let score = score_of_rollups(rollups.iter().copied());

    let mut scans = Vec::new();
    let mut coverage = Vec::new();
    for entry in &view.entries {
        scans.extend(store.scan_fetch(&entry.scan).await?);
        coverage.extend(store.coverage_list(&entry.scan).await?);
    }
    let before = match &query.from {
        Some(from) => library.sight(&filter.targets, from).await?,
        None => sight.before().await?,
    };
    let drift = if before.view.entries.is_empty() {
        None
    } else {
        Some(drift_between(&before, sight, filter, CHANGES).await?)
    };
    let resources = sight.resource_rollups().await?;
    Ok(Overview {
        as_of: view.entries.iter().map(|entry| entry.finished).max(),
        trend: trend(library, filter, view).await?,
        severities: severities(&rollups),
        fixes: fixes(library, &score, &rollups),
        resources: resources.iter().map(|rollup| rollup.count).sum(),
        scans,
        coverage,
        score,
        drift,
    })
}

/// The score of a scope, with all its parts.
pub async fn score_of(sight: &Sight, filter: &Filter) -> Result<Score> {
    Ok(score_of_rollups(scoped(sight, filter).await?))
}

/// The rollups in sight that lie in the scope of a filter, checks included.
pub(crate) async fn scoped<'s>(sight: &'s Sight, filter: &Filter) -> Result<Vec<&'s Rollup>> {
    let rollups = sight.rollups().await?;
    let checks = checks_of(filter, &sight.library.catalogue, rollups)?;
    Ok(cut(rollups, filter, checks.as_ref()))
}

/// The rollups that lie in the scope of a filter and are of `checks`, where given.
pub(crate) fn cut<'r>(
    rollups: &'r [Rollup],
    filter: &Filter,
    checks: Option<&BTreeSet<CheckId>>,
) -> Vec<&'r Rollup> {
    let of_checks = |rollup: &Rollup| checks.is_none_or(|checks| checks.contains(&rollup.bucket.check));
    rollups.iter().filter(|rollup| in_scope(filter, *rollup) && of_checks(rollup)).collect()
}

/// The score of each target after each of its last scans. Where no filter narrows the targets, scans carry their scores.
async fn trend(library: &Library, filter: &Filter, view: &View) -> Result<Vec<TrendPoint>> {
    let mut scans: Vec<ScanSummary> = Vec::new();
    for entry in &view.entries {
        let page = library.store.scan_list(Some(&entry.target), None, TREND_SCANS).await?;
        let in_view = |scan: &ScanSummary| scan.state == ScanState::Finished && scan.started <= entry.started;
        scans.extend(page.rows.into_iter().filter(in_view));
    }
    scans.sort_by(|a, b| (a.finished, &a.id).cmp(&(b.finished, &b.id)));
    let carried = *filter == Filter { targets: filter.targets.clone(), ..Filter::default() };
    let mut points = Vec::new();
    for scan in scans {
        let score = match scan.score.filter(|_| carried) {
            Some(score) => score,
            None => {
                let of_target = Filter { targets: vec![scan.target.clone()], ..filter.clone() };
                let sight = library.sight(&of_target.targets, &AsOf::Scan(scan.id.clone())).await?;
                score_of(&sight, &of_target).await?
            }
        };
        points.push(TrendPoint {
            scan: scan.id,
            target: scan.target,
            at: scan.started,
            posture: score.posture,
            low: score.low,
            high: score.high,
            reported: score.reported,
            debt: score.debt,
            unknown: score.unknown,
        });
    }
    Ok(points)
}

fn severities(rollups: &[&Rollup]) -> Vec<SeverityCounts> {
    let mut counts: BTreeMap<Severity, SeverityCounts> = Severity::ALL
        .into_iter()
        .map(|severity| (severity, SeverityCounts { severity, fail: 0, unknown: 0, pass: 0 }))
        .collect();
    for Rollup { bucket, .. } in rollups {
        let Some(entry) = counts.get_mut(&bucket.severity) else { continue };
        match bucket.status {
            Status::Fail => entry.fail += bucket.count,
            Status::Unknown => entry.unknown += bucket.count,
            Status::Pass => entry.pass += bucket.count,
            Status::Manual => {}
        }
    }
    counts.into_values().rev().collect()
}

fn fixes(library: &Library, score: &Score, rollups: &[&Rollup]) -> Vec<Fix> {
    let costly = score.parts.iter().filter(|part| !part.points.is_zero()).take(FIXES);
    costly
        .map(|part| {
            let exposures: BTreeSet<Exposure> = rollups
                .iter()
                .filter(|r| r.bucket.check == part.check && r.bucket.status == Status::Fail)
                .map(|r| r.bucket.exposure)
                .collect();
            let compiled = library.catalogue.find(part.check.as_str());
            Fix {
                title: title_of(library, &part.check),
                remediation: compiled.map_or_else(String::new, |c| c.check.remediation.text.clone()),
                check: part.check.clone(),
                severity: part.severity,
                failing: part.failing,
                points: part.points.clone(),
                exposure: exposures.last().copied().unwrap_or(Exposure::Internal),
            }
        })
        .collect()
}

/// The earliest start and the latest start of a view's scans.
pub(crate) fn instant_of(entries: &[ViewEntry]) -> Option<jiff::Timestamp> {
    entries.iter().map(|entry| entry.started).max()
}
