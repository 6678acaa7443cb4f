//! What a service file declares of each kind of resource: where it is listed, what is read of each, and what becomes of
//! it. The files are tables; here is the one engine that reads by them.

use std::collections::BTreeMap;

use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, Resource, ServiceName, Uid};
use serde_json::Value;

use super::graph::{Graph, QUERY};
use crate::failure::{Class, Failure};
use crate::normalise::{put, tag, text};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages, Reader, Request};

/// How every listing of Resource Manager turns its pages.
pub(super) const NEXT: Pages = Pages::Link("nextLink");

/// One kind of resource.
pub(super) struct Kind {
    /// `azure.functions.app`.
    pub kind: &'static str,
    /// The facet with the resource as it was listed.
    pub facet: &'static str,
    pub source: Source,
    pub details: &'static [Detail],
    /// Redacts what may be secret and adds edges, once everything was read of the resource.
    pub normalise: fn(&mut Resource, &Redactor),
}

/// Where resources of a kind are listed.
pub(super) enum Source {
    /// By Resource Graph, for all subscriptions at once: resources of this type (`Microsoft.Web/sites`) that `keep` accepts.
    Graph { type_: &'static str, keep: fn(&Value) -> bool },
    /// By a listing of the subscription, whose path follows the subscription's own.
    Subscription { list: &'static List, path: &'static str },
    /// By a listing of the subscription too long to keep whole: of its items only those that `keep` finds named by the
    /// resources earlier in the table.
    Named { list: &'static List, path: &'static str, keep: fn(&Value, &[Resource]) -> bool },
    /// By a listing below each resource of a kind that stands earlier in the same table, where `when` holds for it.
    Children { of: &'static str, list: &'static List, path: &'static str, when: fn(&Resource) -> bool },
    /// It is the subscription.
    Itself,
}

/// One more thing that is read of each resource.
pub(super) struct Detail {
    pub facet: &'static str,
    pub read: How,
    /// What follows the resource's own path: `/config/web`.
    pub path: &'static str,
    /// Parameters besides the version.
    pub query: &'static [(&'static str, &'static str)],
    /// Where it can be there at all; elsewhere the facet is absent.
    pub when: fn(&Resource) -> bool,
}

/// How a detail is read.
pub(super) enum How {
    /// One document; that it is not found means that there is none.
    One(&'static Action),
    /// One document, asked for with an empty body, as what holds secrets is.
    Post(&'static Action),
    /// A list with all of its pages: `{"value": […]}`.
    All(&'static List),
}

impl Detail {
    /// A document at `path`.
    pub(super) const fn one(facet: &'static str, action: &'static Action, path: &'static str) -> Self {
        Self { facet, read: How::One(action), path, query: &[], when: always }
    }

    /// A list at `path`.
    pub(super) const fn all(facet: &'static str, list: &'static List, path: &'static str) -> Self {
        Self { facet, read: How::All(list), path, query: &[], when: always }
    }

    /// A document at `path` that has to be asked for with POST.
    pub(super) const fn post(facet: &'static str, action: &'static Action, path: &'static str) -> Self {
        Self { facet, read: How::Post(action), path, query: &[], when: always }
    }

    /// Read only where `when` holds.
    pub(super) const fn when(self, when: fn(&Resource) -> bool) -> Self {
        let Self { facet, read, path, query, .. } = self;
        Self { facet, read, path, query, when }
    }

    /// Read with these parameters.
    pub(super) const fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        let Self { facet, read, path, when, .. } = self;
        Self { facet, read, path, query, when }
    }

    fn action(&self) -> &'static Action {
        match self.read {
            How::One(action) | How::Post(action) => action,
            How::All(list) => &list.action,
        }
    }
}

impl Kind {
    /// Everything that is called for it.
    pub(super) fn actions(&self) -> impl Iterator<Item = &'static Action> {
        let source = match self.source {
            Source::Graph { .. } => Some(&QUERY.action),
            Source::Subscription { list, .. }
            | Source::Named { list, .. }
            | Source::Children { list, .. } => Some(&list.action),
            Source::Itself => None,
        };
        source.into_iter().chain(self.details.iter().map(Detail::action))
    }

    /// The type under which Resource Graph has it.
    pub(super) fn type_(&self) -> Option<&'static str> {
        match self.source {
            Source::Graph { type_, .. } => Some(type_),
            Source::Subscription { .. } | Source::Named { .. } | Source::Children { .. } | Source::Itself => {
                None
            }
        }
    }

    /// True where resources of the other kind are looked at to find those of this one.
    fn asks_of(&self, other: &Self) -> bool {
        match self.source {
            Source::Children { of, .. } => of == other.kind,
            Source::Named { .. } => self.kind != other.kind,
            Source::Graph { .. } | Source::Subscription { .. } | Source::Itself => false,
        }
    }

    /// True where nothing of the kind is known without this call.
    pub(super) fn is_listed_by(&self, api: &str) -> bool {
        match self.source {
            Source::Graph { .. } => api == QUERY.action.api,
            Source::Subscription { list, .. }
            | Source::Named { list, .. }
            | Source::Children { list, .. } => api == list.action.api,
            Source::Itself => false,
        }
    }

    /// What else must be allowed: Resource Graph shows only what may be read.
    pub(super) fn reads(&self) -> Option<String> {
        match self.source {
            Source::Graph { type_, .. } => Some(format!("{type_}/read")),
            Source::Subscription { .. } | Source::Named { .. } | Source::Children { .. } | Source::Itself => {
                None
            }
        }
    }
}

/// Everywhere.
pub(super) fn always(_resource: &Resource) -> bool {
    true
}

/// Every resource of a type.
pub(super) fn any(_row: &Value) -> bool {
    true
}

/// Nothing to redact and no edges.
pub(super) fn as_it_is(_resource: &mut Resource, _redactor: &Redactor) {}

/// The subscription and service of a shard.
pub(super) struct Place<'a> {
    pub subscription: &'a AccountId,
    /// The subscription as it was listed.
    pub listed: &'a Value,
    pub service: &'a ServiceName,
    /// Every subscription of the scan, and every type that is read of them: Resource Graph is asked about all at once.
    pub all: &'a [AccountId],
    pub types: &'a [&'static str],
}

/// Reads all `kinds` of a shard, and tells how their listings ended.
pub(super) async fn gather(
    reader: &Reader,
    place: &Place<'_>,
    graph: &Graph,
    kinds: &'static [Kind],
) -> Vec<Option<Failure>> {
    let mut asked_of: Vec<Resource> = Vec::new();
    let mut listings = Vec::new();
    let types: Vec<&str> = kinds.iter().filter_map(Kind::type_).collect();
    let mut rows = Vec::new();
    if !types.is_empty() {
        let listing = graph.rows(reader, place, &types).await;
        listings.push(listing.failure);
        rows = listing.items;
    }
    for kind in kinds {
        let items: Vec<Value> = match kind.source {
            Source::Graph { type_, keep } => {
                let ours = |row: &Value| {
                    text(row, "/type").is_some_and(|found| found.eq_ignore_ascii_case(type_)) && keep(row)
                };
                rows.extract_if(.., |row| ours(row)).collect()
            }
            Source::Subscription { list, path } => {
                let request = Request::get(&format!("/subscriptions/{}{path}", place.subscription));
                let listing = reader.list(list, None, request).await;
                listings.push(listing.failure);
                listing.items
            }
            Source::Named { list, path, keep } => {
                let request = Request::get(&format!("/subscriptions/{}{path}", place.subscription));
                let mut named = Vec::new();
                let keeping = |item: Value| {
                    if keep(&item, &asked_of) {
                        named.push(item);
                    }
                };
                listings.push(reader.list_each(list, None, request, keeping).await);
                named
            }
            Source::Children { of, list, path, when } => {
                let parents = asked_of.iter().filter(|known| known.kind.as_str() == of && when(known));
                let parents: Vec<&Resource> = parents.collect();
                let lists = reader
                    .each(parents, |parent| async move {
                        let request = Request::get(&format!("{}{path}", id(parent)));
                        reader.list(list, Some(&parent.uid), request).await
                    })
                    .await;
                let mut items = Vec::new();
                for listing in lists {
                    // A parent that went while it was read has no children.
                    let gone =
                        listing.failure.as_ref().is_some_and(|failure| failure.class == Class::NotFound);
                    listings
                        .push(listing.failure.filter(|failure| !gone && failure.class != Class::NotAsked));
                    items.extend(listing.items);
                }
                items
            }
            Source::Itself => vec![place.listed.clone()],
        };
        let listed = items.len();
        let mut found: Vec<Resource> =
            items.into_iter().filter_map(|item| resource(kind, place, item)).collect();
        if found.len() < listed
            && let Some(action) = kind.actions().next()
        {
            let failure = Failure::malformed(action, &format!("{} items have no id", listed - found.len()));
            reader.log.record(&failure, None);
            listings.push(Some(failure));
        }
        if reader.wants_one() {
            found.truncate(1);
        }
        let is_asked_of = kinds.iter().any(|other| other.asks_of(kind));
        let detailed = |found| details(reader, kind, found);
        reader
            .for_each(found, detailed, |resource| match is_asked_of {
                true => asked_of.push(resource),
                false => complete(reader, kind, resource),
            })
            .await;
    }
    for resource in asked_of {
        if let Some(kind) = kinds.iter().find(|kind| kind.kind == resource.kind.as_str()) {
            complete(reader, kind, resource);
        }
    }
    if listings.is_empty() {
        listings.push(None);
    }
    listings
}

/// Keeps a resource of which everything was read.
fn complete(reader: &Reader, kind: &Kind, mut resource: Resource) {
    (kind.normalise)(&mut resource, &reader.redactor);
    reader.keep(resource);
}

/// The resource with its details.
async fn details(reader: &Reader, kind: &'static Kind, mut resource: Resource) -> Resource {
    let mut reads = Vec::new();
    for detail in kind.details {
        reads.push(match (detail.when)(&resource) {
            true => read(reader, detail, &resource).await,
            false => Ok(None),
        });
    }
    for (detail, read) in kind.details.iter().zip(reads) {
        put(&mut resource, detail.facet, read);
    }
    resource
}

async fn read(reader: &Reader, detail: &'static Detail, resource: &Resource) -> crate::normalise::Read {
    let path = format!("{}{}", id(resource), detail.path);
    let request = match detail.read {
        How::Post(_) => Request::post(&path, Value::Object(serde_json::Map::new())),
        How::One(_) | How::All(_) => Request::get(&path),
    };
    let request = detail.query.iter().fold(request, |request, (name, value)| request.query(name, value));
    match detail.read {
        How::One(action) | How::Post(action) => reader.read(action, Some(&resource.uid), &request).await,
        How::All(list) => reader.list_facet(list, &resource.uid, request).await,
    }
}

/// The path of a resource as it was listed, in the provider's own spelling.
fn id(resource: &Resource) -> &str {
    let facets = resource.facets.values().filter_map(|facet| facet.value());
    let own = |id: &&str| id.eq_ignore_ascii_case(resource.uid.as_str());
    let mut ids = facets.filter_map(|value| text(value, "/id"));
    ids.find(own).unwrap_or(resource.uid.as_str())
}

/// The resource that an item of a listing is; none where it has no id.
fn resource(kind: &Kind, place: &Place<'_>, item: Value) -> Option<Resource> {
    let uid = text(&item, "/id")?.to_ascii_lowercase();
    let name = text(&item, "/name").or_else(|| text(&item, "/displayName"));
    let region = text(&item, "/location").map(|location| location.to_ascii_lowercase().replace(' ', ""));
    let mut resource = Resource {
        kind: KindName::from(kind.kind),
        provider: Provider::Azure,
        account: place.subscription.clone(),
        region: region.filter(|region| !region.is_empty()).map_or_else(Region::global, Region::from),
        service: place.service.clone(),
        name: name.unwrap_or_else(|| uid.rsplit('/').next().unwrap_or_default()).to_owned(),
        uid: Uid::from(uid),
        tags: BTreeMap::new(),
        facets: BTreeMap::new(),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    };
    tag(&mut resource, item.get("tags"));
    put(&mut resource, kind.facet, Ok::<_, Failure>(Some(item)));
    Some(resource)
}

#[cfg(test)]
pub(super) mod tests {
    use nephoscope_model::Facet;

    use super::*;

    /// A resource of `kind` with one facet, as the tests of the service files start with.
    pub(in crate::azure) fn resource(kind: &str, uid: &str, facet: &str, value: Value) -> Resource {
        Resource {
            kind: KindName::from(kind),
            provider: Provider::Azure,
            account: AccountId::from("1"),
            region: Region::from("westeurope"),
            service: ServiceName::from("test"),
            name: uid.rsplit('/').next().unwrap_or_default().to_owned(),
            uid: Uid::from(uid),
            tags: BTreeMap::new(),
            facets: BTreeMap::from([(facet.to_owned(), Facet::Known(value))]),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        }
    }
}
