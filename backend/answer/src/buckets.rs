//! From rollups to what a filter means: which buckets are listed, in which order, and what each is worth.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_catalogue::{Catalogue, matches};
use nephoscope_model::query::{Filter, Sort};
use nephoscope_model::score::{Bucket, Score};
use nephoscope_model::{AccountId, CheckId, Concern, Kind, Points, Provider, Region, ServiceName, Status};
use nephoscope_posture::score::score;
use nephoscope_store::{BucketKey, ResourceRollup, Rollup};

use crate::{AnswerError, Result};

/// What of a filter concerns checks, resolved against the catalogue: the ids that match; none where every check does.
pub(crate) fn checks_of<'r>(
    filter: &Filter,
    catalogue: &Catalogue,
    rollups: impl IntoIterator<Item = &'r Rollup>,
) -> Result<Option<BTreeSet<CheckId>>> {
    if filter.checks.is_empty() && filter.concerns.is_empty() && filter.frameworks.is_empty() {
        return Ok(None);
    }
    let mut known: BTreeSet<CheckId> = catalogue.checks().iter().map(|c| c.check.id.clone()).collect();
    known.extend(rollups.into_iter().map(|rollup| rollup.bucket.check.clone()));

    for pattern in &filter.checks {
        let found = catalogue.find(pattern).is_some() || known.iter().any(|id| matches(pattern, id.as_str()));
        if !found {
            return Err(AnswerError::NoSuch { what: "check", given: pattern.clone() });
        }
    }
    for framework in &filter.frameworks {
        let name = framework.split('/').next().unwrap_or(framework);
        if !catalogue.frameworks().iter().any(|known| known.id == name) {
            return Err(AnswerError::NoSuch { what: "framework", given: framework.clone() });
        }
    }
    known.retain(|id| {
        let check = catalogue.find(id.as_str()).map(|compiled| &compiled.check);
        let named = filter.checks.is_empty()
            || filter.checks.iter().any(|pattern| {
                matches(pattern, id.as_str()) || catalogue.find(pattern).is_some_and(|c| c.check.id == *id)
            });
        let concerns: &[Concern] = check.map_or(&[], |check| &check.concerns);
        let controls: &[String] = check.map_or(&[], |check| &check.frameworks);
        named
            && (filter.concerns.is_empty()
                || concerns.iter().any(|concern| filter.concerns.contains(concern)))
            && (filter.frameworks.is_empty()
                || controls.iter().any(|control| bears_on(control, &filter.frameworks)))
    });
    Ok(Some(known))
}

/// True where `control` (`framework/control`) is one of `frameworks`, each a framework or a control.
fn bears_on(control: &str, frameworks: &[String]) -> bool {
    frameworks.iter().any(|asked| {
        control == asked || control.strip_prefix(asked.as_str()).is_some_and(|rest| rest.starts_with('/'))
    })
}

/// Where the things lie that a rollup counts.
pub(crate) struct Place<'r> {
    pub provider: &'r Provider,
    pub account: &'r AccountId,
    pub region: &'r Region,
    pub service: &'r ServiceName,
    pub kind: &'r Kind,
}

/// What counts things by where they lie: verdicts or resources.
pub(crate) trait Placed {
    /// Where they lie.
    fn place(&self) -> Place<'_>;
}

impl Placed for Rollup {
    fn place(&self) -> Place<'_> {
        let Self { provider, account, region, service, kind, .. } = self;
        Place { provider, account, region, service, kind }
    }
}

impl Placed for ResourceRollup {
    fn place(&self) -> Place<'_> {
        let Self { provider, account, region, service, kind, .. } = self;
        Place { provider, account, region, service, kind }
    }
}

/// True where a rollup lies in the scope of a filter: what says where, not what was found.
pub(crate) fn in_scope(filter: &Filter, rollup: &impl Placed) -> bool {
    let place = rollup.place();
    within(&filter.providers, place.provider)
        && within(&filter.accounts, place.account)
        && within(&filter.regions, place.region)
        && within(&filter.services, place.service)
        && within(&filter.kinds, place.kind)
}

/// True where nothing is asked for, or this is.
pub(crate) fn within<T: PartialEq>(asked: &[T], value: &T) -> bool {
    asked.is_empty() || asked.contains(value)
}

/// Counts of the rollups given, merged over where they lie.
pub(crate) fn merge<'a>(rollups: impl IntoIterator<Item = &'a Rollup>) -> Vec<Bucket> {
    let mut merged: BTreeMap<BucketKey, Bucket> = BTreeMap::new();
    for Rollup { bucket, .. } in rollups {
        let entry = merged.entry(key_of(bucket)).or_insert_with(|| Bucket { count: 0, ..bucket.clone() });
        entry.count += bucket.count;
    }
    merged.into_values().collect()
}

/// Which bucket it is, without how many.
pub(crate) fn key_of(bucket: &Bucket) -> BucketKey {
    BucketKey { check: bucket.check.clone(), status: bucket.status, exposure: bucket.exposure }
}

/// The score of the rollups given.
pub(crate) fn score_of_rollups<'a>(rollups: impl IntoIterator<Item = &'a Rollup>) -> Score {
    score(&merge(rollups))
}

/// What one failing finding of factor 1 is worth, by check.
pub(crate) fn units(score: &Score) -> BTreeMap<CheckId, Points> {
    score.parts.iter().map(|part| (part.check.clone(), part.unit.clone())).collect()
}

/// What one finding is worth: the unit of its check times its factor where it fails, nothing otherwise.
pub(crate) fn worth(units: &BTreeMap<CheckId, Points>, key: &BucketKey) -> Points {
    match (key.status, units.get(&key.check)) {
        (Status::Fail, Some(unit)) => {
            let factor = i64::try_from(key.exposure.factor()).unwrap_or(i64::MAX);
            Points::from(unit.rational() * Points::whole(factor).rational())
        }
        _ => Points::zero(),
    }
}

/// Puts buckets in the order of a sort; those of one check stay together where `grouped`.
pub(crate) fn order(buckets: &mut [Bucket], sort: Sort, grouped: bool, score: &Score) {
    let units = units(score);
    let lost: BTreeMap<&CheckId, &Points> =
        score.parts.iter().map(|part| (&part.check, &part.points)).collect();
    let zero = Points::zero();
    buckets.sort_by(|a, b| {
        let worst_first = b.severity.cmp(&a.severity);
        let names = a.check.cmp(&b.check);
        let group = match (sort, grouped) {
            (Sort::Points, true) => {
                let of = |bucket: &Bucket| lost.get(&bucket.check).copied().unwrap_or(&zero);
                of(b).cmp(of(a)).then(worst_first).then(names)
            }
            (Sort::Points, false) => {
                worth(&units, &key_of(b)).cmp(&worth(&units, &key_of(a))).then(worst_first)
            }
            (Sort::Severity, _) => worst_first.then(names),
            (Sort::Name, _) => names,
        };
        group
            .then(a.status.cmp(&b.status))
            .then(b.exposure.factor().cmp(&a.exposure.factor()))
            .then(b.exposure.cmp(&a.exposure))
            .then(names)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framework_is_matched_whole() {
        let asked = ["aws-fsbp".to_owned(), "owasp-serverless-top10/SAS-1".to_owned()];
        assert!(bears_on("aws-fsbp/Lambda.1", &asked));
        assert!(!bears_on("aws-fsbp-2/Lambda.1", &asked));
        assert!(bears_on("owasp-serverless-top10/SAS-1", &asked));
        assert!(!bears_on("owasp-serverless-top10/SAS-10", &asked));
    }
}
