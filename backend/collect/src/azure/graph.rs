//! Resource Graph: one query of a service for every subscription at once, whose rows the shards then share out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use nephoscope_model::{AccountId, ServiceName};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::kind::Place;
use super::quota;
use crate::failure::Failure;
use crate::normalise::text;
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

/// What was asked so far, by service.
#[derive(Debug, Default)]
pub(super) struct Graph(Mutex<BTreeMap<ServiceName, Arc<OnceCell<Answer>>>>);

/// The rows of a service that no shard has taken yet, and why there are not more, where that is so.
#[derive(Debug)]
struct Answer {
    rows: Mutex<HashMap<AccountId, Vec<Value>>>,
    failure: Option<Failure>,
}

impl Graph {
    /// The resources of these types in the shard's subscription. The first shard of a service asks for all of them.
    pub(super) async fn rows(&self, reader: &Reader, place: &Place<'_>, types: &[&str]) -> Listing {
        let cell = {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asked.entry(place.service.clone()).or_default())
        };
        let answer = cell.get_or_init(|| ask(reader, place.all, types)).await;
        if let Some(failure) = &answer.failure {
            reader.log.note(failure);
        }
        let mut rows = answer.rows.lock().unwrap_or_else(PoisonError::into_inner);
        Listing {
            items: rows.remove(place.subscription).unwrap_or_default(),
            failure: answer.failure.clone(),
        }
    }
}

async fn ask(reader: &Reader, subscriptions: &[AccountId], types: &[&str]) -> Answer {
    let mut rows: HashMap<AccountId, Vec<Value>> = HashMap::new();
    let mut failure = None;
    let mut unplaced = 0;
    for some in subscriptions.chunks(SUBSCRIPTIONS_AT_ONCE) {
        let keep = |mut row: Value| {
            let owner = text(&row, "/subscriptionId").map(str::to_ascii_lowercase);
            let is_told = ["/id", "/type"].iter().all(|pointer| text(&row, pointer).is_some());
            match (owner.filter(|_| is_told), row.as_object_mut()) {
                (Some(owner), Some(fields)) => {
                    fields.remove("subscriptionId");
                    rows.entry(AccountId::from(owner)).or_default().push(row);
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
