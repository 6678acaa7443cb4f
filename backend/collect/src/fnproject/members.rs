//! Functions and triggers: listed app by app, several apps at a time.

use std::sync::Arc;

use futures::StreamExt;
use nephoscope_model::Resource;

use super::PAGE;
use super::apps::{Found, TURNING, ids, missing, whole, without_id};
use super::place::{Listed, Place};
use super::wire::FAMILY;
use crate::failure::{Class, Failure};
use crate::normalise::Outcome;
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
}

pub(super) const FUNCTIONS: Members = Members {
    list: &FNS,
    path: "/v2/fns",
    listed: Listed { kind: "fn.function", service: "fns", facet: "fn" },
};
pub(super) const HTTP_TRIGGERS: Members = Members {
    list: &TRIGGERS,
    path: "/v2/triggers",
    listed: Listed { kind: "fn.trigger", service: "triggers", facet: "trigger" },
};

impl Members {
    /// Those of all `apps`.
    pub async fn collect(&self, reader: &Reader, place: &Place, apps: Arc<Found>) -> Outcome {
        // A page is made resources of at once, so that at most a few apps' worth of JSON is held.
        let apps_to_ask: Vec<String> = ids(&apps).map(str::to_owned).collect();
        let asked = apps_to_ask.into_iter().map(|app| self.of_app(reader, place, app));
        let mut answers = futures::stream::iter(asked).buffer_unordered(reader.limits.concurrency);
        let (mut resources, mut failed, mut answered) = (Vec::new(), None, 0_usize);
        while let Some((members, failure)) = answers.next().await {
            resources.extend(members);
            match failure {
                Some(failure) => failed = Some(failure),
                None => answered += 1,
            }
        }
        drop(answers);
        // Where nothing at all was answered, that is what became of the shard; else it is a part that is missing.
        let main = apps.failure.clone().or_else(|| failed.clone().filter(|_| answered == 0));
        Outcome { resources, listings: vec![main, failed] }
    }

    async fn of_app(&self, reader: &Reader, place: &Place, app: String) -> (Vec<Resource>, Option<Failure>) {
        let request = Request::get(self.path).query("app_id", &app).query("per_page", PAGE);
        let mut found = Vec::new();
        let uid = place.uid("apps", &app);
        let keep = |item| found.push(place.normalise(&self.listed, item, &reader.redactor));
        let failure = reader.list_each(self.list, Some(&uid), request, keep).await;
        let (found, nameless) = whole(found.into_iter());
        let failure = match failure {
            // A plan counts the calls and makes none.
            Some(failure) if failure.class == Class::NotAsked => None,
            Some(failure) => Some(missing(reader, self.list, failure)),
            None => nameless.then(|| without_id(reader, self.list)),
        };
        (found, failure)
    }
}
