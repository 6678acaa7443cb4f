//! Static web apps and the functions that they bring along. Who may call which route stands in the deployed files.

use nephoscope_model::{Facet, Resource};

use super::identities::relate_identities;
use super::kind::{Detail, Kind, NEXT, Source, any};
use super::quota::READS;
use crate::normalise::without;
use crate::redact::Redactor;
use crate::rest::{Action, List};

static FUNCTIONS: List =
    Action::new("Microsoft.Web/staticSites/functions/read", &READS).version("2025-05-01").list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.staticsites.site",
    facet: "site",
    source: Source::Graph { type_: "Microsoft.Web/staticSites", keep: any },
    details: &[Detail::all("functions", &FUNCTIONS, "/functions")],
    normalise: site,
}];

fn site(site: &mut Resource, _redactor: &Redactor) {
    if let Some(Facet::Known(row)) = site.facets.get_mut("site")
        && let Some(properties) = row.get_mut("properties")
    {
        without(properties, "repositoryToken");
    }
    relate_identities(site, "site");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, ServiceName, Uid};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_token_of_the_repository_does_not_stay() {
        let row = json!({"properties": {"defaultHostname": "shop.azurestaticapps.net", "repositoryToken": "CANARY"}});
        let mut resource = Resource {
            uid: Uid::from("/subscriptions/s/staticsites/p"),
            kind: KindName::from("azure.staticsites.site"),
            provider: Provider::Azure,
            account: AccountId::from("s"),
            region: Region::from("westeurope"),
            service: ServiceName::from("staticsites"),
            name: "p".to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::from([("site".to_owned(), Facet::Known(row))]),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        };
        site(&mut resource, &Redactor::new([7; 32]));
        let expected = json!({"properties": {"defaultHostname": "shop.azurestaticapps.net"}});
        assert_eq!(resource.facets["site"], Facet::Known(expected));
    }
}
