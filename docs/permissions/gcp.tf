# Read-only role for Nephoscope, the posture scanner for serverless estates.

variable "organization" {
  type        = string
  description = "Number of the organization whose projects are scanned."
}

variable "member" {
  type        = string
  description = "Who scans, such as serviceAccount:nephoscope@PROJECT.iam.gserviceaccount.com."
}

resource "google_organization_iam_custom_role" "nephoscope" {
  org_id      = var.organization
  role_id     = "nephoscope"
  title       = "Nephoscope Reader"
  description = "Read-only role for Nephoscope, the posture scanner for serverless estates"
  stage       = "GA"
  permissions = [
    "apigateway.apiconfigs.get",
    "apigateway.apiconfigs.list",
    "apigateway.gateways.getIamPolicy",
    "apigateway.gateways.list",
    "apigateway.locations.list",
    "apikeys.keys.list",
    "appengine.applications.get",
    "appengine.versions.get",
    "artifactregistry.locations.list",
    "artifactregistry.repositories.getIamPolicy",
    "artifactregistry.repositories.list",
    "billing.budgets.list",
    "cloudasset.assets.listIamPolicy",
    "cloudasset.assets.listResource",
    "cloudfunctions.functions.getIamPolicy",
    "cloudfunctions.functions.list",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudscheduler.jobs.list",
    "cloudscheduler.locations.list",
    "cloudtasks.locations.list",
    "cloudtasks.queues.getIamPolicy",
    "cloudtasks.queues.list",
    "datastore.databases.list",
    "eventarc.channels.list",
    "eventarc.locations.list",
    "eventarc.triggers.list",
    "firebaserules.releases.list",
    "firebaserules.rulesets.get",
    "iam.denypolicies.get",
    "iam.denypolicies.list",
    "iam.roles.get",
    "iam.roles.list",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.list",
    "iam.workloadIdentityPoolProviders.list",
    "iam.workloadIdentityPools.list",
    "logging.buckets.list",
    "logging.logMetrics.list",
    "logging.sinks.list",
    "monitoring.alertPolicies.list",
    "monitoring.notificationChannels.list",
    "orgpolicy.policy.get",
    "pubsub.subscriptions.getIamPolicy",
    "pubsub.subscriptions.list",
    "pubsub.topics.getIamPolicy",
    "pubsub.topics.list",
    "resourcemanager.folders.get",
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.getIamPolicy",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "run.jobs.getIamPolicy",
    "run.jobs.list",
    "run.locations.list",
    "run.revisions.list",
    "run.services.getIamPolicy",
    "run.services.list",
    "run.workerpools.getIamPolicy",
    "run.workerpools.list",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.list",
    "serviceusage.services.list",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
    "vpcaccess.connectors.list",
    "vpcaccess.locations.list",
    "workflows.locations.list",
    "workflows.workflows.get",
    "workflows.workflows.list",
  ]
}

resource "google_organization_iam_member" "nephoscope" {
  org_id = var.organization
  role   = google_organization_iam_custom_role.nephoscope.name
  member = var.member
}
