//! Whether what people see in the console is what answers: the drafts of APIs beside what is deployed.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::methods::Method;
use super::{openapi, rest_apis};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, required};

/// The methods of a REST API that differ between its draft and every stage of it; null where the draft was not read.
///
/// An API with several stages is meant to differ between them: one of them being the draft is enough.
pub(super) fn rest_differences(api: &Resource, position: usize, map: &Map<'_>) -> Reading<Value> {
    if !api.facets.contains_key("resources") {
        return Ok(Value::Null);
    }
    let draft = summary(&rest_apis::draft(api)?);
    let deployed =
        |stage: &Resource| openapi::methods(required(stage, "deployed")?, "deployed").map(|m| summary(&m));
    fewest(draft, deployed, position, map)
}

/// The same of an HTTP API.
pub(super) fn http_differences(api: &Resource, position: usize, map: &Map<'_>) -> Reading<Value> {
    if !api.facets.contains_key("draft") {
        return Ok(Value::Null);
    }
    let of = |resource: &Resource, facet: &str| {
        openapi::methods(required(resource, facet)?, facet).map(|methods| summary(&methods))
    };
    fewest(of(api, "draft")?, |stage| of(stage, "deployed"), position, map)
}

/// Path, verb and what a method amounts to, in order. Integrations' addresses are compared without stage variables
/// being filled in on either side.
type Summary = Vec<(String, String, String)>;

fn summary(methods: &[Method<'_>]) -> Summary {
    let one = |method: &Method<'_>| {
        let behind = format!(
            "{} {} {}",
            method.lock.as_str(),
            method.integration_kind().unwrap_or("none"),
            method.uri().unwrap_or_default()
        );
        (method.path.to_owned(), method.verb.clone(), behind)
    };
    let mut all: Summary = methods.iter().map(one).collect();
    all.sort();
    all
}

/// The differences from the stage that is closest. Without a stage nothing is deployed that could differ.
fn fewest(
    draft: Summary,
    deployed: impl Fn(&Resource) -> Reading<Summary>,
    position: usize,
    map: &Map<'_>,
) -> Reading<Value> {
    let uid = map.held(position).uid().as_str();
    let mut closest: Option<Vec<Value>> = None;
    let mut doubts = Vec::new();
    for &stage in map.referrers(RelationName::PartOf, uid) {
        match deployed(&map.open(stage)) {
            Ok(deployed) => {
                let found = differences(&draft, &deployed);
                if closest.as_ref().is_none_or(|least| found.len() < least.len()) {
                    closest = Some(found);
                }
            }
            Err(reasons) => doubts.extend(reasons),
        }
    }
    match closest {
        Some(found) if found.is_empty() || doubts.is_empty() => Ok(Value::Array(found)),
        None if doubts.is_empty() => Ok(Value::Null),
        Some(_) | None => Err(doubts),
    }
}

fn differences(draft: &Summary, deployed: &Summary) -> Vec<Value> {
    let only_in = |these: &Summary, those: &Summary, place: &str| -> Vec<Value> {
        let missing = these.iter().filter(|one| !those.contains(one));
        missing.map(|(path, verb, _)| json!({ "path": path, "method": verb, "only_in": place })).collect()
    };
    let mut found = only_in(draft, deployed, "draft");
    found.extend(only_in(deployed, draft, "deployed"));
    found
}
