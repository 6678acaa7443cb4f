//! Judging a whole estate: deterministic, three-valued, and honest about what is old.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use std::sync::LazyLock;

use nephoscope_catalogue::Catalogue;
use nephoscope_model::finding::{Evaluation, LastKnown, Verdict};
use nephoscope_model::{CheckId, Facet, FindingKey, PackedResource, Status, Uid};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::evaluate;
use proptest::prelude::*;
use serde_json::json;
use shop::Shop;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().unwrap());

fn judge(shop: &Shop) -> Evaluation {
    let estate = shop.estate();
    let derived = derive(&estate);
    evaluate(&estate, &derived, &CATALOGUE)
}

/// The verdict of `check` on the resource with this uid; none where it does not apply.
fn verdict<'e>(evaluation: &'e Evaluation, check: &str, uid: &str) -> Option<&'e Verdict> {
    let check = evaluation.checks.iter().position(|id| id.as_str() == check).unwrap();
    let resource = evaluation.resources.iter().position(|judged| judged.uid.as_str() == uid).unwrap();
    evaluation.verdicts.iter().find(|v| v.check as usize == check && v.resource as usize == resource)
}

const URL_AUTH: &str = "aws-lambda-url-auth-none";

#[test]
fn verdicts_are_ordered_and_counted() {
    let shop = Shop::of(400);
    let evaluation = judge(&shop);
    assert!(evaluation.verdicts.is_sorted_by_key(|verdict| (verdict.resource, verdict.check)));
    assert!(evaluation.checks.is_sorted());
    assert_eq!(evaluation.checks.len(), evaluation.severities.len());
    assert_eq!(evaluation.resources.len(), shop.resources.len());
    for status in [Status::Pass, Status::Fail] {
        assert!(evaluation.verdicts.iter().any(|verdict| verdict.status == status), "{status}");
    }
    for verdict in &evaluation.verdicts {
        assert_eq!(verdict.detail.is_none(), verdict.status == Status::Pass);
    }
    let asked: u64 = evaluation.not_applicable.values().sum::<u64>() + evaluation.verdicts.len() as u64;
    let kinds =
        |kind: &str| shop.resources.iter().filter(|r| r.resource.kind().as_str() == kind).count() as u64;
    let due: u64 = CATALOGUE
        .checks()
        .iter()
        .filter(|check| check.check.deprecated.is_none())
        .map(|check| kinds(check.check.kind.as_str()))
        .sum();
    assert_eq!(asked, due);
}

#[test]
fn what_is_read_decides_and_is_shown() {
    let open = Shop::with(vec![shop::function(13)]);
    let evaluation = judge(&open);
    let failed = verdict(&evaluation, URL_AUTH, &shop::arn(13)).unwrap();
    assert_eq!(failed.status, Status::Fail);
    let detail = failed.detail.as_ref().unwrap();
    assert!(detail.unreadable.is_empty());
    assert!(
        detail.evidence.iter().any(|e| e.path == "url.AuthType" && e.found == json!("NONE")),
        "{detail:?}"
    );
    assert!(verdict(&judge(&Shop::with(vec![shop::function(1)])), URL_AUTH, &shop::arn(1)).is_none());
}

#[test]
fn what_could_not_be_read_is_unknown_with_its_reason() {
    let dark = Shop::with(vec![shop::unread(shop::function(13), "url")]);
    let evaluation = judge(&dark);
    let unknown = verdict(&evaluation, URL_AUTH, &shop::arn(13)).unwrap();
    assert_eq!(unknown.status, Status::Unknown);
    let detail = unknown.detail.as_ref().unwrap();
    assert_eq!(detail.unreadable, [shop::denied("url")]);
    assert!(detail.evidence.iter().all(|evidence| !evidence.path.starts_with("url")));
    // Nothing else suffers from it.
    let code_signing = verdict(&evaluation, "aws-lambda-code-signing-missing", &shop::arn(13)).unwrap();
    assert_eq!(code_signing.status, Status::Fail);
}

#[test]
fn what_was_never_asked_is_unknown_too() {
    let mut function = shop::function(13);
    function.facets.remove("url");
    let evaluation = judge(&Shop::with(vec![function]));
    let detail = verdict(&evaluation, URL_AUTH, &shop::arn(13)).unwrap().detail.as_ref().unwrap();
    let reasons: Vec<(&str, &str)> =
        detail.unreadable.iter().map(|r| (r.facet.as_str(), r.error.as_str())).collect();
    assert_eq!(reasons, [("url", "NotCollected")]);
}

#[test]
fn a_key_that_the_provider_left_out_is_named() {
    let mut function = shop::function(13);
    function.facets.insert("url".to_owned(), Facet::Known(json!({"FunctionUrl": "https://x"})));
    let evaluation = judge(&Shop::with(vec![function]));
    let unknown = verdict(&evaluation, URL_AUTH, &shop::arn(13)).unwrap();
    let detail = unknown.detail.as_ref().unwrap();
    assert_eq!(unknown.status, Status::Unknown);
    assert_eq!(
        (detail.unreadable[0].facet.as_str(), detail.unreadable[0].error.as_str()),
        ("url.AuthType", "NoSuchKey")
    );
}

#[test]
fn a_resource_that_was_not_listed_is_unknown_with_what_was_known() {
    let mut shop = Shop::with(vec![shop::function(13)]).unlisted("lambda");
    let since = "2026-11-15T02:00:00Z".parse().unwrap();
    shop.resources[0].stale_since = Some(since);
    let key = FindingKey::of(&CheckId::from(URL_AUTH), &Uid::from(shop::arn(13)));
    shop.last_known.insert(key, Status::Fail);
    let evaluation = judge(&shop);
    assert!(evaluation.verdicts.iter().all(|verdict| verdict.status == Status::Unknown));
    let detail = verdict(&evaluation, URL_AUTH, &shop::arn(13)).unwrap().detail.as_ref().unwrap();
    assert_eq!(detail.last_known, Some(LastKnown { status: Status::Fail, since }));
    assert_eq!(detail.unreadable[0].error, "NotListed");
    assert_eq!(detail.unreadable[0].api, "lambda:List");
    assert_eq!(detail.unreadable[0].permission.as_deref(), Some("lambda:List"));
    // What did not apply the last time is not made a finding of.
    assert!(!evaluation.not_applicable.is_empty());
}

#[test]
fn a_packed_estate_is_judged_the_same() {
    let shop = Shop::of(200);
    let mut packed = shop.clone();
    for held in &mut packed.resources {
        held.resource = PackedResource::from(held.resource.open().into_owned()).into();
    }
    assert_eq!(judge(&packed), judge(&shop));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_the_input_does_not_matter(seed in any::<u64>()) {
        let shop = Shop::of(60);
        let mut shuffled = Shop { resources: Vec::new(), ..shop.clone() };
        let mut resources: Vec<_> = shop.resources.iter().map(|r| r.resource.open().into_owned()).collect();
        let mut state = seed;
        for i in (1..resources.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            resources.swap(i, (state >> 33) as usize % (i + 1));
        }
        shuffled.coverage.reverse();
        shuffled.add(resources);
        prop_assert_eq!(format!("{:?}", judge(&shop)), format!("{:?}", judge(&shuffled)));
    }

    /// Promise 1: a read that fails may make a verdict UNKNOWN, but never turns it into another decided one.
    #[test]
    fn a_failed_read_decides_nothing(number in 0usize..60, facet in any::<prop::sample::Index>()) {
        let shop = Shop::of(60);
        let before = judge(&shop);
        let mut dark = shop.clone();
        let position = number % dark.resources.len();
        let held = &mut dark.resources[position].resource;
        let resource = held.open().into_owned();
        let names: Vec<String> = resource.facets.keys().cloned().collect();
        let name = names[facet.index(names.len())].clone();
        *held = shop::unread(resource, &name).into();
        let after = judge(&dark);
        for judged in &after.verdicts {
            let (check, uid) = (&after.checks[judged.check as usize], &after.resources[judged.resource as usize].uid);
            let was = verdict(&before, check.as_str(), uid.as_str()).map(|verdict| verdict.status);
            prop_assert!(
                judged.status == Status::Unknown || Some(judged.status) == was,
                "{} on {}: {:?} became {} without {}", check, uid, was, judged.status, name
            );
        }
    }
}
