//! `targets test`: which permissions are missing, and which checks each of them blinds, before anything is scanned.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nephoscope_catalogue::Catalogue;
use nephoscope_collect::{Purpose, declared};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{
    AccountId, CheckId, CollectionError, PackedResource, Shard, ShardKey, Status, TargetName, Uid,
};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::evaluate;
use nephoscope_posture::{Estate, EstateResource};

use crate::ScanError;
use crate::judge::calmly;
use crate::rehearse::rehearse;
use crate::target::Target;

/// What an account of an organization refuses that lets nobody in.
pub const ASSUME_ROLE: &str = "sts:AssumeRole";

/// The error of what a scan reads only where its target's tier says so.
const NOT_ASKED: &str = "NotAsked";

/// What a target's credentials may and may not read.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// Accounts that answered, or should have.
    pub accounts: BTreeSet<AccountId>,
    /// The permissions that are missing, by name.
    pub missing: BTreeMap<String, Missing>,
    /// What failed for another reason than a permission.
    pub failed: Vec<(ShardKey, CollectionError)>,
    /// API actions that were not tried, because nothing was there to try them on.
    pub not_tried: Vec<&'static str>,
}

/// One missing permission.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// API and error code of each refusal.
    pub refusals: BTreeSet<(String, String)>,
    /// Where it is missing.
    pub accounts: BTreeSet<AccountId>,
    /// The checks that cannot decide without it.
    pub checks: BTreeSet<CheckId>,
    /// True where a policy denies it expressly, so that another one that allows it does not help.
    pub is_forbidden: bool,
}

/// Tries every kind of call of a scan about once, and judges what that gives. Nothing is stored.
pub async fn probe(target: &Target, catalogue: &Catalogue) -> Result<Probe, ScanError> {
    let mut accounts: BTreeMap<AccountId, Vec<Shard<PackedResource>>> = BTreeMap::new();
    rehearse(target, Purpose::Probe, |shard| {
        accounts.entry(shard.key.account.clone()).or_default().push(shard);
    })
    .await?;
    let mut probe = Probe::default();
    let mut called: BTreeSet<String> = BTreeSet::new();
    let mut services = BTreeSet::new();
    for (account, shards) in accounts {
        for shard in &shards {
            called.extend(shard.coverage.calls.keys().cloned());
            services.insert((shard.key.provider, shard.key.service.clone()));
            probe.note(catalogue, shard);
        }
        let blinded = judge(&account, &target.name, shards, catalogue)
            .map_err(|cause| ScanError::Evaluate { account: account.clone(), cause })?;
        for (permission, checks) in blinded {
            let missing = probe.missing.entry(permission).or_default();
            missing.accounts.insert(account.clone());
            missing.checks.extend(checks);
        }
        probe.accounts.insert(account);
    }
    probe.not_tried = services
        .iter()
        .flat_map(|(provider, service)| declared::actions_of(*provider, service.as_str()))
        .collect();
    probe.not_tried.retain(|api| !called.contains(*api));
    probe.not_tried.sort_unstable();
    probe.not_tried.dedup();
    Ok(probe)
}

impl Probe {
    /// Notes the refusals of a shard, and the checks that a refused listing leaves without resources.
    fn note(&mut self, catalogue: &Catalogue, shard: &Shard<PackedResource>) {
        for error in &shard.coverage.errors {
            let Some(permission) = &error.permission else {
                self.failed.push((shard.key.clone(), error.clone()));
                continue;
            };
            let missing = self.missing.entry(permission.clone()).or_default();
            missing.refusals.insert((error.api.clone(), error.error.clone()));
            missing.accounts.insert(shard.key.account.clone());
            missing.is_forbidden |= error.is_forbidden();
            // A call about a resource has found that resource, whose verdicts tell the rest.
            if error.uid.is_none() {
                let ShardKey { provider, service, .. } = &shard.key;
                // Who is not let into the account at all sees nothing of it.
                let blinds_all = permission == ASSUME_ROLE;
                let checks = catalogue.checks().iter().map(|compiled| &compiled.check);
                let blind = checks
                    .filter(|check| check.deprecated.is_none() && check.provider == *provider)
                    .filter(|check| {
                        let kind = check.kind.as_str();
                        blinds_all || declared::lists(*provider, service.as_str(), &error.api, kind)
                    });
                missing.checks.extend(blind.map(|check| check.id.clone()));
            }
        }
    }

    /// The permissions that a policy could add, sorted. Roles are let in by their own trust policies.
    pub fn addable(&self) -> Vec<&str> {
        let addable = self.missing.iter().filter(|(_, missing)| !missing.is_forbidden);
        addable.map(|(permission, _)| permission.as_str()).filter(|name| *name != ASSUME_ROLE).collect()
    }
}

/// The checks that are UNKNOWN in one account, by the permission that they lack.
fn judge(
    account: &AccountId,
    target: &TargetName,
    shards: Vec<Shard<PackedResource>>,
    catalogue: &Catalogue,
) -> Result<BTreeMap<String, BTreeSet<CheckId>>, String> {
    let now = Timestamp::now();
    let mut coverage = Vec::new();
    let mut resources: BTreeMap<Uid, PackedResource> = BTreeMap::new();
    for shard in shards {
        coverage.push(CoverageRow {
            target: target.clone(),
            shard: shard.key,
            resources: shard.resources.len() as u64,
            coverage: shard.coverage,
            committed: now,
        });
        resources.extend(shard.resources.into_iter().map(|resource| (resource.uid.clone(), resource)));
    }
    let resources = resources.into_values();
    let resources: Vec<EstateResource> =
        resources.map(|resource| EstateResource { resource: resource.into(), stale_since: None }).collect();
    let estate = Estate {
        account: account.clone(),
        resources: &resources,
        coverage: &coverage,
        instant: now,
        last_known: &BTreeMap::new(),
    };
    let evaluation = calmly(|| evaluate(&estate, derive(&estate), catalogue))?;
    let mut blinded: BTreeMap<String, BTreeSet<CheckId>> = BTreeMap::new();
    for verdict in evaluation.verdicts.iter().filter(|verdict| verdict.status == Status::Unknown) {
        // What the target's tier leaves out is not missing.
        let unreadable = verdict.detail.iter().flat_map(|detail| &detail.unreadable);
        let unreadable = unreadable.filter(|unreadable| unreadable.error != NOT_ASKED);
        for permission in unreadable.filter_map(|unreadable| unreadable.permission.as_ref()) {
            let checks = blinded.entry(permission.clone()).or_default();
            checks.insert(evaluation.checks[verdict.check as usize].clone());
        }
    }
    Ok(blinded)
}
