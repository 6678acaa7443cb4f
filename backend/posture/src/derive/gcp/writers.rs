//! Who else may change what runs: writers of buckets that hold code, and runners of jobs with other arguments.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::bindings::Binding;
use super::iam::Iam;
use super::members;
use super::roles::{self, Permissions};
use crate::derive::reading::{Reading, merged};

/// With this role builds put their results where they belong.
const BUILDER: &str = "roles/cloudbuild.builds.builder";

/// Who may put objects into the bucket although deploying is not their business: everybody, and the accounts of
/// workloads. Basic roles and the role of builds are not among the ways; the former are a finding of their own.
pub(super) fn of_bucket(bucket: &Resource, iam: &Iam) -> Reading<Value> {
    let suspect = |member: &str| {
        members::is_public(member)
            || members::account(member).is_some_and(|email| !iam.runners.running_as(&email).is_empty())
    };
    let holds = |permissions: &Permissions| permissions.contains(roles::WRITES_OBJECTS);
    let ordinary = |binding: &Binding| binding.role != BUILDER;
    holders(bucket.uid.as_str(), iam, suspect, holds, ordinary)
}

/// Who may run the job with arguments of their own and may not change the job, which would make that needless.
pub(super) fn overriding(job: &Resource, iam: &Iam) -> Reading<Value> {
    let suspect = |member: &str| !members::account(member).is_some_and(|email| members::is_agent(&email));
    let holds = |permissions: &Permissions| {
        permissions.contains(roles::OVERRIDES_JOBS) && !permissions.contains(roles::UPDATES_JOBS)
    };
    holders(job.uid.as_str(), iam, suspect, holds, |_| true)
}

/// Members of bindings on the resource or on the whole project whose role holds something.
fn holders(
    uid: &str,
    iam: &Iam,
    suspect: impl Fn(&str) -> bool,
    holds: impl Fn(&Permissions) -> bool,
    ordinary: impl Fn(&Binding) -> bool,
) -> Reading<Value> {
    let mut found = Vec::new();
    let mut doubts = iam.bindings.doubts.clone();
    doubts.extend(iam.runners.doubts().iter().cloned());
    let narrow = match iam.bindings.on(uid) {
        Ok(bindings) => bindings.collect(),
        Err(unread) => {
            doubts.extend(unread);
            Vec::new()
        }
    };
    let wide = iam.bindings.all.iter().filter(|binding| binding.wide);
    let counted = |binding: &&Binding| {
        !roles::BASIC.contains(&binding.role.as_str()) && !binding.is_conditional() && ordinary(binding)
    };
    for binding in narrow.into_iter().chain(wide).filter(counted) {
        let suspects: Vec<&String> = binding.members.iter().filter(|member| suspect(member)).collect();
        if suspects.is_empty() {
            continue;
        }
        match permissions(iam, &binding.role) {
            Ok(held) if holds(&held) => found.extend(
                suspects
                    .iter()
                    .map(|member| json!({"member": member, "role": binding.role, "scope": binding.scope})),
            ),
            Ok(_) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    if found.is_empty() && !doubts.is_empty() { Err(merged(doubts)) } else { Ok(Value::Array(found)) }
}

/// The roles of old access lists are only found on buckets.
fn permissions(iam: &Iam, role: &str) -> Reading<Permissions> {
    match role {
        "roles/storage.legacyBucketOwner" | "roles/storage.legacyBucketWriter" => {
            Ok([roles::WRITES_OBJECTS].into())
        }
        "roles/storage.legacyBucketReader" | "roles/storage.legacyObjectReader" => Ok(Permissions::new()),
        "roles/storage.legacyObjectOwner" => Ok(Permissions::new()),
        _ => iam.permissions(role),
    }
}
