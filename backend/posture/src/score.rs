//! The posture score: exact, bounded, and traceable to findings.
//!
//! For each check `c` with `n_c` decided verdicts, `F_c = Σ x` over its failures and `φ_c = F_c / max(n_c, F_c)`.
//! The posture is `100 · (1 − Σ w_c·φ_c / Σ w_c)`; a failure is worth exactly `100·w_c·x / (Σw · max(n_c, F_c))` points.
//! The clamp in the denominator keeps `φ` at most 1, so that one check can never cost more than its weight.

use std::collections::BTreeMap;

use nephoscope_model::finding::{Exposure, Status};
use nephoscope_model::ident::CheckId;
use nephoscope_model::score::{Bucket, Cap, Part, Score};
use nephoscope_model::{Points, Severity};
use num_rational::BigRational;
use num_traits::Zero;

/// The score of what `buckets` count. Equal buckets are added up; their order does not matter.
pub fn score(buckets: &[Bucket]) -> Score {
    let tallies = tally(buckets);
    let posture = points(&tallies, Tally::loss);
    let cap = posture.as_ref().and_then(|posture| cap(buckets, posture));
    let reported = match cap {
        Some(cap) => Some(Points::whole(cap.limit())),
        None => posture.clone(),
    };
    Score {
        low: points(&tallies, Tally::loss_if_unknown_fails),
        high: points(&tallies, Tally::loss_if_unknown_passes),
        posture,
        reported,
        cap,
        debt: tallies.values().map(|tally| tally.severity.weight() * tally.failing_factor).sum(),
        decided: tallies.values().map(Tally::decided).sum(),
        unknown: tallies.values().map(|tally| tally.unknown).sum(),
        parts: parts(&tallies),
    }
}

/// What one check counts.
struct Tally {
    severity: Severity,
    pass: u64,
    fail: u64,
    unknown: u64,
    /// `Σ x` over failures.
    failing_factor: u64,
    /// `Σ x` over verdicts that could not be decided.
    unknown_factor: u64,
}

impl Tally {
    fn decided(&self) -> u64 {
        self.pass + self.fail
    }

    /// `φ` over decided verdicts; none where nothing was decided.
    fn loss(&self) -> Option<BigRational> {
        share(self.failing_factor, self.decided())
    }

    /// `φ` if every UNKNOWN failed.
    fn loss_if_unknown_fails(&self) -> Option<BigRational> {
        share(self.failing_factor + self.unknown_factor, self.decided() + self.unknown)
    }

    /// `φ` if every UNKNOWN passed.
    fn loss_if_unknown_passes(&self) -> Option<BigRational> {
        share(self.failing_factor, self.decided() + self.unknown)
    }
}

/// `failing / max(count, failing)`; none where nothing is counted.
fn share(failing: u64, count: u64) -> Option<BigRational> {
    (count > 0).then(|| fraction(failing, count.max(failing)))
}

fn fraction(numerator: u64, denominator: u64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

fn tally(buckets: &[Bucket]) -> BTreeMap<&CheckId, Tally> {
    let mut tallies: BTreeMap<&CheckId, Tally> = BTreeMap::new();
    for bucket in buckets {
        let tally = tallies.entry(&bucket.check).or_insert(Tally {
            severity: bucket.severity,
            pass: 0,
            fail: 0,
            unknown: 0,
            failing_factor: 0,
            unknown_factor: 0,
        });
        // Snapshots of different catalogues may meet in one scope; the graver severity counts, whatever the order.
        tally.severity = tally.severity.max(bucket.severity);
        let factor = bucket.count * bucket.exposure.factor();
        match bucket.status {
            Status::Pass => tally.pass += bucket.count,
            Status::Fail => {
                tally.fail += bucket.count;
                tally.failing_factor += factor;
            }
            Status::Unknown => {
                tally.unknown += bucket.count;
                tally.unknown_factor += factor;
            }
            // No verdict is ever manual; a control is.
            Status::Manual => {}
        }
    }
    tallies
}

/// `Σ w` over the checks for which `loss` is defined.
fn weight(tallies: &BTreeMap<&CheckId, Tally>, loss: impl Fn(&Tally) -> Option<BigRational>) -> u64 {
    tallies.values().filter(|tally| loss(tally).is_some()).map(|tally| tally.severity.weight()).sum()
}

/// `100 · (1 − Σ w·φ / Σ w)`; none where nothing that weighs was counted.
fn points(
    tallies: &BTreeMap<&CheckId, Tally>,
    loss: impl Fn(&Tally) -> Option<BigRational>,
) -> Option<Points> {
    let total = weight(tallies, &loss);
    if total == 0 {
        return None;
    }
    let mut lost = BigRational::zero();
    for tally in tallies.values() {
        if let Some(loss) = loss(tally) {
            lost += loss * fraction(tally.severity.weight(), 1);
        }
    }
    let hundred = fraction(100, 1);
    Some(Points::from(&hundred - &hundred * lost / fraction(total, 1)))
}

fn cap(buckets: &[Bucket], posture: &Points) -> Option<Cap> {
    let open = buckets.iter().any(|bucket| {
        bucket.count > 0
            && bucket.status == Status::Fail
            && bucket.severity == Severity::Critical
            && bucket.exposure == Exposure::Internet
    });
    let cap = Cap::CriticalFromInternet;
    (open && *posture > Points::whole(cap.limit())).then_some(cap)
}

/// What each check with failures costs, dearest first.
fn parts(tallies: &BTreeMap<&CheckId, Tally>) -> Vec<Part> {
    let total = weight(tallies, Tally::loss);
    let mut parts: Vec<Part> = tallies
        .iter()
        .filter(|(_, tally)| tally.fail > 0)
        .map(|(check, tally)| {
            let unit = match total {
                0 => BigRational::zero(),
                total => {
                    fraction(100 * tally.severity.weight(), total)
                        / fraction(tally.decided().max(tally.failing_factor), 1)
                }
            };
            Part {
                check: (*check).clone(),
                severity: tally.severity,
                failing: tally.fail,
                decided: tally.decided(),
                unknown: tally.unknown,
                points: Points::from(&unit * fraction(tally.failing_factor, 1)),
                unit: Points::from(unit),
            }
        })
        .collect();
    parts.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.check.cmp(&b.check)));
    parts
}
