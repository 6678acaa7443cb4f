//! API keys: how many a project has, and whether one could spend on models.

use nephoscope_model::Fact;
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, fact, reason, text};

/// The Gemini API, which takes keys.
const MODELS: &str = "generativelanguage.googleapis.com";

/// The facts of a key.
pub(super) fn facts(map: &Map<'_>) -> Vec<(&'static str, Fact)> {
    vec![("model_api", fact(has_models(map)))]
}

/// The uids of the project's keys. That there are none is only known where they were listed.
pub(super) fn keys(map: &Map<'_>) -> Reading<Value> {
    let keys = map.kind("gcp.apikeys.key");
    if keys.is_empty() {
        map.listed("apikeys", None)?;
    }
    Ok(keys.iter().map(|&position| map.held(position).uid().as_str()).collect())
}

/// Whether the API is switched on.
fn has_models(map: &Map<'_>) -> Reading<bool> {
    let position = map.kind("gcp.project").first().ok_or_else(|| reason("project", "NotCollected"))?;
    let project = map.held(*position).open_only(&["services"]);
    let services = elements(&project, "services", "services")?;
    Ok(services.iter().any(|service| {
        let name = text(service, "name").unwrap_or_default();
        let on = text(service, "state").is_none_or(|state| state == "ENABLED");
        on && name.rsplit('/').next() == Some(MODELS)
    }))
}
