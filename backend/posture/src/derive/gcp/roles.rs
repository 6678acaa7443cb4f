//! What roles permit, as far as facts ask: the role itself where it was read, else what its name alone says.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::Unreadable;
use serde_json::Value;

use super::escalations::WAYS;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, list, merged, reason, required, text};

/// What switches the recording of events off, or takes away what was recorded.
pub(super) const SILENCES_LOGS: &[&str] = &[
    "logging.buckets.delete",
    "logging.buckets.update",
    "logging.exclusions.create",
    "logging.exclusions.update",
    "logging.logs.delete",
    "logging.sinks.delete",
    "logging.sinks.update",
];
/// What creates resources in the name of a stronger agent.
pub(super) const DEPLOYS: &[&str] = &[
    "config.deployments.create",
    "deploymentmanager.deployments.create",
    "deploymentmanager.deployments.update",
];
/// What acts in the name of a service account.
pub(super) const IMPERSONATES: &[&str] = &[
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.getOpenIdToken",
    "iam.serviceAccounts.implicitDelegation",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
];
/// What reads the values of secrets.
pub(super) const READS_SECRETS: &[&str] = &["secretmanager.versions.access"];
/// What takes away or gives away what lies in buckets.
pub(super) const RULES_BUCKETS: &[&str] = &[
    "storage.buckets.delete",
    "storage.buckets.setIamPolicy",
    "storage.objects.delete",
    "storage.objects.setIamPolicy",
];
/// What puts code or images where they are taken from.
pub(super) const WRITES_OBJECTS: &str = "storage.objects.create";
/// What runs a job with other arguments than its own, and what makes that needless.
pub(super) const OVERRIDES_JOBS: &str = "run.jobs.runWithOverrides";
pub(super) const UPDATES_JOBS: &str = "run.jobs.update";
/// What replaces the code of a function or the image of a service.
pub(super) const REWRITES: &[(&str, &str)] = &[
    ("gcp.functions.function", "cloudfunctions.functions.update"),
    ("gcp.run.job", "run.jobs.update"),
    ("gcp.run.service", "run.services.update"),
    ("gcp.run.workerpool", "run.workerpools.update"),
];

/// The roles that a whole project is ruled with.
pub(super) const BASIC: [&str; 4] = ["roles/admin", "roles/editor", "roles/owner", "roles/writer"];

/// What editors may do of what facts ask for. They may neither change policies nor act with other accounts' tokens.
const EDITOR: &[&str] = &[
    "appengine.versions.create",
    "cloudbuild.builds.create",
    "cloudfunctions.functions.create",
    "cloudfunctions.functions.sourceCodeSet",
    "cloudfunctions.functions.update",
    "cloudscheduler.jobs.create",
    "cloudscheduler.jobs.update",
    "cloudtasks.tasks.create",
    "compute.instances.create",
    "config.deployments.create",
    "deploymentmanager.deployments.create",
    "deploymentmanager.deployments.update",
    "eventarc.triggers.create",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccounts.actAs",
    "logging.logs.delete",
    "run.jobs.create",
    "run.jobs.run",
    OVERRIDES_JOBS,
    UPDATES_JOBS,
    "run.routes.invoke",
    "run.services.create",
    "run.services.update",
    "run.workerpools.update",
    "storage.buckets.delete",
    "storage.hmacKeys.create",
    "workflows.executions.create",
    "workflows.workflows.create",
    "workflows.workflows.update",
];

/// Roles whose name suffices, with what they permit of what facts ask for: those that findings are about, and harmless
/// ones that accounts of functions often have. From Google's index of roles and permissions,
/// <https://cloud.google.com/iam/docs/roles-permissions>.
const NAMED: &[(&str, &[&str])] = &[
    ("roles/artifactregistry.reader", &[]),
    ("roles/browser", &[]),
    ("roles/cloudfunctions.invoker", &[]),
    ("roles/cloudfunctions.viewer", &[]),
    ("roles/cloudsql.client", &[]),
    ("roles/cloudtrace.agent", &[]),
    ("roles/datastore.user", &[]),
    (
        "roles/deploymentmanager.editor",
        &["deploymentmanager.deployments.create", "deploymentmanager.deployments.update"],
    ),
    ("roles/eventarc.eventReceiver", &[]),
    ("roles/iam.serviceAccountKeyAdmin", &["iam.serviceAccountKeys.create"]),
    ("roles/iam.serviceAccountOpenIdTokenCreator", &["iam.serviceAccounts.getOpenIdToken"]),
    (
        "roles/iam.serviceAccountTokenCreator",
        &[
            "iam.serviceAccounts.getAccessToken",
            "iam.serviceAccounts.getOpenIdToken",
            "iam.serviceAccounts.implicitDelegation",
            "iam.serviceAccounts.signBlob",
            "iam.serviceAccounts.signJwt",
        ],
    ),
    ("roles/iam.serviceAccountUser", &["iam.serviceAccounts.actAs"]),
    (
        "roles/iam.workloadIdentityUser",
        &["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"],
    ),
    (
        "roles/logging.configWriter",
        &[
            "logging.buckets.delete",
            "logging.buckets.update",
            "logging.exclusions.create",
            "logging.exclusions.update",
            "logging.sinks.delete",
            "logging.sinks.update",
        ],
    ),
    ("roles/logging.logWriter", &[]),
    ("roles/monitoring.metricWriter", &[]),
    ("roles/pubsub.publisher", &[]),
    ("roles/pubsub.subscriber", &[]),
    ("roles/pubsub.viewer", &[]),
    ("roles/run.invoker", &["run.jobs.run", "run.routes.invoke"]),
    ("roles/run.jobsExecutor", &["run.jobs.run"]),
    ("roles/run.jobsExecutorWithOverrides", &["run.jobs.run", OVERRIDES_JOBS]),
    ("roles/run.servicesInvoker", &["run.routes.invoke"]),
    ("roles/run.viewer", &[]),
    ("roles/secretmanager.admin", &["secretmanager.secrets.setIamPolicy", "secretmanager.versions.access"]),
    ("roles/secretmanager.secretAccessor", READS_SECRETS),
    (
        "roles/storage.admin",
        &[
            "storage.buckets.delete",
            "storage.buckets.setIamPolicy",
            WRITES_OBJECTS,
            "storage.objects.delete",
            "storage.objects.setIamPolicy",
        ],
    ),
    (
        "roles/storage.objectAdmin",
        &[WRITES_OBJECTS, "storage.objects.delete", "storage.objects.setIamPolicy"],
    ),
    ("roles/storage.objectCreator", &[WRITES_OBJECTS]),
    ("roles/storage.objectViewer", &[]),
    ("roles/viewer", &[]),
];

/// Permissions that facts ask for.
pub(super) type Permissions = BTreeSet<&'static str>;

/// The roles that could be read, by name.
pub(super) struct Roles {
    asked: Permissions,
    read: BTreeMap<String, Reading<Permissions>>,
}

impl Roles {
    pub fn of(map: &Map<'_>) -> Self {
        let asked = asked();
        let mut read = BTreeMap::new();
        for &position in map.kind("gcp.iam.role") {
            let held = map.held(position);
            let name = held.uid().as_str().strip_prefix("//iam.googleapis.com/").unwrap_or_default();
            let permissions =
                required(&held.open_only(&["role"]), "role").map(|role| permissions(role, &asked));
            read.insert(name.to_owned(), permissions);
        }
        Self { asked, read }
    }

    /// What the role permits of what facts ask for.
    pub fn permissions(&self, role: &str) -> Reading<Permissions> {
        match role {
            "roles/owner" | "roles/admin" => return Ok(self.owner()),
            "roles/editor" | "roles/writer" => return Ok(EDITOR.iter().copied().collect()),
            _ => {}
        }
        if let Some(Ok(read)) = self.read.get(role) {
            return Ok(read.clone());
        }
        if let Some((_, named)) = NAMED.iter().find(|(name, _)| *name == role) {
            return Ok(named.iter().copied().collect());
        }
        match self.read.get(role) {
            Some(Err(unread)) => Err(unread.clone()),
            _ => Err(not_read(role)),
        }
    }

    /// Owners may do everything but use the tokens of other accounts, which they can permit themselves.
    fn owner(&self) -> Permissions {
        let token = |permission: &str| IMPERSONATES.contains(&permission) && permission != IMPERSONATES[0];
        self.asked.iter().copied().filter(|permission| !token(permission)).collect()
    }
}

/// Every permission that a fact asks for.
fn asked() -> Permissions {
    let ways = WAYS.iter().flat_map(|way| way.permissions);
    let powers = [SILENCES_LOGS, DEPLOYS, IMPERSONATES, READS_SECRETS, RULES_BUCKETS].into_iter().flatten();
    let others = [&WRITES_OBJECTS, &OVERRIDES_JOBS, &UPDATES_JOBS];
    ways.chain(powers)
        .chain(others)
        .chain(REWRITES.iter().map(|(_, permission)| permission))
        .copied()
        .collect()
}

fn permissions(role: &Value, asked: &Permissions) -> Permissions {
    let off = role.get("deleted") == Some(&Value::Bool(true)) || text(role, "stage") == Some("DISABLED");
    let included = list(role, "includedPermissions").iter().filter_map(Value::as_str);
    included.filter(|_| !off).filter_map(|permission| asked.get(permission).copied()).collect()
}

fn not_read(role: &str) -> Vec<Unreadable> {
    let mut reasons = reason(role, "NotCollected");
    for reason in &mut reasons {
        reason.permission = Some("iam.roles.get".to_owned());
    }
    merged(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_a_name_decides_permit_only_what_is_asked_for() {
        let asked = asked();
        for permission in EDITOR.iter().chain(NAMED.iter().flat_map(|(_, named)| *named)) {
            assert!(asked.contains(permission), "{permission}");
        }
        let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted());
    }

    #[test]
    fn a_deleted_role_permits_nothing() {
        let role = |deleted: bool| serde_json::json!({"includedPermissions": ["run.jobs.run", "a.b.c"], "deleted": deleted});
        assert_eq!(permissions(&role(false), &asked()).len(), 1);
        assert!(permissions(&role(true), &asked()).is_empty());
    }
}
