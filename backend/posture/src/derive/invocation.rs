//! How a function is invoked, as far as its policies say.

use nephoscope_model::Resource;
use serde_json::Value;

use super::policies::Policies;
use super::reading::Reading;

/// Services that hand over an event and do not wait for what becomes of it. Others that invoke asynchronously, such as
/// CloudFormation and Config, notice by themselves when no answer comes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html>
const ASYNCHRONOUS: [&str; 8] = [
    "codecommit.amazonaws.com",
    "events.amazonaws.com",
    "iot.amazonaws.com",
    "lambda.alarms.cloudwatch.amazonaws.com",
    "logs.amazonaws.com",
    "s3.amazonaws.com",
    "ses.amazonaws.com",
    "sns.amazonaws.com",
];

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
