//! Web ACLs: what they protect, and what their rules come to.

use nephoscope_model::{RelationName, Resource, Unreadable};
use serde_json::{Map as Fields, Value, json};

use super::{distributions, graph_apis, rest_apis};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet, list, malformed, merged, reason, required, text};

/// Managed rules that know exploits and injections.
const EXPLOIT_GROUPS: [&str; 6] = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesLinuxRuleSet",
    "AWSManagedRulesUnixRuleSet",
    "AWSManagedRulesPHPRuleSet",
];

/// The services whose resources name the ACL in front of them.
const FRONTED: [&str; 2] = ["apigateway", "appsync"];

/// The uids of what the ACL protects: what names it, and what it names itself.
///
/// One witness is enough for the list not to be empty; that it is empty is only known where all was listed.
pub(super) fn protects(position: usize, acl: &Resource, map: &Map<'_>) -> Reading<Value> {
    let uid = map.held(position).uid().as_str();
    let fronted = map.referrers(RelationName::FrontedBy, uid).iter();
    let mut uids: Vec<String> = fronted.map(|&fronted| map.held(fronted).uid().to_string()).collect();
    let named = facet(acl, "resources");
    let kinds = named.as_ref().ok().copied().flatten().and_then(Value::as_object);
    for arns in kinds.into_iter().flat_map(Fields::values).filter_map(Value::as_array) {
        uids.extend(arns.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if uids.is_empty() {
        named?;
        if uid.contains(":global/") {
            map.listed("cloudfront", None)?;
        } else {
            for service in FRONTED {
                map.listed(service, Some(acl.region.as_str()))?;
            }
        }
    }
    uids.sort();
    uids.dedup();
    Ok(json!(uids))
}

/// Whether a rule limits how often one caller may ask.
pub(super) fn limits_rate(acl: &Resource, map: &Map<'_>) -> Reading<bool> {
    any_statement(acl, map, &|statement| statement.contains_key("RateBasedStatement"))
}

/// Whether a rule knows exploits or injections: AWS's or a vendor's managed ones, or statements for these.
pub(super) fn knows_exploits(acl: &Resource, map: &Map<'_>) -> Reading<bool> {
    any_statement(acl, map, &|statement| {
        let managed = statement.get("ManagedRuleGroupStatement");
        let knows = managed.is_some_and(|group| match text(group, "VendorName") {
            Some("AWS") => text(group, "Name").is_some_and(|name| EXPLOIT_GROUPS.contains(&name)),
            Some(_) | None => true,
        });
        knows || statement.contains_key("SqliMatchStatement") || statement.contains_key("XssMatchStatement")
    })
}

/// Whether any statement of the ACL, or of a rule group that it refers to, is such a one.
fn any_statement(
    acl: &Resource,
    map: &Map<'_>,
    wanted: &dyn Fn(&Fields<String, Value>) -> bool,
) -> Reading<bool> {
    let acl = required(acl, "acl")?;
    let mut doubts: Vec<Unreadable> = Vec::new();
    let managers = ["PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups"];
    let groups = managers.iter().flat_map(|key| list(acl, key));
    let statements = groups.map(|group| group.get("FirewallManagerStatement"));
    let statements = statements.chain(list(acl, "Rules").iter().map(|rule| rule.get("Statement")));
    for statement in statements.flatten() {
        let mut referred = Vec::new();
        if search(statement, wanted, &mut referred) {
            return Ok(true);
        }
        for arn in referred {
            match group_has(arn, map, wanted) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(reasons) => doubts.extend(reasons),
            }
        }
    }
    if doubts.is_empty() { Ok(false) } else { Err(merged(doubts)) }
}

/// Groups hold no groups.
fn group_has(arn: &str, map: &Map<'_>, wanted: &dyn Fn(&Fields<String, Value>) -> bool) -> Reading<bool> {
    let position = map.position(arn).ok_or_else(|| reason("group", "NotCollected"))?;
    let group = map.open(position);
    let rules = list(required(&group, "group")?, "Rules");
    Ok(rules.iter().filter_map(|rule| rule.get("Statement")).any(|own| search(own, wanted, &mut Vec::new())))
}

/// Walks a statement and those within it, and notes the groups that it refers to.
fn search<'a>(
    statement: &'a Value,
    wanted: &dyn Fn(&Fields<String, Value>) -> bool,
    referred: &mut Vec<&'a str>,
) -> bool {
    match statement {
        Value::Object(fields) => {
            if let Some(group) = fields.get("RuleGroupReferenceStatement") {
                referred.extend(text(group, "ARN"));
            }
            wanted(fields) || fields.values().any(|inner| search(inner, wanted, referred))
        }
        Value::Array(inner) => inner.iter().any(|inner| search(inner, wanted, referred)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Of what a firewall can stand in front of and strangers can reach: how many there are, and how many have one.
pub(super) fn coverage(map: &Map<'_>) -> Reading<Value> {
    let (mut public, mut fronted) = (0, 0);
    for kind in ["aws.apigateway.stage", "aws.appsync.graphqlapi", "aws.cloudfront.distribution"] {
        for &position in map.kind(kind) {
            if !is_public(&map.open(position))? {
                continue;
            }
            public += 1;
            let relations = map.held(position).relations();
            if relations.iter().any(|relation| relation.name == RelationName::FrontedBy) {
                fronted += 1;
            }
        }
    }
    if fronted == 0 {
        for service in ["apigateway", "appsync", "cloudfront"] {
            map.listed(service, None)?;
        }
    }
    Ok(json!({ "public": public, "fronted": fronted }))
}

fn is_public(resource: &Resource) -> Reading<bool> {
    match resource.kind.as_str() {
        "aws.apigateway.stage" => rest_apis::has_public_endpoint(resource),
        "aws.cloudfront.distribution" => distributions::is_enabled(resource),
        _ => graph_apis::is_public(resource),
    }
}

/// Whether the ACL lets everything through that no rule stops, and no rule stops anything.
pub(super) fn only_counts(acl: &Resource) -> Reading<bool> {
    let acl = required(acl, "acl")?;
    let default = acl.get("DefaultAction").ok_or_else(|| malformed("acl"))?;
    let counts = |rule: &Value| {
        let of = |key: &str| rule.get(key).and_then(|action| action.get("Count")).is_some();
        of("Action") || of("OverrideAction")
    };
    let rules = list(acl, "Rules");
    Ok(default.get("Allow").is_some() && !rules.is_empty() && rules.iter().all(counts))
}
