//! The engine, against a manager on loopback that answers as each test wants it to.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nephoscope_model::{AccountId, CoverageState, Facet, Shard, ShardKey};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{Azure, AzureAuth, AzureOptions};
use crate::error::CollectError;
use crate::{Asking, Collector, Context, Limits};

const FIRST: &str = "11111111-0000-0000-0000-000000000001";
const SECOND: &str = "11111111-0000-0000-0000-000000000002";

/// What was asked, as method and path.
type Asked = Arc<Mutex<Vec<String>>>;

/// A tenant with two subscriptions, of which `state` is the second's; `answer` says what is in them, where it says something.
async fn tenant(
    state: &'static str,
    answer: impl Fn(&str, &Request) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> (MockServer, Asked) {
    let server = MockServer::start().await;
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let respond = move |request: &Request| {
        let path = request.url.path().to_owned();
        log.lock().unwrap().push(format!("{} {path}", request.method));
        if let Some(answer) = answer(&path, request) {
            return answer;
        }
        let subscription = |id: &str, state: &str| json!({"id": format!("/subscriptions/{id}"), "subscriptionId": id, "displayName": id, "state": state});
        let body = match path.as_str() {
            path if path.ends_with("/oauth2/v2.0/token") => {
                json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "t"})
            }
            "/subscriptions" => {
                json!({"value": [subscription(FIRST, "Enabled"), subscription(SECOND, state)]})
            }
            "/providers/Microsoft.ResourceGraph/resources" => json!({"data": [], "resultTruncated": "false"}),
            _ => json!({"value": []}),
        };
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    (server, asked)
}

fn options(server: &MockServer) -> AzureOptions {
    AzureOptions {
        auth: AzureAuth::Secret,
        tenant: Some("22222222-0000-0000-0000-000000000000".to_owned()),
        client_id: Some("33333333-0000-0000-0000-000000000000".to_owned()),
        client_secret: Some("not a real one".to_owned()),
        asking: Asking {
            endpoint_url: Some(server.uri()),
            services: vec!["subscription".into(), "web".into()],
            budget: 1.0,
            limits: Limits { tries: 1, attempt: Duration::from_secs(5), ..Limits::default() },
            ..Asking::new([1; 32])
        },
        ..AzureOptions::new([1; 32])
    }
}

async fn scan(azure: &Azure) -> BTreeMap<String, Shard> {
    let mut shards = BTreeMap::new();
    for key in azure.plan().await.unwrap() {
        let shard = azure.collect(&key, &Context::default()).await;
        shards.insert(name(&key), shard);
    }
    shards
}

fn name(key: &ShardKey) -> String {
    format!("{} {}", if key.account.as_str() == FIRST { "first" } else { "second" }, key.service)
}

fn site(subscription: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/resourceGroups/Shop/providers/Microsoft.Web/sites/{name}"),
        "name": name, "type": "microsoft.web/sites", "kind": "functionapp,linux", "location": "West Europe",
        "tags": {"team": "shop"}, "properties": {"httpsOnly": true}, "subscriptionId": subscription,
    })
}

fn error(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({"error": {"code": code, "message": format!("{code} it is")}}))
}

#[tokio::test]
async fn one_query_serves_every_subscription() {
    let (server, asked) = tenant("Enabled", |path, _| {
        let rows = [site(FIRST, "Pay"), site(SECOND, "mail"), site(FIRST, "ship")];
        path.ends_with("/resources").then(|| {
            ResponseTemplate::new(200).set_body_json(json!({"data": rows, "resultTruncated": "false"}))
        })
    })
    .await;
    let azure = Azure::connect(options(&server)).await.unwrap();
    let shards = scan(&azure).await;
    let names = |shard: &str| -> Vec<String> {
        shards[shard]
            .resources
            .iter()
            .filter(|r| r.kind.as_str() == "azure.functions.app")
            .map(|r| r.name.clone())
            .collect()
    };
    assert_eq!(
        (names("first web"), names("second web")),
        (vec!["Pay".to_owned(), "ship".to_owned()], vec!["mail".to_owned()])
    );
    let graph = asked.lock().unwrap().iter().filter(|asked| asked.contains("ResourceGraph")).count();
    assert_eq!(graph, 1);
    let pay = shards["first web"].resources.iter().find(|r| r.name == "Pay").unwrap();
    assert_eq!(
        pay.uid.as_str(),
        format!("/subscriptions/{FIRST}/resourcegroups/shop/providers/microsoft.web/sites/pay")
    );
    assert_eq!((pay.region.as_str(), pay.tags["team"].as_str()), ("westeurope", "shop"));
    // The provider is asked in its own spelling.
    assert!(
        asked
            .lock()
            .unwrap()
            .iter()
            .any(|asked| asked.contains("/resourceGroups/Shop/providers/Microsoft.Web/sites/Pay/config/web"))
    );
    assert_eq!(shards["first subscription"].coverage.calls["Microsoft.Resources/subscriptions/read"], 1);
}

#[tokio::test]
async fn a_refused_query_is_the_failure_of_every_subscription() {
    let (server, asked) =
        tenant("Enabled", |path, _| path.ends_with("/resources").then(|| error(403, "AuthorizationFailed")))
            .await;
    let azure = Azure::connect(options(&server)).await.unwrap();
    let shards = scan(&azure).await;
    for shard in ["first web", "second web"] {
        let coverage = &shards[shard].coverage;
        assert_eq!((coverage.state, coverage.listed), (CoverageState::Denied, false), "{shard}");
        assert_eq!(coverage.errors[0].permission.as_deref(), Some("Microsoft.ResourceGraph/resources/read"));
    }
    assert_eq!(asked.lock().unwrap().iter().filter(|asked| asked.contains("ResourceGraph")).count(), 1);
    assert!(shards["first subscription"].coverage.listed);
}

#[tokio::test]
async fn details_are_absent_denied_or_there() {
    let (server, _) = tenant("Enabled", |path, _| match path {
        path if path.ends_with("/resources") => {
            let rows = json!({"data": [site(FIRST, "pay")], "resultTruncated": "false"});
            Some(ResponseTemplate::new(200).set_body_json(rows))
        }
        path if path.ends_with("/config/web") => Some(error(403, "AuthorizationFailed")),
        path if path.ends_with("/config/authsettingsV2") => Some(error(404, "NotFound")),
        _ => None,
    })
    .await;
    let azure = Azure::connect(options(&server)).await.unwrap();
    let shards = scan(&azure).await;
    let app = shards["first web"].resources.iter().find(|r| r.name == "pay").unwrap();
    assert!(app.facets["site"].value().is_some());
    assert_eq!(app.facets["auth"], Facet::Absent);
    let denied = app.facets["config"].unreadable().unwrap();
    assert_eq!(denied.error, "AuthorizationFailed");
    assert_eq!(shards["first web"].coverage.state, CoverageState::Partial);
    assert!(shards["first web"].coverage.listed, "the apps themselves were listed");
    // What the tier leaves out did not fail.
    let withheld = app.facets["settings"].unreadable().unwrap();
    assert_eq!(withheld.error, "NotAsked");
    assert!(shards["first web"].coverage.errors.iter().all(|error| error.error != "NotAsked"));
}

#[tokio::test]
async fn a_token_that_is_refused_midway_is_asked_for_once_more() {
    let given = AtomicUsize::new(0);
    let (server, asked) = tenant("Enabled", move |path, request| {
        if path.ends_with("/token") {
            let token = format!("t{}", given.fetch_add(1, Ordering::Relaxed));
            let body = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token});
            return Some(ResponseTemplate::new(200).set_body_json(body));
        }
        let is_first = request.headers.get("authorization").is_some_and(|token| token == "Bearer t0");
        if is_first && path != "/subscriptions" {
            return Some(error(401, "ExpiredAuthenticationToken"));
        }
        path.ends_with("/resources").then(|| {
            let rows =
                json!({"data": [site(FIRST, "pay"), site(SECOND, "mail")], "resultTruncated": "false"});
            ResponseTemplate::new(200).set_body_json(rows)
        })
    })
    .await;
    let azure = Azure::connect(options(&server)).await.unwrap();
    let keys = azure.plan().await.unwrap();
    let context = Context::default();
    let shards = futures::future::join_all(keys.iter().map(|key| azure.collect(key, &context))).await;
    for shard in &shards {
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    }
    let count = |part: &str| asked.lock().unwrap().iter().filter(|asked| asked.contains(part)).count();
    assert_eq!(count("/token"), 2);
    let queries: u64 = shards
        .iter()
        .filter_map(|shard| shard.coverage.calls.get("Microsoft.ResourceGraph/resources/read"))
        .sum();
    assert_eq!((count("/resources"), queries), (2, 2), "both calls are counted");
}

#[tokio::test]
async fn a_disabled_subscription_is_one_shard_that_says_so() {
    let (server, _) = tenant("Disabled", |_, _| None).await;
    let azure = Azure::connect(options(&server)).await.unwrap();
    let shards = scan(&azure).await;
    assert_eq!(shards.keys().collect::<Vec<_>>(), ["first subscription", "first web", "second subscription"]);
    let disabled = &shards["second subscription"];
    assert_eq!((disabled.coverage.state, disabled.resources.len()), (CoverageState::Disabled, 0));
    assert_eq!(disabled.coverage.errors[0].error, "DisabledSubscription");
}

#[tokio::test]
async fn who_cannot_sign_in_is_told_why_and_what_to_do() {
    let refused = |path: &str, _: &Request| {
        path.ends_with("/token").then(|| {
            let body = json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."});
            ResponseTemplate::new(401).set_body_json(body)
        })
    };
    let (server, _) = tenant("Enabled", refused).await;
    let refused = Azure::connect(options(&server)).await.unwrap_err();
    let CollectError::Refused { attempted, .. } = &refused else { panic!("{refused}") };
    assert_eq!(attempted, "sign in to Azure");
    let why = refused.source().unwrap().to_string();
    assert!(why.contains("client secret") && why.contains("AADSTS7000215"), "{why}");
    assert!(refused.help().contains("az login"));
}

#[tokio::test]
async fn subscriptions_are_chosen_excluded_and_missed() {
    let below = |path: &str, _: &Request| {
        path.ends_with("/descendants").then(|| {
            let body = json!({"value": [{"type": "/subscriptions", "name": SECOND}, {"type": "Microsoft.Management/managementGroups", "name": "x"}]});
            ResponseTemplate::new(200).set_body_json(body)
        })
    };
    let (server, _) = tenant("Enabled", below).await;
    let planned = async |change: &dyn Fn(&mut AzureOptions)| -> Result<Vec<String>, String> {
        let mut options = options(&server);
        options.asking.services = vec!["subscription".into()];
        change(&mut options);
        let azure = Azure::connect(options).await.map_err(|error| error.to_string())?;
        Ok(azure.plan().await.unwrap().iter().map(name).collect())
    };
    assert_eq!(planned(&|_| {}).await.unwrap().len(), 2);
    let only = planned(&|options| options.subscriptions = vec![FIRST.to_uppercase()]).await;
    assert_eq!(only.unwrap(), ["first subscription"]);
    let rest = planned(&|options| options.exclude = vec![FIRST.to_owned()]).await;
    assert_eq!(rest.unwrap(), ["second subscription"]);
    let group = planned(&|options| options.management_group = Some("shop".to_owned())).await;
    assert_eq!(group.unwrap(), ["second subscription"]);
    let missed = planned(&|options| options.subscriptions = vec!["44444444".to_owned()]).await;
    assert_eq!(missed.unwrap_err(), "find the subscription `44444444`");
    let none = planned(&|options| options.exclude = vec![FIRST.to_owned(), SECOND.to_owned()]).await;
    assert_eq!(none.unwrap_err(), "find a subscription of Azure to read");
    let unknown = planned(&|options| options.asking.services = vec!["wbe".into()]).await;
    assert!(unknown.unwrap_err().starts_with("find the service `wbe`; known are subscription"));
}

#[tokio::test]
async fn a_subscription_that_is_not_seen_any_more_is_missed_unless_it_is_left_out() {
    let (server, _) = tenant("Enabled", |_, _| None).await;
    const LOST: &str = "44444444-0000-0000-0000-000000000000";
    let before = [FIRST, LOST].map(AccountId::from);
    let missed = async |change: &dyn Fn(&mut AzureOptions)| -> Vec<ShardKey> {
        let mut options = options(&server);
        change(&mut options);
        Azure::connect(options).await.unwrap().unseen(&before)
    };
    let keys = missed(&|_| {}).await;
    assert_eq!(keys.iter().map(|key| key.account.as_str()).collect::<Vec<_>>(), [LOST]);
    let azure = Azure::connect(options(&server)).await.unwrap();
    let shard = azure.collect(&keys[0], &Context::default()).await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Denied, false));
    let error = &shard.coverage.errors[0];
    assert_eq!(error.permission.as_deref(), Some("Microsoft.Resources/subscriptions/read"));
    assert!(error.message.contains("no longer see the subscription"), "{error:?}");
    assert_eq!(missed(&|options| options.exclude = vec![LOST.to_uppercase()]).await, []);
    assert_eq!(missed(&|options| options.subscriptions = vec![SECOND.to_owned()]).await, []);
}
