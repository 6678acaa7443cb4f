//! Azure: subscriptions, read by Resource Graph first and by Resource Manager where it cannot answer.
//!
//! A service file is a table of kinds ([`kind::Kind`]): where they are listed, what is read of each, and a pure function
//! that redacts and relates. One shard is one service of one subscription; the subscription is the account.

mod arm;
mod connect;
mod expressions;
mod graph;
mod identities;
mod kind;
mod options;
mod quota;
mod subscriptions;

mod apimanagement;
mod appconfig;
mod authorization;
mod containerapps;
mod containerregistry;
mod durabletask;
mod eventgrid;
mod eventhub;
mod frontdoor;
mod insights;
mod keyvault;
mod logic;
mod managedidentity;
mod servicebus;
mod staticsites;
mod storage;
mod subscription;
mod web;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use nephoscope_model::{
    AccountId, CoverageState, PackedResource, Provider, Region, ServiceName, Shard, ShardKey,
};

use self::arm::Arm;
use self::graph::{Graph, QUERY};
use self::kind::{Kind, Place, gather};
use self::subscriptions::is_seen;
use crate::budget::Family;
use crate::declared::sorted;
use crate::discovered::Discovered;
use crate::error::CollectError;
use crate::log::{Journal, not_collected, unread};
use crate::normalise::text;
use crate::purpose::Tier;
use crate::rest::transport::Transport;
use crate::rest::{Action, Reader, Wire};
use crate::{Collector, Context};

pub use options::{AzureAuth, AzureCloud, AzureOptions};

/// What a service file declares.
struct Service {
    name: &'static str,
    kinds: &'static [Kind],
}

macro_rules! services {
    ($($module:ident),+ $(,)?) => {
        /// Every service, in the order in which shards are planned.
        const SERVICES: &[Service] = &[$(Service { name: stringify!($module), kinds: $module::KINDS },)+];
    };
}

services![
    subscription,
    apimanagement,
    appconfig,
    authorization,
    containerapps,
    containerregistry,
    durabletask,
    eventgrid,
    eventhub,
    frontdoor,
    insights,
    keyvault,
    logic,
    managedidentity,
    servicebus,
    staticsites,
    storage,
    web,
];

/// The subscriptions of a tenant, ready to be read.
#[derive(Debug)]
pub struct Azure {
    options: AzureOptions,
    wire: Arc<dyn Wire>,
    found: Discovered,
    /// Their ids, for queries about all of them.
    ids: Vec<AccountId>,
    /// The types of resources that are read of any of them.
    types: Vec<&'static str>,
    graph: Graph,
    /// Calls made before the first shard; they are counted in the first subscription's own.
    journal: Journal,
}

impl Azure {
    /// Finds credentials, and lists the subscriptions that they see.
    pub async fn connect(options: AzureOptions) -> Result<Self, CollectError> {
        options.asking.check(&services())?;
        let transport = Transport::new(options.asking.limits.connect, options.asking.endpoint_url.as_deref());
        let transport = transport.map_err(|unsent| CollectError::unsent("Azure", &unsent))?;
        let (auth, credential) = connect::credential(&options, &transport).await?;
        let wire: Arc<dyn Wire> = Arc::new(Arm::new(&options, auth, credential, transport));
        let reader = Reader::of(&options.asking, &wire, AccountId::from(TENANT));
        let found = subscriptions::discover(&reader, &options).await?;
        let seen = found.accounts.iter().filter(|(_, listed)| is_seen(listed));
        let ids = seen.map(|(id, _)| id.clone()).collect();
        let chosen = SERVICES.iter().filter(|service| options.asking.includes(service.name));
        let types = sorted(chosen.flat_map(|service| service.kinds).filter_map(Kind::type_));
        Ok(Self { wire, ids, types, found, graph: Graph::default(), journal: reader.log, options })
    }

    fn shard_of(&self, subscription: &AccountId, service: &str) -> ShardKey {
        ShardKey {
            provider: Provider::Azure,
            account: subscription.clone(),
            region: Region::global(),
            service: ServiceName::from(service),
        }
    }
}

/// Stands for the tenant where quotas are counted: what is asked of no subscription in particular.
const TENANT: &str = "tenant";

/// True for a subscription that can be asked about its resources.
fn is_readable(subscription: &serde_json::Value) -> bool {
    is_enabled(subscription) && is_seen(subscription)
}

/// True for a subscription in which anything can be read.
/// <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states>
fn is_enabled(subscription: &serde_json::Value) -> bool {
    !matches!(text(subscription, "/state"), Some("Disabled" | "Deleted"))
}

#[async_trait]
impl Collector for Azure {
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        let chosen = |service: &&Service| self.options.asking.includes(service.name);
        let mut shards = Vec::new();
        for (id, listed) in &self.found.accounts {
            // Of one that is switched off or not seen, a single shard says so.
            let most = if is_readable(listed) { SERVICES.len() } else { 1 };
            let services = SERVICES.iter().filter(chosen).take(most);
            shards.extend(services.map(|service| self.shard_of(id, service.name)));
        }
        Ok(shards)
    }

    fn unseen(&self, before: &[AccountId]) -> Vec<ShardKey> {
        let missed = before.iter().filter(|id| self.found.misses(id));
        missed.map(|id| self.shard_of(id, SERVICES[0].name)).collect()
    }

    fn round(&self, _key: &ShardKey) -> u8 {
        0
    }

    fn carries(&self, _key: &ShardKey) -> &'static [&'static str] {
        &[]
    }

    async fn collect_packed(&self, key: &ShardKey, context: &Context) -> Shard<PackedResource> {
        let service = SERVICES.iter().find(|service| service.name == key.service.as_str());
        let (Some(service), Provider::Azure) = (service, key.provider) else { return not_collected(key) };
        let mut reader = Reader::of(&self.options.asking, &self.wire, key.account.clone());
        reader.named = context.named.clone();
        if self.ids.first() == Some(&key.account) && service.name == SERVICES[0].name {
            reader.log = Journal::after(self.journal.lock().clone());
        }
        let listed = match self.found.accounts.get(&key.account) {
            Some(listed) if is_seen(listed) => listed,
            Some(_) => return reader.unread(key, &subscriptions::unseen()),
            None => return reader.unread(key, &subscriptions::missed()),
        };
        if !is_enabled(listed) {
            let mut log = reader.log.into_log();
            let message = "the subscription is disabled: nothing in it runs, and nothing in it can be read";
            log.add("Microsoft.Resources/subscriptions/read", "DisabledSubscription", message, None, None);
            return unread(key, CoverageState::Disabled, log);
        }
        let place = Place {
            subscription: &key.account,
            listed,
            service: &key.service,
            all: &self.ids,
            types: &self.types,
        };
        let listings = gather(&reader, &place, &self.graph, service.kinds).await;
        reader.shard(key, &listings)
    }
}

/// Every API action that is ever called, as coverage counts them.
pub fn actions() -> Vec<&'static str> {
    sorted(declared().map(|action| action.api))
}

/// Every service, in the order in which shards are planned.
pub fn services() -> Vec<&'static str> {
    SERVICES.iter().map(|service| service.name).collect()
}

/// The API actions that one service calls.
pub fn actions_of(service: &str) -> Vec<&'static str> {
    let services = SERVICES.iter().filter(|known| known.name == service);
    sorted(services.flat_map(|service| service.kinds).flat_map(Kind::actions).map(|action| action.api))
}

/// True where resources of `kind` are known only through `api`, which is the call of a listing of `service`.
pub fn lists(service: &str, api: &str, kind: &str) -> bool {
    let services = SERVICES.iter().filter(|known| known.name == service);
    let mut kinds = services.flat_map(|service| service.kinds).filter(|known| known.kind == kind);
    kinds.any(|kind| kind.is_listed_by(api))
}

/// The permissions that a role needs to be scanned as far as `tier`.
pub fn permissions(tier: Tier) -> Vec<String> {
    let called = declared().filter(|action| action.tier <= tier).map(|action| action.permission.to_owned());
    let seen = SERVICES.iter().flat_map(|service| service.kinds).filter_map(Kind::reads);
    sorted(called.chain(seen))
}

/// Whose quota a call uses, by the name under which coverage counts it.
pub(crate) fn family(api: &str) -> Option<&'static Family> {
    declared().find(|action| action.api == api).map(|action| action.family)
}

fn declared() -> impl Iterator<Item = &'static Action> {
    let services = SERVICES.iter().flat_map(|service| service.kinds).flat_map(Kind::actions);
    services.chain(subscriptions::ACTIONS.iter().copied()).chain([&QUERY.action])
}
