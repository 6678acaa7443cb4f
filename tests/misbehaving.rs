//! A cloud that misbehaves: what a scan makes of it is late, partial or unknown, and never wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use nephoscope_simulator::{Cloud, Estate, Fault, Misbehaviour, Seen};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::{Program, Run};

/// Few enough that the published quotas, which every scan keeps, let all of it be read at once.
const FUNCTIONS: usize = 12;

/// A cloud beside the test, and the program that scans it.
struct Story {
    runtime: Runtime,
    cloud: Cloud,
    program: Program,
}

impl Story {
    fn begin(misbehaviour: Misbehaviour) -> Self {
        let runtime = Runtime::new().unwrap();
        let estate = Estate::of_functions(FUNCTIONS).with_rest_apis(2);
        let cloud = runtime.block_on(Cloud::start(estate, misbehaviour));
        let program = Program::new().with_cloud(&cloud.endpoint());
        Self { runtime, cloud, program }
    }

    /// Scans, and gives the calls that it took.
    fn scan(&self, code: i32) -> (Run, Seen) {
        self.cloud.forget();
        let run = self.program.run(&["scan", "--budget", "1"]);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        (run, self.cloud.seen())
    }

    fn misbehave(&self, misbehaviour: Misbehaviour) {
        let _runtime = self.runtime.enter();
        self.cloud.misbehave(misbehaviour);
    }

    /// Every verdict: check, resource and status.
    fn verdicts(&self) -> BTreeSet<(String, String, String)> {
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let all = self.lines(&["findings", "--status", "all"]);
        all.iter()
            .map(|finding| (text(finding, "check"), text(finding, "resource"), text(finding, "status")))
            .collect()
    }

    fn resources(&self) -> BTreeSet<String> {
        self.lines(&["resources"]).iter().map(|row| row["uid"].as_str().unwrap().to_owned()).collect()
    }

    fn lines(&self, command: &[&str]) -> Vec<Value> {
        let run = self.program.run(&[command, &["--format", "jsonl"]].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Verdicts with this status on resources whose uid holds `part`.
fn with_status<'a>(
    verdicts: &'a BTreeSet<(String, String, String)>,
    part: &'a str,
    status: &'a str,
) -> impl Iterator<Item = &'a (String, String, String)> {
    verdicts.iter().filter(move |(_, uid, found)| uid.contains(part) && found == status)
}

#[test]
fn what_is_throttled_is_asked_again_and_found_all_the_same() {
    let story = Story::begin(Misbehaviour::default());
    let (_, calm) = story.scan(0);
    let expected = story.verdicts();
    assert!(expected.len() > 100, "{} verdicts", expected.len());
    assert_eq!(calm.throttled.values().sum::<u64>(), 0);

    let crowded = Story::begin(Misbehaviour::default().share("*", 0.3, Fault::Throttled(None)));
    let (_, calls) = crowded.scan(0);
    let throttled = calls.throttled.values().sum::<u64>();
    assert!(throttled > 20, "{:?}", calls.throttled);
    // Whichever calls the share falls on: with three in ten refused, that is 1.43 times the calls.
    assert_eq!(calls.total(), calm.total() + throttled, "each is asked again as often as it was refused");
    assert_eq!(crowded.verdicts(), expected);
}

#[test]
fn a_listing_that_fails_deletes_nothing_and_resolves_nothing() {
    let story = Story::begin(Misbehaviour::default());
    story.scan(0);
    let (resources, verdicts) = (story.resources(), story.verdicts());
    let failing: Vec<_> = with_status(&verdicts, ":function:", "FAIL").collect();
    assert!(!failing.is_empty());

    for fault in [
        Fault::Denied,
        Fault::DeniedByOrganization,
        Fault::RegionDisabled,
        Fault::ExpiredCredentials,
        Fault::Malformed,
        Fault::CutOff,
        Fault::Html,
        Fault::Reset,
        Fault::RepeatedToken,
    ] {
        story.misbehave(Misbehaviour::default().always("lambda:ListFunctions", fault.clone()));
        let (run, _) = story.scan(0);
        assert_eq!(story.resources(), resources, "{fault:?}: {}", run.stderr);
        let now = story.verdicts();
        for (check, uid, _) in &failing {
            let passes = now.contains(&(check.clone(), uid.clone(), "PASS".to_owned()));
            let still = now.iter().any(|(other, resource, _)| other == check && resource == uid);
            assert!(still && !passes, "{fault:?}: {check} on {uid} was resolved");
        }
    }

    story.misbehave(Misbehaviour::default());
    story.scan(0);
    assert_eq!(story.verdicts(), verdicts, "when the cloud behaves again, everything is as it was");
}

#[test]
fn a_page_that_names_itself_ends_the_listing_and_marks_it() {
    let story = Story::begin(Misbehaviour::default().always("lambda:ListFunctions", Fault::RepeatedToken));
    let (run, calls) = story.scan(0);
    assert!(calls.calls["lambda:ListFunctions"] <= 6, "{:?}", calls.calls);
    assert!(run.stderr.contains("lambda:ListFunctions Malformed"), "{}", run.stderr);
    let narrow = story.program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(narrow.code, Some(4), "{}", narrow.stderr);
}

#[test]
fn what_vanishes_between_listing_and_reading_is_left_out() {
    let gone = "function-00005";
    let vanishing = Misbehaviour::default().about("lambda:*", gone, Fault::Vanished);
    let story = Story::begin(vanishing);
    let (run, _) = story.scan(0);
    let resources = story.resources();
    assert!(!resources.iter().any(|uid| uid.ends_with(&format!(":function:{gone}"))), "{}", run.stderr);
    let functions = resources.iter().filter(|uid| uid.contains(":function:")).count();
    assert_eq!(functions, FUNCTIONS - 1);
}

#[test]
fn credentials_that_expire_midway_leave_an_honest_rest() {
    let story =
        Story::begin(Misbehaviour::default().from_call("lambda:GetPolicy", 8, Fault::ExpiredCredentials));
    let (run, _) = story.scan(0);
    assert!(run.stderr.contains("lambda:GetPolicy ExpiredTokenException"), "{}", run.stderr);
    let verdicts = story.verdicts();
    let policy = |status: &str| {
        with_status(&verdicts, ":function:", status)
            .filter(|(check, ..)| check == "aws-lambda-policy-public")
            .count()
    };
    assert!(policy("UNKNOWN") > 0, "{verdicts:?}");
    assert_eq!(policy("UNKNOWN") + policy("PASS") + policy("FAIL"), FUNCTIONS);
}

#[test]
fn an_answer_without_end_and_one_that_never_comes_are_given_up() {
    let story =
        Story::begin(Misbehaviour::default().always("lambda:GetAccountSettings", Fault::Oversized).about(
            "lambda:GetPolicy",
            "function-00003",
            Fault::Late(Duration::from_millis(700)),
        ));
    let (run, _) = story.scan(0);
    assert!(run.stderr.contains("lambda:GetAccountSettings"), "{}", run.stderr);
    let verdicts = story.verdicts();
    let late = "arn:aws:lambda:eu-west-1:123456789012:function:function-00003";
    let known = |status: &str| {
        verdicts.contains(&("aws-lambda-policy-public".to_owned(), late.to_owned(), status.to_owned()))
    };
    assert!(known("PASS") || known("FAIL"), "late is not too late");
}

#[test]
fn a_connection_that_stays_silent_is_given_up_and_the_rest_is_read() {
    // One try is waited for thirty seconds, and a second one answers: a connection that is half open hangs no scan.
    let story =
        Story::begin(Misbehaviour::default().first_tries("lambda:GetAccountSettings", 1, Fault::Silence));
    let began = std::time::Instant::now();
    let (run, calls) = story.scan(0);
    let took = began.elapsed();
    assert!(!run.stderr.contains("lambda:GetAccountSettings"), "{}", run.stderr);
    assert_eq!(calls.calls["lambda:GetAccountSettings"], 2);
    assert!((Duration::from_secs(30)..Duration::from_secs(60)).contains(&took), "{took:?}");
}

#[test]
fn every_call_that_is_made_is_one_that_the_role_allows() {
    let story = Story::begin(Misbehaviour::default());
    let (_, calls) = story.scan(0);
    let declared: BTreeSet<&str> = nephoscope_collect::actions().into_iter().collect();
    // The simulator names calls after what they are signed for, which is not always what they are counted under.
    let operation =
        |name: &str| name.split_once(':').map_or(name.to_owned(), |(_, operation)| operation.to_owned());
    let operations: BTreeSet<String> = declared.iter().map(|name| operation(name)).collect();
    for name in calls.calls.keys().filter(|name| !name.contains(":GET /") && !name.contains(":POST /")) {
        assert!(operations.contains(&operation(name)), "{name} is called and not declared");
    }
}
