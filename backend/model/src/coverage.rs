//! What a scan could and could not read.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ident::{Uid, UnknownName};

/// What one shard (account × region × service) of a scan could read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// How much was read.
    pub state: CoverageState,
    /// Calls made, by API action, retries included.
    #[serde(default)]
    pub calls: BTreeMap<String, u64>,
    /// What failed, one entry per API action and error code, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<CollectionError>,
    /// What failed and cost only calls: all that it would have spared was read. Such a shard is complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<CollectionError>,
    /// True when every resource that exists was listed: only then does a resource that is missing count as gone.
    pub listed: bool,
}

/// How much of a shard was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CoverageState {
    /// Everything that was asked was answered.
    Complete,
    /// Some reads failed; the rest is there.
    Partial,
    /// The listing itself was denied.
    Denied,
    /// The provider kept throttling until the budget of retries was spent.
    Throttled,
    /// The region or the API is switched off for this account.
    Disabled,
    /// The listing failed for another reason.
    Failed,
}

/// One kind of failure within a shard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CollectionError {
    /// The API action, such as `lambda:GetPolicy`.
    pub api: String,
    /// The provider's error code, or ours.
    pub error: String,
    /// The provider's message of the first occurrence, scrubbed of secrets, at most 500 characters.
    pub message: String,
    /// The permission that would allow the read, where that is what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// How often it happened.
    pub count: u64,
    /// The first resource concerned, where the call was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Uid>,
}

impl Coverage {
    /// Calls of all API actions together.
    pub fn call_count(&self) -> u64 {
        self.calls.values().sum()
    }
}

impl CoverageState {
    /// Every state, best first.
    pub const ALL: [Self; 6] =
        [Self::Complete, Self::Partial, Self::Denied, Self::Throttled, Self::Disabled, Self::Failed];

    /// The word in data and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Disabled => "disabled",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for CoverageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CoverageState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| UnknownName::new("coverage state", text, &Self::ALL.map(Self::as_str)))
    }
}
