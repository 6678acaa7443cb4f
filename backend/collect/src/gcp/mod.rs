//! Google Cloud: projects, read by Cloud Asset Inventory first and by each API where that does not answer.
//!
//! A service file is a table of kinds ([`kind::Kind`]): where they are listed, what is read of each, and a pure function
//! that redacts and relates. One shard is one service of one project; the project is the account.

mod assets;
mod base64;
mod edges;
mod google;
mod kind;
mod lending;
mod locations;
mod names;
mod options;
mod projects;
mod quota;

mod apigateway;
mod apikeys;
mod appengine;
mod artifactregistry;
mod cloudfunctions;
mod cloudkms;
mod cloudscheduler;
mod cloudtasks;
mod compute;
mod eventarc;
mod firebaserules;
mod firestore;
mod iam;
mod logging;
mod monitoring;
mod project;
mod pubsub;
mod roles;
mod run;
mod secretmanager;
mod storage;
mod vpcaccess;
mod workflows;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use nephoscope_model::{AccountId, PackedResource, Provider, Region, ServiceName, Shard, ShardKey};

use self::assets::Assets;
use self::google::Google;
use self::kind::{Kind, Place, Shared, gather};
use crate::budget::Family;
use crate::declared::sorted;
use crate::discovered::Discovered;
use crate::error::CollectError;
use crate::log::{Journal, not_collected};
use crate::purpose::Tier;
use crate::rest::transport::Transport;
use crate::rest::{Action, Reader, Wire};
use crate::{Collector, Context};

pub use options::GcpOptions;

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
    apigateway,
    apikeys,
    appengine,
    artifactregistry,
    cloudfunctions,
    cloudkms,
    cloudscheduler,
    cloudtasks,
    compute,
    eventarc,
    firebaserules,
    firestore,
    iam,
    logging,
    monitoring,
    project,
    pubsub,
    roles,
    run,
    secretmanager,
    storage,
    vpcaccess,
    workflows,
];

/// The projects that credentials see, ready to be read.
#[derive(Debug)]
pub struct Gcp {
    options: GcpOptions,
    wire: Arc<dyn Wire>,
    found: Discovered,
    assets: Assets,
    /// The types that the inventory is asked for: those of all services that are read.
    asset_types: Vec<&'static str>,
    shared: Shared,
    /// Calls made before the first shard; they are counted in the first project's own.
    journal: Journal,
}

impl Gcp {
    /// Finds credentials, and lists the projects that they see.
    pub async fn connect(options: GcpOptions) -> Result<Self, CollectError> {
        options.asking.check(&services())?;
        let transport = Transport::new(options.asking.limits.connect, options.asking.endpoint_url.as_deref());
        let transport = transport.map_err(|unsent| CollectError::unsent("Google Cloud", &unsent))?;
        let google = Google::connect(&options, transport).await?;
        Self::open(options, google).await
    }

    async fn open(options: GcpOptions, google: Google) -> Result<Self, CollectError> {
        let wire: Arc<dyn Wire> = Arc::new(google);
        // Listing projects uses the quota of the credentials' own project, whichever that is.
        let reader = Reader::of(&options.asking, &wire, AccountId::from("credentials"));
        let found = projects::discover(&reader, &options).await?;
        Ok(Self {
            wire,
            found,
            assets: Assets::default(),
            asset_types: asset_types(&options),
            shared: Shared::default(),
            journal: reader.log,
            options,
        })
    }
}

fn asset_types(options: &GcpOptions) -> Vec<&'static str> {
    let services = SERVICES.iter().filter(|service| options.asking.includes(service.name));
    sorted(services.flat_map(|service| service.kinds).filter_map(Kind::asset_type))
}

fn shard_of(project: &AccountId, service: &str) -> ShardKey {
    ShardKey {
        provider: Provider::Gcp,
        account: project.clone(),
        region: Region::global(),
        service: ServiceName::from(service),
    }
}

fn service(key: &ShardKey) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == key.service.as_str())
}

#[async_trait]
impl Collector for Gcp {
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        let shards = self.found.accounts.keys().flat_map(|project| {
            let chosen = SERVICES.iter().filter(|service| self.options.asking.includes(service.name));
            chosen.map(|service| shard_of(project, service.name))
        });
        Ok(shards.collect())
    }

    fn unseen(&self, before: &[AccountId]) -> Vec<ShardKey> {
        let missed = before.iter().filter(|project| self.found.misses(project));
        missed.map(|project| shard_of(project, SERVICES[0].name)).collect()
    }

    fn round(&self, key: &ShardKey) -> u8 {
        u8::from(service(key).is_some_and(|service| service.kinds.iter().any(Kind::waits)))
    }

    fn carries(&self, _key: &ShardKey) -> &'static [&'static str] {
        &[]
    }

    async fn collect_packed(&self, key: &ShardKey, context: &Context) -> Shard<PackedResource> {
        let (Some(service), Provider::Gcp) = (service(key), key.provider) else {
            return not_collected(key);
        };
        let mut reader = Reader::of(&self.options.asking, &self.wire, key.account.clone());
        let Some(listed) = self.found.accounts.get(&key.account) else {
            return reader.unread(key, &projects::missed());
        };
        reader.named = context.named.clone();
        if self.found.accounts.keys().next() == Some(&key.account) && service.name == SERVICES[0].name {
            reader.log = Journal::after(self.journal.lock().clone());
        }
        let inventory = match service.kinds.iter().any(|kind| kind.asset_type().is_some()) {
            true => Some(self.assets.of(&reader, &key.account, &self.asset_types).await),
            false => None,
        };
        let place = Place { project: &key.account, listed, service: &key.service, shared: &self.shared };
        let listings = gather(&reader, &place, inventory.as_deref(), service.kinds).await;
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
pub fn permissions(tier: Tier) -> Vec<&'static str> {
    sorted(declared().filter(|action| action.tier <= tier).map(|action| action.permission))
}

/// Whose quota a call uses, by the name under which coverage counts it.
pub(crate) fn family(api: &str) -> Option<&'static Family> {
    declared().find(|action| action.api == api).map(|action| action.family)
}

fn declared() -> impl Iterator<Item = &'static Action> {
    let services = SERVICES.iter().flat_map(|service| service.kinds).flat_map(Kind::actions);
    services.chain(projects::ACTIONS.iter().copied())
}
