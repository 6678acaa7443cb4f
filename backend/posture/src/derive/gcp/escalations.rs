//! Ways from what an identity may do to what a stronger one may do.
//!
//! Each way is a set of permissions that together suffice where they are held on the whole project: then the strongest
//! account of the project is among what they reach. Left out are ways that need a fault in somebody else's code
//! (publishing to a topic), that only matter where one particular bucket or repository is reached (sources and images
//! have facts of their own), that read secrets, which is a fact of its own, and that give no account of the project but an
//! API key, the token of a repository, or the execution of tasks that are queued anyway.
//! Collected by Rhino Security Labs and HackTricks.

/// One way.
pub(super) struct Way {
    pub name: &'static str,
    pub permissions: &'static [&'static str],
}

const fn way(name: &'static str, permissions: &'static [&'static str]) -> Way {
    Way { name, permissions }
}

const ACT_AS: &str = "iam.serviceAccounts.actAs";

pub(super) const WAYS: &[Way] = &[
    way("appengine-deploy", &["appengine.versions.create", ACT_AS]),
    way("cloudbuild-create", &["cloudbuild.builds.create", ACT_AS]),
    way("deploymentmanager-create", &["deploymentmanager.deployments.create"]),
    way("deploymentmanager-update", &["deploymentmanager.deployments.update"]),
    way("eventarc-trigger", &["eventarc.triggers.create", ACT_AS]),
    way(
        "functions-create",
        &["cloudfunctions.functions.create", "cloudfunctions.functions.sourceCodeSet", ACT_AS],
    ),
    way("functions-set-policy", &["cloudfunctions.functions.setIamPolicy"]),
    way(
        "functions-update",
        &["cloudfunctions.functions.update", "cloudfunctions.functions.sourceCodeSet", ACT_AS],
    ),
    way("iam-act-as-vm", &["compute.instances.create", ACT_AS]),
    way("iam-create-key", &["iam.serviceAccountKeys.create"]),
    way("iam-get-access-token", &["iam.serviceAccounts.getAccessToken"]),
    way("iam-implicit-delegation", &["iam.serviceAccounts.implicitDelegation"]),
    way("iam-openid-token", &["iam.serviceAccounts.getOpenIdToken"]),
    way("iam-roles-update", &["iam.roles.update"]),
    way("iam-sa-set-policy", &["iam.serviceAccounts.setIamPolicy"]),
    way("iam-sign-blob", &["iam.serviceAccounts.signBlob"]),
    way("iam-sign-jwt", &["iam.serviceAccounts.signJwt"]),
    way("orgpolicy-set", &["orgpolicy.policy.set"]),
    way("project-set-policy", &["resourcemanager.projects.setIamPolicy"]),
    way("pubsub-subscription-policy", &["pubsub.subscriptions.setIamPolicy"]),
    way("run-jobs-create", &["run.jobs.create", "run.jobs.run", ACT_AS]),
    way("run-jobs-override", &["run.jobs.run", "run.jobs.runWithOverrides"]),
    way("run-jobs-set-policy", &["run.jobs.setIamPolicy"]),
    way("run-jobs-update", &["run.jobs.update", "run.jobs.run", ACT_AS]),
    way("run-services-create", &["run.services.create", "run.routes.invoke", ACT_AS]),
    way("run-services-set-policy", &["run.services.setIamPolicy"]),
    way("run-services-update", &["run.services.update", ACT_AS]),
    way("scheduler-create", &["cloudscheduler.jobs.create", ACT_AS]),
    way("scheduler-update", &["cloudscheduler.jobs.update", ACT_AS]),
    way("secret-set-policy", &["secretmanager.secrets.setIamPolicy"]),
    way("storage-hmac", &["storage.hmacKeys.create"]),
    way("tasks-create", &["cloudtasks.tasks.create", ACT_AS]),
    way("tasks-queue-policy", &["cloudtasks.queues.setIamPolicy"]),
    way("workflows-create", &["workflows.workflows.create", "workflows.executions.create", ACT_AS]),
    way("workflows-update", &["workflows.workflows.update", ACT_AS]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_named_once_in_order_and_need_something() {
        let names: Vec<&str> = WAYS.iter().map(|way| way.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        let dotted = |permission: &&str| permission.split('.').count() == 3;
        assert!(WAYS.iter().all(|way| !way.permissions.is_empty() && way.permissions.iter().all(dotted)));
    }
}
