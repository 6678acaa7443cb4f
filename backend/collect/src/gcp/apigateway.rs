//! API Gateway: gateways, and the configs they serve with their OpenAPI documents.

mod document;

use nephoscope_model::{Facet, RelationName, Resource, Unreadable};
use serde_json::Value;

use super::kind::{Ask, Detail, Kind, Source, as_it_is};
use super::{edges, names, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "apigateway.googleapis.com";
const TOKEN: Pages = Pages::Token { reply: "nextPageToken", request: "pageToken" };

static CONFIGS: List =
    Action::new("apigateway.apiconfigs.list", &quota::APIGATEWAY).at(HOST).list("apiConfigs", TOKEN);
static CONFIG: Action = Action::new("apigateway.apiconfigs.get", &quota::APIGATEWAY).at(HOST);
static GATEWAYS: List =
    Action::new("apigateway.gateways.list", &quota::APIGATEWAY).at(HOST).list("gateways", TOKEN);
static GATEWAY_POLICY: Action = Action::new("apigateway.gateways.getIamPolicy", &quota::APIGATEWAY).at(HOST);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.apigateway.config",
        facet: "config",
        host: HOST,
        source: Source::Assets {
            type_: "apigateway.googleapis.com/ApiConfig",
            list: Some(&CONFIGS),
            path: "/v1/projects/{project}/locations/global/apis/-/configs",
        },
        policy: None,
        // Listings leave the documents out.
        details: &[Detail::new("openapi", Ask::One(&CONFIG, "/v1/{name}?view=FULL"))],
        normalise: config,
    },
    Kind {
        kind: "gcp.apigateway.gateway",
        facet: "gateway",
        host: HOST,
        source: Source::Assets {
            type_: "apigateway.googleapis.com/Gateway",
            list: Some(&GATEWAYS),
            path: "/v1/projects/{project}/locations/{location}/gateways",
        },
        policy: Some(Ask::One(&GATEWAY_POLICY, "/v1/{name}:getIamPolicy?options.requestedPolicyVersion=3")),
        details: &[],
        normalise: gateway,
    },
];

fn config(resource: &mut Resource, redactor: &Redactor) {
    let rest = names::rest(resource).to_owned();
    names::by_project(resource, HOST, &rest);
    if let Some(Facet::Known(full)) = resource.facets.get("openapi") {
        let facet = match document::documents(full, redactor) {
            Ok(Some(documents)) => Facet::Known(documents),
            Ok(None) => Facet::Absent,
            Err(document::Unreadable) => Facet::Unreadable(Unreadable {
                facet: "openapi".to_owned(),
                api: CONFIG.api.to_owned(),
                error: "Malformed".to_owned(),
                permission: None,
            }),
        };
        resource.facets.insert("openapi".to_owned(), facet);
    }
    let Some(Facet::Known(config)) = resource.facets.get_mut("config") else { return };
    for files in ["openapiDocuments", "grpcServices", "managedServiceConfigs"] {
        without(config, files);
    }
    let account = text(config, "/gatewayServiceAccount").and_then(|name| name.rsplit('/').next());
    let account = account.map(str::to_owned);
    edges::executes_as(resource, account.as_deref());
}

fn gateway(resource: &mut Resource, redactor: &Redactor) {
    as_it_is(resource, redactor);
    let rest = names::rest(resource).to_owned();
    names::by_project(resource, HOST, &rest);
    let config = resource.facets.get("gateway").and_then(Facet::value);
    let config = config.and_then(|gateway: &Value| text(gateway, "/apiConfig"));
    // It stands in the gateway's own project, which is named by its number there.
    let config = config.and_then(|name| name.strip_prefix("projects/")?.split_once('/'));
    let config = config.map(|(_, rest)| format!("projects/{}/{rest}", resource.account));
    edges::to(resource, RelationName::PartOf, HOST, config.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn configs_keep_their_documents_apart() {
        let full = json!({"openapiDocuments": [{"document": {"path": "o", "contents": "eyJzd2FnZ2VyIjoiMi4wIn0="}}]});
        let account = "projects/-/serviceAccounts/gateway@shop.iam.gserviceaccount.com";
        let mut read = resource(
            "gcp.apigateway.config",
            "config",
            json!({"gatewayServiceAccount": account, "openapiDocuments": []}),
        );
        read.facets.insert("openapi".to_owned(), Facet::Known(full));
        config(&mut read, &Redactor::new([1; 32]));
        assert_eq!(read.facets["config"].value().unwrap(), &json!({"gatewayServiceAccount": account}));
        let documents = json!({"documents": [{"path": "o", "document": {"swagger": "2.0"}}]});
        assert_eq!(read.facets["openapi"].value().unwrap(), &documents);
        assert_eq!(read.relations.len(), 1);

        let malformed = json!({"openapiDocuments": [{"document": {"path": "o", "contents": "!"}}]});
        let mut broken = resource("gcp.apigateway.config", "config", json!({}));
        broken.facets.insert("openapi".to_owned(), Facet::Known(malformed));
        config(&mut broken, &Redactor::new([1; 32]));
        let Facet::Unreadable(reason) = &broken.facets["openapi"] else { panic!("it is readable") };
        assert_eq!((reason.api.as_str(), reason.error.as_str()), ("apigateway.apiconfigs.get", "Malformed"));
    }

    #[test]
    fn gateways_belong_to_their_config() {
        let rest = "locations/global/apis/edge/configs/v1";
        for project in ["shop", "100200300"] {
            let name = format!("projects/{project}/{rest}");
            let mut served = resource("gcp.apigateway.gateway", "gateway", json!({"apiConfig": name}));
            gateway(&mut served, &Redactor::new([1; 32]));
            let expected = format!("//apigateway.googleapis.com/projects/shop/{rest}");
            assert_eq!(served.relations[0].to.as_str(), expected);
        }
    }
}
