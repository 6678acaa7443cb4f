//! A scan that is stopped, politely or not, goes on where it was.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::moto::Moto;
use crate::nights;
use crate::program::Program;
use crate::wire::Wire;

/// How long the stand-in takes for each policy while it is slow: longer than the test needs to send a signal.
const SLOW: Duration = Duration::from_millis(200);
/// How many scans of the real program are killed, which takes long to load; `killed` adds those of a cloud, to 200.
const KILLS: usize = 16;
/// Where the random instants begin: the same ones on every run, as far as a clock allows.
const SEED: u64 = 20_261_121;

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

/// An instant of a scan: so long after it said that so many shards are committed.
///
/// Counting from what the scan says keeps an instant where it belongs, on a machine that is slow at the moment too.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub committed: usize,
    pub after: Duration,
}

#[test]
fn killed_at_any_instant_a_scan_leaves_nothing_twice_and_nothing_half() {
    let program = Program::new();
    nights::plant(&program);
    let old = program.run(&["scan", "--from", nights::OLD, "--store", "sqlite:old.db", "--format", "json"]);
    assert_eq!(old.code, Some(0), "{}", old.stderr);
    let old: serde_json::Value = serde_json::from_str(&old.stdout).unwrap();
    let old = old["scan"]["id"].as_str().unwrap();

    begin(&program, "whole");
    let pauses = pauses(&program, "whole");
    assert!(pauses.len() > 2, "{pauses:?}");
    let (whole, _) = resume(&program, "whole");
    nights::assert_findings_once(&whole);
    let seen = [false, true].map(|export| look(&program, "whole", old, export));

    let mut chance = Chance(SEED);
    let moments: Vec<Moment> = (0..KILLS).map(|round| moment(&mut chance, &pauses, round)).collect();
    let (next, halves) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let rounds = || {
        while let round = next.fetch_add(1, Ordering::Relaxed)
            && let Some(&moment) = moments.get(round)
        {
            let store = format!("killed{round}");
            begin(&program, &store);
            kill(&program, &store, moment);
            // Every fourth is killed once more while it resumes.
            let again = (round % 4 == 0).then(|| moments[KILLS - 1 - round]);
            again.inspect(|again| kill(&program, &store, *again));
            let (resumed, half) = resume(&program, &store);
            halves.fetch_add(usize::from(half), Ordering::Relaxed);
            let same = resumed == whole && look(&program, &store, old, round % 2 == 1) == seen[round % 2];
            assert!(same, "{store}.db, killed at {moment:?} and {again:?}, is not that of a whole scan");
        }
    };
    // Two at a time: one waits while the other computes.
    thread::scope(|scope| {
        scope.spawn(rounds);
        scope.spawn(rounds);
    });
    assert!(halves.into_inner() > 0, "no scan was killed while half done: {moments:?}");
}

/// Gives a scan a store in which an older night is judged already, so that it ends intervals too.
fn begin(program: &Program, store: &str) {
    fs::copy(program.folder().join("old.db"), program.folder().join(format!("{store}.db"))).unwrap();
}

fn start(program: &Program, store: &str) -> (Child, impl Iterator<Item = String>) {
    let store = format!("sqlite:{store}.db");
    let mut command = program.command(&["scan", "--from", nights::NEW, "--store", &store, "-v"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    (child, lines.filter(|line| line.contains("shard ") && line.contains("committed")))
}

/// Runs a scan to its end, and tells how long each shard took to be committed, and how long the rest took.
fn pauses(program: &Program, store: &str) -> Vec<Duration> {
    let mut last = Instant::now();
    let mut pause = || {
        let passed = last.elapsed();
        last += passed;
        passed
    };
    let (mut child, lines) = start(program, store);
    let mut pauses: Vec<Duration> = lines.map(|_| pause()).collect();
    assert!(child.wait().unwrap().success());
    pauses.push(pause());
    pauses
}

/// Any instant of the whole scan in even rounds; in odd ones any shard with the same chance, for shards are short.
pub fn moment(chance: &mut Chance, pauses: &[Duration], round: usize) -> Moment {
    let share = chance.share();
    if round % 2 == 1 {
        let committed = (chance.share() * pauses.len() as f64) as usize;
        return Moment { committed, after: pauses[committed].mul_f64(share) };
    }
    let mut after = pauses.iter().sum::<Duration>().mul_f64(share);
    let mut committed = 0;
    while committed + 1 < pauses.len() && after >= pauses[committed] {
        after -= pauses[committed];
        committed += 1;
    }
    Moment { committed, after }
}

/// Runs a scan and kills it at `moment`, unless it has ended by then.
fn kill(program: &Program, store: &str, moment: Moment) {
    let (mut child, mut lines) = start(program, store);
    if moment.committed > 0 {
        // A scan that is resumed says less: it is killed at its end at the latest.
        lines.nth(moment.committed - 1);
    }
    thread::sleep(moment.after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Scans to the end; gives every finding with score and coverage, and whether a scan was left half done.
fn resume(program: &Program, store: &str) -> (String, bool) {
    let url = format!("sqlite:{store}.db");
    let run = program.run(&["scan", "--from", nights::NEW, "--format", "json", "-v", "--store", &url]);
    assert_eq!(run.code, Some(0), "{store}: {}", run.stderr);
    (run.stdout, run.stderr.contains("resuming a scan that was left half done"))
}

/// What else can be seen of a store: what changed since the old night, or an export of every resource.
fn look(program: &Program, store: &str, old: &str, export: bool) -> Vec<u8> {
    let (url, file) = (format!("sqlite:{store}.db"), format!("{store}.nepho"));
    let arguments: &[&str] = match export {
        false => &["drift", old, "--format", "json", "--store", &url],
        true => &["snapshot", "export", &file, "--store", &url],
    };
    let run = program.run(arguments);
    assert_eq!(run.code, Some(0), "{store}: {arguments:?}: {}", run.stderr);
    if export { fs::read(program.folder().join(file)).unwrap() } else { run.stdout.into_bytes() }
}

/// Numbers that look like chance and are the same on every run: SplitMix64.
pub struct Chance(pub u64);

impl Chance {
    /// A number from 0 up to 1.
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
