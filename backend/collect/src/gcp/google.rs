//! Google's hosts: the SDK's credentials make the headers, our transport sends.

use async_trait::async_trait;
use google_cloud_auth::credentials::{Builder, CacheableResource, Credentials, impersonated};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::options::GcpOptions;
use crate::error::{Cause, CollectError};
use crate::failure::Class;
use crate::rest::transport::{Outgoing, Transport};
use crate::rest::{Action, Explained, Reply, Request, Unsent, Wire};

/// Asset Inventory takes no narrower scope; what may be read is decided by roles.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Google Cloud.
#[derive(Debug)]
pub(super) struct Google {
    credentials: Credentials,
    transport: Transport,
}

impl Google {
    /// Finds credentials and asks for a token once: building them succeeds even where there are none.
    pub(super) async fn connect(options: &GcpOptions, transport: Transport) -> Result<Self, CollectError> {
        let refused = |why: &str| CollectError::Refused {
            attempted: "sign in to Google Cloud".to_owned(),
            help: "run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or give the machine a service account",
            cause: Cause::new(why),
        };
        let source = {
            let builder = Builder::default().with_scopes([SCOPE]);
            match &options.quota_project {
                Some(project) => builder.with_quota_project_id(project),
                None => builder,
            }
        };
        let credentials = source.build().map_err(|error| refused(&innermost(&error)))?;
        let credentials = match &options.impersonate {
            None => credentials,
            Some(account) => impersonated::Builder::from_source_credentials(credentials)
                .with_target_principal(account)
                .with_scopes([SCOPE])
                .build()
                .map_err(|error| refused(&innermost(&error)))?,
        };
        let google = Self { credentials, transport };
        match tokio::time::timeout(options.asking.limits.attempt, google.headers()).await {
            Ok(Ok(_)) => Ok(google),
            Ok(Err(Unsent::Unreachable(why) | Unsent::Broken(why) | Unsent::Credentials(why))) => {
                Err(refused(&why))
            }
            Err(_) => Err(refused("no credentials were found, and no metadata server answers")),
        }
    }

    async fn headers(&self) -> Result<HeaderMap, Unsent> {
        let headers = self.credentials.headers(http::Extensions::new()).await;
        match headers.map_err(|error| Unsent::Credentials(innermost(&error)))? {
            CacheableResource::New { data, .. } => Ok(data),
            // Only who says what he has already is told that nothing changed, and nobody says so here.
            CacheableResource::NotModified => {
                Err(Unsent::Credentials("the token was not given again".to_owned()))
            }
        }
    }
}

#[cfg(test)]
impl Google {
    /// Google without credentials.
    pub(super) fn anonymous(transport: Transport) -> Self {
        let credentials = google_cloud_auth::credentials::anonymous::Builder::new().build();
        Self { credentials, transport }
    }
}

#[async_trait]
impl Wire for Google {
    async fn send(&self, action: &Action, request: &Request) -> Result<Reply, Unsent> {
        let mut headers = self.headers().await?;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let url = request.url(&format!("https://{}", action.host), "");
        let (method, body) = match request.body() {
            None => (Method::GET, Vec::new()),
            Some(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (Method::POST, body.to_string().into_bytes())
            }
        };
        self.transport.send(Outgoing { method, url, headers, body }).await
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
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |inner| (**inner).source()).last();
    last.map_or_else(|| error.to_string(), ToString::to_string)
}
