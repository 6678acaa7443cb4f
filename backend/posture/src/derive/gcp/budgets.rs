//! Budgets that tell somebody when the project costs more than was meant.

use nephoscope_model::Resource;
use serde_json::Value;

use super::callers::is_project;
use super::project::Project;
use crate::derive::reading::{Reading, elements, list, merged, text};

/// The names of the budgets that cover the project and warn at some threshold.
///
/// Budgets name projects by number: that none covers this one is only known where its number is.
pub(super) fn alerts(resource: &Resource, project: &Project) -> Reading<Value> {
    let budgets = elements(resource, "budgets", "budgets")?;
    let (mut found, mut doubts) = (Vec::new(), Vec::new());
    for budget in budgets.iter().filter(|budget| !list(budget, "thresholdRules").is_empty()) {
        match covers(budget, project) {
            Ok(true) => {
                found.extend(text(budget, "displayName").or_else(|| text(budget, "name")).map(str::to_owned));
            }
            Ok(false) => {}
            Err(unread) => doubts.extend(unread),
        }
    }
    if found.is_empty() && !doubts.is_empty() { Err(merged(doubts)) } else { Ok(found.into()) }
}

/// Whether the budget is one of all projects, or names this one.
fn covers(budget: &Value, project: &Project) -> Reading<bool> {
    let named = budget.get("budgetFilter").map_or(&[][..], |filter| list(filter, "projects"));
    let named = named.iter().filter_map(Value::as_str).map(|name| name.trim_start_matches("projects/"));
    let own: Vec<Reading<bool>> = named.map(|name| is_project(name, project)).collect();
    if own.is_empty() || own.contains(&Ok(true)) {
        return Ok(true);
    }
    own.into_iter().find(Result::is_err).unwrap_or(Ok(false))
}
