//! Two targets that see the same account, each at its own scan.

use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::{CheckId, FindingKey, Kind, ScanId, State, Status, TargetName};
use nephoscope_store::Store;

use crate::estate::*;
use crate::looking::{everything, findings, latest, told};

/// Nights 20 to 22: `shop` and `lab` by turns.
pub async fn two_targets_stand_side_by_side(store: &dyn Store) {
    let lab = TargetName::from("lab");
    let shards = [listed(key("global", "iam"), vec![role("shop", "*")])];
    scan(store, night(20), &shards).await;
    let alone = latest(store).await;
    let seen = everything(store, &alone).await;

    let mut other = opened(night(21), &shards);
    (other.target, other.id) = (lab.clone(), ScanId::of(&lab, night(21)));
    let changed = [listed(key("global", "iam"), vec![role("shop", "s3:GetObject")])];
    store.scan_open(&other).await.unwrap();
    store.shard_insert(&other.id, &[changed[0].clone().packed()]).await.unwrap();
    evaluate(store, &other.id).await;
    assert_eq!(everything(store, &latest(store).await).await, seen);
    store.scan_finish(&other.id, &finished(night(21))).await.unwrap();

    let view = latest(store).await;
    let targets: Vec<_> = view.entries.iter().map(|entry| (entry.target.as_str(), entry.started)).collect();
    assert_eq!(targets, [("lab", night(21)), ("shop", night(20))]);
    assert_eq!(store.target_list().await.unwrap(), [lab.clone(), target()]);
    let rows = findings(store, &view, &Filter::default(), &Status::ALL).await;
    assert_eq!(told(&rows), [("shop", Status::Fail, State::New), ("shop", Status::Pass, State::Resolved)]);
    let only = Filter { targets: vec![lab.clone()], ..Filter::default() };
    let rows = findings(store, &view, &only, &Status::ALL).await;
    assert_eq!(told(&rows), [("shop", Status::Pass, State::Resolved)]);
    assert_eq!(store.resource_count(&view, &Filter::default()).await.unwrap(), 2);
    let rollups = store.rollup_list(&view).await.unwrap();
    let counts: Vec<_> = rollups
        .iter()
        .map(|rollup| (rollup.target.as_str(), rollup.bucket.status, rollup.bucket.count))
        .collect();
    assert_eq!(counts, [("lab", Status::Pass, 1), ("shop", Status::Fail, 1)]);
    assert_eq!(store.view_fetch(&[target()], &AsOf::Latest).await.unwrap(), alone);
    assert_eq!(store.view_fetch(&[], &AsOf::Scan(alone.entries[0].scan.clone())).await.unwrap(), alone);

    // Both have the finding under one key, each its own.
    let finding = FindingKey::of(&CheckId::from(ROLE_CHECK), &role_uid("shop"));
    let in_lab = store.view_fetch(&[lab], &AsOf::Latest).await.unwrap();
    assert_eq!(store.finding_fetch(&in_lab, &finding).await.unwrap().unwrap().status, Status::Pass);
    assert_eq!(store.finding_fetch(&alone, &finding).await.unwrap().unwrap().status, Status::Fail);
    scan(store, night(22), &changed).await;
    let now = latest(store).await;
    let changes = store.verdict_change_list(&view, &now, &Filter::default(), None, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].before, changes[0].after), (Some(Status::Fail), Some(Status::Pass)));
    assert_eq!(store.verdict_change_list(&in_lab, &now, &Filter::default(), None, 10).await.unwrap(), []);
    let changes = store.resource_change_list(&view, &now, &Filter::default(), 10).await.unwrap();
    assert_eq!((changes.len(), &changes[0].kind), (1, &Kind::from("aws.iam.role")));
    let before = store.view_before(&now).await.unwrap();
    assert_eq!(before.entries.len(), 1, "the first scan of a target has none before it");
}
