//! How a target in AWS is read: with which credentials, where, how fast and for what.

use std::fmt;

use nephoscope_model::Region;

use super::OrganizationOptions;
use crate::Asking;

/// How a target in AWS is read.
#[derive(Clone)]
pub struct AwsOptions {
    /// The profile; the default chain's where none is named.
    pub profile: Option<String>,
    /// Which regions.
    pub regions: RegionChoice,
    /// A role to assume first.
    pub role_arn: Option<String>,
    /// What that role's trust policy asks for.
    pub external_id: Option<String>,
    /// The organization whose accounts are read, in place of the one that the credentials belong to.
    pub organization: Option<OrganizationOptions>,
    /// How it is asked.
    pub asking: Asking,
}

/// Which regions are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RegionChoice {
    /// The one that the environment or the profile names.
    #[default]
    Configured,
    /// All that are enabled for the account.
    All,
    /// These.
    Named(Vec<Region>),
}

impl AwsOptions {
    /// The ambient credentials and region, half of each quota.
    pub fn new(redaction_key: [u8; 32]) -> Self {
        Self {
            profile: None,
            regions: RegionChoice::default(),
            role_arn: None,
            external_id: None,
            organization: None,
            asking: Asking::new(redaction_key),
        }
    }
}

impl fmt::Debug for AwsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the key nor the external id belongs into a log.
        let Self { profile, regions, role_arn, asking, .. } = self;
        let mut shown = f.debug_struct("AwsOptions");
        shown.field("profile", profile).field("regions", regions).field("role_arn", role_arn);
        shown.field("asking", asking).finish_non_exhaustive()
    }
}
