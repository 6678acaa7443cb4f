//! The calls, against a server on loopback that answers as each test wants it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nephoscope_model::{CoverageState, Facet, Resource, ServiceName, Shard};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{FnOptions, FnProject};
use crate::error::CollectError;
use crate::{Asking, Collector, Context, Limits};

mod failing;
mod images;
mod reading;
mod strangers;

/// A server whose answers are those of the small estate, except where a test answers itself.
struct Fake {
    server: MockServer,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// `answer` is given what is asked (`GET /v2/fns?app_id=A&per_page=100`) and how often it was asked before.
    async fn start(
        answer: impl Fn(&str, usize, &Request) -> Option<ResponseTemplate> + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&seen);
        let respond = move |request: &Request| {
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let asked = format!("{} {}{query}", request.method, request.url.path());
            let before = {
                let mut log = log.lock().unwrap();
                log.push(asked.clone());
                log.iter().filter(|seen| **seen == asked).count() - 1
            };
            answer(&asked, before, request).unwrap_or_else(|| estate(&asked))
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { server, seen }
    }

    /// The options of a target that is reached here, though its address is another machine's.
    fn options(&self) -> FnOptions {
        FnOptions {
            api_url: Some("https://fn.example.com".to_owned()),
            token: Some("of-the-scan".to_owned()),
            asking: Asking {
                endpoint_url: Some(self.server.uri()),
                limits: Limits {
                    tries: 3,
                    attempt: Duration::from_secs(5),
                    first_wait: Duration::from_millis(1),
                    longest_wait: Duration::from_millis(20),
                    ..Limits::default()
                },
                ..Asking::new([7; 32])
            },
            ..FnOptions::new([7; 32])
        }
    }

    async fn connected(&self) -> FnProject {
        FnProject::connect(self.options()).await.unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// The shard of one service.
async fn shard(server: &FnProject, service: &str) -> Shard {
    let keys = server.plan().await.unwrap();
    let key = keys.into_iter().find(|key| key.service.as_str() == service).unwrap();
    server.collect(&key, &Context::default()).await
}

fn names(shard: &Shard) -> Vec<&str> {
    shard.resources.iter().map(|resource| resource.name.as_str()).collect()
}

fn find<'s>(shard: &'s Shard, name: &str) -> &'s Resource {
    shard.resources.iter().find(|resource| resource.name == name).unwrap()
}

fn error(facet: &Facet) -> &str {
    facet.unreadable().map_or("", |reason| reason.error.as_str())
}

fn reply(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn refusal(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "message": message }))
}

/// Two apps, three functions and a trigger, as a server of 0.3.753 words them.
fn estate(asked: &str) -> ResponseTemplate {
    match asked {
        "GET /version" => reply(json!({"version": "0.3.753"})),
        "GET /v2/apps?per_page=100" => reply(json!({"items": [
            {"id": "A", "name": "payments", "config": {"DB_PASSWORD": "hunter2-hunter2", "LOG_LEVEL": "info"},
                "annotations": {"example.com/owner": "pay"}, "created_at": "2026-11-21T01:44:00.743Z"},
            {"id": "B", "name": "reports", "syslog_url": "tcp+tls://logs.example.test:6514", "shape": "GENERIC_X86"},
        ]})),
        "GET /v2/fns?app_id=A&per_page=100" => {
            reply(json!({"items": [function("charge", "A"), function("refund", "A")]}))
        }
        "GET /v2/fns?app_id=B&per_page=100" => reply(json!({"items": [function("render", "B")]})),
        "GET /v2/triggers?app_id=A&per_page=100" => reply(json!({"items": [{
            "id": "id-of-charge-http", "name": "charge-http", "app_id": "A", "fn_id": "id-of-charge", "type": "http",
            "source": "/charge",
            "annotations": {"fnproject.io/trigger/httpEndpoint": "https://fn.example.com/t/payments/charge"},
        }]})),
        "GET /v2/triggers?app_id=B&per_page=100" => reply(json!({"items": []})),
        other => refusal(404, &format!("Path not found: {other}")),
    }
}

fn function(name: &str, app: &str) -> Value {
    json!({
        "id": format!("id-of-{name}"), "name": name, "app_id": app, "image": format!("example.test/{name}:1"),
        "memory": 128, "timeout": 30, "idle_timeout": 30, "config": {"API_KEY": "hunter2-hunter2"},
        "annotations": {"fnproject.io/fn/invokeEndpoint": format!("https://fn.example.com/invoke/id-of-{name}")},
    })
}
