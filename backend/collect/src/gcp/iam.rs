//! IAM: service accounts with who may use them and their keys, and the providers of identities from outside.

use nephoscope_model::{Facet, Resource, Uid};

use super::kind::{Ask, Detail, Kind, Source, always, as_it_is};
use super::quota;
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "iam.googleapis.com";

static ACCOUNTS: List = Action::new("iam.serviceAccounts.list", &quota::IAM)
    .at(HOST)
    .list("accounts", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static POLICY: Action = Action::new("iam.serviceAccounts.getIamPolicy", &quota::IAM).at(HOST);
static KEYS: Action = Action::new("iam.serviceAccountKeys.list", &quota::IAM).at(HOST);
static POOLS: List = Action::new("iam.workloadIdentityPools.list", &quota::IAM)
    .at(HOST)
    .list("workloadIdentityPools", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static PROVIDERS: List = Action::new("iam.workloadIdentityPoolProviders.list", &quota::IAM)
    .at(HOST)
    .list("workloadIdentityPoolProviders", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.iam.serviceaccount",
        facet: "account",
        host: HOST,
        source: Source::Assets {
            type_: "iam.googleapis.com/ServiceAccount",
            list: Some(&ACCOUNTS),
            path: "/v1/projects/{project}/serviceAccounts",
        },
        policy: Some(Ask::Post(&POLICY, "/v1/{name}:getIamPolicy")),
        details: &[Detail::new("keys", Ask::One(&KEYS, "/v1/{name}/keys?keyTypes=USER_MANAGED"))],
        normalise: account,
    },
    Kind {
        kind: "gcp.iam.workloadpool",
        facet: "pool",
        host: HOST,
        source: Source::Listed {
            list: &POOLS,
            path: "/v1/projects/{project}/locations/global/workloadIdentityPools",
        },
        policy: None,
        details: &[],
        normalise: as_it_is,
    },
    Kind {
        kind: "gcp.iam.workloadprovider",
        facet: "provider",
        host: HOST,
        source: Source::Children {
            of: "gcp.iam.workloadpool",
            list: &PROVIDERS,
            path: "/v1/{name}/providers",
            when: always,
        },
        policy: None,
        details: &[],
        normalise: as_it_is,
    },
];

/// Accounts go by their address, as everything that runs in their name does; the inventory has them by a number.
fn account(account: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = account.facets.get_mut("account") else { return };
    without(config, "etag");
    if let Some(email) = text(config, "/email") {
        account.uid = Uid::from(format!("//{HOST}/projects/{}/serviceAccounts/{email}", account.account));
        account.name = email.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn an_account_goes_by_its_address() {
        let facet = json!({"name": "projects/shop/serviceAccounts/1234", "email": "orders@shop.iam.gserviceaccount.com", "uniqueId": "1234"});
        let mut one = resource("gcp.iam.serviceaccount", "account", facet);
        account(&mut one, &Redactor::new([1; 32]));
        assert_eq!(
            one.uid.as_str(),
            "//iam.googleapis.com/projects/shop/serviceAccounts/orders@shop.iam.gserviceaccount.com"
        );
        assert_eq!(one.name, "orders@shop.iam.gserviceaccount.com");
        let mut nameless = resource("gcp.iam.serviceaccount", "account", json!({}));
        let before = nameless.uid.clone();
        account(&mut nameless, &Redactor::new([1; 32]));
        assert_eq!(nameless.uid, before);
    }
}
