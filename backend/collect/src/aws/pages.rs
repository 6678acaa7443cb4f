//! Reads a listing to its end: page after page, with a stop where a provider goes round in circles.

use std::collections::HashSet;
use std::error::Error;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use nephoscope_model::Uid;
use serde_json::Value;

use super::client::{Action, Capture, Reader};
use super::failure::Failure;

/// A listing of a JSON API: where its items and the token of its next page stand.
#[derive(Debug)]
pub(super) struct List {
    pub action: Action,
    pub items: &'static str,
    pub token: &'static str,
    /// True where an empty listing may leave the items out.
    pub may_lack_items: bool,
}

/// What was listed, and why not all of it, where that is so.
#[derive(Debug)]
pub(super) struct Listing {
    pub items: Vec<Value>,
    pub failure: Option<Failure>,
}

impl Listing {
    /// All items, or why not all of them could be listed.
    pub(super) fn whole(self) -> Result<Vec<Value>, Failure> {
        match self.failure {
            None => Ok(self.items),
            Some(failure) => Err(failure),
        }
    }
}

impl Reader {
    /// Lists everything. `send` sends the request for the page with the given token.
    pub(super) async fn list<T, E, F, Fut>(
        &self,
        list: &'static List,
        about: Option<&Uid>,
        send: F,
    ) -> Listing
    where
        F: Fn(Capture, Option<String>) -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut items = Vec::new();
        let failure = self.list_each(list, about, send, |item| items.push(item)).await;
        Listing { items, failure }
    }

    /// Lists everything into `keep`, which can drop what need not be held.
    pub(super) async fn list_each<T, E, F, Fut>(
        &self,
        list: &'static List,
        about: Option<&Uid>,
        send: F,
        mut keep: impl FnMut(Value),
    ) -> Option<Failure>
    where
        F: Fn(Capture, Option<String>) -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let action = &list.action;
        let mut tokens = Tokens::default();
        let mut token = None;
        loop {
            let mut page = match self.json(action, about, |capture| send(capture, token.clone())).await {
                Ok(page) => page,
                Err(failure) => return Some(failure),
            };
            match page.get_mut(list.items).map(Value::take) {
                Some(Value::Array(items)) => items.into_iter().for_each(&mut keep),
                None | Some(Value::Null) if list.may_lack_items => {}
                _ => {
                    let failure =
                        Failure::malformed(action, &format!("the answer has no list `{}`", list.items));
                    self.record(&failure, about);
                    return Some(failure);
                }
            }
            let next = page.get(list.token).and_then(Value::as_str).filter(|next| !next.is_empty());
            match tokens.follow(action, next.map(str::to_owned)) {
                Ok(None) => return None,
                Ok(next) => token = next,
                Err(failure) => {
                    self.record(&failure, about);
                    return Some(failure);
                }
            }
        }
    }
}

/// The page tokens that were seen, as hashes: a token can be long, and there is one per page.
#[derive(Debug, Default)]
pub(super) struct Tokens(HashSet<u64>);

/// No account has as many pages; an endpoint that invents a new token each time has.
const MOST_PAGES: usize = 100_000;

impl Tokens {
    /// Passes on the token of the next page, unless it was seen before.
    pub(super) fn follow(
        &mut self,
        action: &Action,
        next: Option<String>,
    ) -> Result<Option<String>, Failure> {
        let Some(token) = next else { return Ok(None) };
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        if !self.0.insert(hasher.finish()) {
            let message =
                format!("page {} names a page that was read before; stopped there", self.0.len() + 1);
            return Err(Failure::malformed(action, &message));
        }
        if self.0.len() >= MOST_PAGES {
            return Err(Failure::malformed(action, &format!("more than {MOST_PAGES} pages; stopped there")));
        }
        Ok(Some(token))
    }
}
