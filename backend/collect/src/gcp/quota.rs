//! What Google lets one project call, by family of calls. A budget is a share of these.

use crate::budget::Family;

/// `ListAssets`: 100 a minute. <https://cloud.google.com/asset-inventory/docs/quota>
pub(super) static ASSETS: Family = Family { name: "cloudasset-list", per_second: 100.0 / 60.0, burst: 10 };

/// Resource Manager reads: 600 a minute. <https://cloud.google.com/resource-manager/docs/limits>
pub(super) static PROJECTS: Family = Family { name: "resourcemanager", per_second: 10.0, burst: 10 };
