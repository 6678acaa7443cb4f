//! Places: where an API knows one location at a time and takes no `-` for all of them, it is asked which ones there are.
//!
//! It is asked for the locations of the project, which are those that the API has and a few that only this project sees.

use std::collections::HashMap;

use nephoscope_model::AccountId;
use serde_json::Value;

use super::quota;
use crate::budget::Family;
use crate::failure::{Class, Failure};
use crate::normalise::text;
use crate::pages::Listing;
use crate::rest::{Action, List, Pages, Reader, Request};

/// What stands for a location in the path of a listing.
pub(super) const LOCATION: &str = "{location}";

/// How a host says which locations it has.
struct Known {
    list: List,
    /// The version under which it publishes the call.
    version: &'static str,
}

const fn known(
    host: &'static str,
    version: &'static str,
    permission: &'static str,
    family: &'static Family,
) -> Known {
    let pages = Pages::Token { reply: "nextPageToken", request: "pageToken" };
    Known { list: Action::new(permission, family).at(host).list("locations", pages), version }
}

/// Cloud Run publishes the call in version 1 only.
/// <https://cloud.google.com/run/docs/reference/rest/v1/projects.locations/list>
static HOSTS: [Known; 8] = [
    known("apigateway.googleapis.com", "v1", "apigateway.locations.list", &quota::APIGATEWAY),
    known("artifactregistry.googleapis.com", "v1", "artifactregistry.locations.list", &quota::ARTIFACTS),
    known("cloudscheduler.googleapis.com", "v1", "cloudscheduler.locations.list", &quota::OTHERS),
    known("cloudtasks.googleapis.com", "v2", "cloudtasks.locations.list", &quota::OTHERS),
    known("eventarc.googleapis.com", "v1", "eventarc.locations.list", &quota::OTHERS),
    known("run.googleapis.com", "v1", "run.locations.list", &quota::RUN),
    known("vpcaccess.googleapis.com", "v1", "vpcaccess.locations.list", &quota::OTHERS),
    known("workflows.googleapis.com", "v1", "workflows.locations.list", &quota::OTHERS),
];

fn of(host: &str) -> Option<&'static Known> {
    HOSTS.iter().find(|known| known.list.action.host == host)
}

/// The call that a listing with this path needs besides its own; none where the path names no location.
pub(super) fn action(list: &List, path: &str) -> Option<&'static Action> {
    let named = path.contains(LOCATION).then(|| of(list.action.host)).flatten();
    named.map(|known| &known.list.action)
}

/// The locations that were asked for so far, by host: one answer serves every kind of a shard.
#[derive(Debug, Default)]
pub(super) struct Locations(HashMap<&'static str, Listing>);

impl Locations {
    /// The locations of the host of `list`, or why they are not known.
    async fn of(
        &mut self,
        reader: &Reader,
        project: &AccountId,
        list: &'static List,
    ) -> Result<Vec<String>, Failure> {
        let host = list.action.host;
        let Some(known) = of(host) else {
            let message = format!("{host} is not known to list its locations");
            return Err(Failure::new(&list.action, Class::Other, "NoLocations", &message));
        };
        if !self.0.contains_key(host) {
            let request = Request::get(&format!("/{}/projects/{project}/locations", known.version));
            self.0.insert(host, reader.list(&known.list, None, request).await);
        }
        match self.0.get(host) {
            Some(Listing { failure: Some(failure), .. }) => Err(failure.clone()),
            found => Ok(found.map_or(Vec::new(), |found| names(&found.items))),
        }
    }

    /// Lists at `path`, where it names a location at each that its host has, as many at a time as the limits allow. A
    /// listing that failed in one place is not whole, whatever there is in the others.
    pub(super) async fn list(
        &mut self,
        reader: &Reader,
        project: &AccountId,
        list: &'static List,
        path: &str,
        address: impl Fn(&str) -> Request,
    ) -> Listing {
        if !path.contains(LOCATION) {
            return reader.list(list, None, address(path)).await;
        }
        let places = match self.of(reader, project, list).await {
            Ok(places) => places,
            Err(failure) => return Listing { items: Vec::new(), failure: Some(failure) },
        };
        let requests: Vec<Request> =
            places.iter().map(|place| address(&path.replace(LOCATION, place))).collect();
        let listings = reader.each(requests, |request| reader.list(list, None, request)).await;
        let mut whole = Listing { items: Vec::new(), failure: None };
        for listing in listings {
            whole.items.extend(listing.items);
            whole.failure = whole.failure.or(listing.failure);
        }
        whole
    }
}

fn names(locations: &[Value]) -> Vec<String> {
    locations.iter().filter_map(|location| text(location, "/locationId")).map(str::to_owned).collect()
}
