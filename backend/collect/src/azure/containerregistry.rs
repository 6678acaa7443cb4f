//! Container registries, from which functions in containers come. Their images are not listed.

use super::kind::{Kind, Source, any, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.containerregistry.registry",
    facet: "registry",
    source: Source::Graph { type_: "Microsoft.ContainerRegistry/registries", keep: any },
    details: &[],
    normalise: as_it_is,
}];
