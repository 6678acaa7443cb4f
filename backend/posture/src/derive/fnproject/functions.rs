//! Functions: who reaches them.

use nephoscope_model::RelationName;

use super::doors::{self, Door};
use super::servers::Server;
use crate::derive::map::Map;
use crate::derive::reach::Reach;

/// How far the function is reached: through its own address, which every function has, and through its triggers.
pub(super) fn reach(position: usize, map: &Map<'_>, server: &Server<'_>, reaches: &[Reach]) -> Reach {
    let function = map.held(position).open_only(&["fn", "probe"]);
    let mut reach = Reach::from(doors::exposure(Door::Invoke, &function, server));
    for &trigger in map.referrers(RelationName::Invokes, map.held(position).uid().as_str()) {
        reach.include(&reaches[trigger]);
    }
    reach.doubts.extend(map.listed("triggers", None).err().into_iter().flatten());
    reach
}
