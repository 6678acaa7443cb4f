//! Key vaults, to which settings of functions refer. Neither keys nor secrets in them are ever asked for.

use super::kind::{Detail, Kind, Source, any, as_it_is};
use super::quota::READS;
use crate::rest::{Action, List, Pages};

static DIAGNOSTICS: List = Action::new("Microsoft.Insights/diagnosticSettings/read", &READS)
    .version("2021-05-01-preview")
    .list("value", Pages::Link("nextLink"));

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.keyvault.vault",
    facet: "vault",
    source: Source::Graph { type_: "Microsoft.KeyVault/vaults", keep: any },
    details: &[Detail::all("diagnostics", &DIAGNOSTICS, "/providers/Microsoft.Insights/diagnosticSettings")],
    normalise: as_it_is,
}];
