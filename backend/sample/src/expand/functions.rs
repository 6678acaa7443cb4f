//! Lambda of one region: its functions and its settings.

use nephoscope_model::Resource;
use serde_json::json;

use super::function::function;
use super::{Facets, resource};
use crate::entries::Account;
use crate::estate::Entries;
use crate::place::Place;

pub(super) fn functions(place: Place<'_>, account: &Account, entries: &Entries) -> Vec<Resource> {
    let mut resources: Vec<Resource> =
        entries.functions.iter().map(|entry| function(place, account, entry)).collect();
    if place.copy == 0 {
        resources.push(settings(place, account, entries));
    }
    resources
}

/// The reply of GetAccountSettings, without the usage that changes by itself: what is left unreserved is counted, as the provider counts it.
fn settings(place: Place<'_>, account: &Account, entries: &Entries) -> Resource {
    let reserved: u64 = entries.functions.iter().filter_map(|function| function.concurrency).sum();
    let settings = json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": account.concurrency_limit,
            "UnreservedConcurrentExecutions": account.concurrency_limit.saturating_sub(reserved),
        },
    });
    let uid = place.arn("lambda:account-settings");
    let name = format!("Lambda settings of {}", place.region);
    resource(place, "aws.lambda.settings", uid, name, Facets::default().known("settings", settings))
}
