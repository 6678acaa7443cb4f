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

use self::planted::{Found, Planted, SECRET, SHOP, canaries, label, subscription};
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
        assert!(
            !texts.iter().any(|text| text.contains(&canary)),
            "a planted secret was written down: {canary}"
        );
    }
}

/// Checks that only settings decide, which are not read unless it is asked for, with the type of what they are about.
const OF_SETTINGS: [(&str, &str); 19] = [
    ("azure-func-connection-string-secret", "Microsoft.Web/sites"),
    ("azure-func-content-share-key", "Microsoft.Web/sites"),
    ("azure-func-host-runtime-old", "Microsoft.Web/sites"),
    ("azure-func-insights-missing", "Microsoft.Web/sites"),
    ("azure-func-keyvault-legacy-policy", "Microsoft.KeyVault/vaults"),
    ("azure-func-keyvault-log-off", "Microsoft.KeyVault/vaults"),
    ("azure-func-keyvault-no-purge-protection", "Microsoft.KeyVault/vaults"),
    ("azure-func-keyvault-open", "Microsoft.KeyVault/vaults"),
    ("azure-func-keyvault-reference-broken", "Microsoft.Web/sites"),
    ("azure-func-package-url-sas", "Microsoft.Web/sites"),
    ("azure-func-setting-secret", "Microsoft.Web/sites"),
    ("azure-func-slot-prod-secrets", "Microsoft.Web/sites/slots"),
    ("azure-func-storage-key-connection", "Microsoft.Web/sites"),
    ("azure-func-storage-open-network", "Microsoft.Storage/storageAccounts"),
    ("azure-func-storage-plain", "Microsoft.Storage/storageAccounts"),
    ("azure-func-storage-public", "Microsoft.Storage/storageAccounts"),
    ("azure-func-storage-shared-apps", "Microsoft.Storage/storageAccounts"),
    ("azure-func-storage-shared-key", "Microsoft.Storage/storageAccounts"),
    ("azure-func-storage-tls-weak", "Microsoft.Storage/storageAccounts"),
];

#[test]
fn without_settings_their_verdicts_are_unknown_and_no_other() {
    let runtime = Runtime::new().unwrap();
    let planted = Planted::careless();
    let server = started(&runtime, planted.estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), "");
    let scan = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(scan.code, Some(0), "what is not asked is no gap: {}", scan.stderr);
    let actions = server
        .seen()
        .lines
        .into_iter()
        .filter(|line| line.starts_with("POST management.azure.com/subscriptions/"));
    assert_eq!(actions.count(), 0, "no action is called");

    let mut unknown: Found =
        OF_SETTINGS.map(|(check, type_)| (check.to_owned(), planted.labels_of(type_))).into();
    // Only for a privileged app it matters who writes where it keeps its code, which settings say.
    unknown.insert("azure-func-storage-writers".to_owned(), BTreeSet::from(["sites/open".to_owned()]));
    // Where keys are switched off, their age matters to nobody.
    unknown.insert(
        "azure-func-storage-keys-stale".to_owned(),
        BTreeSet::from(["storageaccounts/leakyfn".to_owned()]),
    );
    assert_eq!(by_check(&program, "UNKNOWN"), unknown);
    for finding in findings(&program, "UNKNOWN") {
        let reasons = finding["unreadable"].as_array().unwrap();
        assert!(
            !reasons.is_empty() && reasons.iter().all(|reason| reason["error"] == "NotAsked"),
            "{finding}"
        );
    }
    let mut expected = planted.fails;
    expected.retain(|check, _| !unknown.contains_key(check));
    assert_eq!(by_check(&program, "FAIL"), expected);
}

/// Checks that cannot decide without `config/web` on the estate of the denial.
const OF_CONFIG: [&str; 18] = [
    "azure-func-basic-auth-ftp",
    "azure-func-cors-any",
    "azure-func-cors-credentials",
    "azure-func-dotnet-inprocess",
    "azure-func-ftp-plain",
    "azure-func-http-anonymous",
    "azure-func-http2-off",
    "azure-func-image-mutable-tag",
    "azure-func-ip-restriction-any-service-tag",
    "azure-func-ip-restriction-missing",
    "azure-func-public-network",
    "azure-func-remote-debug-on",
    "azure-func-scm-tls-weak",
    "azure-func-scm-unrestricted",
    "azure-func-stack-deprecated",
    "azure-func-tls-weak",
    "azure-func-websocket-unneeded",
    "azure-path-public-to-privileged",
];

#[test]
fn what_is_denied_is_unknown_with_its_permission_and_nothing_is_resolved() {
    let runtime = Runtime::new().unwrap();
    let server = started(&runtime, Planted::part(&["plain", "open"]).estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), NARROW);
    let scan = program.run(&["scan", "--budget", "1"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    let before = verdicts(&program);

    server.misbehave(Misbehaviour::default().always("GET */config/web*", Fault::Denied));
    let scan = program.run(&["scan", "--budget", "1"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    let said =
        "Microsoft.Web/sites/config/read AuthorizationFailed × 3; allow Microsoft.Web/sites/config/read";
    assert!(scan.stderr.contains(said), "{}", scan.stderr);
    let denied = verdicts(&program);
    assert!(before.keys().all(|place| denied.contains_key(place)), "no finding is lost");
    let mut blinded = BTreeSet::new();
    for (place @ (check, _), finding) in &denied {
        let status = &finding["status"];
        // What did not apply may do so now.
        if before.get(place).is_some_and(|was| was["status"] == *status) {
            continue;
        }
        assert_eq!(status, "UNKNOWN", "what is read less decides nothing else: {finding}");
        let reasons = finding["unreadable"].as_array().unwrap();
        let config = reasons.iter().find(|reason| reason["api"] == "Microsoft.Web/sites/config/read");
        let config = config.unwrap_or_else(|| panic!("{finding}"));
        assert_eq!(config["error"], "AuthorizationFailed", "{finding}");
        assert_eq!(config["permission"], "Microsoft.Web/sites/config/read", "{finding}");
        blinded.insert(check.as_str());
    }
    assert_eq!(blinded, OF_CONFIG.into());

    server.misbehave(Misbehaviour::default().always("Microsoft.ResourceGraph/*", Fault::Denied));
    let scan = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(scan.code, Some(4), "{}", scan.stderr);
    let hidden = verdicts(&program);
    for (place, finding) in before.iter().filter(|(_, finding)| finding["status"] == "FAIL") {
        let now = &hidden[place];
        assert!(now["status"] == "UNKNOWN" || now["kind"] == "azure.subscription", "{now}");
        assert_eq!(now["state"], "open", "{finding} is {now}");
        if now["status"] == "UNKNOWN" {
            assert!(!now["last_known"].is_null(), "{now}");
        }
    }
    assert!(scan.stdout.contains("Microsoft.ResourceGraph/resources/read: "), "{}", scan.stdout);
}

#[test]
fn throttling_costs_time_and_few_calls_and_changes_nothing() {
    let runtime = Runtime::new().unwrap();
    let planted = Planted::part(&["plain"]);
    let estate = planted.estate_in(&[subscription(SHOP, "shop", "Enabled")]);
    let server = started(&runtime, estate, Misbehaviour::default());
    let mut seen = Vec::new();
    for rules in [Misbehaviour::default(), Misbehaviour::default().share("*", 0.3, Fault::Throttled(None))] {
        server.forget();
        server.misbehave(rules);
        let program = program(&server.endpoint(), "services = [\"web\"]");
        let scan = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
        assert_eq!(scan.code, Some(0), "{}", scan.stderr);
        let found: BTreeMap<_, _> = verdicts(&program)
            .into_iter()
            .map(|(place, finding)| (place, finding["status"].clone()))
            .collect();
        seen.push((server.seen().total(), found));
    }
    let [(calm, found), (busy, still)] = seen.as_slice() else { panic!("two scans") };
    assert!(busy > calm && busy * 2 <= calm * 3, "{calm} calls without throttling, {busy} with it");
    assert_eq!(found, still);
}

#[test]
fn a_plan_asks_for_no_detail_and_a_test_names_what_is_missing() {
    let runtime = Runtime::new().unwrap();
    let server = started(&runtime, Planted::part(&["plain"]).estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), NARROW);
    let plan = program.run(&["scan", "shop", "--plan", "--budget", "1", "--format", "json"]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    let lists = ["/token", "/subscriptions?", "/resources?", "/roleAssignments?", "/roleDefinitions?"];
    for line in server.seen().lines {
        assert!(lists.iter().any(|part| line.contains(part)), "a plan asks {line}");
    }
    let planned: Value = serde_json::from_str(&plan.stdout).unwrap();
    let families = planned["plans"][0]["families"].as_array().unwrap();
    let reads = families.iter().find(|family| family["family"] == "arm-reads").unwrap();
    assert!(reads["calls"].as_u64().unwrap() > 10, "what a scan asks of the apps is counted: {planned}");

    let whole = program.run(&["targets", "test", "--format", "json"]);
    assert_eq!(whole.code, Some(0), "nothing is missing: {}", whole.stdout);
    server.misbehave(Misbehaviour::default().always("GET */config/web*", Fault::Denied));
    let test = program.run(&["targets", "test"]);
    assert_eq!(test.code, Some(4), "{}", test.stdout);
    assert!(
        test.stdout.starts_with(
            "target shop: 1 permissions are missing\n\nMicrosoft.Web/sites/config/read\n  \
             Microsoft.Web/sites/config/read answers AuthorizationFailed\n  blinds "
        ),
        "{}",
        test.stdout
    );
    for said in ["azure-func-cors-any", "`nephoscope permissions azure` prints a role that has them"] {
        assert!(test.stdout.contains(said), "{}", test.stdout);
    }
    assert!(!test.stdout.contains("Statement"), "a policy of AWS helps nobody here: {}", test.stdout);
}

/// Fewer services, where the others add nothing but calls.
const NARROW: &str = "services = [\"subscription\", \"authorization\", \"web\"]";

/// Every finding by check and resource.
fn verdicts(program: &Program) -> BTreeMap<(String, String), Value> {
    let all = findings(program, "all").into_iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    all.map(|finding| ((text(&finding, "check"), text(&finding, "resource")), finding)).collect()
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
