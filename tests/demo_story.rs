//! The sample estate through the whole program: history, dates, reports, snapshots, and the server's manners.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::program::Program;

/// Sends one request and gives status and body.
fn ask(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let status = reply.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, reply)
}

pub fn get(address: &str, path: &str) -> (u16, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"))
}

pub fn body(reply: &str) -> Value {
    let text = reply.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn thirty_nights_can_be_read_as_of_any_date() {
    let program = Program::new();
    let serving = program.serve("demo");
    let address = serving.address.clone();

    for path in ["/", "/findings", "/inventory", "/scans", "/checks", "/compliance", "/compliance/aws-fsbp"] {
        let (status, page) = get(&address, path);
        assert_eq!(status, 200, "{path}: {page}");
        assert!(!page.contains("style=\""), "{path} has an inline style");
        assert!(page.contains("content-security-policy: default-src 'none'"), "{path}");
    }
    let open = |as_of: &str| {
        let path = format!(
            "/api/v1/findings?check=aws-lambda-url-auth-none&query=checkout&status=FAIL&as_of={as_of}"
        );
        body(&get(&address, &path).1)["total"].as_u64().unwrap()
    };
    assert_eq!(open("2026-11-14"), 0, "the URL was opened on the night before 15 November");
    assert_eq!(open("2026-11-15"), 1);

    let unread = body(&get(&address, "/api/v1/findings?status=UNKNOWN&region=eu-west-3&as_of=2026-11-07").1);
    assert!(unread["total"].as_u64().unwrap() > 0, "the listing was denied that night");
    for finding in unread["findings"].as_array().unwrap() {
        assert!(!finding["unreadable"].as_array().unwrap().is_empty(), "{finding}");
    }

    let drift = |filter: &str| body(&get(&address, &format!("/api/v1/drift?from=2026-10-20{filter}")).1);
    let kept = |drift: &Value, key: &str, value: &str| {
        let all = drift["findings"].as_array().unwrap();
        all.iter().filter(|change| change[key] == value).cloned().collect::<Vec<_>>()
    };
    let whole = drift("");
    for (filter, key, value) in [
        ("&service=logs", "kind", "aws.logs.group"),
        ("&region=eu-central-1", "region", "eu-central-1"),
        ("&check=aws-lambda-url-auth-none", "check", "aws-lambda-url-auth-none"),
    ] {
        let expected = kept(&whole, key, value);
        assert!(!expected.is_empty() && expected.len() < whole["findings"].as_array().unwrap().len());
        assert_eq!(drift(filter)["findings"], Value::from(expected), "{filter}");
    }
    let (_, page) = get(&address, "/?from=2026-11-10");
    assert!(
        page.contains("What changed since Tuesday"),
        "the first page compares with the date that is chosen"
    );
    let compared = body(&get(&address, "/api/v1/overview?from=2026-11-10").1);
    let same = body(&get(&address, "/api/v1/drift?from=2026-11-10").1);
    assert_eq!(compared["drift"]["posture_from"], same["posture_from"]);

    let score = body(&get(&address, "/api/v1/score").1);
    let parts = score["parts"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| part["points"].as_str().unwrap().parse::<f64>().unwrap()).sum();
    let posture: f64 = score["posture"].as_str().unwrap().parse().unwrap();
    assert!((sum + posture - 100.0).abs() < 1e-9, "{sum} and {posture}");
    assert_eq!(serving.terminate(), Some(0));

    let report = |as_of: &str| {
        let run = program.run(&[
            "report",
            "aws-fsbp",
            "--format",
            "csv",
            "--as-of",
            as_of,
            "--store",
            "sqlite:served.db",
        ]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout
    };
    assert_eq!(report("2026-11-10"), report("2026-11-10"));
    assert_ne!(report("2026-10-20"), report("2026-11-16"));
}

#[test]
fn the_same_snapshot_gives_the_same_bytes() {
    let program = Program::new();
    assert_eq!(program.serve("demo").terminate(), Some(0));
    let export = ["snapshot", "export", "night.nepho", "--target", "web-shop", "--store", "sqlite:served.db"];
    let exported = program.run(&export);
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    let findings = |store: &str| {
        let scan = program.run(&["scan", "--from", "night.nepho", "--store", store]);
        assert_eq!(scan.code, Some(0), "{}", scan.stderr);
        program.run(&["findings", "--status", "all", "--format", "jsonl", "--store", store]).stdout
    };
    let first = findings("sqlite:one.db");
    assert!(first.lines().count() > 500);
    assert_eq!(first, findings("sqlite:two.db"));
    assert_eq!(first, findings("sqlite:one.db"), "a snapshot that is there already changes nothing");

    let older = program.run(&[
        "snapshot",
        "export",
        "older.nepho",
        "--target",
        "web-shop",
        "--as-of",
        "2026-11-01",
        "--store",
        "sqlite:served.db",
    ]);
    assert_eq!(older.code, Some(0), "{}", older.stderr);
    let late = program.run(&["scan", "--from", "older.nepho", "--store", "sqlite:one.db"]);
    assert_eq!(late.code, Some(1));
    assert!(late.stderr.contains("help: history only grows forward"), "{}", late.stderr);
}

#[test]
fn the_server_answers_its_own_people_only() {
    let program = Program::new();
    let serving = program.serve("demo");
    let address = serving.address.clone();
    let (status, _) = ask(&address, "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    assert_eq!(status, 421);
    let write = |origin: &str| {
        let form = "target=web-shop";
        let head =
            format!("POST /scans HTTP/1.1\r\nhost: {address}\r\norigin: {origin}\r\nconnection: close\r\n");
        let kind = "content-type: application/x-www-form-urlencoded\r\n";
        ask(&address, &format!("{head}{kind}content-length: {}\r\n\r\n{form}", form.len()))
    };
    assert_eq!(write("http://evil.example").0, 403);
    let (status, reply) = write(&format!("http://{address}"));
    assert_eq!(status, 303, "{reply}");

    let (status, reply) = get(&address, "/api/v1/findings?severty=high");
    assert_eq!(status, 400);
    assert_eq!(body(&reply)["code"], "bad_query");
    assert!(
        body(&reply)["message"]
            .as_str()
            .unwrap()
            .starts_with("`severty` is not a parameter; known are target")
    );
    for path in [
        "/findings/0123456789abcdef0123456789abcdef",
        "/checks/nope",
        "/scans/nope",
        "/compliance/nope",
        "/nope",
    ] {
        assert_eq!(get(&address, path).0, 404, "{path}");
    }
    assert_eq!(get(&address, "/findings?cursor=nonsense").0, 400);
    assert_eq!(get(&address, "/findings?check=no-such-*").0, 400);
    assert_eq!(serving.terminate(), Some(0));
}
