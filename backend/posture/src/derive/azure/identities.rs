//! Facts about whatever runs with an identity: what the identity may do, and whom that endangers.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Fact, Resource, Unreadable};
use serde_json::{Value, json};

use super::assignments::{Assignments, Grant, Holding, Level};
use super::escalations;
use super::storage;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, fact, malformed, merged, named, reason, required, text};

/// The facet that holds the `identity` of each kind that can have one.
const BEARERS: &[(&str, &str)] = &[
    ("azure.apim.service", "service"),
    ("azure.appconfig.store", "store"),
    ("azure.containerapps.app", "app"),
    ("azure.cosmosdb.account", "account"),
    ("azure.eventgrid.systemtopic", "topic"),
    ("azure.eventgrid.topic", "topic"),
    ("azure.eventhub.namespace", "hubs"),
    ("azure.functions.app", "site"),
    ("azure.functions.slot", "site"),
    ("azure.logic.workflow", "workflow"),
    ("azure.servicebus.namespace", "bus"),
    ("azure.staticsites.site", "site"),
];

/// Kinds that run code or steps of the customer, and the services that list them.
const WORKLOADS: &[(&str, &str)] = &[
    ("azure.containerapps.app", "containerapps"),
    ("azure.functions.app", "web"),
    ("azure.functions.slot", "web"),
    ("azure.logic.workflow", "logic"),
];

/// What one resource may act as.
#[derive(Clone, Debug, Default)]
struct Bearer {
    uid: String,
    kind: &'static str,
    /// Object ids.
    principals: BTreeSet<String>,
    /// The uids of the user-assigned identities among them.
    shared: BTreeSet<String>,
    doubts: Vec<Unreadable>,
}

/// Every identity of the subscription with what it may do.
#[derive(Debug)]
pub(super) struct Identities {
    assignments: Assignments,
    bearers: Vec<Bearer>,
    /// Indexes into `bearers`, by the uid of the resource.
    by_uid: BTreeMap<String, usize>,
    /// Workloads that can change code or storage of others, the privileged ones aside: those need no detour.
    writers: Vec<Writer>,
    /// Why there may be more workloads than these.
    unlisted: Vec<Unreadable>,
    /// Why workloads may hold more than is known.
    unclear: Vec<Unreadable>,
}

/// A workload with those of its grants that change code or storage.
#[derive(Debug)]
struct Writer {
    uid: String,
    grants: Vec<Grant>,
}

impl Identities {
    pub fn of(map: &Map<'_>) -> Self {
        let mut bearers = Vec::new();
        for &(kind, facet) in BEARERS {
            for &position in map.kind(kind) {
                bearers.push(bearer(&map.held(position).open_only(&[facet]), kind, facet, map));
            }
        }
        let services: BTreeSet<&str> = WORKLOADS.iter().map(|(_, service)| *service).collect();
        let unlisted =
            services.into_iter().flat_map(|service| map.listed(service, None).err().unwrap_or_default());
        let unlisted = merged(unlisted);
        let by_uid = bearers.iter().enumerate().map(|(index, bearer)| (bearer.uid.clone(), index)).collect();
        let assignments = Assignments::of(map);
        let (writers, unclear) = (Vec::new(), Vec::new());
        let mut all = Self { assignments, bearers, by_uid, writers, unlisted, unclear };
        (all.writers, all.unclear) = all.writing();
        all
    }

    fn writing(&self) -> (Vec<Writer>, Vec<Unreadable>) {
        let (mut writers, mut doubts) = (Vec::new(), Vec::new());
        for bearer in self.workloads() {
            let holding = self.held(bearer);
            let writing = holding
                .grants
                .iter()
                .filter(|grant| escalations::changes_code(grant) || writes_storage(grant));
            let grants: Vec<Grant> = writing.map(|&grant| grant.clone()).collect();
            if !grants.is_empty() && !is_privileged(&holding.grants) {
                writers.push(Writer { uid: bearer.uid.clone(), grants });
            }
            doubts.extend(holding.doubts);
        }
        (writers, merged(doubts))
    }

    /// What the identities of a resource hold: those assigned to it and its own.
    pub fn grants_of(&self, uid: &str) -> Holding<'_> {
        match self.by_uid.get(uid) {
            Some(&index) => self.held(&self.bearers[index]),
            None => Holding { grants: Vec::new(), doubts: reason("identity", "NotCollected") },
        }
    }

    /// The facts of a resource that can have an identity; none of any other.
    pub fn facts(&self, resource: &Resource, map: &Map<'_>) -> Vec<(&'static str, Fact)> {
        let uid = resource.uid.as_str();
        if resource.kind.as_str() == "azure.identity.userassigned" {
            let mut facts = powers(&self.of_user_assigned(resource), None);
            facts.push(("users", fact(self.users(uid).map(|users| json!(users)))));
            return facts;
        }
        let Some(&index) = self.by_uid.get(uid) else { return Vec::new() };
        let bearer = &self.bearers[index];
        let mut facts = powers(&self.grants_of(uid), Some(uid));
        if WORKLOADS.iter().any(|(kind, _)| *kind == bearer.kind) {
            facts.push(("identity_sharers", fact(self.sharers(bearer))));
        }
        if bearer.kind == "azure.functions.app" {
            facts.push(("code_writers", fact(self.code_writers(uid))));
            facts.push(("storage_writers", fact(self.storage_writers(resource, map))));
        }
        facts
    }

    fn held(&self, bearer: &Bearer) -> Holding<'_> {
        // Who has no identity holds nothing, whether or not assignments could be listed.
        if bearer.principals.is_empty() && bearer.doubts.is_empty() {
            return Holding::default();
        }
        let mut holding = self.assignments.held_by(bearer.principals.iter().map(String::as_str));
        holding.doubts.extend(bearer.doubts.iter().cloned());
        holding
    }

    fn of_user_assigned(&self, resource: &Resource) -> Holding<'_> {
        match principal_of(resource) {
            Ok(principal) => self.assignments.held_by([principal.as_str()]),
            Err(doubts) => Holding { grants: Vec::new(), doubts },
        }
    }

    /// The uids of the resources that run with a user-assigned identity.
    fn users(&self, uid: &str) -> Reading<Vec<&str>> {
        let users: Vec<&str> =
            self.bearers.iter().filter(|b| b.shared.contains(uid)).map(|b| b.uid.as_str()).collect();
        if users.is_empty() && !self.unlisted.is_empty() { Err(self.unlisted.clone()) } else { Ok(users) }
    }

    /// Other applications that run with an identity of this one; the slots of an app are the same application.
    fn sharers(&self, bearer: &Bearer) -> Reading<Value> {
        if bearer.shared.is_empty() && bearer.doubts.is_empty() {
            return Ok(json!([]));
        }
        let others = self.workloads().filter(|other| application(&other.uid) != application(&bearer.uid));
        let sharing = others.filter(|other| !other.shared.is_disjoint(&bearer.shared));
        let sharing: BTreeSet<&str> = sharing.map(|other| other.uid.as_str()).collect();
        let doubts = bearer.doubts.iter().chain(&self.unlisted);
        some_or(sharing, doubts.cloned())
    }

    /// Weaker workloads whose identity can change what the app runs.
    fn code_writers(&self, uid: &str) -> Reading<Value> {
        self.weaker_workloads(uid, |grant| escalations::rewrites_app(grant, uid), &[])
    }

    /// Weaker workloads whose identity can write where the app keeps its code, or read the keys to it.
    fn storage_writers(&self, app: &Resource, map: &Map<'_>) -> Reading<Value> {
        let storage::Accounts { uids, doubts } = storage::accounts_of(app, map);
        let holds = |grant: &Grant| uids.iter().any(|uid| grant.covers(uid)) && writes_storage(grant);
        self.weaker_workloads(app.uid.as_str(), holds, &doubts)
    }

    /// Workloads of other applications that hold such a grant; `doubts` are why there may be more to hold.
    fn weaker_workloads(
        &self,
        uid: &str,
        holds: impl Fn(&Grant) -> bool,
        doubts: &[Unreadable],
    ) -> Reading<Value> {
        let others = self.writers.iter().filter(|other| application(&other.uid) != application(uid));
        let writers = others.filter(|other| other.grants.iter().any(&holds));
        let writers = writers.map(|other| other.uid.as_str()).collect();
        some_or(writers, self.unlisted.iter().chain(&self.unclear).chain(doubts).cloned())
    }

    fn workloads(&self) -> impl Iterator<Item = &Bearer> {
        self.bearers.iter().filter(|bearer| WORKLOADS.iter().any(|(kind, _)| *kind == bearer.kind))
    }
}

/// One witness is enough; that there is none takes knowing everything.
fn some_or(found: BTreeSet<&str>, doubts: impl IntoIterator<Item = Unreadable>) -> Reading<Value> {
    let doubts = merged(doubts);
    if found.is_empty() && !doubts.is_empty() { Err(doubts) } else { Ok(named(&Vec::from_iter(found))) }
}

/// Who reads the keys of an account writes everything in it.
const STORAGE_KEYS: &[&str] = &[
    "microsoft.storage/storageaccounts/listkeys/action",
    "microsoft.storage/storageaccounts/regeneratekey/action",
];

const STORAGE_WRITES: &[&str] = &[
    "microsoft.storage/storageaccounts/blobservices/containers/blobs/write",
    "microsoft.storage/storageaccounts/fileservices/fileshares/files/write",
];

/// Whether the grant lets its holder write blobs or files, or read the keys that do.
fn writes_storage(grant: &Grant) -> bool {
    let writes = || STORAGE_WRITES.iter().any(|action| grant.allows_data(action));
    STORAGE_KEYS.iter().any(|action| grant.allows(action)) || (grant.condition.is_none() && writes())
}

/// Data of others that a function reads, writes or signs with.
const DATA: &[&str] = &[
    "microsoft.appconfiguration/configurationstores/keyvalues/read",
    "microsoft.appconfiguration/configurationstores/keyvalues/write",
    "microsoft.eventhub/namespaces/messages/receive/action",
    "microsoft.eventhub/namespaces/messages/send/action",
    "microsoft.keyvault/vaults/certificates/read",
    "microsoft.keyvault/vaults/keys/decrypt/action",
    "microsoft.keyvault/vaults/keys/sign/action",
    "microsoft.keyvault/vaults/secrets/getsecret/action",
    "microsoft.keyvault/vaults/secrets/setsecret/action",
    "microsoft.servicebus/namespaces/messages/receive/action",
    "microsoft.servicebus/namespaces/messages/send/action",
    "microsoft.storage/storageaccounts/blobservices/containers/blobs/read",
    "microsoft.storage/storageaccounts/blobservices/containers/blobs/write",
    "microsoft.storage/storageaccounts/fileservices/fileshares/files/read",
    "microsoft.storage/storageaccounts/fileservices/fileshares/files/write",
    "microsoft.storage/storageaccounts/queueservices/queues/messages/read",
    "microsoft.storage/storageaccounts/queueservices/queues/messages/write",
    "microsoft.storage/storageaccounts/tableservices/tables/entities/read",
    "microsoft.storage/storageaccounts/tableservices/tables/entities/write",
];

/// Each takes a record away, or keeps it from being written.
const BLINDING: &[&str] = &[
    "microsoft.insights/activitylogalerts/delete",
    "microsoft.insights/components/delete",
    "microsoft.insights/diagnosticsettings/delete",
    "microsoft.insights/diagnosticsettings/write",
    "microsoft.operationalinsights/workspaces/delete",
];

/// What holding these grants means; `uid` is the resource that runs with them, where there is one.
fn powers(holding: &Holding<'_>, uid: Option<&str>) -> Vec<(&'static str, Fact)> {
    let witnessed = |found: Vec<Value>| {
        if found.is_empty() { holding.all().map(|_| json!([])) } else { Ok(Value::from(found)) }
    };
    let privileged = match is_privileged(&holding.grants) {
        true => Ok(true),
        false => holding.all().map(|_| false),
    };
    let ways = escalations::open(&holding.grants).into_iter().map(Value::from).collect();
    let mut facts = vec![
        ("grants", fact(holding.all().map(|all| all.iter().map(|g| g.to_value()).collect::<Vec<_>>()))),
        ("privileged", fact(privileged)),
        ("escalations", fact(witnessed(ways))),
        ("wide", fact(witnessed(wide(&holding.grants)))),
    ];
    if let Some(uid) = uid {
        facts.push(("self_modifying", fact(witnessed(self_modifying(&holding.grants, uid)))));
        facts.push(("blinds_logs", fact(witnessed(blinds_logs(&holding.grants, uid)))));
    }
    facts
}

/// Whether somebody with these grants administers a resource group or more, or can give himself the rights to.
fn is_privileged(grants: &[&Grant]) -> bool {
    grants.iter().any(|grant| grant.is_wide() && grant.is_admin()) || escalations::lead_to_rights(grants)
}

/// Grants on the data of every resource in a whole subscription or more.
fn wide(grants: &[&Grant]) -> Vec<Value> {
    let everywhere =
        grants.iter().filter(|grant| grant.level >= Level::Subscription && grant.condition.is_none());
    let on_data = everywhere.filter(|grant| DATA.iter().any(|action| grant.allows_data(action)));
    on_data.map(|grant| json!({"role_name": grant.role_name, "scope": grant.scope})).collect()
}

/// Grants with which the resource can change itself.
fn self_modifying(grants: &[&Grant], uid: &str) -> Vec<Value> {
    let changes = |grant: &Grant| {
        if uid.contains("/providers/microsoft.web/sites/") {
            return escalations::rewrites_app(grant, uid);
        }
        let own = [
            ("/providers/microsoft.logic/workflows/", "microsoft.logic/workflows/write"),
            ("/providers/microsoft.app/containerapps/", "microsoft.app/containerapps/write"),
        ];
        own.iter().any(|(part, action)| uid.contains(part) && grant.covers(uid) && grant.allows(action))
    };
    let changing = grants.iter().filter(|grant| changes(grant));
    changing.map(|grant| json!({"role_name": grant.role_name, "scope": grant.scope})).collect()
}

/// Actions that take records away, of this resource or of many.
fn blinds_logs(grants: &[&Grant], uid: &str) -> Vec<Value> {
    let reaching = |grant: &&&Grant| grant.is_wide() || grant.covers(uid);
    let allowed = |action: &&&str| grants.iter().filter(reaching).any(|grant| grant.allows(action));
    BLINDING.iter().filter(allowed).map(|action| Value::from(*action)).collect()
}

/// The application that a uid belongs to, which an app shares with its slots.
fn application(uid: &str) -> &str {
    uid.split_once("/slots/").map_or(uid, |(app, _)| app)
}

fn bearer(resource: &Resource, kind: &'static str, facet: &str, map: &Map<'_>) -> Bearer {
    let mut bearer = Bearer { uid: resource.uid.as_str().to_owned(), kind, ..Bearer::default() };
    let identity = match required(resource, facet) {
        Ok(value) => value.get("identity").unwrap_or(&Value::Null),
        Err(doubts) => return Bearer { doubts, ..bearer },
    };
    let kinds = text(identity, "type").unwrap_or_default().to_lowercase();
    if kinds.contains("systemassigned") {
        match text(identity, "principalId") {
            Some(principal) => {
                bearer.principals.insert(principal.to_lowercase());
            }
            None => bearer.doubts.extend(malformed("identity")),
        }
    }
    let assigned = identity.get("userAssignedIdentities").and_then(Value::as_object);
    for (id, said) in assigned.into_iter().flatten() {
        let id = id.to_lowercase();
        match text(said, "principalId").map(str::to_lowercase).map_or_else(|| looked_up(&id, map), Ok) {
            Ok(principal) => {
                bearer.principals.insert(principal);
            }
            Err(doubts) => bearer.doubts.extend(doubts),
        }
        bearer.shared.insert(id);
    }
    bearer
}

/// The object id of an identity that its bearer does not tell.
fn looked_up(uid: &str, map: &Map<'_>) -> Reading<String> {
    let position = map.position(uid).ok_or_else(|| reason("identity", "NotCollected"))?;
    principal_of(&map.open(position))
}

fn principal_of(identity: &Resource) -> Reading<String> {
    let principal = required(identity, "identity")?.pointer("/properties/principalId");
    principal.and_then(Value::as_str).map(str::to_lowercase).ok_or_else(|| malformed("identity"))
}
