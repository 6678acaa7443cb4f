//! Cloud Monitoring: alert policies, and whom they tell.

use nephoscope_model::{Facet, Resource};

use super::kind::{Kind, Source};
use super::quota;
use crate::normalise::without;
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "monitoring.googleapis.com";

static POLICIES: List = Action::new("monitoring.alertPolicies.list", &quota::OTHERS)
    .at(HOST)
    .list("alertPolicies", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.monitoring.alertpolicy",
    facet: "alert_policy",
    host: HOST,
    source: Source::Assets {
        type_: "monitoring.googleapis.com/AlertPolicy",
        list: Some(&POLICIES),
        path: "/v3/projects/{project}/alertPolicies",
    },
    policy: None,
    details: &[],
    normalise,
}];

fn normalise(policy: &mut Resource, _redactor: &Redactor) {
    let Some(Facet::Known(config)) = policy.facets.get_mut("alert_policy") else { return };
    // Who did it and when is no part of how it is.
    without(config, "creationRecord");
    without(config, "mutationRecord");
    if let Some(name) = config.get("displayName").and_then(serde_json::Value::as_str) {
        policy.name = name.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn a_policy_goes_by_the_name_that_people_gave_it() {
        let facet = json!({"displayName": "Owners", "enabled": true, "mutationRecord": {"mutatedBy": "ada@example.com"}});
        let mut policy = resource("gcp.monitoring.alertpolicy", "alert_policy", facet);
        normalise(&mut policy, &Redactor::new([1; 32]));
        assert_eq!(policy.name, "Owners");
        assert!(policy.facets["alert_policy"].value().unwrap().get("mutationRecord").is_none());
    }
}
