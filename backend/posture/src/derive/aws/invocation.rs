//! How a function is invoked, as far as its policies say.

use nephoscope_model::Resource;
use nephoscope_model::invocation::ASYNCHRONOUS;
use serde_json::Value;

use super::policies::Policies;
use crate::derive::reading::Reading;

/// The services that may invoke the function and do not wait for an answer, sorted.
pub(super) fn asynchronous(function: &Resource, policies: &Policies<'_>) -> Reading<Value> {
    let grants = policies.grants(function)?;
    // Logs calls under the name of its region in older permissions.
    let regional = format!("logs.{}.amazonaws.com", function.region);
    let services = ASYNCHRONOUS.into_iter().chain([regional.as_str()]);
    let found =
        services.filter(|service| grants.iter().any(|grant| grant.effective && grant.names_service(service)));
    Ok(found.map(Value::from).collect())
}
