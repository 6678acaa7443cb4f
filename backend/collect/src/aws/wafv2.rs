//! WAF: the web ACLs and rule groups of a region, where they log, and what they protect.
//!
//! Logging comes in bulk. A rule group costs one call, an ACL three: itself, and the user pools and services that it
//! protects. Stages, GraphQL APIs and distributions name their ACL themselves. ACLs for CloudFront live in one
//! place for all regions and are read with the distributions there.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream::iter;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Map, Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, log_group_arn, object_at, put, relate, text, without};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&CALLS.acls.action, &CALLS.acl, &CALLS.logging.action, &CALLS.groups.action, &CALLS.group, &RESOURCES];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::json("WAFV2", "wafv2", "1.1", "AWSWAF_20190729", &quota::WAF);
static CALLS: Calls = Calls::of(&API);
static RESOURCES: Action = API.action("wafv2:ListResourcesForWebACL").within(&quota::WAF_RESOURCES);

/// What a regional ACL may protect that does not say so itself.
const PROTECTED: [&str; 2] = ["COGNITO_USER_POOL", "APP_RUNNER_SERVICE"];

/// The largest page of every listing here.
const PAGE: i32 = 100;

/// The calls that both scopes share, at the address where the scope is asked.
pub(super) struct Calls {
    pub acls: List,
    pub acl: Action,
    pub logging: List,
    pub groups: List,
    pub group: Action,
}

impl Calls {
    pub(super) const fn of(api: &'static Api) -> Self {
        Self {
            acls: api.list("wafv2:ListWebACLs", "WebACLs").paged("NextMarker", "NextMarker").may_lack_items(),
            acl: api.action("wafv2:GetWebACL"),
            logging: api
                .list("wafv2:ListLoggingConfigurations", "LoggingConfigurations")
                .paged("NextMarker", "NextMarker")
                .may_lack_items(),
            groups: api
                .list("wafv2:ListRuleGroups", "RuleGroups")
                .paged("NextMarker", "NextMarker")
                .may_lack_items(),
            group: api.action("wafv2:GetRuleGroup"),
        }
    }
}

/// What one scope holds.
pub(super) struct Firewalls {
    acls: Vec<Detailed>,
    pub acls_listing: Option<Failure>,
    groups: Vec<Detailed>,
    pub groups_listing: Option<Failure>,
    logging: Result<Vec<Value>, Failure>,
}

/// An ACL or a group as it was listed, and as it was read.
struct Detailed {
    listed: Value,
    read: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let firewalls = fetch(reader, &CALLS, "REGIONAL").await;
    let arns: Vec<String> =
        firewalls.acls.iter().filter_map(|acl| text(&acl.listed, "/ARN").map(str::to_owned)).collect();
    let protected = arns.into_iter().map(|arn| async {
        let protected = fetch_protected(reader, &arn).await;
        (arn, protected)
    });
    let protected: BTreeMap<String, Read> =
        iter(protected).buffer_unordered(reader.limits.concurrency).collect().await;
    let listings = vec![firewalls.acls_listing.clone(), firewalls.groups_listing.clone()];
    let resources = normalise(&reader.place, &reader.redactor, firewalls, protected);
    Outcome { resources, listings }
}

pub(super) async fn fetch(reader: &Reader, calls: &'static Calls, scope: &'static str) -> Firewalls {
    let page = || Request::call().field("Scope", scope).field("Limit", PAGE);
    let (acls, groups, logging) = tokio::join!(
        reader.list(&calls.acls, None, page()),
        reader.list(&calls.groups, None, page()),
        reader.list(&calls.logging, None, page()),
    );
    Firewalls {
        acls: fetch_each(reader, &calls.acl, scope, "WebACL", acls.items).await,
        acls_listing: acls.failure,
        groups: fetch_each(reader, &calls.group, scope, "RuleGroup", groups.items).await,
        groups_listing: groups.failure,
        logging: logging.whole(),
    }
}

/// Without those that were deleted after they had been listed.
async fn fetch_each(
    reader: &Reader,
    action: &'static Action,
    scope: &'static str,
    field: &'static str,
    listed: Vec<Value>,
) -> Vec<Detailed> {
    let details = listed.into_iter().map(|listed| async move {
        let of = |key: &str| text(&listed, key).map(str::to_owned);
        let (arn, name, id) = (of("/ARN")?, of("/Name")?, of("/Id")?);
        let request = Request::call().field("Name", name).field("Scope", scope).field("Id", id);
        match reader.call(action, Some(&Uid::from(arn)), request).await {
            Err(failure) if failure.class == Class::NotFound => None,
            reply => {
                let read = reply.and_then(|reply| object_at(action, reply, field)).map(Some);
                Some(Detailed { listed, read })
            }
        }
    });
    let details: Vec<Option<Detailed>> =
        iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    details.into_iter().flatten().collect()
}

/// The ARNs of what the ACL protects, by kind. One kind that could not be asked leaves all unread.
async fn fetch_protected(reader: &Reader, arn: &str) -> Read {
    let mut protected = Map::new();
    for kind in PROTECTED {
        let request = Request::call().field("WebACLArn", arn).field("ResourceType", kind);
        let mut reply = reader.call(&RESOURCES, Some(&Uid::from(arn)), request).await?;
        let arns = reply.get_mut("ResourceArns").map_or(Value::Null, Value::take);
        if arns.as_array().is_some_and(|arns| !arns.is_empty()) {
            protected.insert(kind.to_owned(), arns);
        }
    }
    Ok(Some(Value::Object(protected)))
}

/// ACLs and groups as resources, with what was read of what each ACL protects, by its ARN.
pub(super) fn normalise(
    place: &Place,
    redactor: &Redactor,
    firewalls: Firewalls,
    mut protected: BTreeMap<String, Read>,
) -> Vec<Resource> {
    let Firewalls { acls, groups, logging, .. } = firewalls;
    let acls = acls.into_iter().filter_map(|acl| {
        let mut resource = named(place, redactor, "aws.wafv2.acl", "acl", acl)?;
        let arn = resource.uid.as_str().to_owned();
        let own = logging_of(&logging, &arn);
        for destination in own.iter().flatten().flat_map(|own| elements(own, "/LogDestinationConfigs")) {
            match destination.as_str() {
                Some(group) if group.contains(":log-group:") => {
                    relate(&mut resource, RelationName::LogsTo, log_group_arn(group));
                }
                other => relate(&mut resource, RelationName::WritesTo, other),
            }
        }
        put(&mut resource, "logging", own);
        put(&mut resource, "resources", protected.remove(&arn).unwrap_or(Ok(None)));
        Some(resource)
    });
    let groups =
        groups.into_iter().filter_map(|group| named(place, redactor, "aws.wafv2.rulegroup", "group", group));
    acls.chain(groups).collect()
}

fn named(
    place: &Place,
    redactor: &Redactor,
    kind: &str,
    facet: &str,
    detailed: Detailed,
) -> Option<Resource> {
    let Detailed { listed, mut read } = detailed;
    let mut resource = place.resource(kind, text(&listed, "/ARN")?, text(&listed, "/Name")?);
    if let Ok(Some(document)) = &mut read {
        without(document, "CustomResponseBodies");
        redact(document, redactor);
    }
    put(&mut resource, facet, read);
    Some(resource)
}

fn logging_of(logging: &Result<Vec<Value>, Failure>, arn: &str) -> Read {
    let listed = logging.as_ref().map_err(Clone::clone)?;
    Ok(listed.iter().find(|one| text(one, "/ResourceArn") == Some(arn)).cloned())
}

/// Redacts what rules look for and what they add to requests: headers by which callers and backends prove
/// themselves are among both.
fn redact(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, redactor)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(sought) if name == "SearchString" => {
                        *field = redactor.redact(name, sought).to_value();
                    }
                    Value::Array(headers) if name == "InsertHeaders" => {
                        headers.iter_mut().for_each(|header| redact_header(header, redactor));
                    }
                    other => redact(other, redactor),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn redact_header(header: &mut Value, redactor: &Redactor) {
    let name = text(header, "/Name").unwrap_or_default().to_owned();
    let value = text(header, "/Value").map(|value| redactor.redact(&name, value).to_value());
    *header = json!({ "Name": name, "Value": value });
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    const ARN: &str = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1";

    fn firewalls(read: Read, logging: Result<Vec<Value>, Failure>) -> Firewalls {
        let acls = vec![Detailed { listed: json!({"ARN": ARN, "Name": "shop", "Id": "1"}), read }];
        Firewalls { acls, acls_listing: None, groups: Vec::new(), groups_listing: None, logging }
    }

    #[test]
    fn an_acl_says_what_it_does_and_not_which_tokens_it_looks_for() {
        let rule = json!({
            "Name": "token", "Action": {"Allow": {"CustomRequestHandling": {"InsertHeaders": [{"Name": "x-key", "Value": "CANARY"}]}}},
            "Statement": {"NotStatement": {"Statement": {"ByteMatchStatement": {"SearchString": "CANARY"}}}},
        });
        let acl = json!({"Rules": [rule], "CustomResponseBodies": {"no": {"Content": "CANARY"}}});
        let group = "arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-shop";
        let logging = json!({"ResourceArn": ARN, "LogDestinationConfigs": [format!("{group}:*")]});
        let resources =
            json!({"COGNITO_USER_POOL": ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/a"]});
        let of = BTreeMap::from([(ARN.to_owned(), Ok(Some(resources.clone())))]);
        let found = normalise(
            &Place::example("wafv2"),
            &Redactor::new([0; 32]),
            firewalls(Ok(Some(acl)), Ok(vec![logging])),
            of,
        );
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
        assert_eq!(found[0].relations[0].to.as_str(), group);
        assert_eq!(found[0].facets["resources"], Facet::Known(resources));
        assert_eq!(found[0].facets["acl"].value().unwrap()["Rules"][0]["Name"], "token");
    }

    #[test]
    fn unread_logging_is_not_missing_logging() {
        let of = BTreeMap::new;
        let place = Place::example("wafv2");
        let redactor = Redactor::new([0; 32]);
        let none = normalise(&place, &redactor, firewalls(Ok(Some(json!({}))), Ok(Vec::new())), of());
        assert_eq!(none[0].facets["logging"], Facet::Absent);
        let failure = Failure::new(&CALLS.logging.action, Class::Denied, "AccessDeniedException", "no");
        let unread = normalise(&place, &redactor, firewalls(Err(failure.clone()), Err(failure)), of());
        assert!(unread[0].facets["logging"].unreadable().is_some());
        assert!(unread[0].facets["acl"].unreadable().is_some());
    }
}
