//! User-assigned identities, and whom outside Azure each of them trusts.

use super::kind::{Detail, Kind, NEXT, Source, any, as_it_is};
use super::quota::READS;
use crate::rest::{Action, List};

static FEDERATED: List =
    Action::new("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", &READS)
        .version("2024-11-30")
        .list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.identity.userassigned",
    facet: "identity",
    source: Source::Graph { type_: "Microsoft.ManagedIdentity/userAssignedIdentities", keep: any },
    details: &[Detail::all("federated", &FEDERATED, "/federatedIdentityCredentials")],
    normalise: as_it_is,
}];
