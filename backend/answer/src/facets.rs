//! What a list can be filtered by, with counts: each facet is counted under all other filters but its own.

use std::collections::BTreeMap;

use nephoscope_model::api::{FilterFacet, FilterValue};
use nephoscope_model::query::Filter;
use nephoscope_model::{Concern, Exposure, Severity, Status};
use nephoscope_store::{ResourceRollup, Rollup};

use crate::buckets::within;

/// The rows that a facet counts: how many, and what each dimension says of them.
type Counts = BTreeMap<String, u64>;

/// One dimension of verdicts: its parameter, its label, and how to read a value from a rollup.
struct Dimension<R> {
    key: &'static str,
    label: &'static str,
    values: fn(&R, &Concerns) -> Vec<String>,
    chosen: fn(&Filter) -> Vec<String>,
}

/// The concerns of each check.
pub(crate) type Concerns = BTreeMap<String, Vec<Concern>>;

/// Facets of the findings list.
pub(crate) fn of_findings(filter: &Filter, rollups: &[Rollup], concerns: &Concerns) -> Vec<FilterFacet> {
    let dimensions: [Dimension<Rollup>; 9] = [
        Dimension {
            key: "status",
            label: "Status",
            values: |r, _| vec![r.bucket.status.to_string()],
            chosen: |f| texts(&f.effective_statuses()),
        },
        Dimension {
            key: "severity",
            label: "Severity",
            values: |r, _| vec![r.bucket.severity.to_string()],
            chosen: |f| texts(&f.severities),
        },
        Dimension {
            key: "exposure",
            label: "Reachable",
            values: |r, _| vec![r.bucket.exposure.to_string()],
            chosen: |f| texts(&f.exposures),
        },
        Dimension {
            key: "concern",
            label: "Concern",
            values: |r, concerns| {
                concerns.get(r.bucket.check.as_str()).map_or_else(Vec::new, |all| texts(all))
            },
            chosen: |f| texts(&f.concerns),
        },
        Dimension {
            key: "provider",
            label: "Provider",
            values: |r, _| vec![r.provider.to_string()],
            chosen: |f| texts(&f.providers),
        },
        Dimension {
            key: "account",
            label: "Account",
            values: |r, _| vec![r.account.to_string()],
            chosen: |f| texts(&f.accounts),
        },
        Dimension {
            key: "region",
            label: "Region",
            values: |r, _| vec![r.region.to_string()],
            chosen: |f| texts(&f.regions),
        },
        Dimension {
            key: "service",
            label: "Service",
            values: |r, _| vec![r.service.to_string()],
            chosen: |f| texts(&f.services),
        },
        Dimension {
            key: "kind",
            label: "Kind",
            values: |r, _| vec![r.kind.to_string()],
            chosen: |f| texts(&f.kinds),
        },
    ];
    facets(&dimensions, filter, rollups, concerns, |rollup| rollup.bucket.count)
}

/// Facets of the inventory.
pub(crate) fn of_resources(filter: &Filter, rollups: &[ResourceRollup]) -> Vec<FilterFacet> {
    let dimensions: [Dimension<ResourceRollup>; 5] = [
        Dimension {
            key: "kind",
            label: "Kind",
            values: |r, _| vec![r.kind.to_string()],
            chosen: |f| texts(&f.kinds),
        },
        Dimension {
            key: "provider",
            label: "Provider",
            values: |r, _| vec![r.provider.to_string()],
            chosen: |f| texts(&f.providers),
        },
        Dimension {
            key: "account",
            label: "Account",
            values: |r, _| vec![r.account.to_string()],
            chosen: |f| texts(&f.accounts),
        },
        Dimension {
            key: "region",
            label: "Region",
            values: |r, _| vec![r.region.to_string()],
            chosen: |f| texts(&f.regions),
        },
        Dimension {
            key: "service",
            label: "Service",
            values: |r, _| vec![r.service.to_string()],
            chosen: |f| texts(&f.services),
        },
    ];
    facets(&dimensions, filter, rollups, &Concerns::new(), |rollup| rollup.count)
}

fn facets<R>(
    dimensions: &[Dimension<R>],
    filter: &Filter,
    rollups: &[R],
    concerns: &Concerns,
    count: fn(&R) -> u64,
) -> Vec<FilterFacet> {
    let chosen: Vec<Vec<String>> = dimensions.iter().map(|dimension| (dimension.chosen)(filter)).collect();
    let mut counts: Vec<Counts> = vec![Counts::new(); dimensions.len()];
    for rollup in rollups {
        let values: Vec<Vec<String>> = dimensions.iter().map(|d| (d.values)(rollup, concerns)).collect();
        let fits: Vec<bool> = values
            .iter()
            .zip(&chosen)
            .map(|(values, chosen)| chosen.is_empty() || values.iter().any(|value| within(chosen, value)))
            .collect();
        let misses = fits.iter().filter(|fits| !**fits).count();
        for (index, values) in values.into_iter().enumerate() {
            let counted = misses == 0 || (misses == 1 && !fits[index]);
            for value in values {
                *counts[index].entry(value).or_default() += if counted { count(rollup) } else { 0 };
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
