//! Apps: whom their configuration is handed to.

use std::collections::BTreeSet;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{RelationName, Unreadable};

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::Reading;

/// How far the app's configuration is reached: as far as its functions, whose code is given it.
pub(super) fn reach(position: usize, map: &Map<'_>, reaches: &[Reach]) -> Reach {
    let mut witnessed = Exposure::Internal;
    // Thousands of functions doubt for the same few reasons.
    let mut doubts: BTreeSet<Unreadable> = map.listed("fns", None).err().into_iter().flatten().collect();
    for function in of_app(position, map) {
        witnessed = witnessed.max(reaches[function].witnessed);
        doubts.extend(reaches[function].doubts.iter().cloned());
    }
    Reach { witnessed, doubts: doubts.into_iter().collect() }
}

/// How many functions of the app have a trigger, or have none.
pub(super) fn functions(position: usize, map: &Map<'_>, triggered: bool) -> Reading<usize> {
    map.listed("fns", None)?;
    map.listed("triggers", None)?;
    let has_trigger = |function: &usize| {
        let uid = map.held(*function).uid().as_str();
        map.referrers(RelationName::Invokes, uid).iter().any(|&trigger| map.is_fresh(trigger))
    };
    Ok(of_app(position, map).filter(|function| has_trigger(function) == triggered).count())
}

fn of_app(position: usize, map: &Map<'_>) -> impl Iterator<Item = usize> {
    let members = map.referrers(RelationName::PartOf, map.held(position).uid().as_str());
    let is_function =
        |member: &usize| map.held(*member).kind().as_str() == "fn.function" && map.is_fresh(*member);
    members.iter().copied().filter(is_function)
}
