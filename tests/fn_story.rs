//! A scan of a Fn server over real HTTP: what was planted is found and nothing else, what was refused or not declared
//! is unknown, and no secret is in anything that the program wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use nephoscope_simulator::{Fault, FnEstate, FnServer, Misbehaviour};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::program::{Program, Run};

const CANARIES: [&str; 4] = [
    "hunter2-correct-horse",
    "hunter2-battery-staple",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "of-the-scan",
];

/// Two apps: one with a careless function that a trigger starts and a careful one, one that logs in the clear.
fn estate(token: Option<&str>) -> FnEstate {
    let [password, key, label, _] = CANARIES;
    let function = |id: &str, app: &str, image: &str, invoke: &str, more: Value| {
        let mut function = json!({
            "id": id, "name": id, "app_id": app, "image": image, "memory": 128, "timeout": 30, "idle_timeout": 30,
            "config": {}, "annotations": {"fnproject.io/fn/invokeEndpoint": format!("{invoke}/invoke/{id}")},
        });
        function.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        function
    };
    let pinned = "registry.example.com/pay/refund@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    let careless = json!({"memory": 8192, "timeout": 300, "idle_timeout": 3600, "config": {"API_KEY": key}});
    let mut planted = json!({
        "apps": [
            {"id": "A", "name": "payments", "config": {"DB_PASSWORD": password, "LOG_LEVEL": "info"},
                "annotations": {"example.com/owner": "pay"}},
            {"id": "B", "name": "reports", "syslog_url": "udp://logs.example.test:514",
                "annotations": {"example.com/token": label}},
        ],
        "fns": [
            function("charge", "A", "registry.example.com/pay/charge:latest", "https://fn.example.com", careless),
            function("refund", "A", pinned, "https://fn.example.com", json!({})),
            function("render", "B", "fnproject/hello", "http://lb.example.net", json!({})),
        ],
        "triggers": [{
            "id": "T", "name": "charge-http", "app_id": "A", "fn_id": "charge", "type": "http", "source": "/charge",
            "annotations": {"fnproject.io/trigger/httpEndpoint": "https://fn.example.com/t/payments/charge"},
        }],
    });
    if let Some(token) = token {
        planted["token"] = json!(token);
    }
    FnEstate::planted(&planted).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// A server that was started without a thought, behind a gateway that guards all but the triggers and the metrics.
const CARELESS: &str = r#"
    trusted_registries = ["registry.example.com/pay"]
    [authentication]
    api = "gateway"
    triggers = "none"
    invoke = "gateway"
    metrics = "none"
    [server]
    privileged = true
    docker_socket = true
    [server.environment]
    FN_API_CORS_ORIGINS = "*"
    FN_DB_URL = "mysql://fn:hunter2-battery-staple@tcp(db.example.com:3306)/fn"
    FN_DISABLE_READONLY_ROOTFS = true
    FN_DOCKER_NETWORKS = "host"
    FN_LOG_LEVEL = "debug"
"#;

/// The program with a target that is reached at `endpoint`, though its address is another machine's.
fn program(endpoint: &str, more: &str) -> Program {
    let program = Program::new();
    let target = format!(
        "[[target]]\nname = \"shop\"\nprovider = \"fn\"\napi_url = \"https://fn.example.com\"\nendpoint_url = \"{endpoint}\"\n{more}"
    );
    program.write("nephoscope.toml", &target);
    program.write("token", "of-the-scan\n");
    program.write("server.toml", CARELESS);
    program
}

const WITH_ALL: &str = "token_file = \"token\"\nserver_facts = \"server.toml\"\n";

#[test]
fn a_scan_finds_what_is_planted_and_keeps_no_secret() {
    let runtime = Runtime::new().unwrap();
    let server = FnServer::start(estate(Some("of-the-scan")), Misbehaviour::default());
    let server = runtime.block_on(server);
    let program = program(&server.endpoint(), WITH_ALL);
    let scan = program.run(&["scan", "-vv", "--format", "json,csv,jsonl", "--output", "reports"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);

    let found = by_check(&program, "FAIL");
    let expected: BTreeMap<String, BTreeSet<String>> = [
        ("fn-annotation-secret", "apps/B"),
        ("fn-api-cors-any", ""),
        ("fn-api-plain-http", ""),
        ("fn-app-config-secret", "apps/A"),
        ("fn-app-mixed-trust", "apps/A"),
        ("fn-config-secret", "fns/charge"),
        ("fn-db-sqlite-or-plain", ""),
        ("fn-debug-log-on", ""),
        ("fn-docker-socket-shared", ""),
        ("fn-http-timeouts-unset", ""),
        ("fn-idle-timeout-long", "fns/charge"),
        ("fn-image-foreign-registry", "fns/render"),
        ("fn-image-mutable-tag", "fns/charge fns/render"),
        ("fn-limits-unset", ""),
        ("fn-memory-max", "fns/charge"),
        ("fn-metrics-exposed", ""),
        ("fn-network-host", ""),
        ("fn-privileged-containers", ""),
        ("fn-rootfs-writable", ""),
        ("fn-syslog-missing", "apps/A"),
        ("fn-syslog-plain", "apps/B"),
        ("fn-timeout-max", "fns/charge"),
        ("fn-tracing-off", ""),
        ("fn-trigger-public", "triggers/T"),
    ]
    .map(|(check, places)| (check.to_owned(), places.split(' ').map(uid).collect()))
    .into();
    assert_eq!(found, expected);
    assert_eq!(by_check(&program, "UNKNOWN"), BTreeMap::new(), "everything was read or declared");
    let lines = server.seen().lines;
    assert_eq!(lines.len(), 6, "the version, the apps once, and two lists per app: {lines:?}");

    program.run(&["snapshot", "export", "night.nepho"]);
    let verdicts = program.run(&["findings", "--status", "all", "--format", "jsonl"]);
    let mut written = [scan.stdout, scan.stderr, verdicts.stdout].map(String::into_bytes).to_vec();
    whole(program.folder(), &mut written);
    assert!(written.len() > 5, "store, reports and snapshot were written");
    for canary in CANARIES {
        let seen =
            written.iter().any(|bytes| bytes.windows(canary.len()).any(|window| window == canary.as_bytes()));
        assert!(!seen, "a planted secret was written down");
    }
}

#[test]
fn a_refused_token_leaves_verdicts_unknown_and_passes_nothing() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(FnServer::start(estate(None), Misbehaviour::default()));
    let program = program(&server.endpoint(), WITH_ALL);
    assert_eq!(program.run(&["scan"]).code, Some(0));

    server.misbehave(Misbehaviour::default().always("*", Fault::ExpiredCredentials));
    let scan = program.run(&["scan"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert!(scan.stderr.contains("fn:ListApps Http401"), "{}", scan.stderr);
    let all = lines(&program.run(&["findings", "--status", "all", "--format", "jsonl"]));
    let of_listings: Vec<&Value> =
        all.iter().filter(|finding| finding["resource"] != uid("").as_str()).collect();
    assert!(of_listings.len() > 20, "what was seen before is still there: {}", of_listings.len());
    for finding in of_listings {
        assert_eq!(finding["status"], "UNKNOWN", "{finding}");
    }
    let narrow = program.run(&["scan", "--min-coverage", "1"]);
    assert_eq!(narrow.code, Some(4), "{}", narrow.stderr);
}

#[test]
fn what_nobody_declared_is_unknown_and_what_strangers_get_is_known() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(FnServer::start(estate(Some("of-the-scan")), Misbehaviour::default()));
    let undeclared = program(&server.endpoint(), "token_file = \"token\"\n");
    let scan = undeclared.run(&["scan"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    let verdict = |program: &Program, check: &str| -> BTreeSet<String> {
        let all = lines(&program.run(&["findings", "--status", "all", "--format", "jsonl"]));
        let of_check = all.iter().filter(|finding| finding["check"] == check);
        of_check.map(|finding| finding["status"].as_str().unwrap().to_owned()).collect()
    };
    for check in [
        "fn-api-no-auth",
        "fn-trigger-public",
        "fn-invoke-public",
        "fn-privileged-containers",
        "fn-metrics-exposed",
    ] {
        assert_eq!(verdict(&undeclared, check), BTreeSet::from(["UNKNOWN".to_owned()]), "{check}");
    }

    // Asked without the token, the gateway refuses; a server without one lets everybody in.
    let probing = program(&server.endpoint(), "token_file = \"token\"\nprobe = true\n");
    assert_eq!(probing.run(&["scan"]).code, Some(0));
    assert_eq!(verdict(&probing, "fn-api-no-auth"), BTreeSet::from(["PASS".to_owned()]));
    server.show(estate(None));
    assert_eq!(probing.run(&["scan"]).code, Some(0));
    assert_eq!(verdict(&probing, "fn-api-no-auth"), BTreeSet::from(["FAIL".to_owned()]));
    assert!(
        !server.seen().lines.iter().any(|line| line.ends_with("/t/payments/charge")),
        "nothing is invoked"
    );
}

#[test]
fn a_server_that_is_none_does_not_end_the_scan_of_another() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(FnServer::start(estate(None), Misbehaviour::default()));
    let page =
        runtime.block_on(FnServer::start(estate(None), Misbehaviour::default().always("*", Fault::Html)));
    let other = |name: &str, endpoint: &str| {
        format!(
            "[[target]]\nname = \"{name}\"\nprovider = \"fn\"\napi_url = \"https://{name}.example.com\"\nendpoint_url = \"{endpoint}\"\n"
        )
    };
    let more = [other("down", "http://127.0.0.1:1"), other("page", &page.endpoint())].concat();
    let program = program(&server.endpoint(), &more);
    let scan = program.run(&["scan"]);
    assert_eq!(scan.code, Some(1), "{}", scan.stderr);
    for text in [
        "reach the Fn API at https://down.example.com",
        "talk to Fn at https://page.example.com: the answer is not a Fn server's",
    ] {
        assert!(scan.stderr.contains(text), "{}", scan.stderr);
    }
    assert!(by_check(&program, "FAIL").contains_key("fn-timeout-max"), "the first one was scanned");
}

fn uid(place: &str) -> String {
    let slash = if place.is_empty() { "" } else { "/" };
    format!("fn://fn.example.com{slash}{place}")
}

/// The uids of findings with this status, by check.
fn by_check(program: &Program, status: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in lines(&program.run(&["findings", "--status", status, "--format", "jsonl"])) {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        found.entry(text("check")).or_default().insert(text("resource"));
    }
    found
}

fn lines(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every file below `folder` but those that the test wrote itself, compressed ones also as what they hold.
fn whole(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            whole(&path, found);
        } else if !["token", "server.toml"].map(|name| path.ends_with(name)).contains(&true) {
            let bytes = fs::read(&path).unwrap();
            found.extend(zstd::decode_all(bytes.as_slice()));
            found.push(bytes);
        }
    }
}
