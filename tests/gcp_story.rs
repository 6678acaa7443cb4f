//! A scan of Google Cloud over real HTTP: what was planted is found and nothing else, what was denied is unknown, and no
//! secret is in anything that the program wrote.

mod planted;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use nephoscope_simulator::{Fault, GoogleServer, Misbehaviour};
use serde_json::Value;
use tokio::runtime::Runtime;

use self::planted::{Found, Planted, canaries, label};
use crate::program::{Program, Run};

/// A simulated Google Cloud, and a program that has it as its target and its metadata server.
struct Story {
    server: GoogleServer,
    program: Program,
    _runtime: Runtime,
}

impl Story {
    fn of(planted: &Planted, misbehaviour: Misbehaviour, more: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(GoogleServer::start(planted.estate(), misbehaviour));
        let program = Program::new();
        program.write("nephoscope.toml", &format!("{}{more}", target("web", &server.endpoint())));
        Self { server, program, _runtime: runtime }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.program.command(arguments);
        command.env("GCE_METADATA_HOST", self.server.endpoint().trim_start_matches("http://"));
        self.program.run_command(command)
    }

    fn scan(&self) -> Run {
        let scan = self.run(&["scan", "--budget", "1"]);
        assert_eq!(scan.code, Some(0), "{}", scan.stderr);
        scan
    }

    fn findings(&self, status: &str) -> Vec<Value> {
        lines(&self.run(&["findings", "--status", status, "--format", "jsonl"]))
    }

    /// The findings with this status: labels of resources by check.
    fn by_check(&self, status: &str) -> Found {
        let mut found = Found::new();
        for finding in self.findings(status) {
            let text = |key: &str| finding[key].as_str().unwrap();
            found.entry(text("check").to_owned()).or_default().insert(label(text("resource")));
        }
        found
    }

    /// The ids of the checks of Google Cloud.
    fn checks(&self) -> BTreeSet<String> {
        let run = self.run(&["checks", "list", "gcp-*", "--format", "jsonl"]);
        lines(&run).iter().map(|check| check["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// A target of this name.
fn target(name: &str, endpoint: &str) -> String {
    format!("[[target]]\nname = \"{name}\"\nprovider = \"gcp\"\nendpoint_url = \"{endpoint}\"\n")
}

#[test]
fn a_scan_finds_what_is_planted_and_keeps_no_secret() {
    let planted = Planted::careless();
    let story = Story::of(&planted, Misbehaviour::default(), "");
    let scan =
        story.run(&["scan", "--budget", "1", "-vv", "--format", "json,csv,jsonl", "--output", "reports"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert_eq!(story.server.seen().unknown, BTreeMap::new(), "everything that is asked for is published");

    same(&story.by_check("FAIL"), &planted.fails);
    same(&story.by_check("UNKNOWN"), &Found::new());
    let known = story.checks();
    assert_eq!(
        planted.fails.into_keys().collect::<BTreeSet<_>>(),
        known,
        "every check has something to find"
    );
    assert_eq!(
        story.by_check("PASS").into_keys().collect::<BTreeSet<_>>(),
        known,
        "and something to let pass"
    );

    story.run(&["snapshot", "export", "night.nepho"]);
    let verdicts = story.run(&["findings", "--status", "all", "--format", "jsonl"]);
    let mut written = [scan.stdout, scan.stderr, verdicts.stdout].map(String::into_bytes).to_vec();
    whole(story.program.folder(), &mut written);
    assert!(written.len() > 5, "store, reports and snapshot were written");
    let texts: Vec<_> = written.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    for canary in canaries() {
        assert!(
            !texts.iter().any(|text| text.contains(&canary)),
            "a planted secret was written down: {canary}"
        );
    }
}

/// Holds what was found against what was planted, and names only where they differ.
fn same(found: &Found, expected: &Found) {
    let pairs = |all: &Found| -> BTreeSet<(String, String)> {
        all.iter().flat_map(|(check, uids)| uids.iter().map(|uid| (check.clone(), uid.clone()))).collect()
    };
    let (found, expected) = (pairs(found), pairs(expected));
    let (more, less) = (found.difference(&expected), expected.difference(&found));
    assert!(
        found == expected,
        "too many: {:#?}\nmissing: {:#?}",
        more.collect::<Vec<_>>(),
        less.collect::<Vec<_>>()
    );
}

#[test]
fn rig() {
    let whole = Planted::careless();
    let off = Misbehaviour::default().always("cloudasset.*", Fault::ApiDisabled);
    let story = Story::of(&whole, off, "");
    let begun = std::time::Instant::now();
    let scan = story.scan();
    println!("==== OFF {:?} {}", begun.elapsed(), scan.stderr);
    println!("{}", scan.stdout.lines().take(30).collect::<Vec<_>>().join("\n"));
    let found = story.by_check("FAIL");
    for (check, uids) in &whole.fails {
        let less: Vec<_> =
            uids.iter().filter(|uid| !found.get(check).is_some_and(|f| f.contains(*uid))).collect();
        if !less.is_empty() {
            println!("missing {check} {less:?}");
        }
    }
    for (check, uids) in &found {
        let more: Vec<_> =
            uids.iter().filter(|uid| !whole.fails.get(check).is_some_and(|f| f.contains(*uid))).collect();
        if !more.is_empty() {
            println!("more {check} {more:?}");
        }
    }
    println!("UNKNOWN {:#?}", story.by_check("UNKNOWN"));
    println!("{:?}", story.server.seen().calls);

    let part = Planted::part(&["plain", "echo", "lobby", "greedy"]);
    let of = |m: Misbehaviour| Story::of(&part, m, "");
    let at = |story: &Story| {
        let mut at: BTreeMap<String, u32> = BTreeMap::new();
        for f in story.findings("all") {
            *at.entry(format!("{} {}", f["status"], f["state"])).or_default() += 1;
            for r in f["unreadable"].as_array().into_iter().flatten() {
                *at.entry(format!("{} {} {} {}", r["facet"], r["api"], r["error"], r["permission"]))
                    .or_default() += 1;
            }
        }
        at
    };
    let good = of(Misbehaviour::default());
    let begun = std::time::Instant::now();
    println!("==== GOOD {}", good.scan().stderr);
    println!("{:?} {:#?} {:?}", begun.elapsed(), at(&good), good.server.seen().calls);
    for (name, m) in [
        (
            "policies",
            Misbehaviour::default()
                .always("*getIamPolicy", Fault::Denied)
                .always("GET *contentType=IAM_POLICY*", Fault::Denied),
        ),
        ("run off", Misbehaviour::default().always("run.*", Fault::ApiDisabled)),
        ("throttled1", Misbehaviour::default().share("*", 0.3, Fault::Throttled(None))),
        ("throttled2", Misbehaviour::default().share("*", 0.3, Fault::Throttled(Some(1)))),
        ("expired midway", Misbehaviour::default().from_call("*", 15, Fault::ExpiredCredentials)),
        (
            "enum",
            Misbehaviour::default().always(
                "cloudasset.*",
                Fault::Changed(
                    "/assets/*/resource/data/serviceConfig/ingressSettings".into(),
                    Some("SIDEWAYS".into()),
                ),
            ),
        ),
        (
            "missing",
            Misbehaviour::default()
                .always("cloudasset.*", Fault::Changed("/assets/*/resource/data".into(), None)),
        ),
        (
            "missing2",
            Misbehaviour::default()
                .always("cloudasset.*", Fault::Changed("/assets/*/resource/data/serviceConfig".into(), None)),
        ),
        (
            "missing3",
            Misbehaviour::default().always("cloudasset.*", Fault::Changed("/assets/*/name".into(), None)),
        ),
        ("repeated", Misbehaviour::default().always("cloudasset.*", Fault::RepeatedToken)),
        ("repeated all", Misbehaviour::default().always("*", Fault::RepeatedToken)),
        ("html", Misbehaviour::default().always("cloudasset.*", Fault::Html)),
        ("html all", Misbehaviour::default().always("*", Fault::Html)),
        ("cut", Misbehaviour::default().always("cloudasset.*", Fault::CutOff)),
        ("malformed", Misbehaviour::default().always("cloudasset.*", Fault::Malformed)),
        ("no metadata", Misbehaviour::default().always("metadata", Fault::Vanished)),
        ("search html", Misbehaviour::default().always("*projects.search", Fault::Html)),
        ("search denied", Misbehaviour::default().always("*projects.search", Fault::Denied)),
        ("search cut", Misbehaviour::default().always("*projects.search", Fault::CutOff)),
        ("search 401", Misbehaviour::default().always("*projects.search", Fault::ExpiredCredentials)),
    ] {
        let story = of(m);
        let begun = std::time::Instant::now();
        let run = story.run(&["scan", "--budget", "1"]);
        println!("======== {name} {:?} {:?} {}", begun.elapsed(), run.code, run.stderr);
        let all = story.run(&["findings", "--status", "all", "--format", "jsonl"]);
        if all.code == Some(0) {
            println!("{:#?}", at(&story));
        }
        println!("{:?}", story.server.seen().calls.values().sum::<u64>());
    }
    let plan = good.run(&["scan", "--plan"]);
    println!("PLAN {:?} {}{}\n{:?}", plan.code, plan.stdout, plan.stderr, good.server.seen().calls);
    good.server.misbehave(
        Misbehaviour::default()
            .always("run.*.getIamPolicy", Fault::Denied)
            .always("*serviceAccounts.keys.list", Fault::Denied),
    );
    let test = good.run(&["targets", "test"]);
    println!("TEST {:?} {}{}", test.code, test.stdout, test.stderr);
    good.server.misbehave(Misbehaviour::default().always("cloudasset.*", Fault::Denied));
    let test = good.run(&["targets", "test"]);
    println!("TEST {:?} {}{}", test.code, test.stdout, test.stderr);
}

fn lines(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every file below `folder`, compressed ones also as what they hold.
fn whole(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            whole(&path, found);
        } else {
            let bytes = fs::read(&path).unwrap();
            found.extend(zstd::decode_all(bytes.as_slice()));
            found.push(bytes);
        }
    }
}
