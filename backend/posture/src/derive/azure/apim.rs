//! API Management: who may call which API, what its policies amount to, and which backends it calls how.

mod policy;
mod services;

use std::collections::{BTreeSet, HashMap};

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Facet, Fact, Resource, Uid, Unreadable};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, fact, list, merged, text};
use crate::derive::secrets;
use policy::InForce;
use services::{Call, Services, parent, properties};

/// What API Management services say of their APIs and backends.
pub(super) struct Gateways {
    services: Services,
    /// Which API calls which backend, by the uid of the service.
    callers: HashMap<String, Callers>,
    targets: Targets,
    /// The uids of the APIs that lead to a resource, by its position.
    leading: HashMap<usize, BTreeSet<Uid>>,
    /// Why more of them may lead there.
    doubts: Vec<Unreadable>,
}

/// Who calls the backends of one service.
#[derive(Default)]
struct Callers {
    /// The uid of the API, the name of the backend in lower case, and whether the gateway says who it is.
    known: BTreeSet<(Uid, String, bool)>,
    /// Why there may be others.
    doubts: Vec<Unreadable>,
}

impl Gateways {
    pub fn of(map: &Map<'_>) -> Self {
        let (services, targets) = (Services::of(map), Targets::of(map));
        let mut callers: HashMap<String, Callers> = HashMap::new();
        let mut leading: HashMap<usize, BTreeSet<Uid>> = HashMap::new();
        let mut doubts = map.listed("apimanagement", None).err().unwrap_or_default();
        doubts.extend(targets.doubts.iter().cloned());
        for &position in map.kind("azure.apim.api") {
            let api = map.open(position);
            let Some(service) = parent(api.uid.as_str()) else { continue };
            let callers = callers.entry(service.to_owned()).or_default();
            match services.inherited(&api).and_then(|inherited| inherited.without_key()) {
                Ok(calls) => {
                    for call in &calls {
                        let said = call.elements.iter().any(InForce::carries_credentials);
                        callers.known.extend(backends(call).map(|name| (api.uid.clone(), name, said)));
                        for target in targets.of_call(&api, call) {
                            leading.entry(target).or_default().insert(api.uid.clone());
                        }
                    }
                }
                Err(reasons) => {
                    callers.doubts.extend(reasons.iter().cloned());
                    doubts.extend(reasons);
                }
            }
        }
        Self { services, callers, targets, leading, doubts: merged(doubts) }
    }

    /// APIs are reached as far as they ask for neither key nor token, services as far as their APIs are.
    /// Whatever strangers reach through an API is reached by them.
    pub fn expose(&self, map: &Map<'_>, reaches: &mut [Reach]) {
        for &position in map.kind("azure.apim.api") {
            let api = map.open(position);
            let open = self.open_calls(&api);
            reaches[position] = match &open {
                Ok(calls) if calls.is_empty() => Reach::default(),
                Ok(_) => Reach { witnessed: Exposure::Internet, doubts: Vec::new() },
                Err(doubts) => Reach { witnessed: Exposure::Internal, doubts: doubts.clone() },
            };
            for call in open.iter().flatten() {
                for target in self.targets.of_call(&api, call) {
                    reaches[target].widen(Exposure::Internet);
                }
            }
            if open.is_ok_and(|calls| !calls.is_empty()) && !self.targets.doubts.is_empty() {
                // What strangers call through it may be any of these.
                for &target in HOSTS.iter().flat_map(|(kind, ..)| map.kind(kind)) {
                    reaches[target].doubts.extend(self.targets.doubts.iter().cloned());
                }
            }
        }
        for &position in map.kind("azure.apim.service") {
            let uid = map.held(position).uid().as_str();
            let mut reach = Reach::default();
            for &api in map.kind("azure.apim.api") {
                if parent(map.held(api).uid().as_str()) == Some(uid) {
                    reach.include(&reaches[api]);
                }
            }
            reach.doubts.extend(map.listed("apimanagement", None).err().unwrap_or_default());
            reaches[position] = reach;
        }
    }

    /// The uids of the APIs that lead to the resource at `position`.
    pub fn leading_to(&self, position: usize) -> Fact {
        match self.leading.get(&position) {
            Some(apis) => Fact::Known(apis.iter().map(|api| Value::from(api.as_str())).collect()),
            None if self.doubts.is_empty() => Fact::Known(json!([])),
            None => Fact::Unknown(self.doubts.clone()),
        }
    }

    /// The operations that anybody on the internet can call.
    fn open_calls<'a>(&'a self, api: &'a Resource) -> Reading<Vec<Call<'a>>> {
        let online = properties(api, "api")?.get("isOnline").and_then(Value::as_bool) != Some(false);
        let public = &self.services.service_of(api.uid.as_str())?.public;
        if !online || *public == Ok(false) {
            return Ok(Vec::new());
        }
        let inherited = self.services.inherited(api)?;
        if !inherited.keyless {
            return Ok(Vec::new());
        }
        let open: Vec<Call<'_>> =
            inherited.without_key()?.into_iter().filter(|call| !authenticates(call)).collect();
        // Where the gateway stands matters only to what it lets through.
        if !open.is_empty() {
            public.clone()?;
        }
        Ok(open)
    }

    /// The facts of the resource; none where it is no part of API Management.
    pub fn facts(&self, resource: &Resource, exposure: Fact) -> Vec<(&'static str, Fact)> {
        match resource.kind.as_str() {
            "azure.apim.service" => vec![("exposure", exposure)],
            "azure.apim.api" => vec![
                ("effective_policy", fact(self.effective_policy(resource))),
                ("cors", fact(self.cors(resource))),
                ("token_checks", fact(self.token_checks(resource))),
                ("exposure", exposure),
            ],
            "azure.apim.backend" => vec![("callers", fact(self.callers(resource)))],
            "azure.apim.namedvalue" => vec![("secrets", fact(secrets::secrets(resource, "namedvalue")))],
            _ => Vec::new(),
        }
    }

    /// What the policies of the API and of everything above it amount to.
    fn effective_policy(&self, api: &Resource) -> Reading<Value> {
        let inherited = self.services.inherited(api)?;
        let (keyless, calls) = (inherited.without_key()?, inherited.every_way()?);
        let dropped: BTreeSet<&(String, String)> = calls.iter().flat_map(|call| &call.dropped).collect();
        let dropped =
            dropped.into_iter().map(|(scope, element)| json!({ "scope": scope, "element": element }));
        let open = lacking(&keyless, |element| element.authenticates());
        let unlimited = lacking(&calls, |element| element.limits());
        Ok(json!({
            "keyless": inherited.keyless,
            "authenticates": open.is_empty(),
            "authentication": names(&keyless, |element| element.authenticates()),
            "open_operations": open,
            "has_rate_limit": unlimited.is_empty(),
            "limits": names(&calls, |element| element.limits()),
            "unlimited_operations": unlimited,
            "dropped": dropped.collect::<Vec<Value>>(),
        }))
    }

    fn cors(&self, api: &Resource) -> Reading<Value> {
        let calls = self.services.inherited(api)?.every_way()?;
        policy::cors(calls.iter().flat_map(|call| &call.elements).copied())
    }

    /// Every element that validates tokens, with what is too permissive about it.
    fn token_checks(&self, api: &Resource) -> Reading<Value> {
        let calls = self.services.inherited(api)?.every_way()?;
        let mut checks = BTreeSet::new();
        for element in calls.iter().flat_map(|call| &call.elements) {
            if let Some(weaknesses) = policy::token_weaknesses(element.element) {
                checks.insert((element.name(), weaknesses?));
            }
        }
        let checks =
            checks.into_iter().map(|(name, weaknesses)| json!({ "name": name, "weaknesses": weaknesses }));
        Ok(checks.collect())
    }

    /// The APIs that call the backend, each with whether the gateway always says who it is.
    fn callers(&self, backend: &Resource) -> Reading<Value> {
        self.services.service_of(backend.uid.as_str())?;
        let Some(callers) = parent(backend.uid.as_str()).and_then(|service| self.callers.get(service)) else {
            return Ok(json!([]));
        };
        if !callers.doubts.is_empty() {
            return Err(merged(callers.doubts.iter().cloned()));
        }
        let name = backend.name.to_lowercase();
        let mut apis: HashMap<&str, bool> = HashMap::new();
        for (api, _, said) in callers.known.iter().filter(|(_, called, _)| *called == name) {
            *apis.entry(api.as_str()).or_insert(true) &= said;
        }
        let mut apis: Vec<(&str, bool)> = apis.into_iter().collect();
        apis.sort_unstable();
        Ok(apis.into_iter().map(|(api, said)| json!({ "api": api, "credentials": said })).collect())
    }
}

fn authenticates(call: &Call<'_>) -> bool {
    call.elements.iter().any(InForce::authenticates)
}

/// The names of such elements, wherever they are in force.
fn names(calls: &[Call<'_>], wanted: impl Fn(&InForce<'_>) -> bool) -> BTreeSet<String> {
    let elements = calls.iter().flat_map(|call| &call.elements).filter(|element| wanted(element));
    elements.map(|element| element.name().to_owned()).collect()
}

/// The operations that can be called without passing such an element.
fn lacking(calls: &[Call<'_>], wanted: impl Fn(&InForce<'_>) -> bool) -> BTreeSet<String> {
    let lacking = calls.iter().filter(|call| !call.elements.iter().any(&wanted));
    lacking.map(|call| call.operation.to_owned()).collect()
}

/// The names, in lower case, of the backends that a call may go to.
fn backends<'c>(call: &'c Call<'_>) -> impl Iterator<Item = String> + 'c {
    let chosen = call.elements.iter().filter(|element| element.name() == "set-backend-service");
    chosen.filter_map(|element| policy::attribute(element.element, "backend-id")).map(str::to_lowercase)
}

/// What an API can lead to.
struct Targets {
    /// The positions of what a backend stands for, by the uid of the backend.
    backends: HashMap<String, Vec<usize>>,
    /// The positions of sites and container apps, by the name of their host.
    hosts: HashMap<String, usize>,
    /// Why calls may lead to more than these.
    doubts: Vec<Unreadable>,
}

impl Targets {
    fn of(map: &Map<'_>) -> Self {
        let mut hosts = HashMap::new();
        let mut doubts = Vec::new();
        for (kind, facet, pointer) in HOSTS {
            for &position in map.kind(kind) {
                let resource = map.held(position).open_only(&[*facet]);
                doubts.extend(resource.facets.get(*facet).and_then(Facet::unreadable).cloned());
                let document = resource.facets.get(*facet).and_then(Facet::value);
                if let Some(host) =
                    document.and_then(|document| document.pointer(pointer)).and_then(Value::as_str)
                {
                    hosts.insert(host.to_lowercase(), position);
                }
            }
        }
        let mut backends: HashMap<String, Vec<usize>> = HashMap::new();
        for &position in map.kind("azure.apim.backend") {
            let backend = map.open(position);
            let properties = match properties(&backend, "backend") {
                Ok(properties) => properties,
                Err(reasons) => {
                    doubts.extend(reasons);
                    continue;
                }
            };
            let named =
                text(properties, "resourceId").and_then(resource_of).and_then(|uid| map.position(&uid));
            let called = text(properties, "url").and_then(host_of).and_then(|host| hosts.get(&host).copied());
            backends.entry(backend.uid.to_string()).or_default().extend(named.or(called));
        }
        // A pool leads to whatever its members lead to.
        for &position in map.kind("azure.apim.backend") {
            let backend = map.open(position);
            let Ok(properties) = properties(&backend, "backend") else { continue };
            let Some(pool) = properties.get("pool") else { continue };
            let members = list(pool, "services").iter().filter_map(|member| text(member, "id"));
            let positions: Vec<usize> =
                members.filter_map(|id| backends.get(&id.to_lowercase())).flatten().copied().collect();
            backends.entry(backend.uid.to_string()).or_default().extend(positions);
        }
        Self { backends, hosts, doubts }
    }

    /// The positions of what the call may go to.
    fn of_call(&self, api: &Resource, call: &Call<'_>) -> Vec<usize> {
        let service = parent(api.uid.as_str()).unwrap_or_default();
        let mut targets: Vec<usize> = backends(call)
            .filter_map(|name| self.backends.get(&format!("{service}/backends/{name}")))
            .flatten()
            .copied()
            .collect();
        let elsewhere = call
            .elements
            .iter()
            .any(|element| element.name() == "set-backend-service" && !element.conditional);
        if !elsewhere
            && let Ok(properties) = properties(api, "api")
            && let Some(host) = text(properties, "serviceUrl").and_then(host_of)
        {
            targets.extend(self.hosts.get(&host));
        }
        targets
    }
}

/// Where the host of what an API may lead to is written.
const HOSTS: &[(&str, &str, &str)] = &[
    ("azure.functions.app", "site", "/properties/defaultHostName"),
    ("azure.functions.slot", "site", "/properties/defaultHostName"),
    ("azure.containerapps.app", "app", "/properties/configuration/ingress/fqdn"),
];

/// The uid in an address such as `https://management.azure.com/subscriptions/…`.
fn resource_of(address: &str) -> Option<String> {
    let address = address.to_lowercase();
    address.find("/subscriptions/").map(|start| address[start..].to_owned())
}

/// The host in lower case, without port; none where the address has none.
fn host_of(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', ':']).next()?;
    (!host.is_empty()).then(|| host.to_lowercase())
}
