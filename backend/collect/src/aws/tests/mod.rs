//! The calls, against an API on loopback that answers as each test wants it to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use nephoscope_model::{Facet, Provider, Region, Resource, ServiceName, Shard, ShardKey, Uid, Unreadable};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{Aws, AwsOptions, RegionChoice};
use crate::error::CollectError;
use crate::{Collector, Context, Limits};

mod carrying;
mod connecting;
mod data;
mod estate;
mod failing;
mod flows;
mod fronts;
mod guarding;
mod services;
mod unchanged;

const ACCOUNT: &str = "123456789012";

/// An AWS API whose answers are those of the small estate, except where a test answers itself.
struct Fake {
    server: MockServer,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// `answer` is given the action and how often it was called before.
    async fn start(
        answer: impl Fn(&str, usize, &Request) -> Option<ResponseTemplate> + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&seen);
        let respond = move |request: &Request| {
            let action = estate::action_of(request);
            let before = {
                let mut log = log.lock().unwrap();
                log.push(action.clone());
                log.iter().filter(|seen| **seen == action).count() - 1
            };
            answer(&action, before, request).unwrap_or_else(|| estate::answer(&action, request))
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { server, seen }
    }

    fn count(&self, action: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| *seen == action).count()
    }

    async fn collect(&self, service: &str) -> Shard {
        self.collect_with(service, quick()).await
    }

    async fn collect_with(&self, service: &str, limits: Limits) -> Shard {
        let mut aws = Aws::identify(options(limits), sdk(&self.server.uri())).await.unwrap();
        aws.account = ACCOUNT.into();
        let region = if matches!(service, "sts" | "iam" | "budgets" | "s3" | "cloudfront") {
            Region::global()
        } else {
            Region::from("eu-west-1")
        };
        let named = data::NAMED.iter().chain(guarding::NAMED).map(|arn| Uid::from(*arn)).collect();
        aws.collect(&key(region, service), &Context { named, ..Context::default() }).await
    }
}

fn key(region: Region, service: &str) -> ShardKey {
    ShardKey { provider: Provider::Aws, account: ACCOUNT.into(), region, service: ServiceName::from(service) }
}

fn options(limits: Limits) -> AwsOptions {
    let mut options = AwsOptions::new([9; 32]);
    options.asking.budget = 1.0;
    options.asking.limits = limits;
    options
}

fn quick() -> Limits {
    let (first_wait, longest_wait) = (Duration::from_millis(1), Duration::from_millis(20));
    Limits { first_wait, longest_wait, attempt: Duration::from_millis(500), ..Limits::default() }
}

/// What `configure` makes, without the environment of whoever runs the test.
fn sdk(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .build()
}

fn error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = json!({"__type": code, "message": message});
    ResponseTemplate::new(status).insert_header("x-amzn-errortype", code).set_body_json(body)
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_raw("<!DOCTYPE html><html><body>Sign in</body></html>", "text/html")
}

fn find<'a>(shard: &'a Shard, name: &str) -> &'a Resource {
    let mut named = shard.resources.iter().filter(|resource| resource.name == name);
    named.next().unwrap_or_else(|| panic!("no {name} among {:#?}", shard.resources))
}

fn known<'a>(resource: &'a Resource, facet: &str) -> &'a Value {
    resource.facets[facet].value().unwrap_or_else(|| panic!("{facet} is {:?}", resource.facets[facet]))
}

fn unreadable<'a>(resource: &'a Resource, facet: &str) -> &'a Unreadable {
    resource.facets[facet].unreadable().unwrap_or_else(|| panic!("{facet} is {:?}", resource.facets[facet]))
}

fn edges(resource: &Resource) -> BTreeMap<&str, Vec<&str>> {
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for relation in &resource.relations {
        edges.entry(relation.name.as_str()).or_default().push(relation.to.as_str());
    }
    edges
}
