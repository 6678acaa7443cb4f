//! What is read in bulk, and the functions that are then asked one by one.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::Value;

use super::super::changes;
use super::super::client::Reader;
use super::super::failure::Failure;
use super::super::place::{Read, grouped, text, unqualified_function};
use super::super::request::Request;
use super::details::{Asking, Function};
use super::signing::{self, Signing};
use super::{FUNCTIONS, GET_ACCOUNT_SETTINGS, MAPPINGS};

/// What was read of all functions of a region together.
pub(super) struct Common {
    pub settings: Result<Value, Failure>,
    pub mappings: Result<Mappings, Failure>,
    pub signing: Signing,
    /// Why not all functions could be listed, where that is so.
    pub listing: Option<Failure>,
}

/// The event source mappings of each function, by its unqualified ARN.
pub(super) type Mappings = BTreeMap<String, Vec<Value>>;

/// Reads all functions, and gives each function to `keep` as soon as all of it was asked.
pub(super) async fn fetch(reader: &Reader, mut keep: impl FnMut(Function, &Common)) -> Common {
    let settings = Request::get(&["2016-08-19", "account-settings"]);
    let mappings = Request::get(&["2015-03-31", "event-source-mappings"]);
    let (settings, mappings, signing, listed, changes) = tokio::join!(
        reader.call(&GET_ACCOUNT_SETTINGS, None, settings),
        reader.list(&MAPPINGS, None, mappings),
        signing::fetch(reader),
        list_functions(reader),
        changes::of_functions(reader)
    );
    let mappings = mappings.whole().map(by_function);
    let Listed { latest, mut versions, listing } = listed;
    let common = Common { settings, mappings, signing, listing };
    let asking = Asking::new(reader, common.settings.as_ref().ok(), common.mappings.as_ref().ok(), &changes);
    let asked = latest.into_iter().map(|config| {
        let config: Value = serde_json::from_str(&config).expect("it was written as JSON");
        let own = text(&config, "/FunctionName").and_then(|name| versions.remove(name)).unwrap_or_default();
        // Where the listing broke off, the versions of a function may be on a page that was never read.
        let versions = match &common.listing {
            Some(failure) if own.is_empty() => Err(failure.clone()),
            _ => Ok(own),
        };
        asking.ask(config, versions)
    });
    let mut functions = futures::stream::iter(asked).buffer_unordered(reader.limits.concurrency);
    while let Some(function) = functions.next().await {
        if let Some(function) = function {
            keep(function, &common);
        }
    }
    drop(functions);
    common
}

/// Functions as they are now, and their published versions by function name; as text, which takes an eighth of the memory.
#[derive(Default)]
struct Listed {
    latest: Vec<String>,
    versions: BTreeMap<String, Vec<String>>,
    listing: Option<Failure>,
}

async fn list_functions(reader: &Reader) -> Listed {
    let mut listed = Listed::default();
    let all = Request::get(&["2015-03-31", "functions"]).query("FunctionVersion", "ALL");
    let keep = |mut config: Value| match text(&config, "/Version") {
        Some(version) if version != "$LATEST" => {
            if let Some(name) = text(&config, "/FunctionName").map(str::to_owned) {
                reader.redactor.redact_map(&mut config, "/Environment/Variables");
                listed.versions.entry(name).or_default().push(config.to_string());
            }
        }
        _ => listed.latest.push(config.to_string()),
    };
    listed.listing = reader.list_each(&FUNCTIONS, None, all, keep).await;
    listed
}

fn by_function(mappings: Vec<Value>) -> Mappings {
    let mut by_function =
        grouped(mappings, |mapping| text(mapping, "/FunctionArn").and_then(unqualified_function));
    for mappings in by_function.values_mut() {
        mappings.sort_by_cached_key(|mapping| text(mapping, "/UUID").unwrap_or_default().to_owned());
    }
    by_function
}

/// The versions among `texts` that are named, in order.
pub(super) fn pick(texts: &[String], named: &std::collections::BTreeSet<String>) -> Vec<Value> {
    let parsed = texts.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    let mut picked: Vec<Value> =
        parsed.filter(|version| text(version, "/Version").is_some_and(|v| named.contains(v))).collect();
    picked.sort_by_cached_key(|version| text(version, "/Version").and_then(|v| v.parse::<u64>().ok()));
    picked
}

/// A list under the name that its API gives it; none where it is empty.
pub(super) fn listed(name: &str, items: Vec<Value>) -> Read {
    Ok((!items.is_empty()).then(|| serde_json::json!({ name: items })))
}
