//! How far topics, subscriptions, queues, secrets, keys and buckets can be reached: by what their policies say.

use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure;
use serde_json::{Value, json};

use super::callers::{self, holders};
use super::members;
use super::project::Project;
use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, reason, required};

/// Kinds that are reached through their policy and in no other way.
const BY_POLICY: [&str; 6] = [
    "gcp.kms.key",
    "gcp.pubsub.subscription",
    "gcp.pubsub.topic",
    "gcp.secretmanager.secret",
    "gcp.storage.bucket",
    "gcp.tasks.queue",
];

/// Widens the reach of everything of these kinds.
pub(super) fn expose(map: &Map<'_>, project: &Project, reaches: &mut [Reach]) {
    for kind in BY_POLICY {
        for &position in map.kind(kind) {
            let resource = map.held(position).open_only(&["policy", "bucket"]);
            reaches[position].include(&Reach::from(of_policy(&resource, project)));
        }
    }
}

/// The widest exposure that the resource's own policy makes.
fn of_policy(resource: &Resource, project: &Project) -> Reading<Exposure> {
    let mut widest = Exposure::Internal;
    let mut uncertain = false;
    for holder in holders(resource)? {
        uncertain |= members::is_uncertain(&holder.member, project);
        let reach = callers::reach(&holder.member, project);
        // What a condition leaves open is not for everybody.
        widest = widest.max(match holder.condition {
            Some(_) => reach.min(Exposure::CrossAccount),
            None => reach,
        });
    }
    // Where access by the public is prevented, such members are of no effect.
    if widest > Exposure::Internal && is_closed(resource)? {
        let strangers = holders(resource)?.iter().any(|holder| members::is_foreign(&holder.member, project));
        widest = if strangers { Exposure::CrossAccount } else { Exposure::Internal };
    }
    // A default account that may be another project's is at most as far away as that.
    if uncertain && widest == Exposure::Internal {
        return Err(reason("project", "NotCollected"));
    }
    Ok(widest)
}

/// The roles that everybody has, with an account of Google's or without one: member and role.
pub(super) fn public_roles(resource: &Resource) -> Reading<Value> {
    let public: Vec<Value> = holders(resource)?
        .iter()
        .filter(|holder| holder.is_public() && holder.condition.is_none())
        .map(|holder| json!({"member": holder.member, "role": holder.role}))
        .collect();
    if !public.is_empty() && is_closed(resource)? {
        return Ok(json!([]));
    }
    Ok(Value::Array(public))
}

/// Whether it is a bucket that admits nobody from the public, whatever its policy says.
fn is_closed(resource: &Resource) -> Reading<bool> {
    if resource.kind.as_str() != "gcp.storage.bucket" {
        return Ok(false);
    }
    let prevention = required(resource, "bucket")?.pointer("/iamConfiguration/publicAccessPrevention");
    Ok(prevention.and_then(Value::as_str) == Some("enforced"))
}
