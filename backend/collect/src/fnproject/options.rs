//! What a target of Fn Project is told.

use std::fmt;
use std::path::PathBuf;

use crate::Asking;

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
    /// How it is asked.
    pub asking: Asking,
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
            asking: Asking::new(redaction_key),
        }
    }
}

impl fmt::Debug for FnOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token stays out, and so does the address, in which people put passwords.
        f.debug_struct("FnOptions").field("context", &self.context).finish_non_exhaustive()
    }
}
