//! Who can reach a resource, as far as configuration shows it.

mod gateways;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{RelationName, Resource};

use super::grants::Grant;
use super::policies::Policies;
use super::{buckets, identity_pools};
use crate::derive::map::Map;
use crate::derive::reach::{Exposures, Reach};
use crate::derive::reading::{elements, facet, text};
use gateways::Doors;

/// The exposure of every resource.
pub(super) fn exposures(map: &Map<'_>, policies: &Policies<'_>) -> Exposures {
    let mut reaches = vec![Reach::default(); map.estate.resources.len()];
    let mut doors = Doors::default();
    for &position in map.kind("aws.apigateway.stage") {
        reaches[position] = gateways::rest_stage(position, map, policies, &mut doors);
    }
    for &position in map.kind("aws.apigatewayv2.stage") {
        reaches[position] = gateways::http_stage(position, map, &mut doors);
    }
    for kind in ["aws.apigateway.restapi", "aws.apigatewayv2.api"] {
        for &position in map.kind(kind) {
            reaches[position] = gateways::api(position, map, &reaches);
        }
    }
    for kind in ["aws.appsync.graphqlapi", "aws.appsync.eventapi"] {
        for &position in map.kind(kind) {
            reaches[position] = gateways::graph_api(position, map, &mut doors);
        }
    }
    for &position in map.kind("aws.cloudfront.distribution") {
        reaches[position] = gateways::distribution(position, map, &mut doors);
    }
    for &position in map.kind("aws.lambda.function") {
        reaches[position] = function(position, map, policies, &doors);
    }
    for kind in WITH_POLICY {
        for &position in map.kind(kind) {
            reaches[position] = by_policy(position, map, policies);
        }
    }
    for &position in map.kind("aws.cognito.identitypool") {
        reaches[position] = identity_pool(position, map);
    }
    for &position in map.kind("aws.s3.bucket") {
        reaches[position] = buckets::exposure(&map.open(position), map, policies).into();
    }
    for &position in map.kind("aws.iam.role") {
        reaches[position] = role(position, map, &reaches);
    }
    for &position in map.kind("aws.lambda.layer") {
        reaches[position] = signed(&map.open(position), policies);
    }
    for &position in map.kind("aws.lambda.web_function") {
        reaches[position] = web_function(&map.open(position), policies);
    }
    Exposures { reaches }
}

fn function(position: usize, map: &Map<'_>, policies: &Policies<'_>, doors: &Doors<'_>) -> Reach {
    // Only these are read below; the others are by far the larger ones, and would look as if nobody had asked for them.
    let function = &*map.held(position).open_only(&["policy", "url", "aliases", "alias_policies"]);
    let mut reach = Reach::default();
    if doors.lead_to(function) {
        reach.widen(Exposure::Internet);
    }
    let url = facet(function, "url");
    // `None`: there is no URL, or it cannot be told.
    let authentication = url.as_ref().ok().copied().flatten().and_then(|url| text(url, "AuthType"));
    match policies.grants(function) {
        Ok(grants) => {
            for grant in &grants {
                reach.widen(granted(grant, authentication));
            }
            if grants.iter().any(|grant| grant.lets_in_service("apigateway.amazonaws.com")) {
                reach.doubts.extend(doors.doubts(function, map));
            }
        }
        Err(doubts) => reach.doubts.extend(doubts),
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

/// Kinds that are reached as far as their own policy lets anybody in.
const WITH_POLICY: &[&str] = &[
    "aws.dynamodb.table",
    "aws.ecr.repository",
    "aws.efs.filesystem",
    "aws.events.bus",
    "aws.kinesis.stream",
    "aws.kms.key",
    "aws.schemas.registry",
    "aws.secretsmanager.secret",
    "aws.sns.topic",
    "aws.sqs.queue",
];

fn by_policy(position: usize, map: &Map<'_>, policies: &Policies<'_>) -> Reach {
    let grants = policies.grants(&map.held(position).open_only(&["policy", "stream_policy"]));
    grants.map(|grants| grants.iter().map(|grant| grant.reach).max().unwrap_or(Exposure::Internal)).into()
}

/// A pool that admits guests hands credentials to everybody who asks.
fn identity_pool(position: usize, map: &Map<'_>) -> Reach {
    match identity_pools::guest_role(&map.open(position)) {
        Ok(Some(_)) => Reach { witnessed: Exposure::Internet, doubts: Vec::new() },
        Ok(None) => Reach::default(),
        Err(doubts) => Reach { witnessed: Exposure::Internal, doubts },
    }
}

/// What a policy opens to callers who have to sign, with credentials of any account.
fn signed(resource: &Resource, policies: &Policies<'_>) -> Reach {
    let mut reach = Reach::default();
    match policies.grants(resource) {
        Ok(grants) => grants.iter().for_each(|grant| reach.widen(grant.reach.min(Exposure::CrossAccount))),
        Err(doubts) => reach.doubts = doubts,
    }
    reach
}

/// An endpoint that leaves authentication to the code lets everybody in; the others ask the policy.
fn web_function(function: &Resource, policies: &Policies<'_>) -> Reach {
    let mut reach = signed(function, policies);
    match elements(function, "endpoints", "endpoints") {
        Ok(endpoints) => {
            let open =
                endpoints.iter().any(|endpoint| text(endpoint, "authType") == Some("ApplicationManaged"));
            reach.widen(if open { Exposure::Internet } else { Exposure::Internal });
        }
        Err(doubts) => reach.doubts.extend(doubts),
    }
    reach
}

/// Whoever reaches a function can make it use its role; a guest of an identity pool is given the pool's.
fn role(position: usize, map: &Map<'_>, reaches: &[Reach]) -> Reach {
    let mut reach = Reach::default();
    for &function in map.referrers(RelationName::ExecutesAs, map.held(position).uid().as_str()) {
        reach.include(&reaches[function]);
    }
    let uid = map.held(position).uid().as_str();
    for &pool in map.referrers(RelationName::Lends, uid) {
        match identity_pools::guest_role(&map.open(pool)) {
            Ok(role) if role == Some(uid) => reach.widen(Exposure::Internet),
            Ok(_) => {}
            Err(doubts) => reach.doubts.extend(doubts),
        }
    }
    reach
}
