//! What AWS lets one account call in one region, by family of calls. A budget is a share of these.

use crate::budget::Family;

/// Lambda's own page on quotas: `GetPolicy` 15 a second.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(super) static LAMBDA_POLICY: Family = Family { name: "lambda-policy", per_second: 15.0, burst: 15 };

/// The same page: the remainder of the control plane 15 a second together, without `GetFunction` and invocations.
pub(super) static LAMBDA: Family = Family { name: "lambda", per_second: 15.0, burst: 15 };

/// All management calls of REST, HTTP and WebSocket APIs together: 10 a second with a burst of 40.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub(super) static API_GATEWAY: Family = Family { name: "apigateway", per_second: 10.0, burst: 40 };

/// Get, describe and list calls: 10 a second.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>
pub(super) static CLOUDTRAIL: Family = Family { name: "cloudtrail", per_second: 10.0, burst: 10 };

/// 5 a second, the lowest rate that AWS names for reads of this API (`FilterLogEvents`, `GetLogEvents`).
/// <https://repost.aws/knowledge-center/cloudwatch-logs-throttling>
pub(super) static LOGS: Family = Family { name: "logs", per_second: 5.0, burst: 5 };

/// `ListRegions`: 5 a second, burst 5. <https://docs.aws.amazon.com/accounts/latest/reference/quotas.html>
pub(super) static ACCOUNT: Family = Family { name: "account", per_second: 5.0, burst: 5 };

/// IAM publishes no rate. Its bulk read answers slowly and page after page, so that 5 a second never binds,
/// and leaves room for whoever else uses the account's one IAM endpoint.
pub(super) static IAM: Family = Family { name: "iam", per_second: 5.0, burst: 5 };

/// STS publishes 600 a second for the account; one call a scan needs no more than this.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) static STS: Family = Family { name: "sts", per_second: 10.0, burst: 10 };
