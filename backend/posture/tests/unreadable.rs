//! What could not be read never passes: over the whole sample estate, each facet of each kind and each shard is taken
//! away in turn, and no verdict may change to anything but UNKNOWN.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where, and stops")]

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_catalogue::Catalogue;
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{CoverageState, Facet, Resource, Shard, Status, Unreadable};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::evaluate;
use nephoscope_posture::{Estate, EstateResource, Held};

/// Status by check and resource.
type Verdicts = BTreeMap<(String, String), Status>;

struct Sample<'a> {
    catalogue: &'a Catalogue,
    resources: Vec<Resource>,
    coverage: Vec<CoverageRow>,
    /// The uids of what each shard holds, in the order of the coverage.
    held: Vec<BTreeSet<String>>,
}

impl<'a> Sample<'a> {
    /// The accounts of the sample estate as the last night of each target saw them.
    fn accounts(catalogue: &'a Catalogue) -> Vec<Self> {
        let nights = nephoscope_sample::nights().unwrap();
        let last: BTreeMap<_, _> =
            nights.into_iter().map(|night| (night.header.target.clone(), night)).collect();
        let mut accounts: BTreeMap<_, Vec<Shard>> = BTreeMap::new();
        for shard in last.into_values().flat_map(|night| night.shards) {
            accounts.entry((shard.key.provider, shard.key.account.clone())).or_default().push(shard);
        }
        accounts.into_values().map(|shards| Self::of(catalogue, shards)).collect()
    }

    fn of(catalogue: &'a Catalogue, shards: Vec<Shard>) -> Self {
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
        let uids = |shard: &Shard| shard.resources.iter().map(|resource| resource.uid.to_string()).collect();
        let held = shards.iter().map(uids).collect();
        let mut resources: Vec<Resource> = shards.into_iter().flat_map(|shard| shard.resources).collect();
        resources.sort_by(|a, b| a.uid.cmp(&b.uid));
        Self { catalogue, resources, coverage, held }
    }

    fn judge(&self, resources: &[Resource], coverage: &[CoverageRow]) -> Verdicts {
        let held: Vec<EstateResource> = resources
            .iter()
            .map(|resource| EstateResource { resource: Held::Open(resource.clone()), stale_since: None })
            .collect();
        let estate = Estate {
            account: self.resources[0].account.clone(),
            resources: &held,
            coverage,
            instant: "2026-11-20T02:00:00Z".parse().unwrap(),
            last_known: &BTreeMap::new(),
        };
        let evaluation = evaluate(&estate, derive(&estate), self.catalogue);
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
    let catalogue = Catalogue::builtin().unwrap();
    let mut wrong = Vec::new();
    let (mut verdicts, mut facets, mut made_unknown) = (0, 0, 0);
    for sample in Sample::accounts(&catalogue) {
        let whole = sample.judge(&sample.resources, &sample.coverage);
        verdicts += whole.len();
        for (kind, facet) in facets_of(&sample.resources) {
            facets += 1;
            let partial = sample.judge(&without(&sample.resources, &kind, &facet), &sample.coverage);
            made_unknown += compare(&whole, &partial, &format!("{kind} without {facet}"), &mut wrong);
        }
    }
    assert!(verdicts > 1_000, "{verdicts} verdicts");
    assert!(facets > 40, "{facets} facets of kinds");
    assert!(made_unknown > 1_000, "{made_unknown} verdicts became unknown");
    assert!(wrong.is_empty(), "{} verdicts changed:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_shard_that_is_not_listed_only_ever_makes_other_verdicts_unknown() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut wrong = Vec::new();
    let (mut shards, mut made_unknown) = (0, 0);
    for sample in Sample::accounts(&catalogue) {
        let whole = sample.judge(&sample.resources, &sample.coverage);
        for (position, row) in sample.coverage.iter().enumerate() {
            shards += 1;
            let gone = &sample.held[position];
            let others = sample.resources.iter().filter(|resource| !gone.contains(resource.uid.as_str()));
            let others: Vec<Resource> = others.cloned().collect();
            let mut coverage = sample.coverage.clone();
            coverage[position].coverage.listed = false;
            coverage[position].coverage.state = CoverageState::Denied;
            coverage[position].resources = 0;
            let partial = sample.judge(&others, &coverage);
            let of_others = whole.iter().filter(|((_, uid), _)| !gone.contains(uid));
            let of_others = of_others.map(|(key, status)| (key.clone(), *status)).collect();
            made_unknown += compare(&of_others, &partial, &format!("without {:?}", row.shard), &mut wrong);
        }
    }
    assert!(shards > 80, "{shards} shards");
    assert!(made_unknown > 500, "{made_unknown} verdicts became unknown");
    assert!(wrong.is_empty(), "{} verdicts changed:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each kind with each of its facets.
fn facets_of(resources: &[Resource]) -> BTreeSet<(String, String)> {
    let facets = |resource: &Resource| {
        let kind = resource.kind.to_string();
        resource.facets.keys().map(move |facet| (kind.clone(), facet.clone())).collect::<Vec<_>>()
    };
    resources.iter().flat_map(facets).collect()
}

/// Notes each verdict that changed to anything but UNKNOWN; gives how many became that.
fn compare(whole: &Verdicts, partial: &Verdicts, what: &str, wrong: &mut Vec<String>) -> usize {
    let mut made_unknown = 0;
    for (key, before) in whole {
        match partial.get(key) {
            Some(after) if after == before => {}
            Some(Status::Unknown) => made_unknown += 1,
            Some(after) => wrong.push(format!("{what}: {key:?} {before} became {after}")),
            None => wrong.push(format!("{what}: {key:?} {before} does not apply any more")),
        }
    }
    // A check that did not apply may become UNKNOWN, for it cannot tell; it must not pass or fail.
    let new = partial.iter().filter(|(key, status)| !whole.contains_key(*key) && **status != Status::Unknown);
    wrong.extend(new.map(|(key, status)| format!("{what}: {key:?} is suddenly {status}")));
    made_unknown
}
