//! Asking without credentials.

use super::*;

const NOBODY: &str = "nephoscope-asks-for-no-function";

/// A server without anything in front, to those who ask as strangers.
fn open(asked: &str) -> Option<ResponseTemplate> {
    let text = |body: &str| Some(ResponseTemplate::new(200).set_body_string(body));
    match asked {
        "GET /v2/apps?per_page=1" => Some(reply(json!({"items": []}))),
        "GET /metrics" => text("# TYPE fn_calls counter\nfn_calls 5\n"),
        "GET /debug/pprof/" => text("<html><title>/debug/pprof/</title></html>"),
        "OPTIONS /v2/apps" => {
            Some(ResponseTemplate::new(204).insert_header("access-control-allow-origin", "*"))
        }
        _ if asked == format!("GET /t/payments/{NOBODY}") => Some(refusal(404, "Trigger not found")),
        _ if asked == format!("GET /invoke/{NOBODY}") => {
            Some(refusal(405, "Method not allowed: GET /invoke/x"))
        }
        _ => None,
    }
}

#[tokio::test]
async fn an_open_server_is_seen_and_nothing_is_invoked() {
    let fake = Fake::start(|asked, _, request| {
        let answer = open(asked);
        assert!(
            answer.is_none() || !request.headers.contains_key("authorization"),
            "a stranger has no token"
        );
        answer
    })
    .await;
    let server = FnProject::connect(FnOptions { probe: true, ..fake.options() }).await.unwrap();
    let apps = shard(&server, "apps").await;
    let probe = find(&apps, "fn.example.com").facets["probe"].value().unwrap();
    assert_eq!(
        probe,
        &json!({
            "api": {"status": 200, "let_in": true},
            "metrics": {"status": 200, "let_in": true},
            "debug": {"status": 200, "let_in": true},
            "preflight": {"status": 204, "origin": "https://stranger.invalid", "allow_origin": "*"},
        })
    );
    let fns = shard(&server, "fns").await;
    assert_eq!(find(&fns, "charge").facets["probe"].value(), Some(&json!({"status": 405, "let_in": true})));
    assert_eq!(fns.coverage.calls["fn:Probe"], 1, "one address stands for all functions");
    let triggers = shard(&server, "triggers").await;
    assert_eq!(triggers.resources[0].facets["probe"].value(), Some(&json!({"status": 404, "let_in": true})));
    let at_doors =
        fake.seen().into_iter().filter(|asked| asked.contains("/t/") || asked.contains("/invoke/"));
    assert!(at_doors.into_iter().all(|asked| asked.ends_with(NOBODY)));
}

#[tokio::test]
async fn a_gateway_is_seen_too() {
    let fake = Fake::start(|_, _, request| {
        (!request.headers.contains_key("authorization")).then(|| refusal(401, "Unauthorized"))
    })
    .await;
    let server = FnProject::connect(FnOptions { probe: true, ..fake.options() }).await.unwrap();
    let apps = shard(&server, "apps").await;
    let probe = find(&apps, "fn.example.com").facets["probe"].value().unwrap();
    for door in ["api", "metrics", "debug"] {
        assert_eq!(probe[door], json!({"status": 401, "let_in": false}), "{door}");
    }
    assert_eq!(probe["preflight"].get("allow_origin"), None);
    let triggers = shard(&server, "triggers").await;
    assert_eq!(triggers.resources[0].facets["probe"].value(), Some(&json!({"status": 401, "let_in": false})));
}

#[tokio::test]
async fn hosts_that_the_target_does_not_name_are_left_alone() {
    let elsewhere = |asked: &str, _: usize, _: &Request| {
        asked.contains("/v2/triggers?app_id=A").then(|| {
            let address = "http://169.254.169.254/latest/meta-data/charge";
            reply(
                json!({"items": [{"id": "T", "app_id": "A", "fn_id": "F", "type": "http", "source": "/charge",
                "annotations": {"fnproject.io/trigger/httpEndpoint": address}}]}),
            )
        })
    };
    let fake = Fake::start(elsewhere).await;
    let options = FnOptions { probe: true, ..fake.options() };
    let triggers = shard(&FnProject::connect(options.clone()).await.unwrap(), "triggers").await;
    assert_eq!(error(&triggers.resources[0].facets["probe"]), "NotProbed");
    assert!(!fake.seen().iter().any(|asked| asked.contains("meta-data")));

    // A load balancer that the owner declares is another matter.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    std::fs::write(&path, "[server.environment]\nFN_PUBLIC_LB_URL = \"http://169.254.169.254\"\n").unwrap();
    let options = FnOptions { server_facts: Some(path), ..options };
    let triggers = shard(&FnProject::connect(options).await.unwrap(), "triggers").await;
    let probe = triggers.resources[0].facets["probe"].value().unwrap();
    assert_eq!((&probe["status"], probe.get("let_in")), (&json!(404), None), "not the server's own words");
}

#[tokio::test]
async fn a_stranger_who_is_not_answered_costs_the_answer_only() {
    let fake = Fake::start(|asked, _, _| {
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
        (asked == "GET /metrics").then_some(slow)
    })
    .await;
    let mut options = FnOptions { probe: true, ..fake.options() };
    options.asking.limits.attempt = Duration::from_millis(100);
    let apps = shard(&FnProject::connect(options).await.unwrap(), "apps").await;
    assert_eq!(error(&find(&apps, "fn.example.com").facets["probe"]), "Timeout");
    assert_eq!(names(&apps), ["fn.example.com", "payments", "reports"]);
    assert_eq!((apps.coverage.state, apps.coverage.listed), (CoverageState::Partial, true));
}
