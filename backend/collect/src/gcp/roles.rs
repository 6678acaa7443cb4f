//! Roles: what each role permits that a policy gives to anybody. Few different ones are ever named, so that reading them
//! is cheap, and no list of them has to be kept.

use super::kind::{Kind, Source, as_it_is};
use super::quota;
use crate::rest::{Action, List, Pages};

const HOST: &str = "iam.googleapis.com";

static ROLE: Action = Action::new("iam.roles.get", &quota::IAM).at(HOST);
static CUSTOM: List = Action::new("iam.roles.list", &quota::IAM)
    .at(HOST)
    .list("roles", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[
    role(Source::Named { prefix: "//iam.googleapis.com/roles/", action: &ROLE, path: "/v1/{name}" }),
    role(Source::Named { prefix: "//iam.googleapis.com/organizations/", action: &ROLE, path: "/v1/{name}" }),
    role(Source::Assets {
        type_: "iam.googleapis.com/Role",
        list: Some(&CUSTOM),
        path: "/v1/projects/{project}/roles?view=FULL",
    }),
];

const fn role(source: Source) -> Kind {
    Kind {
        kind: "gcp.iam.role",
        facet: "role",
        host: HOST,
        source,
        policy: None,
        details: &[],
        normalise: as_it_is,
    }
}
