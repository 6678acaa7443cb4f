//! Budgets and cost anomaly monitors: who hears of it when spending gets out of hand.
//!
//! One resource an account, whether there are budgets or not, and two calls in bulk. Cost Explorer, which bills its
//! requests, is only asked (twice) where no budget over all spending raises an alarm.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, Home, List};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, elements, put, text, without};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Global;
pub(super) const ACTIONS: &[&Action] =
    &[&BUDGETS.action, &NOTIFICATIONS.action, &MONITORS.action, &SUBSCRIPTIONS.action];
/// What was spent, and whether it was too much: that changes every day, and nobody configured it.
pub(super) const VOLATILE: &[Path] = &[
    "budgets/Budgets/*/CalculatedSpend",
    "budgets/Budgets/*/HealthStatus",
    "budgets/Budgets/*/LastUpdatedTime",
    "notifications/BudgetNotificationsForAccount/*/Notifications/*/NotificationState",
    "monitors/AnomalyMonitors/*/DimensionalValueCount",
    "monitors/AnomalyMonitors/*/LastEvaluatedDate",
];

static API: Api =
    Api::json("Budgets", "budgets", "1.1", "AWSBudgetServiceGateway", &quota::BUDGETS).at(Home::Global);
static BUDGETS: List =
    API.list("budgets:DescribeBudgets", "Budgets").allowed_by("budgets:ViewBudget").may_lack_items();
static NOTIFICATIONS: List = API
    .list("budgets:DescribeBudgetNotificationsForAccount", "BudgetNotificationsForAccount")
    .allowed_by("budgets:ViewBudget")
    .may_lack_items();

static EXPLORER: Api =
    Api::json("Cost Explorer", "ce", "1.1", "AWSInsightsIndexService", &quota::COST_EXPLORER)
        .at(Home::FirstRegion);
static MONITORS: List =
    EXPLORER.list("ce:GetAnomalyMonitors", "AnomalyMonitors").paged("NextPageToken", "NextPageToken");
static SUBSCRIPTIONS: List = EXPLORER
    .list("ce:GetAnomalySubscriptions", "AnomalySubscriptions")
    .paged("NextPageToken", "NextPageToken");

type Answer = Result<Vec<Value>, Failure>;

struct Replies {
    budgets: Answer,
    notifications: Answer,
    /// Monitors and subscriptions, where they were asked for.
    anomalies: Option<(Answer, Answer)>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let replies = fetch(reader).await;
    let anomalies = replies.anomalies.iter().flat_map(|(monitors, subscriptions)| [monitors, subscriptions]);
    let answers = [&replies.budgets, &replies.notifications].into_iter().chain(anomalies);
    let listings = answers.map(|answer| answer.as_ref().err().cloned()).collect();
    Outcome { resources: vec![normalise(&reader.place, replies)], listings }
}

async fn fetch(reader: &Reader) -> Replies {
    let of_account = || Request::call().field("AccountId", reader.place.account.as_str());
    let (budgets, notifications) = tokio::join!(
        reader.list(&BUDGETS, None, of_account().field("ShowFilterExpression", true)),
        reader.list(&NOTIFICATIONS, None, of_account())
    );
    let (budgets, notifications) = (budgets.whole(), notifications.whole());
    let watched = matches!((&budgets, &notifications), (Ok(b), Ok(n)) if is_everything_watched(b, n));
    let anomalies = if watched {
        None
    } else {
        let (monitors, subscriptions) = tokio::join!(
            reader.list(&MONITORS, None, Request::call()),
            reader.list(&SUBSCRIPTIONS, None, Request::call())
        );
        Some((monitors.whole(), subscriptions.whole()))
    };
    Replies { budgets, notifications, anomalies }
}

/// True where a budget without any filter raises an alarm: then the monitors cannot change a verdict.
fn is_everything_watched(budgets: &[Value], notifications: &[Value]) -> bool {
    let is_empty = |value: Option<&Value>| {
        value.is_none_or(|filter| {
            filter.is_null() || filter.as_object().is_some_and(|fields| fields.is_empty())
        })
    };
    let everything = budgets.iter().filter(|budget| {
        text(budget, "/BudgetType") == Some("COST")
            && is_empty(budget.get("CostFilters"))
            && is_empty(budget.get("FilterExpression"))
    });
    let alarming = |name: &str| {
        notifications.iter().any(|entry| {
            text(entry, "/BudgetName") == Some(name) && !elements(entry, "/Notifications").is_empty()
        })
    };
    everything.filter_map(|budget| text(budget, "/BudgetName")).any(alarming)
}

fn normalise(place: &Place, replies: Replies) -> Resource {
    let uid = format!("arn:{}:budgets::{}:alerts", place.partition, place.account);
    let mut resource = place.resource("aws.budgets.alerts", &uid, "Budgets and cost anomaly alerts");
    let under = |name: &str, answer: Answer| answer.map(|items| Some(json!({ name: items })));
    put(&mut resource, "budgets", under("Budgets", replies.budgets));
    put(&mut resource, "notifications", under("BudgetNotificationsForAccount", replies.notifications));
    if let Some((monitors, subscriptions)) = replies.anomalies {
        let subscriptions = subscriptions.map(|items| items.into_iter().map(without_addresses).collect());
        put(&mut resource, "monitors", under("AnomalyMonitors", monitors));
        put(&mut resource, "subscriptions", under("AnomalySubscriptions", subscriptions));
    }
    resource
}

/// Whose mailbox it is does not matter here, only that there is one.
fn without_addresses(mut subscription: Value) -> Value {
    let subscribers = subscription.get_mut("Subscribers").and_then(Value::as_array_mut);
    subscribers.into_iter().flatten().for_each(|subscriber| without(subscriber, "Address"));
    subscription
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn only_a_budget_over_everything_with_an_alarm_spares_the_question() {
        let budget =
            |filters: Value| json!({"BudgetName": "all", "BudgetType": "COST", "CostFilters": filters});
        let alarm = [json!({"BudgetName": "all", "Notifications": [{"Threshold": 80.0}]})];
        assert!(is_everything_watched(&[budget(json!({}))], &alarm));
        assert!(!is_everything_watched(&[budget(json!({"Service": ["AWS Lambda"]}))], &alarm));
        assert!(!is_everything_watched(&[budget(json!({}))], &[]));
        let silent = [json!({"BudgetName": "all", "Notifications": []})];
        assert!(!is_everything_watched(&[budget(json!({}))], &silent));
        assert!(!is_everything_watched(&[], &alarm));
    }

    #[test]
    fn addresses_are_dropped_and_what_was_not_asked_has_no_facet() {
        let place = Place::example("budgets");
        let subscription = json!({"Subscribers": [{"Address": "a@shop.example", "Type": "EMAIL"}]});
        let anomalies = Some((Ok(vec![]), Ok(vec![subscription])));
        let replies = Replies { budgets: Ok(vec![]), notifications: Ok(vec![]), anomalies };
        let resource = normalise(&place, replies);
        assert_eq!(resource.uid.as_str(), "arn:aws:budgets::123456789012:alerts");
        let kept = json!({"AnomalySubscriptions": [{"Subscribers": [{"Type": "EMAIL"}]}]});
        assert_eq!(resource.facets["subscriptions"], Facet::Known(kept));

        let replies = Replies { budgets: Ok(vec![]), notifications: Ok(vec![]), anomalies: None };
        assert!(!normalise(&place, replies).facets.contains_key("monitors"));
    }
}
