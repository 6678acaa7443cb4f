//! What a service file declares: the calls that it makes, whose quota they use, and how listings turn their pages.

use crate::budget::Family;
use crate::failure::Asked;
use crate::purpose::Tier;

/// One API action.
#[derive(Debug)]
pub(crate) struct Action {
    /// The name under which it is counted, which is also the permission's unless `permission` says otherwise:
    /// `Microsoft.Web/sites/config/read`, `run.services.list`.
    pub api: &'static str,
    pub permission: &'static str,
    /// The host that is asked; empty for the one host that a provider or a configuration has.
    pub host: &'static str,
    /// `api-version` of the call, where the provider takes it as a parameter; else empty.
    pub version: &'static str,
    pub family: &'static Family,
    pub tier: Tier,
}

/// A listing: where its items stand, and how it turns its pages.
#[derive(Debug)]
pub(crate) struct List {
    pub action: Action,
    /// The field with the items; an empty listing may leave it out.
    pub items: &'static str,
    pub pages: Pages,
    /// True where the items are of several kinds, so that the first one does not stand for the others.
    pub mixed: bool,
}

/// How a listing names its next page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pages {
    /// The field of the reply that holds the whole address of the next page.
    Link(&'static str),
    /// The field of the reply that holds a token, and the parameter that sends it back.
    Token { reply: &'static str, request: &'static str },
    /// The same, sent back at this pointer of the body.
    Body { reply: &'static str, request: &'static str },
}

impl Action {
    /// A call that is counted and permitted under one name.
    pub(crate) const fn new(api: &'static str, family: &'static Family) -> Self {
        Self { api, permission: api, host: "", version: "", family, tier: Tier::Metadata }
    }

    /// It is asked at this host.
    pub(crate) const fn at(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    /// It is asked in this version.
    pub(crate) const fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// Another permission allows it.
    pub(crate) const fn allowed_by(self, permission: &'static str) -> Self {
        Self { permission, ..self }
    }

    /// Its permission lets its holder see more than how things are configured: a scan makes it only where it was asked to.
    pub(crate) const fn tier(self, tier: Tier) -> Self {
        Self { tier, ..self }
    }

    /// A listing by this action.
    pub(crate) const fn list(self, items: &'static str, pages: Pages) -> List {
        List { action: self, items, pages, mixed: false }
    }
}

impl List {
    /// Its items are of several kinds.
    pub(crate) const fn mixed(self) -> Self {
        let Self { action, items, pages, mixed: _ } = self;
        Self { action, items, pages, mixed: true }
    }
}

impl Asked for Action {
    fn api(&self) -> &'static str {
        self.api
    }

    fn permission(&self) -> &'static str {
        self.permission
    }
}
