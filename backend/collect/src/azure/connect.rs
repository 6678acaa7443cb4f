//! Finding credentials, in a documented order, and asking for a token once before anything is read.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions};
use azure_identity::{
    AzureCliCredential, AzurePipelinesCredential, AzurePipelinesCredentialOptions,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::arm::client_options;
use super::options::{AzureAuth, AzureOptions};
use crate::error::{Cause, CollectError};
use crate::rest::transport::Transport;

/// How long the metadata service of a machine may take to answer, where nobody said that there is one.
const METADATA: Duration = Duration::from_secs(3);

/// How often a token is asked for again: tokens have no budget that could be used up, and without one there is no scan.
const SIGN_IN_RETRIES: u32 = 3;

/// A credential that has given a token for the manager, and where it is from.
pub(super) async fn credential(
    options: &AzureOptions,
    transport: &Transport,
) -> Result<(AzureAuth, Arc<dyn TokenCredential>), CollectError> {
    let scope = format!("{}/.default", options.cloud.manager());
    let mut reasons = Vec::new();
    for auth in order(options.auth) {
        // What the environment does not speak of is not tried, unless it was asked for by name.
        if options.auth == AzureAuth::Auto && !is_configured(*auth, options) {
            continue;
        }
        let made = make(*auth, options, transport);
        let token = match &made {
            Ok(credential) => {
                let limit = if options.auth == AzureAuth::Auto && *auth == AzureAuth::Managed {
                    METADATA
                } else {
                    options.asking.limits.attempt
                };
                match tokio::time::timeout(limit, credential.get_token(&[&scope], None)).await {
                    Ok(token) => token.map(|_| ()).map_err(|error| innermost(&error)),
                    Err(_) => Err("no answer in time".to_owned()),
                }
            }
            Err(error) => Err(innermost(error)),
        };
        match (made, token) {
            (Ok(credential), Ok(())) => return Ok((*auth, credential)),
            (_, Err(why)) => reasons.push(format!("{}: {why}", name(*auth))),
            (Err(error), Ok(())) => reasons.push(format!("{}: {}", name(*auth), innermost(&error))),
        }
        // Who configured credentials does not mean to be somebody else where they are refused.
        if matches!(auth, AzureAuth::Secret | AzureAuth::Workload | AzureAuth::Pipelines) {
            break;
        }
    }
    let why = if reasons.is_empty() { "none are configured".to_owned() } else { reasons.join("; ") };
    Err(CollectError::Refused {
        attempted: "sign in to Azure".to_owned(),
        help: "run `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give the machine a managed identity; `auth` of the target names one way",
        cause: Cause::new(&why),
    })
}

/// The ways that are tried one after the other.
fn order(auth: AzureAuth) -> &'static [AzureAuth] {
    match auth {
        AzureAuth::Auto => &[
            AzureAuth::Secret,
            AzureAuth::Workload,
            AzureAuth::Pipelines,
            AzureAuth::Managed,
            AzureAuth::Cli,
        ],
        AzureAuth::Secret => &[AzureAuth::Secret],
        AzureAuth::Workload => &[AzureAuth::Workload],
        AzureAuth::Managed => &[AzureAuth::Managed],
        AzureAuth::Cli => &[AzureAuth::Cli],
        AzureAuth::Pipelines => &[AzureAuth::Pipelines],
    }
}

fn name(auth: AzureAuth) -> &'static str {
    match auth {
        AzureAuth::Auto => "auto",
        AzureAuth::Secret => "client secret",
        AzureAuth::Workload => "workload identity",
        AzureAuth::Managed => "managed identity",
        AzureAuth::Cli => "Azure CLI",
        AzureAuth::Pipelines => "Azure Pipelines",
    }
}

fn is_configured(auth: AzureAuth, options: &AzureOptions) -> bool {
    match auth {
        AzureAuth::Secret => options.client_secret.is_some() || variable("AZURE_CLIENT_SECRET").is_some(),
        AzureAuth::Workload => variable("AZURE_FEDERATED_TOKEN_FILE").is_some(),
        AzureAuth::Pipelines => variable("SYSTEM_OIDCREQUESTURI").is_some(),
        AzureAuth::Auto | AzureAuth::Managed | AzureAuth::Cli => true,
    }
}

/// The credential of this kind, which knows no token yet.
pub(super) fn make(
    auth: AzureAuth,
    options: &AzureOptions,
    transport: &Transport,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let retry = RetryOptions::exponential(ExponentialRetryOptions {
        max_retries: SIGN_IN_RETRIES,
        ..ExponentialRetryOptions::default()
    });
    let client_options = ClientOptions { retry, ..client_options(options.cloud, transport) };
    let given =
        |value: &Option<String>, name: &str| value.clone().or_else(|| variable(name)).unwrap_or_default();
    let tenant = given(&options.tenant, "AZURE_TENANT_ID");
    let client_id = given(&options.client_id, "AZURE_CLIENT_ID");
    Ok(match auth {
        AzureAuth::Secret => {
            let secret = Secret::new(given(&options.client_secret, "AZURE_CLIENT_SECRET"));
            let options = ClientSecretCredentialOptions { client_options };
            ClientSecretCredential::new(&tenant, client_id, secret, Some(options))?
        }
        AzureAuth::Workload => WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options },
            client_id: options.client_id.clone(),
            tenant_id: options.tenant.clone(),
            ..WorkloadIdentityCredentialOptions::default()
        }))?,
        AzureAuth::Managed => {
            let user_assigned_id = options.client_id.clone().map(UserAssignedId::ClientId);
            ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id,
                client_options,
            }))?
        }
        AzureAuth::Auto | AzureAuth::Cli => {
            AzureCliCredential::new(Some(azure_identity::AzureCliCredentialOptions {
                tenant_id: options.tenant.clone(),
                ..azure_identity::AzureCliCredentialOptions::default()
            }))?
        }
        AzureAuth::Pipelines => {
            let connection = variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID").unwrap_or_default();
            let token = variable("SYSTEM_ACCESSTOKEN").unwrap_or_default();
            let credential_options = ClientAssertionCredentialOptions { client_options };
            let options = AzurePipelinesCredentialOptions { credential_options };
            AzurePipelinesCredential::new(tenant, client_id, &connection, token, Some(options))?
        }
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The last cause that says something, which is the one that tells.
fn innermost(error: &azure_core::Error) -> String {
    let chain = || std::iter::successors(Some(error as &dyn std::error::Error), |inner| (**inner).source());
    if chain().any(|inner| inner.is::<serde_json::Error>()) {
        return "the answer is no token; a proxy or `endpoint_url` may lead elsewhere".to_owned();
    }
    let told = chain().map(ToString::to_string).filter(|text| !text.is_empty()).last();
    told.unwrap_or_else(|| error.kind().to_string())
}
