//! Distributions of CloudFront: what runs behind and in them.

use std::collections::BTreeMap;

use nephoscope_model::Resource;
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, list, required, text};

/// Origins that run code: function URLs, APIs by their own address or their custom domain, GraphQL APIs.
///
/// A custom domain is only known where API Gateway was read; what is not known to run code is not named.
pub(super) fn compute_origins(distribution: &Resource, map: &Map<'_>) -> Reading<Value> {
    let domains: BTreeMap<&str, ()> = map
        .kind("aws.apigateway.domain")
        .iter()
        .filter_map(|&position| map.held(position).uid().as_str().rsplit_once("/domainnames/"))
        .map(|(_, name)| (name, ()))
        .collect();
    let origin = |origin: &Value| {
        let name = text(origin, "DomainName")?;
        let kind = kind(name).or_else(|| domains.contains_key(name).then_some("api"))?;
        Some(json!({ "id": text(origin, "Id"), "domain": name, "kind": kind }))
    };
    let origins = required(distribution, "distribution")?.get("Origins");
    let origins = origins.map_or(&[][..], |origins| list(origins, "Items"));
    Ok(Value::Array(origins.iter().filter_map(origin).collect()))
}

/// Functions that run in the distribution itself, with the event that starts them.
pub(super) fn edge_functions(distribution: &Resource) -> Reading<Value> {
    let mut found = Vec::new();
    for behaviour in behaviours(required(distribution, "distribution")?) {
        for (field, name) in
            [("LambdaFunctionAssociations", "LambdaFunctionARN"), ("FunctionAssociations", "FunctionARN")]
        {
            let associated = behaviour.get(field).map_or(&[][..], |associated| list(associated, "Items"));
            found.extend(
                associated
                    .iter()
                    .map(|one| json!({ "function": text(one, name), "event": text(one, "EventType") })),
            );
        }
    }
    Ok(Value::Array(found))
}

/// Whether the distribution answers requests at all.
pub(super) fn is_enabled(distribution: &Resource) -> Reading<bool> {
    let enabled = required(distribution, "distribution")?.get("Enabled").and_then(Value::as_bool);
    Ok(enabled == Some(true))
}

/// The default behaviour and the others.
fn behaviours(distribution: &Value) -> impl Iterator<Item = &Value> {
    let others = distribution.get("CacheBehaviors").map_or(&[][..], |others| list(others, "Items"));
    distribution.get("DefaultCacheBehavior").into_iter().chain(others)
}

fn kind(domain: &str) -> Option<&'static str> {
    [(".execute-api.", "api"), (".lambda-url.", "function_url"), (".appsync-api.", "graphql")]
        .into_iter()
        .find(|(part, _)| domain.contains(part))
        .map(|(_, kind)| kind)
}
