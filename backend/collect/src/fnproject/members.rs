//! Functions and triggers: listed app by app, several apps at a time.

use std::sync::Arc;

use futures::StreamExt;
use nephoscope_model::PackedResource;
use serde_json::Value;

use super::PAGE;
use super::apps::{Found, TURNING, missing, without_id};
use super::place::{Listed, Place, packed};
use super::registries::Registries;
use super::strangers::{Stranger, beside_function, beside_trigger, not_probed};
use super::wire::FAMILY;
use crate::failure::{Class, Failure};
use crate::rest::{Action, List, Reader, Request};

pub(super) static FNS: List =
    Action::new("fn:ListFns", &FAMILY).allowed_by("GET /v2/fns").list("items", TURNING);
pub(super) static TRIGGERS: List =
    Action::new("fn:ListTriggers", &FAMILY).allowed_by("GET /v2/triggers").list("items", TURNING);

/// What belongs to apps.
#[derive(Debug)]
pub(super) struct Members {
    pub list: &'static List,
    pub path: &'static str,
    pub listed: Listed,
    /// The address beside its own that strangers are asked at.
    pub beside: fn(&Value) -> Option<String>,
}

pub(super) const FUNCTIONS: Members = Members {
    list: &FNS,
    path: "/v2/fns",
    listed: Listed { kind: "fn.function", service: "fns", facet: "fn" },
    beside: beside_function,
};
pub(super) const HTTP_TRIGGERS: Members = Members {
    list: &TRIGGERS,
    path: "/v2/triggers",
    listed: Listed { kind: "fn.trigger", service: "triggers", facet: "trigger" },
    beside: beside_trigger,
};

/// What is asked of each besides its listing.
#[derive(Debug)]
pub(super) struct Besides<'a> {
    /// What is answered at its door.
    pub stranger: Option<Stranger<'a>>,
    /// Which image its tag means.
    pub registries: Option<Registries<'a>>,
}

impl Besides<'_> {
    fn is_nothing(&self) -> bool {
        self.stranger.is_none() && self.registries.is_none()
    }
}

/// What was found, as it is kept.
#[derive(Debug)]
pub(super) struct Gathered {
    pub resources: Vec<PackedResource>,
    /// One entry per listing, the main one first; none where it was read to its end.
    pub listings: Vec<Option<Failure>>,
}

impl Members {
    /// Those of all `apps`, with what is asked `besides`.
    pub async fn collect(
        &self,
        reader: &Reader,
        place: &Place,
        apps: Arc<Found>,
        besides: &Besides<'_>,
    ) -> Gathered {
        let lists = apps.ids.clone().into_iter().map(|app| self.of_app(reader, place, app, besides));
        let mut answers = futures::stream::iter(lists).buffer_unordered(reader.limits.concurrency);
        let (mut resources, mut failed, mut answered) = (Vec::new(), None, 0_usize);
        while let Some((members, failure)) = answers.next().await {
            resources.extend(members);
            match failure {
                Some(failure) => failed = Some(failure),
                None => answered += 1,
            }
        }
        // Where nothing at all was answered, that is what became of the shard; else it is a part that is missing.
        let main = apps.failure.clone().or_else(|| failed.clone().filter(|_| answered == 0));
        Gathered { resources, listings: vec![main, failed] }
    }

    async fn of_app(
        &self,
        reader: &Reader,
        place: &Place,
        app: String,
        besides: &Besides<'_>,
    ) -> (Vec<PackedResource>, Option<Failure>) {
        let request = Request::get(self.path).query("app_id", &app).query("per_page", PAGE);
        let (mut found, mut open, mut nameless) = (Vec::new(), Vec::new(), false);
        let uid = place.uid("apps", &app);
        let keep = |item| match place.normalise(&self.listed, item, &reader.redactor) {
            Some(mut member) => {
                member.facets.insert("probe".to_owned(), not_probed());
                match besides.is_nothing() {
                    true => found.push(packed(member)),
                    false => open.push(member),
                }
            }
            None => nameless = true,
        };
        let failure = reader.list_each(self.list, Some(&uid), request, keep).await;
        if let Some(stranger) = &besides.stranger {
            stranger.doors(reader, &mut open, self.beside).await;
        }
        if let Some(registries) = &besides.registries {
            registries.resolve(reader, &mut open).await;
        }
        found.extend(open.into_iter().map(packed));
        let failure = match failure {
            // A plan counts the calls and makes none.
            Some(failure) if failure.class == Class::NotAsked => None,
            Some(failure) => Some(missing(reader, self.list, failure)),
            None => nameless.then(|| without_id(reader, self.list)),
        };
        (found, failure)
    }
}
