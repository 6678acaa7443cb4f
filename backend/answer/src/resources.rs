//! Resources: the inventory, and one with everything that is known of it.

use nephoscope_model::Uid;
use nephoscope_model::api::{RelationRow, ResourceDetail, ResourceList};
use nephoscope_model::query::{AsOf, Filter, ListQuery, Sort};
use nephoscope_store::{ResourceRollup, StoredRelation};

use crate::buckets::{score_of_rollups, units, within};
use crate::findings::complete;
use crate::{Library, Result, facets};

/// One page of the inventory.
pub async fn resource_list(library: &Library, query: &ListQuery) -> Result<ResourceList> {
    let filter = &query.filter;
    let store = &library.store;
    let view = library.view(filter, &query.as_of).await?;
    let by_name = query.sort == Sort::Name;
    let page =
        store.resource_list(&view, filter, by_name, query.cursor.as_deref(), query.page_size()).await?;
    let rollups = store.resource_rollup_list(&view).await?;
    let total = if filter.query.is_none() && filter.exposures.is_empty() {
        rollups.iter().filter(|rollup| in_scope(filter, rollup)).map(|rollup| rollup.count).sum()
    } else {
        store.resource_count(&view, filter).await?
    };
    Ok(ResourceList {
        total,
        resources: page.rows,
        next: page.next,
        facets: facets::of_resources(filter, &rollups),
    })
}

fn in_scope(filter: &Filter, rollup: &ResourceRollup) -> bool {
    within(&filter.providers, &rollup.provider)
        && within(&filter.accounts, &rollup.account)
        && within(&filter.regions, &rollup.region)
        && within(&filter.services, &rollup.service)
        && within(&filter.kinds, &rollup.kind)
}

/// One resource; none where the view has no such uid.
pub async fn resource_fetch(library: &Library, uid: &Uid, as_of: &AsOf) -> Result<Option<ResourceDetail>> {
    let store = &library.store;
    let view = library.view(&Filter::default(), as_of).await?;
    let Some((stored, row, facts)) = store.resource_fetch(&view, uid).await? else { return Ok(None) };
    let units = units(&score_of_rollups(&store.rollup_list(&view).await?));
    let findings = store.finding_list_of(&view, uid).await?;
    let relations = store.relation_list(&view, uid).await?;
    Ok(Some(ResourceDetail {
        row,
        resource: stored.resource,
        facts,
        relations: relations.into_iter().map(relation_row).collect(),
        findings: findings.into_iter().map(|row| complete(library, &units, row)).collect(),
        history: store.resource_history(uid).await?,
    }))
}

fn relation_row(stored: StoredRelation) -> RelationRow {
    let (label, kind) = match stored.other {
        Some((name, kind)) => (name, Some(kind)),
        None => (stored.relation.to.to_string(), None),
    };
    RelationRow {
        name: stored.relation.name,
        reversed: stored.reversed,
        uid: stored.relation.to,
        label,
        kind,
    }
}
