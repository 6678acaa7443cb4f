//! Identifiers: newtypes over shared text, so that a `Uid` is never mistaken for an `AccountId` and copies are cheap.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps text that is already known to be such an identifier.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The identifier as the provider or the catalogue writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
    };
}

text_id! {
    /// The provider's full identifier of one resource: an ARN, an Azure resource id, a GCP full resource name.
    Uid
}
text_id! {
    /// An AWS account, an Azure subscription or a GCP project.
    AccountId
}
text_id! {
    /// A provider's place, or `global`.
    Region
}
text_id! {
    /// A provider's product in lower case, such as `lambda` or `apigateway`; one file of a collector.
    ServiceName
}
text_id! {
    /// What a resource is: `provider.service.thing`, such as `aws.lambda.function`.
    Kind
}
text_id! {
    /// A check's promise of a name, such as `aws-lambda-url-auth-none`.
    CheckId
}
text_id! {
    /// What the configuration calls one thing to scan; `aws` for the ambient AWS credentials.
    TargetName
}
text_id! {
    /// One run of one target: `20261116T020000Z-1f3a9c2e`.
    ScanId
}
text_id! {
    /// The identity of a finding across scans: 32 hexadecimal digits over check and resource.
    FindingKey
}

impl Region {
    /// The place of services that have no region.
    pub fn global() -> Self {
        Self::from("global")
    }
}

impl Kind {
    /// The service part: `lambda` of `aws.lambda.function`; the whole kind where it has no dot.
    pub fn service(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or(&self.0)
    }
}

impl FindingKey {
    /// The key of `check` on `uid`, in hexadecimal: the first 11 bytes of BLAKE3 over the uid, which all findings of a
    /// resource have in common, and the first 5 of that over the check.
    pub fn of(check: &CheckId, uid: &Uid) -> Self {
        let [uid, check] = [uid.as_str(), check.as_str()].map(|text| blake3::hash(text.as_bytes()).to_hex());
        Self::from([&uid[..22], &check[..10]].concat())
    }
}

impl ScanId {
    /// The id of the scan of `target` that started at `instant`: sortable by time, and the same for the same input.
    pub fn of(target: &TargetName, instant: jiff::Timestamp) -> Self {
        let digest = blake3::hash(format!("{target}\0{}", instant.as_nanosecond()).as_bytes()).to_hex();
        let civil = instant.strftime("%Y%m%dT%H%M%SZ");
        Self::from(format!("{civil}-{}", &digest[..8]))
    }
}

/// Whose cloud a resource lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
    /// Fn Project.
    Fn,
}

impl Provider {
    /// Every provider, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Aws, Self::Azure, Self::Gcp, Self::Fn];

    /// The name in files, URLs and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::Fn => "fn",
        }
    }

    /// The name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Gcp => "Google Cloud",
            Self::Fn => "Fn Project",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that names none of a closed set of values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a {what}; known are {known}")]
pub struct UnknownName {
    /// What was expected, such as `severity`.
    pub what: &'static str,
    /// What was given.
    pub given: String,
    /// The values that exist, comma-separated.
    pub known: String,
}

impl UnknownName {
    /// The error for `given`, where only `known` exist.
    pub fn new(what: &'static str, given: &str, known: &[&str]) -> Self {
        Self { what, given: given.to_owned(), known: known.join(", ") }
    }
}

impl FromStr for Provider {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|p| p.as_str() == text);
        found.ok_or_else(|| UnknownName::new("provider", text, &Self::ALL.map(Self::as_str)))
    }
}
