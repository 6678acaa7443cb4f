//! What a target of Fn Project is told.

use std::fmt;
use std::path::PathBuf;

use nephoscope_model::ServiceName;

use crate::{Budgets, Limits, Purpose};

/// How a Fn server is reached and read.
#[derive(Clone)]
pub struct FnOptions {
    /// The address of the API, without `/v2`; that of the context where there is none.
    pub api_url: Option<String>,
    /// The context of the `fn` command whose address and token are used; the current one where there is none.
    pub context: Option<String>,
    /// The bearer token; `FN_TOKEN`, and then the context's, where there is none.
    pub token: Option<String>,
    /// The folder of the `fn` command; `.fn` in the home folder where there is none.
    pub folder: Option<PathBuf>,
    /// The file that declares what the API does not tell.
    pub server_facts: Option<PathBuf>,
    /// Whether to look what the server answers to strangers.
    pub probe: bool,
    /// Whether to ask the registries that the server facts trust which image a tag means.
    pub resolve_images: bool,
    /// Which services; all of them where none is named.
    pub services: Vec<ServiceName>,
    /// Where every request goes, in place of the address of the API.
    pub endpoint_url: Option<String>,
    /// The share of what a server is taken to bear: above 0, at most 1.
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

impl FnOptions {
    /// The ambient target: what the `fn` command talks to.
    pub fn new(redaction_key: [u8; 32]) -> Self {
        Self {
            api_url: None,
            context: None,
            token: None,
            folder: None,
            server_facts: None,
            probe: false,
            resolve_images: false,
            services: Vec::new(),
            endpoint_url: None,
            budget: 0.5,
            redaction_key,
            limits: Limits::default(),
            budgets: Budgets::default(),
            purpose: Purpose::default(),
        }
    }
}

impl fmt::Debug for FnOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token stays out, and so does the address, in which people put passwords.
        f.debug_struct("FnOptions").field("context", &self.context).finish_non_exhaustive()
    }
}
