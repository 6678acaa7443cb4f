//! Service Bus: namespaces with who reaches them, which rules hold keys, and what is kept of their logs.

use super::eventhub::has_network_rules;
use super::insights::diagnostics;
use super::kind::{Detail, Kind, NEXT, Source, any, as_it_is};
use super::quota::READS;
use crate::rest::{Action, List};

const VERSION: &str = "2026-01-01";

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
