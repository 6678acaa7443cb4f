//! Event Hubs: namespaces with who reaches them and what is kept of their logs.

use nephoscope_model::{Facet, Resource};

use super::insights::diagnostics;
use super::kind::{Detail, Kind, Source, any, as_it_is};
use super::quota::READS;
use crate::normalise::text;
use crate::rest::Action;

static NETWORK_RULES: Action =
    Action::new("Microsoft.EventHub/namespaces/networkRuleSets/read", &READS).version("2026-01-01");

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.eventhub.namespace",
    facet: "hubs",
    source: Source::Graph { type_: "Microsoft.EventHub/namespaces", keep: any },
    details: &[
        Detail::one("network_rules", &NETWORK_RULES, "/networkRuleSets/default").when(has_network_rules),
        diagnostics("diagnostics"),
    ],
    normalise: as_it_is,
}];

/// The Basic tier lets everybody knock, of Event Hubs and of Service Bus.
pub(super) fn has_network_rules(namespace: &Resource) -> bool {
    let mut known = namespace.facets.values().filter_map(Facet::value);
    known.find_map(|row| text(row, "/sku/tier")) != Some("Basic")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind::tests::resource;
    use super::*;

    #[test]
    fn the_basic_tier_is_not_asked_for_network_rules() {
        let of =
            |tier: &str| resource("azure.eventhub.namespace", "/n", "hubs", json!({"sku": {"tier": tier}}));
        assert!(!has_network_rules(&of("Basic")));
        assert!(has_network_rules(&of("Premium")));
        assert!(has_network_rules(&resource("azure.servicebus.namespace", "/n", "bus", json!({}))));
    }
}
