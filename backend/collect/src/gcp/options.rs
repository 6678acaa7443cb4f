//! What a target of Google Cloud is told.

use std::fmt;

use crate::Asking;

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
    /// How it is asked.
    pub asking: Asking,
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
            asking: Asking::new(redaction_key),
        }
    }
}

impl fmt::Debug for GcpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GcpOptions").field("projects", &self.projects).finish_non_exhaustive()
    }
}
