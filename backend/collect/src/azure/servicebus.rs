//! Service Bus: namespaces with who reaches them, which rules hold keys, and what is kept of their logs.

use nephoscope_model::{Facet, Resource};

use super::insights::diagnostics;
use super::kind::{Detail, Kind, Source, any, as_it_is};
use super::quota::READS;
use crate::normalise::text;
use crate::rest::{Action, List, Pages};

const VERSION: &str = "2026-01-01";
const NEXT: Pages = Pages::Link("nextLink");

static NETWORK_RULES: Action =
    Action::new("Microsoft.ServiceBus/namespaces/networkRuleSets/read", &READS).version(VERSION);
static RULES: List = Action::new("Microsoft.ServiceBus/namespaces/authorizationRules/read", &READS)
    .version(VERSION)
    .list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.servicebus.namespace",
    facet: "bus",
    source: Source::Graph { type_: "Microsoft.ServiceBus/namespaces", keep: any },
    details: &[
        Detail::one("network_rules", &NETWORK_RULES, "/networkRuleSets/default").when(has_network_rules),
        Detail::all("rules", &RULES, "/AuthorizationRules"),
        diagnostics("diagnostics"),
    ],
    normalise: as_it_is,
}];

/// The Basic tier lets everybody knock.
fn has_network_rules(namespace: &Resource) -> bool {
    let row = namespace.facets.get("bus").and_then(Facet::value);
    row.and_then(|row| text(row, "/sku/tier")) != Some("Basic")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind::tests::resource;
    use super::*;

    #[test]
    fn the_basic_tier_is_not_asked_for_network_rules() {
        let of =
            |tier: &str| resource("azure.servicebus.namespace", "/n", "bus", json!({"sku": {"tier": tier}}));
        assert!(!has_network_rules(&of("Basic")));
        assert!(has_network_rules(&of("Standard")));
        assert!(has_network_rules(&resource("azure.servicebus.namespace", "/n", "bus", json!({}))));
    }
}
