//! The engine, against hosts on loopback that answer as each test wants them to.

mod locations;
mod project;
mod tokens;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nephoscope_model::{AccountId, CoverageState, Facet, Shard};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::google::Google;
use super::{Gcp, GcpOptions};
use crate::error::CollectError;
use crate::rest::transport::Transport;
use crate::{Asking, Collector, Context, Limits};

/// What was asked, as host and path.
type Asked = Arc<Mutex<Vec<String>>>;

/// The project `shop`; `answer` says what is in it, where it says something.
async fn hosts(
    answer: impl Fn(&str, &Request) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> (MockServer, Asked) {
    let server = MockServer::start().await;
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let respond = move |request: &Request| {
        let host = request.headers.get("x-original-host").unwrap().to_str().unwrap();
        let address = format!("{host}{}", request.url.path());
        log.lock().unwrap().push(address.clone());
        if let Some(answer) = answer(&address, request) {
            return answer;
        }
        let body = match address.as_str() {
            "cloudresourcemanager.googleapis.com/v3/projects:search" => json!({"projects": [
                {"name": "projects/1", "projectId": "shop", "state": "ACTIVE"},
                {"name": "projects/2", "projectId": "gone", "state": "DELETE_REQUESTED"},
            ]}),
            _ => json!({}),
        };
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    (server, asked)
}

async fn connect(server: &MockServer, change: impl Fn(&mut GcpOptions)) -> Result<Gcp, CollectError> {
    let limits = Limits { tries: 1, attempt: Duration::from_secs(5), ..Limits::default() };
    let mut options = GcpOptions::new([1; 32]);
    options.asking = Asking { budget: 1.0, limits, services: vec!["pubsub".into()], ..options.asking };
    change(&mut options);
    let transport = Transport::new(limits.connect, Some(&server.uri())).unwrap();
    Gcp::open(options, Google::anonymous(transport)).await
}

async fn scan(gcp: &Gcp) -> BTreeMap<String, Shard> {
    let mut shards = BTreeMap::new();
    for key in gcp.plan().await.unwrap() {
        shards.insert(key.service.to_string(), gcp.collect(&key, &Context::default()).await);
    }
    shards
}

const TOPIC: &str = "//pubsub.googleapis.com/projects/shop/topics/orders";

/// What the inventory has: a topic that everybody may publish to.
fn inventory(request: &Request) -> ResponseTemplate {
    let content = request.url.query_pairs().find(|(name, _)| name == "contentType").unwrap().1;
    let topic = json!({"name": TOPIC, "assetType": "pubsub.googleapis.com/Topic"});
    let mut asset = topic;
    match &*content {
        "RESOURCE" => {
            asset["resource"] = json!({"version": "v1", "data": {"name": "projects/shop/topics/orders", "labels": {"team": "shop"}}});
        }
        _ => {
            asset["iamPolicy"] =
                json!({"bindings": [{"role": "roles/pubsub.publisher", "members": ["allUsers"]}]})
        }
    }
    ResponseTemplate::new(200).set_body_json(json!({"assets": [asset]}))
}

fn refusal(status: u16, name: &str, reason: &str) -> ResponseTemplate {
    let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]);
    let error = json!({"error": {"code": status, "status": name, "message": format!("{name} it is"), "details": details}});
    ResponseTemplate::new(status).set_body_json(error)
}

fn calls(asked: &Asked, part: &str) -> usize {
    asked.lock().unwrap().iter().filter(|asked| asked.contains(part)).count()
}

#[tokio::test]
async fn the_inventory_serves_every_service_of_a_project() {
    let (server, asked) =
        hosts(|address, request| address.ends_with("/assets").then(|| inventory(request))).await;
    let gcp =
        connect(&server, |options| options.asking.services = vec!["pubsub".into(), "secretmanager".into()])
            .await
            .unwrap();
    let shards = scan(&gcp).await;
    assert_eq!(calls(&asked, "/v1/projects/shop/assets"), 2, "resources and policies, once each");
    let topic = shards["pubsub"].resources.iter().find(|resource| resource.uid.as_str() == TOPIC).unwrap();
    assert_eq!((topic.name.as_str(), topic.tags["team"].as_str()), ("orders", "shop"));
    let policy = topic.facets["policy"].value().unwrap();
    assert_eq!(policy["bindings"][0]["members"], json!(["allUsers"]));
    assert_eq!(shards["pubsub"].coverage.state, CoverageState::Complete);
    assert_eq!(calls(&asked, "pubsub.googleapis.com"), 0, "nothing was left to ask");
    assert_eq!(gcp.plan().await.unwrap().iter().filter(|key| key.account.as_str() == "gone").count(), 0);
}

#[tokio::test]
async fn a_project_that_is_not_seen_any_more_is_missed_unless_it_is_gone_or_left_out() {
    let (server, _) = hosts(|_, _| None).await;
    let before = ["gone", "lost", "shop"].map(AccountId::from);
    let gcp = connect(&server, |_| {}).await.unwrap();
    let keys = gcp.unseen(&before);
    assert_eq!(keys.iter().map(|key| key.account.as_str()).collect::<Vec<_>>(), ["lost"]);
    let shard = gcp.collect(&keys[0], &Context::default()).await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Denied, false));
    let error = &shard.coverage.errors[0];
    assert_eq!(error.permission.as_deref(), Some("resourcemanager.projects.get"));
    assert!(error.message.contains("no longer see the project"), "{error:?}");
    let excluding = connect(&server, |options| options.exclude = vec!["lost".to_owned()]).await.unwrap();
    assert_eq!(excluding.unseen(&before), []);
    let naming = connect(&server, |options| options.projects = vec!["shop".to_owned()]).await.unwrap();
    assert_eq!(naming.unseen(&before), []);
}

#[tokio::test]
async fn without_the_inventory_each_service_is_asked() {
    let answer = |address: &str, _: &Request| {
        let body = match address {
            address if address.ends_with("/assets") => {
                return Some(refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"));
            }
            "pubsub.googleapis.com/v1/projects/shop/topics" => {
                json!({"topics": [{"name": "projects/shop/topics/orders"}]})
            }
            "pubsub.googleapis.com/v1/projects/shop/topics/orders:getIamPolicy" => {
                json!({"bindings": [], "etag": "x"})
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    };
    let (server, asked) = hosts(answer).await;
    let shards = scan(&connect(&server, |_| {}).await.unwrap()).await;
    let shard = &shards["pubsub"];
    let topic = shard.resources.iter().find(|resource| resource.uid.as_str() == TOPIC).unwrap();
    assert_eq!(topic.facets["policy"], Facet::Known(json!({"bindings": [], "etag": "x"})));
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Complete, true));
    assert_eq!(
        shard.coverage.costs[0].error, "SERVICE_DISABLED",
        "it cost calls, and nothing was left unread"
    );
    assert_eq!(calls(&asked, "/assets"), 1, "policies are not asked for where resources were refused");
}

#[tokio::test]
async fn an_api_that_is_switched_off_is_not_a_permission_that_is_missing() {
    for (reason, state, permission) in [
        ("SERVICE_DISABLED", CoverageState::Disabled, false),
        ("IAM_PERMISSION_DENIED", CoverageState::Denied, true),
    ] {
        let (server, _) = hosts(move |address, _| {
            let refused = address.ends_with("/assets") || address.starts_with("pubsub.");
            refused.then(|| refusal(403, "PERMISSION_DENIED", reason))
        })
        .await;
        let shards = scan(&connect(&server, |_| {}).await.unwrap()).await;
        let coverage = &shards["pubsub"].coverage;
        assert_eq!((coverage.state, coverage.listed), (state, false), "{reason}");
        assert_eq!(coverage.errors[0].permission.is_some(), permission, "{reason}");
    }
}

#[tokio::test]
async fn half_an_inventory_is_none() {
    let (server, asked) = hosts(|address, request| {
        let second = request.url.query().is_some_and(|query| query.contains("pageToken"));
        match address {
            address if address.ends_with("/assets") && second => Some(refusal(500, "INTERNAL", "")),
            address if address.ends_with("/assets") => {
                let body: Value = serde_json::from_slice(
                    &serde_json::to_vec(&json!({"assets": [], "nextPageToken": "b"})).unwrap(),
                )
                .unwrap();
                Some(ResponseTemplate::new(200).set_body_json(body))
            }
            "pubsub.googleapis.com/v1/projects/shop/topics" => Some(
                ResponseTemplate::new(200)
                    .set_body_json(json!({"topics": [{"name": "projects/shop/topics/orders"}]})),
            ),
            _ => None,
        }
    })
    .await;
    let shards = scan(&connect(&server, |_| {}).await.unwrap()).await;
    assert!(shards["pubsub"].resources.iter().any(|resource| resource.uid.as_str() == TOPIC));
    assert!(shards["pubsub"].coverage.listed);
    assert!(calls(&asked, "pubsub.googleapis.com/v1/projects/shop/topics") >= 1);
}

#[tokio::test]
async fn projects_are_chosen_and_missed() {
    let (server, asked) = hosts(|_, _| None).await;
    let missed = connect(&server, |options| options.projects = vec!["gone".to_owned()]).await.unwrap_err();
    assert_eq!(missed.to_string(), "find the project `gone`");
    let none = connect(&server, |options| options.exclude = vec!["shop".to_owned()]).await.unwrap_err();
    assert_eq!(none.to_string(), "find a project of Google Cloud to read");
    connect(&server, |options| options.parent = Some("folders/7".to_owned())).await.unwrap();
    assert_eq!(calls(&asked, "projects:search"), 3);
    let (denied, _) = hosts(|address, _| {
        address.ends_with("projects:search").then(|| refusal(403, "PERMISSION_DENIED", ""))
    })
    .await;
    let refused = connect(&denied, |_| {}).await.unwrap_err();
    assert_eq!(refused.to_string(), "list the projects of Google Cloud");
}

#[tokio::test]
async fn a_refused_search_of_projects_says_what_is_missing() {
    for (status, name, reason, help) in [
        (
            403,
            "PERMISSION_DENIED",
            "IAM_PERMISSION_DENIED",
            "give the credentials `resourcemanager.projects.get`",
        ),
        (403, "PERMISSION_DENIED", "USER_PROJECT_DENIED", "`serviceusage.services.use`"),
        (403, "PERMISSION_DENIED", "SERVICE_DISABLED", "enable the Cloud Resource Manager API"),
        (503, "UNAVAILABLE", "backendError", "check the network"),
    ] {
        let (server, _) = hosts(move |_, _| Some(refusal(status, name, reason))).await;
        let refused = connect(&server, |_| {}).await.unwrap_err();
        assert!(refused.help().contains(help), "{reason}: {}", refused.help());
    }
}
