//! What is read only where others name it: it comes after them, a bounded number of accounts at a time, and it ends
//! only where everybody who could have named it was heard.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where, and stops")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::{SignedDuration, Timestamp};
use nephoscope_catalogue::Catalogue;
use nephoscope_collect::ACCOUNTS_AT_ONCE;
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::Origin;
use nephoscope_model::{
    AccountId, Coverage, CoverageState, Facet, Kind, PackedResource, Provider, Region, Relation,
    RelationName, Resource, ServiceName, Shard, ShardKey, TargetName, Uid,
};
use nephoscope_scan::source::{Given, Source};
use nephoscope_scan::{Progress, Request, ScanError, run};
use nephoscope_store::Store;
use nephoscope_store::sqlite::SqliteStore;
use serde_json::json;
use tokio_util::sync::CancellationToken;

const KEY: &str = "arn:aws:kms:eu-west-1:447120260912:key/orders";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:447120260912:function:orders";

/// A cloud in which `lambda` names keys and `kms` reads those that exist and are named. The function is in the first
/// account, the key in the last.
#[derive(Default)]
struct Invented {
    accounts: Vec<AccountId>,
    /// What the shard of the functions says of itself, and whether it still has the one that names the key.
    functions: Option<(CoverageState, bool)>,
    /// True where the key exists.
    has_key: bool,
    /// The services that are asked for; all of them where none is named.
    services: &'static [&'static str],
    /// True where accounts that are not listed any more may still be there.
    may_miss: bool,
    /// Stops the scan once nothing is missing but the keys of the last account.
    stopping: Option<CancellationToken>,
    /// The keys of each call for shards, and what was named by then.
    asked: Mutex<Vec<(Vec<ShardKey>, BTreeSet<String>)>>,
}

impl Invented {
    fn shard(&self, key: ShardKey, named: &BTreeSet<String>) -> Shard {
        let has_function = self.accounts.first() == Some(&key.account);
        let has_key = self.has_key && self.accounts.last() == Some(&key.account);
        let functions = self.functions.map(|(state, there)| (state, there && has_function));
        let (state, resources) = match (key.service.as_str(), functions) {
            ("lambda", Some((state, true))) => {
                let relation = Relation { name: RelationName::EncryptedBy, to: Uid::from(KEY) };
                (state, vec![resource(&key, FUNCTION, "aws.lambda.function", vec![relation])])
            }
            ("lambda", Some((state, false))) => (state, Vec::new()),
            ("unseen", _) => (CoverageState::Denied, Vec::new()),
            ("kms", _) if has_key && named.contains(KEY) => {
                (CoverageState::Complete, vec![resource(&key, KEY, "aws.kms.key", Vec::new())])
            }
            _ => (CoverageState::Complete, Vec::new()),
        };
        let listed = state == CoverageState::Complete;
        let coverage = Coverage { state, calls: [].into(), errors: Vec::new(), costs: Vec::new(), listed };
        Shard { key, coverage, resources }
    }
}

fn resource(key: &ShardKey, uid: &str, kind: &str, relations: Vec<Relation>) -> Resource {
    Resource {
        uid: Uid::from(uid),
        kind: Kind::from(kind),
        provider: key.provider,
        account: key.account.clone(),
        region: key.region.clone(),
        service: key.service.clone(),
        name: "orders".to_owned(),
        tags: BTreeMap::new(),
        facets: [("config".to_owned(), Facet::Known(json!({})))].into(),
        relations,
        carried: BTreeMap::new(),
        revision: None,
    }
}

#[async_trait]
impl Source for Invented {
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError> {
        let keys = self.accounts.iter().flat_map(|account| {
            let services = if self.services.is_empty() { &["kms", "lambda"][..] } else { self.services };
            services.iter().map(|service| ShardKey {
                provider: Provider::Aws,
                account: account.clone(),
                region: Region::from("eu-west-1"),
                service: ServiceName::from(*service),
            })
        });
        Ok(keys.collect())
    }

    fn unseen(&self, before: &[AccountId]) -> Vec<ShardKey> {
        let shard = |account: &AccountId| ShardKey {
            provider: Provider::Aws,
            account: account.clone(),
            region: Region::from("eu-west-1"),
            service: ServiceName::from("unseen"),
        };
        before.iter().filter(|_| self.may_miss).map(shard).collect()
    }

    fn round(&self, key: &ShardKey) -> u8 {
        u8::from(key.service.as_str() == "kms")
    }

    fn by_account(&self) -> bool {
        true
    }

    fn shards<'a>(
        &'a self,
        keys: Vec<ShardKey>,
        given: Given<'a>,
    ) -> BoxStream<'a, Result<Shard<PackedResource>, ScanError>> {
        let named: BTreeSet<String> = given.named.iter().map(str::to_owned).collect();
        self.asked.lock().unwrap().push((keys.clone(), named.clone()));
        let is_last =
            |key: &ShardKey| key.service.as_str() == "kms" && self.accounts.last() == Some(&key.account);
        if let Some(stop) = self.stopping.clone().filter(|_| keys.iter().any(is_last)) {
            let (store, open) = given.night.unwrap();
            let stopping = async move {
                while store.scan_unfinished(&open.scan.target).await.unwrap().unwrap().done.len() < 3 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                stop.cancel();
                std::future::pending().await
            };
            return stream::once(stopping).boxed();
        }
        let shards: Vec<_> = keys.into_iter().map(|key| Ok(self.shard(key, &named).packed())).collect();
        stream::iter(shards).boxed()
    }
}

/// A store in which the key was named and there on the first night.
struct Nights {
    _folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    night: i64,
}

impl Nights {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open_writer(&format!("sqlite:{}/a.db", folder.path().display()));
        let store: Arc<dyn Store> = Arc::new(store.unwrap());
        let catalogue = Arc::new(Catalogue::from_folders(&[]).unwrap());
        let mut nights = Self { _folder: folder, store, catalogue, night: 0 };
        let there = nights.scan(&one(CoverageState::Complete, true, true)).await;
        assert_eq!(there, [(FUNCTION.to_owned(), false), (KEY.to_owned(), false)].into());
        nights
    }

    /// Scans, and gives what stands in the store afterwards: by uid, whether it is stale.
    async fn scan(&mut self, source: &Invented) -> BTreeMap<String, bool> {
        self.night += 1;
        let instant: Timestamp = "2026-11-16T02:00:00Z".parse().unwrap();
        let request = Request {
            target: TargetName::from("shop"),
            origin: Origin::Command,
            instant: instant + SignedDuration::from_hours(24 * self.night),
        };
        let (progress, stop) = (Progress::default(), source.stopping.clone().unwrap_or_default());
        let ended = run(&self.store, &self.catalogue, source, &request, &progress, &stop).await;
        assert_eq!(ended.is_err(), source.stopping.is_some(), "{ended:?}");
        let view = self.store.view_fetch(&[], &AsOf::Latest).await.unwrap();
        let page = self.store.resource_list(&view, &Filter::default(), true, None, 500).await.unwrap();
        page.rows.into_iter().map(|row| (row.uid.to_string(), row.stale)).collect()
    }
}

/// One account, whose functions were read so far, with or without the function and the key.
fn one(state: CoverageState, has_function: bool, has_key: bool) -> Invented {
    Invented {
        accounts: vec![AccountId::from("447120260912")],
        functions: Some((state, has_function)),
        has_key,
        ..Invented::default()
    }
}

#[tokio::test]
async fn what_nobody_names_any_more_ends_only_where_all_were_heard() {
    for state in
        [CoverageState::Partial, CoverageState::Denied, CoverageState::Throttled, CoverageState::Failed]
    {
        let mut nights = Nights::begin().await;
        let after = nights.scan(&one(state, false, false)).await;
        assert_eq!(after.get(KEY), Some(&true), "{state}: who would have named it may not have been read");
        let heard = nights.scan(&one(CoverageState::Complete, false, false)).await;
        assert_eq!(heard, BTreeMap::new(), "{state}: all were heard, and nobody names it");
    }
}

#[tokio::test]
async fn what_is_switched_off_names_what_it_named_before_and_keeps_nothing_else() {
    let mut nights = Nights::begin().await;
    // The function still stands, though it cannot be seen; so the key is asked for, and it is there.
    let off = one(CoverageState::Disabled, false, true);
    let after = nights.scan(&off).await;
    assert_eq!(after, [(FUNCTION.to_owned(), true), (KEY.to_owned(), false)].into());
    let asked = off.asked.lock().unwrap().pop().unwrap();
    assert_eq!(asked.1, [KEY.to_owned()].into());
    let mut others = Nights::begin().await;
    let first = others.scan(&one(CoverageState::Disabled, false, false)).await;
    assert_eq!(first.get(KEY), Some(&true), "one night is no proof: the name may not have been resolved");
    // Nothing is made where everything stays off: that a key is gone is as sure as elsewhere.
    let after = nights.scan(&one(CoverageState::Disabled, false, false)).await;
    assert_eq!(after, [(FUNCTION.to_owned(), true)].into());
}

#[tokio::test]
async fn what_is_no_longer_asked_for_stays_as_it_was_last() {
    let mut nights = Nights::begin().await;
    let narrow = Invented { services: &["lambda"], ..one(CoverageState::Complete, true, true) };
    let there = nights.scan(&narrow).await;
    assert_eq!(there, [(FUNCTION.to_owned(), false), (KEY.to_owned(), true)].into());
    // What is not asked names what it named.
    let keys = Invented { services: &["kms"], ..one(CoverageState::Complete, true, true) };
    let there = nights.scan(&keys).await;
    assert_eq!(there, [(FUNCTION.to_owned(), true), (KEY.to_owned(), false)].into());
}

#[tokio::test]
async fn an_account_that_is_not_seen_any_more_stays_until_somebody_says_that_it_is_gone() {
    let mut nights = Nights::begin().await;
    let other = || Invented { accounts: vec![AccountId::from("100000000000")], ..Invented::default() };
    let stale = [(FUNCTION.to_owned(), true), (KEY.to_owned(), true)].into();
    assert_eq!(nights.scan(&Invented { may_miss: true, ..other() }).await, stale);
    assert_eq!(nights.scan(&Invented { may_miss: true, ..other() }).await, stale);
    assert_eq!(nights.scan(&other()).await, BTreeMap::new());
}

#[tokio::test]
async fn what_another_account_named_before_the_scan_was_stopped_is_still_named() {
    let accounts = ["100000000000", "447120260912"].map(AccountId::from).to_vec();
    let two = || Invented { accounts: accounts.clone(), ..one(CoverageState::Complete, true, true) };
    let mut nights = Nights::begin().await;
    let stopping = Invented { stopping: Some(CancellationToken::new()), ..two() };
    nights.scan(&stopping).await;
    nights.night -= 1;
    let resumed = two();
    let after = nights.scan(&resumed).await;
    let asked = resumed.asked.into_inner().unwrap();
    assert_eq!(asked.len(), 1, "all but the keys of the last account had been committed: {asked:?}");
    assert_eq!(after, [(FUNCTION.to_owned(), false), (KEY.to_owned(), false)].into());
}

#[tokio::test]
async fn accounts_that_are_read_at_different_times_name_what_others_have() {
    let mut nights = Nights::begin().await;
    let accounts: Vec<_> =
        (0..ACCOUNTS_AT_ONCE).map(|number| AccountId::from(format!("{number:012}"))).collect();
    let own = AccountId::from("447120260912");
    let both = [(FUNCTION.to_owned(), false), (KEY.to_owned(), false)].into();
    let named_before = accounts.iter().chain([&own]).cloned().collect();
    let named_after = [&own].into_iter().chain(&accounts).cloned().collect();
    for accounts in [named_before, named_after] {
        let many = Invented { accounts, ..one(CoverageState::Complete, true, true) };
        let (first, second) = (nights.scan(&many).await, nights.scan(&many).await);
        assert_eq!((first.get(FUNCTION), &second), (Some(&false), &both));
    }
}

#[tokio::test]
async fn accounts_are_read_side_by_side_and_those_who_name_come_first() {
    let mut nights = Nights::begin().await;
    let accounts = (0..2 * ACCOUNTS_AT_ONCE + 7).map(|number| AccountId::from(format!("{number:012}")));
    let many = Invented { accounts: accounts.collect(), ..Invented::default() };
    nights.scan(&many).await;
    let (mut half_read, mut read, mut most) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (keys, _) in many.asked.into_inner().unwrap() {
        let [key] = keys.as_slice() else { panic!("one shard of an account is in each round: {keys:?}") };
        let account = key.account.clone();
        match key.service.as_str() {
            "lambda" => assert!(half_read.insert(account)),
            _ => assert!(half_read.remove(&account) && read.insert(account), "{key} comes second"),
        }
        most = most.max(half_read.len());
    }
    assert_eq!((read.len(), most), (2 * ACCOUNTS_AT_ONCE + 7, ACCOUNTS_AT_ONCE));
}
