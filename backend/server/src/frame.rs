//! What frames every page: where one is, what is in view, and what else there is.

use std::collections::BTreeMap;

use axum::response::{Html, IntoResponse, Response};
use nephoscope_answer::Sight;
use nephoscope_frontend::{Assets, Page};
use nephoscope_model::api::Frame;
use nephoscope_model::query::ListQuery;
use nephoscope_model::{Status, TargetName};

use crate::refusal::PageRefusal;
use crate::request::as_of_text;
use crate::{Server, assets};

/// A frame and the addresses of its files, ready to be rendered into.
#[derive(Debug)]
pub struct Framed {
    frame: Frame,
    assets: Assets,
}

impl Framed {
    /// Frames the page at `path` under a query with what is in sight.
    pub async fn new(
        server: &Server,
        path: &str,
        query: &ListQuery,
        sight: &Sight,
    ) -> Result<Self, PageRefusal> {
        let store = &server.library.store;
        let running = server.runner.running();
        let configured = server.runner.targets().iter().map(|target| target.name.clone());
        let mut targets: Vec<TargetName> = store.target_list().await?;
        targets.extend(configured.clone());
        targets.sort();
        targets.dedup();

        let open: u64 = sight
            .rollups()
            .await?
            .iter()
            .filter(|rollup| matches!(rollup.bucket.status, Status::Fail | Status::Unknown))
            .map(|rollup| rollup.bucket.count)
            .sum();
        let resources = sight.resource_rollups().await?.iter().map(|rollup| rollup.count).sum();
        let checks = server.library.catalogue.checks().len() as u64;
        let counts: BTreeMap<String, u64> =
            [("/findings", open), ("/inventory", resources), ("/checks", checks)]
                .map(|(p, n)| (p.to_owned(), n))
                .into();

        let frame = Frame {
            path: path.to_owned(),
            query: query.to_query_string(),
            as_of: as_of_text(&query.as_of),
            from: query.from.as_ref().map(ToString::to_string),
            viewed_at: sight.view.entries.iter().map(|entry| entry.finished).max(),
            targets,
            target: match query.filter.targets.as_slice() {
                [one] => Some(one.clone()),
                _ => None,
            },
            startable: configured.filter(|name| !running.contains_key(name)).collect(),
            running: running.into_values().next().map(|running| running.id),
            counts,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(Self { frame, assets: assets::addresses() })
    }

    /// Frames a page about one thing: it has no filters, only moments.
    pub async fn plain(
        server: &Server,
        path: &str,
        query: &ListQuery,
        sight: &Sight,
    ) -> Result<Self, PageRefusal> {
        let query =
            ListQuery { as_of: query.as_of.clone(), from: query.from.clone(), ..ListQuery::default() };
        Self::new(server, path, &query, sight).await
    }

    /// Renders a page into the frame.
    pub fn render(&self, page: impl FnOnce(&Page<'_>) -> String) -> Response {
        Html(page(&Page { frame: &self.frame, assets: &self.assets })).into_response()
    }
}
