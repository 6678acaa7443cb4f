//! Load balancing in front of what is serverless: endpoint groups, backend services and their web firewalls.

use nephoscope_model::{Facet, RelationName, Resource};

use super::edges;
use super::kind::{Kind, Source, as_it_is};
use crate::normalise::{text, without};
use crate::redact::Redactor;

const HOST: &str = "compute.googleapis.com";

/// The inventory has what stands in every region under one name; the service's own listings do not.
const fn known_as(kind: &'static str, facet: &'static str, type_: &'static str) -> Kind {
    Kind {
        kind,
        facet,
        host: HOST,
        source: Source::Assets { type_, list: None, path: "" },
        policy: None,
        details: &[],
        normalise,
    }
}

pub(super) const KINDS: &[Kind] = &[
    known_as("gcp.compute.endpointgroup", "group", "compute.googleapis.com/NetworkEndpointGroup"),
    known_as("gcp.compute.backendservice", "backend", "compute.googleapis.com/BackendService"),
    known_as("gcp.compute.backendservice", "backend", "compute.googleapis.com/RegionBackendService"),
    known_as("gcp.compute.securitypolicy", "firewall", "compute.googleapis.com/SecurityPolicy"),
];

fn normalise(resource: &mut Resource, redactor: &Redactor) {
    as_it_is(resource, redactor);
    let Some(Facet::Known(backend)) = resource.facets.get_mut("backend") else { return };
    // The secret of Identity-Aware Proxy is never sent, and its digest is nobody's business.
    if let Some(proxy) = backend.get_mut("iap") {
        without(proxy, "oauth2ClientSecret");
        without(proxy, "oauth2ClientSecretSha256");
    }
    let firewall = text(backend, "/securityPolicy").and_then(relative).map(str::to_owned);
    edges::to(resource, RelationName::FrontedBy, HOST, firewall.as_deref());
}

/// A link without the host and version that it was written with.
fn relative(link: &str) -> Option<&str> {
    link.find("projects/").map(|start| &link[start..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn backends_are_fronted_by_their_firewall() {
        let link = "https://www.googleapis.com/compute/v1/projects/shop/global/securityPolicies/edge";
        let config =
            json!({"securityPolicy": link, "iap": {"enabled": true, "oauth2ClientSecretSha256": "CANARY"}});
        let mut backend = resource("gcp.compute.backendservice", "backend", config);
        normalise(&mut backend, &Redactor::new([1; 32]));
        let edge = &backend.relations[0];
        assert_eq!(edge.to.as_str(), "//compute.googleapis.com/projects/shop/global/securityPolicies/edge");
        assert_eq!(backend.facets["backend"].value().unwrap()["iap"], json!({"enabled": true}));
        let mut group = resource("gcp.compute.endpointgroup", "group", json!({"name": "g"}));
        normalise(&mut group, &Redactor::new([1; 32]));
        assert_eq!(group.relations, []);
    }
}
