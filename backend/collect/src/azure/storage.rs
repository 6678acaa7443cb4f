//! Storage accounts, in which function apps keep their code and where they stand. What lies in them is never read.

use super::kind::{Kind, Source, any, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.storage.account",
    facet: "account",
    source: Source::Graph { type_: "Microsoft.Storage/storageAccounts", keep: any },
    details: &[],
    normalise: as_it_is,
}];
