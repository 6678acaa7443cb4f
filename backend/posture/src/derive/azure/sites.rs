//! Function apps and their slots: what each says of itself, and who can call it.

mod access;
mod callers;
mod sign_in;
mod slots;
mod stack;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, RelationName, Resource};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reach::{Exposures, Reach};
use crate::derive::reading::{Reading, fact, list, malformed, required, text};
use crate::derive::secrets::secrets;
use access::{Access, Admits, Door};

const APP: &str = "azure.functions.app";
const SLOT: &str = "azure.functions.slot";
const PLAN: &str = "azure.functions.plan";
const CERTIFICATE: &str = "azure.functions.certificate";

/// What function apps say of plans and certificates, gathered once.
pub(super) struct Sites {
    /// The sites that serve a name with a certificate, by its thumbprint in lower case.
    served: Reading<BTreeMap<String, Vec<usize>>>,
}

impl Sites {
    pub fn of(map: &Map<'_>) -> Self {
        // Opening every site is worth it only where something asks.
        let asked = !map.kind(CERTIFICATE).is_empty();
        Self { served: if asked { served(map) } else { Ok(BTreeMap::new()) } }
    }
}

/// Widens the exposure of every function app and slot to what it says itself.
pub(super) fn expose(map: &Map<'_>, exposures: &mut Exposures) {
    for kind in [APP, SLOT] {
        for &position in map.kind(kind) {
            let site = map.held(position).open_only(&READ_FOR_EXPOSURE);
            exposures.reaches[position].include(&reach(&site));
        }
    }
}

const READ_FOR_EXPOSURE: [&str; 5] = ["site", "config", "auth", "functions", "private_endpoints"];

/// The facts of a function app or a slot.
pub(super) fn facts(
    position: usize,
    site: &Resource,
    map: &Map<'_>,
    exposure: Fact,
) -> Vec<(&'static str, Fact)> {
    let instant: Timestamp = map.estate.instant;
    let mut facts = vec![
        ("hosting", fact(hosting(position, site, map).map(Value::from))),
        ("access", fact(Access::of(site, Door::Main).map(|access| access.to_value()))),
        ("scm_access", fact(Access::of(site, Door::Deployment).map(|access| access.to_value()))),
        ("sign_in", fact(sign_in::SignIn::of(site).map(|sign_in| sign_in.to_value()))),
        ("http_functions", fact(callers::http_functions(site).map(|found| callers::to_value(&found)))),
        ("open_functions", fact(callers::open(site))),
        ("keyed_functions", fact(callers::keyed(site))),
        ("runtime", fact(stack::runtime(site, instant))),
        ("host", fact(stack::host(site, instant))),
        ("in_process", fact(stack::in_process(site))),
        ("secrets", fact(secrets(site, "settings"))),
        ("connection_secrets", fact(secrets(site, "connection_strings"))),
        ("exposure", exposure),
    ];
    if site.kind.as_str() == SLOT {
        facts.push(("weaker", fact(slots::weaker(position, site, map))));
        facts.push(("shared_secrets", fact(slots::shared_secrets(position, site, map))));
    }
    facts
}

/// The facts of an App Service plan.
pub(super) fn plan_facts(position: usize, map: &Map<'_>) -> Vec<(&'static str, Fact)> {
    let uid = map.held(position).uid().as_str();
    let apps = map.referrers(RelationName::RunsIn, uid).iter().map(|&position| map.held(position));
    let apps = apps.filter(|held| held.kind().as_str() == APP).map(|app| app.uid().as_str());
    vec![("apps", fact(known_or_listed(apps.collect(), map)))]
}

/// The facts of an App Service certificate.
pub(super) fn certificate_facts(
    certificate: &Resource,
    map: &Map<'_>,
    sites: &Sites,
) -> Vec<(&'static str, Fact)> {
    let apps = || {
        let properties = required(certificate, "certificate")?.get("properties");
        let thumbprint = properties.and_then(|properties| text(properties, "thumbprint"));
        let thumbprint = thumbprint.ok_or_else(|| malformed("certificate"))?.to_ascii_lowercase();
        let served = sites.served.as_ref().map_err(Vec::clone)?;
        let apps = served.get(&thumbprint).map_or(&[][..], Vec::as_slice).iter();
        known_or_listed(apps.map(|&position| map.held(position).uid().as_str()).collect(), map)
    };
    vec![("apps", fact(apps()))]
}

/// Each uid is a witness of its own; that there are none is only known where all were listed.
fn known_or_listed(uids: Vec<&str>, map: &Map<'_>) -> Reading<Value> {
    if uids.is_empty() {
        map.listed("web", None)?;
    }
    Ok(uids.into())
}

fn served(map: &Map<'_>) -> Reading<BTreeMap<String, Vec<usize>>> {
    let mut served: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for kind in [APP, SLOT] {
        for &position in map.kind(kind) {
            let site = map.held(position).open_only(&["site"]);
            for name in list(properties(&site, "site")?, "hostNameSslStates") {
                if let Some(thumbprint) = text(name, "thumbprint").filter(|thumbprint| !thumbprint.is_empty())
                {
                    let sites = served.entry(thumbprint.to_ascii_lowercase()).or_default();
                    if sites.last() != Some(&position) {
                        sites.push(position);
                    }
                }
            }
        }
    }
    Ok(served)
}

/// How far the site can be called by what it says itself.
fn reach(site: &Resource) -> Reach {
    match properties(site, "site") {
        // A stopped site answers nobody.
        Ok(properties) if text(properties, "state") == Some("Stopped") => return Reach::default(),
        Ok(_) => {}
        Err(doubts) => return Reach { witnessed: Exposure::Internal, doubts },
    }
    let admits = Access::of(site, Door::Main).map(|access| access.admits);
    if matches!(admits, Ok(Admits::Nobody | Admits::Listed)) {
        return Reach::default();
    }
    match (callers::opens_to(site), admits) {
        (Ok(Exposure::Internal), _) => Reach::default(),
        (Ok(opens), Ok(Admits::Services)) => Ok(opens.min(Exposure::CrossAccount)).into(),
        // Front Door hands on whatever anybody sends it.
        (Ok(opens), Ok(Admits::Everyone | Admits::FrontDoor | Admits::Nobody | Admits::Listed)) => {
            Ok(opens).into()
        }
        (Err(doubts), Ok(_)) | (Ok(_), Err(doubts)) => Reach { witnessed: Exposure::Internal, doubts },
        (Err(mut doubts), Err(more)) => {
            doubts.extend(more);
            Reach { witnessed: Exposure::Internal, doubts }
        }
    }
}

/// Where the code runs, which decides what can be set at all.
fn hosting(position: usize, site: &Resource, map: &Map<'_>) -> Reading<&'static str> {
    let properties = properties(site, "site")?;
    if text(properties, "managedEnvironmentId").is_some_and(|id| !id.is_empty()) {
        return Ok("container_apps");
    }
    if let Some(tier) = text(properties, "sku") {
        return tier_of(tier).ok_or_else(|| malformed("site"));
    }
    let relations = map.held(position).relations().iter();
    let plan = relations.filter(|relation| relation.name == RelationName::RunsIn);
    let plan = plan.filter_map(|relation| map.position(relation.to.as_str()));
    let plan = plan.map(|position| map.open(position)).find(|plan| plan.kind.as_str() == PLAN);
    let plan = plan.ok_or_else(|| crate::derive::reading::reason("plan", "NotCollected"))?;
    let tier = required(&plan, "plan")?.pointer("/sku/tier").and_then(Value::as_str);
    tier.and_then(tier_of).ok_or_else(|| malformed("plan"))
}

fn tier_of(tier: &str) -> Option<&'static str> {
    match tier {
        "Dynamic" => Some("consumption"),
        "FlexConsumption" => Some("flex"),
        "ElasticPremium" => Some("premium"),
        "Free" | "Shared" => Some("shared"),
        "Basic" | "Standard" | "Premium" | "PremiumV2" | "PremiumV3" | "PremiumV4" | "Premium0V3"
        | "PremiumMV3" | "PremiumMV4" | "PremiumContainer" | "Isolated" | "IsolatedV2" | "IsolatedMV2" => {
            Some("dedicated")
        }
        _ => None,
    }
}

/// The properties of an ARM resource that every resource of its kind has.
fn properties<'a>(resource: &'a Resource, facet: &str) -> Reading<&'a Value> {
    required(resource, facet)?
        .get("properties")
        .filter(|value| value.is_object())
        .ok_or_else(|| malformed(facet))
}
