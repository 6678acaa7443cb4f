//! Short ways of looking at a view.

use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::ScanSummary;
use nephoscope_model::{FindingKey, ScanId, State, Status};
use nephoscope_store::{BucketKey, FindingOrder, FindingRow, Store, View};

use crate::estate::target;

pub async fn latest(store: &dyn Store) -> View {
    store.view_fetch(&[], &AsOf::Latest).await.unwrap()
}

/// The buckets of a view with one of `statuses`: by check, then status, then exposure.
pub async fn buckets(store: &dyn Store, view: &View, statuses: &[Status]) -> Vec<BucketKey> {
    let rollups = store.rollup_list(view).await.unwrap().into_iter().map(|rollup| rollup.bucket);
    let mut buckets: Vec<_> = rollups
        .filter(|bucket| statuses.contains(&bucket.status))
        .map(|bucket| BucketKey { check: bucket.check, status: bucket.status, exposure: bucket.exposure })
        .collect();
    buckets.sort();
    buckets.dedup();
    buckets
}

pub async fn findings(
    store: &dyn Store,
    view: &View,
    filter: &Filter,
    statuses: &[Status],
) -> Vec<FindingRow> {
    let order = FindingOrder::Buckets(buckets(store, view, statuses).await);
    let page = store.finding_list(view, filter, &order, None, 500).await.unwrap();
    assert_eq!(page.next, None);
    page.rows
}

pub fn told(rows: &[FindingRow]) -> Vec<(&str, Status, State)> {
    rows.iter().map(|row| (row.name.as_str(), row.status, row.state)).collect()
}

pub fn counts(summary: &ScanSummary) -> (u64, u64, u64, u64) {
    (summary.resources, summary.pass, summary.fail, summary.unknown)
}

/// All that a view shows, as text.
pub async fn everything(store: &dyn Store, view: &View) -> String {
    let filter = Filter::default();
    let findings = findings(store, view, &filter, &Status::ALL).await;
    let resources = store.resource_list(view, &filter, true, None, 500).await.unwrap().rows;
    let by_debt = store.resource_list(view, &filter, false, None, 500).await.unwrap().rows;
    let mut details = Vec::new();
    for row in &resources {
        details.push(store.resource_fetch(view, &row.uid).await.unwrap().unwrap());
        assert!(!store.finding_list_of(view, &row.uid).await.unwrap().is_empty());
    }
    let rollups = store.rollup_list(view).await.unwrap();
    let counts = store.resource_rollup_list(view).await.unwrap();
    format!("{findings:#?}{resources:#?}{by_debt:#?}{details:#?}{rollups:#?}{counts:#?}")
}

pub async fn an_empty_store_says_so(store: &dyn Store) {
    let view = latest(store).await;
    assert_eq!(view, View::default());
    assert!(store.target_list().await.unwrap().is_empty());
    assert!(store.rollup_list(&view).await.unwrap().is_empty());
    assert!(store.scan_list(None, None, 10).await.unwrap().rows.is_empty());
    assert_eq!(store.scan_fetch(&ScanId::from("nobody")).await.unwrap(), None);
    assert_eq!(store.finding_fetch(&view, &FindingKey::from("0".repeat(32))).await.unwrap(), None);
    assert!(store.scan_unfinished(&target()).await.unwrap().is_none());
}
