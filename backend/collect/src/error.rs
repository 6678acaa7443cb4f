//! Why a scan could not begin. Once it has begun, failures are coverage, not errors.

use std::fmt;

use crate::redact::scrub;
use crate::rest::Unsent;

/// Why the cloud could not be asked at all. Each variant has a next step in [`CollectError::help`].
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The default chain found nothing.
    #[error("find AWS credentials")]
    NoCredentials(#[source] Cause),
    /// Credentials were found, but their provider failed.
    #[error("load the AWS credentials")]
    Credentials(#[source] Cause),
    /// A session that has ended.
    #[error("sign in to AWS: the credentials have expired")]
    ExpiredCredentials(#[source] Cause),
    /// The provider does not know the key, or the signature is wrong.
    #[error("sign in to AWS: the credentials were refused")]
    RefusedCredentials(#[source] Cause),
    /// The role of the target cannot be assumed.
    #[error("assume the role {role}")]
    AssumeRole {
        /// The role's ARN.
        role: String,
        /// What was answered.
        #[source]
        cause: Cause,
    },
    /// Nothing answers at the endpoint.
    #[error("reach {endpoint}")]
    Unreachable {
        /// The address, or what stands for it.
        endpoint: String,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// Something answers, but it is not AWS.
    #[error("talk to AWS at {endpoint}: the answer is not an AWS API's")]
    NotAws {
        /// The address, or what stands for it.
        endpoint: String,
        /// What was answered instead.
        #[source]
        cause: Cause,
    },
    /// The question who we are was answered with another error.
    #[error("ask AWS who the credentials belong to")]
    Identity(#[source] Cause),
    /// Neither a flag nor the environment nor a profile names a region.
    #[error("decide on a region: none is configured")]
    NoRegion,
    /// No such region.
    #[error("find the region `{region}`{}", did_you_mean(.near))]
    UnknownRegion {
        /// What was given.
        region: String,
        /// Regions with a similar name, nearest first; empty where nothing is near.
        near: Vec<String>,
    },
    /// The account's regions could not be listed.
    #[error("list the regions of the account")]
    Regions(#[source] Cause),
    /// The accounts of the organization could not be listed.
    #[error("list the accounts of the organization")]
    Organization(#[source] Cause),
    /// No such service.
    #[error("find the service `{service}`; known are {known}")]
    UnknownService {
        /// What was given.
        service: String,
        /// The services that exist, comma-separated.
        known: String,
    },
    /// Another provider could not be asked at all.
    #[error("{attempted}")]
    Refused {
        /// What was tried.
        attempted: String,
        /// The next step.
        help: &'static str,
        /// What came of it.
        #[source]
        cause: Cause,
    },
    /// A share that is not in 0 < b ≤ 1.
    #[error("use {share} as the share of the API quotas: it must be above 0 and at most 1")]
    Budget {
        /// What was given.
        share: f64,
    },
}

/// The innermost reason, as text: scrubbed, because errors of an SDK can quote what they received.
#[derive(Debug)]
pub struct Cause(String);

impl CollectError {
    /// The next step for whoever reads the error.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoCredentials(_) => {
                "sign in with `aws sso login` or `aws configure`, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Self::Credentials(_) => {
                "check the profile in ~/.aws/config, or run `aws sts get-caller-identity` with the same environment"
            }
            Self::ExpiredCredentials(_) => {
                "renew them, for example with `aws sso login`, and scan again; a scan that had begun resumes"
            }
            Self::RefusedCredentials(_) => {
                "check that the access key is active and complete (a temporary one needs AWS_SESSION_TOKEN), that the clock is right, and that the region is enabled"
            }
            Self::AssumeRole { .. } => {
                "check the role's ARN and external id, that its trust policy names the caller, and that the caller may sts:AssumeRole"
            }
            Self::Unreachable { .. } => {
                "check the network, the proxy and AWS_ENDPOINT_URL; the address must answer from this machine"
            }
            Self::NotAws { .. } => {
                "check AWS_ENDPOINT_URL, and that no proxy or sign-in page stands in between"
            }
            Self::Identity(_) => {
                "run `aws sts get-caller-identity` with the same environment to see the same answer"
            }
            Self::NoRegion => "name one with --region, set AWS_REGION, or add `region` to the profile",
            Self::UnknownRegion { .. } => {
                "name a region as AWS writes it, such as eu-west-1, or `all`; a region newer than this release is accepted where account:ListRegions confirms it"
            }
            Self::Regions(_) => "allow account:ListRegions, or name the regions one by one",
            Self::Organization(_) => {
                "use credentials of the management account or of a delegated administrator, and allow organizations:ListAccounts (with `ous` also organizations:ListAccountsForParent and organizations:ListOrganizationalUnitsForParent) and sts:AssumeRole"
            }
            Self::UnknownService { .. } => "leave --service out to read all of them",
            Self::Refused { help, .. } => help,
            Self::Budget { .. } => "leave the default of 0.5 unless somebody else needs the quota",
        }
    }
}

impl CollectError {
    /// Nothing could be sent to `provider` at all.
    pub(crate) fn unsent(provider: &str, unsent: &Unsent) -> Self {
        let (Unsent::Unreachable(why)
        | Unsent::Broken(why)
        | Unsent::Credentials(why)
        | Unsent::Busy { why, .. }) = unsent;
        Self::Refused {
            attempted: format!("reach {provider}"),
            help: "check the network, the proxy and `endpoint_url` of the target",
            cause: Cause::new(why),
        }
    }
}

impl Cause {
    /// Keeps `text` without anything that looks like a secret.
    pub fn new(text: &str) -> Self {
        Self(scrub(text).into_owned())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; near it are {}", near.join(", ")) }
}
