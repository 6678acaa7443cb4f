//! Front Door (classic) and the firewall policies of Front Door, which stand in front of apps and gateways.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Kind, Source, any, as_it_is};
use crate::normalise::{elements, relate, text};
use crate::redact::Redactor;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "azure.frontdoor.policy",
        facet: "policy",
        source: Source::Graph {
            type_: "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies",
            keep: any,
        },
        details: &[],
        normalise: as_it_is,
    },
    Kind {
        kind: "azure.frontdoor.frontdoor",
        facet: "frontdoor",
        source: Source::Graph { type_: "Microsoft.Network/frontDoors", keep: any },
        details: &[],
        normalise: front_door,
    },
];

/// Each name that a front door answers to may have a firewall policy of its own.
fn front_door(front_door: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(row)) = front_door.facets.get("frontdoor") else { return };
    let policies = elements(row, "/properties/frontendEndpoints").iter();
    let policies =
        policies.filter_map(|endpoint| text(endpoint, "/properties/webApplicationFirewallPolicyLink/id"));
    for policy in policies.map(str::to_ascii_lowercase).collect::<Vec<String>>() {
        relate(front_door, RelationName::FrontedBy, Some(&policy));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nephoscope_model::{AccountId, Kind as KindName, Provider, Region, ServiceName, Uid};
    use serde_json::{Value, json};

    use super::*;

    fn edges(row: Value) -> Vec<String> {
        let mut resource = Resource {
            uid: Uid::from("/subscriptions/s/frontdoors/f"),
            kind: KindName::from("azure.frontdoor.frontdoor"),
            provider: Provider::Azure,
            account: AccountId::from("s"),
            region: Region::global(),
            service: ServiceName::from("frontdoor"),
            name: "f".to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::from([("frontdoor".to_owned(), Facet::Known(row))]),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        };
        front_door(&mut resource, &Redactor::new([7; 32]));
        resource.relations.iter().map(|relation| relation.to.to_string()).collect()
    }

    #[test]
    fn a_front_door_names_the_firewalls_of_its_endpoints() {
        let link = |id: &str| json!({"properties": {"webApplicationFirewallPolicyLink": {"id": id}}});
        let endpoints =
            json!([link("/Subscriptions/s/Policies/A"), {"properties": {"hostName": "shop.example"}}]);
        let row = json!({"properties": {"frontendEndpoints": endpoints}});
        assert_eq!(edges(row), ["/subscriptions/s/policies/a"]);
        assert_eq!(edges(json!({"properties": {}})), [""; 0]);
    }
}
