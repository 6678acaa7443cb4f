//! Signing in, and signing in again: a metadata server and an API on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use google_cloud_auth::credentials::mds;
use nephoscope_model::CoverageState;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::google::Google;
use super::{refusal, scan};
use crate::gcp::{Gcp, GcpOptions};
use crate::rest::transport::Transport;
use crate::rest::{Action, Request as Asked, Unsent, Wire};
use crate::{Asking, Limits};

static PROJECTS: Action =
    Action::new("projects", &super::super::quota::PROJECTS).at("cloudresourcemanager.googleapis.com");

/// A metadata server that gives the tokens `0`, `1`, … unless `refuses` knows another answer to the nth time of asking,
/// and APIs that answer to each of them but `ended`; with how often a token was asked for.
async fn hosts(
    ended: &'static str,
    refuses: impl Fn(usize) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> (MockServer, Arc<AtomicUsize>) {
    let server = MockServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let respond = move |request: &Request| {
        let path = request.url.path();
        if path.ends_with("/token") {
            let nth = count.fetch_add(1, Ordering::Relaxed);
            let token = json!({"access_token": nth.to_string(), "expires_in": 3599, "token_type": "Bearer"});
            return refuses(nth).unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(token));
        }
        let is_refused = request.headers["authorization"] == format!("Bearer {ended}");
        let body = match path {
            "/v3/projects:search" => json!({"projects": [{"projectId": "shop", "state": "ACTIVE"}]}),
            _ if is_refused => return refusal(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"),
            _ => json!({}),
        };
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    (server, asked)
}

async fn sign_in(server: &MockServer) -> (GcpOptions, Result<Google, String>) {
    let limits = Limits {
        tries: 4,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(50),
        ..Limits::default()
    };
    let mut options = GcpOptions::new([1; 32]);
    options.asking = Asking { budget: 1.0, limits, services: vec!["pubsub".into()], ..options.asking };
    let metadata = server.uri();
    let transport = Transport::new(limits.connect, Some(&metadata)).unwrap();
    let make = move || mds::Builder::default().with_endpoint(&metadata).build();
    let google = Google::sign_in(make, &options.asking, transport).await;
    (options, google)
}

#[tokio::test]
async fn a_token_that_is_refused_midway_is_asked_for_once_more() {
    let (server, asked) = hosts("0", |_| None).await;
    let (options, google) = sign_in(&server).await;
    let gcp = Gcp::open(options, google.unwrap()).await.unwrap();
    let shards = scan(&gcp).await;
    let coverage = &shards["pubsub"].coverage;
    assert_eq!((coverage.state, asked.load(Ordering::Relaxed)), (CoverageState::Complete, 2), "{coverage:?}");
    let requests = server.received_requests().await.unwrap();
    let assets = requests.iter().filter(|request| request.url.path().ends_with("/assets")).count();
    let counted: u64 =
        coverage.calls.iter().filter(|(api, _)| api.starts_with("cloudasset.")).map(|(_, calls)| calls).sum();
    assert_eq!(counted, assets as u64, "what was made again is counted");
}

#[tokio::test]
async fn who_is_asked_for_too_many_tokens_is_asked_again() {
    // A day: nobody waits longer than the limits say.
    let busy = |nth| match nth {
        0 => Some(ResponseTemplate::new(429).insert_header("retry-after", "86400")),
        1 => Some(ResponseTemplate::new(503)),
        _ => None,
    };
    let (server, asked) = hosts("", busy).await;
    assert!(sign_in(&server).await.1.is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 3);

    for (status, tries) in [(429, 4), (503, 4), (403, 1)] {
        let (server, asked) = hosts("", move |_| Some(ResponseTemplate::new(status))).await;
        let why = sign_in(&server).await.1.unwrap_err();
        assert!(why.contains(&status.to_string()), "{why}");
        assert_eq!(asked.load(Ordering::Relaxed), tries, "{status}");
    }
}

#[tokio::test]
async fn while_no_token_is_given_calls_wait_for_the_next_one() {
    let busy = |nth| (nth > 0).then(|| ResponseTemplate::new(503).insert_header("retry-after", "3"));
    let (server, asked) = hosts("0", busy).await;
    let google = sign_in(&server).await.1.unwrap();
    let refused = google.send(&PROJECTS, &Asked::get("/v3/projects/shop")).await.unwrap();
    assert_eq!((refused.status, refused.renewed), (401, true));
    for _ in 0..10 {
        let unsent = google.send(&PROJECTS, &Asked::get("/v3/projects/shop")).await.unwrap_err();
        let Unsent::Busy { retry_after, .. } = unsent else { panic!("{unsent:?}") };
        assert_eq!(retry_after, Some(Duration::from_secs(10)));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2, "all calls wait for one token");
}
