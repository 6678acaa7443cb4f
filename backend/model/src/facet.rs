//! What one API call says about a resource.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that one API call says about a resource, in the provider's own JSON.
///
/// There is no fourth state: what could not be read is `Unreadable`, never `Absent` and never an empty value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// The provider's JSON with its own field names, secrets redacted and embedded policies parsed.
    Known(Value),
    /// The provider said that there is none.
    Absent,
    /// The provider could not or would not say.
    Unreadable(Unreadable),
}

/// Why something could not be read, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unreadable {
    /// The facet or fact that is missing, such as `policy`.
    pub facet: String,
    /// The API action that was tried, such as `lambda:GetPolicy`.
    pub api: String,
    /// The provider's error code, such as `AccessDeniedException`, or ours: `Timeout`, `Malformed`, `Unreachable`, `NotCollected`, `NotListed`.
    pub error: String,
    /// The permission that would allow the read, where a permission is what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
}

impl Facet {
    /// The value, where there is one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }

    /// The reason why it could not be read, where that is so.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Self::Unreadable(reason) => Some(reason),
            Self::Known(_) | Self::Absent => None,
        }
    }
}
