//! Apps: listed once for all shards, because functions and triggers are asked for app by app.

use std::sync::Arc;

use nephoscope_model::PackedResource;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::PAGE;
use super::place::{Listed, Place, packed};
use super::wire::FAMILY;
use crate::failure::{Class, Failure};
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
    pub ids: Vec<String>,
    pub resources: Vec<PackedResource>,
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

async fn list(reader: &Reader, place: &Place) -> Found {
    let mut found = Found { ids: Vec::new(), resources: Vec::new(), failure: None };
    let mut nameless = false;
    let keep = |item: Value| {
        let id = item.get("id").and_then(Value::as_str).map(str::to_owned);
        match id.zip(place.normalise(&APP, item, &reader.redactor)) {
            Some((id, app)) => {
                found.ids.push(id);
                found.resources.push(packed(app));
            }
            None => nameless = true,
        }
    };
    let request = Request::get("/v2/apps").query("per_page", PAGE);
    let failure = reader.list_each(&APPS, None, request, keep).await;
    let failure = failure.map(|failure| missing(reader, &APPS, failure));
    found.failure = failure.or_else(|| nameless.then(|| without_id(reader, &APPS)));
    found
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
