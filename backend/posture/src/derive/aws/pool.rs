//! The concurrency that the functions of one region share.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet, merged};

/// How many functions the region has; that there are none is only known where all were listed.
pub(super) fn functions(settings: &Resource, map: &Map<'_>) -> Reading<usize> {
    let count = of_region(settings, map).count();
    if count == 0 {
        map.listed("lambda", Some(settings.region.as_str()))?;
    }
    Ok(count)
}

/// The function with the largest reservation, and how much that is; null where nothing is reserved.
pub(super) fn largest_reservation(settings: &Resource, map: &Map<'_>) -> Reading<Value> {
    let mut largest: Option<(u64, &str)> = None;
    let mut unread = map.listed("lambda", Some(settings.region.as_str())).err().unwrap_or_default();
    for position in of_region(settings, map) {
        let function = map.held(position).open_only(&["concurrency"]);
        match facet(&function, "concurrency") {
            Ok(concurrency) => {
                let reserved = concurrency.and_then(|value| value.get("ReservedConcurrentExecutions"));
                let reserved = reserved.and_then(Value::as_u64).unwrap_or_default();
                if reserved > largest.map_or(0, |(most, _)| most) {
                    largest = Some((reserved, map.held(position).uid().as_str()));
                }
            }
            Err(reasons) => unread.extend(reasons),
        }
    }
    // A function whose reservation is not known may have a larger one.
    if !unread.is_empty() {
        return Err(merged(unread));
    }
    Ok(largest.map_or(Value::Null, |(reserved, uid)| json!({"function": uid, "reserved": reserved})))
}

fn of_region<'m>(settings: &'m Resource, map: &'m Map<'_>) -> impl Iterator<Item = usize> {
    let here = |position: &usize| *map.held(*position).region() == settings.region;
    map.kind("aws.lambda.function").iter().copied().filter(here)
}
