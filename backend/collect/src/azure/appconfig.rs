//! App Configuration: stores, without the keys and values in them.

use super::insights::diagnostics;
use super::kind::{Kind, Source, any, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.appconfig.store",
    facet: "store",
    source: Source::Graph { type_: "Microsoft.AppConfiguration/configurationStores", keep: any },
    details: &[diagnostics("diagnostics")],
    normalise: as_it_is,
}];
