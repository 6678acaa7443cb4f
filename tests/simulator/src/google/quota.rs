//! The published quotas of Google's APIs, by minute and project. Those of other services are shown in consoles only.

use crate::address::Call;
use crate::quota::Limit;

/// Host, calls a minute, and where that is said.
const QUOTAS: &[(&str, f64, &str)] = &[
    ("cloudasset.googleapis.com", 100.0, "https://cloud.google.com/asset-inventory/docs/quota"),
    ("cloudkms.googleapis.com", 300.0, "https://cloud.google.com/kms/quotas"),
    ("cloudresourcemanager.googleapis.com", 600.0, "https://cloud.google.com/resource-manager/docs/limits"),
    ("iam.googleapis.com", 6000.0, "https://cloud.google.com/iam/quotas"),
    ("pubsub.googleapis.com", 6000.0, "https://cloud.google.com/pubsub/quotas"),
    ("run.googleapis.com", 3000.0, "https://cloud.google.com/run/quotas"),
    ("secretmanager.googleapis.com", 600.0, "https://cloud.google.com/secret-manager/quotas"),
];

/// The limit of a call.
pub(super) fn limit(call: &Call) -> Option<Limit> {
    let (host, calls, _) = QUOTAS.iter().find(|(host, ..)| host.eq_ignore_ascii_case(&call.host))?;
    let project = call.segments.iter().skip_while(|segment| *segment != "projects").nth(1);
    let bucket = format!("{host} {}", project.map_or("", String::as_str));
    Some(Limit { bucket, rate: calls / 60.0, burst: *calls, windowed: false, told: false })
}
