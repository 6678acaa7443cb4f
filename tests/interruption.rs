//! A scan that is stopped, politely or not, goes on where it was.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::moto::Moto;
use crate::program::Program;
use crate::wire::Wire;

/// How long the stand-in takes for each policy while it is slow: longer than the test needs to send a signal.
const SLOW: Duration = Duration::from_millis(200);

#[test]
fn ctrl_c_ends_with_130_and_the_next_scan_resumes() {
    assert_eq!(stopped_by("-INT"), Some(130));
}

#[test]
fn a_killed_scan_resumes_at_the_last_committed_shard() {
    assert_eq!(stopped_by("-KILL"), None, "a signal leaves no exit code");
}

/// Stops a scan after its first shard, scans again, and gives the exit code of the one that was stopped.
fn stopped_by(signal: &str) -> Option<i32> {
    let moto = Moto::start();
    moto.plant();
    let slow = Arc::new(AtomicBool::new(true));
    let is_slow = Arc::clone(&slow);
    let wire = Wire::to(moto.address, move |request| {
        if is_slow.load(Ordering::Relaxed) && request.path.contains("/policy") {
            thread::sleep(SLOW);
        }
        None
    });
    let program = Program::new().with_cloud(&wire.endpoint());

    let mut child = program
        .command(&["scan", "--budget", "1", "-v"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.find(|line| line.contains("shard 1 of")).expect("a shard is committed");
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    // The pipe is read to its end, so that the program is never blocked on it.
    let rest: Vec<String> = lines.collect();
    let code = child.wait().unwrap().code();
    assert!(!rest.iter().any(|line| line.contains("scan finished")), "{first}\n{rest:?}");

    slow.store(false, Ordering::Relaxed);
    let again = program.run(&["scan", "--budget", "1", "-v"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("resuming a scan that was left half done"), "{}", again.stderr);
    assert!(!again.stderr.contains("shard 1 of"), "a committed shard was read again: {}", again.stderr);
    let lines = program.run(&["findings", "--status", "all", "--format", "jsonl"]).stdout;
    let mut keys: Vec<&str> =
        lines.lines().filter_map(|line| line.split("\"key\":\"").nth(1)?.get(..32)).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert!(all > 100 && keys.len() == all, "{all} findings, {} keys", keys.len());
    code
}
