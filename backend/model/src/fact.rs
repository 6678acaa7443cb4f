//! What is derived from several resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facet::Unreadable;

/// A value derived from facets and relations, or the reasons why it cannot be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// The derived value.
    Known(Value),
    /// What was missing; never empty.
    Unknown(Vec<Unreadable>),
}

/// The facts of one resource, by name.
pub type Facts = BTreeMap<String, Fact>;
