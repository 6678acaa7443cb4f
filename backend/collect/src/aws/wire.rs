//! Sends one request: signed, within the time to connect, and with a bounded answer.
//!
//! This is the SDK's own orchestrator, which also its typed crates run on: credentials are cached and refreshed
//! before they expire.

use std::borrow::Cow;

use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::Limited;
use serde_json::{Value, json};

use super::api::{Action, Address, Api, Protocol};
use super::clock;
use super::failure::looks_like_html;
use super::request::Request;
use super::xml;

/// The largest answer that is read, in bytes. The largest that AWS documents here, a page of
/// `GetAccountAuthorizationDetails`, stays far below; a body without end must not fill the memory.
const LARGEST_ANSWER: usize = 64 << 20;

/// One HTTP client for every call of a target, so that connections are kept. The proxy is the environment's.
pub(super) fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = ConnectorBuilder::default().tls_provider(provider);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

/// The whole body of an answer, which may hold secrets and is therefore never printed.
pub(super) struct Answer(Vec<u8>);

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer")
    }
}

impl Answer {
    /// The answer as a JSON object, whatever it is written in; none where it is not one.
    pub(super) fn into_json(self, action: &Action) -> Option<Value> {
        let body = self.0.trim_ascii();
        if action.is_text {
            return Some(json!({ "Body": std::str::from_utf8(body).ok()? }));
        }
        let is_xml = match action.service.protocol {
            Protocol::Json { .. } | Protocol::RestJson => false,
            // Some operations of XML APIs answer with a document of the caller's own, which is JSON.
            Protocol::Query { .. } | Protocol::RestXml => body.first() != Some(&b'{'),
        };
        if body.is_empty() {
            return Some(Value::Object(serde_json::Map::new()));
        }
        if is_xml {
            return xml::to_json(std::str::from_utf8(body).ok()?, action.operation(), action.xml);
        }
        serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
    }
}

/// Why there is no answer of status 2xx.
pub(super) type SendError = SdkError<ErrorMetadata, HttpResponse>;

/// Sends `request` once. The future is boxed: the SDK's is large and deeply nested, and every read would be as well.
pub(super) fn send(
    sdk: &SdkConfig,
    partition: &str,
    action: &'static Action,
    request: Request,
) -> BoxFuture<'static, Result<Answer, SendError>> {
    let api = action.service;
    let Address { url, signing_region } = endpoint(sdk, partition, api, &request);
    let mut operation = Operation::builder()
        .service_name(api.id)
        .operation_name(action.operation())
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&url)
        .no_retry()
        .timeout_config(sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
        .interceptor(BoundedAnswer)
        .runtime_plugin(Signing::of(sdk, api, signing_region));
    if let Some(client) = sdk.http_client() {
        operation = operation.http_client(client);
    }
    if let Some(sleep) = sdk.sleep_impl() {
        operation = operation.sleep_impl(sleep);
    }
    if let Some(time) = sdk.time_source() {
        operation = operation.time_source(time);
    }
    let write = move |request: Request| request.write(action);
    let operation = operation.serializer(write).deserializer(read).build();
    async move {
        let behind = clock::behind();
        match operation.invoke(request.clone()).await {
            // Not counted as a try: it happens once, when a scan begins on a machine whose clock is wrong.
            Err(error) if clock::learns(&error, behind) => operation.invoke(request).await,
            ended => ended,
        }
    }
    .boxed()
}

/// What is configured for the service, else for all services, else AWS's own address.
fn endpoint(sdk: &SdkConfig, partition: &str, api: &Api, request: &Request) -> Address {
    let region = sdk.region().map_or("us-east-1", |region| region.as_ref());
    let region = request.region().unwrap_or(region);
    let public = api.address(
        partition,
        region,
        sdk.use_fips().unwrap_or_default(),
        sdk.use_dual_stack().unwrap_or_default(),
    );
    let key = ServiceConfigKey::builder().service_id(api.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let for_service = key.build().ok().and_then(|key| sdk.service_config()?.load_config(key));
    let configured = for_service.or_else(|| sdk.endpoint_url().map(str::to_owned));
    match configured {
        Some(url) => Address { url: url.trim_end_matches('/').to_owned(), ..public },
        None => match request.account() {
            Some(account) => {
                Address { url: public.url.replacen("https://", &format!("https://{account}."), 1), ..public }
            }
            None => public,
        },
    }
}

fn read(answer: &HttpResponse) -> Result<Answer, OrchestratorError<ErrorMetadata>> {
    let body = answer.body().bytes().unwrap_or_default();
    // A page where an API's answer should be is a refusal by somebody else, whatever its status says.
    if answer.status().is_success() && !looks_like_html(answer) {
        return Ok(Answer(body.to_vec()));
    }
    Err(OrchestratorError::operation(refusal(answer, body)))
}

/// The code and the message of a refusal, from wherever the protocol puts them.
fn refusal(answer: &HttpResponse, body: &[u8]) -> ErrorMetadata {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let mut code = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let mut message = None;
    if let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) {
        let field = |names: &[&str]| {
            let found = names.iter().find_map(|name| fields.get(*name).and_then(Value::as_str));
            found.map(str::to_owned)
        };
        code = code.or_else(|| field(&["__type", "code", "Code", "Type"]));
        message = field(&["message", "Message", "errorMessage"]);
    } else if let Some((found, said)) = xml::refusal(text) {
        code = code.or(Some(found));
        message = Some(said);
    }
    // Services that left the query protocol keep its codes beside the new ones, which are the better known.
    let old = answer.headers().get("x-amzn-query-error").and_then(|header| header.split(';').next());
    let code = old.map(str::to_owned).or(code).unwrap_or_default();
    ErrorMetadata::builder().code(code).message(message.unwrap_or_default()).build()
}

/// Cuts the connection where an answer grows beyond every reasonable size.
#[derive(Debug)]
struct BoundedAnswer;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for BoundedAnswer {
    fn name(&self) -> &'static str {
        "BoundedAnswer"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().take_body();
        *context.response_mut().body_mut() = SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER));
        Ok(())
    }
}

/// Signature version 4 with the target's credentials.
#[derive(Debug)]
struct Signing {
    layer: FrozenLayer,
    components: RuntimeComponentsBuilder,
}

impl Signing {
    fn of(sdk: &SdkConfig, api: &'static Api, region: String) -> Self {
        let mut layer = Layer::new("signing");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        let mut signing = SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(aws_config::Region::new(region))),
            name: Some(SigningName::from(api.signs_as)),
            ..SigV4OperationSigningConfig::default()
        };
        // S3 signs its paths as they are, and wants the hash of the body in a header.
        let is_s3 = api.signs_as == "s3";
        signing.signing_options.double_uri_encode = !is_s3;
        signing.signing_options.normalize_uri_path = !is_s3;
        signing.signing_options.content_sha256_header = is_s3;
        layer.store_put(signing);
        let options = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        let mut components = RuntimeComponentsBuilder::new("signing")
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(options)))
            .with_identity_cache(sdk.identity_cache());
        if let Some(credentials) = sdk.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        Self { layer: layer.freeze(), components }
    }
}

impl RuntimePlugin for Signing {
    fn config(&self) -> Option<FrozenLayer> {
        Some(self.layer.clone())
    }

    fn runtime_components(&self, _current: &RuntimeComponentsBuilder) -> Cow<'_, RuntimeComponentsBuilder> {
        Cow::Borrowed(&self.components)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::quota;

    static BUCKETS: Api = Api::rest_xml("S3", "s3", &quota::S3);
    static CONTROL: Api = Api::rest_xml("S3 Control", "s3-control", &quota::S3).signed_as("s3");

    fn sdk() -> aws_types::sdk_config::Builder {
        SdkConfig::builder().region(aws_config::Region::new("eu-west-1"))
    }

    #[test]
    fn a_request_may_go_to_another_region_and_name_an_account() {
        let of = |sdk: &SdkConfig, api, request: &Request| {
            let address = endpoint(sdk, "aws", api, request);
            (address.url, address.signing_region)
        };
        let pair = |url: &str, region: &str| (url.to_owned(), region.to_owned());
        let (plain, there) = (Request::get(&[]), Request::get(&[]).in_region("eu-central-1"));
        let about = Request::get(&[]).about_account("123456789012");
        let public = sdk().build();
        assert_eq!(of(&public, &BUCKETS, &plain), pair("https://s3.eu-west-1.amazonaws.com", "eu-west-1"));
        let central = pair("https://s3.eu-central-1.amazonaws.com", "eu-central-1");
        assert_eq!(of(&public, &BUCKETS, &there), central);
        let control = pair("https://123456789012.s3-control.eu-west-1.amazonaws.com", "eu-west-1");
        assert_eq!(of(&public, &CONTROL, &about), control);
        let configured = sdk().endpoint_url("http://localhost:5000/").build();
        assert_eq!(of(&configured, &CONTROL, &about), pair("http://localhost:5000", "eu-west-1"));
        assert_eq!(of(&configured, &BUCKETS, &there), pair("http://localhost:5000", "eu-central-1"));
    }
}
