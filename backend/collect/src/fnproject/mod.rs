//! Fn Project: one server's apps, functions and triggers over its API, and what a file and strangers say of the server.
//!
//! One shard is one listing. A server is the account, by host and port; it has no regions. What the API does not tell
//! comes from a file that the target names ([`server_facts`]) or from asking without credentials ([`strangers`]);
//! registries say which image a tag means ([`registries`]).

mod apps;
mod contexts;
mod members;
mod options;
mod place;
mod registries;
mod server_facts;
mod strangers;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use nephoscope_model::{
    AccountId, Facet, PackedResource, Provider, Region, Resource, ServiceName, Shard, ShardKey, Unreadable,
};
use serde_json::{Value, json};

use self::apps::Apps;
use self::contexts::{Contact, refused};
use self::members::{Besides, FUNCTIONS, Gathered, HTTP_TRIGGERS};
use self::place::Place;
use self::registries::{MANIFEST, Registries};
use self::strangers::{PROBE, Stranger, not_probed};
use self::wire::{FAMILY, Server};
use crate::budget::Family;
use crate::declared::sorted;
use crate::error::CollectError;
use crate::failure::{Class, Failure};
use crate::log::{Journal, not_collected};
use crate::normalise::{Read, once_each, put, tidy_one};
use crate::purpose::Purpose;
use crate::redact::{Redactor, host};
use crate::rest::transport::Transport;
use crate::rest::{Action, Reader, Request, Wire};
use crate::{Collector, Context};

pub use options::FnOptions;

/// The largest page that a server gives.
const PAGE: u32 = 100;

/// The errors of facets that nobody failed to read: what was not declared, and what was not to be asked.
const NOT_DECLARED: &str = "NotDeclared";
const NOT_PROBED: &str = "NotProbed";

static VERSION: Action = Action::new("fn:GetVersion", &FAMILY).allowed_by("GET /version");

/// Every service with its calls and the kinds that it lists, in the order in which shards are planned.
const SERVICES: &[Service] = &[
    Service { name: "apps", actions: &[&VERSION, &apps::APPS.action, &PROBE], kinds: &["fn.app"] },
    Service {
        name: "fns",
        actions: &[&apps::APPS.action, &members::FNS.action, &PROBE, &MANIFEST],
        kinds: &["fn.function"],
    },
    Service {
        name: "triggers",
        actions: &[&apps::APPS.action, &members::TRIGGERS.action, &PROBE],
        kinds: &["fn.trigger"],
    },
];

struct Service {
    name: &'static str,
    actions: &'static [&'static Action],
    kinds: &'static [&'static str],
}

/// A server, ready to be read.
#[derive(Debug)]
pub struct FnProject {
    options: FnOptions,
    contact: Reached,
    wire: Arc<dyn Wire>,
    /// For asking as a stranger.
    transport: Transport,
    place: Place,
    version: Read,
    declared: Option<Value>,
    apps: Apps,
    /// The calls made before the first shard; they are counted in that of the apps.
    journal: Journal,
}

/// Where the server was found, without what opens it.
#[derive(Debug)]
struct Reached {
    base: contexts::Base,
    has_token: bool,
}

impl FnProject {
    /// Finds the server, and asks for its version to see that it is one.
    pub async fn connect(options: FnOptions) -> Result<Self, CollectError> {
        options.asking.check(&services())?;
        let contact =
            contexts::contact(&options, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
        let redactor = Redactor::new(options.asking.redaction_key);
        let declared = options.server_facts.as_deref().map(|path| server_facts::read(path, &redactor));
        let declared = declared.transpose()?;
        let transport = Transport::new(options.asking.limits.connect, options.asking.endpoint_url.as_deref());
        let transport = transport.map_err(|unsent| CollectError::unsent("the Fn API", &unsent))?;
        let wire: Arc<dyn Wire> = Arc::new(server(&contact, transport.clone())?);
        let place = Place { account: AccountId::from(contact.base.authority()) };
        let reader = Reader::of(&options.asking, &wire, place.account.clone());
        let version = reader.ask(&VERSION, None, &Request::get("/version")).await;
        let version = recognised(&contact, version)?;
        let contact = Reached { base: contact.base, has_token: contact.token.is_some() };
        let journal = reader.log;
        Ok(Self {
            contact,
            wire,
            transport,
            place,
            version,
            declared,
            apps: Apps::default(),
            journal,
            options,
        })
    }

    /// The server itself, which no listing has.
    async fn server(&self, reader: &Reader) -> Resource {
        let base = &self.contact.base;
        let mut server = self.place.resource("fn.server", "apps", self.place.server(), &base.authority());
        let address = json!({
            "url": base.url(),
            "scheme": base.scheme,
            "host": base.host,
            "port": base.port,
            "credentials": if self.contact.has_token { "token" } else { "none" },
        });
        put(&mut server, "address", Ok(Some(address)));
        put(&mut server, "version", self.version.clone());
        let declared = match &self.declared {
            Some(declared) => Facet::Known(declared.clone()),
            None => Facet::Unreadable(Unreadable {
                facet: "declared".to_owned(),
                api: "server_facts".to_owned(),
                error: NOT_DECLARED.to_owned(),
                permission: None,
            }),
        };
        server.facets.insert("declared".to_owned(), declared);
        match self.may_probe() {
            true => put(&mut server, "probe", self.stranger().server(reader).await),
            false => {
                server.facets.insert("probe".to_owned(), not_probed());
            }
        }
        server
    }

    async fn gather(&self, service: &str, reader: &Reader) -> Gathered {
        let apps = self.apps.of(reader, &self.place).await;
        let members = match service {
            "fns" => &FUNCTIONS,
            "triggers" => &HTTP_TRIGGERS,
            _ => {
                let mut server = self.server(reader).await;
                tidy_one(&mut server);
                // What was not asked is no error.
                if self.options.asking.purpose != Purpose::Plan {
                    reader.log.lock().complete(&server);
                }
                let mut resources = vec![PackedResource::from(server)];
                resources.extend(apps.resources.iter().cloned());
                return Gathered { resources, listings: vec![apps.failure.clone()] };
            }
        };
        let resolves =
            service == "fns" && self.options.resolve_images && self.options.asking.purpose == Purpose::Scan;
        let besides = Besides {
            stranger: self.may_probe().then(|| self.stranger()),
            registries: resolves.then(|| Registries::of(&self.transport, self.declared.as_ref())),
        };
        members.collect(reader, &self.place, apps, &besides).await
    }

    /// Strangers are asked about only where a target wants it, and never to count calls.
    fn may_probe(&self) -> bool {
        self.options.probe && self.options.asking.purpose == Purpose::Scan
    }

    fn stranger(&self) -> Stranger<'_> {
        let public = self.declared.as_ref().and_then(|declared| {
            let public = declared.pointer("/server/environment/FN_PUBLIC_LB_URL")?.as_str()?;
            reqwest::Url::parse(public).ok()?.host_str().map(str::to_owned)
        });
        Stranger {
            transport: &self.transport,
            base: &self.contact.base,
            public_host: public,
            asked: Mutex::default(),
        }
    }
}

fn server(contact: &Contact, transport: Transport) -> Result<Server, CollectError> {
    let help = "check `token` of the target, FN_TOKEN and the context";
    Server::new(contact, transport)
        .map_err(|why| refused("use the token of the Fn API".to_owned(), help, &why))
}

/// What the server said of its version. A refusal or an unknown path may still be a server's; a page is not.
fn recognised(contact: &Contact, version: Result<Value, Failure>) -> Result<Read, CollectError> {
    let url = host(&contact.base.url());
    let failure = match version {
        Ok(version) => return Ok(Ok(Some(version))),
        Err(failure) => failure,
    };
    match failure.class {
        Class::Unreachable | Class::TimedOut => Err(refused(
            format!("reach the Fn API at {url}"),
            "check the network, the proxy and the address in `api_url` or the context; it must answer from this machine",
            &failure.message,
        )),
        Class::Foreign | Class::Malformed => Err(refused(
            format!("talk to Fn at {url}: the answer is not a Fn server's"),
            "check the address, and that no proxy or sign-in page stands in between",
            &failure.message,
        )),
        Class::NotFound => Ok(Ok(None)),
        Class::Denied
        | Class::Throttled
        | Class::Disabled
        | Class::Server
        | Class::Credentials
        | Class::Expired
        | Class::NotAsked
        | Class::Other => Ok(Err(failure)),
    }
}

#[async_trait]
impl Collector for FnProject {
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        let chosen = |service: &&Service| self.options.asking.includes(service.name);
        let shards = SERVICES.iter().filter(chosen).map(|service| ShardKey {
            provider: Provider::Fn,
            account: self.place.account.clone(),
            region: Region::global(),
            service: ServiceName::from(service.name),
        });
        Ok(shards.collect())
    }

    fn round(&self, _key: &ShardKey) -> u8 {
        0
    }

    fn carries(&self, _key: &ShardKey) -> &'static [&'static str] {
        &[]
    }

    async fn collect_packed(&self, key: &ShardKey, _context: &Context) -> Shard<PackedResource> {
        let known = SERVICES.iter().any(|service| service.name == key.service.as_str());
        if !known || key.provider != Provider::Fn || key.account != self.place.account {
            return not_collected(key);
        }
        let mut reader = Reader::of(&self.options.asking, &self.wire, self.place.account.clone());
        if key.service.as_str() == SERVICES[0].name {
            reader.log = Journal::after(self.journal.lock().clone());
        }
        let Gathered { mut resources, listings } = self.gather(key.service.as_str(), &reader).await;
        once_each(&mut resources, |resource| &resource.uid);
        let mut log = reader.log.into_log();
        log.errors.retain(|(_, error), _| error != NOT_DECLARED && error != NOT_PROBED);
        Shard { key: key.clone(), coverage: log.coverage(&listings), resources }
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
    services.flat_map(|service| service.actions).map(|action| action.api).collect()
}

/// True where resources of `kind` are known only through `api`, which is the call of a listing of `service`.
pub fn lists(service: &str, api: &str, kind: &str) -> bool {
    let mut services = SERVICES.iter().filter(|known| known.name == service);
    services.any(|service| service.kinds.contains(&kind))
        && [&apps::APPS, &members::FNS, &members::TRIGGERS].iter().any(|list| list.action.api == api)
}

/// The paths that a token needs to be let to.
pub fn permissions() -> Vec<&'static str> {
    let read = declared().filter(|action| ![PROBE.api, MANIFEST.api].contains(&action.api));
    sorted(read.map(|action| action.permission))
}

/// Whose quota a call uses, by the name under which coverage counts it.
pub(crate) fn family(api: &str) -> Option<&'static Family> {
    declared().find(|action| action.api == api).map(|action| action.family)
}

fn declared() -> impl Iterator<Item = &'static Action> {
    SERVICES.iter().flat_map(|service| service.actions).copied()
}
