//! Resources by the ten thousand: their documents as JSON text, a fifth of what the same values take in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::facet::{Facet, Unreadable};
use crate::ident::{AccountId, Kind, Provider, Region, ServiceName, Uid};
use crate::resource::{Relation, Resource};

/// A [`Resource`] whose tags and facets are JSON text. Equal documents may share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedResource {
    /// The provider's full identifier.
    pub uid: Uid,
    /// What it is.
    pub kind: Kind,
    /// Whose cloud it lives in.
    pub provider: Provider,
    /// The account that owns it.
    pub account: AccountId,
    /// Where it lives, or `global`.
    pub region: Region,
    /// The service that listed it.
    pub service: ServiceName,
    /// The short name a person knows it by.
    pub name: Arc<str>,
    /// The JSON of its tags; none where it has none.
    pub tags: Option<Arc<str>>,
    /// The JSON of each [`Facet`], sorted by name.
    pub facets: Vec<(Arc<str>, Arc<str>)>,
    /// Edges to other resources, sorted, without duplicates.
    pub relations: Vec<Relation>,
    /// The JSON of when facets were really read that were carried over; none where none were.
    pub carried: Option<Arc<str>>,
    /// The digest of the revisions that its listing named.
    pub revision: Option<Arc<str>>,
}

impl PackedResource {
    /// The resource with every facet.
    pub fn open(&self) -> Resource {
        self.open_with(|_| true)
    }

    /// The resource with only those facets, for whoever reads no other.
    pub fn open_only(&self, facets: &[&str]) -> Resource {
        self.open_with(|name| facets.contains(&name))
    }

    /// One facet; none where it was never asked for.
    pub fn facet(&self, name: &str) -> Option<Facet> {
        let (_, json) = self.facets.iter().find(|(of, _)| of.as_ref() == name)?;
        Some(facet(name, json))
    }

    /// When facets were really read that were carried over.
    pub fn carried(&self) -> BTreeMap<String, Timestamp> {
        self.carried.as_ref().and_then(|carried| serde_json::from_str(carried).ok()).unwrap_or_default()
    }

    fn open_with(&self, wanted: impl Fn(&str) -> bool) -> Resource {
        let facets = self.facets.iter().filter(|(name, _)| wanted(name));
        Resource {
            uid: self.uid.clone(),
            kind: self.kind.clone(),
            provider: self.provider,
            account: self.account.clone(),
            region: self.region.clone(),
            service: self.service.clone(),
            name: self.name.as_ref().to_owned(),
            tags: self.tags.as_ref().and_then(|tags| serde_json::from_str(tags).ok()).unwrap_or_default(),
            facets: facets.map(|(name, json)| (name.as_ref().to_owned(), facet(name, json))).collect(),
            relations: self.relations.clone(),
            carried: self.carried(),
            revision: self.revision.as_deref().map(str::to_owned),
        }
    }
}

/// Text that is no facet was not read: whatever touches it is unknown.
fn facet(name: &str, json: &str) -> Facet {
    serde_json::from_str(json).unwrap_or_else(|_| {
        Facet::Unreadable(Unreadable {
            facet: name.to_owned(),
            api: String::new(),
            error: "Malformed".to_owned(),
            permission: None,
        })
    })
}

impl From<Resource> for PackedResource {
    fn from(resource: Resource) -> Self {
        let tags = (!resource.tags.is_empty()).then(|| tags_json(&resource.tags));
        let carried = (!resource.carried.is_empty()).then(|| carried_json(&resource.carried));
        let facets = resource.facets.into_iter().map(|(name, facet)| {
            let json = serde_json::to_string(&facet).expect("a facet is JSON with text for keys");
            (Arc::from(name), Arc::from(json))
        });
        Self {
            uid: resource.uid,
            kind: resource.kind,
            provider: resource.provider,
            account: resource.account,
            region: resource.region,
            service: resource.service,
            name: Arc::from(resource.name),
            tags,
            facets: facets.collect(),
            relations: resource.relations,
            carried,
            revision: resource.revision.map(Arc::from),
        }
    }
}

fn tags_json(tags: &BTreeMap<String, String>) -> Arc<str> {
    Arc::from(serde_json::to_string(tags).expect("tags are texts by text"))
}

fn carried_json(carried: &BTreeMap<String, Timestamp>) -> Arc<str> {
    Arc::from(serde_json::to_string(carried).expect("instants are texts"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn function() -> Resource {
        let config = json!({ "FunctionName": "cart", "Timeout": 3.5, "Layers": [] });
        Resource {
            uid: Uid::from("arn:aws:lambda:eu-west-1:1:function:cart"),
            kind: Kind::from("aws.lambda.function"),
            provider: Provider::Aws,
            account: AccountId::from("1"),
            region: Region::from("eu-west-1"),
            service: ServiceName::from("lambda"),
            name: "cart".to_owned(),
            tags: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
            facets: BTreeMap::from([
                ("config".to_owned(), Facet::Known(config)),
                ("url".to_owned(), Facet::Absent),
            ]),
            relations: Vec::new(),
            carried: BTreeMap::from([("url".to_owned(), Timestamp::UNIX_EPOCH)]),
            revision: Some("1f".to_owned()),
        }
    }

    #[test]
    fn a_packed_resource_opens_as_it_was() {
        assert_eq!(PackedResource::from(function()).open(), function());
        let only = PackedResource::from(function()).open_only(&["url"]);
        assert_eq!(only.facets, BTreeMap::from([("url".to_owned(), Facet::Absent)]));
    }

    #[test]
    fn a_document_that_is_no_facet_is_unreadable() {
        let mut packed = PackedResource::from(function());
        packed.facets[0].1 = Arc::from("{\"known\":");
        let reason = packed.open().facets["config"].unreadable().cloned().unwrap();
        assert_eq!((reason.facet.as_str(), reason.error.as_str()), ("config", "Malformed"));
    }
}
