//! What is read, and how.

use std::time::Instant;

use nephoscope_model::RelationName;

use super::*;
use crate::Purpose;

#[tokio::test]
async fn a_server_is_read_whole() {
    let fake = Fake::start(|_, _, _| None).await;
    let server = fake.connected().await;
    let services: Vec<ServiceName> =
        server.plan().await.unwrap().into_iter().map(|key| key.service).collect();
    assert_eq!(services, ["apps", "fns", "triggers"].map(ServiceName::from));

    let apps = shard(&server, "apps").await;
    assert_eq!(names(&apps), ["fn.example.com", "payments", "reports"]);
    assert_eq!(apps.coverage.state, CoverageState::Complete, "{:?}", apps.coverage);
    assert!(apps.coverage.listed);
    let itself = find(&apps, "fn.example.com");
    assert_eq!(itself.uid.as_str(), "fn://fn.example.com");
    assert_eq!(itself.facets["version"], Facet::Known(json!({"version": "0.3.753"})));
    let address = itself.facets["address"].value().unwrap();
    assert_eq!(
        address,
        &json!({
            "url": "https://fn.example.com", "scheme": "https", "host": "fn.example.com", "credentials": "token",
        })
    );
    assert_eq!(error(&itself.facets["declared"]), "NotDeclared");
    assert_eq!(error(&itself.facets["probe"]), "NotProbed");
    assert_eq!(find(&apps, "payments").relations[0].to.as_str(), "fn://fn.example.com");

    let fns = shard(&server, "fns").await;
    assert_eq!(names(&fns), ["charge", "refund", "render"]);
    assert_eq!(fns.coverage.state, CoverageState::Complete, "{:?}", fns.coverage);
    let triggers = shard(&server, "triggers").await;
    let edges: Vec<(RelationName, &str)> =
        triggers.resources[0].relations.iter().map(|edge| (edge.name, edge.to.as_str())).collect();
    let expected = [
        (RelationName::Invokes, "fn://fn.example.com/fns/id-of-charge"),
        (RelationName::PartOf, "fn://fn.example.com/apps/A"),
    ];
    assert_eq!(edges, expected);
    for shard in [&apps, &fns, &triggers] {
        let text = serde_json::to_string(shard).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("of-the-scan"), "{text}");
    }
    let apps_asked = fake.seen().iter().filter(|asked| asked.contains("/v2/apps")).count();
    assert_eq!(apps_asked, 1, "once for all shards");
}

#[tokio::test]
async fn the_token_goes_with_every_call() {
    let fake = Fake::start(|_, _, request| {
        let token = request.headers.get("authorization").map(|token| token.to_str().unwrap());
        (token != Some("Bearer of-the-scan")).then(|| refusal(401, "Unauthorized"))
    })
    .await;
    let server = fake.connected().await;
    for service in ["apps", "fns", "triggers"] {
        assert_eq!(shard(&server, service).await.coverage.state, CoverageState::Complete);
    }
}

#[tokio::test]
async fn pages_are_turned_to_the_last_which_may_be_empty() {
    let fake = Fake::start(|asked, _, _| match asked {
        "GET /v2/apps?per_page=100" => Some(reply(json!({"items": [{"id": "A"}], "next_cursor": "cGF5"}))),
        "GET /v2/apps?per_page=100&cursor=cGF5" => {
            Some(reply(json!({"items": [{"id": "B"}], "next_cursor": "eA"})))
        }
        "GET /v2/apps?per_page=100&cursor=eA" => Some(reply(json!({"items": []}))),
        _ => None,
    })
    .await;
    let server = fake.connected().await;
    let apps = shard(&server, "apps").await;
    assert_eq!(names(&apps), ["fn.example.com", "A", "B"]);
    assert!(apps.coverage.listed);
    assert_eq!(apps.coverage.calls["fn:ListApps"], 3);
    assert_eq!(names(&shard(&server, "fns").await), ["charge", "refund", "render"]);
}

#[tokio::test]
async fn ten_thousand_apps() {
    let fake = Fake::start(|asked, _, _| {
        let rest = asked.strip_prefix("GET /v2/apps?per_page=100")?;
        let page: usize = rest.strip_prefix("&cursor=").map_or(0, |cursor| cursor.parse().unwrap());
        let items: Vec<Value> = (0..100).map(|item| json!({"id": format!("{page:03}-{item:02}")})).collect();
        let next = if page < 99 { (page + 1).to_string() } else { String::new() };
        Some(reply(json!({"items": items, "next_cursor": next})))
    })
    .await;
    let server = fake.connected().await;
    let apps = shard(&server, "apps").await;
    assert_eq!(apps.resources.len(), 10_001);
    assert_eq!((apps.coverage.state, apps.coverage.calls["fn:ListApps"]), (CoverageState::Complete, 100));
}

#[tokio::test]
async fn ten_thousand_functions_within_twenty_seconds() {
    let fake = Fake::start(|asked, _, _| {
        if asked == "GET /v2/apps?per_page=100" {
            let items: Vec<Value> = (0..100).map(|app| json!({"id": format!("A{app}")})).collect();
            return Some(reply(json!({ "items": items })));
        }
        let app = asked.strip_prefix("GET /v2/fns?app_id=")?.strip_suffix("&per_page=100")?;
        let items: Vec<Value> = (0..100).map(|item| function(&format!("{app}-{item}"), app)).collect();
        Some(reply(json!({ "items": items })))
    })
    .await;
    let server = fake.connected().await;
    let started = Instant::now();
    let fns = shard(&server, "fns").await;
    assert_eq!(fns.resources.len(), 10_000);
    assert!(fns.coverage.listed);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_plan_counts_and_a_rehearsal_looks_at_one() {
    let fake = Fake::start(|_, _, _| None).await;
    let options = |purpose| {
        let mut options = FnOptions { probe: true, ..fake.options() };
        options.asking.purpose = purpose;
        options
    };
    let plan = FnProject::connect(options(Purpose::Plan)).await.unwrap();
    let fns = shard(&plan, "fns").await;
    assert_eq!((fns.coverage.calls["fn:ListFns"], fns.resources.len()), (2, 0));
    assert!(fns.coverage.errors.is_empty(), "{:?}", fns.coverage.errors);
    assert!(!fake.seen().iter().any(|asked| asked.contains("/v2/fns")));

    let rehearsal = FnProject::connect(options(Purpose::Probe)).await.unwrap();
    assert_eq!(names(&shard(&rehearsal, "fns").await), ["charge"]);
    assert!(!fake.seen().iter().any(|asked| asked.contains("metrics")), "strangers are not tried");
}

#[tokio::test]
async fn what_is_declared_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    std::fs::write(&path, "reach = \"internal\"\n[server.environment]\nFN_LOG_LEVEL = \"info\"\n").unwrap();
    let fake = Fake::start(|_, _, _| None).await;
    let options = FnOptions { server_facts: Some(path.clone()), ..fake.options() };
    let apps = shard(&FnProject::connect(options.clone()).await.unwrap(), "apps").await;
    let environment = json!({"environment": {"FN_LOG_LEVEL": "info"}});
    let declared = json!({"reach": "internal", "server": environment, "runner": environment});
    assert_eq!(find(&apps, "fn.example.com").facets["declared"], Facet::Known(declared));

    std::fs::write(&path, "reach = \"somewhere\"\n").unwrap();
    let refused = FnProject::connect(options).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("read the server facts in {}", path.display()));
}
