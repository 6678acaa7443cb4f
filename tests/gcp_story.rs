//! A scan of Google Cloud over real HTTP: what was planted is found and nothing else, what was denied is unknown, and no
//! secret is in anything that the program wrote.

mod bad_input;
mod denied;
mod planted;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use futures::StreamExt;
use nephoscope_model::{Coverage, CoverageState};
use nephoscope_scan::snapshot_file::SnapshotFile;
use nephoscope_scan::source::{Given, Source};
use nephoscope_simulator::{Fault, GoogleServer, Misbehaviour};
use serde_json::Value;
use tokio::runtime::Runtime;

use self::planted::{Found, Planted, canaries, label};
use crate::program::{Program, Run};

/// A simulated Google Cloud, and a program that has it as its target and its metadata server.
struct Story {
    server: GoogleServer,
    program: Program,
    runtime: Runtime,
}

impl Story {
    fn of(planted: &Planted, misbehaviour: Misbehaviour, more: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(GoogleServer::start(planted.estate(), misbehaviour));
        let program = Program::new();
        program.write("nephoscope.toml", &format!("{}{more}", target("web", &server.endpoint())));
        Self { server, program, runtime }
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

    /// The status of every finding, by check and resource.
    fn verdicts(&self) -> Verdicts {
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let all = self.findings("all");
        all.iter().map(|one| ((text(one, "check"), text(one, "resource")), text(one, "status"))).collect()
    }

    /// What the last scan says of its shards, by project and service.
    fn coverage(&self) -> BTreeMap<String, Coverage> {
        assert_eq!(self.run(&["snapshot", "export", "night.nepho"]).code, Some(0));
        let file = SnapshotFile::open(&self.program.folder().join("night.nepho")).unwrap();
        let coverage = self.runtime.block_on(async {
            let read = file.shards(file.shards.clone(), Given::default());
            read.map(|shard| {
                let shard = shard.unwrap();
                (format!("{}/{}", shard.key.account, shard.key.service), shard.coverage)
            })
            .collect()
            .await
        });
        fs::remove_file(self.program.folder().join("night.nepho")).unwrap();
        coverage
    }

    /// The shards that were not read whole, and how far they were.
    fn unread(&self) -> BTreeMap<String, CoverageState> {
        let states = self.coverage().into_iter().map(|(shard, coverage)| (shard, coverage.state));
        states.filter(|(_, state)| *state != CoverageState::Complete).collect()
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

/// Status by check and resource.
type Verdicts = BTreeMap<(String, String), String>;

/// The resources that have this status, by check.
fn with_status(verdicts: &Verdicts, wanted: &str) -> Found {
    let mut found = Found::new();
    for ((check, resource), _) in verdicts.iter().filter(|(_, status)| *status == wanted) {
        found.entry(check.clone()).or_default().insert(label(resource));
    }
    found
}

#[test]
fn a_scan_finds_what_is_planted_and_keeps_no_secret() {
    let planted = Planted::careless();
    let story = Story::of(&planted, Misbehaviour::default(), "");
    let scan =
        story.run(&["scan", "--budget", "1", "-vv", "--format", "json,csv,jsonl", "--output", "reports"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert_eq!(story.server.seen().unknown, BTreeMap::new(), "everything that is asked for is published");

    let verdicts = story.verdicts();
    same(&with_status(&verdicts, "FAIL"), &planted.fails);
    same(&with_status(&verdicts, "UNKNOWN"), &Found::new());
    let known = story.checks();
    for status in ["FAIL", "PASS"] {
        let found: BTreeSet<String> = with_status(&verdicts, status).into_keys().collect();
        assert_eq!(
            known.difference(&found).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "nothing has {status}"
        );
    }

    story.run(&["snapshot", "export", "night.nepho"]);
    let mut written =
        [scan.stdout, scan.stderr, format!("{:?}", story.findings("all"))].map(String::into_bytes).to_vec();
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

/// Kinds that only the inventory has, by the first part of their labels.
const OF_THE_INVENTORY: [&str; 6] =
    ["apps/", "backendServices/", "cryptoKeys/", "securityPolicies/", "services/default", "versions/"];

#[test]
fn without_the_inventory_each_service_says_the_same() {
    let planted = Planted::careless();
    let switched_off = Misbehaviour::default().always("cloudasset.*", Fault::ApiDisabled);
    let story = Story::of(&planted, switched_off, "");
    story.scan();
    assert_eq!(story.server.seen().unknown, BTreeMap::new(), "everything that is asked for is published");
    let mut expected = planted.fails;
    for failing in expected.values_mut() {
        failing.retain(|label| !OF_THE_INVENTORY.iter().any(|kind| label.starts_with(kind)));
    }
    // Whether a firewall stands in front decides whether the check speaks at all.
    expected.remove("gcp-run-default-url-on");
    expected.retain(|_, failing| !failing.is_empty());
    let verdicts = story.verdicts();
    same(&with_status(&verdicts, "FAIL"), &expected);

    // Load balancers are a way in where the ingress lets them, and nobody knows whether there are any.
    let functions = ["greedy", "lost", "orders", "right", "scribe"];
    let behind = ["echo", "importer", "inbox", "left", "plain", "reactor"];
    let services = functions.into_iter().chain(behind).chain(["front", "hall", "lobby"]);
    let unknown = [
        ("gcp-apigw-bypassable", BTreeSet::from(["configs/door".to_owned()])),
        ("gcp-func-timeout-max", functions.map(|name| format!("functions/{name}")).into()),
        ("gcp-run-default-url-on", services.map(|name| format!("services/{name}")).collect()),
        ("gcp-run-session-affinity-timeout", BTreeSet::from(["services/front".to_owned()])),
    ];
    same(&with_status(&verdicts, "UNKNOWN"), &unknown.map(|(check, uids)| (check.to_owned(), uids)).into());
    let unlisted = ["appengine", "cloudkms", "compute"];
    let unlisted =
        unlisted.iter().flat_map(|name| ["attic", "shop"].map(|project| format!("{project}/{name}")));
    assert_eq!(story.unread(), unlisted.map(|shard| (shard, CoverageState::Failed)).collect());
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
