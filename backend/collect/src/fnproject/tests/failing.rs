//! What goes wrong: how it is told, what it costs, and what it leaves standing.

use super::*;

#[tokio::test]
async fn a_refused_token_leaves_the_server_and_says_so() {
    let fake = Fake::start(|_, _, _| Some(refusal(401, "Unauthorized"))).await;
    let server = fake.connected().await;
    let apps = shard(&server, "apps").await;
    assert_eq!(names(&apps), ["fn.example.com"]);
    assert_eq!((apps.coverage.state, apps.coverage.listed), (CoverageState::Denied, false));
    assert_eq!(error(&apps.resources[0].facets["version"]), "Http401");
    let errors: Vec<(&str, &str, Option<&str>)> = apps
        .coverage
        .errors
        .iter()
        .map(|error| (error.api.as_str(), error.message.as_str(), error.permission.as_deref()))
        .collect();
    let expected = [
        ("fn:GetVersion", "Unauthorized", Some("GET /version")),
        ("fn:ListApps", "Unauthorized", Some("GET /v2/apps")),
    ];
    assert_eq!(errors, expected);
    for service in ["fns", "triggers"] {
        let denied = shard(&server, service).await;
        assert_eq!((denied.coverage.state, denied.coverage.listed), (CoverageState::Denied, false));
        assert_eq!(denied.coverage.errors[0].api, "fn:ListApps", "why nothing was asked");
    }
}

#[tokio::test]
async fn one_app_that_is_refused_costs_its_functions_only() {
    let fake =
        Fake::start(|asked, _, _| asked.contains("fns?app_id=B").then(|| refusal(403, "Forbidden"))).await;
    let fns = shard(&fake.connected().await, "fns").await;
    assert_eq!(names(&fns), ["charge", "refund"]);
    assert_eq!((fns.coverage.state, fns.coverage.listed), (CoverageState::Partial, false));
    assert_eq!(fns.coverage.errors[0].uid.as_ref().unwrap().as_str(), "fn://fn.example.com/apps/B");
}

#[tokio::test]
async fn all_apps_that_are_refused_are_a_denied_shard() {
    let fake =
        Fake::start(|asked, _, _| asked.contains("/v2/triggers").then(|| refusal(403, "Forbidden"))).await;
    let triggers = shard(&fake.connected().await, "triggers").await;
    assert_eq!((triggers.coverage.state, triggers.coverage.listed), (CoverageState::Denied, false));
}

#[tokio::test]
async fn nobody_there() {
    let mut options = Fake::start(|_, _, _| None).await.options();
    options.asking.endpoint_url = Some("http://127.0.0.1:1".to_owned());
    let error = FnProject::connect(options).await.unwrap_err();
    assert_eq!(error.to_string(), "reach the Fn API at https://fn.example.com");
    assert!(error.help().contains("api_url"), "{}", error.help());
}

#[tokio::test]
async fn a_page_in_place_of_the_api() {
    let page =
        || ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><title>Sign in</title>", "text/html");
    let fake = Fake::start(move |_, _, _| Some(page())).await;
    let error = FnProject::connect(fake.options()).await.unwrap_err();
    assert_eq!(error.to_string(), "talk to Fn at https://fn.example.com: the answer is not a Fn server's");
    assert!(matches!(error, CollectError::Refused { .. }));

    // A proxy that lets the version through and nothing else.
    let fake = Fake::start(move |asked, _, _| (asked != "GET /version").then(page)).await;
    let apps = shard(&fake.connected().await, "apps").await;
    assert_eq!((apps.coverage.state, apps.coverage.listed), (CoverageState::Failed, false));
    assert_eq!(
        (apps.coverage.errors[0].api.as_str(), apps.coverage.errors[0].error.as_str()),
        ("fn:ListApps", "Malformed")
    );
}

#[tokio::test]
async fn another_api_is_no_empty_server() {
    let fake = Fake::start(|_, _, _| Some(refusal(404, "no such route"))).await;
    let server = fake.connected().await;
    let apps = shard(&server, "apps").await;
    assert_eq!(apps.resources[0].facets["version"], Facet::Absent);
    assert_eq!((apps.coverage.state, apps.coverage.listed), (CoverageState::Failed, false));
    assert_eq!(apps.coverage.errors[0].message, "no such route");
    let fns = shard(&server, "fns").await;
    assert_eq!((fns.coverage.state, fns.coverage.errors.len()), (CoverageState::Failed, 1));
}

#[tokio::test]
async fn a_cursor_that_goes_in_circles() {
    let fake = Fake::start(|asked, _, _| {
        asked
            .starts_with("GET /v2/apps")
            .then(|| reply(json!({"items": [{"id": "A"}], "next_cursor": "cGF5"})))
    })
    .await;
    let apps = shard(&fake.connected().await, "apps").await;
    assert_eq!(names(&apps), ["fn.example.com", "A"]);
    assert_eq!((apps.coverage.state, apps.coverage.listed), (CoverageState::Failed, false));
    assert!(apps.coverage.errors[0].message.contains("read before"), "{:?}", apps.coverage.errors);
    assert_eq!(apps.coverage.calls["fn:ListApps"], 2);
}

#[tokio::test]
async fn an_error_that_is_written_twice() {
    let twice = "{\"message\":\"Missing App ID on Trigger\"}\n{\"message\":\"Missing App ID on Trigger\"}\n";
    let fake = Fake::start(move |asked, _, _| {
        let answer = ResponseTemplate::new(400).set_body_raw(twice, "application/json");
        asked.contains("/v2/triggers").then_some(answer)
    })
    .await;
    let triggers = shard(&fake.connected().await, "triggers").await;
    let error = &triggers.coverage.errors[0];
    assert_eq!((error.error.as_str(), error.message.as_str()), ("Http400", "Missing App ID on Trigger"));
}

#[tokio::test]
async fn answers_that_are_no_listings() {
    for body in ["[]", "{\"items\": 5}", "{\"items\": [{\"id\": \"A\"}", "5"] {
        let fake = Fake::start(move |asked, _, _| {
            let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
            asked.contains("/v2/apps").then_some(answer)
        })
        .await;
        let apps = shard(&fake.connected().await, "apps").await;
        assert_eq!((apps.coverage.state, apps.coverage.listed), (CoverageState::Failed, false), "{body}");
        assert_eq!(apps.coverage.errors[0].error, "Malformed", "{body}");
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_named_makes_the_listing_partial() {
    let fake = Fake::start(|asked, _, _| {
        asked
            .contains("fns?app_id=A")
            .then(|| reply(json!({"items": [function("charge", "A"), {"name": "refund"}]})))
    })
    .await;
    let fns = shard(&fake.connected().await, "fns").await;
    assert_eq!(names(&fns), ["charge", "render"]);
    assert_eq!((fns.coverage.state, fns.coverage.listed), (CoverageState::Partial, false));
}

#[tokio::test]
async fn throttling_and_faults_are_waited_out() {
    let fake = Fake::start(|asked, before, _| match (asked, before) {
        ("GET /v2/apps?per_page=100", 0) => {
            Some(refusal(429, "Too many requests").insert_header("retry-after", "0"))
        }
        ("GET /v2/apps?per_page=100", 1) => Some(refusal(503, "internal server error")),
        _ => None,
    })
    .await;
    let apps = shard(&fake.connected().await, "apps").await;
    assert_eq!(apps.coverage.state, CoverageState::Complete);
    assert_eq!(apps.coverage.calls["fn:ListApps"], 3);
}

#[tokio::test]
async fn settings_that_cannot_be_used() {
    let fake = Fake::start(|_, _, _| None).await;
    let refused = |options: FnOptions| async { FnProject::connect(options).await.unwrap_err().to_string() };
    let mut share = fake.options();
    share.asking.budget = 0.0;
    assert!(refused(share).await.contains("share of the API quotas"));
    let mut service = fake.options();
    service.asking.services = vec![ServiceName::from("routes")];
    assert!(refused(service).await.contains("apps, fns, triggers"));
    let token = FnOptions { token: Some("two\nlines".to_owned()), ..fake.options() };
    assert_eq!(refused(token).await, "use the token of the Fn API");
}
