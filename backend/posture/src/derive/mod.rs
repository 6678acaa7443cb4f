//! Facts: what conditions need and no single facet says, derived across the resources of one account.
//!
//! One file per family. Whatever needs a facet that could not be read, or an absence that no complete listing proves,
//! is unknown with its reasons; one readable witness suffices for what only needs one.

mod exposure;
mod functions;
mod grants;
mod http_apis;
mod layers;
mod map;
mod policies;
mod reading;
mod rest_apis;
mod runtime;
mod secrets;
mod trails;
mod vendors;

use std::borrow::Cow;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Facts, RelationName};

use crate::Estate;
use exposure::Exposures;
use map::Map;
use policies::Policies;
use reading::fact;
use trails::Trails;

/// What was derived, one entry per resource of the estate and in the same order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// The facts of each resource.
    pub resources: Vec<DerivedResource>,
}

/// What was derived of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedResource {
    /// Who can reach it, as far as that is known.
    pub exposure: Exposure,
    /// Its facts, by name.
    pub facts: Facts,
}

impl<'d> From<&'d Derived> for Cow<'d, Derived> {
    fn from(derived: &'d Derived) -> Self {
        Self::Borrowed(derived)
    }
}

impl From<Derived> for Cow<'_, Derived> {
    fn from(derived: Derived) -> Self {
        Self::Owned(derived)
    }
}

/// Derives the facts of every resource of `estate`.
pub fn derive(estate: &Estate<'_>) -> Derived {
    let map = Map::of(estate);
    let policies = Policies::of(&map);
    let exposures = Exposures::of(&map, &policies);
    let trails = Trails::of(&map);
    let resources = (0..estate.resources.len()).map(|position| DerivedResource {
        exposure: exposures.known(position),
        facts: facts(position, &map, &policies, &exposures, &trails),
    });
    Derived { resources: resources.collect() }
}

/// The facts that the kind of the resource has.
fn facts(
    position: usize,
    map: &Map<'_>,
    policies: &Policies,
    exposures: &Exposures,
    trails: &Trails<'_>,
) -> Facts {
    let resource = map.resource(position);
    let exposure = || exposures.fact(position);
    let facts: Vec<(&str, Fact)> = match resource.kind.as_str() {
        "aws.account" => vec![("management_trail", fact(trails.record_management()))],
        "aws.lambda.function" => vec![
            ("runtime", fact(runtime::runtime(resource, map.estate.instant))),
            ("grants", policies.fact(position)),
            ("secrets", fact(secrets::secrets(resource, "config"))),
            ("foreign_layers", fact(layers::foreign(resource))),
            ("insights", fact(layers::insights(resource))),
            ("invocations_recorded", fact(trails.record_invocations(resource))),
            ("role", fact(functions::role(resource))),
            ("exposure", exposure()),
        ],
        "aws.iam.role" => vec![
            ("grants", policies.fact(position)),
            ("trust", fact(policies::trust(resource))),
            ("functions", fact(functions::referring(position, RelationName::ExecutesAs, map))),
            ("exposure", exposure()),
        ],
        "aws.apigateway.restapi" => vec![
            ("grants", policies.fact(position)),
            ("open_methods", fact(rest_apis::open_methods(resource, policies.of_resource(position)))),
            ("key_only_methods", fact(rest_apis::key_only_methods(resource))),
            ("unvalidated_methods", fact(rest_apis::unvalidated_methods(resource))),
            ("exposure", exposure()),
        ],
        "aws.apigateway.stage" => vec![
            ("secrets", fact(secrets::secrets(resource, "stage"))),
            ("public_endpoint", fact(rest_apis::has_public_endpoint(resource))),
            ("http_integration", fact(rest_apis::has_http_integration(resource))),
            ("exposure", exposure()),
        ],
        "aws.apigatewayv2.api" => vec![
            ("open_routes", fact(http_apis::open_routes(resource))),
            ("connect_open", fact(http_apis::is_connect_open(resource))),
            ("exposure", exposure()),
        ],
        "aws.apigatewayv2.stage" => vec![("secrets", fact(secrets::secrets(resource, "stage")))],
        "aws.logs.group" => {
            vec![("functions", fact(functions::referring(position, RelationName::LogsTo, map)))]
        }
        "aws.logs.policy" => vec![("grants", policies.fact(position))],
        _ => Vec::new(),
    };
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}
