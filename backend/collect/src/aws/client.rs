//! The one way to call AWS, within budget and limits.
//!
//! The SDK's own retries are switched off, because they know neither our budgets nor `Retry-After`. Its log
//! lines are discarded, because at trace level they hold whole requests and answers.

use aws_config::SdkConfig;
use nephoscope_model::{Region, Resource, Uid};
use serde_json::Value;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use super::api::Action;
use super::carry::Past;
use super::failure::Failure;
use super::place::Place;
use super::request::Request;
use super::volatile::{Path, drop_volatile};
use super::wire;
use crate::Named;
use crate::basket::Basket;
use crate::budget::Budgets;
use crate::limits::Limits;
use crate::log::Journal;
use crate::normalise::tidy_one;
use crate::purpose::Purpose;
use crate::redact::Redactor;

/// What one shard is read with, and what happened while it was read.
#[derive(Debug)]
pub(super) struct Reader {
    pub place: Place,
    /// The configuration of every client of this shard, with its region.
    pub sdk: SdkConfig,
    pub redactor: Redactor,
    pub limits: Limits,
    pub budgets: Budgets,
    pub share: f64,
    /// The regions of the scan, in the first of them: there is read what lives in none of them. None in the others.
    pub first_of: Option<Vec<Region>>,
    /// What resources of other shards refer to, for services that read only that.
    pub named: Named,
    /// What the scan before read of this shard.
    pub past: Past,
    pub purpose: Purpose,
    pub log: Journal,
    /// What is complete already.
    pub basket: Basket,
}

impl Reader {
    /// What other resources refer to of `service` (as ARNs name it) in this account and region, sorted.
    pub(super) fn named(&self, service: &str) -> Vec<&str> {
        let Place { partition, account, region, .. } = &self.place;
        let ours = |uid: &&str| {
            let parts: Vec<&str> = uid.splitn(6, ':').collect();
            // Buckets name neither, other global things no region.
            let here =
                |named: &str| named.is_empty() || named == region.as_str() || *region == Region::global();
            matches!(parts[..], ["arn", part, of, place, owner, _] if part == partition.as_str()
                && of == service && here(place) && (owner.is_empty() || owner == account.as_str()))
        };
        let most = if self.purpose == Purpose::Probe { 1 } else { usize::MAX };
        self.named.beginning(format!("arn:{partition}:{service}:")).filter(ours).take(most).collect()
    }

    /// Calls an API and returns the whole answer as JSON, with every field that was sent.
    pub(super) async fn call(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        request: Request,
    ) -> Result<Value, Failure> {
        match self.unasked(action) {
            Some(answer) => {
                self.log.count(action);
                answer
            }
            None => self.ask(action, about, request).await,
        }
    }

    /// Makes the call, whatever the reader is for.
    pub(super) async fn ask(
        &self,
        action: &'static Action,
        about: Option<&Uid>,
        request: Request,
    ) -> Result<Value, Failure> {
        let budget = self.budgets.of(&self.place.account, &self.place.region, action.family, self.share);
        let send = || async {
            let sending = wire::send(&self.sdk, &self.place.partition, action, request.clone());
            match sending.with_subscriber(Dispatch::none()).await {
                Ok(answer) => answer.into_json(action).ok_or_else(|| {
                    Failure::malformed(action, "the answer is not what the API's protocol promises")
                }),
                Err(error) => Err(Failure::of(action, &error)),
            }
        };
        let answer = self.limits.insist(action, &budget, &self.log, send).await;
        answer.inspect_err(|failure| self.log.record(failure, about))
    }

    /// Keeps a resource to which nothing will be added, without the fields at `volatile`.
    pub(super) fn keep(&self, mut resource: Resource, volatile: &[Path]) {
        drop_volatile(&mut resource, volatile);
        tidy_one(&mut resource);
        self.past.settle(&mut resource);
        self.basket.put(resource);
    }
}
