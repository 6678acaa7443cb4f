//! What becomes of function apps and their settings while they are normalised.

use std::collections::BTreeMap;

use nephoscope_model::secret::Redacted;
use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, ServiceName, Uid, Unreadable};
use serde_json::json;

use super::*;

const APP: &str = "/subscriptions/s/resourceGroups/G/providers/Microsoft.Web/sites/Shop";

fn read(uid: &str, facets: Value) -> Resource {
    let Value::Object(facets) = facets else { panic!("facets are an object") };
    Resource {
        uid: Uid::from(uid.to_ascii_lowercase()),
        kind: KindName::from("azure.functions.app"),
        provider: Provider::Azure,
        account: AccountId::from("s"),
        region: Region::from("westeurope"),
        service: ServiceName::from("web"),
        name: "Shop".to_owned(),
        tags: BTreeMap::new(),
        facets: facets.into_iter().map(|(name, value)| (name, Facet::Known(value))).collect(),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    }
}

fn normalised(uid: &str, facets: Value) -> Resource {
    let mut resource = read(uid, facets);
    site(&mut resource, &Redactor::new([7; 32]));
    resource
}

fn known<'a>(resource: &'a Resource, facet: &str) -> &'a Value {
    resource.facets[facet].value().unwrap()
}

fn connections_of(settings: Value) -> Value {
    let site = normalised(APP, json!({"settings": {"properties": settings}}));
    known(&site, "connections").clone()
}

#[test]
fn workflows_are_no_function_apps() {
    for kind in ["functionapp", "functionapp,linux", "functionapp,linux,container"] {
        assert!(is_function_app(&json!({ "kind": kind })), "{kind}");
    }
    for kind in ["app,linux", "functionapp,workflowapp", "api"] {
        assert!(!is_function_app(&json!({ "kind": kind })), "{kind}");
    }
    assert!(!is_function_app(&json!({})));
}

#[test]
fn a_site_knows_where_it_runs_and_as_whom() {
    let row = json!({
        "id": APP,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Runner": {}}},
        "properties": {"serverFarmId": "/subscriptions/s/resourceGroups/G/providers/Microsoft.Web/serverfarms/Plan", "siteConfig": {"appSettings": [{"name": "A", "value": "CANARY"}]}},
    });
    let slot = normalised(&format!("{APP}/slots/staging"), json!({ "site": row }));
    let edges: Vec<(RelationName, &str)> =
        slot.relations.iter().map(|relation| (relation.name, relation.to.as_str())).collect();
    assert_eq!(
        edges,
        [
            (
                RelationName::RunsIn,
                "/subscriptions/s/resourcegroups/g/providers/microsoft.web/serverfarms/plan"
            ),
            (
                RelationName::ExecutesAs,
                "/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/runner"
            ),
            (RelationName::PartOf, "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/shop"),
        ]
    );
    assert!(!known(&slot, "site").to_string().contains("CANARY"));
    assert!(normalised(APP, json!({"site": {"id": APP}})).relations.is_empty());
}

#[test]
fn no_value_of_a_setting_stays_but_references_do() {
    let site = normalised(
        APP,
        json!({
            "settings": {"properties": {"DB_PASSWORD": "CANARY-2Hq8xK", "STAGE": "production", "TOKEN": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/t)"}},
            "connection_strings": {"properties": {
                "db": {"type": "SQLAzure", "value": "Server=s;Password=CANARYx7Gh2kQ9"},
                "bus": {"type": "Custom", "value": "@Microsoft.KeyVault(VaultName=v;SecretName=bus)"},
            }},
        }),
    );
    let text = format!("{:?}", site.facets);
    assert!(!text.contains("CANARY") && !text.contains("production"), "{text}");
    let settings = &known(&site, "settings")["properties"];
    assert_eq!(Redacted::from_value(&settings["DB_PASSWORD"]).unwrap().detector.as_deref(), Some("password"));
    assert_eq!(settings["TOKEN"], "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/t)");
    let strings = &known(&site, "connection_strings")["properties"];
    assert!(Redacted::from_value(&strings["db"]["value"]).unwrap().detector.is_some());
    assert_eq!(strings["db"]["type"], "SQLAzure");
    assert_eq!(strings["bus"]["value"], "@Microsoft.KeyVault(VaultName=v;SecretName=bus)");
    assert_eq!(known(&site, "connections"), &json!({}));
}

#[test]
fn connections_say_what_kind_of_value_a_setting_has() {
    let storage =
        |value: &str| connections_of(json!({"AzureWebJobsStorage": value}))["AzureWebJobsStorage"].clone();
    let key =
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=Q0FOQVJZ;EndpointSuffix=core.windows.net";
    assert_eq!(storage(key), json!({"kind": "account_key", "account": "shop"}));
    assert_eq!(storage("@Microsoft.KeyVault(SecretUri=https://v/secrets/s)"), json!({"kind": "reference"}));
    assert_eq!(storage("UseDevelopmentStorage=true"), json!({"kind": "other"}));
    let token = "BlobEndpoint=https://shop.blob.core.windows.net;SharedAccessSignature=sv=2022&sp=rwl&se=2030-01-01&sig=CANARY";
    let token = storage(token);
    assert_eq!((&token["kind"], &token["writes"]), (&json!("sas"), &json!(true)));
    assert_eq!(token["expires"], "2030-01-01T00:00:00Z");

    let identity = connections_of(
        json!({"AzureWebJobsStorage__accountName": "shop", "AzureWebJobsStorage__credential": "managedidentity"}),
    );
    assert_eq!(identity["AzureWebJobsStorage"], json!({"kind": "identity", "account": "shop"}));
    let address =
        connections_of(json!({"AzureWebJobsStorage__blobServiceUri": "https://shop.blob.core.windows.net"}));
    assert_eq!(address["AzureWebJobsStorage"], json!({"kind": "identity", "account": "shop"}));
    let neither = connections_of(
        json!({"AzureWebJobsStorageOther": "x", "AzureWebJobsStorage__credential": "managedidentity"}),
    );
    assert_eq!(neither, json!({}));
}

#[test]
fn addresses_of_packages_lose_their_tokens() {
    let package = |value: &str| {
        connections_of(json!({"WEBSITE_RUN_FROM_PACKAGE": value}))["WEBSITE_RUN_FROM_PACKAGE"].clone()
    };
    assert_eq!(package("1"), json!({"kind": "plain", "value": "1"}));
    let url = "https://shop.blob.core.windows.net/code/app.zip";
    assert_eq!(package(url), json!({"kind": "url", "host": "https://shop.blob.core.windows.net"}));
    let signed = package(&format!("{url}?sp=r&se=2030-01-01T10%3A00%3A00Z&sig=CANARY"));
    assert_eq!(
        signed,
        json!({"kind": "sas", "account": null, "host": "https://shop.blob.core.windows.net", "expires": "2030-01-01T10:00:00Z", "writes": false})
    );
    let by_policy = package(&format!("{url}?si=policy&sig=CANARY"));
    assert_eq!((by_policy.get("expires"), by_policy.get("writes")), (None, None));
    assert!(!format!("{signed}{by_policy}").contains("CANARY"));
}

#[test]
fn versions_stay_and_nothing_else_does() {
    let connections = connections_of(json!({
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "functions_worker_runtime": "dotnet-isolated",
        "WEBSITE_NODE_DEFAULT_VERSION": "CANARY with a secret",
        "OTHER": "1",
    }));
    assert_eq!(
        connections,
        json!({
            "FUNCTIONS_EXTENSION_VERSION": {"kind": "plain", "value": "~4"},
            "FUNCTIONS_WORKER_RUNTIME": {"kind": "plain", "value": "dotnet-isolated"},
            "WEBSITE_NODE_DEFAULT_VERSION": {"kind": "other"},
        })
    );
}

#[test]
fn settings_that_were_not_asked_for_leave_connections_unread_too() {
    let mut site = read(APP, json!({}));
    let reason = Unreadable {
        facet: "settings".to_owned(),
        api: "Microsoft.Web/sites/config/list/action".to_owned(),
        error: "NotAsked".to_owned(),
        permission: Some("Microsoft.Web/sites/config/list/action".to_owned()),
    };
    site.facets.insert("settings".to_owned(), Facet::Unreadable(reason.clone()));
    super::site(&mut site, &Redactor::new([7; 32]));
    let expected = Unreadable { facet: "connections".to_owned(), ..reason };
    assert_eq!(site.facets["connections"], Facet::Unreadable(expected));
}

#[test]
fn functions_and_configurations_keep_no_secrets() {
    let site = normalised(
        APP,
        json!({
            "functions": {"value": [{"name": "Shop/pay", "properties": {
                "language": "python", "isDisabled": false, "test_data": "CANARY", "files": {"a": "CANARY"},
                "secrets_file_href": "https://shop/CANARY",
                "config": {"bindings": [{"type": "httpTrigger", "authLevel": "function"}]},
            }}]},
            "config": {"properties": {
                "minTlsVersion": "1.2", "machineKey": {"decryptionKey": "CANARY"}, "publishingPassword": "CANARY",
                "azureStorageAccounts": {"share": {"accountName": "shop", "accessKey": "CANARYx7Gh2kQ9zLmN4pR8sT1uV5wY"}},
            }},
        }),
    );
    let text = format!("{:?}", site.facets);
    assert!(!text.contains("CANARY"), "{text}");
    assert_eq!(known(&site, "config")["properties"]["minTlsVersion"], "1.2");
    let function = &known(&site, "functions")["value"][0]["properties"];
    assert_eq!(function["config"]["bindings"][0]["authLevel"], "function");
    assert_eq!(function["language"], "python");
}

#[test]
fn private_endpoints_of_slots_are_read_where_they_decide() {
    let slot = |properties: Value| read(APP, json!({"site": {"properties": properties}}));
    assert!(endpoints_decide(&slot(json!({"sku": "PremiumV3"}))));
    assert!(endpoints_decide(&slot(json!({"publicNetworkAccess": ""}))));
    assert!(!endpoints_decide(&slot(json!({"publicNetworkAccess": "Enabled"}))));
    assert!(!endpoints_decide(&slot(json!({"sku": "Dynamic"}))));
    assert!(can_have_endpoints(&slot(json!({"publicNetworkAccess": "Enabled"}))));
}

#[test]
fn what_changes_by_itself_is_left_out() {
    let site = normalised(APP, json!({"site": {"properties": {"httpsOnly": true, "usageState": "Normal"}}}));
    assert_eq!(known(&site, "site"), &json!({"properties": {"httpsOnly": true}}));
    let mut grown = read(
        APP,
        json!({"plan": {"sku": {"tier": "ElasticPremium"}, "properties": {"zoneRedundant": true, "numberOfWorkers": 7}}}),
    );
    plan(&mut grown, &Redactor::new([7; 32]));
    assert_eq!(
        known(&grown, "plan"),
        &json!({"sku": {"tier": "ElasticPremium"}, "properties": {"zoneRedundant": true}})
    );
}

#[test]
fn a_certificate_is_kept_without_itself() {
    let mut kept = read(
        APP,
        json!({"certificate": {"properties": {"thumbprint": "AB", "cerBlob": "CANARY", "pfxBlob": "CANARY", "password": "CANARY"}}}),
    );
    certificate(&mut kept, &Redactor::new([7; 32]));
    assert_eq!(known(&kept, "certificate"), &json!({"properties": {"thumbprint": "AB"}}));
}
