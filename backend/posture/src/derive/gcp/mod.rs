//! Facts of Google Cloud, one file per family.

mod apigateway;
mod apikeys;
mod appengine;
mod audit;
mod balancers;
mod bindings;
mod budgets;
mod callers;
mod definitions;
mod deny;
mod escalations;
mod exposure;
mod functions;
mod governed;
mod iam;
mod images;
mod members;
mod openapi;
mod project;
mod roles;
mod rules;
mod run;
mod runners;
mod serving;
mod usage;
mod watch;
mod writers;

use nephoscope_model::{Fact, Facts, Resource};

use crate::derive::map::Map;
use crate::derive::reach::{Exposures, Reach};
use crate::derive::reading::fact;
use crate::derive::{DerivedResource, Surveyed};
use governed::Governance;
use serving::Serving;

/// What resources of an account say of each other.
pub(super) struct Survey<'a> {
    map: Map<'a>,
    exposures: Exposures,
    serving: Serving,
    governance: Governance,
}

impl<'a> Survey<'a> {
    pub fn of(map: Map<'a>) -> Self {
        let mut reaches = vec![Reach::default(); map.estate.resources.len()];
        let serving = Serving::of(&map);
        serving.expose(&map, &mut reaches);
        appengine::expose(&map, &mut reaches);
        let governance = Governance::of(&map);
        exposure::expose(&map, &governance.iam.project, &mut reaches);
        let exposures = Exposures { reaches };
        Self { map, exposures, serving, governance }
    }
}

impl Surveyed for Survey<'_> {
    fn derive(&self, position: usize, resource: &Resource) -> DerivedResource {
        DerivedResource { exposure: self.exposures.known(position), facts: facts(position, resource, self) }
    }
}

/// The facts that the kind of the resource has.
fn facts(position: usize, resource: &Resource, survey: &Survey<'_>) -> Facts {
    let Survey { map, exposures, serving, governance } = survey;
    let exposed = |mut facts: Vec<(&'static str, Fact)>| {
        facts.push(("exposure", exposures.fact(position)));
        facts
    };
    let mut facts: Vec<(&str, Fact)> = match resource.kind.as_str() {
        "gcp.functions.function" => exposed(functions::facts(position, resource, map, serving)),
        "gcp.run.service" => exposed(run::service(position, resource, map, serving)),
        "gcp.run.job" => run::job(resource),
        "gcp.run.workerpool" => run::pool(resource),
        "gcp.apigateway.config" => exposed(apigateway::facts(resource, map, serving)),
        "gcp.appengine.application" => exposed(appengine::facts(resource)),
        "gcp.apigateway.gateway" | "gcp.appengine.version" => exposed(Vec::new()),
        "gcp.apikeys.key" => apikeys::facts(map),
        "gcp.artifactregistry.repository" => images::facts(resource, map, serving),
        "gcp.compute.backendservice" => balancers::facts(resource, map, &serving.balancers),
        "gcp.compute.securitypolicy" => {
            vec![("protects", fact(serving.balancers.protected(resource, map)))]
        }
        "gcp.kms.key"
        | "gcp.pubsub.subscription"
        | "gcp.pubsub.topic"
        | "gcp.secretmanager.secret"
        | "gcp.storage.bucket"
        | "gcp.tasks.queue" => exposed(governance.facts(position, resource, map)),
        "gcp.project" => {
            let mut facts = governance.facts(position, resource, map);
            facts.push(("api_keys", fact(apikeys::keys(map))));
            facts
        }
        _ => governance.facts(position, resource, map),
    };
    facts.extend(governance.identity(resource, map));
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}
