//! Azure Monitor: where functions send what they measure, without the keys to send it with, and where logs are kept.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Detail, Kind, NEXT, Source, any};
use super::quota::READS;
use crate::normalise::{relate, text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List};

pub(super) static DIAGNOSTICS: List = Action::new("Microsoft.Insights/diagnosticSettings/read", &READS)
    .version("2021-05-01-preview")
    .list("value", NEXT);

/// The diagnostic settings of a resource: which of its logs are kept, and where.
pub(super) const fn diagnostics(facet: &'static str) -> Detail {
    Detail::all(facet, &DIAGNOSTICS, "/providers/Microsoft.Insights/diagnosticSettings")
}

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.insights.component",
    facet: "component",
    source: Source::Graph { type_: "Microsoft.Insights/components", keep: any },
    details: &[],
    normalise: component,
}];

fn component(component: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(value)) = component.facets.get_mut("component") else { return };
    if let Some(properties) = value.get_mut("properties") {
        ["ConnectionString", "HockeyAppToken", "InstrumentationKey"]
            .into_iter()
            .for_each(|field| without(properties, field));
    }
    let workspace = text(value, "/properties/WorkspaceResourceId").map(str::to_ascii_lowercase);
    relate(component, RelationName::LogsTo, workspace.as_deref());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind::tests::resource;
    use super::*;

    #[test]
    fn a_component_loses_its_keys_and_keeps_its_workspace() {
        let workspace =
            "/subscriptions/1/resourceGroups/Shop/providers/Microsoft.OperationalInsights/workspaces/Logs";
        let value = json!({"properties": {
            "InstrumentationKey": "CANARY-1", "ConnectionString": "InstrumentationKey=CANARY-1", "HockeyAppToken": "CANARY-2",
            "DisableLocalAuth": true, "WorkspaceResourceId": workspace,
        }});
        let mut one = resource("azure.insights.component", "/c", "component", value);
        component(&mut one, &Redactor::new([0; 32]));
        let kept = one.facets["component"].value().unwrap();
        assert!(
            !kept.to_string().contains("CANARY") && kept["properties"]["DisableLocalAuth"] == true,
            "{kept}"
        );
        assert_eq!(one.relations[0].to.as_str(), workspace.to_lowercase());
    }
}
