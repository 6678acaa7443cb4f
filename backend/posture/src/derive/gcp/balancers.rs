//! Load balancers in front of functions, services and applications, and the firewalls in front of them.

use std::collections::BTreeMap;

use nephoscope_model::{Fact, Resource, Unreadable};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, fact, list, merged, required, text};

/// Schemes whose load balancers have an address on the internet.
const EXTERNAL: [&str; 2] = ["EXTERNAL", "EXTERNAL_MANAGED"];

/// A backend service that sends requests to something serverless.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    pub uid: String,
    /// Whether its load balancer has an address on the internet.
    pub external: bool,
    /// Whether it asks Identity-Aware Proxy first.
    pub guarded: bool,
    /// The firewall in front; none where there is none.
    pub firewall: Option<String>,
    /// What the endpoint groups behind it name.
    pub targets: Vec<Target>,
    /// Why there may be more of them.
    doubts: Vec<Unreadable>,
}

/// What an endpoint group sends requests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub product: Product,
    pub region: String,
    /// Its name; none where the address of each request decides, so that it may be any in the region.
    pub name: Option<String>,
}

impl Target {
    fn to_value(&self) -> Value {
        json!({ "product": self.product.as_str(), "region": self.region, "name": self.name })
    }
}

/// What runs behind an endpoint group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Run,
    Functions,
    AppEngine,
}

impl Product {
    fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Functions => "cloudfunctions",
            Self::AppEngine => "appengine",
        }
    }
}

/// Every backend service with something serverless behind it.
#[derive(Debug, Default)]
pub(super) struct Balancers {
    pub backends: Vec<Backend>,
    /// Why there may be more of them, by the uid of each backend service that could not be read.
    unread: BTreeMap<String, Vec<Unreadable>>,
}

impl Balancers {
    pub fn of(map: &Map<'_>) -> Self {
        let mut groups: BTreeMap<String, Reading<Target>> = BTreeMap::new();
        for &position in map.kind("gcp.compute.endpointgroup") {
            let resource = map.open(position);
            match required(&resource, "group") {
                Ok(group) => {
                    let link = relative(text(group, "selfLink").unwrap_or_default());
                    groups.extend(target(group).map(|target| (link.to_owned(), Ok(target))));
                }
                // Its name is its link without host and version, so that it is known whom it may stand behind.
                Err(unread) => {
                    groups.insert(relative(resource.uid.as_str()).to_owned(), Err(unread));
                }
            }
        }
        let mut balancers = Self::default();
        for &position in map.kind("gcp.compute.backendservice") {
            let resource = map.open(position);
            match backend(&resource, &groups) {
                Ok(backend) => balancers.backends.extend(backend),
                Err(unread) => {
                    balancers.unread.insert(resource.uid.as_str().to_owned(), unread);
                }
            }
        }
        balancers
    }

    /// Why more may lead to something on the internet than is known: what could not be read of those that `meant`
    /// chooses, and what was not listed.
    fn doubts(&self, map: &Map<'_>, meant: impl Fn(&Backend) -> bool) -> Vec<Unreadable> {
        let behind = self.backends.iter().filter(|backend| backend.external && meant(backend));
        let behind = behind.flat_map(|backend| &backend.doubts);
        let unlisted = map.listed("compute", None).err().unwrap_or_default();
        merged(self.unread.values().flatten().chain(behind).cloned().chain(unlisted))
    }

    /// Why more load balancers on the internet may lead to something than is known.
    pub fn front_doubts(&self, map: &Map<'_>) -> Vec<Unreadable> {
        self.doubts(map, |_| true)
    }

    /// The backends that send requests to what is called so.
    pub fn before(&self, product: Product, region: &str, name: &str) -> impl Iterator<Item = &Backend> {
        let leads = move |target: &Target| {
            target.product == product
                && target.region == region
                && target.name.as_deref().is_none_or(|named| named == name)
        };
        self.backends.iter().filter(move |backend| backend.targets.iter().any(leads))
    }

    /// What of the serverless is behind the backend service: product, region and name.
    ///
    /// That nothing is, is only known where endpoint groups were listed and read.
    fn serverless(&self, uid: &str, map: &Map<'_>) -> Reading<Value> {
        let behind = self.backends.iter().filter(|backend| backend.uid == uid);
        let targets: Vec<Value> = behind.flat_map(|backend| &backend.targets).map(Target::to_value).collect();
        if targets.is_empty() {
            let behind = self.backends.iter().filter(|backend| backend.uid == uid);
            let mut doubts: Vec<Unreadable> = behind.flat_map(|backend| backend.doubts.clone()).collect();
            doubts.extend(self.unread.get(uid).cloned().unwrap_or_default());
            doubts.extend(map.listed("compute", None).err().unwrap_or_default());
            if !doubts.is_empty() {
                return Err(merged(doubts));
            }
        }
        Ok(Value::Array(targets))
    }

    /// The uids of external backends with something serverless behind them that the firewall stands in front of.
    ///
    /// That there are none is only known where all were listed and read.
    pub fn protected(&self, firewall: &Resource, map: &Map<'_>) -> Reading<Value> {
        let link = text(required(firewall, "firewall")?, "selfLink").unwrap_or_default();
        let link = relative(link);
        let behind =
            |backend: &Backend| backend.firewall.as_deref().is_some_and(|named| relative(named) == link);
        let external = self.backends.iter().filter(|backend| backend.external && !backend.targets.is_empty());
        let uids: Vec<Value> = external
            .filter(|backend| behind(backend))
            .map(|backend| Value::from(backend.uid.as_str()))
            .collect();
        match uids.is_empty().then(|| self.doubts(map, behind)) {
            Some(doubts) if !doubts.is_empty() => Err(doubts),
            _ => Ok(Value::Array(uids)),
        }
    }
}

/// The facts of a backend service.
pub(super) fn facts(backend: &Resource, map: &Map<'_>, balancers: &Balancers) -> Vec<(&'static str, Fact)> {
    vec![("serverless", fact(balancers.serverless(backend.uid.as_str(), map)))]
}

/// The backend service; none where nothing serverless is behind it.
fn backend(resource: &Resource, groups: &BTreeMap<String, Reading<Target>>) -> Reading<Option<Backend>> {
    let backend = required(resource, "backend")?;
    let (mut targets, mut doubts) = (Vec::new(), Vec::new());
    for link in list(backend, "backends").iter().filter_map(|behind| text(behind, "group")) {
        match groups.get(relative(link)) {
            Some(Ok(target)) => targets.push(target.clone()),
            Some(Err(unread)) => doubts.extend(unread.iter().cloned()),
            None => {}
        }
    }
    if targets.is_empty() && doubts.is_empty() {
        return Ok(None);
    }
    let guarded = backend.pointer("/iap/enabled").and_then(Value::as_bool).unwrap_or(false);
    Ok(Some(Backend {
        uid: resource.uid.as_str().to_owned(),
        external: text(backend, "loadBalancingScheme").is_some_and(|scheme| EXTERNAL.contains(&scheme)),
        guarded,
        firewall: text(backend, "securityPolicy").filter(|link| !link.is_empty()).map(str::to_owned),
        targets,
        doubts,
    }))
}

/// What a serverless endpoint group names; none for groups of machines.
fn target(group: &Value) -> Option<Target> {
    let region = text(group, "region").unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    let products = [
        (Product::Run, "cloudRun", "service"),
        (Product::Functions, "cloudFunction", "function"),
        (Product::AppEngine, "appEngine", "service"),
    ];
    products.into_iter().find_map(|(product, field, key)| {
        let named = group.get(field)?;
        let name = text(named, key).filter(|name| !name.is_empty()).map(str::to_owned);
        Some(Target { product, region: region.clone(), name })
    })
}

/// A link without the host and version that it was written with.
fn relative(link: &str) -> &str {
    link.find("projects/").map_or(link, |start| &link[start..])
}
