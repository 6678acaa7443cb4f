//! Finding one's way in an estate: by uid, by kind, against the direction of a relation, and by what was listed.

use std::borrow::Cow;
use std::collections::HashMap;

use nephoscope_model::{CoverageState, RelationName, Resource, Unreadable};

use super::reading::{Reading, merged, reason};
use crate::{Estate, EstateResource, Held};

/// Indexes over one estate. Only ever looked up in, never walked, so that no hash order reaches a result.
pub(super) struct Map<'a> {
    pub estate: &'a Estate<'a>,
    by_uid: HashMap<&'a str, usize>,
    by_kind: HashMap<&'a str, Vec<usize>>,
    referrers: HashMap<(RelationName, &'a str), Vec<usize>>,
}

impl<'a> Map<'a> {
    pub fn of(estate: &'a Estate<'a>) -> Self {
        let mut map =
            Self { estate, by_uid: HashMap::new(), by_kind: HashMap::new(), referrers: HashMap::new() };
        for (position, EstateResource { resource, .. }) in estate.resources.iter().enumerate() {
            map.by_uid.insert(resource.uid().as_str(), position);
            map.by_kind.entry(resource.kind().as_str()).or_default().push(position);
            for relation in resource.relations() {
                map.referrers.entry((relation.name, relation.to.as_str())).or_default().push(position);
            }
        }
        map
    }

    /// Identity and relations of the resource; its facets only once it is opened.
    pub fn held(&self, position: usize) -> &'a Held {
        &self.estate.resources[position].resource
    }

    /// The resource with every facet. Opening costs as much as deriving: what is derived of the resource alone is not
    /// asked for here but handed in.
    pub fn open(&self, position: usize) -> Cow<'a, Resource> {
        self.held(position).open()
    }

    /// True where the resource was read this time, so that what it says holds today.
    pub fn is_fresh(&self, position: usize) -> bool {
        self.estate.resources[position].stale_since.is_none()
    }

    /// The position of the resource with this uid, where it was collected.
    pub fn position(&self, uid: &str) -> Option<usize> {
        self.by_uid.get(uid).copied()
    }

    /// The positions of the resources of one kind, in the estate's order.
    pub fn kind(&self, kind: &str) -> &[usize] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The positions of the resources that hold a relation to `uid`, in the estate's order.
    pub fn referrers(&self, name: RelationName, uid: &'a str) -> &[usize] {
        self.referrers.get(&(name, uid)).map_or(&[], Vec::as_slice)
    }

    /// Whether `service` was listed whole: only then does absence say anything. In one region, or in all that were asked.
    pub fn listed(&self, service: &str, region: Option<&str>) -> Reading<()> {
        let mut asked = false;
        let mut reasons = Vec::new();
        for row in self.estate.coverage {
            let shard = &row.shard;
            let concerned = shard.service.as_str() == service
                && shard.account == self.estate.account
                && region.is_none_or(|region| shard.region.as_str() == region);
            if !concerned {
                continue;
            }
            asked = true;
            // A region that is switched off holds nothing, so nothing is missing from it.
            if !row.coverage.listed && row.coverage.state != CoverageState::Disabled {
                let first = row.coverage.errors.first();
                reasons.push(Unreadable {
                    facet: service.to_owned(),
                    api: first.map(|error| error.api.clone()).unwrap_or_default(),
                    error: "NotListed".to_owned(),
                    permission: first.and_then(|error| error.permission.clone()),
                });
            }
        }
        match (asked, reasons.is_empty()) {
            (false, _) => Err(reason(service, "NotCollected")),
            (true, true) => Ok(()),
            (true, false) => Err(merged(reasons)),
        }
    }
}
