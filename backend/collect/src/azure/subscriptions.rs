//! Which subscriptions there are to read.

use std::collections::BTreeMap;

use nephoscope_model::AccountId;
use serde_json::{Value, json};

use super::kind::NEXT;
use super::options::AzureOptions;
use super::quota;
use crate::discovered::Discovered;
use crate::error::{Cause, CollectError};
use crate::failure::{Class, Failure};
use crate::normalise::text;
use crate::rest::{Action, List, Reader, Request};

static LIST: List = Action::new("Microsoft.Resources/subscriptions/read", &quota::READS)
    .version("2022-12-01")
    .list("value", NEXT);
static DESCENDANTS: List =
    Action::new("Microsoft.Management/managementGroups/descendants/read", &quota::READS)
        .version("2020-05-01")
        .list("value", NEXT);

pub(super) const ACTIONS: &[&Action] = &[&LIST.action, &DESCENDANTS.action];

/// What stands in place of a state that Azure gives, where only the management group tells of a subscription.
const UNSEEN: &str = "Unseen";

/// False for a subscription below the management group that the credentials may not see.
pub(super) fn is_seen(subscription: &Value) -> bool {
    text(subscription, "/state") != Some(UNSEEN)
}

/// Why one that only the management group tells of was not read.
pub(super) fn unseen() -> Failure {
    not_seen("the subscription is below the management group, and the credentials have no role in it")
}

/// Why one that was read before, and that nothing tells of any more, was not read.
pub(super) fn missed() -> Failure {
    not_seen(
        "the credentials no longer see the subscription: their role was taken away, or it was moved or deleted; name it in `exclude` once it is gone for good",
    )
}

fn not_seen(message: &str) -> Failure {
    Failure::new(&LIST.action, Class::Denied, "SubscriptionNotSeen", message)
}

/// The subscriptions that the credentials see, and which of them are read.
pub(super) async fn discover(reader: &Reader, options: &AzureOptions) -> Result<Discovered, CollectError> {
    let ids = |given: &[String]| given.iter().map(|id| AccountId::from(id.to_ascii_lowercase())).collect();
    let mut found = Discovered::of(ids(&options.subscriptions), ids(&options.exclude));
    let failure = reader
        .list_each(&LIST, None, Request::get("/subscriptions"), |item| {
            if let Some(id) = text(&item, "/subscriptionId") {
                found.accounts.insert(AccountId::from(id.to_ascii_lowercase()), item);
            }
        })
        .await;
    if let Some(failure) = failure {
        return Err(refused("list the subscriptions of Azure", &failure));
    }
    if let Some(group) = &options.management_group {
        let mut below = BTreeMap::new();
        let path = format!("/providers/Microsoft.Management/managementGroups/{group}/descendants");
        let failure = reader
            .list_each(&DESCENDANTS, None, Request::get(&path), |item| {
                if text(&item, "/type").is_some_and(|type_| type_.ends_with("/subscriptions")) {
                    let id = text(&item, "/name").unwrap_or_default().to_ascii_lowercase();
                    let name = text(&item, "/properties/displayName").unwrap_or(&id);
                    let unseen = json!({"subscriptionId": id, "displayName": name, "state": UNSEEN});
                    below.insert(AccountId::from(id), unseen);
                }
            })
            .await;
        if let Some(failure) = failure {
            return Err(refused(&format!("list what is below the management group `{group}`"), &failure));
        }
        let elsewhere = found.accounts.extract_if(.., |id, _| !below.contains_key(id));
        found.outside.extend(elsewhere.map(|(id, _)| id));
        // Those that the credentials may not see are not left out in silence.
        for (id, unseen) in below {
            found.accounts.entry(id).or_insert(unseen);
        }
    }
    if let Some(unseen) = options
        .subscriptions
        .iter()
        .find(|given| !found.accounts.contains_key(&AccountId::from(given.to_ascii_lowercase())))
    {
        let why =
            format!("the credentials see {} subscriptions, and it is not among them", found.accounts.len());
        return Err(CollectError::Refused {
            attempted: format!("find the subscription `{unseen}`"),
            help: "check its id, the tenant, and that the credentials have the Reader role in it",
            cause: Cause::new(&why),
        });
    }
    found.choose();
    if !found.accounts.values().any(is_seen) {
        return Err(CollectError::Refused {
            attempted: "find a subscription of Azure to read".to_owned(),
            help: "give the credentials the role of `nephoscope permissions azure` in a subscription or management group",
            cause: Cause::new("the credentials see none that is not excluded"),
        });
    }
    Ok(found)
}

fn refused(attempted: &str, failure: &Failure) -> CollectError {
    CollectError::Refused {
        attempted: attempted.to_owned(),
        help: "check the network, the tenant and `endpoint_url`, and that the credentials may read it",
        cause: Cause::new(&format!("{}: {}", failure.error, failure.message)),
    }
}
