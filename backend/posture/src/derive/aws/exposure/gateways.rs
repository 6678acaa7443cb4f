//! Gateways, and the functions that strangers call through them.

use std::collections::BTreeSet;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{RelationName, Resource, Unreadable};

use super::super::policies::Policies;
use super::super::{distributions, graph_apis, http_apis, openapi, rest_apis};
use crate::Held;
use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::Reading;

/// Ways from gateways to functions.
#[derive(Default)]
pub(super) struct Doors<'a> {
    /// Functions behind a method or route that anybody can call.
    open: BTreeSet<String>,
    /// Gateways of which it cannot be told which functions anybody can call through them.
    unclear: Vec<Unclear<'a>>,
}

/// A gateway whose open methods or routes, or what they lead to, could not be read.
struct Unclear<'a> {
    gateway: &'a Held,
    relations_unread: bool,
    reasons: Vec<Unreadable>,
}

impl<'a> Doors<'a> {
    /// Whether anybody can call the function through one of them.
    pub fn lead_to(&self, function: &Resource) -> bool {
        self.open.contains(function.uid.as_str())
    }

    /// Why a function that lets API Gateway in may be behind an open method that was not seen.
    pub fn doubts(&self, function: &Resource, map: &Map<'_>) -> Vec<Unreadable> {
        let region = function.region.as_str();
        let mut doubts = Vec::new();
        for service in ["apigateway", "apigatewayv2"] {
            doubts.extend(map.listed(service, Some(region)).err().unwrap_or_default());
        }
        for Unclear { gateway, relations_unread, reasons } in &self.unclear {
            let invokes = |relation: &nephoscope_model::Relation| {
                relation.name == RelationName::Invokes && relation.to == function.uid
            };
            if *gateway.region() == function.region
                && (*relations_unread || gateway.relations().iter().any(invokes))
            {
                doubts.extend(reasons.iter().cloned());
            }
        }
        doubts
    }

    /// Opens every way from the gateway to a function.
    fn open_all(&mut self, gateway: &Held) {
        let invoked = gateway.relations().iter().filter(|relation| relation.name == RelationName::Invokes);
        self.open.extend(invoked.map(|relation| relation.to.as_str().to_owned()));
    }
}

/// A stage of a REST API: as far as its methods and the policy that was deployed let anybody in.
pub(super) fn rest_stage<'a>(
    position: usize,
    map: &Map<'a>,
    policies: &Policies<'_>,
    doors: &mut Doors<'a>,
) -> Reach {
    let stage = map.open(position);
    let policy = policies.grants(&stage);
    let grants = policy.as_deref().map_err(Vec::as_slice);
    let open = rest_apis::has_public_endpoint(&stage)
        .and_then(|public| if public { rest_apis::open(&stage, grants) } else { Ok(Vec::new()) });
    let targets = open.map(|methods| {
        methods.iter().map(|method| method.uri().and_then(function_of).map(str::to_owned)).collect()
    });
    let mut reach = gateway(position, &stage, targets, map, doors);
    if let Ok(grants) = policy
        && grants.iter().any(|grant| grant.reach == Exposure::CrossAccount)
    {
        reach.widen(Exposure::CrossAccount);
    }
    reach
}

/// A stage of an HTTP or WebSocket API.
pub(super) fn http_stage<'a>(position: usize, map: &Map<'a>, doors: &mut Doors<'a>) -> Reach {
    let stage = map.open(position);
    let targets = http_apis::open(&stage).and_then(|routes| {
        let target = |uri: &str| function_of(uri).map(str::to_owned);
        let mut targets: Vec<Option<String>> =
            routes.iter().map(|route| route.uri().and_then(target)).collect();
        if http_apis::is_connect_open(&stage)? {
            // Whoever is connected can send messages to any route.
            targets.push(None);
        }
        Ok(targets)
    });
    gateway(position, &stage, targets, map, doors)
}

/// An API is reached as far as its stages are. Without a stage nothing answers, if there really is none.
pub(super) fn api(position: usize, map: &Map<'_>, reaches: &[Reach]) -> Reach {
    let held = map.held(position);
    let mut reach = Reach::default();
    let stages = map.referrers(RelationName::PartOf, held.uid().as_str());
    for &stage in stages {
        reach.include(&reaches[stage]);
    }
    if stages.is_empty() {
        let service =
            if held.kind().as_str() == "aws.apigatewayv2.api" { "apigatewayv2" } else { "apigateway" };
        reach.doubts = map.listed(service, Some(held.region().as_str())).err().unwrap_or_default();
    }
    reach
}

/// A GraphQL or event API that asks for a key alone: the key is in every page that uses it.
pub(super) fn graph_api<'a>(position: usize, map: &Map<'a>, doors: &mut Doors<'a>) -> Reach {
    let api = map.open(position);
    match graph_apis::is_open(&api) {
        Ok(true) => {
            if graph_apis::keys_open_all(&api) == Ok(true) {
                doors.open_all(map.held(position));
            }
            Reach { witnessed: Exposure::Internet, doubts: Vec::new() }
        }
        Ok(false) => Reach::default(),
        Err(doubts) => Reach { witnessed: Exposure::Internal, doubts },
    }
}

/// A distribution answers everybody, and so do the functions that run in it.
pub(super) fn distribution<'a>(position: usize, map: &Map<'a>, doors: &mut Doors<'a>) -> Reach {
    match distributions::is_enabled(&map.open(position)) {
        Ok(true) => {
            doors.open_all(map.held(position));
            Reach { witnessed: Exposure::Internet, doubts: Vec::new() }
        }
        Ok(false) => Reach::default(),
        Err(doubts) => Reach { witnessed: Exposure::Internal, doubts },
    }
}

/// The reach of a stage, given where its open methods or routes lead. A target that cannot be told may be any of the
/// functions that its API invokes.
fn gateway<'a>(
    position: usize,
    stage: &Resource,
    targets: Reading<Vec<Option<String>>>,
    map: &Map<'a>,
    doors: &mut Doors<'a>,
) -> Reach {
    let part_of = stage.relations.iter().find(|relation| relation.name == RelationName::PartOf);
    let api = part_of.and_then(|relation| map.position(relation.to.as_str()));
    let api = map.held(api.unwrap_or(position));
    match targets {
        Ok(targets) if targets.is_empty() => Reach::default(),
        Ok(targets) => {
            if targets.iter().any(Option::is_none) {
                doors.open_all(api);
            }
            doors.open.extend(targets.into_iter().flatten());
            Reach { witnessed: Exposure::Internet, doubts: Vec::new() }
        }
        Err(doubts) => {
            // What the API invokes is told by what is deployed, or by what stands in for it.
            let stands_in = ["resources", "integrations"];
            let known = |name: &&str| stage.facets.get(*name).is_some_and(|facet| facet.value().is_some());
            let relations_unread = openapi::document(stage).is_err() && !stands_in.iter().any(known);
            doors.unclear.push(Unclear { gateway: api, relations_unread, reasons: doubts.clone() });
            Reach { witnessed: Exposure::Internal, doubts }
        }
    }
}

/// The unqualified ARN of the function that an integration's URI names, bare or within a path of API Gateway.
fn function_of(uri: &str) -> Option<&str> {
    let arn = match uri.split_once("/functions/") {
        Some((_, rest)) => rest.strip_suffix("/invocations").unwrap_or(rest),
        None => uri,
    };
    let is_function = arn.split(':').nth(5) == Some("function") && !arn.contains("${");
    is_function.then(|| arn.match_indices(':').nth(6).map_or(arn, |(end, _)| &arn[..end]))
}

#[cfg(test)]
mod tests {
    use super::function_of;

    #[test]
    fn integration_uris_name_functions() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:cart";
        let path = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions";
        assert_eq!(function_of(arn), Some(arn));
        assert_eq!(function_of(&format!("{path}/{arn}/invocations")), Some(arn));
        assert_eq!(function_of(&format!("{path}/{arn}:live/invocations")), Some(arn));
        assert_eq!(function_of(&format!("{path}/{arn}:${{stageVariables.alias}}/invocations")), None);
        assert_eq!(function_of("https://example.com/functions/list"), None);
        assert_eq!(function_of("arn:aws:apigateway:eu-west-1:sqs:path/111122223333/queue"), None);
    }
}
