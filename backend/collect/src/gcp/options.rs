//! What a target of Google Cloud is told.

use std::fmt;

use nephoscope_model::ServiceName;

use crate::{Budgets, Limits, Purpose, Tier};

/// How a Google Cloud target is reached and read.
#[derive(Clone)]
pub struct GcpOptions {
    /// A service account to act as, in place of the Application Default Credentials themselves.
    pub impersonate: Option<String>,
    /// The project whose quota the calls use, where it is not that of the credentials.
    pub quota_project: Option<String>,
    /// The projects to read, by id; all active ones that the credentials see where none is named.
    pub projects: Vec<String>,
    /// Only projects directly below this `folders/NUMBER` or `organizations/NUMBER`.
    pub parent: Option<String>,
    /// Projects to leave out, by id.
    pub exclude: Vec<String>,
    /// Which services; all of them where none is named.
    pub services: Vec<ServiceName>,
    /// Where every request goes, in place of Google's hosts.
    pub endpoint_url: Option<String>,
    /// How much may be asked for.
    pub tier: Tier,
    /// The share of each published quota: above 0, at most 1.
    pub budget: f64,
    /// The installation's own key for the tags of redacted values.
    pub redaction_key: [u8; 32],
    /// How long and how often is tried.
    pub limits: Limits,
    /// The budgets of the process.
    pub budgets: Budgets,
    /// What the calls are made for.
    pub purpose: Purpose,
}

impl GcpOptions {
    /// The ambient target: what the Application Default Credentials see.
    pub fn new(redaction_key: [u8; 32]) -> Self {
        Self {
            impersonate: None,
            quota_project: None,
            projects: Vec::new(),
            parent: None,
            exclude: Vec::new(),
            services: Vec::new(),
            endpoint_url: None,
            tier: Tier::Events,
            budget: 0.5,
            redaction_key,
            limits: Limits::default(),
            budgets: Budgets::default(),
            purpose: Purpose::default(),
        }
    }
}

impl fmt::Debug for GcpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GcpOptions").field("projects", &self.projects).finish_non_exhaustive()
    }
}
