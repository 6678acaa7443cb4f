//! Findings: lists with facets and groups, one with its history, and all of them for an export.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::api::{FindingDetail, FindingList, GroupHead};
use nephoscope_model::query::{Filter, Group, ListQuery};
use nephoscope_model::score::{Bucket, Score};
use nephoscope_model::{CheckId, Finding, FindingKey, Points, Status};
use nephoscope_posture::evaluate::evidence;
use nephoscope_store::{BucketKey, FindingOrder, FindingRow, Rollup, View};

use crate::buckets::{checks_of, in_scope, key_of, merge, order, score_of_rollups, units, within, worth};
use crate::facets::{self, Concerns};
use crate::{Library, Result, Sight};

/// Rows that an export asks for at a time.
const EXPORT_PAGE: u32 = 500;

/// One page of findings.
pub async fn finding_list(sight: &Sight, query: &ListQuery) -> Result<FindingList> {
    let Sight { library, view, .. } = sight;
    let prepared = Prepared::new(sight, query).await?;
    let filter = &query.filter;
    let cursor = query.cursor.as_deref();
    let page = library.store.finding_list(view, filter, &prepared.order, cursor, query.page_size()).await?;
    let total = prepared.total(sight, filter).await?;
    let groups = prepared.groups(query.group, &page.rows, library);
    let facets = facets::of_findings(filter, &prepared.countable, &concerns(library));
    Ok(FindingList {
        total,
        verdicts: prepared.scope.iter().map(|rollup| rollup.bucket.count).sum(),
        findings: page.rows.into_iter().map(|row| complete(library, &prepared.units, row)).collect(),
        groups,
        next: page.next,
        facets,
    })
}

/// One finding with its check and history; none where there is no such key.
pub async fn finding_fetch(sight: &Sight, key: &FindingKey) -> Result<Option<FindingDetail>> {
    let Sight { library, view, .. } = sight;
    let Some(row) = library.store.finding_fetch(view, key).await? else { return Ok(None) };
    let rollups = sight.rollups().await?;
    let units = units(&score_of_rollups(rollups));
    let others = rollups
        .iter()
        .filter(|rollup| rollup.bucket.check == row.check && rollup.bucket.status == Status::Fail)
        .map(|rollup| rollup.bucket.count)
        .sum::<u64>();
    let check = library.catalogue.find(row.check.as_str()).map(|compiled| compiled.check.clone());
    let others_failing = others.saturating_sub(u64::from(row.status == Status::Fail));
    let mut finding = complete(library, &units, row);
    if let (Status::Pass, Some(check)) = (finding.status, &check)
        && let Some((stored, _, facts)) = library.store.resource_fetch(view, &finding.resource).await?
    {
        finding.evidence = evidence(check, &stored.resource, &facts);
    }
    Ok(Some(FindingDetail {
        check,
        history: library.store.finding_history(key).await?,
        others_failing,
        finding,
    }))
}

/// Every finding of a query, page after page, in memory one page at a time.
#[derive(Debug)]
pub struct FindingExport {
    library: Library,
    view: View,
    filter: Filter,
    order: FindingOrder,
    units: BTreeMap<CheckId, Points>,
    cursor: Option<String>,
    ended: bool,
}

impl FindingExport {
    /// Begins an export; the view stays the same to its end, whatever is scanned meanwhile.
    pub async fn begin(library: &Library, query: &ListQuery) -> Result<Self> {
        let sight = library.sight_of(query).await?;
        let Prepared { order, units, .. } = Prepared::new(&sight, query).await?;
        let Sight { library, view, .. } = sight;
        Ok(Self { library, view, filter: query.filter.clone(), order, units, cursor: None, ended: false })
    }

    /// The next findings; empty after the last ones.
    pub async fn next_page(&mut self) -> Result<Vec<Finding>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let Self { library, view, filter, order, units, .. } = &*self;
        let cursor = self.cursor.as_deref();
        let page = library.store.finding_list(view, filter, order, cursor, EXPORT_PAGE).await?;
        let findings = page.rows.into_iter().map(|row| complete(library, units, row)).collect();
        self.ended = page.next.is_none();
        self.cursor = page.next;
        Ok(findings)
    }
}

/// What a query means over the rollups of its view.
#[derive(Debug)]
struct Prepared<'s> {
    /// Rollups in scope, whatever was found.
    scope: Vec<&'s Rollup>,
    /// Rollups in scope of the checks asked for by name: what facets count.
    countable: Vec<&'s Rollup>,
    /// The buckets listed, with counts, in order.
    buckets: Vec<Bucket>,
    order: FindingOrder,
    score: Score,
    units: BTreeMap<CheckId, Points>,
}

impl<'s> Prepared<'s> {
    async fn new(sight: &'s Sight, query: &ListQuery) -> Result<Self> {
        let (catalogue, filter) = (&sight.library.catalogue, &query.filter);
        let rollups = sight.rollups().await?;
        let score = score_of_rollups(rollups);
        let named = Filter {
            checks: filter.checks.clone(),
            frameworks: filter.frameworks.clone(),
            ..Filter::default()
        };
        let named = checks_of(&named, catalogue, rollups)?;
        let checks = checks_of(filter, catalogue, rollups)?;
        let countable =
            rollups.iter().filter(|r| named.as_ref().is_none_or(|n| n.contains(&r.bucket.check))).collect();
        let scope: Vec<&Rollup> = rollups.iter().filter(|rollup| in_scope(filter, *rollup)).collect();

        let statuses = filter.effective_statuses();
        let listed = scope.iter().copied().filter(|Rollup { bucket, .. }| {
            checks.as_ref().is_none_or(|checks: &BTreeSet<CheckId>| checks.contains(&bucket.check))
                && within(&statuses, &bucket.status)
                && within(&filter.severities, &bucket.severity)
                && within(&filter.exposures, &bucket.exposure)
        });
        let mut buckets = merge(listed);
        order(&mut buckets, query.sort, query.group == Group::Check, &score);
        let keys: Vec<BucketKey> = buckets.iter().map(key_of).collect();
        let order = match query.group {
            Group::Resource => FindingOrder::Resources(keys),
            Group::Check | Group::Nothing => FindingOrder::Buckets(keys),
        };
        Ok(Self { scope, countable, buckets, order, units: units(&score), score })
    }

    /// Counted from rollups where they can tell, by the store where they cannot.
    async fn total(&self, sight: &Sight, filter: &Filter) -> Result<u64> {
        if filter.states.is_empty() && filter.query.is_none() {
            return Ok(self.buckets.iter().map(|bucket| bucket.count).sum());
        }
        let keys: Vec<BucketKey> = self.buckets.iter().map(key_of).collect();
        Ok(sight.library.store.finding_count(&sight.view, filter, &keys).await?)
    }

    fn groups(&self, group: Group, rows: &[FindingRow], library: &Library) -> Vec<GroupHead> {
        match group {
            Group::Nothing => Vec::new(),
            Group::Check => {
                let mut seen = BTreeSet::new();
                let heads = rows.iter().filter(|row| seen.insert(row.check.clone()));
                heads.map(|row| self.check_head(row, library)).collect()
            }
            Group::Resource => resource_heads(rows, &self.units),
        }
    }

    fn check_head(&self, row: &FindingRow, library: &Library) -> GroupHead {
        let part = self.score.parts.iter().find(|part| part.check == row.check);
        let count =
            self.buckets.iter().filter(|bucket| bucket.check == row.check).map(|bucket| bucket.count).sum();
        GroupHead {
            key: row.check.to_string(),
            title: title_of(library, &row.check),
            severity: row.severity,
            count,
            points: part.map_or_else(Points::zero, |part| part.points.clone()),
        }
    }
}

/// Heads of the resources on a page; their counts are those of the page, for a resource has few findings.
fn resource_heads(rows: &[FindingRow], units: &BTreeMap<CheckId, Points>) -> Vec<GroupHead> {
    let mut heads: Vec<GroupHead> = Vec::new();
    for row in rows {
        let points = worth(units, &bucket_of(row));
        match heads.last_mut() {
            Some(head) if head.key == row.resource.as_str() => {
                head.count += 1;
                head.severity = head.severity.max(row.severity);
                head.points = std::mem::take(&mut head.points) + points;
            }
            _ => heads.push(GroupHead {
                key: row.resource.to_string(),
                title: row.name.clone(),
                severity: row.severity,
                count: 1,
                points,
            }),
        }
    }
    heads
}

fn bucket_of(row: &FindingRow) -> BucketKey {
    BucketKey { check: row.check.clone(), status: row.status, exposure: row.exposure }
}

/// The concerns of every check of the catalogue.
fn concerns(library: &Library) -> Concerns {
    library.catalogue.checks().iter().map(|c| (c.check.id.to_string(), c.check.concerns.clone())).collect()
}

/// The title of a check; its id where the catalogue no longer has it.
pub(crate) fn title_of(library: &Library, check: &CheckId) -> String {
    library
        .catalogue
        .find(check.as_str())
        .map_or_else(|| check.to_string(), |compiled| compiled.check.title.clone())
}

/// A stored finding with what the catalogue says of its check and what it is worth.
pub(crate) fn complete(library: &Library, units: &BTreeMap<CheckId, Points>, row: FindingRow) -> Finding {
    let compiled = library.catalogue.find(row.check.as_str());
    let check = compiled.map(|compiled| &compiled.check);
    // A fact may rest on any facet, and so does a check that reads one.
    let reads = |facet: &String| {
        compiled.is_none_or(|compiled| !compiled.facts.is_empty() || compiled.facets.contains(facet))
    };
    let points = worth(units, &bucket_of(&row));
    let carried = row.carried.into_iter().filter(|(facet, _)| reads(facet)).collect();
    Finding {
        title: check.map_or_else(|| row.check.to_string(), |check| check.title.clone()),
        concerns: check.map_or_else(Vec::new, |check| check.concerns.clone()),
        frameworks: check.map_or_else(Vec::new, |check| check.frameworks.clone()),
        exposure: row.exposure.factor(),
        reachable: row.exposure,
        muted: false,
        points,
        carried,
        key: row.key,
        check: row.check,
        severity: row.severity,
        status: row.status,
        state: row.state,
        provider: row.provider,
        account: row.account,
        region: row.region,
        service: row.service,
        kind: row.kind,
        resource: row.resource,
        name: row.name,
        evidence: row.detail.evidence,
        unreadable: row.detail.unreadable,
        last_known: row.detail.last_known,
        first_seen: row.first_seen,
        last_seen: row.last_seen,
        scan: row.scan,
    }
}
