//! The laws of the score, over arbitrary buckets.

use nephoscope_model::finding::{Exposure, Status};
use nephoscope_model::ident::CheckId;
use nephoscope_model::score::{Bucket, Cap, Score};
use nephoscope_model::{Points, Severity};
use nephoscope_posture::score::score;
use proptest::prelude::*;

/// Few checks, so that buckets of one check meet; its number decides the severity, as in a catalogue.
fn bucket() -> impl Strategy<Value = Bucket> {
    (0usize..7, 0usize..3, 0usize..4, 0u64..40).prop_map(|(check, status, exposure, count)| Bucket {
        check: CheckId::from(format!("check-{check}")),
        severity: Severity::ALL[check % Severity::ALL.len()],
        status: [Status::Pass, Status::Fail, Status::Unknown][status],
        exposure: Exposure::ALL[exposure],
        count,
    })
}

fn buckets() -> impl Strategy<Value = Vec<Bucket>> {
    prop::collection::vec(bucket(), 0..40)
}

fn one(of: &Bucket, status: Status) -> Bucket {
    Bucket { status, count: 1, ..of.clone() }
}

/// `buckets` with one verdict of the bucket at `position` turned into `status`.
fn turned(buckets: &[Bucket], position: usize, status: Status) -> Vec<Bucket> {
    let mut turned = buckets.to_vec();
    turned[position].count -= 1;
    turned.push(one(&buckets[position], status));
    turned
}

fn no_higher(after: &Score, before: &Score) {
    for (after, before) in [
        (&after.posture, &before.posture),
        (&after.reported, &before.reported),
        (&after.low, &before.low),
        (&after.high, &before.high),
    ] {
        if let (Some(after), Some(before)) = (after, before) {
            assert!(after <= before, "{after} is higher than {before}");
        }
    }
    assert!(after.debt >= before.debt);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn posture_and_parts_add_up_to_exactly_100(buckets in buckets()) {
        let score = score(&buckets);
        if let Some(posture) = score.posture {
            let lost: Points = score.parts.iter().map(|part| part.points.clone()).sum();
            prop_assert_eq!(posture + lost, Points::whole(100));
        }
    }

    #[test]
    fn the_posture_lies_in_its_range_between_0_and_100(buckets in buckets()) {
        let score = score(&buckets);
        if let Some(posture) = score.posture {
            let (low, high) = (score.low.unwrap(), score.high.unwrap());
            prop_assert!(Points::zero() <= low && low <= posture && posture <= high && high <= Points::whole(100));
            let reported = score.reported.unwrap();
            prop_assert!(reported <= posture);
            prop_assert_eq!(reported < posture, score.cap.is_some());
        }
    }

    #[test]
    fn order_and_splitting_of_buckets_do_not_matter(buckets in buckets(), seed in any::<u64>()) {
        let mut shuffled: Vec<Bucket> = buckets
            .iter()
            .flat_map(|bucket| {
                let half = Bucket { count: bucket.count / 2, ..bucket.clone() };
                let rest = Bucket { count: bucket.count - bucket.count / 2, ..bucket.clone() };
                [half, rest]
            })
            .collect();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(score(&buckets), score(&shuffled));
    }

    #[test]
    fn fixing_one_finding_never_lowers(buckets in buckets(), pick in any::<prop::sample::Index>()) {
        let failing: Vec<usize> = (0..buckets.len())
            .filter(|&i| buckets[i].status == Status::Fail && buckets[i].count > 0)
            .collect();
        if !failing.is_empty() {
            let position = failing[pick.index(failing.len())];
            no_higher(&score(&buckets), &score(&turned(&buckets, position, Status::Pass)));
        }
    }

    #[test]
    fn a_passing_finding_that_fails_never_raises(buckets in buckets(), pick in any::<prop::sample::Index>()) {
        let passing: Vec<usize> = (0..buckets.len())
            .filter(|&i| buckets[i].status == Status::Pass && buckets[i].count > 0)
            .collect();
        if !passing.is_empty() {
            let position = passing[pick.index(passing.len())];
            no_higher(&score(&turned(&buckets, position, Status::Fail)), &score(&buckets));
        }
    }

    #[test]
    fn a_new_failure_never_raises(buckets in buckets(), new in bucket()) {
        let mut more = buckets.clone();
        more.push(one(&new, Status::Fail));
        let (before, after) = (score(&buckets), score(&more));
        if let (Some(before), Some(after)) = (&before.posture, &after.posture) {
            prop_assert!(after <= before);
        }
        if let (Some(before), Some(after)) = (&before.low, &after.low) {
            prop_assert!(after <= before);
        }
        prop_assert!(after.debt >= before.debt);
    }

    #[test]
    fn unknown_only_widens_the_range(buckets in buckets(), new in bucket()) {
        let mut more = buckets.clone();
        more.push(one(&new, Status::Unknown));
        let (before, after) = (score(&buckets), score(&more));
        prop_assert_eq!(&before.posture, &after.posture);
        if before.posture.is_some() {
            prop_assert!(after.low <= before.low);
            prop_assert!(after.high >= before.high);
        }
    }

    #[test]
    fn undecided_verdicts_alone_have_no_posture(buckets in buckets()) {
        let undecided: Vec<Bucket> =
            buckets.into_iter().map(|bucket| Bucket { status: Status::Unknown, ..bucket }).collect();
        let score = score(&undecided);
        prop_assert_eq!(score.posture, None);
        prop_assert_eq!(score.reported, None);
        prop_assert_eq!(score.decided, 0);
        if let (Some(low), Some(high)) = (score.low, score.high) {
            prop_assert_eq!((low, high), (Points::zero(), Points::whole(100)));
        }
    }
}

fn verdicts(check: &str, severity: Severity, status: Status, exposure: Exposure, count: u64) -> Bucket {
    Bucket { check: CheckId::from(check), severity, status, exposure, count }
}

#[test]
fn an_empty_scope_has_no_score() {
    let score = score(&[]);
    assert_eq!((score.posture, score.low, score.high, score.reported), (None, None, None, None));
    assert_eq!((score.debt, score.decided, score.unknown, score.parts), (0, 0, 0, vec![]));
}

#[test]
fn informational_verdicts_alone_have_no_score() {
    let score = score(&[verdicts("note", Severity::Informational, Status::Fail, Exposure::Internet, 3)]);
    assert_eq!((score.posture, score.low, score.high), (None, None, None));
    assert_eq!((score.debt, score.decided), (0, 3));
    assert!(score.parts[0].points.is_zero());
}

#[test]
fn the_figures_follow_the_formula() {
    // High (9): 1 of 10 fails inside the account, φ = 1/10. Medium (3): 2 of 4 fail from the internet, F = 8, φ = 1.
    let score = score(&[
        verdicts("high", Severity::High, Status::Fail, Exposure::Internal, 1),
        verdicts("high", Severity::High, Status::Pass, Exposure::Internal, 9),
        verdicts("medium", Severity::Medium, Status::Fail, Exposure::Internet, 2),
        verdicts("medium", Severity::Medium, Status::Pass, Exposure::Internal, 2),
    ]);
    assert_eq!(score.posture, Points::ratio(675, 10));
    assert_eq!(score.debt, 9 + 3 * 8);
    let parts: Vec<(&str, String, String)> = score
        .parts
        .iter()
        .map(|part| (part.check.as_str(), part.points.to_string(), part.unit.to_string()))
        .collect();
    assert_eq!(
        parts,
        [("medium", "25".to_owned(), "3.125".to_owned()), ("high", "7.5".to_owned(), "7.5".to_owned())]
    );
}

#[test]
fn a_critical_failure_from_the_internet_caps_what_is_reported() {
    let open = |exposure| {
        score(&[
            verdicts("url", Severity::Critical, Status::Fail, exposure, 1),
            verdicts("url", Severity::Critical, Status::Pass, Exposure::Internal, 99),
        ])
    };
    let capped = open(Exposure::Internet);
    assert_eq!(capped.posture, Some(Points::whole(96)));
    assert_eq!(capped.reported, Some(Points::whole(69)));
    assert_eq!(capped.cap, Some(Cap::CriticalFromInternet));
    let inside = open(Exposure::Internal);
    assert_eq!((inside.reported, inside.cap), (Some(Points::whole(99)), None));
}
