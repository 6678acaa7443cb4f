//! What starts a function, as its policies and mappings show it.

use std::collections::BTreeSet;

use nephoscope_model::invocation::ASYNCHRONOUS;
use serde_json::Value;

use super::super::place::{elements, log_group_arn, text};

/// Where Lambda looks for loops: whatever these deliver can be sent to them again by the function.
const LOOPING: [&str; 3] = ["s3", "sns", "sqs"];

/// True where a statement of the policy lets in a service that invokes asynchronously.
pub(super) fn is_asynchronous(policy: &Value) -> bool {
    statements(policy).any(|statement| {
        let services = statement.pointer("/Principal/Service");
        // Logs calls under the name of its region in older permissions.
        let regional = |service: &str| service.starts_with("logs.") && service.ends_with(".amazonaws.com");
        texts(services).any(|service| ASYNCHRONOUS.contains(&service) || regional(service))
    })
}

/// What the policy names as the source of invocations by services, without patterns. What an API's methods invoke is
/// told by the API.
pub(super) fn sources(policy: &Value) -> BTreeSet<String> {
    let mut sources = BTreeSet::new();
    for statement in statements(policy).filter(|s| text(s, "/Effect") == Some("Allow")) {
        let conditions = statement.get("Condition").and_then(Value::as_object);
        let keys =
            conditions.into_iter().flat_map(|operators| operators.values()).filter_map(Value::as_object);
        let sourced = keys.flatten().filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"));
        for arn in sourced.flat_map(|(_, values)| texts(Some(values))) {
            let arn = log_group_arn(arn).unwrap_or(arn);
            if arn.starts_with("arn:") && !arn.contains(['*', '?', '$']) && service(arn) != "execute-api" {
                sources.insert(arn.to_owned());
            }
        }
    }
    sources
}

/// True where a function that `triggers` start may write to one of them: its settings know the name of the trigger,
/// or send failures and results there.
pub(super) fn may_loop(config: &Value, triggers: &BTreeSet<String>) -> bool {
    let outputs = text(config, "/DeadLetterConfig/TargetArn");
    let variables = config.pointer("/Environment/Variables").and_then(Value::as_object);
    let values = || variables.into_iter().flat_map(|map| map.values()).filter_map(Value::as_str);
    triggers.iter().filter(|arn| LOOPING.contains(&service(arn))).any(|arn| {
        let name = arn.rsplit(':').next().unwrap_or(arn);
        outputs == Some(arn) || values().any(|value| names(value, name))
    })
}

/// True where `value` is the name, or an address or ARN that ends with it.
fn names(value: &str, name: &str) -> bool {
    let before = value.strip_suffix(name);
    before.is_some_and(|before| before.is_empty() || before.ends_with([':', '/']))
}

fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    let single = policy.get("Statement").filter(|statement| statement.is_object());
    elements(policy, "/Statement").iter().chain(single)
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let many = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    many.iter().chain(value.filter(|value| !value.is_array())).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BUCKET: &str = "arn:aws:s3:::uploads";
    const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:orders";

    fn permission(service: &str, source: &str) -> Value {
        json!({"Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "lambda:InvokeFunction",
            "Condition": {"ArnLike": {"AWS:SourceArn": source}},
        }]})
    }

    #[test]
    fn services_that_do_not_wait_are_known() {
        for service in ["s3.amazonaws.com", "events.amazonaws.com", "logs.eu-west-1.amazonaws.com"] {
            assert!(is_asynchronous(&permission(service, BUCKET)), "{service}");
        }
        for service in ["apigateway.amazonaws.com", "cloudformation.amazonaws.com"] {
            assert!(!is_asynchronous(&permission(service, BUCKET)), "{service}");
        }
        assert!(!is_asynchronous(&json!({"Statement": {"Effect": "Allow", "Principal": "*"}})));
    }

    #[test]
    fn sources_are_what_is_named_without_patterns() {
        let of =
            |source: &str| sources(&permission("x.amazonaws.com", source)).into_iter().collect::<Vec<_>>();
        assert_eq!(of(BUCKET), [BUCKET]);
        let group = "arn:aws:logs:eu-west-1:1:log-group:shop";
        assert_eq!(of(&format!("{group}:*")), [group]);
        assert_eq!(of("arn:aws:execute-api:eu-west-1:1:a1/prod/GET/orders"), [""; 0]);
        assert_eq!(of("arn:aws:s3:::*"), [""; 0]);
    }

    #[test]
    fn a_function_may_loop_where_it_knows_its_trigger() {
        let triggers: BTreeSet<String> =
            [QUEUE.to_owned(), "arn:aws:kinesis:e:1:stream/clicks".to_owned()].into();
        let with = |value: &str| json!({"Environment": {"Variables": {"TARGET": value}}});
        for value in ["orders", QUEUE, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"] {
            assert!(may_loop(&with(value), &triggers), "{value}");
        }
        for value in ["reorders", "orders-dead", "clicks", ""] {
            assert!(!may_loop(&with(value), &triggers), "{value}");
        }
        assert!(may_loop(&json!({"DeadLetterConfig": {"TargetArn": QUEUE}}), &triggers));
        assert!(!may_loop(&json!({}), &triggers));
    }
}
