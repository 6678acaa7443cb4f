//! The second night: what is proved unchanged is not asked again, and whatever changed is found all the same.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use nephoscope_simulator::{Cloud, Estate, Fault, Misbehaviour, Seen};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::{Program, Run};

/// Enough that what every scan asks once does not outweigh what it asks of each function.
const FUNCTIONS: usize = 300;
/// Few enough to be read whole within seconds at the published quotas.
const FEW: usize = 60;

struct Story {
    _runtime: Runtime,
    cloud: Cloud,
    program: Program,
}

impl Story {
    fn begin(estate: Estate) -> Self {
        let runtime = Runtime::new().unwrap();
        let cloud = runtime.block_on(Cloud::start(estate, Misbehaviour::default()));
        let program = Program::new().with_cloud(&cloud.endpoint());
        Self { _runtime: runtime, cloud, program }
    }

    /// Scans, and gives the calls that it took.
    fn scan(&self) -> (Run, Seen) {
        self.cloud.forget();
        let run = self.program.run(&["scan", "--budget", "1"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        (run, self.cloud.seen())
    }

    fn findings(&self) -> Vec<Value> {
        let run = self.program.run(&["findings", "--status", "all", "--format", "jsonl"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What findings say: check, resource, status, evidence and reach.
fn said(findings: &[Value]) -> BTreeSet<String> {
    let keys = ["check", "resource", "status", "evidence", "unreadable", "reachable"];
    findings.iter().map(|finding| keys.map(|key| finding[key].to_string()).join(" ")).collect()
}

fn of_lambda(seen: &Seen) -> u64 {
    seen.calls.iter().filter(|(name, _)| name.starts_with("lambda:")).map(|(_, count)| count).sum()
}

fn estate(functions: usize) -> Estate {
    Estate::of_functions(functions).with_rest_apis(10)
}

#[test]
fn a_night_after_takes_a_third_of_the_calls_and_finds_the_same_as_a_full_read() {
    let story = Story::begin(estate(FUNCTIONS));
    let (_, first) = story.scan();
    assert!(of_lambda(&first) * 10 <= 32 * FUNCTIONS as u64, "{:?}", first.calls);
    assert!(story.findings().iter().all(|finding| finding.get("carried").is_none()), "all of it is fresh");

    // 2 % are deployed again; between the nights somebody opens the policy of another function.
    let changed = estate(FUNCTIONS).with_changes(FUNCTIONS / 50).with_open_policies(&[13]);
    story.cloud.show(changed.clone());
    let (run, second) = story.scan();
    // Both scans are of one day; on the next one, a seventh of the functions is read again besides.
    let seventh = 3 * FUNCTIONS as u64 / 7;
    let (total, lambda) = (second.total() + seventh, of_lambda(&second) + seventh);
    assert!(total * 3 <= first.total(), "{total} of {}: {:?}", first.total(), second.calls);
    assert!(lambda * 10 <= 13 * FUNCTIONS as u64, "{:?}", second.calls);
    assert!(second.calls["lambda:GetPolicy"] >= FUNCTIONS as u64 / 50, "{:?}", second.calls);
    assert_eq!(second.calls.get("apigateway:GetExport"), None, "what is deployed is what was deployed");
    assert!(
        second.calls["cloudtrail:LookupEvents"] > 0 && !run.stderr.contains("read again"),
        "{}",
        run.stderr
    );

    let findings = story.findings();
    let opened = findings.iter().find(|finding| {
        finding["check"] == "aws-lambda-policy-public"
            && finding["resource"].as_str().unwrap().ends_with(":function:function-00013")
    });
    assert_eq!(opened.unwrap()["status"], "FAIL", "an event names it");
    let whole = Story::begin(changed);
    whole.scan();
    assert_eq!(said(&findings), said(&whole.findings()));

    let carried = |finding: &&Value| finding["carried"]["policy"].is_string();
    assert!(
        findings.iter().filter(carried).count() > FUNCTIONS / 2,
        "its age stands beside what is carried over"
    );
}

#[test]
fn where_events_may_not_be_looked_up_everything_is_read_again() {
    let story = Story::begin(estate(FEW));
    let (_, first) = story.scan();
    story.cloud.misbehave(Misbehaviour::default().always("cloudtrail:LookupEvents", Fault::Denied));
    story.cloud.show(estate(FEW).with_open_policies(&[13]));
    let (run, second) = story.scan();
    assert_eq!(second.calls["lambda:GetPolicy"], FEW as u64);
    assert_eq!(of_lambda(&second), of_lambda(&first));
    assert_eq!(second.calls["cloudtrail:LookupEvents"], 1, "one refusal says enough");
    assert!(run.stderr.contains("cloudtrail:LookupEvents would save calls"), "{}", run.stderr);
    let unread = |line: &str| line.starts_with("not read") && line.contains("/lambda ");
    assert!(!run.stderr.lines().any(unread), "nothing is missing for it: {}", run.stderr);
    let whole = Story::begin(estate(FEW).with_open_policies(&[13]));
    whole.scan();
    assert_eq!(said(&story.findings()), said(&whole.findings()));
}

#[test]
fn what_was_unreadable_is_asked_again() {
    let story = Story::begin(estate(FEW));
    story.cloud.misbehave(Misbehaviour::default().always("lambda:GetPolicy", Fault::Denied));
    story.scan();
    story.cloud.misbehave(Misbehaviour::default());
    let (_, second) = story.scan();
    assert_eq!(second.calls["lambda:GetPolicy"], FEW as u64);
    assert_eq!(second.calls.get("lambda:GetFunction"), None, "{:?}", second.calls);
    let whole = Story::begin(estate(FEW));
    whole.scan();
    assert_eq!(said(&story.findings()), said(&whole.findings()));
}

#[test]
fn a_second_night_that_is_killed_is_resumed_to_the_same_findings() {
    let story = Story::begin(estate(FEW));
    story.scan();
    let changed = estate(FEW).with_changes(3).with_open_policies(&[13, 14]);
    story.cloud.show(changed.clone());
    for wait in [300, 1500, 4000] {
        let mut scan = story.program.command(&["scan", "--budget", "1"]);
        let mut child = scan.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    story.scan();
    let whole = Story::begin(changed);
    whole.scan();
    assert_eq!(said(&story.findings()), said(&whole.findings()));
}
