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
    let texts: Vec<_> = written.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    for canary in canaries() {
        assert!(!texts.iter().any(|text| text.contains(&canary)), "a planted secret was written down: {canary}");
    }
}

/// Checks that only settings decide, which are not read unless it is asked for, with the type of what they are about.
const OF_SETTINGS: [(&str, &str); 10] = [
    ("azure-func-connection-string-secret", "Microsoft.Web/sites"),
    ("azure-func-content-share-key", "Microsoft.Web/sites"),
    ("azure-func-host-runtime-old", "Microsoft.Web/sites"),
    ("azure-func-insights-missing", "Microsoft.Web/sites"),
    ("azure-func-keyvault-reference-broken", "Microsoft.Web/sites"),
    ("azure-func-package-url-sas", "Microsoft.Web/sites"),
    ("azure-func-setting-secret", "Microsoft.Web/sites"),
    ("azure-func-slot-prod-secrets", "Microsoft.Web/sites/slots"),
    ("azure-func-storage-key-connection", "Microsoft.Web/sites"),
    ("azure-func-storage-shared-apps", "Microsoft.Storage/storageAccounts"),
];

#[test]
fn without_settings_their_verdicts_are_unknown_and_no_other() {
    let runtime = Runtime::new().unwrap();
    let planted = Planted::careless();
    let server = started(&runtime, planted.estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), "");
    let scan = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(scan.code, Some(0), "what is not asked is no gap: {}", scan.stderr);
    let actions = server.seen().lines.into_iter().filter(|line| line.starts_with("POST /subscriptions/"));
    assert_eq!(actions.count(), 0, "no action is called");

    let mut unknown: Found =
        OF_SETTINGS.map(|(check, type_)| (check.to_owned(), planted.labels_of(type_))).into();
    // Only for a privileged app it matters who writes where it keeps its code, which settings say.
    unknown.insert("azure-func-storage-writers".to_owned(), BTreeSet::from(["sites/open".to_owned()]));
    assert_eq!(by_check(&program, "UNKNOWN"), unknown);
    for finding in findings(&program, "UNKNOWN") {
        let reasons = finding["unreadable"].as_array().unwrap();
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason["error"] == "NotAsked"), "{finding}");
    }
    let mut expected = planted.fails;
    expected.retain(|check, _| !unknown.contains_key(check));
    assert_eq!(by_check(&program, "FAIL"), expected);
}

#[test]
fn explore() {
    let runtime = Runtime::new().unwrap();
    let planted = Planted::part(&["plain", "open", "rumours"]);
    let server = started(&runtime, planted.estate(), Misbehaviour::default());
    let run = |program: &Program, arguments: &[&str]| {
        server.forget();
        let begun = std::time::Instant::now();
        let run = program.run(arguments);
        println!("$ {arguments:?} {:?} calls {} in {:?}\n{}\n--\n{}", run.code, server.seen().total(), begun.elapsed(), run.stdout, run.stderr);
    };
    let p = program(&server.endpoint(), "");
    run(&p, &["scan", "shop", "--plan"]);
    println!("{:#?}", server.seen().lines);
    run(&p, &["targets", "test"]);
    run(&p, &["scan"]);
    println!("{:#?}", server.seen().calls);
    server.misbehave(Misbehaviour::default().always("GET */config/web*", Fault::Denied));
    run(&p, &["targets", "test"]);
    run(&p, &["scan"]);
    println!("{}", findings(&p, "UNKNOWN")[0]);
    println!("{:#?}", by_check(&p, "UNKNOWN").keys());
    println!("{}", findings(&p, "all").iter().filter(|f| f["state"] == "resolved").count());
    server.misbehave(Misbehaviour::default().always("Microsoft.ResourceGraph/*", Fault::Denied));
    run(&p, &["scan", "--min-coverage", "1"]);
    println!("{}", findings(&p, "all").iter().filter(|f| f["state"] == "resolved").count());
    println!("{}", findings(&p, "FAIL")[0]);
    println!("{}", findings(&p, "UNKNOWN")[0]);
    let mut at: BTreeMap<String, u32> = BTreeMap::new();
    for f in findings(&p, "all") { *at.entry(format!("{} {} {}", f["status"], f["state"], f["stale"])).or_default() += 1; }
    println!("{at:#?}");
    run(&p, &["targets", "test"]);
    for fault in [
        Misbehaviour::default().share("*", 0.3, Fault::Throttled(Some(1))),
        Misbehaviour::default().first_tries("GET */subscriptions/*", 1, Fault::ExpiredCredentials),
        Misbehaviour::default().always("GET */config/web*", Fault::ExpiredCredentials),
        Misbehaviour::default().from_call("*", 20, Fault::ExpiredCredentials),
        Misbehaviour::default().always("token", Fault::Denied),
        Misbehaviour::default().always("GET */config/web*", Fault::ApiDisabled),
        Misbehaviour::default().always("Microsoft.Security/*", Fault::ApiDisabled),
        Misbehaviour::default().always("GET */config/web*", Fault::Html),
        Misbehaviour::default().always("GET */config/web*", Fault::Malformed),
        Misbehaviour::default().always("GET */functions?*", Fault::RepeatedToken),
        Misbehaviour::default().always("GET */functions?*", Fault::NextElsewhere),
        Misbehaviour::default().always("Microsoft.ResourceGraph/*", Fault::RepeatedToken),
        Misbehaviour::default().always("Microsoft.ResourceGraph/*", Fault::Html),
        Misbehaviour::default().always("*", Fault::Html),
        Misbehaviour::default().always("GET */subscriptions?*", Fault::Html),
        Misbehaviour::default().always("GET */subscriptions?*", Fault::RepeatedToken),
        Misbehaviour::default().always("GET */subscriptions?*", Fault::NextElsewhere),
        Misbehaviour::default().always("GET */subscriptions?*", Fault::Denied),
        Misbehaviour::default().always("GET */config/web*", Fault::Changed("/properties/ftpsState".into(), Some("Sideways".into()))),
        Misbehaviour::default().always("GET */config/web*", Fault::Changed("/properties/minTlsVersion".into(), None)),
        Misbehaviour::default().always("GET */config/web*", Fault::Changed("/properties".into(), None)),
        Misbehaviour::default().always("Microsoft.ResourceGraph/*", Fault::Changed("/data/*/properties".into(), None)),
        Misbehaviour::default().always("Microsoft.ResourceGraph/*", Fault::Changed("/data/*/id".into(), None)),
    ] {
        println!("======== {fault:?}");
        server.misbehave(fault);
        let p = program(&server.endpoint(), "");
        run(&p, &["scan"]);
        let all = p.run(&["findings", "--status", "all", "--format", "jsonl"]);
        let mut at: BTreeMap<String, u32> = BTreeMap::new();
        for f in all.stdout.lines() {
            let f: Value = serde_json::from_str(f).unwrap();
            *at.entry(f["status"].to_string()).or_default() += 1;
            for r in f["unreadable"].as_array().into_iter().flatten() { if r["error"] != "NotAsked" {
            *at.entry(format!("{} {} {}", r["api"], r["error"], r["permission"])).or_default() += 1; }}
        }
        println!("{at:#?}");
    }
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
