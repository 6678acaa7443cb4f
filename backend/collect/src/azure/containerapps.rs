//! Container Apps: apps with the sign-in of the platform, and the environments that they run in.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::identities::relate_identities;
use super::kind::{Detail, Kind, Source, any};
use super::quota::READS;
use crate::normalise::{relate, text, without};
use crate::redact::Redactor;
use crate::rest::Action;

static AUTH: Action =
    Action::new("Microsoft.App/containerApps/authConfigs/read", &READS).version("2026-07-01");

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "azure.containerapps.environment",
        facet: "environment",
        source: Source::Graph { type_: "Microsoft.App/managedEnvironments", keep: any },
        details: &[],
        normalise: environment,
    },
    Kind {
        kind: "azure.containerapps.app",
        facet: "app",
        source: Source::Graph { type_: "Microsoft.App/containerApps", keep: any },
        details: &[Detail::one("auth", &AUTH, "/authConfigs/current")],
        normalise: app,
    },
];

fn environment(environment: &mut Resource, redactor: &Redactor) {
    let Some(Facet::Known(row)) = environment.facets.get_mut("environment") else { return };
    let subnet =
        text(row, "/properties/vnetConfiguration/infrastructureSubnetId").map(str::to_ascii_lowercase);
    if let Some(properties) = row.get_mut("properties") {
        ["daprAIConnectionString", "daprAIInstrumentationKey"]
            .into_iter()
            .for_each(|field| without(properties, field));
        for (place, field) in [
            ("/appLogsConfiguration/logAnalyticsConfiguration", "sharedKey"),
            ("/appInsightsConfiguration", "connectionString"),
            ("/customDomainConfiguration", "certificatePassword"),
            ("/customDomainConfiguration", "certificateValue"),
        ] {
            properties.pointer_mut(place).into_iter().for_each(|holder| without(holder, field));
        }
        redactor.redact_recognised(properties);
    }
    relate(environment, RelationName::RunsIn, subnet.as_deref());
}

fn app(app: &mut Resource, redactor: &Redactor) {
    if let Some(Facet::Known(auth)) = app.facets.get_mut("auth") {
        redactor.redact_recognised(auth);
    }
    let Some(Facet::Known(row)) = app.facets.get_mut("app") else { return };
    for list in ["containers", "initContainers"] {
        let place = format!("/properties/template/{list}");
        for container in row.pointer_mut(&place).and_then(Value::as_array_mut).into_iter().flatten() {
            container_settings(container, redactor);
        }
    }
    for secret in row
        .pointer_mut("/properties/configuration/secrets")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        without(secret, "value");
    }
    // What is left are names and switches, but rules of scaling and Dapr take any text.
    if let Some(properties) = row.get_mut("properties") {
        redactor.redact_recognised(properties);
    }
    let lower = |pointer: &str| text(row, pointer).map(str::to_ascii_lowercase);
    let environment =
        lower("/properties/environmentId").or_else(|| lower("/properties/managedEnvironmentId"));
    relate(app, RelationName::RunsIn, environment.as_deref());
    relate_identities(app, "app");
}

/// Values of variables are replaced; those that name a secret of the app have none.
fn container_settings(container: &mut Value, redactor: &Redactor) {
    for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = text(variable, "/name").unwrap_or_default().to_owned();
        if let Some(value) = variable.get_mut("value").filter(|value| !value.is_null()) {
            let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            *value = redactor.redact(&name, &plain).to_value();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nephoscope_model::secret::Redacted;
    use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, ServiceName, Uid};
    use serde_json::json;

    use super::*;

    fn read(kind: &str, facets: Value) -> Resource {
        let Value::Object(facets) = facets else { panic!("facets are an object") };
        Resource {
            uid: Uid::from("/subscriptions/s/x"),
            kind: KindName::from(kind),
            provider: Provider::Azure,
            account: AccountId::from("s"),
            region: Region::from("westeurope"),
            service: ServiceName::from("containerapps"),
            name: "x".to_owned(),
            tags: BTreeMap::new(),
            facets: facets.into_iter().map(|(name, value)| (name, Facet::Known(value))).collect(),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        }
    }

    #[test]
    fn an_app_keeps_the_names_of_its_variables_and_secrets() {
        let row = json!({
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/Subscriptions/s/Id": null}},
            "properties": {
                "environmentId": "/subscriptions/s/Environments/E",
                "configuration": {"ingress": {"external": true}, "secrets": [{"name": "db", "value": "CANARY"}]},
                "template": {
                    "containers": [{"name": "shop", "args": ["--key", "AKIAIOSFODNN7EXAMPLE"], "env": [
                        {"name": "DB_PASSWORD", "value": "CANARY-hunter2"},
                        {"name": "STAGE", "value": "CANARY"},
                        {"name": "DB", "secretRef": "db"},
                    ]}],
                    "initContainers": [{"name": "migrate", "env": [{"name": "STAGE", "value": "CANARY"}]}],
                },
            },
        });
        let mut resource = read(
            "azure.containerapps.app",
            json!({ "app": row, "auth": {"properties": {"platform": {"enabled": true}}} }),
        );
        app(&mut resource, &Redactor::new([7; 32]));
        let properties = &resource.facets["app"].value().unwrap()["properties"];
        assert!(
            !properties.to_string().contains("CANARY") && !properties.to_string().contains("AKIA"),
            "{properties}"
        );
        let variables = &properties["template"]["containers"][0]["env"];
        assert_eq!(
            Redacted::from_value(&variables[0]["value"]).unwrap().detector.as_deref(),
            Some("password")
        );
        assert_eq!(Redacted::from_value(&variables[1]["value"]).unwrap().detector, None);
        assert_eq!(variables[2], json!({"name": "DB", "secretRef": "db"}));
        assert_eq!(properties["configuration"]["secrets"], json!([{"name": "db"}]));
        let edges: Vec<(RelationName, &str)> =
            resource.relations.iter().map(|edge| (edge.name, edge.to.as_str())).collect();
        let expected = [
            (RelationName::RunsIn, "/subscriptions/s/environments/e"),
            (RelationName::ExecutesAs, "/subscriptions/s/id"),
        ];
        assert_eq!(edges, expected);
    }

    #[test]
    fn an_environment_keeps_no_keys() {
        let row = json!({"properties": {
            "daprAIInstrumentationKey": "CANARY",
            "daprAIConnectionString": "CANARY",
            "appLogsConfiguration": {"destination": "log-analytics", "logAnalyticsConfiguration": {"customerId": "c", "sharedKey": "CANARY"}},
            "appInsightsConfiguration": {"connectionString": "CANARY"},
            "customDomainConfiguration": {"dnsSuffix": "shop.example", "certificateValue": "CANARY", "certificatePassword": "CANARY"},
            "vnetConfiguration": {"internal": true, "infrastructureSubnetId": "/subscriptions/s/Subnets/A"},
        }});
        let mut resource = read("azure.containerapps.environment", json!({ "environment": row }));
        environment(&mut resource, &Redactor::new([7; 32]));
        let properties = &resource.facets["environment"].value().unwrap()["properties"];
        assert!(!properties.to_string().contains("CANARY"), "{properties}");
        assert_eq!(properties["vnetConfiguration"]["internal"], true);
        assert_eq!(
            properties["appLogsConfiguration"]["logAnalyticsConfiguration"],
            json!({"customerId": "c"})
        );
        assert_eq!(resource.relations[0].to.as_str(), "/subscriptions/s/subnets/a");
    }
}
