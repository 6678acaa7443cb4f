//! Resources: the inventory, and one with everything that is known of it.

use nephoscope_model::Uid;
use nephoscope_model::api::{RelationRow, ResourceDetail, ResourceList};
use nephoscope_model::query::{ListQuery, Sort};
use nephoscope_store::StoredRelation;

use crate::buckets::{in_scope, score_of_rollups, units};
use crate::findings::complete;
use crate::{Library, Result, Sight, facets};

/// One page of the inventory.
pub async fn resource_list(sight: &Sight, query: &ListQuery) -> Result<ResourceList> {
    let Sight { library: Library { store, .. }, view, .. } = sight;
    let filter = &query.filter;
    let by_name = query.sort == Sort::Name;
    let page = store.resource_list(view, filter, by_name, query.cursor.as_deref(), query.page_size()).await?;
    let rollups = sight.resource_rollups().await?;
    let total = if filter.query.is_none() && filter.exposures.is_empty() {
        rollups.iter().filter(|rollup| in_scope(filter, *rollup)).map(|rollup| rollup.count).sum()
    } else {
        store.resource_count(view, filter).await?
    };
    Ok(ResourceList {
        total,
        resources: page.rows,
        next: page.next,
        facets: facets::of_resources(filter, rollups),
    })
}

/// One resource; none where the view has no such uid.
pub async fn resource_fetch(sight: &Sight, uid: &Uid) -> Result<Option<ResourceDetail>> {
    let Sight { library, view, .. } = sight;
    let store = &library.store;
    let Some((stored, row, facts)) = store.resource_fetch(view, uid).await? else { return Ok(None) };
    let units = units(&score_of_rollups(sight.rollups().await?));
    let findings = store.finding_list_of(view, uid).await?;
    let relations = store.relation_list(view, uid).await?;
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
