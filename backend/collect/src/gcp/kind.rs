//! What a service file declares of each kind of resource: where it is listed, what is read of each, and what becomes of
//! it. The files are tables; here is the one engine that reads by them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, Resource, ServiceName, Uid};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::assets::{self, Inventory};
use super::lending;
use super::locations::{self, Locations};
use crate::failure::{Class, Failure};
use crate::normalise::{Read, put, tag, text};
use crate::purpose::Purpose;
use crate::redact::Redactor;
use crate::rest::{Action, List, Reader, Request};

/// One kind of resource.
pub(super) struct Kind {
    /// `gcp.run.service`.
    pub kind: &'static str,
    /// The facet with the resource as it was listed.
    pub facet: &'static str,
    /// The host that owns it, with which its full name begins: `run.googleapis.com`.
    pub host: &'static str,
    pub source: Source,
    /// How the IAM policy is read that becomes the facet `policy`, where the inventory did not give it.
    pub policy: Option<Ask>,
    pub details: &'static [Detail],
    /// Redacts what may be secret and adds edges, once everything was read of the resource.
    pub normalise: fn(&mut Resource, &Redactor),
}

/// Where resources of a kind are listed. In paths `{project}` stands for the project and `{name}` for the relative name
/// of the resource that is asked about (`projects/p/locations/l/services/s`). `{location}` in the path of a service's own
/// listing stands for each of its locations, where it does not document `-` for all of them.
pub(super) enum Source {
    /// By the inventory under this type; where it does not answer, by the service's own listing.
    Assets { type_: &'static str, list: Option<&'static List>, path: &'static str },
    /// By the service's own listing only: the inventory does not know of it, or not enough.
    Listed { list: &'static List, path: &'static str },
    /// By a listing below each resource of a kind that stands earlier in the same table, where `when` holds for it.
    Children { of: &'static str, list: &'static List, path: &'static str, when: fn(&Resource) -> bool },
    /// What resources of other shards refer to by a uid that begins so, each read by itself.
    Named { prefix: &'static str, action: &'static Action, path: &'static str },
    /// It is the project.
    Itself,
}

/// One more thing that is read of each resource.
pub(super) struct Detail {
    pub facet: &'static str,
    pub ask: Ask,
    /// Where it can be there at all; elsewhere the facet is absent.
    pub when: fn(&Resource) -> bool,
}

/// One way to ask about a resource; `{name}` in the path is its relative name, `{project}` the project.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    /// One document; that it is not found means that there is none.
    One(&'static Action, &'static str),
    /// One document, asked for with an empty body.
    Post(&'static Action, &'static str),
    /// A list with all of its pages, under the provider's own field.
    All(&'static List, &'static str),
    /// What no single call says: a function makes some of these calls, one after another.
    Several(&'static [&'static Action], Several),
}

/// Makes the calls that one facet takes.
pub(super) type Several = for<'a> fn(Asking<'a>) -> BoxFuture<'a, Read>;

/// What somebody who makes several calls is given.
pub(super) struct Asking<'a> {
    pub reader: &'a Reader,
    pub place: &'a Place<'a>,
    pub resource: &'a Resource,
}

impl Detail {
    /// Read of every resource.
    pub(super) const fn new(facet: &'static str, ask: Ask) -> Self {
        Self { facet, ask, when: always }
    }

    /// Read only where `when` holds.
    pub(super) const fn when(self, when: fn(&Resource) -> bool) -> Self {
        Self { facet: self.facet, ask: self.ask, when }
    }
}

impl Ask {
    fn actions(self) -> Vec<&'static Action> {
        match self {
            Self::One(action, _) | Self::Post(action, _) => vec![action],
            Self::All(list, _) => vec![&list.action],
            Self::Several(actions, _) => actions.to_vec(),
        }
    }
}

impl Kind {
    /// Everything that is called for it.
    pub(super) fn actions(&self) -> impl Iterator<Item = &'static Action> {
        let inventory = self.asset_type().map(|_| [&assets::LIST.action, &assets::POLICIES.action]);
        let listing = match self.source {
            Source::Assets { list: Some(list), path, .. } | Source::Listed { list, path } => {
                [Some(&list.action), locations::action(list, path)]
            }
            Source::Children { list, .. } => [Some(&list.action), None],
            Source::Named { action, .. } => [Some(action), None],
            Source::Assets { list: None, .. } | Source::Itself => [None, None],
        };
        let source = inventory.into_iter().flatten().chain(listing.into_iter().flatten());
        let policy = self.policy.into_iter().flat_map(Ask::actions);
        let details = self.details.iter().flat_map(|detail| detail.ask.actions());
        source.chain(policy).chain(details)
    }

    /// True where nothing of the kind is known without this call.
    pub(super) fn is_listed_by(&self, api: &str) -> bool {
        match self.source {
            Source::Assets { list: None, .. } => api == assets::LIST.action.api,
            Source::Assets { list: Some(list), path, .. } | Source::Listed { list, path } => {
                let places = locations::action(list, path);
                api == list.action.api || places.is_some_and(|places| api == places.api)
            }
            Source::Children { list, .. } => api == list.action.api,
            Source::Named { action, .. } => api == action.api,
            Source::Itself => false,
        }
    }

    /// The type under which the inventory has it.
    pub(super) fn asset_type(&self) -> Option<&'static str> {
        match self.source {
            Source::Assets { type_, .. } => Some(type_),
            Source::Listed { .. } | Source::Children { .. } | Source::Named { .. } | Source::Itself => None,
        }
    }

    /// True where it is listed below each resource of the other kind.
    fn stands_below(&self, other: &Self) -> bool {
        matches!(self.source, Source::Children { of, .. } if of == other.kind)
    }

    /// True where it is read only as far as others name it.
    pub(super) fn waits(&self) -> bool {
        matches!(self.source, Source::Named { .. })
    }
}

/// Everywhere.
pub(super) fn always(_resource: &Resource) -> bool {
    true
}

/// Nothing to redact and no edges.
pub(super) fn as_it_is(_resource: &mut Resource, _redactor: &Redactor) {}

/// The project and service of a shard.
pub(super) struct Place<'a> {
    pub project: &'a AccountId,
    /// The project as it was listed.
    pub listed: &'a Value,
    pub service: &'a ServiceName,
    /// What was read of things that several projects name, such as roles.
    pub shared: &'a Shared,
}

/// What is read once for all projects that name it, by uid.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<HashMap<Uid, Arc<OnceCell<Read>>>>);

impl Shared {
    /// Reads `uid` unless somebody has.
    async fn read(&self, reader: &Reader, action: &'static Action, uid: &Uid, request: &Request) -> Read {
        let cell = {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asked.entry(uid.clone()).or_default())
        };
        let read = cell.get_or_init(|| reader.read(action, Some(uid), request)).await.clone();
        read.inspect_err(|failure| reader.log.note(failure))
    }
}

/// A resource before its details were read, with what the inventory says of its policy.
struct Found {
    resource: Resource,
    /// `None`: the inventory was not asked, or did not answer.
    policy: Option<Option<Value>>,
}

/// What was listed of a kind.
struct Listed<'a> {
    /// One after another; none in place of an item that says neither what it is called nor what it is.
    items: Box<dyn Iterator<Item = Option<Found>> + Send + 'a>,
    /// The call that lists them.
    by: Option<&'static Action>,
}

impl<'a> Listed<'a> {
    fn of(items: impl Iterator<Item = Option<Found>> + Send + 'a, by: Option<&'static Action>) -> Self {
        Self { items: Box::new(items), by }
    }

    /// Items of a listing of the service's own.
    fn plain(
        kind: &'static Kind,
        place: &'a Place<'_>,
        items: Vec<Value>,
        by: Option<&'static Action>,
    ) -> Self {
        let found = move |item| resource(kind, place, item).map(|resource| Found { resource, policy: None });
        Self::of(items.into_iter().map(found), by)
    }
}

/// Reads all `kinds` of a shard, and tells how their listings ended. `inventory` is none where no kind is in it.
pub(super) async fn gather(
    reader: &Reader,
    place: &Place<'_>,
    inventory: Option<&Inventory>,
    kinds: &'static [Kind],
) -> Vec<Option<Failure>> {
    let mut parents: Vec<(&Kind, Resource)> = Vec::new();
    let mut listings = Vec::new();
    let mut locations = Locations::default();
    for kind in kinds {
        let listed = find(reader, place, inventory, kind, &parents, &mut locations, &mut listings).await;
        let mut nameless = 0;
        let found = listed.items.filter_map(|item| {
            nameless += usize::from(item.is_none());
            item
        });
        let most = if reader.wants_one() { 1 } else { usize::MAX };
        let has_children = kinds.iter().any(|other| other.stands_below(kind));
        let detailed = |found| details(reader, place, kind, found);
        reader
            .for_each(found.take(most), detailed, |resource| match has_children {
                true => parents.push((kind, resource)),
                false => complete(reader, kind, resource),
            })
            .await;
        if let (1.., Some(action)) = (nameless, listed.by) {
            // Were it no failure, they would seem to be gone.
            let failure = Failure::malformed(action, &format!("{nameless} items have no name or no data"));
            reader.log.record(&failure, None);
            listings.push(Some(failure));
        }
    }
    for (kind, parent) in parents {
        complete(reader, kind, parent);
    }
    if listings.is_empty() {
        listings.push(None);
    }
    listings
}

/// Keeps a resource of which everything was read.
fn complete(reader: &Reader, kind: &Kind, mut resource: Resource) {
    (kind.normalise)(&mut resource, &reader.redactor);
    lending::relate_roles(&mut resource);
    reader.keep(resource);
}

async fn find<'a>(
    reader: &Reader,
    place: &'a Place<'_>,
    inventory: Option<&'a Inventory>,
    kind: &'static Kind,
    parents: &[(&Kind, Resource)],
    locations: &mut Locations,
    listings: &mut Vec<Option<Failure>>,
) -> Listed<'a> {
    match kind.source {
        Source::Itself => Listed::plain(kind, place, vec![place.listed.clone()], None),
        Source::Listed { list, path } => {
            let path = fill(path, place, "");
            let listing = locations.list(reader, place.project, list, &path, address).await;
            listings.push(listing.failure);
            Listed::plain(kind, place, listing.items, Some(&list.action))
        }
        Source::Assets { type_, list, path } => {
            let Some(inventory) = inventory else { return Listed::of(std::iter::empty(), None) };
            match (&inventory.failure, list) {
                (None, _) => {
                    listings.push(None);
                    let found = move |asset| from_inventory(kind, place, inventory, asset);
                    Listed::of(inventory.take(type_).map(found), Some(&assets::LIST.action))
                }
                (Some(failure), None) => {
                    reader.log.note(failure);
                    let mut failure = failure.clone();
                    // That the inventory is switched off does not mean that there is nothing to list.
                    if failure.class == Class::Disabled {
                        failure.class = Class::Other;
                    }
                    listings.push(Some(failure));
                    Listed::of(std::iter::empty(), None)
                }
                (Some(failure), Some(list)) => {
                    // All that it would have spared is read instead.
                    reader.log.cost(failure);
                    let path = fill(path, place, "");
                    let listing = locations.list(reader, place.project, list, &path, address).await;
                    listings.push(listing.failure);
                    Listed::plain(kind, place, listing.items, Some(&list.action))
                }
            }
        }
        Source::Children { of, list, path, when } => {
            let parents = parents.iter().filter(|(kind, known)| kind.kind == of && when(known));
            let parents: Vec<&Resource> = parents.map(|(_, parent)| parent).collect();
            let lists = reader
                .each(parents, |parent| async move {
                    let request = address(&fill(path, place, relative(&parent.uid)));
                    reader.list(list, Some(&parent.uid), request).await
                })
                .await;
            let mut items = Vec::new();
            for listing in lists {
                // A parent that went while it was read has no children, and a plan asks for none.
                let failure = listing
                    .failure
                    .filter(|failure| !matches!(failure.class, Class::NotFound | Class::NotAsked));
                listings.push(failure);
                items.extend(listing.items);
            }
            Listed::plain(kind, place, items, Some(&list.action))
        }
        Source::Named { prefix, action, path } => {
            let most = if reader.purpose == Purpose::Probe { 1 } else { usize::MAX };
            let named = reader.named.beginning(prefix.to_string()).take(most);
            let uids: Vec<Uid> = named.map(Uid::from).collect();
            let reads = reader
                .each(uids, |uid| async move {
                    let request = Request::get(&fill(path, place, relative(&uid)));
                    let read = place.shared.read(reader, action, &uid, &request).await;
                    (uid, read)
                })
                .await;
            // What others name need not exist any more; what could not be read does.
            let there = reads.into_iter().filter(|(_, read)| !matches!(read, Ok(None)));
            let found = move |(uid, read): (Uid, Read)| {
                let name = relative(&uid).to_owned();
                let mut resource = bare(kind, place, uid, &name);
                put(&mut resource, kind.facet, read);
                Some(Found { resource, policy: None })
            };
            Listed::of(there.map(found), None)
        }
    }
}

/// What an asset of the inventory is, with its policy.
fn from_inventory(kind: &Kind, place: &Place<'_>, inventory: &Inventory, mut asset: Value) -> Option<Found> {
    let uid = Uid::from(text(&asset, "/name")?);
    let location = text(&asset, "/resource/location").map(str::to_owned);
    let data = asset.pointer_mut("/resource/data").map(Value::take)?;
    let mut resource = resource_as(kind, place, uid, data);
    if let (true, Some(location)) = (resource.region == Region::global(), location) {
        resource.region = Region::from(location);
    }
    let policy = match inventory.policy_failure {
        None => Some(inventory.policy(resource.uid.as_str())),
        Some(_) => None,
    };
    Some(Found { resource, policy })
}

/// The resource with its policy and details.
async fn details(reader: &Reader, place: &Place<'_>, kind: &'static Kind, found: Found) -> Resource {
    let Found { mut resource, policy } = found;
    let mut reads: Vec<(&'static str, Read)> = Vec::new();
    if let Some(ask) = kind.policy {
        let read = match policy {
            Some(known) => Ok(known),
            None => read(reader, place, ask, &resource).await,
        };
        reads.push(("policy", read));
    }
    for detail in kind.details {
        let read = match (detail.when)(&resource) {
            true => read(reader, place, detail.ask, &resource).await,
            false => Ok(None),
        };
        reads.push((detail.facet, read));
    }
    for (facet, read) in reads {
        put(&mut resource, facet, read);
    }
    resource
}

async fn read(reader: &Reader, place: &Place<'_>, ask: Ask, resource: &Resource) -> Read {
    let path = |template: &str| fill(template, place, relative(&resource.uid));
    match ask {
        Ask::One(action, template) => {
            reader.read(action, Some(&resource.uid), &address(&path(template))).await
        }
        Ask::Post(action, template) => {
            let request = Request::post(&path(template), Value::Object(Map::new()));
            reader.read(action, Some(&resource.uid), &request).await
        }
        Ask::All(list, template) => reader.list_facet(list, &resource.uid, address(&path(template))).await,
        Ask::Several(_, calls) => calls(Asking { reader, place, resource }).await,
    }
}

/// A request for `path`, which may end in parameters.
fn address(path: &str) -> Request {
    let Some((path, parameters)) = path.split_once('?') else { return Request::get(path) };
    let pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
    pairs.fold(Request::get(path), |request, (name, value)| request.query(name, value))
}

fn fill(template: &str, place: &Place<'_>, name: &str) -> String {
    template.replace("{project}", place.project.as_str()).replace("{name}", name)
}

/// `projects/p/topics/t` of `//pubsub.googleapis.com/projects/p/topics/t`.
fn relative(uid: &Uid) -> &str {
    let name = uid.as_str().trim_start_matches('/');
    name.split_once('/').map_or(name, |(_, relative)| relative)
}

/// The resource that an item of a service's own listing is; none where it has no name, which nothing lacks.
fn resource(kind: &Kind, place: &Place<'_>, item: Value) -> Option<Resource> {
    let name = text(&item, "/name").or_else(|| text(&item, "/id"))?;
    let uid = Uid::from(format!("//{}/{name}", kind.host));
    Some(resource_as(kind, place, uid, item))
}

fn resource_as(kind: &Kind, place: &Place<'_>, uid: Uid, item: Value) -> Resource {
    let name = relative(&uid).to_owned();
    let mut resource = bare(kind, place, uid, &name);
    if let Some(location) = text(&item, "/location") {
        resource.region = Region::from(location.to_ascii_lowercase());
    }
    tag(&mut resource, item.get("labels"));
    put(&mut resource, kind.facet, Ok(Some(item)));
    resource
}

/// A resource without facets, whose place stands in its name.
fn bare(kind: &Kind, place: &Place<'_>, uid: Uid, name: &str) -> Resource {
    let mut segments = name.split('/').skip_while(|segment| *segment != "locations").skip(1);
    let region = segments.next().map_or_else(Region::global, Region::from);
    Resource {
        kind: KindName::from(kind.kind),
        provider: Provider::Gcp,
        account: place.project.clone(),
        region,
        service: place.service.clone(),
        name: name.rsplit('/').next().unwrap_or_default().to_owned(),
        uid,
        tags: BTreeMap::new(),
        facets: BTreeMap::new(),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    }
}
