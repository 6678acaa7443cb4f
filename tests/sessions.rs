//! What a scan is signed with and by which clock: credentials that end while it runs, and a time that is not AWS's.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nephoscope_simulator::{Cloud, Estate, Misbehaviour};
use tokio::runtime::Runtime;

use crate::program::Program;
use crate::wire::{Answer, Request, Wire};

/// How far the machine's clock is off, as seen from the stand-in for AWS.
const OFF: SignedDuration = SignedDuration::from_hours(3);
/// What AWS tolerates.
const TOLERATED: SignedDuration = SignedDuration::from_mins(5);

/// A cloud behind a wire that lives as long as the test.
fn cloud(runtime: &Runtime, misbehaviour: Misbehaviour) -> Cloud {
    runtime.block_on(Cloud::start(Estate::of_functions(6).with_rest_apis(1), misbehaviour))
}

fn address(cloud: &Cloud) -> std::net::SocketAddr {
    cloud.endpoint().trim_start_matches("http://").parse().unwrap()
}

/// When a request was signed.
fn signed(request: &Request) -> Timestamp {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", request.header("x-amz-date")).unwrap();
    time.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// A time as HTTP writes it.
fn date(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn skewed() -> Answer {
    Answer::error(
        403,
        "RequestTimeTooSkewed",
        "the difference between the request time and ours is too large",
    )
}

/// A scan that is only well where all was read, of services that the stand-in knows whole.
const WHOLE: [&str; 13] = [
    "scan",
    "--budget",
    "1",
    "--min-coverage",
    "1",
    "--service",
    "lambda",
    "--service",
    "apigateway",
    "--service",
    "iam",
    "--service",
    "logs",
];

#[test]
fn a_clock_that_is_wrong_is_set_right_by_the_first_refusal() {
    let runtime = Runtime::new().unwrap();
    let cloud = cloud(&runtime, Misbehaviour::default());
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let wire = Wire::to(address(&cloud), move |request| {
        let now = Timestamp::now() + OFF;
        let is_off = now.duration_since(signed(request)).abs() > TOLERATED;
        is_off.then(|| {
            count.fetch_add(1, Ordering::Relaxed);
            skewed().at(date(now))
        })
    });
    let run = Program::new().with_cloud(&wire.endpoint()).run(&WHOLE);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("not read:"), "{}", run.stderr);
    assert_eq!(refused.load(Ordering::Relaxed), 1, "the first answer tells the time for all others");
}

#[test]
fn a_refusal_that_tells_no_time_is_said_with_help() {
    let runtime = Runtime::new().unwrap();
    let cloud = cloud(&runtime, Misbehaviour::default());
    for told in [None, Some(Timestamp::now())] {
        let wire =
            Wire::to(address(&cloud), move |_| Some(told.map_or_else(skewed, |now| skewed().at(date(now)))));
        let run = Program::new().with_cloud(&wire.endpoint()).run(&WHOLE);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains("cause: RequestTimeTooSkewed"), "{}", run.stderr);
        assert!(run.stderr.contains("that the clock is right"), "{}", run.stderr);
        assert!(!run.stderr.contains("allow "), "no permission would help: {}", run.stderr);
    }
}

#[test]
fn a_time_that_comes_with_other_answers_is_not_believed() {
    let runtime = Runtime::new().unwrap();
    let cloud = cloud(&runtime, Misbehaviour::default());
    let furthest = Arc::new(Mutex::new(SignedDuration::ZERO));
    let seen = Arc::clone(&furthest);
    let wire = Wire::to(address(&cloud), move |request| {
        let off = Timestamp::now().duration_since(signed(request)).abs();
        let mut seen = seen.lock().unwrap();
        *seen = off.max(*seen);
        let denied = || Answer::denied("no identity-based policy allows it").at(date(Timestamp::now() - OFF));
        request.path.ends_with("/policy").then(denied)
    });
    let run = Program::new().with_cloud(&wire.endpoint()).run(&["scan", "--budget", "1"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("allow lambda:GetPolicy"), "{}", run.stderr);
    assert!(*furthest.lock().unwrap() < TOLERATED);
}

#[test]
fn credentials_that_end_while_it_scans_are_renewed() {
    let runtime = Runtime::new().unwrap();
    let slow = Misbehaviour::default().with_latency(Duration::from_millis(700));
    let cloud = cloud(&runtime, slow);
    let keys: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&keys);
    let wire = Wire::to(address(&cloud), move |request| {
        let signature = request.header("authorization");
        let key = signature.split("Credential=").nth(1).and_then(|rest| rest.split('/').next());
        let key = key.unwrap_or_default().to_owned();
        let mut keys = seen.lock().unwrap();
        if keys.last() != Some(&key) {
            keys.push(key);
        }
        None
    });
    let program = Program::new();
    // Each session ends after three seconds; it is renewed some seconds before, at an instant drawn by chance.
    program.write(
        "session.sh",
        "n=$(($(cat count 2>/dev/null || echo 0) + 1)); echo $n > count\n\
         printf '{\"Version\": 1, \"AccessKeyId\": \"SESSION%d\", \"SecretAccessKey\": \"secret\", \"SessionToken\": \"token\", \"Expiration\": \"%s\"}' \
         $n $(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)\n",
    );
    let script = program.folder().join("session.sh").display().to_string();
    let profile = format!(
        "[default]\nregion = eu-west-1\nendpoint_url = {}\ncredential_process = sh {script}\n",
        wire.endpoint()
    );
    program.write(".aws/config", &profile);
    let run = program.run(&WHOLE);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("not read:"), "{}", run.stderr);
    let asked: usize = fs::read_to_string(program.folder().join("count")).unwrap().trim().parse().unwrap();
    let keys = keys.lock().unwrap();
    // A busy machine may break off the one call that a session was asked for.
    let used: BTreeSet<&String> = keys.iter().collect();
    assert!(used.len() + 1 >= asked, "of {asked} sessions more than one was not used: {keys:?}");
    assert!(used.len() > 1, "the scan was over before the first session ended: {keys:?}");
    let issued: BTreeSet<String> = (1..=asked).map(|session| format!("SESSION{session}")).collect();
    assert!(used.into_iter().all(|key| issued.contains(key)), "{keys:?} of {issued:?}");
}
