//! One testable statement about one kind of resource, as pages and files show it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ident::{CheckId, Kind, Provider, UnknownName};

/// A check without its machinery: what it says, why it matters and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// The promise of a name; the file's path with dashes.
    pub id: CheckId,
    /// What holds when the check passes.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// Whose cloud it speaks about.
    pub provider: Provider,
    /// The service folder it stands in, such as `lambda` or `apigw`.
    pub service: String,
    /// The kind of resource it judges.
    pub kind: Kind,
    /// What people worry about that it answers.
    pub concerns: Vec<Concern>,
    /// Framework controls it bears on, as `framework/control`.
    pub frameworks: Vec<String>,
    /// What is looked at.
    pub description: String,
    /// What an attacker or an accident gains.
    pub risk: String,
    /// What to do.
    pub remediation: Remediation,
    /// When the check speaks at all; CEL.
    pub applies: String,
    /// What decides PASS or FAIL; CEL.
    pub passes: String,
    /// The paths shown as evidence.
    pub evidence: Vec<String>,
    /// Facets that the conditions read, sorted.
    pub reads: Vec<String>,
    /// Earlier ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<CheckId>,
    /// Why the check is retired, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
}

/// What to do about a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Remediation {
    /// In the imperative.
    pub text: String,
    /// A command line, where one exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cli: Option<String>,
    /// A Terraform fragment, where one exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terraform: Option<String>,
}

/// How bad a failure is. Ordered from informational to critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; no points.
    Informational,
    /// Hygiene.
    Low,
    /// A weakness that needs another one.
    Medium,
    /// A way in, or a way to lose much.
    High,
    /// An open door.
    Critical,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational];

    /// The word in data and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The points `w` of the score: each step is worth three of the one below.
    pub fn weight(self) -> u64 {
        match self {
            Self::Informational => 0,
            Self::Low => 1,
            Self::Medium => 3,
            Self::High => 9,
            Self::Critical => 27,
        }
    }
}

/// What people worry about when they run serverless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Concern {
    /// Who may do what.
    AccessControl,
    /// Doors to the outside.
    ApiSecurity,
    /// Data at rest, in transit and in settings.
    DataProtection,
    /// Floods that become outages or bills.
    DenialOfService,
    /// Events that nobody records.
    EventDataVisibility,
    /// Code and runtimes with known holes.
    FunctionVulnerabilities,
    /// Ownership, tags, retention.
    Governance,
    /// Failures that lose work.
    Resilience,
    /// Packages, layers and images of others.
    ThirdPartyDependencies,
}

impl Concern {
    /// Every concern, in alphabetical order.
    pub const ALL: [Self; 9] = [
        Self::AccessControl,
        Self::ApiSecurity,
        Self::DataProtection,
        Self::DenialOfService,
        Self::EventDataVisibility,
        Self::FunctionVulnerabilities,
        Self::Governance,
        Self::Resilience,
        Self::ThirdPartyDependencies,
    ];

    /// The word in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessControl => "access-control",
            Self::ApiSecurity => "api-security",
            Self::DataProtection => "data-protection",
            Self::DenialOfService => "denial-of-service",
            Self::EventDataVisibility => "event-data-visibility",
            Self::FunctionVulnerabilities => "function-vulnerabilities",
            Self::Governance => "governance",
            Self::Resilience => "resilience",
            Self::ThirdPartyDependencies => "third-party-dependencies",
        }
    }

    /// The words on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::AccessControl => "Access control",
            Self::ApiSecurity => "API security",
            Self::DataProtection => "Data protection",
            Self::DenialOfService => "Denial of service",
            Self::EventDataVisibility => "Event visibility",
            Self::FunctionVulnerabilities => "Function vulnerabilities",
            Self::Governance => "Governance",
            Self::Resilience => "Resilience",
            Self::ThirdPartyDependencies => "Third-party dependencies",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| UnknownName::new("severity", text, &Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Concern {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|c| c.as_str() == text);
        found.ok_or_else(|| UnknownName::new("concern", text, &Self::ALL.map(Self::as_str)))
    }
}
