//! What a target says of how it is asked, whatever provider it is of.

use std::fmt;

use nephoscope_model::ServiceName;

use crate::error::CollectError;
use crate::{Budgets, Limits, Purpose, Tier};

/// How a target is asked.
#[derive(Clone)]
pub struct Asking {
    /// Which services; all of them where none is named.
    pub services: Vec<ServiceName>,
    /// Where every request goes, in place of the provider's own hosts.
    pub endpoint_url: Option<String>,
    /// How much may be asked for. What lies beyond is unreadable, and says which permission it would take.
    pub tier: Tier,
    /// The share of each published quota: above 0, at most 1.
    pub budget: f64,
    /// The budgets of the process; targets that share them share an account's quotas.
    pub budgets: Budgets,
    /// How long and how often is tried.
    pub limits: Limits,
    /// What the calls are made for.
    pub purpose: Purpose,
    /// The installation's own key for the tags of redacted values.
    pub redaction_key: [u8; 32],
}

impl Asking {
    /// Everything, at half of the quotas, without what holds values or code.
    pub fn new(redaction_key: [u8; 32]) -> Self {
        Self {
            services: Vec::new(),
            endpoint_url: None,
            tier: Tier::Events,
            budget: 0.5,
            budgets: Budgets::default(),
            limits: Limits::default(),
            purpose: Purpose::default(),
            redaction_key,
        }
    }

    /// Refuses a share that is none, and services that are not among those `known`.
    pub(crate) fn check(&self, known: &[&str]) -> Result<(), CollectError> {
        if !(self.budget > 0.0 && self.budget <= 1.0) {
            return Err(CollectError::Budget { share: self.budget });
        }
        match self.services.iter().find(|given| !known.contains(&given.as_str())) {
            Some(unknown) => {
                Err(CollectError::UnknownService { service: unknown.to_string(), known: known.join(", ") })
            }
            None => Ok(()),
        }
    }

    /// True for a service that is to be read.
    pub(crate) fn includes(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|given| given.as_str() == service)
    }
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out, and so does the address, in which people put passwords.
        f.debug_struct("Asking")
            .field("budget", &self.budget)
            .field("tier", &self.tier)
            .finish_non_exhaustive()
    }
}
