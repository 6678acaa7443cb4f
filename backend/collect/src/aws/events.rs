//! EventBridge: buses with who may publish on them, rules with what they start, archives, API destinations,
//! connections and global endpoints.
//!
//! Five calls a region and one for each bus bring all that is listed: the listing of buses carries their policies, that
//! of endpoints their replication. Beyond that, one call for each rule that is switched on and not an AWS service's
//! own. Connections are read from their listing, which holds no credentials.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::pages::Listing;
use super::place::{Outcome, Place, Read, elements, put, relate, text, without};
use super::request::Request;
use super::target::aim;
use super::volatile::Path;
use super::{policy, quota};
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[
    &BUSES.action,
    &RULES.action,
    &TARGETS.action,
    &ARCHIVES.action,
    &DESTINATIONS.action,
    &CONNECTIONS.action,
    &ENDPOINTS.action,
];
/// Archives grow with every event; connections renew their authorization.
pub(super) const VOLATILE: &[Path] =
    &["archive/SizeBytes", "archive/EventCount", "connection/LastAuthorizedTime"];

static API: Api = Api::json("EventBridge", "events", "1.1", "AWSEvents", &quota::EVENTS);
static BUSES: List = API.list("events:ListEventBuses", "EventBuses");
static RULES: List = API.list("events:ListRules", "Rules");
static TARGETS: List = API.list("events:ListTargetsByRule", "Targets");
static ARCHIVES: List = API.list("events:ListArchives", "Archives");
static DESTINATIONS: List = API.list("events:ListApiDestinations", "ApiDestinations");
static CONNECTIONS: List = API.list("events:ListConnections", "Connections");
static ENDPOINTS: List = API.list("events:ListEndpoints", "Endpoints");

const PAGE: i32 = 100;

struct Rule {
    rule: Value,
    bus: String,
    /// None where they were not asked for.
    targets: Option<Read>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let all = || Request::call().field("Limit", PAGE);
    let (buses, archives, destinations, connections, endpoints) = tokio::join!(
        reader.list(&BUSES, None, all()),
        reader.list(&ARCHIVES, None, all()),
        reader.list(&DESTINATIONS, None, all()),
        reader.list(&CONNECTIONS, None, all()),
        reader.list(&ENDPOINTS, None, Request::call().field("MaxResults", PAGE)),
    );
    let (rules, unread) = fetch_rules(reader, &buses.items).await;

    let place = &reader.place;
    let mut listings = vec![buses.failure, archives.failure, destinations.failure, connections.failure];
    listings.push(unless_unknown(endpoints.failure));
    listings.push(unread);
    let mut resources: Vec<Resource> =
        rules.into_iter().filter_map(|rule| normalise_rule(place, &reader.redactor, rule)).collect();
    resources.extend(buses.items.into_iter().filter_map(|bus| normalise_bus(place, bus)));
    resources.extend(archives.items.into_iter().filter_map(|archive| normalise_archive(place, archive)));
    resources.extend(destinations.items.into_iter().filter_map(|item| {
        listed(place, "aws.events.apidestination", "destination", "/ApiDestinationArn", item)
    }));
    resources.extend(
        connections
            .items
            .into_iter()
            .filter_map(|item| listed(place, "aws.events.connection", "connection", "/ConnectionArn", item)),
    );
    resources.extend(
        endpoints
            .items
            .into_iter()
            .filter_map(|item| listed(place, "aws.events.endpoint", "endpoint", "/Arn", item)),
    );
    Outcome { resources, listings }
}

/// Global endpoints exist in a part of the regions; where they do not, there are none.
fn unless_unknown(failure: Option<Failure>) -> Option<Failure> {
    failure.filter(|failure| failure.error != "UnknownOperationException")
}

/// The rules of every bus, and why not all of them could be listed, where that is so.
async fn fetch_rules(reader: &Reader, buses: &[Value]) -> (Vec<Rule>, Option<Failure>) {
    let named = |bus: &Value| Some((text(bus, "/Name")?.to_owned(), text(bus, "/Arn")?.to_owned()));
    let buses: Vec<(String, String)> = buses.iter().filter_map(named).collect();
    let listings = buses.into_iter().map(|(name, arn)| list_rules(reader, name, arn));
    let listings: Vec<(String, String, Listing)> =
        futures::stream::iter(listings).buffer_unordered(reader.limits.concurrency).collect().await;
    let (mut listed, mut unread) = (Vec::new(), None);
    for (name, arn, listing) in listings {
        // A bus that was deleted meanwhile has no rules.
        unread = unread.or(listing.failure.filter(|failure| failure.class != Class::NotFound));
        listed.extend(listing.items.into_iter().map(|rule| (name.clone(), arn.clone(), rule)));
    }
    let rules = listed.into_iter().map(|(name, arn, rule)| fetch_targets(reader, name, arn, rule));
    let rules: Vec<Option<Rule>> =
        futures::stream::iter(rules).buffer_unordered(reader.limits.concurrency).collect().await;
    (rules.into_iter().flatten().collect(), unread)
}

async fn list_rules(reader: &Reader, bus: String, arn: String) -> (String, String, Listing) {
    let uid = Uid::from(arn.as_str());
    let request = Request::call().field("EventBusName", bus.as_str()).field("Limit", PAGE);
    let listing = reader.list(&RULES, Some(&uid), request).await;
    (bus, arn, listing)
}

/// None where the rule was deleted after it had been listed.
async fn fetch_targets(reader: &Reader, bus: String, bus_arn: String, rule: Value) -> Option<Rule> {
    if !is_live(&rule) {
        return Some(Rule { rule, bus: bus_arn, targets: None });
    }
    let uid = Uid::from(text(&rule, "/Arn")?);
    let request = Request::call().field("Rule", text(&rule, "/Name")?).field("EventBusName", bus);
    let targets = match reader.list(&TARGETS, Some(&uid), request.field("Limit", PAGE)).await.whole() {
        Ok(targets) => Ok(Some(json!({ "Targets": targets }))),
        Err(failure) if failure.class == Class::NotFound => return None,
        Err(failure) => Err(failure),
    };
    Some(Rule { rule, bus: bus_arn, targets: Some(targets) })
}

/// True for a rule that is switched on and was not made by an AWS service for itself.
fn is_live(rule: &Value) -> bool {
    text(rule, "/State") != Some("DISABLED") && text(rule, "/ManagedBy").is_none()
}

fn normalise_bus(place: &Place, mut bus: Value) -> Option<Resource> {
    let arn = text(&bus, "/Arn")?.to_owned();
    let mut resource = place.resource("aws.events.bus", &arn, text(&bus, "/Name").unwrap_or(&arn));
    put(&mut resource, "policy", policy::read(&BUSES.action, text(&bus, "/Policy")));
    without(&mut bus, "Policy");
    put(&mut resource, "bus", Ok(Some(bus)));
    Some(resource)
}

fn normalise_rule(place: &Place, redactor: &Redactor, rule: Rule) -> Option<Resource> {
    let Rule { mut rule, bus, targets } = rule;
    let arn = text(&rule, "/Arn")?.to_owned();
    let mut resource = place.resource("aws.events.rule", &arn, text(&rule, "/Name").unwrap_or(&arn));
    relate(&mut resource, RelationName::PartOf, Some(&bus));
    if let Some(mut targets) = targets {
        if let Ok(Some(targets)) = &mut targets {
            for target in elements(targets, "/Targets") {
                relate(&mut resource, RelationName::ExecutesAs, text(target, "/RoleArn"));
                relate(&mut resource, RelationName::WritesTo, text(target, "/DeadLetterConfig/Arn"));
                aim(&mut resource, text(target, "/Arn"));
            }
            let targets = targets.get_mut("Targets").and_then(Value::as_array_mut);
            for target in targets.into_iter().flatten() {
                redact_target(redactor, target);
            }
        }
        put(&mut resource, "targets", targets);
    }
    // A pattern that is not JSON cannot match anything, and is left as it is.
    policy::parse_in_place(&mut rule, "EventPattern");
    put(&mut resource, "rule", Ok(Some(rule)));
    Some(resource)
}

/// What a target is sent may hold secrets, and a target on the internet is often shown one in a header.
fn redact_target(redactor: &Redactor, target: &mut Value) {
    redactor.redact_map(target, "/HttpParameters/HeaderParameters");
    redactor.redact_map(target, "/HttpParameters/QueryStringParameters");
    redactor.redact_payload(target, "/Input");
    redactor.redact_payload(target, "/InputTransformer/InputTemplate");
}

fn normalise_archive(place: &Place, archive: Value) -> Option<Resource> {
    let name = text(&archive, "/ArchiveName")?.to_owned();
    let uid = place.arn("events", &format!("archive/{name}"));
    let mut resource = place.resource("aws.events.archive", &uid, &name);
    relate(&mut resource, RelationName::PartOf, text(&archive, "/EventSourceArn"));
    put(&mut resource, "archive", Ok(Some(archive)));
    Some(resource)
}

/// A resource that is all in its listing.
fn listed(place: &Place, kind: &str, facet: &str, arn: &str, item: Value) -> Option<Resource> {
    let arn = text(&item, arn)?.to_owned();
    let mut resource = place.resource(kind, &arn, text(&item, "/Name").unwrap_or(&arn));
    relate(&mut resource, RelationName::PartOf, text(&item, "/ConnectionArn").filter(|to| **to != *arn));
    relate(&mut resource, RelationName::ExecutesAs, text(&item, "/RoleArn"));
    put(&mut resource, facet, Ok(Some(item)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    const BUS: &str = "arn:aws:events:eu-west-1:123456789012:event-bus/shop";
    const RULE: &str = "arn:aws:events:eu-west-1:123456789012:rule/shop/paid";

    fn rule(targets: Option<Read>) -> Resource {
        let rule = json!({"Arn": RULE, "Name": "paid", "EventPattern": "{\"source\":[\"shop\"]}"});
        let rule = Rule { rule, bus: BUS.to_owned(), targets };
        normalise_rule(&Place::example("events"), &Redactor::new([1; 32]), rule).unwrap()
    }

    #[test]
    fn a_bus_has_its_policy_beside_it() {
        let place = Place::example("events");
        let document = json!({"Version": "2012-10-17", "Statement": []});
        let bus = json!({"Name": "shop", "Arn": BUS, "Policy": document.to_string()});
        let bus = normalise_bus(&place, bus).unwrap();
        assert_eq!(bus.facets["policy"], Facet::Known(document));
        assert_eq!(bus.facets["bus"], Facet::Known(json!({"Name": "shop", "Arn": BUS})));
        let bare = normalise_bus(&place, json!({"Name": "shop", "Arn": BUS})).unwrap();
        assert_eq!(bare.facets["policy"], Facet::Absent);
        let broken = normalise_bus(&place, json!({"Arn": BUS, "Policy": "<html>"})).unwrap();
        assert!(broken.facets["policy"].unreadable().is_some());
    }

    #[test]
    fn a_rule_starts_its_targets_and_keeps_no_secret_of_theirs() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
        let targets = json!({"Targets": [
            {"Arn": function, "Input": "{\"password\":\"CANARY-7Gh2k\",\"colour\":\"green\"}"},
            {"Arn": "arn:aws:events:eu-west-1:123456789012:api-destination/pay/1", "RoleArn": "arn:aws:iam::123456789012:role/pay",
             "HttpParameters": {"HeaderParameters": {"X-Key": "CANARY"}}},
        ]});
        let mut found = rule(Some(Ok(Some(targets))));
        found.relations.sort();
        let edges: Vec<&str> = found.relations.iter().map(|edge| edge.name.as_str()).collect();
        assert_eq!(edges, ["executes_as", "invokes", "writes_to", "part_of"]);
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains("CANARY") && text.contains("green"), "{text}");
        assert_eq!(
            found.facets["rule"],
            Facet::Known(json!({"Arn": RULE, "Name": "paid", "EventPattern": {"source": ["shop"]}}))
        );
    }

    #[test]
    fn targets_that_were_not_asked_for_are_not_absent() {
        assert!(!rule(None).facets.contains_key("targets"));
        let denied = Failure::new(&TARGETS.action, Class::Denied, "AccessDeniedException", "no");
        assert!(rule(Some(Err(denied))).facets["targets"].unreadable().is_some());
        for (state, live) in
            [("ENABLED", true), ("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", true), ("DISABLED", false)]
        {
            assert_eq!(is_live(&json!({"State": state})), live);
        }
        assert!(!is_live(&json!({"State": "ENABLED", "ManagedBy": "states.amazonaws.com"})));
    }
}
