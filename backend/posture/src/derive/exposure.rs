//! Who can reach a resource, as far as configuration shows it.

use std::collections::BTreeSet;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, RelationName, Resource, Unreadable};
use serde_json::Value;

use super::grants::Grant;
use super::map::Map;
use super::policies::Policies;
use super::reading::{Reading, facet, merged, text};
use super::{http_apis, rest_apis};

/// The exposure of every resource, by position.
pub(super) struct Exposures {
    reaches: Vec<Reach>,
}

/// How far something can be reached.
#[derive(Clone, Debug)]
struct Reach {
    /// The widest exposure that has a witness.
    witnessed: Exposure,
    /// Why it may be wider.
    doubts: Vec<Unreadable>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { witnessed: Exposure::Internal, doubts: Vec::new() }
    }
}

impl Reach {
    fn widen(&mut self, exposure: Exposure) {
        self.witnessed = self.witnessed.max(exposure);
    }

    /// Nothing is wider than the internet, so doubts do not matter there.
    fn is_certain(&self) -> bool {
        self.witnessed == Exposure::Internet || self.doubts.is_empty()
    }

    fn include(&mut self, other: &Reach) {
        self.widen(other.witnessed);
        self.doubts.extend(other.doubts.iter().cloned());
    }
}

impl Exposures {
    pub fn of(map: &Map<'_>, policies: &Policies) -> Self {
        let mut reaches = vec![Reach::default(); map.estate.resources.len()];
        let mut doors = Doors::default();
        for &position in map.kind("aws.apigateway.restapi") {
            reaches[position] = rest_api(position, map, policies, &mut doors);
        }
        for &position in map.kind("aws.apigatewayv2.api") {
            reaches[position] = http_api(position, map, &mut doors);
        }
        for &position in map.kind("aws.lambda.function") {
            reaches[position] = function(position, map, policies, &doors);
        }
        for &position in map.kind("aws.iam.role") {
            reaches[position] = role(position, map, &reaches);
        }
        for kind in ["aws.apigateway.stage", "aws.apigatewayv2.stage"] {
            for &position in map.kind(kind) {
                reaches[position] = stage(position, map, &reaches);
            }
        }
        Self { reaches }
    }

    /// The exposure as the score counts it.
    pub fn known(&self, position: usize) -> Exposure {
        let reach = &self.reaches[position];
        if reach.is_certain() { reach.witnessed } else { reach.witnessed.max(Exposure::Unknown) }
    }

    /// The exposure as conditions read it: unknown as long as it may be wider than what has a witness.
    pub fn fact(&self, position: usize) -> Fact {
        let reach = &self.reaches[position];
        if reach.is_certain() {
            Fact::Known(Value::from(reach.witnessed.as_str()))
        } else {
            Fact::Unknown(merged(reach.doubts.iter().cloned()))
        }
    }
}

/// Ways from gateways to functions.
#[derive(Default)]
struct Doors<'a> {
    /// Functions behind a method or route that anybody can call.
    open: BTreeSet<&'a str>,
    /// Gateways of which it cannot be told which functions anybody can call through them.
    unclear: Vec<(&'a Resource, Vec<Unreadable>)>,
}

fn rest_api<'a>(position: usize, map: &Map<'a>, policies: &Policies, doors: &mut Doors<'a>) -> Reach {
    let api = map.resource(position);
    let policy = policies.of_resource(position);
    let open = rest_apis::has_public_endpoint(api)
        .and_then(|public| if public { rest_apis::open(api, policy) } else { Ok(Vec::new()) });
    let targets = open.map(|methods| {
        methods.iter().map(|method| method.integration().and_then(|i| function_of(text(i, "uri")?))).collect()
    });
    let mut reach = gateway(api, targets, doors);
    if let Ok(grants) = policy
        && grants.iter().any(|grant| grant.reach == Exposure::CrossAccount)
    {
        reach.widen(Exposure::CrossAccount);
    }
    reach
}

fn http_api<'a>(position: usize, map: &Map<'a>, doors: &mut Doors<'a>) -> Reach {
    let api = map.resource(position);
    let targets = http_apis::open(api).and_then(|routes| {
        let target =
            |route: &&Value| function_of(text(http_apis::integration(api, route)?, "integrationUri")?);
        let mut targets: Vec<Option<&str>> = routes.iter().map(target).collect();
        if http_apis::is_connect_open(api)? {
            // Whoever is connected can send messages to any route.
            targets.push(None);
        }
        Ok(targets)
    });
    gateway(api, targets, doors)
}

/// The reach of a gateway, given where its open methods or routes lead. A target that cannot be told may be any of the
/// functions that the gateway invokes.
fn gateway<'a>(api: &'a Resource, targets: Reading<Vec<Option<&'a str>>>, doors: &mut Doors<'a>) -> Reach {
    match targets {
        Ok(targets) if targets.is_empty() => Reach::default(),
        Ok(targets) => {
            if targets.iter().any(Option::is_none) {
                let invoked = api.relations.iter().filter(|relation| relation.name == RelationName::Invokes);
                doors.open.extend(invoked.map(|relation| relation.to.as_str()));
            }
            doors.open.extend(targets.into_iter().flatten());
            Reach { witnessed: Exposure::Internet, doubts: Vec::new() }
        }
        Err(doubts) => {
            doors.unclear.push((api, doubts.clone()));
            Reach { witnessed: Exposure::Internal, doubts }
        }
    }
}

fn function(position: usize, map: &Map<'_>, policies: &Policies, doors: &Doors<'_>) -> Reach {
    let function = map.resource(position);
    let mut reach = Reach::default();
    if doors.open.contains(function.uid.as_str()) {
        reach.widen(Exposure::Internet);
    }
    let url = facet(function, "url");
    // `None`: there is no URL, or it cannot be told.
    let authentication = url.as_ref().ok().copied().flatten().and_then(|url| text(url, "AuthType"));
    match policies.of_resource(position) {
        Ok(grants) => {
            for grant in grants {
                reach.widen(granted(grant, authentication));
            }
            if grants.iter().any(|grant| grant.lets_in_service("apigateway.amazonaws.com")) {
                reach.doubts.extend(unclear_doors(function, map, doors));
            }
        }
        Err(doubts) => reach.doubts.extend(doubts.iter().cloned()),
    }
    if let Err(doubts) = url {
        reach.doubts.extend(doubts);
    }
    reach
}

/// How far one grant opens a function whose URL, where it has one, authenticates this way.
fn granted(grant: &Grant, authentication: Option<&str>) -> Exposure {
    let through_url = match (grant.allows("lambda:InvokeFunctionUrl"), authentication) {
        (true, Some("NONE")) => grant.reach,
        // Whoever calls has to sign, with credentials of any account.
        (true, Some(_)) => grant.reach.min(Exposure::CrossAccount),
        (_, None) | (false, _) => Exposure::Internal,
    };
    let directly = !grant.is_for_url_only() && grant.allows_beyond("lambda:InvokeFunctionUrl");
    if directly { grant.reach.max(through_url) } else { through_url }
}

/// Why a function that lets API Gateway in may be behind an open method that was not seen.
fn unclear_doors(function: &Resource, map: &Map<'_>, doors: &Doors<'_>) -> Vec<Unreadable> {
    let region = function.region.as_str();
    let mut doubts = Vec::new();
    for service in ["apigateway", "apigatewayv2"] {
        doubts.extend(map.listed(service, Some(region)).err().unwrap_or_default());
    }
    for (api, reasons) in &doors.unclear {
        let invokes = |relation: &nephoscope_model::Relation| {
            relation.name == RelationName::Invokes && relation.to == function.uid
        };
        let relations_unread = ["resources", "integrations"]
            .iter()
            .any(|name| api.facets.get(*name).is_some_and(|facet| facet.unreadable().is_some()));
        if api.region == function.region && (relations_unread || api.relations.iter().any(invokes)) {
            doubts.extend(reasons.iter().cloned());
        }
    }
    doubts
}

/// Whoever reaches a function can make it use its role.
fn role(position: usize, map: &Map<'_>, reaches: &[Reach]) -> Reach {
    let mut reach = Reach::default();
    for &function in map.referrers(RelationName::ExecutesAs, map.resource(position).uid.as_str()) {
        reach.include(&reaches[function]);
    }
    reach
}

/// A stage is reached as far as its API is.
fn stage(position: usize, map: &Map<'_>, reaches: &[Reach]) -> Reach {
    let relations = &map.resource(position).relations;
    let api = relations.iter().find(|relation| relation.name == RelationName::PartOf);
    let api = api.and_then(|relation| map.position(relation.to.as_str()));
    api.map_or_else(Reach::default, |api| reaches[api].clone())
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
