//! The catalogue with what each check found.

use std::collections::BTreeMap;

use nephoscope_model::api::{CheckList, CheckRow, FilterFacet, FilterValue};
use nephoscope_model::framework::CheckCounts;
use nephoscope_model::query::{Filter, ListQuery, Sort};
use nephoscope_model::score::Score;
use nephoscope_model::{Check, CheckId, Concern, Points, Provider, Severity, Status};
use nephoscope_store::Rollup;

use crate::buckets::{checks_of, score_of_rollups, within};
use crate::{Library, Result, Sight};

/// Every check that a query asks for, with its counts.
pub async fn check_list(sight: &Sight, query: &ListQuery) -> Result<CheckList> {
    let (library, filter) = (&sight.library, &query.filter);
    let rollups = sight.rollups().await?;
    let score = score_of_rollups(rollups);
    let counts = counts_by_check(rollups);
    let named = checks_of(filter, &library.catalogue, rollups)?;
    let fits = |check: &Check| {
        named.as_ref().is_none_or(|named| named.contains(&check.id))
            && within(&filter.severities, &check.severity)
            && within(&filter.providers, &check.provider)
            && filter.kinds.iter().all(|kind| *kind == check.kind)
            && filter.query.as_ref().is_none_or(|text| mentions(check, text))
    };
    let mut checks: Vec<CheckRow> = library
        .catalogue
        .checks()
        .iter()
        .filter(|compiled| fits(&compiled.check))
        .map(|compiled| row(&compiled.check, &counts, &score))
        .collect();
    checks.sort_by(|a, b| {
        let worst_first = b.check.severity.cmp(&a.check.severity);
        let by_sort = match query.sort {
            Sort::Points => b.points.cmp(&a.points).then(worst_first),
            Sort::Severity => worst_first,
            Sort::Name => std::cmp::Ordering::Equal,
        };
        by_sort.then(a.check.id.cmp(&b.check.id))
    });
    let facets = facets(library, filter);
    Ok(CheckList { catalogue: library.catalogue.digest().to_owned(), checks, facets })
}

/// One check with its counts, by its id or an earlier one; none where there is no such check.
pub async fn check_fetch(sight: &Sight, id: &str) -> Result<Option<CheckRow>> {
    let Some(compiled) = sight.library.catalogue.find(id) else { return Ok(None) };
    let rollups = sight.rollups().await?;
    Ok(Some(row(&compiled.check, &counts_by_check(rollups), &score_of_rollups(rollups))))
}

/// PASS, FAIL and UNKNOWN by check.
pub(crate) fn counts_by_check<'a>(
    rollups: impl IntoIterator<Item = &'a Rollup>,
) -> BTreeMap<CheckId, [u64; 3]> {
    let mut counts: BTreeMap<CheckId, [u64; 3]> = BTreeMap::new();
    for Rollup { bucket, .. } in rollups {
        let place = match bucket.status {
            Status::Pass => 0,
            Status::Fail => 1,
            Status::Unknown => 2,
            Status::Manual => continue,
        };
        counts.entry(bucket.check.clone()).or_default()[place] += bucket.count;
    }
    counts
}

/// The counts of one check.
pub(crate) fn counts_of(check: &Check, counts: &BTreeMap<CheckId, [u64; 3]>) -> CheckCounts {
    let [pass, fail, unknown] = counts.get(&check.id).copied().unwrap_or_default();
    CheckCounts {
        check: check.id.clone(),
        title: check.title.clone(),
        severity: check.severity,
        pass,
        fail,
        unknown,
    }
}

fn row(check: &Check, counts: &BTreeMap<CheckId, [u64; 3]>, score: &Score) -> CheckRow {
    let part = score.parts.iter().find(|part| part.check == check.id);
    CheckRow {
        counts: counts_of(check, counts),
        points: part.map_or_else(Points::zero, |part| part.points.clone()),
        check: check.clone(),
    }
}

fn mentions(check: &Check, text: &str) -> bool {
    let text = text.to_lowercase();
    [check.id.as_str(), &check.title, &check.description]
        .iter()
        .any(|field| field.to_lowercase().contains(&text))
}

fn facets(library: &Library, filter: &Filter) -> Vec<FilterFacet> {
    let checks = || library.catalogue.checks().iter().map(|compiled| &compiled.check);
    let value = |value: &str, label: &str, count: usize, chosen: bool| FilterValue {
        value: value.to_owned(),
        label: label.to_owned(),
        count: count as u64,
        chosen,
    };
    let severities = Severity::ALL.map(|s| {
        value(
            s.as_str(),
            s.as_str(),
            checks().filter(|c| c.severity == s).count(),
            filter.severities.contains(&s),
        )
    });
    let concerns = Concern::ALL.map(|c| {
        value(
            c.as_str(),
            c.label(),
            checks().filter(|check| check.concerns.contains(&c)).count(),
            filter.concerns.contains(&c),
        )
    });
    let providers = Provider::ALL.map(|p| {
        value(
            p.as_str(),
            p.label(),
            checks().filter(|c| c.provider == p).count(),
            filter.providers.contains(&p),
        )
    });
    let facet = |key: &str, label: &str, values: Vec<FilterValue>| FilterFacet {
        key: key.to_owned(),
        label: label.to_owned(),
        values: values.into_iter().filter(|value| value.count > 0 || value.chosen).collect(),
    };
    vec![
        facet("severity", "Severity", severities.to_vec()),
        facet("concern", "Concern", concerns.to_vec()),
        facet("provider", "Provider", providers.to_vec()),
    ]
}
