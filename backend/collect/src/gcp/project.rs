//! The project itself.

use super::kind::{Kind, Source, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.project",
    facet: "project",
    host: "cloudresourcemanager.googleapis.com",
    source: Source::Itself,
    policy: None,
    details: &[],
    normalise: as_it_is,
}];
