//! Finding one's way in the nights of the sample.

use nephoscope_model::{Facet, Provider, Resource, Shard};
use nephoscope_sample::Night;

pub fn night<'a>(nights: &'a [Night], target: &str, date: &str) -> &'a Night {
    let wanted = format!("{date}T02:00:00Z");
    let found = nights
        .iter()
        .find(|night| night.header.target.as_str() == target && night.header.instant.to_string() == wanted);
    found.unwrap_or_else(|| panic!("no night of {target} on {date}"))
}

/// The nights of the targets of one provider.
pub fn of(mut nights: Vec<Night>, provider: Provider) -> Vec<Night> {
    nights.retain(|night| night.shards.iter().all(|shard| shard.key.provider == provider));
    nights
}

pub fn resources(shards: &[Shard]) -> impl Iterator<Item = &Resource> {
    shards.iter().flat_map(|shard| &shard.resources)
}

pub fn find<'a>(shards: &'a [Shard], kind: &str, name: &str) -> Option<&'a Resource> {
    resources(shards).find(|resource| resource.kind.as_str() == kind && resource.name == name)
}

pub fn facet<'a>(night: &'a Night, kind: &str, name: &str, facet: &str) -> &'a Facet {
    &find(&night.shards, kind, name).unwrap_or_else(|| panic!("no {kind} {name}")).facets[facet]
}

/// The nights of one target, as `MM-DD`, on which `holds`.
pub fn dates(nights: &[Night], target: &str, holds: impl Fn(&Night) -> bool) -> Vec<String> {
    let of_target = nights.iter().filter(|night| night.header.target.as_str() == target);
    of_target
        .filter(|night| holds(night))
        .map(|night| night.header.instant.to_string()[5..10].to_owned())
        .collect()
}

/// The nights from `from` to the last one, or to the one before `until`.
pub fn span(from: &str, until: Option<&str>) -> Vec<String> {
    let day = |text: &str| format!("2026-{text}").parse::<jiff::civil::Date>().expect("a date");
    let end = until.map_or(day("11-17"), day);
    day(from)
        .series(jiff::ToSpan::days(1))
        .take_while(|date| *date < end)
        .map(|date| date.to_string()[5..].to_owned())
        .collect()
}
