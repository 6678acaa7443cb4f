//! The one way to call a provider over REST: within budget and limits, page after page, counted and recorded.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use nephoscope_model::{AccountId, PackedResource, Region, Resource, Shard, ShardKey, Uid};
use serde_json::{Map, Value};

use super::{Action, List, Pages, Request, Wire};
use crate::basket::Basket;
use crate::budget::Budgets;
use crate::failure::{Class, Failure};
use crate::limits::Limits;
use crate::log::{Journal, unread};
use crate::normalise::{Read, tidy_one};
use crate::pages::{Listing, Tokens, keep_first};
use crate::purpose::{Purpose, Tier};
use crate::redact::Redactor;
use crate::{Asking, Named};

/// What one shard is read with, and what happened while it was read.
#[derive(Debug)]
pub(crate) struct Reader {
    pub wire: Arc<dyn Wire>,
    /// Whose quota the calls use.
    pub account: AccountId,
    pub redactor: Redactor,
    pub limits: Limits,
    pub budgets: Budgets,
    pub share: f64,
    /// What resources of other shards refer to, for services that read only that.
    pub named: Named,
    pub purpose: Purpose,
    /// How much may be asked for.
    pub tier: Tier,
    pub log: Journal,
    /// What is complete already.
    pub basket: Basket,
}

impl Reader {
    /// A reader of what belongs to `account`, with nothing in its journal.
    pub(crate) fn of(asking: &Asking, wire: &Arc<dyn Wire>, account: AccountId) -> Self {
        Self {
            wire: Arc::clone(wire),
            account,
            redactor: Redactor::new(asking.redaction_key),
            limits: asking.limits,
            budgets: asking.budgets.clone(),
            share: asking.budget,
            named: Named::default(),
            purpose: asking.purpose,
            tier: asking.tier,
            log: Journal::default(),
            basket: Basket::default(),
        }
    }

    /// Reads one thing; a plan counts it and does not.
    pub(crate) async fn call(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        request: &Request,
    ) -> Result<Value, Failure> {
        if action.tier > self.tier {
            return Err(Failure::withheld(action));
        }
        match self.purpose {
            Purpose::Plan => {
                self.log.count(action);
                Err(Failure::new(
                    action,
                    Class::NotAsked,
                    "NotAsked",
                    "a plan makes no call about a single thing",
                ))
            }
            Purpose::Scan | Purpose::Probe => self.ask(action, about, request).await,
        }
    }

    /// Reads one thing that need not exist.
    pub(crate) async fn read(&self, action: &'static Action, about: Option<&Uid>, request: &Request) -> Read {
        match self.call(action, about, request).await {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes the call, whatever the reader is for.
    pub(crate) async fn ask(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        request: &Request,
    ) -> Result<Value, Failure> {
        let payer = self.wire.payer(action, &self.account);
        let budget = self.budgets.of(&payer, &Region::global(), action.family, self.share);
        let send = || async {
            let reply = match self.wire.send(action, request).await {
                Ok(reply) => reply,
                Err(unsent) => return Err(unsent.failure(action)),
            };
            if !(200..300).contains(&reply.status) || reply.looks_like_html() {
                let failure = reply.failure(action, &*self.wire);
                return if reply.renewed { Ok(Err(failure)) } else { Err(failure) };
            }
            if let Some(pause) = self.wire.rest(&reply) {
                budget.rest(pause.min(self.limits.longest_wait));
            }
            serde_json::from_slice(&reply.body)
                .map(Ok)
                .map_err(|_| Failure::malformed(action, "the answer is not JSON, or was cut off"))
        };
        let insist = || self.limits.insist(action, &budget, &self.log, send);
        let answer = match insist().await {
            // The credentials had ended; with those that took their place it is asked once more.
            Ok(Err(_)) => insist().await,
            answer => answer,
        };
        answer.flatten().inspect_err(|failure| self.log.record(failure, about))
    }

    /// Lists everything that `request` asks for. What is listed about one thing is a detail: a plan counts it only.
    pub(crate) async fn list(&self, list: &'static List, about: Option<&Uid>, request: Request) -> Listing {
        let mut items = Vec::new();
        let failure = self.list_each(list, about, request, |item| items.push(item)).await;
        Listing { items, failure }
    }

    /// Lists everything into `keep`, which can drop what need not be held.
    pub(crate) async fn list_each(
        &self,
        list: &'static List,
        about: Option<&Uid>,
        request: Request,
        mut keep: impl FnMut(Value),
    ) -> Option<Failure> {
        let action = &list.action;
        let mut tokens = Tokens::default();
        let mut asked = request.clone();
        let mut unreachable = BTreeSet::new();
        loop {
            let answer = match about {
                None => self.ask(action, about, &asked).await,
                Some(_) => self.call(action, about, &asked).await,
            };
            let mut page = match answer {
                Ok(page) => page,
                Err(failure) => return Some(failure),
            };
            let wants_one = self.wants_one();
            if wants_one && !list.mixed {
                keep_first(&mut page, &format!("/{}", list.items));
            }
            unreachable.extend(places_left_out(&page));
            let next = match list.pages {
                Pages::Link(reply) | Pages::Token { reply, .. } | Pages::Body { reply, .. } => {
                    page.get(reply)
                }
            };
            let next = next.and_then(Value::as_str).filter(|next| !next.is_empty() && !wants_one);
            let next = next.map(str::to_owned);
            let kept = match page.get_mut(list.items).map(Value::take) {
                Some(Value::Array(items)) => {
                    items.into_iter().for_each(&mut keep);
                    Ok(())
                }
                None | Some(Value::Null) if page.is_object() => Ok(()),
                _ => Err(Failure::malformed(action, &format!("the answer has no list `{}`", list.items))),
            };
            let turned = kept.and_then(|()| tokens.follow(action, next)).and_then(|token| match token {
                None => Ok(None),
                Some(token) => self.turn(list, &request, &token).map(Some),
            });
            let turned = match turned {
                Ok(None) if unreachable.is_empty() => return None,
                Ok(Some(page)) => {
                    asked = page;
                    continue;
                }
                Ok(None) => {
                    let places: Vec<&str> = unreachable.iter().map(String::as_str).collect();
                    let message = format!("the provider could not ask {}", places.join(", "));
                    Failure::new(action, Class::Server, "Unreachable", &message)
                }
                Err(failure) => failure,
            };
            self.log.record(&turned, about);
            return Some(turned);
        }
    }

    /// The request for the page that `token` names.
    fn turn(&self, list: &List, request: &Request, token: &str) -> Result<Request, Failure> {
        match list.pages {
            Pages::Link(_) => match self.wire.distrusts(token) {
                Some(why) => Err(Failure::malformed(&list.action, &why)),
                None => Ok(Request::address(token)),
            },
            Pages::Token { request: parameter, .. } => Ok(request.clone().query(parameter, token)),
            Pages::Body { request: pointer, .. } => Ok(request.clone().put(pointer, token)),
        }
    }

    /// A facet that is a list about one thing: an object with the provider's own field for the items; none where the
    /// provider does not know of any.
    pub(crate) async fn list_facet(&self, list: &'static List, about: &Uid, request: Request) -> Read {
        let Listing { items, failure } = self.list(list, Some(about), request).await;
        match failure {
            None => Ok(Some(Value::Object(Map::from_iter([(list.items.to_owned(), Value::Array(items))])))),
            Some(failure) if failure.class == Class::NotFound => Ok(None),
            Some(failure) => Err(failure),
        }
    }

    /// Keeps a resource to which nothing will be added.
    pub(crate) fn keep(&self, mut resource: Resource) {
        tidy_one(&mut resource);
        self.basket.put(resource);
    }

    /// The shard of what was kept, whose listings ended so, the main one first; none where one was read to its end.
    pub(crate) fn shard(self, key: &ShardKey, listings: &[Option<Failure>]) -> Shard<PackedResource> {
        self.basket.into_shard(key, self.log, self.purpose, listings)
    }

    /// The shard of which nothing was read, for this reason.
    pub(crate) fn unread(self, key: &ShardKey, why: &Failure) -> Shard<PackedResource> {
        self.log.note(why);
        unread(key, why.coverage(), self.log.into_log())
    }

    /// Runs `work` for each of `items`, as many at a time as the limits allow; the results keep the order.
    pub(crate) async fn each<T, R, F>(
        &self,
        items: impl IntoIterator<Item = T>,
        work: impl Fn(T) -> F,
    ) -> Vec<R>
    where
        F: Future<Output = R>,
    {
        let mut results = Vec::new();
        self.for_each(items, work, |result| results.push(result)).await;
        results
    }

    /// The same for items that are many: none is taken before its turn, and each result is handed on at its own.
    pub(crate) async fn for_each<T, R, F>(
        &self,
        items: impl IntoIterator<Item = T>,
        work: impl Fn(T) -> F,
        mut hand_on: impl FnMut(R),
    ) where
        F: Future<Output = R>,
    {
        let mut items = items.into_iter();
        let mut running: FuturesOrdered<F> =
            items.by_ref().take(self.limits.concurrency).map(&work).collect();
        while let Some(result) = running.next().await {
            hand_on(result);
            running.extend(items.next().map(&work));
        }
    }

    /// True where the first item of a listing is enough. Where it is looked for what others name, it may be the last.
    pub(crate) fn wants_one(&self) -> bool {
        self.purpose == Purpose::Probe && self.named.iter().next().is_none()
    }
}

/// Places that a provider says it could not ask, so that what is there is not in the listing: Google's `unreachable`.
/// A listing of Resource Graph that was cut off says so too.
fn places_left_out(page: &Value) -> Vec<String> {
    let places = page.get("unreachable").and_then(Value::as_array).into_iter().flatten();
    let mut places: Vec<String> = places.filter_map(|place| place.as_str().map(str::to_owned)).collect();
    let cut = page.get("resultTruncated").and_then(Value::as_str) == Some("true")
        && page.get("$skipToken").is_none();
    if cut {
        places.push("for the remainder, of which it names no page".to_owned());
    }
    places
}
