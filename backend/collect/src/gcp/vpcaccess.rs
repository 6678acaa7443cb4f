//! Serverless VPC Access: the connectors through which functions and services reach a network.

use super::kind::{Kind, Source, as_it_is};

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.vpcaccess.connector",
    facet: "connector",
    host: "vpcaccess.googleapis.com",
    // Its own listing knows one place at a time.
    source: Source::Assets { type_: "vpcaccess.googleapis.com/Connector", list: None, path: "" },
    policy: None,
    details: &[],
    normalise: as_it_is,
}];
