//! Azure Resource Manager: the SDK's pipeline signs, our transport sends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::request::Body;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, Context, HttpClient, Method, Pipeline, PipelineSendOptions,
    Request as Http, RetryOptions, Transport as SdkTransport, Url,
};
use nephoscope_model::AccountId;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::options::{AzureAuth, AzureCloud, AzureOptions};
use super::{TENANT, connect, quota};
use crate::failure::Class;
use crate::rest::transport::{Outgoing, Transport};
use crate::rest::{Action, Explained, Renewing, Reply, Request, Unsent, Wire};

/// The manager of one cloud.
#[derive(Debug)]
pub(super) struct Arm {
    pipeline: Renewing<Pipeline>,
    manager: &'static str,
}

impl Arm {
    /// Signs with `credential`, and where that is refused with others made by `auth`.
    pub(super) fn new(
        options: &AzureOptions,
        auth: AzureAuth,
        credential: Arc<dyn TokenCredential>,
        transport: Transport,
    ) -> Self {
        let manager = options.cloud.manager();
        let first = pipeline(options.cloud, credential, &transport);
        let options = options.clone();
        let again = move || {
            let credential = connect::make(auth, &options, &transport).ok()?;
            Some(pipeline(options.cloud, credential, &transport))
        };
        Self { pipeline: Renewing::new(first, again), manager }
    }
}

fn pipeline(cloud: AzureCloud, credential: Arc<dyn TokenCredential>, transport: &Transport) -> Pipeline {
    let scope = format!("{}/.default", cloud.manager());
    let bearer = BearerTokenAuthorizationPolicy::new(credential, [scope]);
    let policies: Vec<Arc<dyn Policy>> = vec![Arc::new(bearer)];
    let (name, version) = (Some("nephoscope"), option_env!("CARGO_PKG_VERSION"));
    Pipeline::new(name, version, client_options(cloud, transport), Vec::new(), policies, None)
}

/// What the SDK's pipelines and credentials send with: our transport, and no retries of its own, which know no budgets.
pub(super) fn client_options(cloud: AzureCloud, transport: &Transport) -> ClientOptions {
    use azure_core::cloud::CloudConfiguration;
    let cloud = match cloud {
        AzureCloud::Public => CloudConfiguration::AzurePublic,
        AzureCloud::Government => CloudConfiguration::AzureGovernment,
        AzureCloud::China => CloudConfiguration::AzureChina,
    };
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(SdkTransport::new(Arc::new(Sending(transport.clone())))),
        cloud: Some(Arc::new(cloud)),
        ..ClientOptions::default()
    }
}

#[async_trait]
impl Wire for Arm {
    async fn send(&self, action: &Action, request: &Request) -> Result<Reply, Unsent> {
        let address = request.url(self.manager, action.version);
        let url =
            Url::parse(&address).map_err(|error| Unsent::Unreachable(format!("`{address}`: {error}")))?;
        let method = if request.body().is_some() { Method::Post } else { Method::Get };
        let mut http = Http::new(url, method);
        http.insert_header("accept", "application/json");
        if let Some(body) = request.body() {
            http.insert_header("content-type", "application/json");
            http.set_body(Body::from(body.to_string().into_bytes()));
        }
        let unchecked = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let pipeline = self.pipeline.current();
        let answer = pipeline.send(&Context::new(), &mut http, Some(unchecked)).await;
        let answer = answer.map_err(|error| unsent(&error))?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()));
        let status = u16::from(answer.status());
        Ok(Reply {
            status,
            headers: headers.collect(),
            body: answer.body().as_ref().to_vec(),
            renewed: status == 401 && self.pipeline.renew(&pipeline),
        })
    }

    fn explain(&self, reply: &Reply) -> Explained {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let error = body.get("error").unwrap_or(&body);
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let code = text("code");
        Explained { class: class(&code), message: text("message"), code }
    }

    /// Resource Graph tells how much of the quota of five seconds is left, Resource Manager how many reads are.
    /// <https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests>
    fn rest(&self, reply: &Reply) -> Option<Duration> {
        let number = |name: &str| reply.header(name)?.trim().parse::<u64>().ok();
        if number("x-ms-user-quota-remaining") == Some(0) {
            let resets = reply.header("x-ms-user-quota-resets-after")?;
            let mut seconds = 0;
            for part in resets.trim().split(':') {
                seconds = seconds * 60 + part.parse::<f64>().ok()?.ceil() as u64;
            }
            return Some(Duration::from_secs(seconds));
        }
        let left = number("x-ms-ratelimit-remaining-subscription-reads")?;
        (left < FEW_READS).then_some(Duration::from_secs(1))
    }

    /// Resource Graph counts by caller, not by subscription.
    fn payer<'a>(&self, action: &Action, account: &'a AccountId) -> Cow<'a, AccountId> {
        match std::ptr::eq(action.family, &quota::GRAPH) {
            true => Cow::Owned(AccountId::from(TENANT)),
            false => Cow::Borrowed(account),
        }
    }

    fn distrusts(&self, address: &str) -> Option<String> {
        let trusted = address.strip_prefix(self.manager).is_some_and(|rest| rest.starts_with(['/', '?']));
        (!trusted).then(|| format!("the next page is said to be elsewhere than at {}", self.manager))
    }
}

/// Fewer reads left than these, and a scan rests for a second, in which 25 are given back.
const FEW_READS: u64 = 25;

/// Codes that say more than their status.
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "AuthorizationFailed"
        | "LinkedAuthorizationFailed"
        | "AuthorizationPermissionMismatch"
        | "AccessDenied" => Class::Denied,
        "ExpiredAuthenticationToken" => Class::Expired,
        "InvalidAuthenticationToken" | "InvalidAuthenticationTokenTenant" | "AuthenticationFailed" => {
            Class::Credentials
        }
        // A provider that is not registered holds nothing.
        "SubscriptionNotRegistered" | "MissingSubscriptionRegistration" | "MissingRegistrationForType" => {
            Class::Disabled
        }
        // A subscription that was seen when the scan began, and now answers so, may hold anything.
        "DisabledSubscription" | "ReadOnlyDisabledSubscription" | "SubscriptionNotFound" => Class::Other,
        "ResourceNotFound" | "NotFound" | "ParentResourceNotFound" | "ResourceGroupNotFound" => {
            Class::NotFound
        }
        "TooManyRequests"
        | "SubscriptionRequestsThrottled"
        | "RateLimiting"
        | "ResourceRequestsThrottled" => Class::Throttled,
        _ => return None,
    })
}

fn unsent(error: &azure_core::Error) -> Unsent {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |inner| (**inner).source());
    let why = chain.last().map_or_else(|| error.to_string(), ToString::to_string);
    match error.kind() {
        ErrorKind::Credential => Unsent::Credentials(why),
        ErrorKind::Io => Unsent::Broken(why),
        _ => Unsent::Unreachable(why),
    }
}

/// Our transport as the SDK asks for one.
#[derive(Debug)]
struct Sending(Transport);

#[async_trait]
impl HttpClient for Sending {
    async fn execute_request(&self, request: &Http) -> azure_core::Result<AsyncRawResponse> {
        let method = match request.method() {
            Method::Post => reqwest::Method::POST,
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            other => {
                let message = format!("{other} is no way to read");
                return Err(azure_core::Error::with_message(ErrorKind::Other, message));
            }
        };
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers().iter() {
            let name = reqwest::header::HeaderName::from_bytes(name.as_str().as_bytes());
            if let (Ok(name), Ok(value)) = (name, value.as_str().parse()) {
                headers.insert(name, value);
            }
        }
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::SeekableStream(_) => {
                return Err(azure_core::Error::with_message(
                    ErrorKind::Other,
                    "a stream is nothing to read with",
                ));
            }
        };
        let outgoing = Outgoing { method, url: request.url().to_string(), headers, body };
        let reply = self.0.send(outgoing).await.map_err(|unsent| match unsent {
            Unsent::Unreachable(why) => azure_core::Error::with_message(ErrorKind::Connection, why),
            Unsent::Broken(why) => azure_core::Error::with_message(ErrorKind::Io, why),
            Unsent::Credentials(why) | Unsent::Busy { why, .. } => {
                azure_core::Error::with_message(ErrorKind::Credential, why)
            }
        })?;
        let mut headers = Headers::new();
        for (name, value) in reply.headers {
            headers.insert(HeaderName::from(name), HeaderValue::from(value));
        }
        Ok(AsyncRawResponse::from_bytes(reply.status.into(), headers, Bytes::from(reply.body)))
    }
}
