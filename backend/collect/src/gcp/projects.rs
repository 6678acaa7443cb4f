//! Which projects there are to read.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::AccountId;
use serde_json::Value;

use super::options::GcpOptions;
use super::quota;
use crate::error::{Cause, CollectError};
use crate::failure::{Class, Failure};
use crate::normalise::text;
use crate::rest::{Action, List, Pages, Reader, Request};

static SEARCH: List = Action::new("resourcemanager.projects.get", &quota::PROJECTS)
    .at("cloudresourcemanager.googleapis.com")
    .list("projects", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const ACTIONS: &[&Action] = &[&SEARCH.action];

/// Projects as they were listed, by id.
pub(super) type Projects = BTreeMap<AccountId, Value>;

/// The projects that the credentials see.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    /// Those that are active and that the options do not leave out.
    pub projects: Projects,
    /// The others.
    outside: BTreeSet<AccountId>,
}

impl Discovered {
    /// True where the project may still be there, though the credentials do not see it.
    pub(super) fn misses(&self, project: &AccountId, options: &GcpOptions) -> bool {
        !self.projects.contains_key(project)
            && !self.outside.contains(project)
            && options.projects.is_empty()
            && !is_named(&options.exclude, project)
    }
}

/// Why a project that was read before cannot be read any more.
pub(super) fn missed() -> Failure {
    let message = "the credentials no longer see the project: their role was taken away, or it was moved or deleted; name it in `exclude` once it is gone for good";
    Failure::new(&SEARCH.action, Class::Denied, "ProjectNotSeen", message)
}

fn is_named(given: &[String], id: &AccountId) -> bool {
    given.iter().any(|name| name == id.as_str())
}

/// The projects that the credentials see, and which of them are read.
pub(super) async fn discover(reader: &Reader, options: &GcpOptions) -> Result<Discovered, CollectError> {
    let mut request = Request::get("/v3/projects:search");
    if let Some(parent) = &options.parent {
        request = request.query("query", format!("parent:{parent}"));
    }
    let (mut found, mut outside) = (Projects::new(), BTreeSet::new());
    let failure = reader
        .list_each(&SEARCH, None, request, |item| {
            let is_active = text(&item, "/state").is_none_or(|state| state == "ACTIVE");
            if let Some(id) = text(&item, "/projectId").map(AccountId::from) {
                match is_active {
                    true => drop(found.insert(id, item)),
                    false => drop(outside.insert(id)),
                }
            }
        })
        .await;
    if let Some(failure) = failure {
        return Err(refused("list the projects of Google Cloud", &failure));
    }
    if let Some(unseen) =
        options.projects.iter().find(|id| !found.contains_key(&AccountId::from(id.as_str())))
    {
        let why = format!("the credentials see {} active projects, and it is not among them", found.len());
        return Err(CollectError::Refused {
            attempted: format!("find the project `{unseen}`"),
            help: "check its id, and that the credentials may get it (`resourcemanager.projects.get`)",
            cause: Cause::new(&why),
        });
    }
    let is_left_out = |id: &AccountId| {
        !(options.projects.is_empty() || is_named(&options.projects, id)) || is_named(&options.exclude, id)
    };
    outside.extend(found.extract_if(.., |id, _| is_left_out(id)).map(|(id, _)| id));
    if found.is_empty() {
        return Err(CollectError::Refused {
            attempted: "find a project of Google Cloud to read".to_owned(),
            help: "give the credentials the role of `nephoscope permissions gcp` in a project, folder or organization",
            cause: Cause::new("the credentials see no active project that is not excluded"),
        });
    }
    Ok(Discovered { projects: found, outside })
}

fn refused(attempted: &str, failure: &Failure) -> CollectError {
    let help = match failure.class {
        Class::Denied => {
            "give the credentials `resourcemanager.projects.get` by the role of `nephoscope permissions gcp` in a project, folder or organization, and `serviceusage.services.use` by the role Service Usage Consumer in the quota project"
        }
        Class::Disabled => "enable the Cloud Resource Manager API in the quota project",
        Class::Throttled
        | Class::NotFound
        | Class::Server
        | Class::TimedOut
        | Class::Unreachable
        | Class::Malformed
        | Class::Foreign
        | Class::Credentials
        | Class::Expired
        | Class::NotAsked
        | Class::Other => {
            "check the network and `endpoint_url`, that the Cloud Resource Manager API is enabled in the quota project, and that the credentials may use it"
        }
    };
    CollectError::Refused {
        attempted: attempted.to_owned(),
        help,
        cause: Cause::new(&format!("{}: {}", failure.error, failure.message)),
    }
}
