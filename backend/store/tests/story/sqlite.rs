//! The story on SQLite, and what only a file can suffer.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use nephoscope_model::finding::{Evaluation, Judged, Verdict};
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::{AccountId, CheckId, Severity, Shard, Uid};
use nephoscope_store::sqlite::{SqliteStore, schema_version};
use nephoscope_store::{Judging, Store, StoreError, StoredResource};
use rusqlite::Connection;

use crate::estate::*;
use crate::latest;

fn store_in(folder: &tempfile::TempDir) -> (PathBuf, String) {
    let path = folder.path().join("nephoscope.db");
    let url = format!("sqlite:{}", path.display());
    (path, url)
}

#[tokio::test]
async fn sqlite_lives_through_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let (_, url) = store_in(&folder);
    crate::story(&|| Box::new(SqliteStore::open_writer(&url).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_in_another_process_see_finished_scans_while_one_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = store_in(&folder);
    let writer = SqliteStore::open_writer(&url).unwrap();
    assert_eq!(writer.path(), path);
    let shards = [listed(key("global", "iam"), vec![role("admin", "*")])];
    scan(&writer, night(1), &shards).await;
    let reader = SqliteStore::open_reader(&url).unwrap();
    let running =
        scan_until_finish(&writer, night(2), &[listed(key("global", "iam"), vec![role("other", "*")])]).await;
    let view = reader.view_fetch(&[], &AsOf::Latest).await.unwrap();
    let names = |rows: Vec<nephoscope_model::api::ResourceRow>| {
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    let page = reader.resource_list(&view, &Filter::default(), true, None, 10).await.unwrap();
    assert_eq!(names(page.rows), ["admin"]);
    writer.scan_finish(&running, &finished(night(2))).await.unwrap();
    let view = reader.view_fetch(&[], &AsOf::Latest).await.unwrap();
    let page = reader.resource_list(&view, &Filter::default(), true, None, 10).await.unwrap();
    assert_eq!(names(page.rows), ["other"]);
    let refused = reader.scan_open(&opened(night(3), &shards)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("open a scan: the store {} is open for reading only", path.display())
    );
}

#[tokio::test]
async fn documents_that_were_stored_ahead_are_those_of_their_shard() {
    let shards = [listed(key("eu-west-1", "lambda"), vec![function("eu-west-1", "checkout", Some("NONE"))])];
    let resources = shards[0].clone().packed().resources;
    let mut documents = Vec::new();
    for (ahead, opened_again) in [(false, false), (true, false), (true, true)] {
        let folder = tempfile::tempdir().unwrap();
        let (path, url) = store_in(&folder);
        let mut store = SqliteStore::open_writer(&url).unwrap();
        if ahead {
            store.document_insert(&resources).await.unwrap();
            let none = store.view_fetch(&[], &AsOf::Latest).await.unwrap();
            let page = store.resource_list(&none, &Filter::default(), true, None, 10).await.unwrap();
            assert!(page.rows.is_empty(), "nothing refers to them yet");
        }
        if opened_again {
            drop(store);
            store = SqliteStore::open_writer(&url).unwrap();
        }
        scan(&store, night(1), &shards).await;
        let view = latest(&store).await;
        let stored = store.shard_fetch(&view, &shards[0].key).await.unwrap().unwrap();
        assert_eq!(stored, shards[0]);
        let connection = Connection::open(&path).unwrap();
        documents.push(
            connection.query_row("SELECT count(*) FROM document", [], |row| row.get::<_, i64>(0)).unwrap(),
        );
    }
    assert!(documents[0] > 1 && documents.iter().all(|count| *count == documents[0]), "{documents:?}");
}

#[tokio::test]
async fn a_shard_of_all_regions_lists_resources_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let (_, url) = store_in(&folder);
    let store = SqliteStore::open_writer(&url).unwrap();
    let of = |region: &str, name: &str| function(region, name, None);
    let everywhere = key("global", "lambda");
    let shards = [listed(everywhere.clone(), vec![of("eu-west-1", "near"), of("us-east-1", "far")])];
    scan(&store, night(1), &shards).await;
    let view = latest(&store).await;
    let only = Filter { regions: vec!["us-east-1".into()], ..Filter::default() };
    let page = store.resource_list(&view, &only, true, None, 10).await.unwrap();
    let found: Vec<_> = page.rows.iter().map(|row| (row.name.as_str(), row.region.as_str())).collect();
    assert_eq!(found, [("far", "us-east-1")]);
    assert_eq!(store.shard_fetch(&view, &everywhere).await.unwrap().as_ref(), Some(&shards[0]));
    // What is no longer listed is gone, whatever region it was in.
    let shards = [listed(everywhere, vec![of("eu-west-1", "near")])];
    scan(&store, night(2), &shards).await;
    let view = latest(&store).await;
    assert_eq!(store.resource_count(&view, &Filter::default()).await.unwrap(), 1);
}

#[test]
fn a_second_writer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = store_in(&folder);
    let first = SqliteStore::open_writer(&url).unwrap();
    let error = SqliteStore::open_writer(&url).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("open the store {} for writing: another nephoscope holds it", path.display())
    );
    assert!(error.help().starts_with("stop the other `nephoscope serve`"), "{}", error.help());
    drop(first);
    SqliteStore::open_writer(&url).unwrap();
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = store_in(&folder);
    drop(SqliteStore::open_writer(&url).unwrap());
    let newer = schema_version() + 1;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", newer).unwrap();
    let expected = format!(
        "open the store {}: its schema has version {newer}, written by a newer nephoscope; nephoscope {} knows versions up to {}",
        path.display(),
        env!("CARGO_PKG_VERSION"),
        schema_version()
    );
    for error in [SqliteStore::open_writer(&url).unwrap_err(), SqliteStore::open_reader(&url).unwrap_err()] {
        assert_eq!(error.to_string(), expected);
        assert!(error.help().contains("use the newer nephoscope"));
    }
    let version: i64 =
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, newer);
}

#[test]
fn what_is_no_store_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = store_in(&folder);
    let missing = SqliteStore::open_reader(&url).unwrap_err();
    assert_eq!(missing.to_string(), format!("open the store {}: there is no such file", path.display()));
    assert!(missing.help().contains("nephoscope demo"));

    Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (id INTEGER)").unwrap();
    let older = SqliteStore::open_reader(&url).unwrap_err();
    assert!(matches!(older, StoreError::Older { found: 0, .. }), "{older}");

    fs::write(&path, "this is a letter, not a database, and long enough to be taken for one".repeat(20))
        .unwrap();
    for error in [SqliteStore::open_reader(&url).unwrap_err(), SqliteStore::open_writer(&url).unwrap_err()] {
        assert_eq!(error.to_string(), format!("open: the store {} is damaged", path.display()));
        assert!(error.help().contains("backup"));
    }

    let nowhere = folder.path().join("missing/nephoscope.db");
    let error = SqliteStore::open_writer(&nowhere.display().to_string()).unwrap_err();
    assert_eq!(error.to_string(), format!("write to the store {}", nowhere.display()));
    assert!(error.help().starts_with("make its folder"));
}

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = store_in(&folder);
    let store = SqliteStore::open_writer(&url).unwrap();
    let shards = [listed(key("global", "iam"), vec![role("admin", "*")])];
    scan(&store, night(1), &shards).await;
    store.limit_pages(60).unwrap();
    let many = (0..400)
        .map(|number| function("eu-west-1", &format!("{number}-{}", "x".repeat(500)), None))
        .collect();
    let large = [shards[0].clone(), listed(key("eu-west-1", "lambda"), many)];
    let open = store.scan_open(&opened(night(2), &large)).await.unwrap();
    let full = |error: StoreError, operation: &str| {
        let expected = format!("{operation}: no space is left for the store {}", path.display());
        assert_eq!(error.to_string(), expected);
        assert!(error.help().contains("a scan goes on where it stopped"));
    };
    full(
        store.shard_insert(&open.scan.id, &[large[1].clone().packed()]).await.unwrap_err(),
        "commit a shard",
    );
    let left = store.scan_unfinished(&target()).await.unwrap().unwrap();
    assert!(left.done.is_empty(), "nothing of the shard is kept");

    store.limit_pages(1_000_000).unwrap();
    store.shard_insert(&open.scan.id, &large.clone().map(Shard::packed)).await.unwrap();
    // Less than there is already: nothing more fits.
    store.limit_pages(1).unwrap();
    let resources = large.iter().flat_map(|shard| shard.resources.clone());
    let estate = resources.map(|resource| StoredResource { resource, last_read: night(2), stale: false });
    let judged = judge(&estate.collect::<Vec<_>>(), &BTreeMap::new());
    full(store.evaluation_insert(&open.scan.id, &[&judged]).await.unwrap_err(), "commit an evaluation");
    let left = store.scan_unfinished(&target()).await.unwrap().unwrap();
    assert_eq!((left.done.len(), left.evaluated.len()), (2, 0), "nothing of the evaluation is kept");

    store.limit_pages(1_000_000).unwrap();
    scan(&store, night(2), &large).await;
    let view = store.view_fetch(&[], &AsOf::Latest).await.unwrap();
    assert_eq!(store.resource_count(&view, &Filter::default()).await.unwrap(), 401);
}

/// An evaluation of which one resource cannot be judged.
struct Broken(Evaluation, usize);

impl Judging for Broken {
    fn account(&self) -> &AccountId {
        &self.0.account
    }

    fn checks(&self) -> &[CheckId] {
        Judging::checks(&self.0)
    }

    fn severities(&self) -> &[Severity] {
        Judging::severities(&self.0)
    }

    fn resources(&self) -> usize {
        Judging::resources(&self.0)
    }

    fn uid(&self, position: usize) -> &Uid {
        self.0.uid(position)
    }

    fn judge(&self, position: usize) -> Result<(Judged, Vec<Verdict>), String> {
        if position == self.1 { Err("a check is broken".to_owned()) } else { self.0.judge(position) }
    }

    fn not_applicable(&self) -> BTreeMap<CheckId, u64> {
        Judging::not_applicable(&self.0)
    }
}

#[tokio::test]
async fn a_resource_that_cannot_be_judged_leaves_nothing_of_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let (_, url) = store_in(&folder);
    let store = SqliteStore::open_writer(&url).unwrap();
    let many: Vec<_> = (0..1000).map(|number| role(&format!("role-{number:04}"), "*")).collect();
    let estate: Vec<StoredResource> = (many.iter().cloned())
        .map(|resource| StoredResource { resource, last_read: night(1), stale: false })
        .collect();
    let shards = [listed(key("global", "iam"), many)];
    let open = store.scan_open(&opened(night(1), &shards)).await.unwrap();
    store.shard_insert(&open.scan.id, &[shards[0].clone().packed()]).await.unwrap();
    let broken = Broken(judge(&estate, &BTreeMap::new()), 700);
    let error = store.evaluation_insert(&open.scan.id, &[&broken]).await.unwrap_err();
    assert_eq!(error.to_string(), format!("judge account {ACCOUNT}: a check is broken"));
    assert!(store.scan_buckets(&open.scan.id).await.unwrap().is_empty());
    let left = store.scan_unfinished(&target()).await.unwrap().unwrap();
    assert!(left.evaluated.is_empty());
    store.evaluation_insert(&open.scan.id, &[&broken.0]).await.unwrap();
    store.scan_finish(&open.scan.id, &finished(night(1))).await.unwrap();
}
