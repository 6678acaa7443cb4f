//! Who would hear of it if functions ran up a bill: budgets and anomaly monitors that cover Lambda and tell somebody.

use jiff::Timestamp;
use nephoscope_model::Resource;
use serde_json::{Value, json};

use crate::derive::reading::{Reading, elements, facet, list, merged, text};

/// What functions are billed as.
const SERVICE: &str = "AWS Lambda";

/// `type` and `name` of each budget and monitor that covers the account's functions and alarms somebody.
///
/// One witness suffices; that there is none takes every answer.
pub(super) fn alerts(resource: &Resource, instant: Timestamp) -> Reading<Value> {
    let account = resource.account.as_str();
    let (mut found, mut reasons) = (Vec::new(), Vec::new());
    for part in [budgets(resource, account, instant), monitors(resource, account)] {
        match part {
            Ok(part) => found.extend(part),
            Err(unread) => reasons.extend(unread),
        }
    }
    if found.is_empty() && !reasons.is_empty() { Err(merged(reasons)) } else { Ok(Value::Array(found)) }
}

fn budgets(resource: &Resource, account: &str, instant: Timestamp) -> Reading<Vec<Value>> {
    let budgets = elements(resource, "budgets", "Budgets")?;
    let notifications = elements(resource, "notifications", "BudgetNotificationsForAccount")?;
    let alarms = |name: &str| {
        notifications
            .iter()
            .any(|entry| text(entry, "BudgetName") == Some(name) && !list(entry, "Notifications").is_empty())
    };
    let covers = |budget: &&Value| {
        matches!(text(budget, "BudgetType"), Some("COST" | "USAGE"))
            && !has_ended(budget, instant)
            && filters_admit(budget.get("CostFilters"), account)
            && budget.get("FilterExpression").is_none_or(|filter| admits(filter, account))
    };
    let names = budgets.iter().filter(covers).filter_map(|budget| text(budget, "BudgetName"));
    Ok(names.filter(|name| alarms(name)).map(|name| json!({"type": "budget", "name": name})).collect())
}

/// The end is written in seconds since 1970.
fn has_ended(budget: &Value, instant: Timestamp) -> bool {
    let end = budget.pointer("/TimePeriod/End").and_then(Value::as_f64);
    end.is_some_and(|end| end < instant.as_second() as f64)
}

/// A budget's older filters: a list of values for each dimension. All of them must admit what functions cost.
fn filters_admit(filters: Option<&Value>, account: &str) -> bool {
    let filters = filters.and_then(Value::as_object).into_iter().flatten();
    filters.into_iter().all(|(dimension, values)| admits_dimension(dimension, values, account))
}

/// Whether a filter expression lets through what the account's functions cost.
fn admits(filter: &Value, account: &str) -> bool {
    let Some(fields) = filter.as_object() else { return filter.is_null() };
    fields.iter().all(|(operator, operand)| match (operator.as_str(), operand) {
        ("And", Value::Array(all)) => all.iter().all(|filter| admits(filter, account)),
        ("Or", Value::Array(any)) => any.iter().any(|filter| admits(filter, account)),
        ("Not", excluded) => !touches(excluded, account),
        ("Dimensions", dimension) => {
            let key = text(dimension, "Key").unwrap_or_default();
            admits_dimension(key, dimension.get("Values").unwrap_or(&Value::Null), account)
        }
        // A tag or a category covers what carries it, and nobody can tell from here that all functions do.
        _ => false,
    })
}

/// Whether an excluded part may hold what functions cost: then what is left does not certainly hold it.
fn touches(excluded: &Value, account: &str) -> bool {
    let dimension = excluded.get("Dimensions");
    let key = dimension.and_then(|dimension| text(dimension, "Key"));
    match (key, dimension.and_then(|dimension| dimension.get("Values"))) {
        // Credits, refunds and taxes are no spending of functions.
        (Some("RECORD_TYPE"), _) => false,
        (Some(key), Some(values)) => admits_dimension(key, values, account),
        _ => true,
    }
}

fn admits_dimension(dimension: &str, values: &Value, account: &str) -> bool {
    let has =
        |wanted: &str| values.as_array().into_iter().flatten().any(|value| value.as_str() == Some(wanted));
    match dimension.to_ascii_uppercase().replace('_', "").as_str() {
        "SERVICE" => has(SERVICE),
        "LINKEDACCOUNT" => has(account),
        "RECORDTYPE" => true,
        _ => false,
    }
}

fn monitors(resource: &Resource, account: &str) -> Reading<Vec<Value>> {
    // Nobody asked for monitors where a budget over everything alarms somebody.
    facet(resource, "monitors")?;
    let monitors = elements(resource, "monitors", "AnomalyMonitors")?;
    let subscriptions = elements(resource, "subscriptions", "AnomalySubscriptions")?;
    let alarms = |arn: &str| {
        subscriptions.iter().any(|subscription| {
            list(subscription, "MonitorArnList").iter().any(|monitor| monitor.as_str() == Some(arn))
                && list(subscription, "Subscribers")
                    .iter()
                    .any(|subscriber| text(subscriber, "Status") != Some("DECLINED"))
        })
    };
    let covers = |monitor: &&Value| match text(monitor, "MonitorType") {
        Some("DIMENSIONAL") => {
            matches!(text(monitor, "MonitorDimension"), Some("SERVICE" | "LINKED_ACCOUNT"))
        }
        _ => monitor.get("MonitorSpecification").is_some_and(|filter| admits(filter, account)),
    };
    let covering = monitors.iter().filter(covers);
    let alarming = covering.filter(|monitor| text(monitor, "MonitorArn").is_some_and(alarms));
    let names = alarming.filter_map(|monitor| text(monitor, "MonitorName"));
    Ok(names.map(|name| json!({"type": "anomaly_monitor", "name": name})).collect())
}
