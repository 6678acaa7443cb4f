//! A scan of a live AWS API over real HTTP: what was planted is found and nothing else, what was denied is unknown,
//! and no secret is in anything that the program wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::moto::Moto;
use crate::program::{Program, Run};
use crate::wire::{Answer, Wire};

/// The functions whose policy may not be read in the second story.
const DENIED: usize = 3;

#[test]
fn a_scan_finds_what_is_planted_and_keeps_no_secret() {
    let moto = Moto::start();
    let planted = moto.plant();
    let wire = Wire::to(moto.address, |_| None);
    let program = Program::new().with_cloud(&wire.endpoint());

    let scan =
        program.run(&["scan", "--budget", "1", "-vv", "--format", "json,csv,jsonl", "--output", "reports"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    let found = failing(&program.run(&["findings", "--status", "FAIL", "--format", "jsonl"]));
    for (check, uids) in expected(&planted) {
        assert_eq!(found.get(&check).cloned().unwrap_or_default(), uids, "{check}");
    }

    let apis = planted["rest_apis"].as_object().unwrap().len();
    let calls = calls(&scan, &program);
    let seen = wire.calls();
    let of = |api: &str| calls.get(api).copied().unwrap_or_default();
    for (api, path) in [
        ("lambda:GetPolicy", "GET /2015-03-31/functions/*/policy"),
        ("lambda:GetRuntimeManagementConfig", "GET /2021-07-20/functions/*/runtime-management-config"),
    ] {
        assert_eq!(
            seen.get(path).map(|count| *count as u64),
            Some(of(api)),
            "coverage counts what was sent: {seen:?}"
        );
    }
    // Every function is read once by itself, in whichever file it was planted. What Lambda has beside functions, and
    // its layers, is asked for as often as there is something of it.
    let functions = of("lambda:GetFunction");
    assert!(functions >= planted["functions"].as_object().unwrap().len() as u64, "{calls:?}");
    let beside = ["Layer", "Microvm", "WebFunction", "CapacityProvider", "ResourcePolicy"];
    let about_functions =
        |api: &str| api.starts_with("lambda:") && !beside.iter().any(|word| api.contains(word));
    let spent: u64 = calls.iter().filter(|(api, _)| about_functions(api)).map(|(_, count)| count).sum();
    assert!(spent * 10 <= functions * 32, "at most 3.2 Lambda calls per function: {calls:?}");
    let listed = wire.count("GET /restapis/*/resources") as u64;
    assert_eq!(calls.get("apigateway:GetResources"), Some(&listed), "{seen:?}");
    let own = ["GetStages", "GetExport", "GetResources", "GetRequestValidators"];
    let own: u64 = own.iter().filter_map(|api| calls.get(&format!("apigateway:{api}"))).sum();
    assert!(own * 10 <= apis as u64 * 26, "at most 2.6 calls per REST API, listings aside: {calls:?}");

    // The store's documents are compressed: the snapshot holds every facet of it, the export every verdict.
    program.run(&["snapshot", "export", "night.nepho"]);
    let verdicts = program.run(&["findings", "--status", "all", "--format", "jsonl"]);
    let texts = [&scan.stdout, &scan.stderr, &verdicts.stdout].map(|text| text.as_bytes().to_vec());
    let written = files(program.folder()).into_iter().map(|path| whole(&path));
    let written: Vec<Vec<u8>> = written.chain(texts).collect();
    assert!(written.len() > 5, "store, reports and snapshot were written");
    for canary in planted["canaries"].as_array().unwrap() {
        let canary = canary.as_str().unwrap().as_bytes();
        let seen = written.iter().any(|bytes| bytes.windows(canary.len()).any(|window| window == canary));
        assert!(!seen, "a planted secret was written down");
    }
}

#[test]
fn a_denied_read_is_unknown_with_the_permission_and_never_passes() {
    let moto = Moto::start();
    let planted = moto.plant();
    let names: BTreeSet<String> =
        planted["functions"].as_object().unwrap().keys().take(DENIED).cloned().collect();
    let denied = names.clone();
    let wire = Wire::to(moto.address, move |request| {
        let is_policy = request.path.split('?').next().is_some_and(|path| path.ends_with("/policy"));
        let named = denied.iter().any(|name| request.path.contains(&format!("{name}/policy")));
        (request.method == "GET" && is_policy && named).then(|| {
            Answer::denied(
                "User: arn:aws:iam::123456789012:user/x is not authorized to perform: lambda:GetPolicy",
            )
        })
    });
    let program = Program::new().with_cloud(&wire.endpoint());
    let scan = program.run(&["scan", "--budget", "1"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert!(
        scan.stderr.contains("lambda:GetPolicy AccessDeniedException × 3; allow lambda:GetPolicy"),
        "{}",
        scan.stderr
    );

    let all = lines(&program.run(&[
        "findings",
        "--status",
        "all",
        "--kind",
        "aws.lambda.function",
        "--format",
        "jsonl",
    ]));
    let policy_checks =
        ["aws-lambda-policy-public", "aws-lambda-policy-cross-account", "aws-lambda-policy-grants-write"];
    let mut unknown = 0;
    for finding in all.iter().filter(|finding| names.contains(finding["name"].as_str().unwrap())) {
        if policy_checks.contains(&finding["check"].as_str().unwrap()) {
            assert_eq!(finding["status"], "UNKNOWN", "{finding}");
            let missing = &finding["unreadable"][0];
            assert_eq!(missing["api"], "lambda:GetPolicy", "{finding}");
            assert_eq!(missing["error"], "AccessDeniedException", "{finding}");
            assert_eq!(missing["permission"], "lambda:GetPolicy", "{finding}");
            unknown += 1;
        }
    }
    assert_eq!(unknown, DENIED * policy_checks.len());
    let narrow = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(narrow.code, Some(4), "{}", narrow.stderr);
}

/// What must fail, by check.
fn expected(planted: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let checks = planted["expected"].as_object().unwrap();
    checks
        .iter()
        .map(|(check, uids)| (check.clone(), serde_json::from_value(uids.clone()).unwrap()))
        .collect()
}

/// What does fail, by check.
fn failing(run: &Run) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in lines(run) {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        found.entry(text("check")).or_default().insert(text("resource"));
    }
    found
}

fn lines(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Calls by API action, as the scan's own report counts them.
fn calls(scan: &Run, program: &Program) -> BTreeMap<String, u64> {
    let report = files(&program.folder().join("reports"))
        .into_iter()
        .find(|path| path.extension() == Some("json".as_ref()));
    let report = report.unwrap_or_else(|| panic!("the scan wrote no report: {}", scan.stderr));
    let document: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for row in document["coverage"].as_array().unwrap() {
        for (api, count) in row["coverage"]["calls"].as_object().unwrap() {
            *calls.entry(api.clone()).or_default() += count.as_u64().unwrap();
        }
    }
    calls
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// A file's bytes; what is compressed is unpacked as well, for a secret must not hide in either form.
fn whole(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    if let Ok(unpacked) = zstd::decode_all(&bytes[..]) {
        bytes.extend(unpacked);
    }
    bytes
}
