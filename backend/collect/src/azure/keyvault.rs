//! Key vaults, to which settings of functions refer. Neither keys nor secrets in them are ever asked for.

use super::insights::diagnostics;
use super::kind::{Kind, Source, any, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.keyvault.vault",
    facet: "vault",
    source: Source::Graph { type_: "Microsoft.KeyVault/vaults", keep: any },
    details: &[diagnostics("diagnostics")],
    normalise: as_it_is,
}];
