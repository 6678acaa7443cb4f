//! Whose code a function loads as layers.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::vendors;
use crate::derive::reading::{Reading, list, malformed, reason, required, text};

/// Layers whose account is neither the function's own nor a known vendor's.
pub(super) fn foreign(function: &Resource) -> Reading<Value> {
    let mut foreign = Vec::new();
    for arn in arns(required(function, "config")?)? {
        let account = arn.split(':').nth(4).ok_or_else(|| malformed("config"))?;
        if account != function.account.as_str() && !vendors::publishes_layers(account) {
            foreign.push(json!({ "arn": arn, "account": account }));
        }
    }
    Ok(Value::Array(foreign))
}

/// Whether the extension of CloudWatch Lambda Insights is loaded. What a container image carries cannot be seen.
pub(super) fn insights(function: &Resource) -> Reading<bool> {
    let config = required(function, "config")?;
    if text(config, "PackageType") == Some("Image") {
        return Err(reason("config", "NotCollected"));
    }
    let name =
        |arn: &&str| arn.split(':').nth(6).is_some_and(|name| name.starts_with("LambdaInsightsExtension"));
    Ok(arns(config)?.iter().any(name))
}

fn arns(config: &Value) -> Reading<Vec<&str>> {
    list(config, "Layers").iter().map(|layer| text(layer, "Arn").ok_or_else(|| malformed("config"))).collect()
}
