//! Logic Apps: workflows of the Consumption plan with their definitions. Those of the Standard plan are sites.

use nephoscope_model::{Facet, Resource};

use super::expressions;
use super::identities::relate_identities;
use super::insights::diagnostics;
use super::kind::{Kind, Source, any};
use crate::redact::Redactor;

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.logic.workflow",
    facet: "workflow",
    source: Source::Graph { type_: "Microsoft.Logic/workflows", keep: any },
    details: &[diagnostics("diagnostics")],
    normalise: workflow,
}];

fn workflow(workflow: &mut Resource, redactor: &Redactor) {
    let Some(Facet::Known(row)) = workflow.facets.get_mut("workflow") else { return };
    for part in ["definition", "parameters"] {
        if let Some(document) = row.get_mut("properties").and_then(|properties| properties.get_mut(part)) {
            expressions::redact(redactor, "", document);
        }
    }
    relate_identities(workflow, "workflow");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nephoscope_model::secret::Redacted;
    use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, ServiceName, Uid};
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_in_definition_and_parameters_do_not_stay() {
        let row = json!({
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/Subscriptions/s/Id": {}}},
            "properties": {
                "state": "Enabled",
                "definition": {
                    "parameters": {"dbPassword": {"type": "String", "defaultValue": "CANARY-hunter2"}},
                    "triggers": {"manual": {"type": "Request"}},
                    "actions": {"Call": {"type": "Http", "inputs": {
                        "uri": "https://shop.example/orders",
                        "authentication": {"type": "Basic", "username": "shop", "password": "@parameters('dbPassword')"},
                        "headers": {"x-api-key": "CANARY-9f8e7d6c5b4a3210"},
                    }}},
                },
                "parameters": {"dbPassword": {"value": "CANARY-hunter3"}, "stage": {"value": "live"}},
            },
        });
        let mut resource = Resource {
            uid: Uid::from("/subscriptions/s/workflows/w"),
            kind: KindName::from("azure.logic.workflow"),
            provider: Provider::Azure,
            account: AccountId::from("s"),
            region: Region::from("westeurope"),
            service: ServiceName::from("logic"),
            name: "w".to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::from([("workflow".to_owned(), Facet::Known(row))]),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        };
        workflow(&mut resource, &Redactor::new([7; 32]));
        let properties = &resource.facets["workflow"].value().unwrap()["properties"];
        assert!(!properties.to_string().contains("CANARY"), "{properties}");
        let call = &properties["definition"]["actions"]["Call"]["inputs"];
        assert_eq!(call["authentication"]["password"], "@parameters('dbPassword')");
        assert!(Redacted::from_value(&call["headers"]["x-api-key"]).unwrap().detector.is_some());
        assert_eq!(properties["parameters"]["stage"]["value"], "live");
        assert_eq!(resource.relations[0].to.as_str(), "/subscriptions/s/id");

        let failure =
            crate::failure::Failure::malformed(&super::super::insights::DIAGNOSTICS.action, "cut off");
        let unread = failure.facet("workflow");
        resource.facets.insert("workflow".to_owned(), unread.clone());
        workflow(&mut resource, &Redactor::new([7; 32]));
        assert_eq!(resource.facets["workflow"], unread);
    }
}
