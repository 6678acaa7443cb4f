//! Serverless VPC Access: the connectors through which functions and services reach a network.

use super::kind::{Kind, Source, as_it_is};
use super::quota;
use crate::rest::{Action, List, Pages};

const HOST: &str = "vpcaccess.googleapis.com";

static CONNECTORS: List = Action::new("vpcaccess.connectors.list", &quota::OTHERS)
    .at(HOST)
    .list("connectors", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.vpcaccess.connector",
    facet: "connector",
    host: HOST,
    source: Source::Assets {
        type_: "vpcaccess.googleapis.com/Connector",
        list: Some(&CONNECTORS),
        path: "/v1/projects/{project}/locations/{location}/connectors",
    },
    policy: None,
    details: &[],
    normalise: as_it_is,
}];
