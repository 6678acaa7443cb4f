//! CloudFront: distributions, whether they log, the functions that run in them, and the web ACLs for them, which
//! live where CloudFront does.
//!
//! Distributions come in bulk, and so do the newer log deliveries. Only a distribution without such a delivery
//! costs one call more, for its older kind of log. Keys that distributions send to their origins are redacted.
//! A function of CloudFront costs one call, for its code, of which nothing is kept but where it holds secrets. The
//! values of key value stores can only be read by an API with a signature of its own kind, and are not.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::iter;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, Home, List, Tier, Xml};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, put, relate, text, unqualified_function};
use super::request::Request;
use super::volatile::Path;
use super::{quota, wafv2};
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Global;
pub(super) const ACTIONS: &[&Action] = &[
    &DISTRIBUTIONS.action,
    &GET_CONFIG,
    &FUNCTIONS.action,
    &GET_FUNCTION,
    &SOURCES.action,
    &DELIVERIES.action,
    &FIREWALLS.acls.action,
    &FIREWALLS.acl,
    &FIREWALLS.logging.action,
    &FIREWALLS.groups.action,
    &FIREWALLS.group,
];
/// Changes with every deployment of a change, and back.
pub(super) const VOLATILE: &[Path] = &["distribution/Status", "distribution/ETag"];

static API: Api = Api::rest_xml("CloudFront", "cloudfront", &quota::CLOUDFRONT).at(Home::Global);
static LOGS_API: Api =
    Api::json("CloudWatch Logs", "logs", "1.1", "Logs_20140328", &quota::LOGS).at(Home::FirstRegion);
static WAF_API: Api =
    Api::json("WAFV2", "wafv2", "1.1", "AWSWAF_20190729", &quota::WAF).at(Home::FirstRegion);
static FIREWALLS: wafv2::Calls = wafv2::Calls::of(&WAF_API);
static DISTRIBUTIONS: List = API
    .list("cloudfront:ListDistributions", "Items")
    .paged("NextMarker", "Marker")
    .may_lack_items()
    .reads(READS);
static GET_CONFIG: Action = API.action("cloudfront:GetDistributionConfig").reads(READS);
static FUNCTIONS: List =
    API.list("cloudfront:ListFunctions", "Items").paged("NextMarker", "Marker").may_lack_items().reads(READS);
static GET_FUNCTION: Action = API.action("cloudfront:GetFunction").tier(Tier::Code).answering_text();
static SOURCES: List = deliveries("logs:DescribeDeliverySources", "deliverySources");
static DELIVERIES: List = deliveries("logs:DescribeDeliveries", "deliveries");

const READS: Xml =
    Xml { repeated: &[], lists: &["Items"], numbers: &["Quantity", "HTTPPort", "HTTPSPort"], texts: &[] };

/// The largest page of the listing.
const PAGE: i32 = 100;

const fn deliveries(name: &'static str, items: &'static str) -> List {
    LOGS_API.list(name, items).paged("nextToken", "nextToken").may_lack_items()
}

struct Distribution {
    distribution: Value,
    /// None where it was not asked for, because there is a delivery.
    logging: Option<Read>,
}

/// The distributions that deliver logs, each with how.
type Delivering = Result<BTreeMap<String, Vec<Value>>, Failure>;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let page = Request::get(&["2020-05-31", "distribution"]).query("MaxItems", PAGE);
    // Only what is live runs; what is being developed stands in a stage of its own.
    let live = Request::get(&["2020-05-31", "function"]).query("Stage", "LIVE");
    let (listed, functions, delivering, firewalls) = tokio::join!(
        reader.list(&DISTRIBUTIONS, None, page),
        reader.list(&FUNCTIONS, None, live),
        fetch_deliveries(reader),
        wafv2::fetch(reader, &FIREWALLS, "CLOUDFRONT"),
    );
    let details =
        listed.items.into_iter().map(|distribution| fetch_logging(reader, distribution, &delivering));
    let details: Vec<Option<Distribution>> =
        iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    let details: Vec<Distribution> = details.into_iter().flatten().collect();
    let codes = functions.items.into_iter().map(|function| fetch_code(reader, function));
    let codes: Vec<Option<(Value, Read)>> =
        iter(codes).buffer_unordered(reader.limits.concurrency).collect().await;
    let firewall_listings = [firewalls.acls_listing.clone(), firewalls.groups_listing.clone()];
    let mut listings = vec![listed.failure, functions.failure];
    listings.extend(firewall_listings);
    let (place, redactor) = (&reader.place, &reader.redactor);
    let mut resources = wafv2::normalise(place, redactor, firewalls, BTreeMap::new());
    let normalised = details.into_iter().filter_map(|one| normalise(place, redactor, one, &delivering));
    resources.extend(normalised);
    let functions = codes.into_iter().flatten();
    resources.extend(functions.filter_map(|(listed, code)| edge_function(place, redactor, listed, code)));
    Outcome { resources, listings }
}

/// A source says whose logs they are, a delivery that they go anywhere.
async fn fetch_deliveries(reader: &Reader) -> Delivering {
    let (sources, deliveries) = tokio::join!(
        reader.list(&SOURCES, None, Request::call()),
        reader.list(&DELIVERIES, None, Request::call()),
    );
    Ok(delivering(&sources.whole()?, &deliveries.whole()?))
}

fn delivering(sources: &[Value], deliveries: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let used: BTreeSet<&str> =
        deliveries.iter().filter_map(|delivery| text(delivery, "/deliverySourceName")).collect();
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for source in
        sources.iter().filter(|source| text(source, "/name").is_some_and(|name| used.contains(name)))
    {
        for arn in elements(source, "/resourceArns").iter().filter_map(Value::as_str) {
            found.entry(arn.to_owned()).or_default().push(source.clone());
        }
    }
    found
}

/// None where the distribution was deleted after it had been listed.
async fn fetch_logging(
    reader: &Reader,
    distribution: Value,
    delivering: &Delivering,
) -> Option<Distribution> {
    let (id, arn) = (text(&distribution, "/Id")?, text(&distribution, "/ARN")?);
    if delivering.as_ref().is_ok_and(|delivering| delivering.contains_key(arn)) {
        return Some(Distribution { distribution, logging: None });
    }
    let request = Request::get(&["2020-05-31", "distribution", id, "config"]);
    let logging = match reader.call(&GET_CONFIG, Some(&Uid::from(arn)), request).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        reply => reply.map(|config| config.get("Logging").cloned()),
    };
    Some(Distribution { distribution, logging: Some(logging) })
}

/// None where the function was deleted, or taken out of service, after it had been listed.
async fn fetch_code(reader: &Reader, function: Value) -> Option<(Value, Read)> {
    let (name, arn) = (text(&function, "/Name")?, text(&function, "/FunctionMetadata/FunctionARN")?);
    let request = Request::get(&["2020-05-31", "function", name]).query("Stage", "LIVE");
    match reader.call(&GET_FUNCTION, Some(&Uid::from(arn)), request).await {
        Err(failure) if failure.class == Class::NotFound => None,
        reply => Some((function, reply.map(Some))),
    }
}

fn edge_function(place: &Place, redactor: &Redactor, listed: Value, code: Read) -> Option<Resource> {
    let arn = text(&listed, "/FunctionMetadata/FunctionARN")?;
    let mut resource = place.resource("aws.cloudfront.function", arn, text(&listed, "/Name")?);
    let code =
        code.map(|code| code.map(|code| secrets_in(text(&code, "/Body").unwrap_or_default(), redactor)));
    put(&mut resource, "function", Ok(Some(listed)));
    put(&mut resource, "code", code);
    Some(resource)
}

/// What is kept of code: each line on which a secret was recognised, redacted, by its number.
fn secrets_in(code: &str, redactor: &Redactor) -> Value {
    let mut lines = serde_json::Map::new();
    for (number, line) in code.lines().enumerate() {
        // `const apiKey = "…";` and `apiKey: '…',` name a value; any other line is looked at as a whole.
        let named = line.split_once('=').or_else(|| line.split_once(':'));
        let (name, value) = named.unwrap_or(("", line));
        let is_text = value.trim().starts_with(['"', '\'', '`']);
        let name = if is_text { name.trim().rsplit([' ', '.', '{']).next().unwrap_or_default() } else { "" };
        let value =
            value.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | ';' | ',' | '}' | ' '));
        let kept = redactor.redact(name, value);
        if kept.detector.is_some() {
            lines.insert(format!("line{}", number + 1), kept.to_value());
        }
    }
    json!({ "secrets": lines })
}

fn normalise(
    place: &Place,
    redactor: &Redactor,
    replies: Distribution,
    delivering: &Delivering,
) -> Option<Resource> {
    let Distribution { mut distribution, logging } = replies;
    let arn = text(&distribution, "/ARN")?.to_owned();
    let name = elements(&distribution, "/Aliases/Items").first().and_then(Value::as_str);
    let name = name.or_else(|| text(&distribution, "/DomainName"))?.to_owned();
    let mut resource = place.resource("aws.cloudfront.distribution", &arn, &name);
    relate(&mut resource, RelationName::FrontedBy, text(&distribution, "/WebACLId"));
    for function in edge_functions(&distribution) {
        relate(&mut resource, RelationName::Invokes, Some(function));
    }
    for origin in
        distribution.pointer_mut("/Origins/Items").and_then(Value::as_array_mut).into_iter().flatten()
    {
        redact_headers(origin, redactor);
    }
    put(&mut resource, "distribution", Ok(Some(distribution)));
    let own = delivering.as_ref().map(|delivering| delivering.get(&arn)).map_err(Clone::clone);
    put(&mut resource, "deliveries", own.map(|own| own.map(|sources| json!({ "deliverySources": sources }))));
    if let Some(logging) = logging {
        put(&mut resource, "logging", logging);
    }
    Some(resource)
}

/// The functions that run at the edge, of the default behaviour and of the others.
fn edge_functions(distribution: &Value) -> impl Iterator<Item = &str> {
    let others = elements(distribution, "/CacheBehaviors/Items");
    let behaviours = distribution.get("DefaultCacheBehavior").into_iter().chain(others);
    let associated =
        behaviours.flat_map(|behaviour| elements(behaviour, "/LambdaFunctionAssociations/Items"));
    associated.filter_map(|function| unqualified_function(text(function, "/LambdaFunctionARN")?))
}

/// Such a header is often all that tells the origin a distribution from a stranger.
fn redact_headers(origin: &mut Value, redactor: &Redactor) {
    let headers = origin.pointer_mut("/CustomHeaders/Items").and_then(Value::as_array_mut);
    for header in headers.into_iter().flatten() {
        let name = text(header, "/HeaderName").unwrap_or_default().to_owned();
        if let Some(value) =
            text(header, "/HeaderValue").map(|value| redactor.redact(&name, value).to_value())
        {
            header["HeaderValue"] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::super::xml::to_json;
    use super::*;

    const ARN: &str = "arn:aws:cloudfront::123456789012:distribution/E1";

    fn listed() -> Value {
        let page = format!(
            r#"<?xml version="1.0"?><DistributionList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
            <Marker/><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1</Quantity><Items><DistributionSummary>
            <Id>E1</Id><ARN>{ARN}</ARN><DomainName>d1.cloudfront.net</DomainName><Enabled>true</Enabled>
            <Aliases><Quantity>1</Quantity><Items><CNAME>shop.example</CNAME></Items></Aliases>
            <Origins><Quantity>1</Quantity><Items><Origin><Id>api</Id><DomainName>a1.execute-api.eu-west-1.amazonaws.com</DomainName>
            <CustomHeaders><Quantity>1</Quantity><Items><OriginCustomHeader><HeaderName>x-key</HeaderName><HeaderValue>CANARY</HeaderValue></OriginCustomHeader></Items></CustomHeaders>
            <CustomOriginConfig><HTTPSPort>443</HTTPSPort><OriginProtocolPolicy>https-only</OriginProtocolPolicy></CustomOriginConfig></Origin></Items></Origins>
            <DefaultCacheBehavior><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy><LambdaFunctionAssociations><Quantity>1</Quantity><Items>
            <LambdaFunctionAssociation><LambdaFunctionARN>arn:aws:lambda:us-east-1:123456789012:function:edge:3</LambdaFunctionARN></LambdaFunctionAssociation>
            </Items></LambdaFunctionAssociations></DefaultCacheBehavior><CacheBehaviors><Quantity>0</Quantity></CacheBehaviors>
            <WebACLId>acl</WebACLId></DistributionSummary></Items></DistributionList>"#
        );
        to_json(&page, "ListDistributions", READS).unwrap()["Items"][0].clone()
    }

    #[test]
    fn a_distribution_keeps_no_header_that_proves_it() {
        let replies = Distribution { distribution: listed(), logging: Some(Ok(None)) };
        let found =
            normalise(&Place::example("cloudfront"), &Redactor::new([0; 32]), replies, &Ok(BTreeMap::new()))
                .unwrap();
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
        assert_eq!((found.name.as_str(), found.uid.as_str()), ("shop.example", ARN));
        let distribution = found.facets["distribution"].value().unwrap();
        assert_eq!(distribution["Origins"]["Items"][0]["CustomOriginConfig"]["HTTPSPort"], 443);
        assert_eq!((&found.facets["deliveries"], &found.facets["logging"]), (&Facet::Absent, &Facet::Absent));
        let edges: Vec<&str> = found.relations.iter().map(|edge| edge.to.as_str()).collect();
        assert_eq!(edges, ["acl", "arn:aws:lambda:us-east-1:123456789012:function:edge"]);
    }

    #[test]
    fn of_code_nothing_is_kept_but_where_it_holds_secrets() {
        let key = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
        let code = format!(
            "function handler(event) {{\n  const apiKey = 'x7Qp2mVw9Zr4Lk8Tn3Bs';\n  return fetch('{key}');\n}}\nconst name = 'shop';"
        );
        let kept = secrets_in(&code, &Redactor::new([0; 32]));
        assert!(!kept.to_string().contains("x7Qp") && !kept.to_string().contains(&key));
        let lines: Vec<&String> = kept["secrets"].as_object().unwrap().keys().collect();
        assert_eq!(lines, ["line2", "line3"]);
    }

    #[test]
    fn a_source_without_a_delivery_logs_nothing() {
        let source = |name: &str, arn: &str| json!({"name": name, "resourceArns": [arn]});
        let sources = [source("used", ARN), source("idle", "other")];
        let found = delivering(&sources, &[json!({"deliverySourceName": "used"})]);
        assert_eq!(found.keys().collect::<Vec<_>>(), [ARN]);
    }
}
