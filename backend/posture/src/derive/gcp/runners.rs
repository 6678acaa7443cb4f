//! What runs, and in whose name: the service account that each function, service, job, workflow and call uses.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Resource, Unreadable};
use serde_json::Value;

use super::apigateway::within;
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, malformed, merged, reason, required, text};

/// Which account stands in where none is named.
#[derive(Clone, Copy)]
enum Fallback {
    Compute,
    /// That of the generation: of App Engine for the first.
    OfGeneration,
    Appspot,
    None,
}

/// Where a kind says in whose name it runs.
struct Place {
    kind: &'static str,
    facet: &'static str,
    pointers: &'static [&'static str],
    fallback: Fallback,
}

const fn place(
    kind: &'static str,
    facet: &'static str,
    pointers: &'static [&'static str],
    fallback: Fallback,
) -> Place {
    Place { kind, facet, pointers, fallback }
}

/// What holds code or steps of somebody's own.
const CODE: [Place; 6] = [
    place("gcp.appengine.version", "version", &["/serviceAccount"], Fallback::Appspot),
    place(
        "gcp.functions.function",
        "config",
        &["/serviceConfig/serviceAccountEmail"],
        Fallback::OfGeneration,
    ),
    place("gcp.run.job", "job", &["/template/template/serviceAccount"], Fallback::Compute),
    place("gcp.run.service", "service", &["/template/serviceAccount"], Fallback::Compute),
    place("gcp.run.workerpool", "pool", &["/template/serviceAccount"], Fallback::Compute),
    place("gcp.workflows.workflow", "workflow", &["/serviceAccount"], Fallback::Compute),
];

/// What only calls.
const CALLS: [Place; 4] = [
    place("gcp.eventarc.trigger", "trigger", &["/serviceAccount"], Fallback::None),
    place(
        "gcp.pubsub.subscription",
        "subscription",
        &["/pushConfig/oidcToken/serviceAccountEmail"],
        Fallback::None,
    ),
    place(
        "gcp.scheduler.job",
        "job",
        &["/httpTarget/oauthToken/serviceAccountEmail", "/httpTarget/oidcToken/serviceAccountEmail"],
        Fallback::None,
    ),
    place(
        "gcp.tasks.queue",
        "queue",
        &["/httpTarget/oauthToken/serviceAccountEmail", "/httpTarget/oidcToken/serviceAccountEmail"],
        Fallback::None,
    ),
];

/// Whether things of this kind run or call in the name of a service account.
pub(super) fn has_account(kind: &str) -> bool {
    CODE.iter().chain(&CALLS).any(|place| place.kind == kind)
}

/// The account in whose name the resource runs or calls; none where it uses none.
pub(super) fn account(resource: &Resource, project: &Project) -> Reading<Option<String>> {
    let Some(place) = CODE.iter().chain(&CALLS).find(|place| place.kind == resource.kind.as_str()) else {
        return Ok(None);
    };
    let facet = required(resource, place.facet)?;
    let named = place.pointers.iter().filter_map(|pointer| facet.pointer(pointer)?.as_str());
    if let Some(named) = named.map(email).find(|named| !named.is_empty()) {
        return match named {
            // Ids of accounts are allowed in places of addresses; which account it is only its own resource says.
            named if !named.contains('@') => Err(malformed(place.facet)),
            named => Ok(Some(named)),
        };
    }
    let compute = || project.default_compute().ok_or_else(|| reason("project", "NotCollected"));
    match place.fallback {
        Fallback::None => Ok(None),
        Fallback::Appspot => Ok(Some(project.default_appspot())),
        Fallback::OfGeneration if text(facet, "environment") == Some("GEN_1") => {
            Ok(Some(project.default_appspot()))
        }
        Fallback::OfGeneration | Fallback::Compute => compute().map(Some),
    }
}

/// The address in `projects/P/serviceAccounts/ADDRESS` or in itself.
fn email(named: &str) -> String {
    named.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// What runs in the project, by account.
#[derive(Default)]
pub(super) struct Runners {
    /// Positions of what holds code, by the address of its account.
    by_account: BTreeMap<String, Vec<usize>>,
    /// Names, from the location on, of services that are there for a function.
    backing: BTreeSet<String>,
    /// Why it is not known of everything in whose name it runs.
    doubts: Vec<Unreadable>,
}

impl Runners {
    pub fn of(map: &Map<'_>, project: &Project) -> Self {
        let mut runners = Self::default();
        for place in &CODE {
            for &position in map.kind(place.kind) {
                let resource = map.held(position).open_only(&[place.facet]);
                match account(&resource, project) {
                    Ok(Some(account)) => runners.by_account.entry(account).or_default().push(position),
                    Ok(None) => {}
                    Err(unread) => runners.doubts.extend(unread),
                }
                let function = resource.facets.get(place.facet).and_then(nephoscope_model::Facet::value);
                let service =
                    function.and_then(|function| function.pointer("/serviceConfig/service")?.as_str());
                if let Some(service) = service {
                    runners.backing.insert(within(service).to_owned());
                }
            }
        }
        runners.doubts = merged(std::mem::take(&mut runners.doubts));
        runners
    }

    /// Positions of what holds code and runs in the account's name.
    pub fn running_as(&self, account: &str) -> &[usize] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// Every account that holds code, with what runs in its name.
    pub fn accounts(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.by_account.iter().map(|(account, positions)| (account.as_str(), positions.as_slice()))
    }

    /// Why there may be others.
    pub fn doubts(&self) -> &[Unreadable] {
        &self.doubts
    }

    /// The uids of the functions that run in the account's name.
    pub fn functions(&self, account: &str, map: &Map<'_>) -> Reading<Value> {
        self.uids(account, map, &["cloudfunctions"], |kind, _| kind == "gcp.functions.function")
    }

    /// The uids of the services, jobs and worker pools of Cloud Run that run in the account's name, without the services
    /// that are there for a function.
    pub fn services(&self, account: &str, map: &Map<'_>) -> Reading<Value> {
        let own = |kind: &str, uid: &str| kind.starts_with("gcp.run.") && !self.backing.contains(within(uid));
        self.uids(account, map, &["run"], own)
    }

    /// Each is a witness of its own; that there are none is only known where all were listed and read.
    fn uids(
        &self,
        account: &str,
        map: &Map<'_>,
        listings: &[&str],
        wanted: impl Fn(&str, &str) -> bool,
    ) -> Reading<Value> {
        let held = self.running_as(account).iter().map(|&position| map.held(position));
        let found: Vec<&str> = held
            .filter(|held| wanted(held.kind().as_str(), held.uid().as_str()))
            .map(|held| held.uid().as_str())
            .collect();
        if found.is_empty() {
            for service in listings {
                map.listed(service, None)?;
            }
            if !self.doubts.is_empty() {
                return Err(self.doubts.clone());
            }
        }
        Ok(found.into())
    }
}
