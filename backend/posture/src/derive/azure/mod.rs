//! Facts of Azure, one file per family.

mod apim;
mod assignments;
mod containerapps;
mod escalations;
mod identities;
mod logic;
mod sites;
mod staticsites;
mod storage;
mod subscription;
mod supplies;

use nephoscope_model::{Fact, Facts, Resource};

use crate::derive::map::Map;
use crate::derive::reach::{Exposures, Reach};
use crate::derive::{DerivedResource, Surveyed};

/// What resources of an account say of each other.
pub(super) struct Survey<'a> {
    map: Map<'a>,
    exposures: Exposures,
    sites: sites::Sites,
    gateways: apim::Gateways,
    identities: identities::Identities,
    storage: storage::Users,
    supplies: supplies::Supplies,
}

impl<'a> Survey<'a> {
    pub fn of(map: Map<'a>) -> Self {
        let mut exposures = Exposures { reaches: vec![Reach::default(); map.estate.resources.len()] };
        sites::expose(&map, &mut exposures);
        logic::expose(&map, &mut exposures.reaches);
        containerapps::expose(&map, &mut exposures.reaches);
        staticsites::expose(&map, &mut exposures.reaches);
        supplies::expose(&map, &mut exposures.reaches);
        let gateways = apim::Gateways::of(&map);
        gateways.expose(&map, &mut exposures.reaches);
        let sites = sites::Sites::of(&map);
        let identities = identities::Identities::of(&map);
        let storage = storage::Users::of(&map);
        let supplies = supplies::Supplies::of(&map);
        Self { map, exposures, sites, gateways, identities, storage, supplies }
    }
}

impl Surveyed for Survey<'_> {
    fn derive(&self, position: usize, resource: &Resource) -> DerivedResource {
        DerivedResource { exposure: self.exposures.known(position), facts: facts(position, resource, self) }
    }
}

/// The facts that the kind of the resource has.
fn facts(position: usize, resource: &Resource, survey: &Survey<'_>) -> Facts {
    let Survey { map, exposures, sites, gateways, identities, storage, supplies } = survey;
    let exposure = || exposures.fact(position);
    let mut facts: Vec<(&str, Fact)> = match resource.kind.as_str() {
        "azure.functions.app" | "azure.functions.slot" => sites::facts(position, resource, map, exposure()),
        "azure.functions.plan" => sites::plan_facts(position, map),
        "azure.functions.certificate" => sites::certificate_facts(resource, map, sites),
        "azure.apim.service" | "azure.apim.api" | "azure.apim.backend" | "azure.apim.namedvalue" => {
            gateways.facts(resource, exposure())
        }
        "azure.logic.workflow" => logic::facts(resource, exposure()),
        "azure.containerapps.app" => containerapps::facts(resource, map, exposure()),
        "azure.staticsites.site" => vec![("exposure", exposure())],
        "azure.storage.account" => storage.facts(resource),
        "azure.containerregistry.registry" => supplies.registry_facts(resource, exposure()),
        "azure.keyvault.vault" => supplies.vault_facts(resource),
        "azure.subscription" => subscription::facts(resource, map, supplies),
        _ => Vec::new(),
    };
    if resource.kind.as_str() == "azure.functions.app" {
        facts.push(("gateway_apis", gateways.leading_to(position)));
    }
    facts.extend(identities.facts(resource, map));
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}
