//! How functions are invoked, as far as providers document it.

/// Services of AWS that hand over an event and do not wait for what becomes of it. Others that invoke asynchronously,
/// such as CloudFormation and Config, notice by themselves when no answer comes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html>
pub const ASYNCHRONOUS: [&str; 8] = [
    "codecommit.amazonaws.com",
    "events.amazonaws.com",
    "iot.amazonaws.com",
    "lambda.alarms.cloudwatch.amazonaws.com",
    "logs.amazonaws.com",
    "s3.amazonaws.com",
    "ses.amazonaws.com",
    "sns.amazonaws.com",
];
