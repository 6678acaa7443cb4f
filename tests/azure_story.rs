//! A scan of Azure over real HTTP: what was planted is found and nothing else, what was denied or not asked is unknown,
//! and no secret is in anything that the program wrote.

mod bad_input;
mod planted;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use nephoscope_simulator::{AZURE_TENANT, AzureEstate, AzureServer, Fault, Misbehaviour};
use serde_json::Value;
use tokio::runtime::Runtime;

use self::planted::{Found, Planted, SECRET, canaries, label};
use crate::program::{Program, Run};

/// A target of this name with whatever else it is told.
fn target(name: &str, endpoint: &str, more: &str) -> String {
    format!(
        "[[target]]\nname = \"{name}\"\nprovider = \"azure\"\nauth = \"secret\"\ntenant = \"{AZURE_TENANT}\"\n\
         client_id = \"{AZURE_TENANT}\"\nclient_secret_file = \"secret\"\nendpoint_url = \"{endpoint}\"\n{more}\n"
    )
}

/// The program with one target.
fn program(endpoint: &str, more: &str) -> Program {
    let program = Program::new();
    program.write("nephoscope.toml", &target("shop", endpoint, more));
    program.write("secret", SECRET);
    program
}

fn started(runtime: &Runtime, estate: AzureEstate, misbehaviour: Misbehaviour) -> AzureServer {
    runtime.block_on(AzureServer::start(estate, misbehaviour))
}

#[test]
fn a_scan_finds_what_is_planted_and_keeps_no_secret() {
    let runtime = Runtime::new().unwrap();
    let planted = Planted::careless();
    let server = started(&runtime, planted.estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), "tier = \"code\"");
    let scan =
        program.run(&["scan", "--budget", "1", "-vv", "--format", "json,csv,jsonl", "--output", "reports"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert_eq!(server.seen().unknown, BTreeMap::new(), "everything that is asked for is published");

    assert_eq!(by_check(&program, "FAIL"), planted.fails);
    assert_eq!(by_check(&program, "UNKNOWN"), Found::new(), "everything was read");
    let known: BTreeSet<String> = checks(&program);
    let failing: BTreeSet<String> = planted.fails.into_keys().collect();
    assert_eq!(failing, known, "every check of Azure has something to find");

    program.run(&["snapshot", "export", "night.nepho"]);
    let verdicts = program.run(&["findings", "--status", "all", "--format", "jsonl"]);
    let mut written = [scan.stdout, scan.stderr, verdicts.stdout].map(String::into_bytes).to_vec();
    whole(program.folder(), &mut written);
    assert!(written.len() > 5, "store, reports and snapshot were written");
    for canary in canaries() {
        let seen =
            written.iter().any(|bytes| bytes.windows(canary.len()).any(|window| window == canary.as_bytes()));
        assert!(!seen, "a planted secret was written down: {canary}");
    }
}

/// Checks that only settings decide, which are not read unless it is asked for.
const OF_SETTINGS: [&str; 3] = ["", "", ""];

#[test]
fn without_settings_their_verdicts_are_unknown_and_no_other() {
    let runtime = Runtime::new().unwrap();
    let planted = Planted::careless();
    let server = started(&runtime, planted.estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), "");
    let scan = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(scan.code, Some(0), "what is not asked is no gap: {}", scan.stderr);
    assert!(!server.seen().lines.iter().any(|line| line.starts_with("POST /subscriptions/")), "no action is called");

    let unknown = findings(&program, "UNKNOWN");
    for finding in &unknown {
        let reasons = finding["unreadable"].as_array().unwrap();
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason["error"] == "NotAsked"), "{finding}");
    }
    let mut expected = planted.fails.clone();
    let of_settings: BTreeSet<&str> = OF_SETTINGS.into();
    expected.retain(|check, _| !of_settings.contains(check.as_str()));
    println!("{:#?}", by_check(&program, "UNKNOWN"));
    assert_eq!(by_check(&program, "FAIL"), expected);
}

/// The ids of the checks of Azure.
fn checks(program: &Program) -> BTreeSet<String> {
    let run = program.run(&["checks", "list", "azure-*", "--format", "jsonl"]);
    lines(&run).iter().map(|check| check["id"].as_str().unwrap().to_owned()).collect()
}

/// The findings with this status: labels of resources by check.
fn by_check(program: &Program, status: &str) -> Found {
    let mut found = Found::new();
    for finding in findings(program, status) {
        let text = |key: &str| finding[key].as_str().unwrap();
        found.entry(text("check").to_owned()).or_default().insert(label(text("resource")));
    }
    found
}

fn findings(program: &Program, status: &str) -> Vec<Value> {
    lines(&program.run(&["findings", "--status", status, "--format", "jsonl"]))
}

fn lines(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every file below `folder` but the secret that the test wrote itself, compressed ones also as what they hold.
fn whole(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            whole(&path, found);
        } else if !path.ends_with("secret") {
            let bytes = fs::read(&path).unwrap();
            found.extend(zstd::decode_all(bytes.as_slice()));
            found.push(bytes);
        }
    }
}
