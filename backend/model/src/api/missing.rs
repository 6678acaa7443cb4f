//! What a scan could judge and what not, and the permissions that were missing for it.

use serde::{Deserialize, Serialize};

use crate::ident::{AccountId, CheckId, Provider, Region, ServiceName};

/// How much of one service a scan could judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceJudged {
    /// Whose cloud.
    pub provider: Provider,
    /// The service.
    pub service: ServiceName,
    /// Its shards, without those that are switched off.
    pub shards: u64,
    /// Those of them in which every resource that exists was listed.
    pub listed: u64,
    /// Those of them that were read whole.
    pub whole: u64,
    /// PASS and FAIL verdicts on its resources.
    pub decided: u64,
    /// UNKNOWN verdicts on its resources.
    pub unknown: u64,
}

/// What a scan was not permitted to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingPermissions {
    /// UNKNOWN verdicts of which every reason is one of these permissions; none where that was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<u64>,
    /// Each of them, the most blinding first.
    pub permissions: Vec<MissingPermission>,
    /// The smallest IAM policy that adds those which a policy can add; none where there are none of AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub policy: Option<serde_json::Value>,
}

/// One permission that a scan did not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingPermission {
    /// Whose cloud.
    pub provider: Provider,
    /// Its name, as the provider writes it.
    pub permission: String,
    /// The error codes of the refusals.
    pub errors: Vec<String>,
    /// The provider's message of the first of them.
    pub message: String,
    /// How many calls were refused.
    pub refused: u64,
    /// In which accounts.
    pub accounts: Vec<AccountId>,
    /// In which regions.
    pub regions: Vec<Region>,
    /// Which services asked for it.
    pub services: Vec<ServiceName>,
    /// Those of them that could not list everything: what they have besides is not judged at all.
    pub unlisted: Vec<ServiceName>,
    /// True where a policy denies or bounds it, so that another one that allows it does not help.
    pub forbidden: bool,
    /// UNKNOWN verdicts of which it is a reason; none where that was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<u64>,
    /// The checks of those verdicts.
    pub checks: Vec<CheckId>,
}

impl MissingPermission {
    /// True where each account has to let the caller in: that is said by the account's role, and by no policy of the caller.
    pub fn is_trust(&self) -> bool {
        self.provider == Provider::Aws && self.permission == "sts:AssumeRole"
    }

    /// True where a policy of the caller can add it.
    pub fn is_addable(&self) -> bool {
        !self.forbidden && !self.is_trust()
    }
}
