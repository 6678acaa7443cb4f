//! How a target in AWS is read: with which credentials, where, how fast and for what.

use std::fmt;

use nephoscope_model::{Region, ServiceName};

use super::OrganizationOptions;
use crate::budget::Budgets;
use crate::{Limits, Purpose};

/// How a target in AWS is read.
#[derive(Clone)]
pub struct AwsOptions {
    /// The profile; the default chain's where none is named.
    pub profile: Option<String>,
    /// Which regions.
    pub regions: RegionChoice,
    /// Which services; all of them where none is named.
    pub services: Vec<ServiceName>,
    /// A role to assume first.
    pub role_arn: Option<String>,
    /// What that role's trust policy asks for.
    pub external_id: Option<String>,
    /// Where to call, in place of AWS and of `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// The share of each published quota: above 0, at most 1.
    pub budget: f64,
    /// The installation's own key for the tags of redacted values.
    pub redaction_key: [u8; 32],
    /// How long and how often is tried.
    pub limits: Limits,
    /// The budgets of the process; targets that share them share the account's quotas.
    pub budgets: Budgets,
    /// What the calls are made for.
    pub purpose: Purpose,
    /// The organization whose accounts are read, in place of the one that the credentials belong to.
    pub organization: Option<OrganizationOptions>,
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
            services: Vec::new(),
            role_arn: None,
            external_id: None,
            endpoint_url: None,
            budget: 0.5,
            redaction_key,
            limits: Limits::default(),
            budgets: Budgets::default(),
            purpose: Purpose::Scan,
            organization: None,
        }
    }
}

impl fmt::Debug for AwsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the key nor the external id belongs into a log.
        let Self { profile, regions, services, role_arn, endpoint_url, budget, limits, .. } = self;
        let mut shown = f.debug_struct("AwsOptions");
        shown.field("profile", profile).field("regions", regions).field("services", services);
        shown.field("role_arn", role_arn).field("endpoint_url", endpoint_url);
        shown.field("budget", budget).field("limits", limits).finish_non_exhaustive()
    }
}
