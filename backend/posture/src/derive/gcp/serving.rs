//! What answers requests: functions, the services beneath them, and how far away their callers are.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Resource, Unreadable};
use serde_json::Value;

use super::apigateway::{self, Doors};
use super::balancers::{Backend, Balancers, Product};
use super::callers::{self, Callers, Holder, holders};
use super::images::Origins;
use super::openapi::place;
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, list, merged, reason, required, text};

/// The label by which Google marks what one of its services keeps, and what it says of services beneath functions.
const MANAGED_BY: &str = "goog-managed-by";
const FUNCTIONS: &str = "cloudfunctions";

/// The facets of a service that decide who reaches it.
const SERVICE: [&str; 2] = ["service", "policy"];
/// The facets of a function that do.
const FUNCTION: [&str; 2] = ["config", "policy"];

/// Functions and services of the project, and what stands between them and their callers.
pub(super) struct Serving {
    pub project: Project,
    pub balancers: Balancers,
    pub origins: Origins,
    /// Who has roles on everything in the project.
    inherited: Reading<Vec<Holder>>,
    /// The service beneath each function of the second generation, and the other way round.
    beneath: BTreeMap<usize, usize>,
    above: BTreeMap<usize, usize>,
    /// Why services may be beneath functions of which that is not known.
    unpaired: Vec<Unreadable>,
    /// Who answers at an address without its scheme.
    addresses: BTreeMap<String, usize>,
    /// How far each function and service is reached past any gateway.
    direct: BTreeMap<usize, Reach>,
    /// Functions and services that let a service account in, as gateways need it.
    admitting: BTreeSet<usize>,
}

impl Serving {
    pub fn of(map: &Map<'_>) -> Self {
        let mut serving = Self {
            project: Project::of(map),
            balancers: Balancers::of(map),
            origins: Origins::of(map),
            inherited: callers::inherited(map),
            beneath: BTreeMap::new(),
            above: BTreeMap::new(),
            unpaired: Vec::new(),
            addresses: BTreeMap::new(),
            direct: BTreeMap::new(),
            admitting: BTreeSet::new(),
        };
        serving.pair(map);
        for &position in map.kind("gcp.run.service") {
            let service = map.held(position).open_only(&SERVICE);
            serving.answer(position, addresses_of_service(&service));
            let callers = serving.all(serving.callers_of_service(&service, map), map);
            let admits = callers.admit_accounts();
            serving.keep(position, admits, serving.service(&service, callers, map));
        }
        for &position in map.kind("gcp.functions.function") {
            let function = map.held(position).open_only(&FUNCTION);
            serving.answer(position, addresses_of_function(&function));
            let callers = serving.all(serving.callers_of_function(position, &function, map), map);
            let admits = callers.admit_accounts();
            serving.keep(position, admits, serving.function(position, &function, callers, map));
        }
        serving
    }

    /// The reach of everything that answers requests.
    pub fn expose(&self, map: &Map<'_>, reaches: &mut [Reach]) {
        let mut doors = Doors::default();
        for &position in map.kind("gcp.apigateway.config") {
            reaches[position] = apigateway::reach(position, map, &mut doors);
        }
        for &position in map.kind("gcp.apigateway.gateway") {
            let config = match apigateway::config_of(&map.open(position)) {
                Ok(config) => config,
                Err(unread) => {
                    reaches[position] = Err(unread).into();
                    continue;
                }
            };
            let served = config.as_deref().and_then(|uid| self.config(uid, map));
            reaches[position] = match served {
                Some(config) => reaches[config].clone(),
                None => map.listed("apigateway", None).map(|()| Exposure::Internal).into(),
            };
        }
        doors.doubts.extend(map.listed("apigateway", None).err().unwrap_or_default());
        for (&position, reach) in &self.direct {
            reaches[position] = reach.clone();
            if self.admitting.contains(&position) {
                reaches[position].doubts.extend(doors.doubts.iter().cloned());
            }
        }
        let mut answering: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for (address, &position) in &self.addresses {
            answering.entry(position).or_default().insert(address.clone());
        }
        for (position, addresses) in answering {
            if doors.lead_to(&addresses) {
                reaches[position].widen(Exposure::Internet);
                for twin in [self.beneath.get(&position), self.above.get(&position)].into_iter().flatten() {
                    reaches[*twin].widen(Exposure::Internet);
                }
            }
        }
    }

    /// How far the function or service is reached past any gateway.
    pub fn direct(&self, position: usize) -> Option<&Reach> {
        self.direct.get(&position)
    }

    /// Who answers at the address.
    pub fn at(&self, address: &str) -> Option<usize> {
        self.addresses.get(address).copied()
    }

    /// The uid of the function that the service is beneath; none where it stands for itself.
    ///
    /// Which function it is only functions say. Where one of them could not be read or listed, the label that Google
    /// gives to such services is witness enough that there is one, and all that is known of it.
    pub fn function_of(&self, position: usize, service: &Resource, map: &Map<'_>) -> Reading<Option<String>> {
        if let Some(&function) = self.above.get(&position) {
            return Ok(Some(map.held(function).uid().as_str().to_owned()));
        }
        let mut doubts = self.unpaired.clone();
        doubts.extend(map.listed("cloudfunctions", None).err().unwrap_or_default());
        match service.tags.get(MANAGED_BY).map(String::as_str) {
            _ if doubts.is_empty() => Ok(None),
            Some(FUNCTIONS) => Ok(Some(FUNCTIONS.to_owned())),
            _ => Err(merged(doubts)),
        }
    }

    /// The service beneath the function.
    pub fn service_of(&self, function: usize) -> Option<usize> {
        self.beneath.get(&function).copied()
    }

    /// Who may call a service by its own policy.
    pub fn callers_of_service(&self, service: &Resource, map: &Map<'_>) -> Callers {
        let mut callers = Callers::default();
        callers.include(holders(service), "service", &self.project, map);
        callers
    }

    /// Who may call a function by its own policy: of the second generation those who may call the service beneath.
    pub fn callers_of_function(&self, position: usize, function: &Resource, map: &Map<'_>) -> Callers {
        if let Some(service) = self.service_of(position) {
            return self.callers_of_service(&map.held(service).open_only(&SERVICE), map);
        }
        let mut callers = Callers::default();
        match is_first_generation(function) {
            Ok(true) => callers.include(holders(function), "function", &self.project, map),
            // The service was listed and is not there: nothing answers.
            Ok(false) => callers.doubts.extend(map.listed("run", None).err().unwrap_or_default()),
            Err(doubts) => callers.doubts.extend(doubts),
        }
        callers
    }

    /// Load balancers with an address on the internet that lead to what is called so, as far as they are known.
    pub fn fronts(&self, product: Product, region: &str, name: &str) -> Vec<&Backend> {
        self.balancers.before(product, region, name).filter(|backend| backend.external).collect()
    }

    /// Those who may call something by its own policy, and those who may call everything in the project.
    fn all(&self, mut callers: Callers, map: &Map<'_>) -> Callers {
        callers.include(self.inherited.clone(), "project", &self.project, map);
        callers
    }

    /// Finds the service beneath each function.
    fn pair(&mut self, map: &Map<'_>) {
        let services = map.kind("gcp.run.service").iter();
        let services: BTreeMap<&str, usize> = services
            .map(|&position| (apigateway::within(map.held(position).uid().as_str()), position))
            .collect();
        for &position in map.kind("gcp.functions.function") {
            let function = map.held(position).open_only(&["config"]);
            let config = match required(&function, "config") {
                Ok(config) => config,
                Err(unread) => {
                    self.unpaired.extend(unread);
                    continue;
                }
            };
            let named = config.pointer("/serviceConfig/service").and_then(Value::as_str);
            if let Some(&service) = named.and_then(|named| services.get(apigateway::within(named))) {
                self.beneath.insert(position, service);
                self.above.insert(service, position);
            }
        }
        self.unpaired = merged(std::mem::take(&mut self.unpaired));
    }

    fn keep(&mut self, position: usize, admits: bool, reach: Reach) {
        self.direct.insert(position, reach);
        if admits {
            self.admitting.insert(position);
        }
    }

    fn answer(&mut self, position: usize, addresses: Vec<String>) {
        self.addresses.extend(addresses.into_iter().map(|address| (address, position)));
    }

    fn config(&self, uid: &str, map: &Map<'_>) -> Option<usize> {
        let sought = apigateway::within(uid);
        let mut configs = map.kind("gcp.apigateway.config").iter();
        configs.find(|&&position| apigateway::within(map.held(position).uid().as_str()) == sought).copied()
    }

    fn service(&self, service: &Resource, callers: Callers, map: &Map<'_>) -> Reach {
        let config = match required(service, "service") {
            Ok(config) => config,
            Err(doubts) => return Err(doubts).into(),
        };
        let door = match text(config, "ingress") {
            Some("INGRESS_TRAFFIC_INTERNAL_ONLY" | "INGRESS_TRAFFIC_NONE") => return Reach::default(),
            Some("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER") => Door::Balanced,
            _ if is_set(config, "defaultUriDisabled") => Door::Balanced,
            _ => Door::Open,
        };
        let callers = match is_set(config, "invokerIamDisabled") {
            true => Reach { witnessed: Exposure::Internet, doubts: Vec::new() },
            false => self.farthest(callers),
        };
        if is_set(config, "iapEnabled") {
            // Identity-Aware Proxy asks first, and whom it lets in is in a policy of its own.
            let doubts = reason("iap", "NotCollected");
            return Reach { witnessed: Exposure::Internal, doubts };
        }
        self.through(door, callers, Product::Run, service, map)
    }

    fn function(&self, position: usize, function: &Resource, callers: Callers, map: &Map<'_>) -> Reach {
        if let Some(service) = self.service_of(position) {
            return self.direct.get(&service).cloned().unwrap_or_default();
        }
        let config = match required(function, "config") {
            Ok(config) => config,
            Err(doubts) => return Err(doubts).into(),
        };
        let first = text(config, "environment") == Some("GEN_1");
        // Events of the first generation do not come over HTTP, so there is no address to call.
        if first && config.get("eventTrigger").is_some() {
            return Reach::default();
        }
        let ingress = config.pointer("/serviceConfig/ingressSettings").and_then(Value::as_str);
        let door = match ingress {
            Some("ALLOW_INTERNAL_ONLY") => return Reach::default(),
            Some("ALLOW_INTERNAL_AND_GCLB") => Door::Balanced,
            _ => Door::Open,
        };
        self.through(door, self.farthest(callers), Product::Functions, function, map)
    }

    fn farthest(&self, callers: Callers) -> Reach {
        Reach { witnessed: callers.reach(&self.project), doubts: callers.doubts }
    }

    /// How far away those are who come through the door, where callers are as far as that.
    fn through(
        &self,
        door: Door,
        callers: Reach,
        product: Product,
        resource: &Resource,
        map: &Map<'_>,
    ) -> Reach {
        match door {
            Door::Open => callers,
            Door::Balanced => {
                let fronts = self.fronts(product, place_of(resource), &resource.name);
                // One that asks nobody who they are is a witness.
                if fronts.iter().any(|front| !front.guarded) {
                    return callers;
                }
                let mut doubts = self.balancers.front_doubts(map);
                if !fronts.is_empty() {
                    doubts.extend(reason("iap", "NotCollected"));
                }
                Reach { doubts, ..Reach::default() }
            }
        }
    }
}

/// How requests get in.
enum Door {
    /// From everywhere.
    Open,
    /// From outside only through a load balancer.
    Balanced,
}

/// Where the resource is. Its name tells; its region is that of the shard, which is the same for all places.
pub(super) fn place_of(resource: &Resource) -> &str {
    let within = resource.uid.as_str().split("/locations/").nth(1);
    within.and_then(|within| within.split('/').next()).unwrap_or_default()
}

/// Whether the function is of the first generation, which has no service beneath it.
pub(super) fn is_first_generation(function: &Resource) -> Reading<bool> {
    Ok(text(required(function, "config")?, "environment") == Some("GEN_1"))
}

/// A switch that is left out is off.
pub(super) fn is_set(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn addresses_of_service(service: &Resource) -> Vec<String> {
    let Ok(config) = required(service, "service") else { return Vec::new() };
    let listed = list(config, "urls").iter().filter_map(Value::as_str);
    listed.chain(text(config, "uri")).map(|address| place(address).to_owned()).collect()
}

fn addresses_of_function(function: &Resource) -> Vec<String> {
    let Ok(config) = required(function, "config") else { return Vec::new() };
    // The address of the service beneath belongs to the service; the function has one of its own.
    text(config, "url").map(|address| place(address).to_owned()).into_iter().collect()
}
