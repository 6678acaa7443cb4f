//! What Azure lets one caller ask, by family of calls. A budget is a share of these.

use crate::budget::Family;

/// Reads of one subscription: a bucket of 250 that 25 a second refill.
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>
pub(super) static READS: Family = Family { name: "arm-reads", per_second: 25.0, burst: 250 };

/// Queries of Resource Graph: 15 in five seconds for one user of a tenant.
/// <https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests>
pub(super) static GRAPH: Family = Family { name: "resource-graph", per_second: 3.0, burst: 15 };
