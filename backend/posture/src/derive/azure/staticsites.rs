//! Static web apps: pages and functions that answer on the internet unless the network keeps them in.

use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure;

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, malformed, required, text};

/// Which routes ask for a role stands in the deployed files; the site itself answers everybody.
pub(super) fn expose(map: &Map<'_>, reaches: &mut [Reach]) {
    for &position in map.kind("azure.staticsites.site") {
        reaches[position] = exposure(&map.open(position)).into();
    }
}

fn exposure(site: &Resource) -> Reading<Exposure> {
    let properties = required(site, "site")?.get("properties").ok_or_else(|| malformed("site"))?;
    let closed =
        text(properties, "publicNetworkAccess").is_some_and(|access| access.eq_ignore_ascii_case("disabled"));
    Ok(if closed { Exposure::Internal } else { Exposure::Internet })
}
