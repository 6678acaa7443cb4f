//! What AWS says when a call fails, and what kind of failure that is.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::api::Action;
use crate::failure::OVERLOADED;
pub(super) use crate::failure::{Class, Failure};

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ForbiddenException",
    "NotAuthorized",
    "NotAuthorizedException",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "UnauthorizedOperationException",
];
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
];
/// The identity was confirmed when the scan began; a service that does not know it then is not enabled here.
const DISABLED: &[&str] = &[
    "InvalidClientTokenId",
    "OptInRequired",
    "SubscriptionRequiredException",
    "UnrecognizedClientException",
];
const NOT_FOUND: &[&str] = &[
    "AWS.SimpleQueueService.NonExistentQueue",
    "AccessPointNotFound",
    "FileSystemNotFound",
    "ImageNotFoundException",
    "LifecyclePolicyNotFoundException",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchDistribution",
    "NoSuchEntity",
    "NoSuchEntityException",
    "NoSuchFunctionExists",
    "NoSuchPublicAccessBlockConfiguration",
    "NotFound",
    "NotFoundException",
    "PolicyNotFound",
    "PolicyNotFoundException",
    "QueueDoesNotExist",
    "RepositoryNotFoundException",
    "RepositoryPolicyNotFoundException",
    "ResourceNotFoundException",
    "ServerSideEncryptionConfigurationNotFoundError",
    "StateMachineDoesNotExist",
    "TableNotFoundException",
    "EventDataStoreNotFoundException",
    "TrailNotFoundException",
    "WAFNonexistentItemException",
];
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];
/// Refused for the signature, not for a permission, although the status is 403.
const SIGNATURE: &[&str] = &[
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

impl Failure {
    /// Classifies what the SDK says. Its own error is dropped here: it carries the whole answer.
    pub(super) fn of<E>(action: &Action, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut failure = match error {
            SdkError::ServiceError(refused) => Self::of_answer(action, refused.err(), refused.raw()),
            SdkError::TimeoutError(_) => Self::timed_out(action),
            SdkError::ResponseError(broken) if looks_like_html(broken.raw()) => {
                Self::foreign(action, broken.raw())
            }
            SdkError::ResponseError(_) => {
                Self::malformed(action, "the answer broke off or could not be read")
            }
            other => Self::of_sending(action, other),
        };
        failure.retry_after = error.raw_response().and_then(retry_after);
        failure
    }

    /// AWS does not offer the service in this region, as far as a name can tell: a resolver that fails says the same,
    /// so that this is a shard that was not read, and no proof that nothing is there.
    fn not_offered(action: &Action) -> Self {
        let message = "the service has no address in this region, so it is probably not offered there";
        Self::new(action, Class::Disabled, "NotOffered", message)
    }

    fn of_answer(action: &Action, refused: &impl ProvideErrorMetadata, answer: &HttpResponse) -> Self {
        let status = answer.status().as_u16();
        // A gateway that is overloaded answers with a page too, and it may recover.
        if looks_like_html(answer) && !OVERLOADED.contains(&status) {
            return Self::foreign(action, answer);
        }
        if (200..300).contains(&status) {
            return Self::malformed(action, "the answer could not be parsed");
        }
        let from_status = format!("Http{status}");
        let code = refused.code().filter(|code| !code.is_empty()).unwrap_or(&from_status);
        // Shapes of some protocols are written with a namespace or an address around the code.
        let code = code.rsplit('#').next().and_then(|code| code.split(':').next()).unwrap_or(code);
        let known = |codes: &[&str]| codes.contains(&code);
        let class = if known(THROTTLED) || status == 429 {
            Class::Throttled
        } else if known(DENIED) {
            Class::Denied
        } else if known(DISABLED) {
            Class::Disabled
        } else if known(EXPIRED) {
            Class::Expired
        } else if known(SIGNATURE) {
            Class::Other
        } else if known(NOT_FOUND) {
            Class::NotFound
        } else if OVERLOADED.contains(&status) {
            Class::Server
        } else if status == 403 {
            Class::Denied
        } else {
            Class::Other
        };
        let message = refused.message().map_or_else(|| format!("HTTP status {status}"), str::to_owned);
        Self::new(action, class, code, &message)
    }

    fn of_sending<E>(action: &Action, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: Error + 'static,
    {
        let chain =
            || std::iter::successors(error.source(), |inner: &&(dyn Error + 'static)| (**inner).source());
        let reasons: Vec<String> = chain().map(ToString::to_string).collect();
        let reason = reasons.last().cloned().unwrap_or_else(|| error.to_string());
        let mut failed_providers =
            chain().filter_map(|inner| inner.downcast_ref::<CredentialsError>()).peekable();
        let from_credentials = failed_providers.peek().is_some();
        if failed_providers.any(|provider| matches!(provider, CredentialsError::CredentialsNotLoaded(_))) {
            let message = "no provider of the default chain had any";
            return Self::new(action, Class::Credentials, "NoCredentials", message);
        }
        // The instance metadata is asked last: who gets there has no other credentials.
        if from_credentials && reasons.iter().any(|text| text.contains("IMDS")) {
            return Self::new(action, Class::Credentials, "NoCredentials", &reason);
        }
        if from_credentials {
            return Self::new(action, Class::Credentials, "Credentials", &reason);
        }
        match error {
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::new(action, Class::Unreachable, "Unreachable", "no connection in time")
            }
            SdkError::DispatchFailure(_) if !action.service.everywhere && has_no_address(&reasons) => {
                Self::not_offered(action)
            }
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_other() => {
                Self::new(action, Class::Unreachable, "Unreachable", &reason)
            }
            _ => Self::new(action, Class::Other, "NotSent", &reason),
        }
    }

    fn foreign(action: &Action, answer: &HttpResponse) -> Self {
        let status = answer.status().as_u16();
        let message = format!("HTTP status {status} with a page of HTML, which is not an AWS API's answer");
        Self::new(action, Class::Foreign, "Malformed", &message)
    }

    /// True where the signature was refused, not a permission.
    pub(super) fn is_about_the_signature(&self) -> bool {
        SIGNATURE.contains(&self.error.as_str())
    }

    /// True where the region does not know the operation at all, which is said in several ways.
    pub(super) fn is_not_offered(&self) -> bool {
        ["Http404", "UnknownOperation", "UnknownOperationException", "UnsupportedOperationException"]
            .contains(&self.error.as_str())
            || self.message.starts_with("Unable to determine service/operation name")
    }
}

/// True where the name of the endpoint does not resolve.
fn has_no_address(reasons: &[String]) -> bool {
    reasons.iter().any(|reason| reason.contains("failed to lookup address"))
}

/// True for a page made for people, such as a proxy's sign-in.
pub(super) fn looks_like_html(answer: &HttpResponse) -> bool {
    let declared = answer.headers().get("content-type").is_some_and(|kind| kind.contains("text/html"));
    let body = answer.body().bytes().unwrap_or_default();
    let start = body.get(..64).unwrap_or(body).trim_ascii_start().to_ascii_lowercase();
    declared || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// `x-amz-retry-after` in milliseconds, `Retry-After` in seconds or as a date.
fn retry_after(answer: &HttpResponse) -> Option<Duration> {
    let headers = answer.headers();
    if let Some(milliseconds) = headers.get("x-amz-retry-after").and_then(|text| text.trim().parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let text = headers.get("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = aws_smithy_types::DateTime::from_str(text, Format::HttpDate).ok()?;
    let seconds = date.secs() - jiff::Timestamp::now().as_second();
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;
    use crate::aws::api::Api;
    use crate::aws::quota;

    static API: Api = Api::rest_json("API Gateway", "apigateway", &quota::API_GATEWAY);
    static ACTION: Action = API.action("apigateway:GetStages").allowed_by("apigateway:GET");

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> HttpResponse {
        let mut answer = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            answer.headers_mut().insert(*name, (*value).to_owned());
        }
        answer
    }

    #[test]
    fn codes_and_statuses_are_classified() {
        let cases = [
            (400, "AccessDeniedException", Class::Denied),
            (403, "com.amazonaws.logs#AccessDeniedException", Class::Denied),
            (401, "UnauthorizedException:http://internal.amazon.com/coral/", Class::Denied),
            (403, "", Class::Denied),
            (403, "SignatureDoesNotMatch", Class::Other),
            (403, "RequestTimeTooSkewed", Class::Other),
            (403, "ExpiredTokenException", Class::Expired),
            (403, "OptInRequired", Class::Disabled),
            (429, "", Class::Throttled),
            (400, "Throttling", Class::Throttled),
            (503, "SlowDown", Class::Throttled),
            (404, "ResourceNotFoundException", Class::NotFound),
            (404, "", Class::Other),
            (500, "ServiceException", Class::Server),
            (501, "", Class::Other),
            (200, "", Class::Malformed),
        ];
        for (status, code, class) in cases {
            let refused = ErrorMetadata::builder().code(code).build();
            let failure = Failure::of_answer(&ACTION, &refused, &answer(status, &[], "{}"));
            assert_eq!(failure.class, class, "{status} {code}");
            assert_eq!(failure.permission.is_some(), class == Class::Denied, "{status} {code}");
        }
    }

    #[test]
    fn a_page_is_foreign_unless_the_server_is_overloaded() {
        let refused = ErrorMetadata::builder().build();
        let page = "\n<!DOCTYPE HTML><p>hello";
        assert_eq!(Failure::of_answer(&ACTION, &refused, &answer(200, &[], page)).class, Class::Foreign);
        assert_eq!(Failure::of_answer(&ACTION, &refused, &answer(502, &[], page)).class, Class::Server);
        assert_eq!(
            Failure::of_answer(&ACTION, &refused, &answer(403, &[], "<ErrorResponse/>")).class,
            Class::Denied
        );
    }

    #[test]
    fn every_way_to_ask_for_patience_is_read() {
        let waits = |name, value: &str| retry_after(&answer(429, &[(name, value)], ""));
        assert_eq!(waits("x-amz-retry-after", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(waits("retry-after", "3"), Some(Duration::from_secs(3)));
        let later = aws_smithy_types::DateTime::from_secs(jiff::Timestamp::now().as_second() + 60);
        let date = later.fmt(Format::HttpDate).unwrap();
        let wait = waits("retry-after", &date).unwrap();
        assert!((55..=60).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(waits("retry-after", "soon"), None);
        assert_eq!(waits("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"), None);
    }
}
