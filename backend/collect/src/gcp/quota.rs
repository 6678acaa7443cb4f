//! What Google lets one project call, by family of calls. A budget is a share of these.

use crate::budget::Family;

/// `ListAssets`: 100 a minute. <https://cloud.google.com/asset-inventory/docs/quota>
pub(super) static ASSETS: Family = Family { name: "cloudasset-list", per_second: 100.0 / 60.0, burst: 10 };

/// Resource Manager reads: 600 a minute. <https://cloud.google.com/resource-manager/docs/limits>
pub(super) static PROJECTS: Family = Family { name: "resourcemanager", per_second: 10.0, burst: 10 };

/// Reads of Cloud Run: 3,000 a minute and region. <https://cloud.google.com/run/quotas>
pub(super) static RUN: Family = Family { name: "run", per_second: 50.0, burst: 50 };

// Of the others Google shows the number in the console of each project; these are careful ones, which scans hardly use:
// nearly everything comes from the inventory.
pub(super) static FUNCTIONS: Family = Family { name: "cloudfunctions", per_second: 20.0, burst: 20 };
pub(super) static APIGATEWAY: Family = Family { name: "apigateway", per_second: 10.0, burst: 10 };
pub(super) static APIKEYS: Family = Family { name: "apikeys", per_second: 2.0, burst: 10 };
pub(super) static APPENGINE: Family = Family { name: "appengine", per_second: 10.0, burst: 10 };
pub(super) static ARTIFACTS: Family = Family { name: "artifactregistry", per_second: 20.0, burst: 20 };

/// Administration of Pub/Sub: 6,000 a minute. <https://cloud.google.com/pubsub/quotas>
pub(super) static PUBSUB: Family = Family { name: "pubsub", per_second: 100.0, burst: 50 };

/// Reads of IAM: 6,000 a minute. <https://cloud.google.com/iam/quotas>
pub(super) static IAM: Family = Family { name: "iam", per_second: 100.0, burst: 50 };

/// Reads of Secret Manager: 600 a minute. <https://cloud.google.com/secret-manager/quotas>
pub(super) static SECRETS: Family = Family { name: "secretmanager", per_second: 10.0, burst: 10 };

/// Reads of Cloud KMS: 300 a minute. <https://cloud.google.com/kms/quotas>
pub(super) static KMS: Family = Family { name: "cloudkms", per_second: 5.0, burst: 10 };

/// Metadata of buckets has no quota of its own; this is what a scan can bear.
pub(super) static STORAGE: Family = Family { name: "storage", per_second: 50.0, burst: 50 };

/// Services that are asked a few times for a whole project.
pub(super) static OTHERS: Family = Family { name: "others", per_second: 5.0, burst: 20 };
