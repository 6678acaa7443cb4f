//! Budgets that tell somebody when the project costs more than was meant.

use nephoscope_model::Resource;
use serde_json::Value;

use super::project::Project;
use crate::derive::reading::{Reading, elements, list, text};

/// The names of the budgets that cover the project and warn at some threshold.
pub(super) fn alerts(resource: &Resource, project: &Project) -> Reading<Value> {
    let budgets = elements(resource, "budgets", "budgets")?;
    let covers = |budget: &&Value| {
        let named = budget.get("budgetFilter").map_or(&[][..], |filter| list(filter, "projects"));
        let own = |name: &str| {
            let name = name.strip_prefix("projects/").unwrap_or_default();
            name == project.id || project.number.as_deref() == Some(name)
        };
        named.is_empty() || named.iter().filter_map(Value::as_str).any(own)
    };
    let warns = |budget: &&Value| !list(budget, "thresholdRules").is_empty();
    let name =
        |budget: &Value| text(budget, "displayName").or_else(|| text(budget, "name")).map(str::to_owned);
    let found: Vec<String> = budgets.iter().filter(covers).filter(warns).filter_map(name).collect();
    Ok(found.into())
}
