//! Durable Task: the schedulers that keep the state of durable functions.

use super::kind::{Kind, Source, any, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.durabletask.scheduler",
    facet: "scheduler",
    source: Source::Graph { type_: "Microsoft.DurableTask/schedulers", keep: any },
    details: &[],
    normalise: as_it_is,
}];
