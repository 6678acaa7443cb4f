//! What is kept of a value that must not be kept.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The one key under which a redacted value stands in a facet.
pub const REDACTED_KEY: &str = "$redacted";

/// What stands in a facet in place of a value that may be a secret. The value cannot be had back from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redacted {
    /// The detector that fired, such as `aws-access-key`; none where the value does not look like a secret.
    pub detector: Option<String>,
    /// The length class: `0`, `1-8`, `9-16`, `17-32`, `33-64`, `65+` characters.
    pub length: String,
    /// BLAKE3 keyed with the installation's own key, first 16 hexadecimal digits: equal values have equal tags within one installation.
    pub tag: String,
}

impl Redacted {
    /// The JSON that stands in a facet: `{"$redacted": {"detector": …, "length": …, "tag": …}}`.
    pub fn to_value(&self) -> Value {
        json!({ REDACTED_KEY: { "detector": self.detector, "length": self.length, "tag": self.tag } })
    }

    /// Reads back what `to_value` wrote; none for any other value.
    pub fn from_value(value: &Value) -> Option<Self> {
        Self::deserialize(value.as_object()?.get(REDACTED_KEY)?).ok()
    }
}
