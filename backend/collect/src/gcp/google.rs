//! Google's hosts: the SDK's credentials make the headers, our transport sends.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::credentials::{Builder, CacheableResource, Credentials, impersonated};
use google_cloud_auth::errors::CredentialsError;
use nephoscope_model::{AccountId, Region};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::options::GcpOptions;
use super::quota::OTHERS;
use crate::error::{Cause, CollectError};
use crate::failure::{Class, Failure, OVERLOADED};
use crate::log::Journal;
use crate::rest::transport::{Outgoing, Transport, named};
use crate::rest::{Action, Explained, Renewing, Reply, Request, Unsent, Wire};
use crate::{Asking, Limits};

/// Asset Inventory takes no narrower scope; what may be read is decided by roles.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// No call of a service: it is tried like one, and not counted.
static TOKEN: Action = Action::new("token", &OTHERS);

/// How often the library asks again by itself for a token that it could not get, for all calls at once.
const ASKS_AGAIN: Duration = Duration::from_secs(10);

/// Google Cloud.
#[derive(Debug)]
pub(super) struct Google {
    credentials: Renewing<Credentials>,
    transport: Transport,
}

impl Google {
    /// Finds credentials and asks for a token: building them succeeds even where there are none.
    pub(super) async fn connect(options: &GcpOptions, transport: Transport) -> Result<Self, CollectError> {
        let (impersonate, quota_project) = (options.impersonate.clone(), options.quota_project.clone());
        let make = move || make(impersonate.as_deref(), quota_project.as_deref());
        Self::sign_in(make, &options.asking, transport).await.map_err(|why| CollectError::Refused {
            attempted: "sign in to Google Cloud".to_owned(),
            help: "run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or give the machine a service account",
            cause: Cause::new(&why),
        })
    }

    /// Signs with what `make` makes, once that has given a token.
    pub(super) async fn sign_in(
        make: impl Fn() -> Result<Credentials, BuildError> + Send + Sync + 'static,
        asking: &Asking,
        transport: Transport,
    ) -> Result<Self, String> {
        let attempt = asking.limits.attempt;
        let refused = |why: &str| Failure::new(&TOKEN, Class::Credentials, "Credentials", why);
        let ask = || async {
            // Made for each try: what fails stays in them until the library itself asks again.
            let credentials = make().map_err(|error| refused(&innermost(&error)))?;
            match tokio::time::timeout(attempt, headers(&credentials)).await {
                Ok(Ok(_)) => Ok(credentials),
                Ok(Err(unsent)) => Err(unsent.failure(&TOKEN)),
                Err(_) => Err(refused("no credentials were found, and no metadata server answers")),
            }
        };
        // Who does not answer at all is asked once, and that is decided above.
        let limits = Limits { attempt: asking.limits.call, ..asking.limits };
        let payer = AccountId::from("credentials");
        let budget = asking.budgets.of(&payer, &Region::global(), TOKEN.family, asking.budget);
        let credentials = limits.insist(&TOKEN, &budget, &Journal::default(), ask).await;
        let credentials = credentials.map_err(|failure| failure.message)?;
        Ok(Self { credentials: Renewing::new(credentials, move || make().ok()), transport })
    }
}

/// The Application Default Credentials, or those of the account that they act as; they know no token yet.
fn make(impersonate: Option<&str>, quota_project: Option<&str>) -> Result<Credentials, BuildError> {
    let builder = Builder::default().with_scopes([SCOPE]);
    let own = match quota_project {
        Some(project) => builder.with_quota_project_id(project),
        None => builder,
    };
    let own = own.build()?;
    match impersonate {
        None => Ok(own),
        Some(account) => impersonated::Builder::from_source_credentials(own)
            .with_target_principal(account)
            .with_scopes([SCOPE])
            .build(),
    }
}

async fn headers(credentials: &Credentials) -> Result<HeaderMap, Unsent> {
    match credentials.headers(http::Extensions::new()).await {
        Ok(CacheableResource::New { data, .. }) => Ok(data),
        // Only who says what he has already is told that nothing changed, and nobody says so here.
        Ok(CacheableResource::NotModified) => {
            Err(Unsent::Credentials("the token was not given again".to_owned()))
        }
        Err(error) => {
            let why = innermost(&error);
            Err(match refusal(&error) {
                Some(reply) if reply.status == 429 || OVERLOADED.contains(&reply.status) => {
                    Unsent::Busy { why, retry_after: reply.retry_after() }
                }
                _ => Unsent::Credentials(why),
            })
        }
    }
}

/// What the endpoint of tokens answered, where it did. Of those for keys and users the library does not keep the headers.
fn refusal(error: &CredentialsError) -> Option<Reply> {
    causes(error).find_map(|cause| {
        let (status, headers) = match cause.downcast_ref::<google_cloud_gax::error::Error>() {
            Some(error) => (error.http_status_code()?, error.http_headers()),
            None => (cause.downcast_ref::<reqwest::Error>()?.status()?.as_u16(), None),
        };
        Some(Reply { status, headers: headers.map(named).unwrap_or_default(), ..Reply::default() })
    })
}

#[cfg(test)]
impl Google {
    /// Google without credentials.
    pub(super) fn anonymous(transport: Transport) -> Self {
        let make = || google_cloud_auth::credentials::anonymous::Builder::new().build();
        Self { credentials: Renewing::new(make(), move || Some(make())), transport }
    }
}

#[async_trait]
impl Wire for Google {
    async fn send(&self, action: &Action, request: &Request) -> Result<Reply, Unsent> {
        let credentials = self.credentials.current();
        let mut headers = headers(&credentials).await.map_err(|unsent| match unsent {
            Unsent::Busy { why, retry_after } => {
                Unsent::Busy { why, retry_after: retry_after.max(Some(ASKS_AGAIN)) }
            }
            unsent => unsent,
        })?;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let url = request.url(&format!("https://{}", action.host), "");
        let (method, body) = match request.body() {
            None => (Method::GET, Vec::new()),
            Some(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (Method::POST, body.to_string().into_bytes())
            }
        };
        let mut reply = self.transport.send(Outgoing { method, url, headers, body }).await?;
        reply.renewed = reply.status == 401 && self.credentials.renew(&credentials);
        Ok(reply)
    }

    /// <https://cloud.google.com/apis/design/errors>
    fn explain(&self, reply: &Reply) -> Explained {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let error = &body["error"];
        let mut details = error["details"].as_array().into_iter().flatten();
        // The JSON APIs that are older than this model put the reason elsewhere.
        let older =
            || error["errors"].as_array().into_iter().flatten().find_map(|error| error["reason"].as_str());
        let reason = details.find_map(|detail| detail["reason"].as_str()).or_else(older);
        let status = error["status"].as_str().unwrap_or_default();
        let class = reason.and_then(class).or_else(|| class_of_status(status));
        // A reason that changes how it is dealt with is the better name for it, and where there is no status the only one.
        let code =
            reason.filter(|reason| self::class(reason).is_some() || status.is_empty()).unwrap_or(status);
        Explained {
            code: code.to_owned(),
            message: error["message"].as_str().unwrap_or_default().to_owned(),
            class,
        }
    }

    fn distrusts(&self, _address: &str) -> Option<String> {
        Some("no listing of Google's names its next page by an address".to_owned())
    }
}

/// Reasons that say more than the status: an API that is switched off is not a permission that is missing.
fn class(reason: &str) -> Option<Class> {
    match reason {
        "SERVICE_DISABLED" | "accessNotConfigured" | "BILLING_DISABLED" | "CONSUMER_SUSPENDED" => {
            Some(Class::Disabled)
        }
        "RATE_LIMIT_EXCEEDED" | "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" => {
            Some(Class::Throttled)
        }
        _ => None,
    }
}

fn class_of_status(status: &str) -> Option<Class> {
    match status {
        "PERMISSION_DENIED" => Some(Class::Denied),
        "UNAUTHENTICATED" => Some(Class::Expired),
        "NOT_FOUND" => Some(Class::NotFound),
        "RESOURCE_EXHAUSTED" => Some(Class::Throttled),
        "UNAVAILABLE" | "INTERNAL" | "DEADLINE_EXCEEDED" => Some(Class::Server),
        _ => None,
    }
}

/// The last cause, which is the one that tells.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |inner| (**inner).source())
}
