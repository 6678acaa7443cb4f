//! The project itself: its id, its number, and what stands above it.

use nephoscope_model::{Facet, Resource};

use crate::derive::map::Map;
use crate::derive::reading::{elements, text};

/// How the project is named in addresses, resource names and sets of principals.
pub(super) struct Project {
    pub id: String,
    /// Its number, where the project itself could be read.
    pub number: Option<String>,
    /// Folders and organisation, as `folders/1`, where they could be read.
    pub ancestors: Vec<String>,
}

impl Project {
    pub fn of(map: &Map<'_>) -> Self {
        let position = map.kind("gcp.project").first();
        let resource = position.map(|&position| map.held(position).open_only(&["project", "ancestors"]));
        let resource = resource.as_deref();
        let above = resource.and_then(|resource| elements(resource, "ancestors", "policies").ok());
        let named = above.unwrap_or_default().iter().filter_map(|above| text(above, "resource"));
        Self {
            id: map.estate.account.as_str().to_owned(),
            number: resource.and_then(number),
            ancestors: named.map(str::to_owned).collect(),
        }
    }

    /// The account with which code runs that names none, where the project's number is known.
    pub fn default_compute(&self) -> Option<String> {
        self.number.as_ref().map(|number| format!("{number}-compute@developer.gserviceaccount.com"))
    }

    /// The account with which App Engine and functions of the first generation run that name none.
    pub fn default_appspot(&self) -> String {
        format!("{}@appspot.gserviceaccount.com", self.id)
    }

    /// The uid of one of the project's own service accounts.
    pub fn account_uid(&self, email: &str) -> String {
        format!("//iam.googleapis.com/projects/{}/serviceAccounts/{email}", self.id)
    }

    /// `name` with the project's id where it has the number: services differ in which of the two they say.
    pub fn by_id(&self, name: &str) -> String {
        let number = self.number.as_deref();
        let rest = number.and_then(|number| name.strip_prefix("projects/")?.strip_prefix(number));
        match rest.filter(|rest| rest.starts_with('/')) {
            Some(rest) => format!("projects/{}{rest}", self.id),
            None => name.to_owned(),
        }
    }
}

fn number(resource: &Resource) -> Option<String> {
    let project = resource.facets.get("project").and_then(Facet::value)?;
    text(project, "name")?.strip_prefix("projects/").map(str::to_owned)
}
