//! Writes the short entries out as resources: the provider's own JSON, field for field, with the relations in it.

mod account;
mod function;
mod functions;
mod http_api;
mod identity;
mod log_group;
mod openapi;
mod rest_api;
mod trail;

use std::collections::BTreeMap;

use nephoscope_model::{
    AccountId, Facet, Kind, Provider, Region, Relation, RelationName, Resource, ServiceName, Shard, ShardKey,
    Uid,
};
use serde_json::{Value, json};

use crate::coverage::complete;
use crate::entries::{Account, Variable};
use crate::estate::{Entries, Estate};
use crate::place::Place;

/// The shards of one target, sorted by key; its resources `repeat` times under other names.
pub(crate) fn shards(account: &Account, target: &str, estate: &Estate, repeat: usize) -> Vec<Shard> {
    let global = ["cloudfront", "iam", "sts"].map(|service| ("global", service));
    let regional = account
        .regions
        .iter()
        .flat_map(|region| account.services.iter().map(move |service| (region.as_str(), service.as_str())));
    let mut shards: Vec<Shard> = global
        .into_iter()
        .chain(regional)
        .map(|(region, service)| {
            let empty = Entries::default();
            let entries = estate.get(&format!("{target}/{region}")).unwrap_or(&empty);
            let mut resources: Vec<Resource> = (0..repeat)
                .flat_map(|copy| {
                    let place = Place { account: &account.account, region, copy };
                    read(service, place, account, entries)
                })
                .collect();
            resources.sort_by(|one, other| one.uid.cmp(&other.uid));
            let key = ShardKey {
                provider: Provider::Aws,
                account: AccountId::from(account.account.as_str()),
                region: Region::from(region),
                service: ServiceName::from(service),
            };
            Shard { key, coverage: complete(service, &resources), resources }
        })
        .collect();
    shards.sort_by(|one, other| one.key.cmp(&other.key));
    shards
}

/// What one service of one region lists.
fn read(service: &str, place: Place<'_>, account: &Account, entries: &Entries) -> Vec<Resource> {
    match service {
        "sts" => account::identity(place, account),
        "iam" => identity::identities(place, account, entries),
        "lambda" => functions::functions(place, account, entries),
        "apigateway" => rest_api::rest_apis(place, account, entries),
        "apigatewayv2" => http_api::http_apis(place, account, entries),
        "logs" => log_group::log_groups(place, entries),
        "cloudtrail" => trail::trails(place, entries),
        _ => Vec::new(),
    }
}

/// A resource without tags and relations.
fn resource(place: Place<'_>, kind: &str, uid: String, name: String, facets: Facets) -> Resource {
    let kind = Kind::from(kind);
    let service = if kind.as_str() == "aws.account" { "sts".to_owned() } else { kind.service().to_owned() };
    Resource {
        uid: Uid::from(uid),
        kind,
        provider: Provider::Aws,
        account: AccountId::from(place.account),
        region: Region::from(place.region),
        service: ServiceName::from(service),
        name,
        tags: BTreeMap::new(),
        facets: facets.0,
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    }
}

/// Facets under their short names.
#[derive(Default)]
struct Facets(BTreeMap<String, Facet>);

impl Facets {
    fn known(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), Facet::Known(value));
        self
    }

    fn maybe(mut self, name: &str, value: Option<Value>) -> Self {
        self.0.insert(name.to_owned(), value.map_or(Facet::Absent, Facet::Known));
        self
    }
}

/// Edges, sorted and without duplicates, as the model wants them.
fn relations(edges: impl IntoIterator<Item = (RelationName, String)>) -> Vec<Relation> {
    let mut relations: Vec<Relation> =
        edges.into_iter().map(|(name, to)| Relation { name, to: Uid::from(to) }).collect();
    relations.sort();
    relations.dedup();
    relations
}

/// The tags that every team of the shop sets; none where a thing has no team.
fn tags(account: &Account, team: Option<&String>) -> BTreeMap<String, String> {
    team.map(|team| {
        BTreeMap::from([("env".to_owned(), account.env.clone()), ("team".to_owned(), team.clone())])
    })
    .unwrap_or_default()
}

/// Variables as they stand in a facet: names as they are, values redacted.
fn variables(place: Place<'_>, owner: &str, variables: &BTreeMap<String, Variable>) -> Value {
    let redact = |(key, variable): (&String, &Variable)| {
        let (detector, length, value) = match variable {
            Variable::Plain(length) => (None, length, None),
            Variable::Secret { detector, length, value } => (Some(detector.clone()), length, value.as_ref()),
        };
        let tag = place.tag(value.unwrap_or(&format!("{owner} {key}")));
        let redacted = nephoscope_model::secret::Redacted { detector, length: length.clone(), tag };
        (key.clone(), redacted.to_value())
    };
    Value::Object(variables.iter().map(redact).collect())
}

/// A policy document around statements.
fn policy(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Sets a field where there is something to say: providers leave out what is not set.
fn set(value: &mut Value, field: &str, given: Option<Value>) {
    if let Some(given) = given {
        value[field] = given;
    }
}
