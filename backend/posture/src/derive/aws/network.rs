//! The network that a function is connected to: zones, ways to the internet, open groups and private endpoints.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use crate::derive::map::Map;
use crate::derive::reading::{Reading, list, malformed, merged, reason, required, text};

/// The subnets, groups and networks of an account, each read once for all the functions that run in it.
pub(super) struct Networks<'a> {
    subnets: BTreeMap<&'a str, Subnet>,
    /// Whether a group lets everything out to everywhere.
    open: BTreeMap<&'a str, Reading<bool>>,
    /// The services that a network reaches without the internet.
    endpoints: BTreeMap<&'a str, Reading<BTreeSet<String>>>,
}

struct Subnet {
    zone: Reading<String>,
    way: Reading<Way>,
    network: Option<String>,
}

/// Where a subnet sends what is meant for the internet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    None,
    /// Through something that translates or inspects: a NAT, an appliance, another network.
    Indirect,
    /// Straight to an internet gateway: the subnet is public.
    Gateway,
}

impl<'a> Networks<'a> {
    pub fn of(map: &Map<'a>) -> Self {
        let of_kind =
            |kind: &str| map.kind(kind).iter().map(|&position| (map.held(position).uid().as_str(), position));
        let subnets = of_kind("aws.ec2.subnet").map(|(uid, position)| (uid, subnet(&map.open(position))));
        let open =
            of_kind("aws.ec2.securitygroup").map(|(uid, position)| (uid, is_open(&map.open(position))));
        let endpoints = of_kind("aws.ec2.vpc").map(|(uid, position)| (uid, services(&map.open(position))));
        Self { subnets: subnets.collect(), open: open.collect(), endpoints: endpoints.collect() }
    }

    /// The availability zones of the function's subnets; none outside a network.
    pub fn zones(&self, function: &Resource) -> Reading<Value> {
        let zones = all(self.subnets(function).map(|subnet| subnet?.zone.clone()))?;
        let zones: BTreeSet<String> = zones.into_iter().collect();
        Ok(zones.into_iter().map(Value::from).collect::<Vec<_>>().into())
    }

    /// `public_subnets`, `internet`, `open_groups` and `endpoints`; null outside a network.
    pub fn reach(&self, function: &Resource) -> Reading<Value> {
        let mut subnets = runs_in(function, "subnet/").peekable();
        if subnets.peek().is_none() {
            return Ok(Value::Null);
        }
        let ways = all(subnets.map(|uid| Ok((uid, self.subnet(uid)?.way.clone()?))))?;
        let groups = all(runs_in(function, "security-group/").map(|uid| {
            let open = self.open.get(uid).cloned().unwrap_or_else(|| Err(reason("group", "NotCollected")));
            Ok((uid, open?))
        }))?;
        let networks: Reading<BTreeSet<&str>> = self
            .subnets(function)
            .map(|subnet| subnet?.network.as_deref().ok_or_else(|| reason("subnet", "NotCollected")))
            .collect();
        let endpoints = all(networks?.into_iter().map(|uid| {
            self.endpoints.get(uid).cloned().unwrap_or_else(|| Err(reason("endpoints", "NotCollected")))
        }))?;
        let public = ways.iter().filter(|(_, way)| *way == Way::Gateway).map(|(uid, _)| short(uid));
        let open = groups.iter().filter(|(_, open)| *open).map(|(uid, _)| short(uid));
        let endpoints: BTreeSet<&String> = endpoints.iter().flatten().collect();
        Ok(json!({
            "public_subnets": public.collect::<Vec<_>>(),
            // A function has no public address: a gateway alone takes nothing of it out.
            "internet": ways.iter().any(|(_, way)| *way == Way::Indirect),
            "open_groups": open.collect::<Vec<_>>(),
            "endpoints": endpoints,
        }))
    }

    fn subnets<'s>(&'s self, function: &'s Resource) -> impl Iterator<Item = Reading<&'s Subnet>> {
        runs_in(function, "subnet/").map(|uid| self.subnet(uid))
    }

    fn subnet(&self, uid: &str) -> Reading<&Subnet> {
        self.subnets.get(uid).ok_or_else(|| reason("subnet", "NotCollected"))
    }
}

/// What the function runs in, of the one kind.
fn runs_in<'f>(function: &'f Resource, kind: &'f str) -> impl Iterator<Item = &'f str> {
    let places = function.relations.iter().filter(|relation| relation.name == RelationName::RunsIn);
    let uids = places.map(|relation| relation.to.as_str());
    uids.filter(move |uid| uid.splitn(6, ':').nth(5).is_some_and(|name| name.starts_with(kind)))
}

/// The id at the end of an ARN.
fn short(uid: &str) -> &str {
    uid.rsplit('/').next().unwrap_or(uid)
}

/// All of them, or every reason why not.
fn all<T>(readings: impl Iterator<Item = Reading<T>>) -> Reading<Vec<T>> {
    let (mut known, mut reasons) = (Vec::new(), Vec::new());
    for reading in readings {
        match reading {
            Ok(value) => known.push(value),
            Err(unread) => reasons.extend(unread),
        }
    }
    if reasons.is_empty() { Ok(known) } else { Err(merged(reasons)) }
}

fn subnet(resource: &Resource) -> Subnet {
    let zone = required(resource, "subnet").and_then(|subnet| {
        text(subnet, "availabilityZone").map(str::to_owned).ok_or_else(|| malformed("subnet"))
    });
    let part_of = resource.relations.iter().find(|relation| relation.name == RelationName::PartOf);
    Subnet {
        zone,
        way: required(resource, "route_table").map(way),
        network: part_of.map(|relation| relation.to.as_str().to_owned()),
    }
}

fn way(table: &Value) -> Way {
    let everywhere = |route: &&Value| {
        text(route, "destinationCidrBlock") == Some("0.0.0.0/0")
            || text(route, "destinationIpv6CidrBlock") == Some("::/0")
    };
    let alive = |route: &&Value| text(route, "state") != Some("blackhole");
    let ways = list(table, "routeSet").iter().filter(everywhere).filter(alive).map(|route| {
        match text(route, "gatewayId") {
            Some(gateway) if gateway.starts_with("igw-") => Way::Gateway,
            _ => Way::Indirect,
        }
    });
    let ways: Vec<Way> = ways.collect();
    [Way::Gateway, Way::Indirect].into_iter().find(|way| ways.contains(way)).unwrap_or(Way::None)
}

fn is_open(resource: &Resource) -> Reading<bool> {
    let group = required(resource, "group")?;
    let everywhere = |rule: &&Value| {
        let cidr = |ranges: &str, field: &str, all: &str| {
            list(rule, ranges).iter().any(|range| text(range, field) == Some(all))
        };
        cidr("ipRanges", "cidrIp", "0.0.0.0/0") || cidr("ipv6Ranges", "cidrIpv6", "::/0")
    };
    let rules = list(group, "ipPermissionsEgress").iter().filter(everywhere);
    // Every protocol is written `-1`, which XML does not tell from a number.
    Ok(rules
        .into_iter()
        .any(|rule| rule.get("ipProtocol").is_some_and(|given| *given == "-1" || *given == -1)))
}

fn services(resource: &Resource) -> Reading<BTreeSet<String>> {
    let endpoints = list(required(resource, "endpoints")?, "vpcEndpointSet").iter();
    let available =
        endpoints.filter(|endpoint| text(endpoint, "state").is_none_or(|state| state == "available"));
    Ok(available.filter_map(|endpoint| text(endpoint, "serviceName")).map(str::to_owned).collect())
}
