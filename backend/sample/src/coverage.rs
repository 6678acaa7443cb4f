//! What reading the estate would have taken, and what of it failed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use nephoscope_model::{
    CollectionError, Coverage, CoverageState, Facet, Relation, RelationName, Resource, Shard, Uid, Unreadable,
};
use serde::Deserialize;

use crate::error::SampleError;

/// Something that could not be read for some nights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    title: String,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
    #[serde(rename = "in")]
    pub(crate) place: String,
    service: String,
    /// The facet that was denied; none where the listing itself was.
    facet: Option<String>,
    /// The resources whose facet it is; the parts of one are written `name/part` and go with it.
    #[serde(default)]
    names: Vec<String>,
    api: String,
    error: String,
    permission: Option<String>,
    /// `{reader}` stands for the role that reads, `{uid}` for the first resource concerned.
    message: String,
    /// Calls made again in vain, per resource or listing.
    #[serde(default)]
    retries: u64,
}

/// The coverage of a shard that was read without failure.
pub(crate) fn complete(service: &str, resources: &[Resource]) -> Coverage {
    Coverage {
        state: CoverageState::Complete,
        calls: calls(service, resources),
        errors: Vec::new(),
        costs: Vec::new(),
        listed: true,
    }
}

/// Calls by API action: one per page of a listing, and one per resource where nothing can be listed in bulk.
fn calls(service: &str, resources: &[Resource]) -> BTreeMap<String, u64> {
    let count = |kind: &str| number(resources.iter().filter(|resource| resource.kind.as_str() == kind));
    let with = |facet: &str| {
        number(resources.iter().filter(|r| r.facets.get(facet).is_some_and(|facet| facet.value().is_some())))
    };
    let pages = |items: u64, size: u64| items.div_ceil(size).max(1);
    let actions: Vec<(&str, u64)> = match service {
        "sts" => vec![("GetCallerIdentity", 1)],
        "iam" => vec![("GetAccountAuthorizationDetails", pages(number(resources.iter()), 100))],
        "lambda" => {
            let functions = count("aws.lambda.function");
            vec![
                ("GetAccountSettings", 1),
                ("ListFunctions", pages(functions, 50)),
                ("GetPolicy", functions),
                ("GetFunction", functions),
                ("GetRuntimeManagementConfig", with("runtime_management")),
                ("ListFunctionUrlConfigs", with("url")),
                ("ListEventSourceMappings", pages(with("event_sources"), 100)),
                ("ListCodeSigningConfigs", 1),
                ("ListFunctionsByCodeSigningConfig", with("code_signing").min(1)),
                ("ListAliases", with("aliases")),
                ("ListProvisionedConcurrencyConfigs", with("aliases")),
            ]
        }
        "apigateway" => {
            let apis = count("aws.apigateway.restapi");
            let domains = resources.iter().filter_map(|resource| resource.facets.get("mappings")?.value());
            let (newer, older): (Vec<_>, Vec<_>) =
                domains.partition(|mappings| mappings.get("items").is_some());
            vec![
                ("GetRestApis", 1),
                ("GetStages", apis),
                ("GetExport", count("aws.apigateway.stage")),
                ("GetResources", apis),
                ("GetDomainNames", 1),
                ("GetBasePathMappings", number(older.iter())),
                ("apigatewayv2:GetApiMappings", number(newer.iter())),
                ("GetClientCertificates", 1),
                ("GetAccount", 1),
            ]
        }
        "apigatewayv2" => {
            let apis = count("aws.apigatewayv2.api");
            // Only WebSocket APIs are listed part by part, and their stages go with them.
            let stages = count("aws.apigatewayv2.stage");
            let sockets = with("routes") - (stages - with("deployed"));
            vec![
                ("GetApis", 1),
                ("GetStages", apis),
                ("ExportApi", with("deployed")),
                ("GetRoutes", sockets),
                ("GetAuthorizers", sockets),
                ("GetIntegrations", sockets),
            ]
        }
        // The shop has no GraphQL API and no distribution, which a scan finds out all the same.
        "appsync" => vec![("ListGraphqlApis", 1), ("ListApis", 1)],
        "cloudfront" => vec![
            ("ListDistributions", 1),
            ("ListFunctions", 1),
            ("wafv2:ListWebACLs", 1),
            ("wafv2:ListRuleGroups", 1),
            ("wafv2:ListLoggingConfigurations", 1),
            ("logs:DescribeDeliverySources", 1),
            ("logs:DescribeDeliveries", 1),
        ],
        "logs" => {
            vec![("DescribeLogGroups", pages(count("aws.logs.group"), 50)), ("DescribeResourcePolicies", 1)]
        }
        "cloudtrail" => {
            let trails = count("aws.cloudtrail.trail");
            vec![("DescribeTrails", 1), ("GetTrailStatus", trails), ("GetEventSelectors", trails)]
        }
        _ => Vec::new(),
    };
    let made = actions.iter().filter(|(_, count)| *count > 0);
    let named = |action: &str| match action.contains(':') {
        true => action.to_owned(),
        false => format!("{service}:{action}"),
    };
    made.map(|(action, count)| (named(action), *count)).collect()
}

fn number<T>(items: impl Iterator<Item = T>) -> u64 {
    items.map(|_| 1).sum()
}

/// Lets `failure` happen to these shards, in `region`; refusals name `reader`.
pub(crate) fn fail(
    failure: &Failure,
    reader: &str,
    region: &str,
    shards: &mut [Shard],
) -> Result<(), SampleError> {
    let nothing = || SampleError::FindFailing { title: failure.title.clone(), place: failure.place.clone() };
    let shard = shards
        .iter_mut()
        .find(|shard| shard.key.region.as_str() == region && shard.key.service.as_str() == failure.service)
        .ok_or_else(nothing)?;
    let (count, first) = match &failure.facet {
        None => {
            deny_listing(shard, failure);
            (1 + failure.retries, None)
        }
        Some(facet) => {
            let hidden = hide(shard, failure, facet);
            let first = hidden.first().cloned().ok_or_else(nothing)?;
            shard.coverage.state = CoverageState::Partial;
            *shard.coverage.calls.entry(failure.api.clone()).or_default() +=
                failure.retries * number(hidden.iter());
            (number(hidden.iter()) * (1 + failure.retries), Some(first))
        }
    };
    let message = failure.message.replace("{reader}", reader);
    let message = message.replace("{uid}", first.as_ref().map_or("*", |uid| uid.as_str()));
    shard.coverage.errors.push(CollectionError {
        api: failure.api.clone(),
        error: failure.error.clone(),
        message,
        permission: failure.permission.clone(),
        count,
        uid: first,
    });
    shard.coverage.errors.sort();
    Ok(())
}

fn deny_listing(shard: &mut Shard, failure: &Failure) {
    let state = if failure.permission.is_some() { CoverageState::Denied } else { CoverageState::Throttled };
    shard.resources.clear();
    shard.coverage = Coverage {
        state,
        calls: BTreeMap::from([(failure.api.clone(), 1 + failure.retries)]),
        errors: Vec::new(),
        costs: Vec::new(),
        listed: false,
    };
}

/// Makes the facet unreadable, with the relations that are read from it; gives the resources concerned.
fn hide(shard: &mut Shard, failure: &Failure, facet: &str) -> Vec<Uid> {
    let reason = Unreadable {
        facet: facet.to_owned(),
        api: failure.api.clone(),
        error: failure.error.clone(),
        permission: failure.permission.clone(),
    };
    let lost = match facet {
        "event_sources" => Some(RelationName::TriggeredBy),
        _ => None,
    };
    let named = |resource: &Resource| {
        let owner = resource.name.split('/').next().unwrap_or(&resource.name);
        failure.names.iter().any(|name| name == owner)
    };
    let mut hidden = Vec::new();
    for resource in shard.resources.iter_mut().filter(|resource| named(resource)) {
        if let Some(value) = resource.facets.get_mut(facet) {
            *value = Facet::Unreadable(reason.clone());
            resource.relations.retain(|Relation { name, .. }| Some(*name) != lost);
            hidden.push(resource.uid.clone());
        }
    }
    hidden
}
