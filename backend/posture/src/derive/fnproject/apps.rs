//! Apps: whom their configuration is handed to.

use nephoscope_model::RelationName;

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::Reading;

/// How far the app's configuration is reached: as far as its functions, whose code is given it.
pub(super) fn reach(position: usize, map: &Map<'_>, reaches: &[Reach]) -> Reach {
    let mut reach = Reach::default();
    for function in of_app(position, map) {
        reach.include(&reaches[function]);
    }
    reach.doubts.extend(map.listed("fns", None).err().into_iter().flatten());
    reach
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
