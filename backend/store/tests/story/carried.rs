//! Facets that were carried over: how old they are stands beside the versions and makes none.

use std::collections::BTreeMap;

use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::ScanState;
use nephoscope_model::{Resource, Shard, Status};
use nephoscope_store::{ScanEnd, Store};

use crate::estate::*;
use crate::looking::{findings, latest};

/// `checkout` with this revision, and its URL carried over from an earlier night.
fn checkout(revision: &str, url_from: Option<u32>) -> Resource {
    let carried = url_from.map(|from| ("url".to_owned(), night(from)));
    Resource {
        carried: carried.into_iter().collect(),
        revision: Some(revision.to_owned()),
        ..function("eu-west-1", "checkout", Some("NONE"))
    }
}

fn shards(function: Resource) -> [Shard; 1] {
    [listed(key("eu-west-1", "lambda"), vec![function])]
}

/// Nights 23 to 27: read, carried over, given up, and read again.
pub async fn what_was_carried_over_stands_beside_the_version(store: &dyn Store) {
    let uid = function_uid("eu-west-1", "checkout");
    let read = shards(checkout("r1", None));
    let first = scan(store, night(23), &read).await;
    let versions = store.resource_history(&uid).await.unwrap().len();
    let carried = shards(checkout("r1", Some(23)));
    scan(store, night(24), &carried).await;
    scan(store, night(25), &carried).await;

    let view = latest(store).await;
    assert_eq!(store.resource_history(&uid).await.unwrap().len(), versions, "nothing changed");
    assert_eq!(store.shard_fetch(&view, &read[0].key).await.unwrap().as_ref(), Some(&carried[0]));
    let then = store.view_fetch(&[target()], &AsOf::Scan(first)).await.unwrap();
    assert_eq!(store.shard_fetch(&then, &read[0].key).await.unwrap().as_ref(), Some(&read[0]));
    let only = Filter { targets: vec![target()], ..Filter::default() };
    let age = BTreeMap::from([("url".to_owned(), night(23))]);
    for row in findings(store, &view, &only, &[Status::Fail]).await {
        assert_eq!(row.carried, age);
    }

    // A scan that is given up leaves nothing behind that the next one would build upon.
    let given_up = scan_until_finish(store, night(26), &shards(checkout("r2", None))).await;
    let end =
        ScanEnd { state: ScanState::Failed, failure: Some("given up".to_owned()), ..finished(night(26)) };
    store.scan_finish(&given_up, &end).await.unwrap();
    let next = store.scan_open(&opened(night(27), &read)).await.unwrap().scan.id;
    let before = store.shard_before(&next, &read[0].key, &["url"]).await.unwrap().unwrap();
    assert_eq!((before.instant, before.resources.len()), (night(25), 1));
    let known = before.resources[0].open();
    assert_eq!((known.revision.as_deref(), &known.carried), (Some("r1"), &age));
    assert_eq!(known.facets.keys().collect::<Vec<_>>(), ["url"]);
    assert_eq!(store.shard_before(&next, &key("eu-west-1", "logs"), &["url"]).await.unwrap(), None);

    // What was carried over once and is read again has no age of its own; what goes takes it along.
    store.shard_insert(&next, &[read[0].clone().packed()]).await.unwrap();
    evaluate(store, &next).await;
    store.scan_finish(&next, &finished(night(27))).await.unwrap();
    let view = latest(store).await;
    assert_eq!(store.shard_fetch(&view, &read[0].key).await.unwrap().as_ref(), Some(&read[0]));
    scan(store, night(28), &[listed(key("eu-west-1", "lambda"), Vec::new())]).await;
    scan(
        store,
        night(29),
        &[listed(key("eu-west-1", "lambda"), vec![function("eu-west-1", "checkout", None)])],
    )
    .await;
    let (stored, ..) = store.resource_fetch(&latest(store).await, &uid).await.unwrap().unwrap();
    assert_eq!((stored.resource.carried.len(), stored.resource.revision), (0, None));
}
