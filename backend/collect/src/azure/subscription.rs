//! The subscription itself: what becomes of its activity log, who is told of changes and of costs, and what Defender
//! watches.

use nephoscope_model::{Facet, Resource};
use serde_json::Value;

use super::insights::diagnostics;
use super::kind::{Detail, Kind, NEXT, Source};
use super::quota::READS;
use crate::normalise::without;
use crate::redact::Redactor;
use crate::rest::{Action, List};

static PLANS: List =
    Action::new("Microsoft.Security/pricings/read", &READS).version("2024-01-01").list("value", NEXT);
static BUDGETS: List =
    Action::new("Microsoft.Consumption/budgets/read", &READS).version("2024-08-01").list("value", NEXT);
static ALERTS: List = Action::new("Microsoft.Insights/activityLogAlerts/read", &READS)
    .version("2020-10-01")
    .list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "azure.subscription",
    facet: "subscription",
    source: Source::Itself,
    details: &[
        diagnostics("activity"),
        Detail::all("defender", &PLANS, "/providers/Microsoft.Security/pricings"),
        Detail::all("budgets", &BUDGETS, "/providers/Microsoft.Consumption/budgets"),
        Detail::all("activity_alerts", &ALERTS, "/providers/Microsoft.Insights/activityLogAlerts"),
    ],
    normalise: subscription,
}];

/// Drops what changes from day to day: how much of a budget is spent, and how long a trial still runs.
fn subscription(subscription: &mut Resource, _redactor: &Redactor) {
    for (facet, fields) in [
        ("budgets", ["currentSpend", "forecastSpend"].as_slice()),
        ("defender", ["freeTrialRemainingTime"].as_slice()),
    ] {
        let Some(Facet::Known(list)) = subscription.facets.get_mut(facet) else { continue };
        for item in list.get_mut("value").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(properties) = item.get_mut("properties") {
                fields.iter().for_each(|field| without(properties, field));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind::tests::resource;
    use super::*;

    #[test]
    fn what_changes_by_itself_is_no_drift() {
        let mut one =
            resource("azure.subscription", "/subscriptions/1", "subscription", json!({"state": "Enabled"}));
        let budget = json!({"name": "monthly", "properties": {"amount": 100, "currentSpend": {"amount": 7}, "forecastSpend": {"amount": 9}}});
        let plan = json!({"name": "AppServices", "properties": {"pricingTier": "Standard", "freeTrialRemainingTime": "P3D"}});
        one.facets.insert("budgets".to_owned(), Facet::Known(json!({"value": [budget]})));
        one.facets.insert("defender".to_owned(), Facet::Known(json!({"value": [plan]})));
        subscription(&mut one, &Redactor::new([0; 32]));
        let value = |facet: &str| one.facets[facet].value().unwrap()["value"][0]["properties"].clone();
        assert_eq!(value("budgets"), json!({"amount": 100}));
        assert_eq!(value("defender"), json!({"pricingTier": "Standard"}));
    }
}
