//! What a list can be filtered by, with counts: each facet is counted under all other filters but its own.

use std::collections::BTreeMap;

use nephoscope_model::api::{FilterFacet, FilterValue};
use nephoscope_model::query::Filter;
use nephoscope_model::score::Bucket;
use nephoscope_model::{Concern, Exposure, Severity, Status};
use nephoscope_store::{ResourceRollup, Rollup};

use crate::buckets::{Place, Placed, within};

/// The rows that a facet counts: how many, and what each dimension says of them.
type Counts = BTreeMap<String, u64>;

/// One dimension of what is counted: its parameter, its label, how to read its values, and what a filter chose of them.
struct Dimension {
    key: &'static str,
    label: &'static str,
    values: fn(&Row<'_>, &Concerns) -> Vec<String>,
    chosen: fn(&Filter) -> Vec<String>,
}

/// One rollup, of verdicts or of resources.
struct Row<'r> {
    place: Place<'r>,
    /// What was found, for verdicts.
    bucket: Option<&'r Bucket>,
    count: u64,
}

/// The concerns of each check.
pub(crate) type Concerns = BTreeMap<String, Vec<Concern>>;

const STATUS: Dimension = Dimension {
    key: "status",
    label: "Status",
    values: |row, _| found(row, |bucket| bucket.status.to_string()),
    chosen: |filter| texts(&filter.effective_statuses()),
};
const SEVERITY: Dimension = Dimension {
    key: "severity",
    label: "Severity",
    values: |row, _| found(row, |bucket| bucket.severity.to_string()),
    chosen: |filter| texts(&filter.severities),
};
const EXPOSURE: Dimension = Dimension {
    key: "exposure",
    label: "Reachable",
    values: |row, _| found(row, |bucket| bucket.exposure.to_string()),
    chosen: |filter| texts(&filter.exposures),
};
const CONCERN: Dimension = Dimension {
    key: "concern",
    label: "Concern",
    values: |row, concerns| {
        let concerns = row.bucket.and_then(|bucket| concerns.get(bucket.check.as_str()));
        concerns.map_or_else(Vec::new, |all| texts(all))
    },
    chosen: |filter| texts(&filter.concerns),
};
const PROVIDER: Dimension = Dimension {
    key: "provider",
    label: "Provider",
    values: |row, _| vec![row.place.provider.to_string()],
    chosen: |filter| texts(&filter.providers),
};
const ACCOUNT: Dimension = Dimension {
    key: "account",
    label: "Account",
    values: |row, _| vec![row.place.account.to_string()],
    chosen: |filter| texts(&filter.accounts),
};
const REGION: Dimension = Dimension {
    key: "region",
    label: "Region",
    values: |row, _| vec![row.place.region.to_string()],
    chosen: |filter| texts(&filter.regions),
};
const SERVICE: Dimension = Dimension {
    key: "service",
    label: "Service",
    values: |row, _| vec![row.place.service.to_string()],
    chosen: |filter| texts(&filter.services),
};
const KIND: Dimension = Dimension {
    key: "kind",
    label: "Kind",
    values: |row, _| vec![row.place.kind.to_string()],
    chosen: |filter| texts(&filter.kinds),
};

/// What the list of findings can be narrowed by, in the order in which it is shown.
const OF_FINDINGS: [Dimension; 9] =
    [STATUS, SEVERITY, EXPOSURE, CONCERN, PROVIDER, ACCOUNT, REGION, SERVICE, KIND];
/// What the inventory can be narrowed by, in the order in which it is shown.
const OF_RESOURCES: [Dimension; 5] = [KIND, PROVIDER, ACCOUNT, REGION, SERVICE];

/// Facets of the findings list.
pub(crate) fn of_findings(filter: &Filter, rollups: &[&Rollup], concerns: &Concerns) -> Vec<FilterFacet> {
    let rows = rollups.iter().map(|rollup| Row {
        place: rollup.place(),
        bucket: Some(&rollup.bucket),
        count: rollup.bucket.count,
    });
    facets(&OF_FINDINGS, filter, rows, concerns)
}

/// Facets of the inventory.
pub(crate) fn of_resources(filter: &Filter, rollups: &[ResourceRollup]) -> Vec<FilterFacet> {
    let rows = rollups.iter().map(|rollup| Row { place: rollup.place(), bucket: None, count: rollup.count });
    facets(&OF_RESOURCES, filter, rows, &Concerns::new())
}

fn found(row: &Row<'_>, read: fn(&Bucket) -> String) -> Vec<String> {
    row.bucket.map(read).into_iter().collect()
}

fn facets<'r>(
    dimensions: &[Dimension],
    filter: &Filter,
    rows: impl Iterator<Item = Row<'r>>,
    concerns: &Concerns,
) -> Vec<FilterFacet> {
    let chosen: Vec<Vec<String>> = dimensions.iter().map(|dimension| (dimension.chosen)(filter)).collect();
    let mut counts: Vec<Counts> = vec![Counts::new(); dimensions.len()];
    for row in rows {
        let values: Vec<Vec<String>> = dimensions.iter().map(|d| (d.values)(&row, concerns)).collect();
        let fits: Vec<bool> = values
            .iter()
            .zip(&chosen)
            .map(|(values, chosen)| chosen.is_empty() || values.iter().any(|value| within(chosen, value)))
            .collect();
        let misses = fits.iter().filter(|fits| !**fits).count();
        for (index, values) in values.into_iter().enumerate() {
            let counted = misses == 0 || (misses == 1 && !fits[index]);
            for value in values {
                *counts[index].entry(value).or_default() += if counted { row.count } else { 0 };
            }
        }
    }
    let pieces = dimensions.iter().zip(counts).zip(chosen);
    pieces
        .map(|((dimension, counts), chosen)| facet(dimension.key, dimension.label, counts, &chosen))
        .collect()
}

fn facet(key: &str, label: &str, mut counts: Counts, chosen: &[String]) -> FilterFacet {
    for value in chosen {
        counts.entry(value.clone()).or_default();
    }
    let mut values: Vec<FilterValue> = counts
        .into_iter()
        .map(|(value, count)| FilterValue {
            label: label_of(key, &value),
            chosen: chosen.contains(&value),
            value,
            count,
        })
        .collect();
    values
        .sort_by_key(|value| (rank(key, &value.value), std::cmp::Reverse(value.count), value.value.clone()));
    FilterFacet { key: key.to_owned(), label: label.to_owned(), values }
}

/// Closed sets keep their own order; open ones are ordered by count.
fn rank(key: &str, value: &str) -> usize {
    let place = match key {
        "status" => Status::ALL.iter().position(|s| s.as_str() == value),
        "severity" => Severity::ALL.iter().position(|s| s.as_str() == value),
        "exposure" => Exposure::ALL.iter().position(|e| e.as_str() == value),
        _ => Some(0),
    };
    place.unwrap_or(usize::MAX)
}

fn label_of(key: &str, value: &str) -> String {
    let label = match key {
        "provider" => value.parse().ok().map(nephoscope_model::Provider::label),
        "exposure" => value.parse().ok().map(Exposure::label),
        "concern" => value.parse().ok().map(Concern::label),
        _ => None,
    };
    let mut text = label.unwrap_or(value).to_owned();
    if key == "exposure" || key == "severity" {
        text[..1].make_ascii_uppercase();
    }
    text
}

fn texts<T: std::fmt::Display>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
