//! What may not be read, or not now, or not here: verdicts that need it are unknown, and nothing passes for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nephoscope_model::CoverageState;
use nephoscope_simulator::{Fault, Misbehaviour};
use serde_json::{Value, json};

use super::planted::Planted;
use super::{Story, with_status};

/// A few functions and services with what they need.
fn part() -> Planted {
    Planted::part(&["plain", "echo", "lobby"])
}

/// The inventory is switched off, so that each service is asked.
fn without_inventory() -> Misbehaviour {
    Misbehaviour::default().always("cloudasset.*", Fault::ApiDisabled)
}

/// Checks that cannot decide without policies on this part of the estate.
const OF_POLICIES: [&str; 26] = [
    "gcp-appengine-default-sa-editor",
    "gcp-artifact-repo-public",
    "gcp-audit-data-access-off",
    "gcp-audit-exempted-members",
    "gcp-func-code-writers",
    "gcp-func-public-admin",
    "gcp-func-public-invoker",
    "gcp-func-sa-deploy-manager",
    "gcp-func-sa-disrupt-logging",
    "gcp-func-sa-primitive-role",
    "gcp-func-sa-privesc",
    "gcp-func-sa-secret-any",
    "gcp-func-sa-storage-any",
    "gcp-func-sa-token-creator",
    "gcp-func-source-bucket-no-ubla",
    "gcp-func-source-bucket-public",
    "gcp-func-source-bucket-writers",
    "gcp-func-timeout-max",
    "gcp-func-trigger-topic-public",
    "gcp-kms-function-key-public",
    "gcp-pubsub-admin-broad",
    "gcp-pubsub-subscription-public",
    "gcp-pubsub-topic-public",
    "gcp-run-public-invoker",
    "gcp-sa-separation-of-duties",
    "gcp-secret-public",
];

#[test]
fn without_policies_what_needs_them_is_unknown_and_names_the_permission() {
    let story = Story::of(&part(), Misbehaviour::default(), "");
    story.scan();
    let before = story.verdicts();
    // Neither the inventory nor any service shows a policy.
    let refused = Misbehaviour::default().always("*getIamPolicy", Fault::Denied);
    story.server.misbehave(refused.always("GET *contentType=IAM_POLICY*", Fault::Denied));
    story.scan();
    let after = story.verdicts();
    for (finding, status) in &after {
        let known = before.get(finding);
        assert!(status == "UNKNOWN" || known == Some(status), "{finding:?} was {known:?} and is {status}");
    }
    let gone: Vec<_> = before.keys().filter(|finding| !after.contains_key(finding)).collect();
    assert!(gone.is_empty(), "{gone:?}");
    let checks: BTreeSet<String> = with_status(&after, "UNKNOWN").into_keys().collect();
    assert_eq!(checks, OF_POLICIES.map(str::to_owned).into());
    for finding in story.findings("UNKNOWN") {
        for unread in finding["unreadable"].as_array().unwrap() {
            let permission = unread["permission"].as_str().unwrap_or_default();
            assert!(permission.ends_with(".getIamPolicy"), "{finding:#}");
        }
    }
}

#[test]
fn a_refused_search_of_projects_names_the_permission_and_not_the_network() {
    let story =
        Story::of(&Planted::part(&[]), Misbehaviour::default().always("*projects.search", Fault::Denied), "");
    let scan = story.run(&["scan"]);
    assert_eq!(scan.code, Some(1), "{}", scan.stderr);
    for text in [
        "list the projects of Google Cloud",
        "help: give the credentials `resourcemanager.projects.get` by the role of `nephoscope permissions gcp`",
    ] {
        assert!(scan.stderr.contains(text), "{}", scan.stderr);
    }
    assert!(!scan.stderr.contains("network"), "{}", scan.stderr);
}

#[test]
fn an_api_that_is_switched_off_is_no_missing_permission() {
    let mut planted = part();
    planted.disabled = vec![("run.googleapis.com", "attic"), ("firestore.googleapis.com", "attic")];
    let story = Story::of(&planted, without_inventory(), "");
    story.scan();
    let coverage = story.coverage();
    for shard in ["attic/run", "attic/firestore"] {
        assert_eq!(coverage[shard].state, CoverageState::Disabled, "{shard}");
        assert!(coverage[shard].errors.iter().all(|error| error.permission.is_none()), "{shard}");
    }
    for shard in ["shop/run", "attic/cloudfunctions"] {
        assert_eq!(coverage[shard].state, CoverageState::Complete, "{shard}");
    }
    let test = story.run(&["targets", "test"]);
    assert!(test.stdout.contains("no permission is missing"), "{}", test.stdout);
}

/// Scans with nearly a third of the calls throttled.
fn throttled(wait: Option<u64>) {
    let few = "services = [\"cloudfunctions\", \"secretmanager\", \"storage\"]\n";
    let story = Story::of(&part(), without_inventory(), few);
    story.scan();
    let (whole, calls) = (story.verdicts(), story.server.seen().total());
    assert!(whole.len() > 50 && calls > 12, "{} verdicts in {calls} calls", whole.len());
    // Tokens are no calls of a service.
    let slow = without_inventory().always("metadata", Fault::Late(Duration::ZERO));
    story.server.misbehave(slow.share("*", 0.3, Fault::Throttled(wait)));
    story.server.forget();
    story.scan();
    let seen = story.server.seen();
    assert!(seen.throttled.values().sum::<u64>() >= 3, "{:?}", seen.throttled);
    assert_eq!(story.verdicts(), whole);
    assert!(seen.total() * 2 <= calls * 3, "{} calls where {calls} were enough", seen.total());
}

#[test]
fn throttled_calls_are_made_again_and_not_many_more() {
    throttled(None);
}

#[test]
fn throttled_calls_are_made_again_when_the_provider_says() {
    throttled(Some(1));
}

#[test]
fn places_that_do_not_answer_resolve_nothing() {
    let mut planted = part();
    let story = Story::of(&planted, without_inventory(), "services = [\"cloudfunctions\"]\n");
    story.scan();
    let of_plain = || -> BTreeMap<String, usize> {
        let mut known = BTreeMap::new();
        for finding in story.findings("all") {
            if finding["resource"].as_str().unwrap().ends_with("/functions/plain")
                && finding["status"] != "PASS"
            {
                *known.entry(format!("{} {}", finding["status"], finding["state"])).or_default() += 1;
            }
        }
        known
    };
    let before = of_plain();
    assert!(before["\"FAIL\" \"new\""] > 10, "{before:?}");

    planted.resources.retain(|address, _| !address.contains("/functions/plain"));
    story.server.show(planted.estate());
    let unreachable = Fault::Changed("/unreachable".to_owned(), Some(json!(["europe-west1"])));
    story.server.misbehave(without_inventory().always("cloudfunctions.*.functions.list", unreachable));
    story.scan();
    let coverage = &story.coverage()["attic/cloudfunctions"];
    assert!(!coverage.listed && coverage.state != CoverageState::Complete, "{coverage:?}");
    let after = of_plain();
    assert!(after.keys().all(|known| known.starts_with("\"UNKNOWN\"")), "{after:?}");
    assert!(after.values().sum::<usize>() >= before.values().sum(), "{after:?}, and {before:?} before");

    // Once the place answers again, what is gone is gone.
    story.server.misbehave(without_inventory());
    story.scan();
    assert_eq!(of_plain(), BTreeMap::new());
}

#[test]
fn a_plan_makes_no_call_for_details() {
    let story = Story::of(&part(), Misbehaviour::default(), "");
    let plan = story.run(&["scan", "--plan"]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    assert!(plan.stdout.contains("no detail was asked"), "{}", plan.stdout);
    let calls = story.server.seen().calls;
    let of_lists =
        |call: &&String| ["list", "search", "metadata"].contains(&call.rsplit('.').next().unwrap());
    let details: Vec<_> = calls.keys().filter(|call| !of_lists(call)).collect();
    assert!(details.is_empty() && calls["cloudasset.assets.list"] == 4, "{calls:?}");
}

#[test]
fn a_test_of_the_target_names_what_is_missing_and_what_that_blinds() {
    let misbehaviour = Misbehaviour::default().always("cloudasset.*", Fault::Denied);
    let story = Story::of(&part(), misbehaviour.always("run.*.getIamPolicy", Fault::Denied), "");
    let test = story.run(&["targets", "test", "--format", "json"]);
    assert_eq!(test.code, Some(4), "{}", test.stderr);
    let test: Value = serde_json::from_str(&test.stdout).unwrap();
    let missing = test["targets"][0]["missing"].as_array().unwrap();
    let blinded = |permission: &str| -> Vec<&str> {
        let one = missing.iter().find(|one| one["permission"] == permission);
        let checks =
            one.unwrap_or_else(|| panic!("{permission} is not named: {test:#}"))["checks"].as_array();
        checks.unwrap().iter().filter_map(Value::as_str).collect()
    };
    assert_eq!(missing.len(), 2, "{test:#}");
    assert_eq!(blinded("run.services.getIamPolicy"), ["gcp-func-public-admin", "gcp-func-public-invoker"]);
    let of_inventory = blinded("cloudasset.assets.listResource");
    for check in ["gcp-appengine-iap-off", "gcp-kms-function-key-public", "gcp-run-cloud-armor-missing"] {
        assert!(of_inventory.contains(&check), "{check} is not among {of_inventory:?}");
    }
}
