//! Cloud Asset Inventory: one listing of a project for all services, which the shards then share out.
//!
//! What waits to be taken is kept as text, a fifth of what it takes once it is parsed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use nephoscope_model::AccountId;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::quota;
use crate::failure::Failure;
use crate::normalise::text;
use crate::rest::{Action, List, Pages, Reader, Request};

/// Every resource, or every policy, of some types.
pub(super) static LIST: List = Action::new("cloudasset.assets.listResource", &quota::ASSETS)
    .at("cloudasset.googleapis.com")
    .list("assets", Pages::Token { reply: "nextPageToken", request: "pageToken" })
    .mixed();
pub(super) static POLICIES: List = Action::new("cloudasset.assets.listIamPolicy", &quota::ASSETS)
    .at("cloudasset.googleapis.com")
    .list("assets", Pages::Token { reply: "nextPageToken", request: "pageToken" })
    .mixed();

/// What was listed so far, by project.
#[derive(Debug, Default)]
pub(super) struct Assets(Mutex<BTreeMap<AccountId, Arc<OnceCell<Arc<Inventory>>>>>);

/// What a project has that no shard has taken yet, and why it is not all, where that is so.
#[derive(Debug)]
pub(super) struct Inventory {
    by_type: Mutex<HashMap<String, Vec<String>>>,
    policies: Mutex<HashMap<String, String>>,
    pub failure: Option<Failure>,
    pub policy_failure: Option<Failure>,
}

impl Assets {
    /// The inventory of a project. The first shard that needs it asks for it.
    pub(super) async fn of(&self, reader: &Reader, project: &AccountId, types: &[&str]) -> Arc<Inventory> {
        let cell = {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asked.entry(project.clone()).or_default())
        };
        Arc::clone(cell.get_or_init(|| async { Arc::new(ask(reader, project, types).await) }).await)
    }
}

impl Inventory {
    /// The assets of one type; whoever comes second gets none.
    pub(super) fn take(&self, type_: &str) -> impl Iterator<Item = Value> + use<> {
        let taken = self.by_type.lock().unwrap_or_else(PoisonError::into_inner).remove(type_);
        taken.into_iter().flatten().filter_map(|asset| serde_json::from_str(&asset).ok())
    }

    /// The IAM policy of one asset; none where it has none of its own.
    pub(super) fn policy(&self, name: &str) -> Option<Value> {
        let taken = self.policies.lock().unwrap_or_else(PoisonError::into_inner).remove(name)?;
        serde_json::from_str(&taken).ok()
    }
}

async fn ask(reader: &Reader, project: &AccountId, types: &[&str]) -> Inventory {
    let request = |content: &str| {
        let listing = Request::get(&format!("/v1/projects/{project}/assets"));
        let listing = listing.query("contentType", content).query("pageSize", 1000);
        types.iter().fold(listing, |listing, type_| listing.query("assetTypes", type_))
    };
    let mut by_type: HashMap<String, Vec<String>> = HashMap::new();
    let mut strange = 0;
    let resources = async {
        let keep = |asset: Value| match text(&asset, "/assetType") {
            Some(type_) => by_type.entry(type_.to_owned()).or_default().push(asset.to_string()),
            None => strange += 1,
        };
        reader.list_each(&LIST, None, request("RESOURCE"), keep).await
    };
    let failure = resources.await;
    let failure = failure.or_else(|| unlike(strange, &LIST.action, "type"));
    let mut policies = HashMap::new();
    let policy_failure = match &failure {
        // Where resources cannot be listed, policies cannot either.
        Some(failure) => Some(failure.clone()),
        None => {
            let keep = |asset: Value| match (text(&asset, "/name"), asset.get("iamPolicy")) {
                (Some(name), Some(policy)) => drop(policies.insert(name.to_owned(), policy.to_string())),
                (Some(_), None) => {}
                (None, _) => strange += 1,
            };
            let failure = reader.list_each(&POLICIES, None, request("IAM_POLICY"), keep).await;
            failure.or_else(|| unlike(strange, &POLICIES.action, "name"))
        }
    };
    // What came before the listing broke off would be told from what did not by nobody.
    if failure.is_some() {
        by_type.clear();
    }
    if policy_failure.is_some() {
        policies.clear();
    }
    Inventory { by_type: Mutex::new(by_type), policies: Mutex::new(policies), failure, policy_failure }
}

/// The failure of a listing in which some assets lack what tells whose they are.
fn unlike(strange: usize, action: &Action, what: &str) -> Option<Failure> {
    (strange > 0).then(|| Failure::malformed(action, &format!("{strange} assets have no {what}")))
}
