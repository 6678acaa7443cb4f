//! Facts of AWS, one file per family.

mod buckets;
mod distributions;
mod drafts;
mod escalations;
mod executors;
mod exposure;
mod firewalls;
mod functions;
mod gateways;
mod grants;
mod graph_apis;
mod guarding;
mod http_apis;
mod identity_pools;
mod invocation;
mod keys;
mod layers;
mod messaging;
mod methods;
mod network;
mod openapi;
mod policies;
mod pool;
mod powers;
mod rest_apis;
mod runtime;
mod secrets;
mod spend;
mod tags;
mod trails;
mod vendors;
mod workflows;

use nephoscope_model::{Fact, Facts, RelationName, Resource};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reach::Exposures;
use crate::derive::reading::{Reading, fact};
use crate::derive::{DerivedResource, Surveyed};
use grants::Identity;
use network::Networks;
use policies::Policies;
use powers::Powers;
use trails::Trails;

/// What resources of an account say of each other.
pub(super) struct Survey<'a> {
    map: Map<'a>,
    policies: Policies<'a>,
    exposures: Exposures,
    powers: Powers,
    trails: Trails<'a>,
    networks: Networks<'a>,
}

impl<'a> Survey<'a> {
    pub fn of(map: Map<'a>) -> Self {
        let policies = Policies::of(&map);
        let exposures = exposure::exposures(&map, &policies);
        let powers = Powers::of(&map, &policies);
        let trails = Trails::of(&map);
        let networks = Networks::of(&map);
        Self { map, policies, exposures, powers, trails, networks }
    }
}

impl Surveyed for Survey<'_> {
    fn derive(&self, position: usize, resource: &Resource) -> DerivedResource {
        DerivedResource { exposure: self.exposures.known(position), facts: facts(position, resource, self) }
    }
}

/// The facts that the kind of the resource has.
fn facts(position: usize, resource: &Resource, survey: &Survey<'_>) -> Facts {
    let Survey { map, policies, exposures, powers, trails, networks } = survey;
    let exposure = || exposures.fact(position);
    let grants = || fact(policies.grants(resource).as_deref().map(grants::to_value).map_err(Vec::clone));
    let facts: Vec<(&str, Fact)> = match resource.kind.as_str() {
        "aws.account" => vec![
            ("management_trail", fact(trails.record_management())),
            ("firewalls", fact(firewalls::coverage(map))),
        ],
        "aws.lambda.function" => vec![
            ("runtime", fact(runtime::runtime(resource, map.estate.instant))),
            ("grants", grants()),
            ("secrets", fact(secrets::secrets(resource, "config"))),
            ("foreign_layers", fact(layers::foreign(resource))),
            ("insights", fact(layers::insights(resource))),
            ("invocations_recorded", fact(trails.record_invocations(resource))),
            ("role", fact(functions::role(resource))),
            ("asynchronous", fact(invocation::asynchronous(resource, policies))),
            ("may_log", fact(powers.may_log(position))),
            ("unchanged_days", fact(runtime::unchanged_days(resource, map.estate.instant))),
            ("zones", fact(networks.zones(resource))),
            ("network", fact(networks.reach(resource))),
            ("exposure", exposure()),
        ],
        "aws.lambda.settings" => vec![
            ("functions", fact(pool::functions(resource, map))),
            ("largest_reservation", fact(pool::largest_reservation(resource, map))),
        ],
        "aws.lambda.layer" | "aws.lambda.web_function" => {
            vec![("grants", grants()), ("exposure", exposure())]
        }
        "aws.lambda.microvm_image" => vec![("strong_roles", fact(powers.strong_of(resource, map)))],
        "aws.lambda.capacity_provider" => vec![("placed_by", fact(powers.placing()))],
        "aws.iam.role" => {
            let identity = policies.identity(resource);
            let of = |says: &dyn Fn(&Identity) -> Reading<Value>| {
                fact(identity.as_ref().map_err(Vec::clone).and_then(says))
            };
            vec![
                ("grants", of(&|identity| Ok(grants::to_value(&identity.grants)))),
                ("trust", fact(policies::trust(resource))),
                ("functions", fact(functions::referring(position, RelationName::ExecutesAs, map))),
                ("workload", fact(powers::is_workload(resource))),
                ("admin", of(&|identity| Ok(Value::from(identity.is_admin())))),
                ("powers", of(&|identity| Ok(powers::powers(identity)))),
                ("escalations", of(&|identity| Ok(escalations::open(identity).into()))),
                ("self_modifying", of(&|identity| Ok(powers::self_modifying(position, map, identity)))),
                ("rewrites", of(&|identity| powers.rewrites(position, identity))),
                ("stacks", fact(guarding::stacks(position, map))),
                ("exposure", exposure()),
            ]
        }
        "aws.apigateway.restapi"
        | "aws.apigateway.stage"
        | "aws.apigatewayv2.api"
        | "aws.apigatewayv2.stage"
        | "aws.appsync.graphqlapi"
        | "aws.appsync.eventapi"
        | "aws.cloudfront.distribution"
        | "aws.cloudfront.function"
        | "aws.wafv2.acl" => {
            gateways::facts(gateways::Gateway { position, resource, map, policies, exposure: exposure() })
        }
        "aws.logs.group" => {
            vec![("functions", fact(functions::referring(position, RelationName::LogsTo, map)))]
        }
        "aws.logs.policy" => vec![("grants", grants())],
        "aws.events.bus" | "aws.schemas.registry" => vec![("grants", grants()), ("exposure", exposure())],
        "aws.events.rule" => {
            vec![("broad_grants", fact(executors::broad_grants(resource, "targets", map, policies)))]
        }
        "aws.pipes.pipe" => {
            vec![("broad_grants", fact(executors::broad_grants(resource, "pipe", map, policies)))]
        }
        "aws.scheduler.schedule" => vec![
            ("broad_grants", fact(executors::broad_grants(resource, "schedule", map, policies))),
            ("secrets", fact(secrets::secrets(resource, "schedule"))),
        ],
        "aws.stepfunctions.statemachine" => {
            let role = || executors::role_grants(resource, "machine", map, policies);
            vec![
                ("broad_grants", fact(executors::broad_grants(resource, "machine", map, policies))),
                ("chosen_targets", fact(workflows::chosen_targets(resource, role))),
                ("open_http_tasks", fact(workflows::open_http_tasks(resource, role))),
                ("secrets", fact(secrets::secrets(resource, "definition"))),
                ("unbounded_maps", fact(workflows::unbounded_maps(resource))),
            ]
        }
        "aws.cognito.identitypool" => vec![
            ("guest_grants", fact(identity_pools::guest_grants(resource, map, policies))),
            ("exposure", exposure()),
        ],
        "aws.guardduty.detector" | "aws.inspector.status" | "aws.config.recorder" => {
            vec![("has_functions", fact(guarding::has_functions(resource, map)))]
        }
        "aws.xray.settings" => vec![
            ("customer_key", fact(keys::customer_key(resource, "encryption", map))),
            ("has_functions", fact(guarding::has_functions(resource, map))),
        ],
        "aws.budgets.alerts" => vec![
            ("has_functions", fact(guarding::has_functions(resource, map))),
            ("spend_alerts", fact(spend::alerts(resource, map.estate.instant))),
        ],
        "aws.tagging.region" => vec![("untagged", fact(tags::untagged(resource, map)))],
        "aws.cloudformation.stack" => vec![("secrets", fact(secrets::secrets(resource, "stack")))],
        "aws.codebuild.project" => vec![("secrets", fact(secrets::secrets(resource, "project")))],
        "aws.apprunner.service" => vec![
            ("customer_key", fact(keys::customer_key(resource, "service", map))),
            ("secrets", fact(secrets::secrets(resource, "service"))),
        ],
        "aws.amplify.app" => vec![("secrets", fact(guarding::secrets_in(resource, &["app", "branches"])))],
        "aws.codeartifact.domain" => {
            vec![("customer_key", fact(keys::customer_key(resource, "domain", map)))]
        }
        "aws.sqs.queue" => vec![
            ("grants", grants()),
            ("customer_key", fact(keys::customer_key(resource, "attributes", map))),
            ("dead_letters_of", fact(messaging::dead_letters_of(position, map))),
            ("exposure", exposure()),
        ],
        "aws.sns.topic" => vec![
            ("grants", grants()),
            ("customer_key", fact(keys::customer_key(resource, "attributes", map))),
            ("subscribers", fact(messaging::subscribers(position, map))),
            ("exposure", exposure()),
        ],
        "aws.dynamodb.table" => vec![
            ("grants", grants()),
            ("customer_key", fact(keys::customer_key(resource, "table", map))),
            ("exposure", exposure()),
        ],
        "aws.kinesis.stream" => vec![
            ("grants", grants()),
            ("customer_key", fact(keys::customer_key(resource, "stream", map))),
            ("functions", fact(functions::referring(position, RelationName::TriggeredBy, map))),
            ("exposure", exposure()),
        ],
        "aws.secretsmanager.secret" => vec![
            ("grants", grants()),
            ("customer_key", fact(keys::customer_key(resource, "secret", map))),
            ("exposure", exposure()),
        ],
        "aws.kms.key" | "aws.ecr.repository" | "aws.efs.filesystem" => {
            vec![("grants", grants()), ("exposure", exposure())]
        }
        "aws.s3.bucket" => vec![
            ("grants", grants()),
            ("objects_recorded", fact(trails.record_objects(resource))),
            ("exposure", exposure()),
        ],
        _ => Vec::new(),
    };
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}
