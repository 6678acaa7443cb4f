//! API Management: services, what they publish, what callers have to show, and how backends are called.
//!
//! Resource Graph knows the services alone; everything in them is listed below each. Policies are asked for as XML that
//! is escaped, which the raw format, made for editors, is not.

mod policies;

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::expressions;
use super::identities::relate_identities;
use super::insights::diagnostics;
use super::kind::{Detail, Kind, NEXT, Source, always, any};
use super::quota::READS;
use crate::normalise::{relate, text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List};

const fn reads(api: &'static str) -> Action {
    Action::new(api, &READS).version("2024-05-01")
}

static POLICY: Action = reads("Microsoft.ApiManagement/service/policies/read");
static FRAGMENTS: List = reads("Microsoft.ApiManagement/service/policyFragments/read").list("value", NEXT);
static TENANT: Action = reads("Microsoft.ApiManagement/service/tenant/read");
static LOGGED: List = reads("Microsoft.ApiManagement/service/diagnostics/read").list("value", NEXT);
static GATEWAYS: List = reads("Microsoft.ApiManagement/service/gateways/read").list("value", NEXT);
static APIS: List = reads("Microsoft.ApiManagement/service/apis/read").list("value", NEXT);
static API_POLICY: Action = reads("Microsoft.ApiManagement/service/apis/policies/read");
static OPERATIONS: List = reads("Microsoft.ApiManagement/service/apis/operations/read").list("value", NEXT);
static OPERATION_POLICY: Action = reads("Microsoft.ApiManagement/service/apis/operations/policies/read");
static PRODUCTS: List = reads("Microsoft.ApiManagement/service/products/read").list("value", NEXT);
static PRODUCT_POLICY: Action = reads("Microsoft.ApiManagement/service/products/policies/read");
static PRODUCT_APIS: List = reads("Microsoft.ApiManagement/service/products/apis/read").list("value", NEXT);
static SUBSCRIPTIONS: List = reads("Microsoft.ApiManagement/service/subscriptions/read").list("value", NEXT);
static BACKENDS: List = reads("Microsoft.ApiManagement/service/backends/read").list("value", NEXT);
static NAMED_VALUES: List = reads("Microsoft.ApiManagement/service/namedValues/read").list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "azure.apim.service",
        facet: "service",
        source: Source::Graph { type_: "Microsoft.ApiManagement/service", keep: any },
        details: &[
            policy(&POLICY),
            Detail::all("fragments", &FRAGMENTS, "/policyFragments"),
            Detail::one("tenant_access", &TENANT, "/tenant/access").when(is_dedicated),
            Detail::all("api_diagnostics", &LOGGED, "/diagnostics"),
            Detail::all("api_gateways", &GATEWAYS, "/gateways").when(hosts_itself),
            diagnostics("diagnostics"),
        ],
        normalise: service,
    },
    child("azure.apim.api", "api", "azure.apim.service", &APIS, "/apis", API_DETAILS),
    child(
        "azure.apim.operation",
        "operation",
        "azure.apim.api",
        &OPERATIONS,
        "/operations",
        OPERATION_DETAILS,
    ),
    child("azure.apim.product", "product", "azure.apim.service", &PRODUCTS, "/products", PRODUCT_DETAILS),
    child(
        "azure.apim.subscription",
        "subscription",
        "azure.apim.service",
        &SUBSCRIPTIONS,
        "/subscriptions",
        &[],
    ),
    child("azure.apim.backend", "backend", "azure.apim.service", &BACKENDS, "/backends", &[]),
    child("azure.apim.namedvalue", "namedvalue", "azure.apim.service", &NAMED_VALUES, "/namedValues", &[]),
];

const API_DETAILS: &[Detail] = &[policy(&API_POLICY)];
const OPERATION_DETAILS: &[Detail] = &[policy(&OPERATION_POLICY)];
const PRODUCT_DETAILS: &[Detail] = &[policy(&PRODUCT_POLICY), Detail::all("apis", &PRODUCT_APIS, "/apis")];

const fn policy(action: &'static Action) -> Detail {
    Detail::one("policy", action, "/policies/policy").query(&[("format", "xml")])
}

const fn child(
    kind: &'static str,
    facet: &'static str,
    of: &'static str,
    list: &'static List,
    path: &'static str,
    details: &'static [Detail],
) -> Kind {
    Kind { kind, facet, source: Source::Children { of, list, path, when: always }, details, normalise: part }
}

/// The Consumption tier has no management endpoint of its own.
fn is_dedicated(service: &Resource) -> bool {
    tier(service) != Some("Consumption")
}

/// Gateways that run elsewhere belong to these tiers.
/// <https://learn.microsoft.com/azure/api-management/api-management-features>
fn hosts_itself(service: &Resource) -> bool {
    matches!(tier(service), Some("Developer" | "Premium"))
}

fn tier(service: &Resource) -> Option<&str> {
    text(service.facets.get("service")?.value()?, "/sku/name")
}

fn service(service: &mut Resource, redactor: &Redactor) {
    if let Some(policy) = service.facets.get_mut("policy") {
        policies::parse_facet(policy, "policy", &POLICY, redactor);
    }
    if let Some(facet) = service.facets.get_mut("fragments") {
        policies::parse_fragments(facet, "fragments", &FRAGMENTS.action, redactor);
    }
    let Some(Facet::Known(row)) = service.facets.get_mut("service") else { return };
    for host in row
        .pointer_mut("/properties/hostnameConfigurations")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        ["certificatePassword", "encodedCertificate"].into_iter().for_each(|field| without(host, field));
    }
    for certificate in
        row.pointer_mut("/properties/certificates").and_then(Value::as_array_mut).into_iter().flatten()
    {
        ["certificatePassword", "encodedCertificate"]
            .into_iter()
            .for_each(|field| without(certificate, field));
    }
    let subnet =
        text(row, "/properties/virtualNetworkConfiguration/subnetResourceId").map(str::to_ascii_lowercase);
    relate(service, RelationName::RunsIn, subnet.as_deref());
    relate_identities(service, "service");
}

/// What belongs to a service or to one of its APIs.
fn part(part: &mut Resource, redactor: &Redactor) {
    let owner = part.uid.as_str().rsplitn(3, '/').nth(2).map(str::to_owned);
    relate(part, RelationName::PartOf, owner.as_deref());
    let action = match part.kind.as_str() {
        "azure.apim.api" => &API_POLICY,
        "azure.apim.operation" => &OPERATION_POLICY,
        _ => &PRODUCT_POLICY,
    };
    let mut target = None;
    for (name, facet) in &mut part.facets {
        if name == "policy" {
            policies::parse_facet(facet, name, action, redactor);
        }
        let Facet::Known(value) = facet else { continue };
        match name.as_str() {
            "subscription" => {
                let properties = value.get_mut("properties");
                properties.into_iter().for_each(|all| {
                    ["primaryKey", "secondaryKey"].into_iter().for_each(|key| without(all, key))
                });
            }
            "backend" => {
                credentials(value, redactor);
                target = text(value, "/properties/resourceId").and_then(resource_of);
            }
            "namedvalue" => named_value(value, redactor),
            "apis" => ids(value),
            // Examples in requests and responses are data of somebody.
            "operation" => value.get_mut("properties").into_iter().for_each(|all| {
                ["policies", "request", "responses", "templateParameters"]
                    .into_iter()
                    .for_each(|field| without(all, field));
            }),
            _ => {}
        }
    }
    relate(part, RelationName::Invokes, target.as_deref());
}

/// What the gateway shows to the backend; references to named values stay, for they are no secret.
fn credentials(backend: &mut Value, redactor: &Redactor) {
    for place in ["/properties/credentials/header", "/properties/credentials/query"] {
        for (name, values) in backend.pointer_mut(place).and_then(Value::as_object_mut).into_iter().flatten()
        {
            values.as_array_mut().into_iter().flatten().for_each(|value| replace(name, value, redactor));
        }
    }
    for (place, name) in [
        ("/properties/credentials/authorization/parameter", "authorization"),
        ("/properties/proxy/password", "password"),
    ] {
        backend.pointer_mut(place).into_iter().for_each(|value| replace(name, value, redactor));
    }
    redactor.redact_recognised(backend);
}

/// The detectors have looked at the value; it is not kept, whether it was meant to be secret or not.
fn named_value(named_value: &mut Value, redactor: &Redactor) {
    let name = text(named_value, "/properties/displayName").or_else(|| text(named_value, "/name"));
    let name = name.unwrap_or_default().to_owned();
    if let Some(value) = named_value.pointer_mut("/properties/value").filter(|value| !value.is_null()) {
        replace(&name, value, redactor);
    }
}

fn replace(name: &str, value: &mut Value, redactor: &Redactor) {
    let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if !value.is_null() && !expressions::is_expression(&plain) {
        *value = redactor.redact(name, &plain).to_value();
    }
}

/// Of the APIs in a product only which they are: each is a resource of its own.
fn ids(apis: &mut Value) {
    for api in apis.get_mut("value").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = api.as_object_mut() {
            fields.retain(|field, _| matches!(field.as_str(), "id" | "name"));
        }
    }
}

/// The uid in an address such as `https://management.azure.com/subscriptions/…`.
fn resource_of(address: &str) -> Option<String> {
    let address = address.to_ascii_lowercase();
    address.find("/subscriptions/").map(|start| address[start..].to_owned())
}

#[cfg(test)]
mod tests;
