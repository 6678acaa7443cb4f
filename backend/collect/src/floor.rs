//! The least time that calls take within their budgets, before a scan from a plan, after it from its coverage.

use std::collections::BTreeMap;

use nephoscope_model::{AccountId, Coverage, Provider, Region, ShardKey};

use crate::budget::{Family, Pace};
use crate::{aws, azure, fnproject, gcp};

/// What one API family of one account and region is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Whose quota is used.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// The calls that share the quota, by the name of their family.
    pub family: &'static str,
    /// Calls a second that the provider allows.
    pub per_second: f64,
    /// How many there are.
    pub calls: u64,
    /// The seconds that they take at least.
    pub seconds: f64,
}

/// The calls of `shards` by whose quota they use, sorted, and how long each takes at a `share` of the published rate.
/// A call that this release does not know, such as one of an older scan, takes no time.
pub fn loads<'a>(shards: impl IntoIterator<Item = (&'a ShardKey, &'a Coverage)>, share: f64) -> Vec<Load> {
    let mut calls: BTreeMap<(&AccountId, &Region, &str), (&'static Family, u64)> = BTreeMap::new();
    for (key, coverage) in shards {
        for (api, count) in &coverage.calls {
            let Some(family) = family(key.provider, api) else { continue };
            let load = calls.entry((&key.account, &key.region, family.name)).or_insert((family, 0));
            load.1 += count;
        }
    }
    let load =
        |((account, region, name), (family, calls)): ((&AccountId, &Region, _), (&Family, u64))| Load {
            account: account.clone(),
            region: region.clone(),
            family: name,
            per_second: family.per_second,
            calls,
            seconds: seconds(family, share, calls),
        };
    let named = calls
        .into_iter()
        .map(|((account, region, _), (family, calls))| ((account, region, family.name), (family, calls)));
    named.map(load).collect()
}

/// The one that takes longest. Every family of every account and region has a quota of its own, and all are used side
/// by side: nothing that is asked for can be read in less time than this.
pub fn floor(loads: &[Load]) -> Option<&Load> {
    loads.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

fn seconds(family: &Family, share: f64, calls: u64) -> f64 {
    let pace = Pace::of(family, share);
    calls.saturating_sub(u64::from(pace.burst)) as f64 / pace.rate
}

fn family(provider: Provider, api: &str) -> Option<&'static Family> {
    match provider {
        Provider::Aws => aws::family(api),
        Provider::Azure => azure::family(api),
        Provider::Gcp => gcp::family(api),
        Provider::Fn => fnproject::family(api),
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::{CoverageState, ServiceName};

    use super::*;

    fn shard(region: &str, service: &str, calls: &[(&str, u64)]) -> (ShardKey, Coverage) {
        let key = ShardKey {
            provider: Provider::Aws,
            account: AccountId::from("123456789012"),
            region: Region::from(region),
            service: ServiceName::from(service),
        };
        let calls = calls.iter().map(|(api, count)| ((*api).to_owned(), *count)).collect();
        (
            key,
            Coverage {
                state: CoverageState::Complete,
                calls,
                errors: Vec::new(),
                costs: Vec::new(),
                listed: true,
            },
        )
    }

    #[test]
    fn families_of_all_regions_are_used_side_by_side() {
        let shards = [
            shard("eu-west-1", "lambda", &[("lambda:GetPolicy", 1000), ("lambda:ListFunctions", 20)]),
            shard("eu-west-1", "lambdalayers", &[("lambda:ListLayers", 10)]),
            shard("eu-west-2", "lambda", &[("lambda:GetPolicy", 15), ("lambda:Retired", 10_000)]),
        ];
        let loads = loads(shards.iter().map(|(key, coverage)| (key, coverage)), 1.0);
        let told: Vec<(&str, &str, u64)> =
            loads.iter().map(|load| (load.region.as_str(), load.family, load.calls)).collect();
        assert_eq!(
            told,
            [
                ("eu-west-1", "lambda", 30),
                ("eu-west-1", "lambda-policy", 1000),
                ("eu-west-2", "lambda-policy", 15)
            ]
        );
        let longest = floor(&loads).unwrap();
        assert_eq!((longest.family, longest.region.as_str()), ("lambda-policy", "eu-west-1"));
        assert!((longest.seconds - 985.0 / 15.0).abs() < 1e-9, "{}", longest.seconds);
        assert_eq!(loads[2].seconds, 0.0, "all within the burst");
    }

    #[test]
    fn half_the_budget_takes_twice_as_long() {
        let shards = [shard("eu-west-1", "lambda", &[("lambda:GetPolicy", 1000)])];
        let at = |share| floor(&loads(shards.iter().map(|(k, c)| (k, c)), share)).unwrap().seconds;
        let (whole, half) = (at(1.0), at(0.5));
        assert!((half / whole - 2.0).abs() < 0.03, "{whole} {half}");
        assert!(floor(&[]).is_none());
    }
}
