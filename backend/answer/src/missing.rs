//! What a scan could judge and what not, and the permissions that it lacked.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::api::{MissingPermission, MissingPermissions, ServiceJudged};
use nephoscope_model::coverage::Blinded;
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{
    AccountId, CollectionError, CoverageState, Provider, Region, ServiceName, ShardKey, Status,
};
use nephoscope_store::Rollup;

/// The permissions that the shards of a scan were refused, with what `blinded` counts of each.
pub(crate) fn permissions(coverage: &[CoverageRow], blinded: Option<Blinded>) -> MissingPermissions {
    let mut lacks: BTreeMap<(Provider, &str), Lack<'_>> = BTreeMap::new();
    for row in coverage {
        for error in &row.coverage.errors {
            if let Some(permission) = &error.permission {
                let lack = lacks.entry((row.shard.provider, permission)).or_default();
                lack.note(&row.shard, row.coverage.listed, error);
            }
        }
    }
    let permissions = lacks.into_iter().map(|((provider, permission), lack)| {
        let blind = blinded.as_ref().map(|blinded| blinded.permissions.get(permission));
        MissingPermission {
            provider,
            permission: permission.to_owned(),
            errors: owned(&lack.errors),
            message: lack.message.to_owned(),
            refused: lack.refused,
            accounts: owned(&lack.accounts),
            regions: owned(&lack.regions),
            services: owned(&lack.services),
            unlisted: owned(&lack.unlisted),
            forbidden: lack.forbidden,
            unknown: blind.map(|blind| blind.map_or(0, |blind| blind.unknown)),
            checks: blind.flatten().map(|blind| blind.checks.iter().cloned().collect()).unwrap_or_default(),
        }
    });
    let mut permissions: Vec<MissingPermission> = permissions.collect();
    // The order before this one, by provider and name, holds among equals.
    permissions.sort_by_key(|one| std::cmp::Reverse((one.unknown, !one.unlisted.is_empty())));
    MissingPermissions { undecided: blinded.map(|blinded| blinded.verdicts), permissions, policy: None }
}

/// What the shards of a scan say of one permission.
#[derive(Default)]
struct Lack<'a> {
    errors: BTreeSet<&'a String>,
    message: &'a str,
    refused: u64,
    accounts: BTreeSet<&'a AccountId>,
    regions: BTreeSet<&'a Region>,
    services: BTreeSet<&'a ServiceName>,
    unlisted: BTreeSet<&'a ServiceName>,
    forbidden: bool,
}

impl<'a> Lack<'a> {
    fn note(&mut self, shard: &'a ShardKey, is_listed: bool, error: &'a CollectionError) {
        if self.errors.is_empty() {
            self.message = &error.message;
        }
        self.errors.insert(&error.error);
        self.refused += error.count;
        self.accounts.insert(&shard.account);
        self.regions.insert(&shard.region);
        self.services.insert(&shard.service);
        // A call about a resource has found that resource: it is another one that kept the rest from being found.
        if !is_listed && error.uid.is_none() {
            self.unlisted.insert(&shard.service);
        }
        self.forbidden |= error.is_forbidden();
    }
}

fn owned<T: Clone>(set: &BTreeSet<&T>) -> Vec<T> {
    set.iter().map(|item| (*item).clone()).collect()
}

/// What each service let be judged, by its shards and by the verdicts on what they listed; the least decided first.
pub(crate) fn services(coverage: &[CoverageRow], rollups: &[Rollup]) -> Vec<ServiceJudged> {
    let mut services: BTreeMap<(Provider, &ServiceName), ServiceJudged> = BTreeMap::new();
    let empty = |provider: Provider, service: &ServiceName| ServiceJudged {
        provider,
        service: service.clone(),
        shards: 0,
        listed: 0,
        whole: 0,
        decided: 0,
        unknown: 0,
    };
    let counted = coverage.iter().filter(|row| row.coverage.state != CoverageState::Disabled);
    for CoverageRow { shard, coverage, .. } in counted {
        let key = (shard.provider, &shard.service);
        let service = services.entry(key).or_insert_with(|| empty(key.0, key.1));
        service.shards += 1;
        service.listed += u64::from(coverage.listed);
        service.whole += u64::from(coverage.state == CoverageState::Complete);
    }
    for rollup in rollups {
        let key = (rollup.provider, &rollup.service);
        let service = services.entry(key).or_insert_with(|| empty(key.0, key.1));
        match rollup.bucket.status {
            Status::Pass | Status::Fail => service.decided += rollup.bucket.count,
            Status::Unknown => service.unknown += rollup.bucket.count,
            Status::Manual => {}
        }
    }
    let mut services: Vec<ServiceJudged> = services.into_values().collect();
    // The order before this one, by provider and name, holds among equals.
    services
        .sort_by_key(|one| std::cmp::Reverse((one.shards - one.listed, one.unknown, one.shards - one.whole)));
    services
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use nephoscope_model::coverage::Coverage;
    use nephoscope_model::{CheckId, TargetName, Uid, Unreadable};

    use super::*;

    fn refusal(permission: &str, message: &str, uid: Option<&str>) -> CollectionError {
        CollectionError {
            api: permission.to_owned(),
            error: "AccessDeniedException".to_owned(),
            message: message.to_owned(),
            permission: Some(permission.to_owned()),
            count: 3,
            uid: uid.map(Uid::from),
        }
    }

    fn row(service: &str, region: &str, state: CoverageState, errors: Vec<CollectionError>) -> CoverageRow {
        let listed = !matches!(state, CoverageState::Denied);
        CoverageRow {
            target: TargetName::from("production"),
            shard: ShardKey {
                provider: Provider::Aws,
                account: AccountId::from("447120260912"),
                region: Region::from(region),
                service: ServiceName::from(service),
            },
            coverage: Coverage { state, calls: [].into(), errors, costs: Vec::new(), listed },
            resources: 0,
            committed: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn refusals_are_put_together_by_permission_and_the_most_blinding_comes_first() {
        let policy = || refusal("lambda:GetPolicy", "because no identity-based policy allows", Some("arn:a"));
        let rows = [
            row("lambda", "eu-west-1", CoverageState::Partial, vec![policy()]),
            row("lambda", "us-east-1", CoverageState::Partial, vec![policy()]),
            row(
                "sqs",
                "eu-west-1",
                CoverageState::Denied,
                vec![refusal("sqs:ListQueues", "explicit deny", None)],
            ),
            row("sns", "eu-west-1", CoverageState::Complete, Vec::new()),
        ];
        let mut blinded = Blinded::default();
        let reason = |permission: &str| Unreadable {
            facet: "policy".to_owned(),
            api: permission.to_owned(),
            error: "AccessDeniedException".to_owned(),
            permission: Some(permission.to_owned()),
        };
        blinded.note(&CheckId::from("aws-lambda-url-auth-none"), &[reason("lambda:GetPolicy")]);

        let missing = permissions(&rows, Some(blinded));
        assert_eq!(missing.undecided, Some(1));
        let [policy, queues] = missing.permissions.as_slice() else { panic!("{missing:?}") };
        assert_eq!(
            (policy.permission.as_str(), policy.refused, policy.unknown),
            ("lambda:GetPolicy", 6, Some(1))
        );
        assert_eq!(policy.regions, ["eu-west-1", "us-east-1"].map(Region::from));
        assert_eq!((policy.unlisted.len(), policy.forbidden, policy.checks.len()), (0, false, 1));
        assert_eq!((queues.permission.as_str(), queues.unknown), ("sqs:ListQueues", Some(0)));
        assert_eq!(
            (queues.unlisted.as_slice(), queues.forbidden),
            ([ServiceName::from("sqs")].as_slice(), true)
        );

        let uncounted = permissions(&rows, None);
        assert_eq!(uncounted.undecided, None);
        assert!(uncounted.permissions.iter().all(|one| one.unknown.is_none()));
        // What is not known to blind comes after what could not be listed.
        assert_eq!(uncounted.permissions[0].permission, "sqs:ListQueues");

        let judged = services(&rows, &[]);
        let told: Vec<(&str, u64, u64, u64)> =
            judged.iter().map(|one| (one.service.as_str(), one.shards, one.listed, one.whole)).collect();
        assert_eq!(told, [("sqs", 1, 0, 0), ("lambda", 2, 2, 0), ("sns", 1, 1, 1)]);
    }
}
