//! A resource for the tests of service files.

use std::collections::BTreeMap;

use nephoscope_model::{AccountId, Facet, Kind, Provider, Region, Resource, ServiceName, Uid};
use serde_json::Value;

/// A resource of `kind` in the project `shop` with one facet.
pub(super) fn resource(kind: &str, facet: &str, value: Value) -> Resource {
    Resource {
        uid: Uid::from("//run.googleapis.com/projects/shop/locations/europe-west1/services/web"),
        kind: Kind::from(kind),
        provider: Provider::Gcp,
        account: AccountId::from("shop"),
        region: Region::from("europe-west1"),
        service: ServiceName::from("run"),
        name: "web".to_owned(),
        tags: BTreeMap::new(),
        facets: BTreeMap::from([(facet.to_owned(), Facet::Known(value))]),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    }
}
