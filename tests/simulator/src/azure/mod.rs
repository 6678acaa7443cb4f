//! Azure: the resource manager, Resource Graph and the token endpoints of Microsoft, all at one address.

mod arm;
mod fault;
mod graph;
mod groups;
mod kql;
mod planted;
mod seeded;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::address::{Call, changed};
use crate::answer::Answer;
use crate::description::{Document, Read};
use crate::http::Request;
use crate::misbehaviour::Fault;
use crate::provider::Provider;
use crate::quota::{Admission, Limit};

use groups::Group;

/// The tenant that an estate belongs to, unless it says otherwise.
pub const TENANT: &str = "11111111-2222-4333-8444-555555555555";
/// Items of a page.
const PAGE: usize = 100;

/// Subscriptions and what is in them.
#[derive(Clone, Debug)]
pub struct AzureEstate {
    tenant: String,
    page: usize,
    subscriptions: Vec<Value>,
    groups: Vec<Group>,
    /// By id in lower case.
    resources: BTreeMap<String, Value>,
    /// The ids of each type, both in lower case.
    types: BTreeMap<String, BTreeSet<String>>,
}

impl AzureEstate {
    /// With so many items on a page of a listing or of Resource Graph.
    pub fn with_page_size(self, page: usize) -> Self {
        Self { page, ..self }
    }

    /// The ids of the subscriptions.
    pub fn subscriptions(&self) -> Vec<String> {
        self.subscriptions
            .iter()
            .filter_map(|one| one["subscriptionId"].as_str().map(str::to_owned))
            .collect()
    }

    fn subscription(&self, id: &str) -> Option<&Value> {
        let fits =
            |one: &&Value| one["subscriptionId"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id));
        self.subscriptions.iter().find(fits)
    }
}

/// The documents that are carried, one to a service.
fn documents() -> &'static [Document] {
    static DOCUMENTS: OnceLock<Vec<Document>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| Document::all(include_str!("../../data/azure.json")))
}

/// The read that serves an address.
fn read(method: &str, path: &[&str]) -> Option<(&'static Document, &'static Read)> {
    let mut found: Vec<_> =
        documents().iter().filter_map(|one| Some((one, one.read(method, path)?))).collect();
    // An address in full is a better match than one that begins with any scope.
    found.sort_by_key(|(_, read)| read.path.placeholders());
    found.into_iter().next()
}

/// `Microsoft.Web/sites/config` of a path, and what follows it where the path ends in an action.
fn type_of(path: &[&str]) -> (String, Option<String>) {
    let start = path.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"));
    let Some(rest) = start.map(|start| &path[start + 1..]).filter(|rest| !rest.is_empty()) else {
        return match path {
            [] => (String::new(), None),
            [kind] | [kind, _] => (format!("Microsoft.Resources/{kind}"), None),
            [kind, _, rest @ ..] => (format!("Microsoft.Resources/{kind}/{}", rest.join("/")), None),
        };
    };
    let types: Vec<&str> = rest[1..].iter().step_by(2).copied().collect();
    let action = types.last().filter(|_| rest.len().is_multiple_of(2)).map(|action| (*action).to_owned());
    (format!("{}/{}", rest[0], types.join("/")), action)
}

/// What the permission of a call is called: `Microsoft.Web/sites/config/read`, `…/config/list/action`.
fn operation(call: &Call) -> String {
    let path = call.parts();
    if let Some(token) = tokens::kind(call) {
        return token.to_owned();
    }
    let (type_, _) = type_of(&path);
    let reads = call.method == "GET" || type_.eq_ignore_ascii_case("Microsoft.ResourceGraph/resources");
    if reads { format!("{type_}/read") } else { format!("{type_}/action") }
}

impl Provider for AzureEstate {
    type Call = Call;

    fn call(request: &Request) -> Call {
        Call::of(request, operation)
    }

    /// A bucket of 250 reads that 25 a second refill, for each subscription and for the tenant; 15 queries of Resource
    /// Graph in five seconds. <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>,
    /// <https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests>.
    fn limit(call: &Call) -> Option<Limit> {
        let limit = |bucket: &str, rate, burst, windowed| {
            Some(Limit { bucket: bucket.to_ascii_lowercase(), rate, burst, windowed, told: true })
        };
        match call.parts().as_slice() {
            _ if tokens::kind(call).is_some() => None,
            _ if graph::is_query(call) => limit("graph", 3.0, 15.0, true),
            [_, subscription, ..] if call.segments[0].eq_ignore_ascii_case("subscriptions") => {
                limit(subscription, 25.0, 250.0, false)
            }
            _ => limit("tenant", 25.0, 250.0, false),
        }
    }

    fn answer(&self, call: &Call) -> Option<Answer> {
        if tokens::kind(call).is_some() {
            return Some(self.token(call));
        }
        Some(match arm::refused_at_the_door(call) {
            Some(refusal) => refusal,
            None if graph::is_query(call) => self.query(call),
            None => return self.manage(call),
        })
    }

    fn unknown(call: &Call) -> Answer {
        let message = format!("No HTTP resource was found that matches the request URI '{}'.", call.path);
        fault::refusal(404, "InvalidResourceType", &message)
    }

    fn fault(&self, call: &Call, fault: &Fault) -> Answer {
        fault::answer(call, fault)
    }

    fn bent(call: &Call, answer: Answer, fault: &Fault) -> Answer {
        let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else { return answer };
        match fault {
            Fault::RepeatedToken if graph::is_query(call) => body["$skipToken"] = json!("again"),
            Fault::RepeatedToken if body.get("value").is_some() => {
                let query: Vec<String> =
                    call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
                body["nextLink"] = json!(format!("https://{}{}?{}", call.host, call.path, query.join("&")));
            }
            Fault::NextElsewhere if body.get("value").is_some() => {
                body["nextLink"] =
                    json!("https://management.example.test/subscriptions?api-version=2022-12-01");
            }
            Fault::Changed(pointer, new) => changed(&mut body, pointer, new.as_ref()),
            _ => {}
        }
        Answer { body: body.to_string(), ..answer }
    }

    fn dressed(call: &Call, answer: Answer, admission: Option<Admission>) -> Answer {
        let clock = |seconds: f64| {
            let seconds = seconds.ceil() as u64;
            format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        };
        let (left, full) = match admission {
            None if graph::is_query(call) => (14, 5.0),
            None => (249, 0.0),
            Some(Admission::Admitted(left, full)) => (left, full),
            Some(Admission::Refused(wait)) => (0, wait),
        };
        let answer = answer.with_header("x-ms-request-id", "00000000-0000-4000-8000-000000000000");
        if tokens::kind(call).is_some() {
            return answer;
        }
        if graph::is_query(call) {
            return answer
                .with_header("x-ms-user-quota-remaining", left)
                .with_header("x-ms-user-quota-resets-after", clock(full));
        }
        let of_subscription =
            call.segments.first().is_some_and(|first| first.eq_ignore_ascii_case("subscriptions"));
        match of_subscription && call.segments.len() > 1 {
            true => answer.with_header("x-ms-ratelimit-remaining-subscription-reads", left),
            false => answer.with_header("x-ms-ratelimit-remaining-tenant-reads", left),
        }
    }
}
