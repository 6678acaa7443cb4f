//! Facts of Google Cloud, one file per family.

use nephoscope_model::{Fact, Facts, Resource};

use crate::derive::map::Map;
use crate::derive::reach::{Exposures, Reach};
use crate::derive::{DerivedResource, Surveyed};

/// What resources of an account say of each other.
pub(super) struct Survey<'a> {
    map: Map<'a>,
    exposures: Exposures,
}

impl<'a> Survey<'a> {
    pub fn of(map: Map<'a>) -> Self {
        let exposures = Exposures { reaches: vec![Reach::default(); map.estate.resources.len()] };
        Self { map, exposures }
    }
}

impl Surveyed for Survey<'_> {
    fn derive(&self, position: usize, resource: &Resource) -> DerivedResource {
        DerivedResource { exposure: self.exposures.known(position), facts: facts(position, resource, self) }
    }
}

/// The facts that the kind of the resource has.
fn facts(_position: usize, resource: &Resource, survey: &Survey<'_>) -> Facts {
    let Survey { map: _, exposures: _ } = survey;
    let facts: Vec<(&str, Fact)> = match resource.kind.as_str() {
        _ => Vec::new(),
    };
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}
