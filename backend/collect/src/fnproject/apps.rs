//! Apps: listed once for all shards, because functions and triggers are asked for app by app.

use std::sync::Arc;

use nephoscope_model::Resource;
use tokio::sync::OnceCell;

use super::PAGE;
use super::place::{Listed, Place};
use super::wire::FAMILY;
use crate::failure::{Class, Failure};
use crate::normalise::text;
use crate::rest::{Action, List, Pages, Reader, Request};

pub(super) static APPS: List =
    Action::new("fn:ListApps", &FAMILY).allowed_by("GET /v2/apps").list("items", TURNING);

/// How every listing turns its pages.
pub(super) const TURNING: Pages = Pages::Token { reply: "next_cursor", request: "cursor" };

const APP: Listed = Listed { kind: "fn.app", service: "apps", facet: "app" };

/// The apps of a server, once somebody asked for them.
#[derive(Debug, Default)]
pub(super) struct Apps(OnceCell<Arc<Found>>);

/// What was listed.
#[derive(Debug)]
pub(super) struct Found {
    pub resources: Vec<Resource>,
    /// Why not all of them could be listed.
    pub failure: Option<Failure>,
}

impl Apps {
    /// All apps. Whoever asks first has the calls counted; everybody has the failure noted.
    pub async fn of(&self, reader: &Reader, place: &Place) -> Arc<Found> {
        let found = self.0.get_or_init(|| async { Arc::new(list(reader, place).await) }).await;
        if let Some(failure) = &found.failure {
            reader.log.note(failure);
        }
        Arc::clone(found)
    }
}

/// The ids of the apps.
pub(super) fn ids(found: &Found) -> impl Iterator<Item = &str> {
    found.resources.iter().filter_map(|app| text(app.facets.get("app")?.value()?, "/id"))
}

async fn list(reader: &Reader, place: &Place) -> Found {
    let listing = reader.list(&APPS, None, Request::get("/v2/apps").query("per_page", PAGE)).await;
    let resources = listing.items.into_iter().map(|item| place.normalise(&APP, item, &reader.redactor));
    let (resources, nameless) = whole(resources);
    let failure = listing.failure.map(|failure| missing(reader, &APPS, failure));
    let failure = failure.or_else(|| nameless.then(|| without_id(reader, &APPS)));
    Found { resources, failure }
}

/// The resources, and whether an item was no resource.
pub(super) fn whole(resources: impl Iterator<Item = Option<Resource>>) -> (Vec<Resource>, bool) {
    let mut nameless = false;
    let found = resources.filter_map(|resource| {
        nameless |= resource.is_none();
        resource
    });
    (found.collect(), nameless)
}

/// An item without an id was listed: something is there that nobody can name, so the listing is not whole.
pub(super) fn without_id(reader: &Reader, list: &'static List) -> Failure {
    let failure = Failure::malformed(&list.action, "an item of the listing has no id");
    reader.log.record(&failure, None);
    failure
}

/// A listing that does not exist is no empty one: the address leads to something else than a server's API.
pub(super) fn missing(reader: &Reader, list: &'static List, failure: Failure) -> Failure {
    if failure.class != Class::NotFound {
        return failure;
    }
    let failure = Failure::new(&list.action, Class::Other, &failure.error, &failure.message);
    reader.log.record(&failure, None);
    failure
}
