//! What changed between two moments.

use jiff::Timestamp;
use nephoscope_model::drift::{Drift, FindingChange, ResourceChange};
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_store::{VerdictChange, View};

use crate::buckets::{score_of_rollups, within};
use crate::findings::title_of;
use crate::overview::{instant_of, scoped};
use crate::{Library, Result};

/// What changed in a scope between two moments, at most `limit` findings and as many resources.
pub async fn drift_between(
    library: &Library,
    filter: &Filter,
    from: &AsOf,
    to: &AsOf,
    limit: u32,
) -> Result<Drift> {
    let from = library.view(filter, from).await?;
    let to = library.view(filter, to).await?;
    drift_of_views(library, filter, &from, &to, limit).await
}

pub(crate) async fn drift_of_views(
    library: &Library,
    filter: &Filter,
    from: &View,
    to: &View,
    limit: u32,
) -> Result<Drift> {
    let store = &library.store;
    let asked = limit.saturating_add(1);
    let mut findings: Vec<FindingChange> = store
        .verdict_change_list(from, to, asked)
        .await?
        .into_iter()
        .map(|change| finding_change(library, change))
        .filter(|c| {
            within(&filter.providers, &c.provider)
                && within(&filter.accounts, &c.account)
                && within(&filter.regions, &c.region)
                && within(&filter.kinds, &c.kind)
        })
        .collect();
    let mut resources: Vec<ResourceChange> = store.resource_change_list(from, to, asked).await?;
    resources.retain(|c| {
        within(&filter.providers, &c.provider)
            && within(&filter.accounts, &c.account)
            && within(&filter.regions, &c.region)
            && within(&filter.kinds, &c.kind)
    });
    let limit = limit as usize;
    let truncated = findings.len() > limit || resources.len() > limit;
    findings.truncate(limit);
    resources.truncate(limit);
    Ok(Drift {
        from: instant_of(&from.entries).unwrap_or(Timestamp::UNIX_EPOCH),
        to: instant_of(&to.entries).unwrap_or(Timestamp::UNIX_EPOCH),
        posture_from: score_of_rollups(&scoped(library, filter, from).await?).posture,
        posture_to: score_of_rollups(&scoped(library, filter, to).await?).posture,
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
