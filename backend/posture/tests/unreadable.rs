//! What could not be read never passes: over the whole sample estate, each facet of each kind is taken away in turn,
//! and no verdict may change to anything but UNKNOWN.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where, and stops")]

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_catalogue::Catalogue;
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{Facet, Resource, Shard, Status, Unreadable};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::evaluate;
use nephoscope_posture::{Estate, EstateResource, Held};

/// Status by check and resource.
type Verdicts = BTreeMap<(String, String), Status>;

struct Sample {
    catalogue: Catalogue,
    resources: Vec<Resource>,
    coverage: Vec<CoverageRow>,
}

impl Sample {
    /// The largest account of the sample estate.
    fn read() -> Self {
        let mut shards: Vec<Shard> = nephoscope_sample::estate(1).unwrap();
        let mut sizes: BTreeMap<_, usize> = BTreeMap::new();
        for shard in &shards {
            *sizes.entry(shard.key.account.clone()).or_default() += shard.resources.len();
        }
        let account = sizes.into_iter().max_by_key(|(_, size)| *size).unwrap().0;
        shards.retain(|shard| shard.key.account == account);
        let coverage = shards
            .iter()
            .map(|shard| CoverageRow {
                target: "sample".into(),
                shard: shard.key.clone(),
                coverage: shard.coverage.clone(),
                resources: shard.resources.len() as u64,
                committed: "2026-11-20T02:00:00Z".parse().unwrap(),
            })
            .collect();
        let mut resources: Vec<Resource> = shards.into_iter().flat_map(|shard| shard.resources).collect();
        resources.sort_by(|a, b| a.uid.cmp(&b.uid));
        Self { catalogue: Catalogue::builtin().unwrap(), resources, coverage }
    }

    fn judge(&self, resources: &[Resource]) -> Verdicts {
        let held: Vec<EstateResource> = resources
            .iter()
            .map(|resource| EstateResource { resource: Held::Open(resource.clone()), stale_since: None })
            .collect();
        let estate = Estate {
            account: resources[0].account.clone(),
            resources: &held,
            coverage: &self.coverage,
            instant: "2026-11-20T02:00:00Z".parse().unwrap(),
            last_known: &BTreeMap::new(),
        };
        let evaluation = evaluate(&estate, derive(&estate), &self.catalogue);
        evaluation
            .verdicts
            .iter()
            .map(|verdict| {
                let check = evaluation.checks[verdict.check as usize].to_string();
                let uid = evaluation.resources[verdict.resource as usize].uid.to_string();
                ((check, uid), verdict.status)
            })
            .collect()
    }
}

fn without(resources: &[Resource], kind: &str, facet: &str) -> Vec<Resource> {
    let mut resources = resources.to_vec();
    for resource in resources.iter_mut().filter(|resource| resource.kind.as_str() == kind) {
        let unread = Unreadable {
            facet: facet.to_owned(),
            api: "example:Read".to_owned(),
            error: "AccessDenied".to_owned(),
            permission: Some("example:Read".to_owned()),
        };
        resource.facets.insert(facet.to_owned(), Facet::Unreadable(unread));
    }
    resources
}

#[test]
fn a_facet_that_is_taken_away_only_ever_makes_verdicts_unknown() {
    let sample = Sample::read();
    let whole = sample.judge(&sample.resources);
    assert!(whole.len() > 500, "{} verdicts", whole.len());
    let facets: BTreeSet<(String, String)> = sample
        .resources
        .iter()
        .flat_map(|resource| resource.facets.keys().map(|facet| (resource.kind.to_string(), facet.clone())))
        .collect();
    assert!(facets.len() > 20, "{} kinds of facets", facets.len());
    let mut wrong = Vec::new();
    let mut made_unknown = 0;
    for (kind, facet) in &facets {
        let partial = sample.judge(&without(&sample.resources, kind, facet));
        for (key, before) in &whole {
            match partial.get(key) {
                Some(after) if after == before => {}
                Some(Status::Unknown) => made_unknown += 1,
                Some(after) => wrong.push(format!("{kind} without {facet}: {key:?} {before} became {after}")),
                None => {
                    wrong.push(format!("{kind} without {facet}: {key:?} {before} does not apply any more"))
                }
            }
        }
        // A check that did not apply may become UNKNOWN, for it cannot tell; it must not pass or fail.
        let new = partial.iter().filter(|(key, _)| !whole.contains_key(*key));
        wrong.extend(
            new.filter(|(_, status)| **status != Status::Unknown)
                .map(|(key, status)| format!("{kind} without {facet}: {key:?} is suddenly {status}")),
        );
    }
    assert!(made_unknown > 500, "{made_unknown} verdicts became unknown");
    assert!(wrong.is_empty(), "{} verdicts changed:\n{}", wrong.len(), wrong.join("\n"));
}
