//! Variables that make a runtime load code before the function's own.
//!
//! Values are never kept. Of these few variables is kept that they load something, and whose wrapper it is where that
//! is a published one, because whoever may set them runs code with the function's role.

use serde_json::{Value, json};

/// What each variable loads: always, or only where its value holds one of these options.
const LOADERS: [(&str, &[&str]); 11] = [
    ("AWS_LAMBDA_EXEC_WRAPPER", &[]),
    ("BASH_ENV", &[]),
    ("DOTNET_STARTUP_HOOKS", &[]),
    ("JAVA_TOOL_OPTIONS", &["-javaagent:", "-agentpath:", "-agentlib:"]),
    ("LD_AUDIT", &[]),
    ("LD_PRELOAD", &[]),
    ("NODE_OPTIONS", &["--require", "-r", "--import", "--loader", "--experimental-loader"]),
    ("PERL5OPT", &["-M", "-m"]),
    ("PYTHONSTARTUP", &[]),
    ("RUBYOPT", &["-r"]),
    ("_JAVA_OPTIONS", &["-javaagent:", "-agentpath:", "-agentlib:"]),
];

/// Where published layers put what their own instructions tell to load, and whose they are.
const PUBLISHED: [(&str, &str); 12] = [
    // https://aws-otel.github.io/docs/getting-started/lambda
    ("/opt/otel-handler", "AWS Distro for OpenTelemetry"),
    ("/opt/otel-instrument", "AWS Distro for OpenTelemetry"),
    ("/opt/otel-proxy-handler", "AWS Distro for OpenTelemetry"),
    ("/opt/otel-stream-handler", "AWS Distro for OpenTelemetry"),
    ("/opt/otel-sqs-handler", "AWS Distro for OpenTelemetry"),
    // https://github.com/awslabs/aws-lambda-web-adapter
    ("/opt/bootstrap", "AWS Lambda Web Adapter"),
    // https://docs.datadoghq.com/serverless/aws_lambda/installation/
    ("/opt/datadog_wrapper", "Datadog"),
    // https://docs.dynatrace.com/docs/ingest-from/amazon-web-services/integrate-into-aws/aws-lambda-integration
    ("/opt/dynatrace", "Dynatrace OneAgent"),
    // https://docs.lumigo.io/docs/lambda-layers
    ("/opt/lumigo_wrapper", "Lumigo"),
    // https://docs.newrelic.com/docs/serverless-function-monitoring/aws-lambda-monitoring/
    ("/opt/newrelic-java-handler", "New Relic"),
    // https://docs.sentry.io/platforms/javascript/guides/aws-lambda/install/layer/
    ("@sentry/aws-serverless/awslambda-auto", "Sentry"),
    // https://docs.sentry.io/platforms/javascript/guides/aws-lambda/install/layer/
    ("@sentry/serverless/dist/awslambda-auto", "Sentry"),
];

/// The variables of `config` that load code, by name; none where there are none.
pub(super) fn loaders(config: &Value) -> Option<Value> {
    let variables = config.pointer("/Environment/Variables").and_then(Value::as_object)?;
    let found: Vec<Value> = LOADERS
        .iter()
        .filter_map(|(name, options)| {
            let value = variables.get(*name).and_then(Value::as_str).filter(|value| !value.is_empty())?;
            loads(value, options).then(|| json!({"Name": name, "Publisher": publisher(value, options)}))
        })
        .collect();
    (!found.is_empty()).then(|| json!({ "Variables": found }))
}

fn loads(value: &str, options: &[&str]) -> bool {
    options.is_empty() || value.split_whitespace().any(|word| option(word, options).is_some())
}

/// The option that the word begins with. What a short one loads may follow at once, what a long one loads after `=`.
fn option<'a>(word: &str, options: &[&'a str]) -> Option<&'a str> {
    let begins = |option: &&&str| match word.strip_prefix(**option) {
        Some(rest) => {
            option.ends_with(':') || !option.starts_with("--") || rest.is_empty() || rest.starts_with('=')
        }
        None => false,
    };
    options.iter().find(begins).copied()
}

/// Whose wrapper the value is, where all that it loads is published by one.
fn publisher(value: &str, options: &[&str]) -> Option<&'static str> {
    let loaded: Vec<&str> = if options.is_empty() {
        value.split([':', ' ']).filter(|part| !part.is_empty()).collect()
    } else {
        let mut words = value.split_whitespace();
        let mut loaded = Vec::new();
        while let Some(word) = words.next() {
            if let Some(option) = option(word, options) {
                let rest = word[option.len()..].trim_start_matches('=');
                loaded.push(if rest.is_empty() { words.next().unwrap_or_default() } else { rest });
            }
        }
        loaded
    };
    let owner = |part: &&str| PUBLISHED.iter().find(|(path, _)| part == path).map(|(_, owner)| *owner);
    let owners: Option<Vec<&str>> = loaded.iter().map(owner).collect();
    owners?.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Value {
        loaders(&json!({"Environment": {"Variables": {name: value}}})).unwrap_or_default()
    }

    #[test]
    fn what_loads_code_is_named_and_its_value_is_not() {
        for (name, value) in [
            ("AWS_LAMBDA_EXEC_WRAPPER", "/tmp/CANARY"),
            ("LD_PRELOAD", "/var/task/CANARY.so"),
            ("NODE_OPTIONS", "--enable-source-maps --require /tmp/CANARY.js"),
            ("NODE_OPTIONS", "--import=/tmp/CANARY.mjs"),
            ("NODE_OPTIONS", "-r CANARY"),
            ("JAVA_TOOL_OPTIONS", "-Xmx512m -javaagent:/tmp/CANARY.jar"),
            ("RUBYOPT", "-rCANARY"),
        ] {
            assert_eq!(of(name, value), json!({"Variables": [{"Name": name, "Publisher": null}]}), "{value}");
        }
    }

    #[test]
    fn tuning_loads_nothing() {
        for (name, value) in [
            ("NODE_OPTIONS", "--enable-source-maps --max-old-space-size=512"),
            ("NODE_OPTIONS", "--redirect-warnings=/tmp/w"),
            ("JAVA_TOOL_OPTIONS", "-XX:+TieredCompilation -XX:TieredStopAtLevel=1"),
            ("LD_PRELOAD", ""),
            ("STAGE", "/tmp/x"),
        ] {
            assert_eq!(of(name, value), Value::Null, "{value}");
        }
        assert_eq!(loaders(&json!({})), None);
    }

    #[test]
    fn published_wrappers_are_told_from_others() {
        let publisher = |name: &str, value: &str| of(name, value)["Variables"][0]["Publisher"].clone();
        assert_eq!(publisher("AWS_LAMBDA_EXEC_WRAPPER", "/opt/datadog_wrapper"), "Datadog");
        assert_eq!(publisher("NODE_OPTIONS", "-r @sentry/serverless/dist/awslambda-auto"), "Sentry");
        assert_eq!(publisher("NODE_OPTIONS", "-r @sentry/serverless/dist/awslambda-auto -r x"), Value::Null);
        assert_eq!(publisher("AWS_LAMBDA_EXEC_WRAPPER", "/opt/datadog_wrapper2"), Value::Null);
    }
}
