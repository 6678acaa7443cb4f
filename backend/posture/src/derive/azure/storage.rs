//! Storage accounts behind functions: who keeps code or state where.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Fact, Resource, Unreadable};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet, fact, reason, required, text};

const APPS: [&str; 2] = ["azure.functions.app", "azure.functions.slot"];
const FACETS: [&str; 2] = ["site", "connections"];

/// Which function apps keep what they run, or where they stand, in which account.
#[derive(Debug)]
pub(super) struct Users {
    /// The uid of each app with the uids of its accounts.
    known: Vec<(String, BTreeSet<String>)>,
    /// Why the accounts of apps are not known, by region of the apps.
    hidden_in: BTreeMap<String, Vec<Unreadable>>,
    listed: Reading<()>,
}

impl Users {
    pub fn of(map: &Map<'_>) -> Self {
        let mut users =
            Self { known: Vec::new(), hidden_in: BTreeMap::new(), listed: map.listed("web", None) };
        for &position in APPS.iter().flat_map(|kind| map.kind(kind)) {
            let app = map.held(position).open_only(&FACETS);
            let Accounts { uids, doubts } = accounts_of(&app, map);
            if !doubts.is_empty() {
                users.hidden_in.entry(app.region.as_str().to_owned()).or_default().extend(doubts);
            }
            users.known.push((app.uid.as_str().to_owned(), uids));
        }
        users
    }

    /// The facts of a storage account.
    pub fn facts(&self, account: &Resource) -> Vec<(&'static str, Fact)> {
        let uid = account.uid.as_str();
        let using = self.known.iter().filter(|(_, accounts)| accounts.contains(uid));
        let using: Vec<&str> = using.map(|(app, _)| app.as_str()).collect();
        // A host must be near its storage, so an app in another region has it elsewhere.
        let hidden = self.hidden_in.get(account.region.as_str());
        let functions = match (&self.listed, hidden) {
            _ if !using.is_empty() => Ok(json!(using)),
            (Ok(()), None) => Ok(json!([])),
            (Ok(()), Some(reasons)) => Err(reasons.clone()),
            (Err(reasons), _) => Err(reasons.clone()),
        };
        vec![("functions", fact(functions))]
    }
}

/// The storage accounts in which a function app keeps what it runs and where it stands.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    pub uids: BTreeSet<String>,
    /// Why there may be others.
    pub doubts: Vec<Unreadable>,
}

/// An app on the Flex Consumption plan names the container of its packages; everything else stands among the settings.
pub(super) fn accounts_of(app: &Resource, map: &Map<'_>) -> Accounts {
    let mut accounts = Accounts::default();
    let mut names = BTreeSet::new();
    match required(app, "site") {
        Ok(site) => {
            let deployment = site.pointer("/properties/functionAppConfig/deployment/storage/value");
            names.extend(deployment.and_then(Value::as_str).and_then(account_name));
        }
        Err(reasons) => accounts.doubts.extend(reasons),
    }
    match facet(app, "connections") {
        Ok(connections) => {
            let told = connections.map(named_in_settings).unwrap_or_default();
            // Every host has such an account, so one that is not named is hidden behind a reference.
            if told.is_empty() {
                accounts.doubts.extend(reason("connections", "Redacted"));
            }
            names.extend(told);
        }
        Err(reasons) => accounts.doubts.extend(reasons),
    }
    for name in names {
        match uid_of(&name, map) {
            Some(uid) => {
                accounts.uids.insert(uid);
            }
            None => accounts.doubts.extend(reason("account", "NotCollected")),
        }
    }
    accounts
}

/// Settings of which is kept, besides what kind of connection it is, to which account or host.
const CONNECTIONS: [&str; 3] =
    ["AzureWebJobsStorage", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_RUN_FROM_PACKAGE"];

fn named_in_settings(connections: &Value) -> BTreeSet<String> {
    let told = CONNECTIONS.iter().filter_map(|name| connections.get(name));
    let told = told.filter_map(|connection| {
        let named = text(connection, "account").map(str::to_lowercase);
        named.or_else(|| text(connection, "host").and_then(account_name))
    });
    told.collect()
}

/// The account in an address such as `https://shop.blob.core.windows.net/packages`.
fn account_name(address: &str) -> Option<String> {
    let host = address.strip_prefix("https://")?.split('/').next()?;
    let (name, service) = host.split_once('.')?;
    service.starts_with("blob.").then(|| name.to_lowercase())
}

fn uid_of(name: &str, map: &Map<'_>) -> Option<String> {
    let accounts =
        map.kind("azure.storage.account").iter().map(|&position| map.held(position).uid().as_str());
    let ending = format!("/storageaccounts/{name}");
    accounts.into_iter().find(|uid| uid.ends_with(&ending)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_blobs_names_its_account() {
        assert_eq!(account_name("https://shop.blob.core.windows.net/packages").as_deref(), Some("shop"));
        assert_eq!(account_name("https://Shop.blob.core.chinacloudapi.cn").as_deref(), Some("shop"));
        for other in ["https://example.com/package.zip", "http://shop.blob.core.windows.net", "1", ""] {
            assert_eq!(account_name(other), None, "{other}");
        }
    }
}
