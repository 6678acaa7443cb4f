//! What changed between two moments.

use jiff::Timestamp;
use nephoscope_model::drift::{Drift, FindingChange};
use nephoscope_model::query::Filter;
use nephoscope_store::VerdictChange;

use crate::buckets::{checks_of, score_of_rollups};
use crate::findings::title_of;
use crate::overview::{cut, instant_of};
use crate::{Library, Result, Sight};

/// What changed in a scope between two sights, at most `limit` findings and as many resources.
///
/// Of a filter, what names places and checks applies: a change has two statuses, and neither alone makes it of interest.
pub async fn drift_between(from: &Sight, to: &Sight, filter: &Filter, limit: u32) -> Result<Drift> {
    let library = &to.library;
    let asked = limit.saturating_add(1);
    let (then, now) = (from.rollups().await?, to.rollups().await?);
    // A check that only one side knows is no mistake in the query.
    let checks = checks_of(filter, &library.catalogue, then.iter().chain(now))?;
    let posture = |rollups| score_of_rollups(cut(rollups, filter, checks.as_ref())).posture;
    let changes =
        library.store.verdict_change_list(&from.view, &to.view, filter, checks.as_ref(), asked).await?;
    let mut findings: Vec<FindingChange> =
        changes.into_iter().map(|change| finding_change(library, change)).collect();
    let mut resources = library.store.resource_change_list(&from.view, &to.view, filter, asked).await?;
    let limit = limit as usize;
    let truncated = findings.len() > limit || resources.len() > limit;
    findings.truncate(limit);
    resources.truncate(limit);
    Ok(Drift {
        from: instant_of(&from.view.entries).unwrap_or(Timestamp::UNIX_EPOCH),
        to: instant_of(&to.view.entries).unwrap_or(Timestamp::UNIX_EPOCH),
        posture_from: posture(then),
        posture_to: posture(now),
        findings,
        resources,
        truncated,
    })
}

fn finding_change(library: &Library, change: VerdictChange) -> FindingChange {
    let VerdictChange { row, before, after } = change;
    FindingChange {
        title: title_of(library, &row.check),
        key: row.key,
        check: row.check,
        severity: row.severity,
        resource: row.resource,
        name: row.name,
        kind: row.kind,
        provider: row.provider,
        account: row.account,
        region: row.region,
        exposure: row.exposure,
        before,
        after,
    }
}
