//! What becomes of calls that fail: never nothing, never a guess.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use nephoscope_model::CoverageState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn a_denied_read_names_the_permission() {
    let fake = Fake::start(|action, _, _| {
        let message =
            "User: arn:aws:iam::123456789012:user/scan is not authorized to perform: lambda:GetPolicy";
        (action == "GetPolicy").then(|| error(403, "AccessDeniedException", message))
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, true));
    let reason = unreadable(find(&shard, "shop"), "policy");
    assert_eq!((reason.facet.as_str(), reason.api.as_str()), ("policy", "lambda:GetPolicy"));
    assert_eq!(reason.error, "AccessDeniedException");
    assert_eq!(reason.permission.as_deref(), Some("lambda:GetPolicy"));
    let error = &shard.coverage.errors[0];
    assert_eq!((error.count, error.permission.as_deref()), (3, Some("lambda:GetPolicy")));
    assert!(error.message.contains("is not authorized to perform") && error.uid.is_some());
    assert_eq!(fake.count("GetPolicy"), 3, "a denial is not retried");
    assert_eq!(fake.count("ListFunctionUrlConfigs"), 2, "an unread policy may allow a URL");
}

#[tokio::test]
async fn a_denied_listing_denies_the_shard() {
    for (code, status) in [
        ("AccessDeniedException", 403),
        ("UnauthorizedOperation", 403),
        ("ForbiddenException", 403),
        ("Odd", 403),
    ] {
        let fake =
            Fake::start(move |action, _, _| (action == "ListFunctions").then(|| error(status, code, "no")))
                .await;
        let shard = fake.collect("lambda").await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Denied, false), "{code}");
        assert_eq!(shard.resources.len(), 1, "the settings were read all the same");
    }
    let fake = Fake::start(|action, _, _| {
        (action == "GetRestApis").then(|| error(403, "AccessDeniedException", "no"))
    })
    .await;
    let shard = fake.collect("apigateway").await;
    assert_eq!(shard.coverage.errors[0].permission.as_deref(), Some("apigateway:GET"));
}

#[tokio::test]
async fn a_second_listing_that_fails_leaves_the_shard_partial_and_not_listed() {
    let fake = Fake::start(|action, _, _| {
        (action == "GetDomainNames").then(|| error(403, "AccessDeniedException", "no"))
    })
    .await;
    let shard = fake.collect("apigateway").await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, false));
    assert_eq!(known(find(&shard, "orders"), "api")["id"], "r1");
}

#[tokio::test]
async fn a_region_that_is_not_enabled_is_disabled() {
    for code in ["UnrecognizedClientException", "OptInRequired", "InvalidClientTokenId"] {
        let fake =
            Fake::start(move |action, _, _| (action == "DescribeLogGroups").then(|| error(403, code, "no")))
                .await;
        let shard = fake.collect("logs").await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Disabled, false), "{code}");
    }
}

#[tokio::test]
async fn throttling_is_waited_out_as_long_as_the_provider_asks() {
    let fake = Fake::start(|action, before, _| {
        let throttled =
            || error(429, "TooManyRequestsException", "Rate exceeded").insert_header("retry-after", "1");
        (action == "ListFunctions" && before == 0).then(throttled)
    });
    let fake = fake.await;
    let started = Instant::now();
    let limits = Limits { longest_wait: Duration::from_secs(2), ..quick() };
    let shard = fake.collect_with("lambda", limits).await;
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(shard.coverage.calls["lambda:ListFunctions"], 3, "the retry is counted");
}

#[tokio::test]
async fn a_hostile_retry_after_is_capped_and_endless_throttling_ends() {
    let fake = Fake::start(|action, _, _| {
        let throttled =
            || error(400, "ThrottlingException", "Rate exceeded").insert_header("retry-after", "86400");
        (action == "DescribeLogGroups").then(throttled)
    });
    let fake = fake.await;
    let shard = fake.collect_with("logs", Limits { tries: 3, ..quick() }).await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Throttled, false));
    assert_eq!(shard.coverage.calls["logs:DescribeLogGroups"], 3);
    assert_eq!(shard.coverage.errors[0].error, "ThrottlingException");
}

#[tokio::test]
async fn a_shard_that_loses_too_much_time_is_left_with_what_was_read() {
    let fake = Fake::start(|action, _, _| {
        (action == "GetPolicy").then(|| error(500, "ServiceException", "try again"))
    });
    let fake = fake.await;
    let shard = Duration::from_millis(1);
    let limits = Limits { shard, first_wait: Duration::from_millis(20), concurrency: 1, ..quick() };
    let shard = fake.collect_with("lambda", limits).await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, true));
    let error = shard.coverage.errors.iter().find(|error| error.error == "ShardTimeout").unwrap();
    assert!(error.message.contains("too much time was lost"), "{}", error.message);
    assert!(fake.count("GetPolicy") < 8, "the first call gives up, and the others are not made");
    assert_eq!(shard.resources.len(), 3);
    let policies: Vec<_> =
        shard.resources.iter().filter_map(|resource| resource.facets.get("policy")).collect();
    assert!(!policies.is_empty() && policies.iter().all(|policy| policy.unreadable().is_some()));
}

#[tokio::test]
async fn an_endpoint_that_fails_half_the_time_is_read_whole() {
    let turn = AtomicU32::new(0);
    let fake = Fake::start(move |action, _, _| {
        let fails = action != "GetCallerIdentity" && turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        fails.then(|| error(500, "ServiceException", "try again"))
    });
    let fake = fake.await;
    let shard = fake.collect_with("lambda", Limits { concurrency: 1, ..quick() }).await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(shard.resources.len(), 3);
}

#[tokio::test]
async fn a_page_of_html_is_malformed_and_not_retried() {
    for status in [200, 404, 403] {
        let fake = Fake::start(move |action, _, _| (action == "ListFunctions").then(|| html(status))).await;
        let shard = fake.collect("lambda").await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Failed, false), "{status}");
        let error = &shard.coverage.errors[0];
        assert_eq!((error.error.as_str(), error.permission.as_deref()), ("Malformed", None));
        assert!(error.message.contains("HTML") && !error.message.contains("Sign in"), "{}", error.message);
        assert_eq!(fake.count("ListFunctions"), 1);
    }
}

#[tokio::test]
async fn answers_that_say_nothing_are_not_empty_lists() {
    for body in ["", "{}", "[]", "{\"Functions\":", "{\"Functions\": null}"] {
        let fake = Fake::start(move |action, _, _| {
            (action == "ListFunctions").then(|| ResponseTemplate::new(200).set_body_string(body))
        });
        let shard = fake.await.collect("lambda").await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Failed, false), "{body}");
        assert_eq!(shard.coverage.errors[0].error, "Malformed", "{body}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serve = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 500\r\n\r\n";
            let _ = stream.write_all(format!("{head}{{\"logGroups\": [").as_bytes()).await;
        }
    });
    let identity = Fake::start(|_, _, _| None).await;
    let mut aws = Aws::identify(options(quick()), sdk(&identity.server.uri())).await.unwrap();
    aws.sdk = sdk(&endpoint);
    let shard = aws.collect(&key(Region::from("eu-west-1"), "logs"), &Context::default()).await;
    serve.abort();
    assert_eq!(shard.coverage.state, CoverageState::Failed);
    assert!(
        shard.coverage.errors.iter().all(|error| error.error == "Malformed"),
        "{:?}",
        shard.coverage.errors
    );
    assert_eq!(shard.coverage.calls["logs:DescribeLogGroups"], 3, "it may have been an accident");
}

#[tokio::test]
async fn a_page_token_that_repeats_ends_the_listing_with_an_error() {
    let fake = Fake::start(|action, before, _| {
        let group = json!({"logGroupName": format!("/group/{before}")});
        let page = json!({"logGroups": [group], "nextToken": if before == 0 { "a" } else { "b" }});
        (action == "DescribeLogGroups").then(|| ResponseTemplate::new(200).set_body_json(page))
    });
    let fake = fake.await;
    let shard = fake.collect("logs").await;
    assert_eq!(fake.count("DescribeLogGroups"), 3);
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Failed, false));
    assert_eq!(shard.resources.len(), 4, "what was read is kept");
    let error = &shard.coverage.errors[0];
    assert_eq!(error.error, "Malformed");
    assert_eq!(error.message, "page 3 names a page that was read before; stopped there");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout() {
    let fake = Fake::start(|action, _, _| {
        let late = || {
            ResponseTemplate::new(200)
                .set_delay(Duration::from_secs(5))
                .set_body_json(json!({"logGroups": []}))
        };
        (action == "DescribeLogGroups").then(late)
    });
    let fake = fake.await;
    let shard = fake.collect_with("logs", Limits { attempt: Duration::from_millis(50), ..quick() }).await;
    assert_eq!(shard.coverage.state, CoverageState::Failed);
    assert_eq!(shard.coverage.errors[0].error, "Timeout");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_unreachable() {
    let fake = Fake::start(|_, _, _| None).await;
    let mut aws = Aws::identify(options(quick()), sdk(&fake.server.uri())).await.unwrap();
    aws.sdk = sdk("http://127.0.0.1:1");
    let shard = aws.collect(&key(Region::from("eu-west-1"), "cloudtrail"), &Context::default()).await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Failed, false));
    assert_eq!(shard.coverage.errors[0].error, "Unreachable");
}

#[tokio::test]
async fn what_vanishes_between_list_and_detail_is_gone() {
    let fake = Fake::start(|action, _, request| match action {
        "GetFunction" if request.url.path().ends_with("/open") => {
            Some(error(404, "ResourceNotFoundException", "Function not found"))
        }
        "GetStages" => Some(error(404, "NotFoundException", "Invalid API identifier specified")),
        "GetTrailStatus" => Some(error(400, "TrailNotFoundException", "Unknown trail")),
        _ => None,
    });
    let fake = fake.await;
    for (service, left) in [("lambda", 2), ("apigateway", 2), ("cloudtrail", 1)] {
        let shard = fake.collect(service).await;
        assert_eq!(shard.resources.len(), left, "{service}");
        let coverage = shard.coverage;
        assert_eq!(
            (coverage.state, coverage.listed),
            (CoverageState::Complete, true),
            "{service}: {:?}",
            coverage.errors
        );
    }
}

#[tokio::test]
async fn a_policy_that_is_not_json_is_malformed() {
    let fake = Fake::start(|action, _, _| match action {
        "GetPolicy" => Some(ResponseTemplate::new(200).set_body_json(json!({"Policy": "{\"Version\":"}))),
        "GetRestApis" => Some(
            ResponseTemplate::new(200)
                .set_body_json(json!({"item": [{"id": "r1", "name": "orders", "policy": "{{"}]})),
        ),
        _ => None,
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    assert_eq!(unreadable(find(&shard, "shop"), "policy").error, "Malformed");
    assert_eq!(shard.coverage.state, CoverageState::Partial);
    let shard = fake.collect("apigateway").await;
    for name in ["orders", "orders/prod"] {
        assert_eq!(unreadable(find(&shard, name), "api").error, "Malformed", "{name}");
    }
    assert_eq!(shard.coverage.state, CoverageState::Partial);
    assert_eq!(shard.coverage.errors[0].count, 2);
}

#[tokio::test]
async fn a_bulk_read_that_fails_leaves_every_function_unread_in_that_respect() {
    let fake = Fake::start(|action, _, _| {
        let bulk = matches!(
            action,
            "ListEventSourceMappings" | "ListFunctionsByCodeSigningConfig" | "GetAccountSettings"
        );
        bulk.then(|| error(403, "AccessDeniedException", "no"))
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    let open = find(&shard, "open");
    assert_eq!(
        unreadable(open, "event_sources").permission.as_deref(),
        Some("lambda:ListEventSourceMappings")
    );
    assert_eq!(unreadable(open, "code_signing").api, "lambda:ListFunctionsByCodeSigningConfig");
    assert_eq!(
        known(open, "concurrency")["ReservedConcurrentExecutions"],
        100,
        "asked for where the settings are unread"
    );
    assert_eq!(unreadable(find(&shard, "Lambda settings"), "settings").error, "AccessDeniedException");
    assert!(shard.coverage.listed);
}

#[tokio::test]
async fn a_listing_that_breaks_off_keeps_what_was_read_and_guesses_nothing() {
    let fake = Fake::start(|action, before, _| {
        (action == "ListFunctions" && before == 1).then(|| error(403, "AccessDenied", "no"))
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Denied, false));
    assert_eq!(known(find(&shard, "shop"), "aliases")["Aliases"][0]["Name"], "live", "its version was seen");

    let without_versions = json!({"NextMarker": "two", "Functions": [{"FunctionName": "open", "FunctionArn": estate::function_arn("open"), "Version": "$LATEST"}]});
    let fake = Fake::start(move |action, before, _| match (action, before) {
        ("ListFunctions", 0) => Some(ResponseTemplate::new(200).set_body_json(&without_versions)),
        ("ListFunctions", _) => Some(error(403, "AccessDenied", "no")),
        _ => None,
    });
    let shard = fake.await.collect("lambda").await;
    assert_eq!(unreadable(find(&shard, "open"), "aliases").api, "lambda:ListFunctions");
}

#[tokio::test]
async fn the_trail_of_another_account_is_not_gone_when_its_details_are_hidden() {
    let arn = "arn:aws:cloudtrail:eu-west-1:999999999999:trail/organisation";
    let fake = Fake::start(move |action, _, _| match action {
        "DescribeTrails" => Some(
            ResponseTemplate::new(200)
                .set_body_json(json!({"trailList": [{"Name": "organisation", "TrailARN": arn}]})),
        ),
        "GetTrailStatus" | "GetEventSelectors" => Some(error(400, "TrailNotFoundException", "Unknown trail")),
        _ => None,
    });
    let shard = fake.await.collect("cloudtrail").await;
    assert_eq!(unreadable(find(&shard, "organisation"), "status").error, "TrailNotFoundException");
    assert_eq!(shard.coverage.state, CoverageState::Partial);
    assert_eq!(shard.coverage.errors.len(), 2);
}

#[tokio::test]
async fn messages_are_scrubbed_and_cut() {
    let message = format!("cannot use AKIAIOSFODNN7EXAMPLE \n{}", "x".repeat(2000));
    let fake = Fake::start(move |action, _, _| {
        (action == "ListFunctions").then(|| error(400, "Bad Code<script>", &message))
    })
    .await;
    let shard = fake.collect("lambda").await;
    let error = &shard.coverage.errors[0];
    assert!(error.message.starts_with("cannot use [aws-access-key] xxx"), "{}", error.message);
    assert_eq!(error.message.chars().count(), 500);
    assert_eq!(error.error, "BadCodescript");
}

#[tokio::test]
async fn no_log_line_of_any_crate_holds_what_was_answered() {
    let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
    let writer = Arc::clone(&lines);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Shared(Arc::clone(&writer)))
        .finish();
    // For the whole thread, so that tasks which the HTTP client spawns are heard too.
    let listening = tracing::subscriber::set_default(subscriber);
    tracing::info!("the subscriber listens");
    let fake = Fake::start(|_, _, _| None).await;
    fake.collect("lambda").await;
    fake.collect("apigateway").await;
    drop(listening);
    let text = String::from_utf8_lossy(&lines.lock().unwrap()).into_owned();
    assert!(text.contains("the subscriber listens"));
    assert!(!text.contains("CANARY"), "{text}");
}

struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_draft_stands_in_for_an_export_that_is_refused() {
    let fake = Fake::start(|action, _, _| {
        let refused = action == "GetExport" || action == "v2:ExportApi";
        refused.then(|| error(403, "AccessDeniedException", "no"))
    });
    let fake = fake.await;
    let shard = fake.collect("apigateway").await;
    assert_eq!(shard.coverage.state, CoverageState::Partial);
    let stage = find(&shard, "orders/prod");
    let unread = unreadable(stage, "deployed");
    assert_eq!(
        (unread.api.as_str(), unread.permission.as_deref()),
        ("apigateway:GetExport", Some("apigateway:GET"))
    );
    assert_eq!(known(stage, "resources")["item"][0]["path"], "/");
    assert_eq!(known(stage, "validators"), &json!({"item": []}));
    let shard = fake.collect("apigatewayv2").await;
    let stage = find(&shard, "web/$default");
    assert_eq!(unreadable(stage, "deployed").api, "apigatewayv2:ExportApi");
    assert_eq!(known(stage, "routes")["items"][0]["routeKey"], "GET /");
}
