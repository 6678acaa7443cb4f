//! The reader, against a server on loopback that answers as each test wants it to.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use nephoscope_model::{AccountId, Facet, Uid};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request as Received, ResponseTemplate};

use super::transport::{Outgoing, Transport};
use super::{Action, Explained, List, Pages, Reader, Renewing, Reply, Request, Unsent, Wire};
use crate::Named;
use crate::basket::Basket;
use crate::budget::{Budgets, Family};
use crate::failure::Class;
use crate::limits::Limits;
use crate::log::Journal;
use crate::normalise::facet;
use crate::purpose::{Purpose, Tier};
use crate::redact::Redactor;

static FAMILY: Family = Family { name: "test", per_second: 1000.0, burst: 1000 };
static GET: Action = Action::new("things.get", &FAMILY);
static SECRETS: Action = Action::new("things.secrets", &FAMILY).tier(Tier::Code);
static BY_TOKEN: List =
    Action::new("things.list", &FAMILY).list("things", Pages::Token { reply: "next", request: "page" });
static BY_LINK: List = Action::new("links.list", &FAMILY).list("value", Pages::Link("nextLink"));
static BY_BODY: List = Action::new("rows.query", &FAMILY)
    .list("data", Pages::Body { reply: "$skipToken", request: "/options/$skipToken" });

/// A provider whose tokens are numbers, each made from the one before.
#[derive(Debug)]
struct Plain {
    transport: Transport,
    base: String,
    token: Renewing<u32>,
}

impl Plain {
    fn new(transport: Transport, base: &str) -> Self {
        let made = AtomicU32::new(0);
        let token = Renewing::new(0, move || Some(made.fetch_add(1, Ordering::Relaxed) + 1));
        Self { transport, base: base.to_owned(), token }
    }
}

#[async_trait]
impl Wire for Plain {
    async fn send(&self, action: &Action, request: &Request) -> Result<Reply, Unsent> {
        let (method, body) = match request.body() {
            None => (Method::GET, Vec::new()),
            Some(body) => (Method::POST, body.to_string().into_bytes()),
        };
        let url = request.url(&self.base, action.version);
        let token = self.token.current();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from(*token))]);
        let mut reply = self.transport.send(Outgoing { method, url, headers, body }).await?;
        reply.renewed = reply.status == 401 && self.token.renew(&token);
        Ok(reply)
    }

    fn explain(&self, reply: &Reply) -> Explained {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Explained { code: text("code"), message: text("message"), class: None }
    }

    fn rest(&self, reply: &Reply) -> Option<Duration> {
        reply.header("x-rest").map(|_| Duration::from_millis(80))
    }

    fn distrusts(&self, address: &str) -> Option<String> {
        (!address.starts_with(&self.base)).then(|| "it is elsewhere".to_owned())
    }
}

async fn server(answer: impl Fn(&Received) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn reader(server: &MockServer) -> Reader {
    let limits = Limits {
        tries: 4,
        attempt: Duration::from_secs(2),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(50),
        ..Limits::default()
    };
    let transport = Transport::new(limits.connect, None).unwrap();
    Reader {
        wire: Arc::new(Plain::new(transport, &server.uri())),
        account: AccountId::from("a"),
        redactor: Redactor::new([1; 32]),
        limits,
        budgets: Budgets::default(),
        share: 1.0,
        named: Named::default(),
        purpose: Purpose::Scan,
        tier: Tier::Events,
        log: Journal::default(),
        basket: Basket::default(),
    }
}

fn json_reply(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn parameter(request: &Received, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let server = server(|request| match parameter(request, "page").as_deref() {
        None => json_reply(json!({"things": [1, 2], "next": "b"})),
        Some("b") => json_reply(json!({"next": "c"})),
        _ => json_reply(json!({"things": [3], "next": ""})),
    })
    .await;
    let reader = reader(&server);
    let listing = reader.list(&BY_TOKEN, None, Request::get("/things")).await;
    assert_eq!((listing.items, listing.failure.is_none()), (vec![json!(1), json!(2), json!(3)], true));
    assert_eq!(reader.log.lock().calls["things.list"], 3);
}

#[tokio::test]
async fn pages_are_named_in_bodies_and_by_addresses() {
    let rows = server(|request| {
        let body: Value = request.body_json().unwrap();
        match body.pointer("/options/$skipToken") {
            None => json_reply(json!({"data": [1], "$skipToken": "t", "resultTruncated": "true"})),
            Some(token) => json_reply(json!({"data": [token, body["query"]], "resultTruncated": "false"})),
        }
    })
    .await;
    let listing = reader(&rows).list(&BY_BODY, None, Request::post("/q", json!({"query": "R"}))).await;
    assert_eq!(listing.items, [json!(1), json!("t"), json!("R")]);
    assert!(listing.failure.is_none());

    let links = MockServer::start().await;
    let base = links.uri();
    let answer = move |request: &Received| match parameter(request, "n") {
        None => json_reply(json!({"value": [1], "nextLink": format!("{base}/other?n=2&api-version=1")})),
        Some(_) => json_reply(json!({"value": [request.url.path()]})),
    };
    Mock::given(any()).respond_with(answer).mount(&links).await;
    let listing = reader(&links).list(&BY_LINK, None, Request::get("/things")).await;
    assert_eq!(listing.items, [json!(1), json!("/other")]);
}

#[tokio::test]
async fn a_listing_that_is_not_whole_says_so() {
    let cases = [
        // It names a page that was read before.
        (&BY_TOKEN, json!({"things": [1], "next": "again"}), "read before"),
        (&BY_LINK, json!({"value": [1], "nextLink": "https://evil.example/x"}), "elsewhere"),
        (&BY_TOKEN, json!({"things": {"no": "list"}}), "no list `things`"),
        (&BY_TOKEN, json!([1]), "no list `things`"),
        (&BY_TOKEN, json!({"things": [1], "unreachable": ["locations/x"]}), "locations/x"),
        (&BY_BODY, json!({"data": [1], "resultTruncated": "true"}), "names no page"),
    ];
    for (list, reply, why) in cases {
        let server = server(move |_| json_reply(reply.clone())).await;
        let reader = reader(&server);
        let failure = reader.list(list, None, Request::get("/things")).await.failure.unwrap();
        assert!(failure.message.contains(why), "{}", failure.message);
        assert_eq!(reader.log.lock().errors.len(), 1, "{why}");
    }
}

#[tokio::test]
async fn what_is_no_answer_of_the_api_is_told_apart() {
    let reply = |status: u16, body: &str| {
        let html = if body.starts_with('<') { "text/html" } else { "application/json" };
        ResponseTemplate::new(status).set_body_raw(body.to_owned(), html)
    };
    let cases = [
        (reply(200, "<html>sign in</html>"), Class::Foreign, 1),
        (reply(302, ""), Class::Foreign, 1),
        (reply(200, "{\"things\": [1"), Class::Malformed, 3),
        (reply(403, r#"{"code": "Denied", "message": "no"}"#), Class::Denied, 1),
        // Once more with another token.
        (reply(401, "{}"), Class::Expired, 2),
        (reply(404, "{}"), Class::NotFound, 1),
        (reply(429, "{}"), Class::Throttled, 4),
        (reply(503, "<html>busy</html>"), Class::Server, 4),
        (reply(400, "{}"), Class::Other, 1),
    ];
    for (template, class, tries) in cases {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let server = server(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            template.clone()
        })
        .await;
        let failure = reader(&server).call(&GET, None, &Request::get("/x")).await.unwrap_err();
        assert_eq!((failure.class, asked.load(Ordering::Relaxed)), (class, tries), "{failure:?}");
        assert_eq!(failure.permission.is_some(), class == Class::Denied);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_midway_is_renewed_once_for_all_calls() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let server = server(move |request| {
        let token = request.headers.get(AUTHORIZATION).unwrap().to_str().unwrap().to_owned();
        log.lock().unwrap().push(token.clone());
        match token.as_str() {
            "0" => ResponseTemplate::new(401).set_body_json(json!({"code": "Ended"})),
            _ => json_reply(json!({"token": token})),
        }
    })
    .await;
    let reader = reader(&server);
    let answers =
        reader.each(0..40, |_| async { reader.call(&GET, None, &Request::get("/x")).await.unwrap() }).await;
    assert!(answers.iter().all(|answer| answer["token"] == "1"), "{answers:?}");
    let seen = seen.lock().unwrap();
    let refused = seen.iter().filter(|token| *token == "0").count();
    assert!((1..=reader.limits.concurrency).contains(&refused), "{refused}");
    assert_eq!(reader.log.lock().calls["things.get"], seen.len() as u64, "each call is counted");
    assert_eq!(seen.len(), 40 + refused);
    assert!(reader.log.lock().errors.is_empty());
}

#[tokio::test]
async fn no_item_is_taken_before_its_turn_and_results_keep_the_order() {
    let server = server(|_| json_reply(json!({}))).await;
    let mut reader = reader(&server);
    reader.limits.concurrency = 3;
    let taken = AtomicU32::new(0);
    let mut handed_on = Vec::new();
    let items = (0..20_u32).inspect(|_| {
        taken.fetch_add(1, Ordering::Relaxed);
    });
    // Of three that run at the same time the first is the slowest.
    let work = |item: u32| async move {
        tokio::time::sleep(Duration::from_millis(u64::from(2 - item % 3))).await;
        item
    };
    reader
        .for_each(items, work, |item| {
            handed_on.push(item);
            assert!(taken.load(Ordering::Relaxed) <= item + 3, "{item}");
        })
        .await;
    assert_eq!(handed_on, Vec::from_iter(0..20));
}

#[tokio::test]
async fn patience_is_asked_for_and_kept_within_limits() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let server = server(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        // A day: the scan waits no longer than its own limit.
        0 => ResponseTemplate::new(429).insert_header("retry-after", "86400"),
        1 => ResponseTemplate::new(503).insert_header("x-ms-retry-after-ms", "5"),
        _ => json_reply(json!({"ok": true})),
    })
    .await;
    let answer = reader(&server).call(&GET, None, &Request::get("/x")).await.unwrap();
    assert_eq!((answer, asked.load(Ordering::Relaxed)), (json!({"ok": true}), 3));

    let reply = |name: &str, value: &str| Reply {
        headers: vec![(name.to_owned(), value.to_owned())],
        ..Reply::default()
    };
    assert_eq!(reply("retry-after", "3").retry_after(), Some(Duration::from_secs(3)));
    assert_eq!(reply("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT").retry_after(), None);
    assert!(
        reply("retry-after", "Thu, 01 Jan 2099 00:00:00 GMT").retry_after().unwrap()
            > Duration::from_secs(1000)
    );
    assert_eq!(reply("retry-after", "soon").retry_after(), None);
}

#[tokio::test]
async fn nobody_calls_while_the_quota_rests() {
    let server = server(|_| json_reply(json!({})).insert_header("x-rest", "1")).await;
    let mut reader = reader(&server);
    reader.limits.longest_wait = Duration::from_secs(1);
    let started = std::time::Instant::now();
    for _ in 0..2 {
        reader.call(&GET, None, &Request::get("/x")).await.unwrap();
    }
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn what_is_not_to_be_asked_is_not() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let server = server(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        json_reply(json!({"things": [1, 2], "next": "b"}))
    })
    .await;
    let about = Uid::from("x");
    let mut reader = reader(&server);
    let withheld = reader.read(&SECRETS, Some(&about), &Request::get("/secrets")).await;
    let Facet::Unreadable(unreadable) = facet("secrets", withheld) else { panic!("it was not asked for") };
    assert_eq!(
        (unreadable.error.as_str(), unreadable.permission.as_deref()),
        ("NotAsked", Some("things.secrets"))
    );
    reader.purpose = Purpose::Plan;
    let planned = reader.call(&GET, Some(&about), &Request::get("/x")).await.unwrap_err();
    assert_eq!((planned.class, reader.log.lock().calls["things.get"]), (Class::NotAsked, 1));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert!(reader.log.lock().errors.is_empty());

    reader.purpose = Purpose::Probe;
    let probed = reader.list(&BY_TOKEN, None, Request::get("/things")).await;
    assert_eq!((probed.items, probed.failure.is_none()), (vec![json!(1)], true));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn one_address_can_stand_for_every_host() {
    let server = server(|request| {
        let meant = request.headers.get("x-original-host").unwrap().to_str().unwrap();
        json_reply(json!({"meant": meant, "path": request.url.path(), "query": request.url.query()}))
    })
    .await;
    let mut reader = reader(&server);
    let endpoint = format!("{}/through", server.uri());
    let transport = Transport::new(Duration::from_secs(1), Some(&endpoint)).unwrap();
    reader.wire = Arc::new(Plain::new(transport, "https://cloud.example"));
    let answer = reader.call(&GET, None, &Request::get("/a/b").query("c", "d")).await.unwrap();
    assert_eq!(answer, json!({"meant": "cloud.example", "path": "/through/a/b", "query": "c=d"}));
    assert!(Transport::new(Duration::from_secs(1), Some("no address")).is_err());
}
