//! Lambda web functions: their endpoints, and who may call them.
//!
//! One call for fifty functions, and two for each: its endpoints and its policy. Where a region does not offer them,
//! there are none.

use futures::StreamExt;
use nephoscope_model::{Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, put, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&FUNCTIONS.action, &ENDPOINTS.action, &GET_POLICY];
pub(super) const VOLATILE: &[Path] = &[
    "function/state",
    "function/stateReason",
    "endpoints/endpoints/*/state",
    "endpoints/endpoints/*/stateReason",
    "endpoints/endpoints/*/updateStatus",
    "endpoints/endpoints/*/updateStatusReason",
];

static API: Api = Api::rest_json("Lambda Web", "lambda", &quota::LAMBDA).in_some_regions();
static FUNCTIONS: List = list("lambda:ListWebFunctions", "functions");
static ENDPOINTS: List = list("lambda:ListWebFunctionEndpoints", "endpoints");
static GET_POLICY: Action = API.action("lambda:GetResourcePolicy");

const VERSION: &str = "2025-03-07";
/// The largest page of both listings.
const PAGE: i32 = 50;

const fn list(name: &'static str, items: &'static str) -> List {
    API.list(name, items).paged("nextToken", "nextToken")
}

struct WebFunction {
    function: Value,
    endpoints: Read,
    policy: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let asked = Request::post(&[VERSION, "web-functions"]).field("maxResults", PAGE);
    let listed = reader.list_where_offered(&FUNCTIONS, asked).await;
    let asked = listed.items.into_iter().map(|function| details(reader, function));
    let functions: Vec<Option<WebFunction>> =
        futures::stream::iter(asked).buffer_unordered(reader.limits.concurrency).collect().await;
    let functions = functions.into_iter().flatten();
    let resources = functions.filter_map(|function| normalise(&reader.place, function)).collect();
    Outcome { resources, listings: vec![listed.failure] }
}

/// None where the function was deleted after it had been listed.
async fn details(reader: &Reader, function: Value) -> Option<WebFunction> {
    let (name, arn) = (text(&function, "/functionName")?, text(&function, "/functionArn")?);
    let uid = Uid::from(arn);
    let asked = Request::post(&[VERSION, "web-functions", name, "list-endpoints"]).field("maxResults", PAGE);
    let endpoints: Read = match reader.list(&ENDPOINTS, Some(&uid), asked).await.whole() {
        Ok(endpoints) => Ok(Some(json!({ "endpoints": endpoints }))),
        Err(failure) if failure.class == Class::NotFound => return None,
        Err(failure) => Err(failure),
    };
    let asked = Request::get(&[VERSION, "resource-policy", arn]);
    let policy: Read = match reader.call(&GET_POLICY, Some(&uid), asked).await {
        Ok(answer) => document(&answer),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    };
    Some(WebFunction { endpoints, policy, function })
}

fn document(answer: &Value) -> Read {
    match text(answer, "/Policy").or_else(|| text(answer, "/policy")).map(policy::parse) {
        None => Ok(None),
        Some(Some(document)) => Ok(Some(document)),
        Some(None) => Err(Failure::malformed(&GET_POLICY, "the policy is not JSON")),
    }
}

fn normalise(place: &Place, replies: WebFunction) -> Option<Resource> {
    let WebFunction { function, endpoints, policy } = replies;
    let (name, arn) =
        (text(&function, "/functionName")?.to_owned(), text(&function, "/functionArn")?.to_owned());
    let mut resource = place.resource("aws.lambda.web_function", &arn, &name);
    put(&mut resource, "function", Ok(Some(function)));
    put(&mut resource, "endpoints", endpoints);
    put(&mut resource, "policy", policy);
    Some(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_parsed_or_malformed() {
        let policy = json!({"Statement": []});
        assert_eq!(document(&json!({"Policy": policy.to_string()})).unwrap(), Some(policy));
        assert_eq!(document(&json!({})).unwrap(), None);
        assert!(document(&json!({"Policy": "<html>"})).is_err());
    }
}
