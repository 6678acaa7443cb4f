//! What a scan could and could not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::facet::Unreadable;
use crate::ident::{CheckId, Uid, UnknownName};

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

/// What missing permissions kept an evaluation from deciding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blinded {
    /// UNKNOWN verdicts of which every reason is a missing permission.
    pub verdicts: u64,
    /// By permission.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<String, Blind>,
}

/// What one missing permission kept an evaluation from deciding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// UNKNOWN verdicts of which it is a reason.
    pub unknown: u64,
    /// Their checks.
    pub checks: BTreeSet<CheckId>,
}

impl Blinded {
    /// Counts one UNKNOWN verdict with its reasons.
    pub fn note(&mut self, check: &CheckId, reasons: &[Unreadable]) {
        let permissions: BTreeSet<&str> =
            reasons.iter().filter_map(|reason| reason.permission.as_deref()).collect();
        let is_all = !reasons.is_empty() && reasons.iter().all(|reason| reason.permission.is_some());
        self.verdicts += u64::from(is_all);
        for permission in permissions {
            if !self.permissions.contains_key(permission) {
                self.permissions.insert(permission.to_owned(), Blind::default());
            }
            let blind = self.permissions.get_mut(permission);
            let blind = blind.expect("the line above puts in what is missing");
            blind.unknown += 1;
            if !blind.checks.contains(check) {
                blind.checks.insert(check.clone());
            }
        }
    }

    /// Adds what another account's evaluation says.
    pub fn add(&mut self, other: Self) {
        self.verdicts += other.verdicts;
        for (permission, more) in other.permissions {
            let blind = self.permissions.entry(permission).or_default();
            blind.unknown += more.unknown;
            blind.checks.extend(more.checks);
        }
    }
}

impl CollectionError {
    /// True where allowing the action in a policy of the caller does not help: another policy denies it, or one that bounds
    /// what the caller may do does not allow it. AWS says so in its message.
    pub fn is_forbidden(&self) -> bool {
        const BOUNDS: [&str; 6] = [
            "explicit deny",
            "no service control policy allows",
            "no resource control policy allows",
            "no permissions boundary allows",
            "no session policy allows",
            "no VPC endpoint policy allows",
        ];
        BOUNDS.iter().any(|words| self.message.contains(words))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(permission: Option<&str>) -> Unreadable {
        Unreadable {
            facet: "policy".to_owned(),
            api: "lambda:GetPolicy".to_owned(),
            error: "AccessDeniedException".to_owned(),
            permission: permission.map(str::to_owned),
        }
    }

    #[test]
    fn a_verdict_counts_once_for_each_permission_that_it_lacks() {
        let [url, role] = ["aws-lambda-url-auth-none", "aws-lambda-role-admin"].map(CheckId::from);
        let mut blinded = Blinded::default();
        let twice = [reason(Some("lambda:GetPolicy")), reason(Some("lambda:GetPolicy"))];
        blinded.note(&url, &twice);
        blinded.note(&role, &[reason(Some("lambda:GetPolicy")), reason(None)]);
        blinded.note(&role, &[reason(None)]);
        blinded.note(&role, &[]);
        let mut both = blinded.clone();
        both.add(blinded);
        assert_eq!(both.verdicts, 2, "one verdict of each half lacks nothing but a permission");
        let policy = &both.permissions["lambda:GetPolicy"];
        assert_eq!((policy.unknown, policy.checks.len(), both.permissions.len()), (4, 2, 1));
    }

    #[test]
    fn a_boundary_is_not_lifted_by_a_policy() {
        let said = |message: &str| CollectionError {
            api: "lambda:GetPolicy".to_owned(),
            error: "AccessDeniedException".to_owned(),
            message: message.to_owned(),
            permission: Some("lambda:GetPolicy".to_owned()),
            count: 1,
            uid: None,
        };
        let user = "User: arn:aws:iam::447120260912:user/x is not authorized to perform: lambda:GetPolicy";
        assert!(said(&format!("{user} with an explicit deny in a service control policy")).is_forbidden());
        assert!(said(&format!("{user} because no service control policy allows it")).is_forbidden());
        assert!(!said(&format!("{user} because no identity-based policy allows it")).is_forbidden());
    }
}
