//! Documents that are stored while their shard is still being read, so that little is left to do once it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nephoscope_collect::{Preview, Viewer};
use nephoscope_store::Store;
use tokio::time::sleep;

/// How long resources wait for others with which their documents are stored. What of a shard was read since then is stored
/// when it is committed, as all of a shard is that takes less.
const PAUSE: Duration = Duration::from_secs(2);

/// Watches shards that take long, and stores the documents of what is complete of them.
#[derive(Debug, Default)]
pub(crate) struct Ahead(Mutex<Vec<Viewer>>);

impl Ahead {
    /// A preview of one more shard, which is watched for as long as it lasts.
    pub(crate) fn watch(&self) -> Preview {
        let (preview, viewer) = Preview::for_viewer();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(viewer);
        preview
    }

    /// Stores what is shown, again and again, until it is dropped.
    pub(crate) async fn store(self: Arc<Self>, store: Arc<dyn Store>) {
        loop {
            sleep(PAUSE).await;
            let mut complete = Vec::new();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|viewer| {
                let shown = viewer.look();
                let is_being_read = shown.is_some();
                complete.extend(shown.into_iter().flatten());
                is_being_read
            });
            if !complete.is_empty()
                && let Err(error) = store.document_insert(&complete).await
            {
                // The commit of their shard meets what is wrong here as well.
                tracing::debug!(%error, "documents were not stored ahead of their shard");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use nephoscope_model::{AccountId, Facet, Kind, Provider, Region, Resource, ServiceName, Uid};
    use nephoscope_store::sqlite::SqliteStore;
    use serde_json::json;
    use tokio_util::task::AbortOnDropHandle;

    use super::*;

    fn function(name: &str) -> Resource {
        Resource {
            uid: Uid::from(format!("arn:aws:lambda:eu-west-1:447120260912:function:{name}")),
            kind: Kind::from("aws.lambda.function"),
            provider: Provider::Aws,
            account: AccountId::from("447120260912"),
            region: Region::from("eu-west-1"),
            service: ServiceName::from("lambda"),
            name: name.to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::from([("config".to_owned(), Facet::Known(json!({ "FunctionName": name })))]),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_complete_is_stored_for_as_long_as_its_shard_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_writer(path.to_str().unwrap()).unwrap());
        let written = || fs::metadata(folder.path().join("a.db-wal")).unwrap().len();
        let ahead = Arc::<Ahead>::default();
        let _storing = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&ahead).store(store)));
        let preview = ahead.watch();
        let round = || sleep(PAUSE * 2);

        round().await;
        let nothing = written();
        preview.show(&function("checkout").into());
        round().await;
        let one = written();
        assert!(one > nothing);
        preview.show(&function("checkout").into());
        round().await;
        assert_eq!(written(), one, "it is known to be stored");
        preview.show(&function("refund").into());
        drop(preview);
        round().await;
        assert_eq!(written(), one, "its shard is read, and commits it");
        assert!(ahead.0.lock().unwrap().is_empty());
    }
}
