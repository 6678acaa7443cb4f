//! Settings and labels of a resource that look like secrets, told apart.

use nephoscope_model::Resource;
use serde_json::Value;

use crate::derive::reading::Reading;
use crate::derive::secrets::secrets;

/// Those secrets of the facet that stand under its `field`, in path order.
pub(super) fn under(resource: &Resource, facet: &str, field: &str) -> Reading<Value> {
    let prefix = format!("{facet}.{field}");
    let mut found = secrets(resource, facet)?;
    if let Value::Array(found) = &mut found {
        found.retain(|secret| {
            let below = secret["path"].as_str().and_then(|path| path.strip_prefix(&prefix));
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
    }
    Ok(found)
}
