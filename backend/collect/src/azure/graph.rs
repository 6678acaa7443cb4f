//! Resource Graph: one query for every service and subscription at once, whose rows the shards then share out.
//!
//! What waits to be taken is kept as text, a fifth of what it takes once it is parsed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nephoscope_model::AccountId;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::kind::Place;
use super::quota;
use crate::failure::Failure;
use crate::normalise::{text, without};
use crate::pages::Listing;
use crate::rest::{Action, List, Pages, Reader, Request};

/// The query, in pages of a thousand rows.
pub(super) static QUERY: List = Action::new("Microsoft.ResourceGraph/resources/read", &quota::GRAPH)
    .version("2021-03-01")
    .list("data", Pages::Body { reply: "$skipToken", request: "/options/$skipToken" })
    .mixed();

/// The most subscriptions that one query may name.
/// <https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language>
const SUBSCRIPTIONS_AT_ONCE: usize = 1000;

/// What was answered, once somebody asked.
#[derive(Debug, Default)]
pub(super) struct Graph(OnceCell<Answer>);

/// The rows that no shard has taken yet, by subscription and type in lower case, and why there are not more, where that
/// is so.
#[derive(Debug)]
struct Answer {
    rows: Mutex<HashMap<(AccountId, String), Vec<String>>>,
    failure: Option<Failure>,
}

impl Graph {
    /// The resources of these types in the shard's subscription. The first shard asks for everybody's.
    pub(super) async fn rows(&self, reader: &Reader, place: &Place<'_>, types: &[&str]) -> Listing {
        let answer = self.0.get_or_init(|| ask(reader, place.all, place.types)).await;
        if let Some(failure) = &answer.failure {
            reader.log.note(failure);
        }
        let mut rows = answer.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = types
            .iter()
            .filter_map(|type_| rows.remove(&(place.subscription.clone(), type_.to_ascii_lowercase())));
        let items = taken.flatten().filter_map(|row| serde_json::from_str(&row).ok()).collect();
        Listing { items, failure: answer.failure.clone() }
    }
}

async fn ask(reader: &Reader, subscriptions: &[AccountId], types: &[&str]) -> Answer {
    let mut rows: HashMap<(AccountId, String), Vec<String>> = HashMap::new();
    let mut failure = None;
    let mut unplaced = 0;
    for some in subscriptions.chunks(SUBSCRIPTIONS_AT_ONCE) {
        let keep = |mut row: Value| {
            let lower = |pointer: &str| text(&row, pointer).map(str::to_ascii_lowercase);
            match (lower("/subscriptionId"), lower("/type"), lower("/id")) {
                (Some(owner), Some(type_), Some(_)) => {
                    without(&mut row, "subscriptionId");
                    rows.entry((AccountId::from(owner), type_)).or_default().push(row.to_string());
                }
                _ => unplaced += 1,
            }
        };
        failure = reader.list_each(&QUERY, None, request(some, types), keep).await;
        if unplaced > 0 && failure.is_none() {
            let message = format!("{unplaced} rows do not say their id, type or subscription");
            failure = Some(Failure::malformed(&QUERY.action, &message));
        }
        if failure.is_some() {
            break;
        }
    }
    Answer { rows: Mutex::new(rows), failure }
}

fn request(subscriptions: &[AccountId], types: &[&str]) -> Request {
    let types: Vec<String> = types.iter().map(|type_| format!("'{}'", type_.to_ascii_lowercase())).collect();
    let query = format!(
        "Resources | where type in~ ({}) | project id, name, type, kind, location, tags, identity, sku, zones, properties, subscriptionId | order by id asc",
        types.join(", ")
    );
    let body = json!({
        "subscriptions": subscriptions,
        "query": query,
        "options": {"$top": 1000, "resultFormat": "objectArray"},
    });
    Request::post("/providers/Microsoft.ResourceGraph/resources", body)
}
