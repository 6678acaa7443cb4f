//! The SDK's configuration for one target, and what it means when the first call fails.

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::app_name::AppName;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use super::failure::{Class, Failure};
use super::{Aws, AwsOptions, RegionChoice, clock, is_refusal, regions, wire};
use crate::error::{Cause, CollectError};

/// Resolves profile, region and credentials provider; no call is made yet.
pub(super) async fn configure(options: &AwsOptions) -> Result<SdkConfig, CollectError> {
    let mut loader =
        aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(wire::http_client());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &options.asking.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    if let Ok(name) = AppName::new("nephoscope") {
        loader = loader.app_name(name);
    }
    let loaded = loader.load().with_subscriber(Dispatch::none()).await;
    let home = home_region(&loaded, options)?;
    let timeouts = TimeoutConfig::builder().connect_timeout(options.asking.limits.connect).build();
    let sdk =
        loaded.into_builder().region(home).timeout_config(timeouts).time_source(clock::Corrected).build();
    // Providers of credentials keep the SDK's retries: ours only wrap the calls of `Reader`.
    match &options.role_arn {
        None => Ok(sdk.into_builder().retry_config(RetryConfig::disabled()).build()),
        Some(role) => Ok(assume(&sdk, role, options.external_id.as_deref()).await),
    }
}

/// The same with the credentials of a role, which are asked for when they are first needed and before they expire.
pub(super) async fn assume(sdk: &SdkConfig, role: &str, external_id: Option<&str>) -> SdkConfig {
    let retrying = sdk.to_builder().retry_config(RetryConfig::standard()).build();
    let mut provider = AssumeRoleProvider::builder(role).session_name("nephoscope").configure(&retrying);
    if let Some(external_id) = external_id {
        provider = provider.external_id(external_id);
    }
    let provider = provider.build().with_subscriber(Dispatch::none()).await;
    // A cache of its own ends with the account, where the caller's would keep the credentials of all accounts.
    let cache = IdentityCache::lazy().build();
    let sdk = sdk.to_builder().credentials_provider(SharedCredentialsProvider::new(provider));
    sdk.identity_cache(cache).retry_config(RetryConfig::disabled()).build()
}

/// Where global services are asked: the configured region, else the first one named that exists.
fn home_region(loaded: &SdkConfig, options: &AwsOptions) -> Result<aws_config::Region, CollectError> {
    if let Some(region) = loaded.region() {
        return Ok(region.clone());
    }
    let named = match &options.regions {
        RegionChoice::Configured => return Err(CollectError::NoRegion),
        RegionChoice::All => None,
        RegionChoice::Named(named) => named.iter().find(|region| regions::is_known(region.as_str())),
    };
    let name = named.map_or("us-east-1", |region| region.as_str());
    Ok(aws_config::Region::new(name.to_owned()))
}

/// Why the first call failed, in terms of what can be done about it.
pub(super) fn explain(failure: &Failure, aws: &Aws) -> CollectError {
    let cause = Cause::new(&format!("{}: {}", failure.error, failure.message));
    let endpoint = || match aws.sdk.endpoint_url() {
        Some(endpoint) => endpoint.to_owned(),
        None => format!("AWS in {}", aws.sdk.region().map_or("us-east-1", |region| region.as_ref())),
    };
    match (failure.class, &aws.options.role_arn) {
        (Class::Credentials, _) if failure.error == "NoCredentials" => CollectError::NoCredentials(cause),
        (Class::Credentials, Some(role)) => CollectError::AssumeRole { role: role.clone(), cause },
        (Class::Credentials, None) => CollectError::Credentials(cause),
        (Class::Expired, _) => CollectError::ExpiredCredentials(cause),
        (Class::Unreachable | Class::TimedOut, _) => {
            CollectError::Unreachable { endpoint: endpoint(), cause }
        }
        (Class::Foreign | Class::Malformed, _) => CollectError::NotAws { endpoint: endpoint(), cause },
        _ if is_refusal(failure) => CollectError::RefusedCredentials(cause),
        (
            Class::Denied
            | Class::Throttled
            | Class::Disabled
            | Class::NotFound
            | Class::Server
            | Class::NotAsked
            | Class::Other,
            _,
        ) => CollectError::Identity(cause),
    }
}
