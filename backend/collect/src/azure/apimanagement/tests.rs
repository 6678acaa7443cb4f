//! What becomes of policies, named values and backends while they are normalised.

use std::collections::BTreeMap;

use nephoscope_model::secret::Redacted;
use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, ServiceName, Uid};
use serde_json::json;

use super::*;

const SERVICE: &str = "/subscriptions/s/resourceGroups/G/providers/Microsoft.ApiManagement/service/Shop";

/// The resource as the table's own function leaves it.
fn normalised(kind: &str, path: &str, facets: Value) -> Resource {
    let Value::Object(facets) = facets else { panic!("facets are an object") };
    let mut resource = Resource {
        uid: Uid::from(format!("{SERVICE}{path}").to_ascii_lowercase()),
        kind: KindName::from(kind),
        provider: Provider::Azure,
        account: AccountId::from("s"),
        region: Region::global(),
        service: ServiceName::from("apimanagement"),
        name: String::new(),
        tags: BTreeMap::new(),
        facets: facets.into_iter().map(|(name, value)| (name, Facet::Known(value))).collect(),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    };
    let table = KINDS.iter().find(|known| known.kind == kind).unwrap();
    (table.normalise)(&mut resource, &Redactor::new([7; 32]));
    resource
}

fn known<'a>(resource: &'a Resource, facet: &str) -> &'a Value {
    resource.facets[facet].value().unwrap()
}

fn edges(resource: &Resource) -> Vec<(RelationName, &str)> {
    resource.relations.iter().map(|relation| (relation.name, relation.to.as_str())).collect()
}

#[test]
fn a_service_keeps_its_policy_as_a_tree_and_no_certificate() {
    let row = json!({"sku": {"name": "Developer"}, "identity": {"userAssignedIdentities": {"/Subscriptions/s/Id": {}}}, "properties": {
        "hostnameConfigurations": [{"hostName": "api.shop.example", "encodedCertificate": "CANARY", "certificatePassword": "CANARY"}],
        "certificates": [{"storeName": "Root", "certificatePassword": "CANARY"}],
        "virtualNetworkConfiguration": {"subnetResourceId": "/subscriptions/s/Subnets/A"},
    }});
    let policy =
        json!({"properties": {"format": "xml", "value": "<policies><inbound><base /></inbound></policies>"}});
    let fragments = json!({"value": [{"name": "f", "properties": {"value": "<fragment />"}}]});
    let service = normalised(
        "azure.apim.service",
        "",
        json!({"service": row, "policy": policy, "fragments": fragments}),
    );
    assert!(!known(&service, "service").to_string().contains("CANARY"));
    assert_eq!(known(&service, "policy")["children"][0]["name"], "inbound");
    assert_eq!(known(&service, "fragments")["value"][0]["properties"]["value"]["name"], "fragment");
    let expected = [
        (RelationName::RunsIn, "/subscriptions/s/subnets/a"),
        (RelationName::ExecutesAs, "/subscriptions/s/id"),
    ];
    assert_eq!(edges(&service), expected);
    assert!(is_dedicated(&service) && hosts_itself(&service));
    let small = normalised("azure.apim.service", "", json!({"service": {"sku": {"name": "Consumption"}}}));
    assert!(!is_dedicated(&small) && !hosts_itself(&small));
}

#[test]
fn a_policy_that_is_no_xml_is_unreadable_and_names_its_call() {
    let reply = json!({"properties": {"format": "rawxml", "value": "<policies><when condition=\"@(x == \"y\")\" />"}});
    for (kind, path, permission) in [
        ("azure.apim.api", "/apis/orders", "Microsoft.ApiManagement/service/apis/policies/read"),
        (
            "azure.apim.operation",
            "/apis/orders/operations/list",
            "Microsoft.ApiManagement/service/apis/operations/policies/read",
        ),
        ("azure.apim.product", "/products/free", "Microsoft.ApiManagement/service/products/policies/read"),
    ] {
        let resource = normalised(kind, path, json!({ "policy": reply }));
        assert_eq!(resource.facets["policy"].unreadable().unwrap().api, permission);
    }
}

#[test]
fn parts_belong_to_what_they_are_listed_below() {
    let service = SERVICE.to_ascii_lowercase();
    let api = normalised("azure.apim.api", "/apis/Orders;rev=2", json!({"api": {}}));
    assert_eq!(edges(&api), [(RelationName::PartOf, service.as_str())]);
    let operation =
        json!({"operation": {"properties": {"method": "GET", "request": {"representations": ["CANARY"]}}}});
    let operation = normalised("azure.apim.operation", "/apis/orders/operations/list", operation);
    assert_eq!(edges(&operation), [(RelationName::PartOf, format!("{service}/apis/orders").as_str())]);
    assert_eq!(known(&operation, "operation"), &json!({"properties": {"method": "GET"}}));
    let apis =
        json!({"value": [{"id": "/a", "name": "a", "properties": {"serviceUrl": "https://shop.example"}}]});
    let product = normalised("azure.apim.product", "/products/free", json!({"product": {}, "apis": apis}));
    assert_eq!(known(&product, "apis"), &json!({"value": [{"id": "/a", "name": "a"}]}));
}

#[test]
fn neither_keys_nor_values_stay() {
    let keys = json!({"properties": {"scope": "/apis", "primaryKey": "CANARY", "secondaryKey": "CANARY"}});
    let subscription =
        normalised("azure.apim.subscription", "/subscriptions/x", json!({ "subscription": keys }));
    assert_eq!(known(&subscription, "subscription"), &json!({"properties": {"scope": "/apis"}}));

    let value = |name: &str, value: &str| {
        let named =
            json!({"namedvalue": {"properties": {"displayName": name, "value": value, "secret": false}}});
        let named = normalised("azure.apim.namedvalue", "/namedvalues/x", named);
        Redacted::from_value(&known(&named, "namedvalue")["properties"]["value"]).unwrap()
    };
    assert_eq!(value("db-password", "CANARY-hunter2").detector.as_deref(), Some("password"));
    assert_eq!(value("stage", "production").detector, None);
    let vaulted =
        json!({"namedvalue": {"properties": {"displayName": "key", "secret": true, "value": null}}});
    let vaulted = normalised("azure.apim.namedvalue", "/namedvalues/x", vaulted);
    assert_eq!(known(&vaulted, "namedvalue")["properties"]["value"], Value::Null);
}

#[test]
fn a_backend_keeps_that_it_has_credentials_but_not_which() {
    let backend = json!({"backend": {"properties": {
        "url": "https://shop.azurewebsites.net",
        "resourceId": "https://management.azure.com/subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/Shop",
        "credentials": {
            "header": {"x-functions-key": ["{{shop-key}}"], "x-other": ["CANARY1"]},
            "query": {"code": ["CANARY2"]},
            "authorization": {"scheme": "Basic", "parameter": "CANARY3"},
        },
        "proxy": {"url": "http://proxy.example", "username": "shop", "password": "CANARY4"},
    }}});
    let backend = normalised("azure.apim.backend", "/backends/shop", backend);
    let properties = &known(&backend, "backend")["properties"];
    assert!(!properties.to_string().contains("CANARY"), "{properties}");
    assert_eq!(properties["credentials"]["header"]["x-functions-key"], json!(["{{shop-key}}"]));
    assert_eq!(properties["credentials"]["authorization"]["scheme"], "Basic");
    let site = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/shop";
    assert!(edges(&backend).contains(&(RelationName::Invokes, site)));
}
