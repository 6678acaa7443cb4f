//! Facts: what conditions need and no single facet says, derived across the resources of one account.
//!
//! First a [`Survey`] goes over the account for what its resources say of each other; then each resource is derived by
//! itself, so that never more than one has to be open.
//!
//! One folder per provider, one file per family; what stands beside them is the same for all. Whatever needs a facet
//! that could not be read, or an absence that no complete listing proves, is unknown with its reasons; one readable
//! witness suffices for what only needs one.

mod aws;
mod azure;
mod fnproject;
mod gcp;
mod map;
mod reach;
mod reading;
mod runtime;
mod secrets;

use std::borrow::Cow;
use std::fmt;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{AccountId, Facts, Provider, Resource};

use crate::Estate;
use map::Map;

/// What was derived, one entry per resource of the estate and in the same order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// The facts of each resource.
    pub resources: Vec<DerivedResource>,
}

/// What was derived of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedResource {
    /// Who can reach it, as far as that is known.
    pub exposure: Exposure,
    /// Its facts, by name.
    pub facts: Facts,
}

impl<'d> From<&'d Derived> for Cow<'d, Derived> {
    fn from(derived: &'d Derived) -> Self {
        Self::Borrowed(derived)
    }
}

impl From<Derived> for Cow<'_, Derived> {
    fn from(derived: Derived) -> Self {
        Self::Owned(derived)
    }
}

/// Derives the facts of every resource of `estate`.
pub fn derive(estate: &Estate<'_>) -> Derived {
    let survey = Survey::of(estate);
    let resources = estate.resources.iter().enumerate();
    let resources = resources.map(|(position, held)| survey.derive(position, &held.resource.open()));
    Derived { resources: resources.collect() }
}

/// What resources of an estate say of each other.
pub struct Survey<'a> {
    account: AccountId,
    surveyed: Box<dyn Surveyed + Send + Sync + 'a>,
}

/// What a provider's folder makes of an account.
trait Surveyed {
    /// Derives the facts of one resource, which is the one at `position`.
    fn derive(&self, position: usize, resource: &Resource) -> DerivedResource;
}

/// Nothing is derived of an account in which nothing was collected.
struct Nothing;

impl Surveyed for Nothing {
    fn derive(&self, _position: usize, _resource: &Resource) -> DerivedResource {
        DerivedResource { exposure: Exposure::Internal, facts: Facts::new() }
    }
}

impl fmt::Debug for Survey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Survey").field("account", &self.account).finish_non_exhaustive()
    }
}

impl<'a> Survey<'a> {
    /// Goes over `estate`.
    pub fn of(estate: &'a Estate<'a>) -> Self {
        let map = Map::of(estate);
        let surveyed: Box<dyn Surveyed + Send + Sync + 'a> = match estate.provider() {
            Some(Provider::Aws) => Box::new(aws::Survey::of(map)),
            Some(Provider::Azure) => Box::new(azure::Survey::of(map)),
            Some(Provider::Gcp) => Box::new(gcp::Survey::of(map)),
            Some(Provider::Fn) => Box::new(fnproject::Survey::of(map)),
            None => Box::new(Nothing),
        };
        Self { account: estate.account.clone(), surveyed }
    }

    /// Derives the facts of one resource, which is the one at `position`.
    pub fn derive(&self, position: usize, resource: &Resource) -> DerivedResource {
        self.surveyed.derive(position, resource)
    }
}
