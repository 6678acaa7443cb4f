//! The services of an account with what every one of their APIs inherits: policies, fragments and products.

use std::collections::{BTreeSet, HashMap};

use nephoscope_model::Resource;
use serde_json::Value;

use super::policy::{self, Fragments, InForce};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, facet, malformed, reason, required, text};

/// What hands its policies on to APIs.
pub(super) struct Services {
    /// By uid.
    services: HashMap<String, Service>,
    /// The operations by the uid of their API.
    operations: HashMap<String, Vec<Operation>>,
    /// Whether all of them were listed, with what belongs to them.
    listed: Reading<()>,
}

pub(super) struct Service {
    policy: Reading<Option<Value>>,
    fragments: Reading<Fragments>,
    /// Whether its gateway answers on the internet.
    pub public: Reading<bool>,
    products: Vec<Product>,
}

struct Product {
    name: String,
    /// Whether callers need no key.
    open: Reading<bool>,
    policy: Reading<Option<Value>>,
    /// The names of its APIs, in lower case.
    apis: Reading<BTreeSet<String>>,
}

struct Operation {
    name: String,
    policy: Reading<Option<Value>>,
}

/// One operation of an API as it is called in one product or in none, with the inbound elements in force.
pub(super) struct Call<'a> {
    pub operation: &'a str,
    pub elements: Vec<InForce<'a>>,
    /// Elements that a scope would inherit and does not, as the scope and the element.
    pub dropped: BTreeSet<(String, String)>,
}

/// An API with everything that its policies come from.
pub(super) struct Inherited<'a> {
    service: &'a Service,
    own: Option<&'a Value>,
    operations: Vec<(&'a str, Option<&'a Value>)>,
    products: Vec<&'a Product>,
    /// Whether it can be called without a key.
    pub keyless: bool,
}

impl Services {
    pub fn of(map: &Map<'_>) -> Self {
        let mut services: HashMap<String, Service> = HashMap::new();
        for &position in map.kind("azure.apim.service") {
            services.insert(map.held(position).uid().to_string(), Service::of(&map.open(position)));
        }
        for &position in map.kind("azure.apim.product") {
            if let Some(service) =
                parent(map.held(position).uid().as_str()).and_then(|uid| services.get_mut(uid))
            {
                service.products.push(Product::of(&map.open(position)));
            }
        }
        let mut operations: HashMap<String, Vec<Operation>> = HashMap::new();
        for &position in map.kind("azure.apim.operation") {
            let operation = map.open(position);
            let policy = facet(&operation, "policy").map(|policy| policy.cloned());
            let Some(api) = parent(operation.uid.as_str()) else { continue };
            let of_api = operations.entry(api.to_owned()).or_default();
            of_api.push(Operation { name: operation.name.clone(), policy });
        }
        Self { services, operations, listed: map.listed("apimanagement", None) }
    }

    /// The service that the API, product or backend with this uid belongs to.
    pub fn service_of(&self, uid: &str) -> Reading<&Service> {
        let service = parent(uid).and_then(|uid| self.services.get(uid));
        service.ok_or_else(|| reason("service", "NotCollected"))
    }

    /// What the API inherits.
    pub fn inherited<'a>(&'a self, api: &'a Resource) -> Reading<Inherited<'a>> {
        let service = self.service_of(api.uid.as_str())?;
        self.listed.clone()?;
        let mut products = Vec::new();
        for product in &service.products {
            if product.apis.as_ref().map_err(Vec::clone)?.contains(api_name(api.uid.as_str())) {
                products.push(product);
            }
        }
        let mut keyless = properties(api, "api")?
            .get("subscriptionRequired")
            .and_then(Value::as_bool)
            .map(|required| !required);
        for product in &products {
            // An open product opens its APIs, whatever these say themselves.
            if product.open.clone()? {
                keyless = Some(true);
            }
        }
        Ok(Inherited {
            service,
            own: facet(api, "policy")?,
            operations: self.operations(api)?,
            products,
            keyless: keyless.ok_or_else(|| malformed("api"))?,
        })
    }

    /// The operations with the policies of their own; one that stands for all where the API declares none.
    fn operations(&self, api: &Resource) -> Reading<Vec<(&str, Option<&Value>)>> {
        let declared = self.operations.get(api.uid.as_str()).map_or(&[][..], Vec::as_slice);
        let mut operations = Vec::new();
        for Operation { name, policy } in declared {
            operations.push((name.as_str(), borrowed(policy)?));
        }
        if operations.is_empty() {
            operations.push(("*", None));
        }
        Ok(operations)
    }
}

impl Service {
    fn of(service: &Resource) -> Self {
        Self {
            policy: facet(service, "policy").map(|policy| policy.cloned()),
            fragments: fragments(service),
            public: is_public(service),
            products: Vec::new(),
        }
    }

    fn policy(&self) -> Reading<Option<&Value>> {
        borrowed(&self.policy)
    }
}

impl Product {
    fn of(product: &Resource) -> Self {
        let open = properties(product, "product").and_then(|properties| {
            let required = properties.get("subscriptionRequired").and_then(Value::as_bool);
            required.map(|required| !required).ok_or_else(|| malformed("product"))
        });
        let apis = elements(product, "apis", "value").map(|apis| {
            apis.iter()
                .filter_map(|api| text(api, "id"))
                .map(|id| api_name(&id.to_lowercase()).to_owned())
                .collect()
        });
        Self {
            name: product.name.clone(),
            open,
            policy: facet(product, "policy").map(|policy| policy.cloned()),
            apis,
        }
    }
}

impl<'a> Inherited<'a> {
    /// The operations as anybody without a key calls them; as with a key of the API's own where a key is needed.
    pub fn without_key(&self) -> Reading<Vec<Call<'a>>> {
        // No API can be in two open products, for it would not be told in which of them it is called.
        let open = self.products.iter().find(|product| product.open.as_ref().is_ok_and(|open| *open));
        self.calls(open.copied())
    }

    /// The operations in every way in which they can be called: without a key where none is needed, and through each
    /// product. Keys that are the API's own or open every API are no way in which it is meant to be called.
    pub fn every_way(&self) -> Reading<Vec<Call<'a>>> {
        let mut calls = Vec::new();
        if self.keyless || self.products.is_empty() {
            calls.extend(self.without_key()?);
        }
        for &product in &self.products {
            calls.extend(self.calls(Some(product))?);
        }
        Ok(calls)
    }

    fn calls(&self, product: Option<&'a Product>) -> Reading<Vec<Call<'a>>> {
        let through = product.map(|product| borrowed(&product.policy)).transpose()?.flatten();
        let whole = self.service.policy()?;
        let in_force = |scopes: &[Option<&'a Value>]| policy::inbound(scopes, &self.service.fragments);
        let mut calls = Vec::new();
        for &(operation, own) in &self.operations {
            let scopes = [own, self.own, through, whole];
            let names = [
                format!("operation {operation}"),
                "api".to_owned(),
                format!("product {}", product.map_or("", |product| product.name.as_str())),
            ];
            let mut dropped = BTreeSet::new();
            for (depth, scope) in names.into_iter().enumerate() {
                let kept = in_force(&scopes[depth..])?;
                for inherited in in_force(&scopes[depth + 1..])?.iter().filter(|element| element.protects()) {
                    if !kept.iter().any(|element| element.name() == inherited.name()) {
                        dropped.insert((scope.clone(), inherited.name().to_owned()));
                    }
                }
            }
            calls.push(Call { operation, elements: in_force(&scopes)?, dropped });
        }
        Ok(calls)
    }
}

fn fragments(service: &Resource) -> Reading<Fragments> {
    let mut fragments = Fragments::new();
    for fragment in elements(service, "fragments", "value")? {
        let document = fragment.pointer("/properties/value").ok_or_else(|| malformed("fragments"))?;
        fragments.insert(text(fragment, "name").unwrap_or_default().to_lowercase(), document.clone());
    }
    Ok(fragments)
}

/// Whether the gateway that Azure runs answers on the internet.
fn is_public(service: &Resource) -> Reading<bool> {
    let properties = properties(service, "service")?;
    let elsewhere = properties
        .get("additionalLocations")
        .and_then(Value::as_array)
        .is_some_and(|places| !places.is_empty());
    let off = properties.get("disableGateway").and_then(Value::as_bool) == Some(true) && !elsewhere;
    let inside = text(properties, "virtualNetworkType") == Some("Internal");
    let closed = text(properties, "publicNetworkAccess") == Some("Disabled");
    Ok(!off && !inside && !closed)
}

pub(super) fn properties<'a>(resource: &'a Resource, facet: &str) -> Reading<&'a Value> {
    required(resource, facet)?.get("properties").ok_or_else(|| malformed(facet))
}

/// `…/service/shop/apis/orders` belongs to `…/service/shop`.
pub(super) fn parent(uid: &str) -> Option<&str> {
    let (owner, _) = uid.rsplit_once('/')?;
    Some(owner.rsplit_once('/')?.0)
}

/// What an API is called in its service, without which revision of it is meant. Products give ids of their own to it.
fn api_name(id: &str) -> &str {
    let name = id.rsplit('/').next().unwrap_or(id);
    name.split(";rev=").next().unwrap_or(name)
}

fn borrowed(reading: &Reading<Option<Value>>) -> Reading<Option<&Value>> {
    reading.as_ref().map(Option::as_ref).map_err(Vec::clone)
}
