//! Which projects there are to read.

use nephoscope_model::AccountId;

use super::options::GcpOptions;
use super::quota;
use crate::discovered::Discovered;
use crate::error::{Cause, CollectError};
use crate::failure::{Class, Failure};
use crate::normalise::text;
use crate::rest::{Action, List, Pages, Reader, Request};

static SEARCH: List = Action::new("resourcemanager.projects.get", &quota::PROJECTS)
    .at("cloudresourcemanager.googleapis.com")
    .list("projects", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const ACTIONS: &[&Action] = &[&SEARCH.action];

/// Why a project that was read before cannot be read any more.
pub(super) fn missed() -> Failure {
    let message = "the credentials no longer see the project: their role was taken away, or it was moved or deleted; name it in `exclude` once it is gone for good";
    Failure::new(&SEARCH.action, Class::Denied, "ProjectNotSeen", message)
}

/// The projects that the credentials see, and which of them are read.
pub(super) async fn discover(reader: &Reader, options: &GcpOptions) -> Result<Discovered, CollectError> {
    let mut request = Request::get("/v3/projects:search");
    if let Some(parent) = &options.parent {
        request = request.query("query", format!("parent:{parent}"));
    }
    let ids = |given: &[String]| given.iter().map(|id| AccountId::from(id.as_str())).collect();
    let mut found = Discovered::of(ids(&options.projects), ids(&options.exclude));
    let failure = reader
        .list_each(&SEARCH, None, request, |item| {
            let is_active = text(&item, "/state").is_none_or(|state| state == "ACTIVE");
            if let Some(id) = text(&item, "/projectId").map(AccountId::from) {
                match is_active {
                    true => drop(found.accounts.insert(id, item)),
                    false => drop(found.outside.insert(id)),
                }
            }
        })
        .await;
    if let Some(failure) = failure {
        return Err(refused("list the projects of Google Cloud", &failure));
    }
    if let Some(unseen) =
        options.projects.iter().find(|id| !found.accounts.contains_key(&AccountId::from(id.as_str())))
    {
        let why =
            format!("the credentials see {} active projects, and it is not among them", found.accounts.len());
        return Err(CollectError::Refused {
            attempted: format!("find the project `{unseen}`"),
            help: "check its id, and that the credentials may get it (`resourcemanager.projects.get`)",
            cause: Cause::new(&why),
        });
    }
    found.choose();
    if found.accounts.is_empty() {
        return Err(CollectError::Refused {
            attempted: "find a project of Google Cloud to read".to_owned(),
            help: "give the credentials the role of `nephoscope permissions gcp` in a project, folder or organization",
            cause: Cause::new("the credentials see no active project that is not excluded"),
        });
    }
    Ok(found)
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
