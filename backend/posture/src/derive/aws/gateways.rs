//! The facts of gateways and of what stands in front of them, by kind.

use jiff::Timestamp;
use nephoscope_model::{Fact, RelationName, Resource, Unreadable};
use serde_json::{Value, json};

use super::policies::Policies;
use super::{distributions, drafts, executors, firewalls, grants, http_apis, rest_apis, secrets};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet, fact, merged};

/// A resource with what its facts are derived from.
pub(super) struct Gateway<'s, 'a> {
    pub position: usize,
    pub resource: &'s Resource,
    pub map: &'s Map<'a>,
    pub policies: &'s Policies<'a>,
    pub exposure: Fact,
}

/// The facts that the gateway's kind has.
pub(super) fn facts(gateway: Gateway<'_, '_>) -> Vec<(&'static str, Fact)> {
    let Gateway { position, resource, map, policies, exposure } = gateway;
    let grants = || fact(policies.grants(resource).as_deref().map(grants::to_value).map_err(Vec::clone));
    let domains = || fact(custom_domains(position, map));
    let mut facts = match resource.kind.as_str() {
        "aws.apigateway.restapi" => vec![
            ("custom_domains", domains()),
            ("draft_differences", fact(drafts::rest_differences(resource, position, map))),
        ],
        "aws.apigatewayv2.api" => vec![
            ("custom_domains", domains()),
            ("draft_differences", fact(drafts::http_differences(resource, position, map))),
        ],
        "aws.apigateway.stage" => {
            let policy = || policies.grants(resource);
            let roles = rest_apis::integrations_facet(resource);
            vec![
                ("any_origin_methods", fact(rest_apis::any_origin_methods(resource))),
                ("broad_grants", fact(executors::broad_grants(resource, roles, map, policies))),
                ("certificate_days", fact(certificate_days(resource, map.estate.instant))),
                ("grants", grants()),
                ("http_integration", fact(rest_apis::has_http_integration(resource))),
                ("key_only_methods", fact(rest_apis::key_only_methods(resource, policy()))),
                ("methods", fact(rest_apis::overview(resource))),
                ("methods_source", fact(rest_apis::source(resource))),
                ("open_methods", fact(rest_apis::open_methods(resource, policy()))),
                ("open_proxies", fact(rest_apis::open_proxies(resource, policy()))),
                ("plain_integrations", fact(rest_apis::plain_integrations(resource))),
                ("public_endpoint", fact(rest_apis::has_public_endpoint(resource))),
                ("secrets", fact(secrets::secrets(resource, "stage"))),
                ("unvalidated_methods", fact(rest_apis::unvalidated_methods(resource))),
            ]
        }
        "aws.apigatewayv2.stage" => vec![
            ("connect_open", fact(http_apis::is_connect_open(resource))),
            ("has_tokens", fact(http_apis::has_tokens(resource))),
            ("open_routes", fact(http_apis::open_routes(resource))),
            ("plain_links", fact(http_apis::plain_links(resource))),
            ("private_links", fact(http_apis::private_links(resource))),
            ("routes_source", fact(http_apis::source(resource))),
            ("secrets", fact(secrets::secrets(resource, "stage"))),
            ("weak_tokens", fact(http_apis::weak_tokens(resource))),
        ],
        "aws.appsync.graphqlapi" => {
            vec![("broad_grants", fact(executors::broad_grants(resource, "data_sources", map, policies)))]
        }
        "aws.cloudfront.distribution" => vec![
            ("compute_origins", fact(distributions::compute_origins(resource, map))),
            ("edge_functions", fact(distributions::edge_functions(resource))),
        ],
        "aws.cloudfront.function" => vec![("secrets", fact(secrets::secrets(resource, "code")))],
        "aws.wafv2.acl" => vec![
            ("knows_exploits", fact(firewalls::knows_exploits(resource, map))),
            ("limits_rate", fact(firewalls::limits_rate(resource, map))),
            ("only_counts", fact(firewalls::only_counts(resource))),
            ("protects", fact(firewalls::protects(position, resource, map))),
        ],
        _ => Vec::new(),
    };
    if !matches!(resource.kind.as_str(), "aws.wafv2.acl" | "aws.cloudfront.function") {
        facts.push(("exposure", exposure));
    }
    facts
}

/// The names of the custom domains that lead to the API. One witness is enough; that there is none is only known
/// where every domain of the region said what it leads to.
fn custom_domains(position: usize, map: &Map<'_>) -> Reading<Value> {
    let held = map.held(position);
    let domain = |position: &usize| {
        let (_, name) = map.held(*position).uid().as_str().rsplit_once("/domainnames/")?;
        Some(name.to_owned())
    };
    let names: Vec<String> =
        map.referrers(RelationName::Invokes, held.uid().as_str()).iter().filter_map(domain).collect();
    if names.is_empty() {
        map.listed("apigateway", Some(held.region().as_str()))?;
        let mut doubts: Vec<Unreadable> = Vec::new();
        for &position in map.kind("aws.apigateway.domain") {
            if map.held(position).region() == held.region() {
                doubts.extend(facet(&map.open(position), "mappings").err().unwrap_or_default());
            }
        }
        if !doubts.is_empty() {
            return Err(merged(doubts));
        }
    }
    Ok(json!(names))
}

/// Whole days that the stage's client certificate is still valid; null where it has none.
fn certificate_days(stage: &Resource, instant: Timestamp) -> Reading<Value> {
    let expires = facet(stage, "certificate")?.and_then(|certificate| certificate.get("expirationDate"));
    let expires = expires.and_then(|expires| match expires {
        Value::Number(seconds) => Timestamp::from_second(seconds.as_i64()?).ok(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    Ok(expires
        .map_or(Value::Null, |expires| json!((expires.as_second() - instant.as_second()).div_euclid(86_400))))
}
