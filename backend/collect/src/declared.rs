//! What collectors declare, by provider: which calls a service makes, and which of them brings forth a kind of resource.

use nephoscope_model::Provider;

use crate::{aws, azure, fnproject, gcp};

/// Names in order, each once.
pub(crate) fn sorted<T: Ord>(names: impl Iterator<Item = T>) -> Vec<T> {
    let mut names: Vec<T> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every service of a provider, in the order in which shards are planned.
pub fn services(provider: Provider) -> Vec<&'static str> {
    match provider {
        Provider::Aws => aws::services(),
        Provider::Azure => azure::services(),
        Provider::Gcp => gcp::services(),
        Provider::Fn => fnproject::services(),
    }
}

/// The API actions that one service calls, as coverage counts them.
pub fn actions_of(provider: Provider, service: &str) -> Vec<&'static str> {
    match provider {
        Provider::Aws => aws::actions_of(service),
        Provider::Azure => azure::actions_of(service),
        Provider::Gcp => gcp::actions_of(service),
        Provider::Fn => fnproject::actions_of(service),
    }
}

/// True where resources of `kind` are known only through `api`, which is the call of a listing of `service`.
pub fn lists(provider: Provider, service: &str, api: &str, kind: &str) -> bool {
    match provider {
        Provider::Aws => aws::lists(service, api, kind),
        Provider::Azure => azure::lists(service, api, kind),
        Provider::Gcp => gcp::lists(service, api, kind),
        Provider::Fn => fnproject::lists(service, api, kind),
    }
}
