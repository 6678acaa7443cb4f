//! What the definition of a workflow lets happen: fan-out without end, calls to addresses and resources that the
//! execution's input names.

mod input;

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::grants::Grant;
use crate::derive::reading::{Reading, list, required, text};
use input::Step;

/// Distributed maps that limit neither how many of their runs go on at a time nor how many items they take. An inline
/// map needs no limit of its own: the service runs at most forty of its iterations at a time.
pub(super) fn unbounded_maps(machine: &Resource) -> Reading<Value> {
    let definition = required(machine, "definition")?;
    let steps = input::steps(definition);
    let maps = steps.iter().filter(|step| is_unbounded(step.state));
    Ok(maps.map(|step| json!({ "state": step.name })).collect())
}

fn is_unbounded(state: &Value) -> bool {
    let distributed = state.pointer("/ItemProcessor/ProcessorConfig/Mode").and_then(Value::as_str);
    let limited = match state.get("MaxConcurrency") {
        None | Some(Value::Null) => state.get("MaxConcurrencyPath").is_some(),
        Some(most) => most.as_u64() != Some(0),
    };
    let reader = state.pointer("/ItemReader/ReaderConfig");
    let capped = reader.is_some_and(|reader| {
        reader.get("MaxItemsPath").is_some()
            || reader.get("MaxItems").is_some_and(|most| most.as_u64() != Some(0))
    });
    distributed == Some("DISTRIBUTED") && !limited && !capped
}

/// HTTP tasks without encryption, or whose host the execution's input chooses while the role allows any.
pub(super) fn open_http_tasks(
    machine: &Resource,
    role: impl FnOnce() -> Reading<Vec<Grant>>,
) -> Reading<Value> {
    let definition = required(machine, "definition")?;
    let (mut plain, mut chosen) = (Vec::new(), Vec::new());
    for step in input::steps(definition) {
        let Some(endpoint) = endpoint(step.state) else { continue };
        let found = json!({ "state": step.name, "endpoint": endpoint });
        if endpoint.to_ascii_lowercase().contains("http://") {
            plain.push(found);
        } else if !names_host(endpoint) && step.reads_input(endpoint) {
            chosen.push(found);
        }
    }
    if !chosen.is_empty() && role()?.iter().any(calls_any_host) {
        plain.extend(chosen);
    }
    Ok(Value::Array(plain))
}

fn endpoint(task: &Value) -> Option<&str> {
    if !text(task, "Resource")?.ends_with(":http:invoke") {
        return None;
    }
    let parameters = task.get("Parameters");
    let given = parameters
        .and_then(|parameters| text(parameters, "ApiEndpoint").or_else(|| text(parameters, "ApiEndpoint.$")));
    given.or_else(|| text(task.get("Arguments")?, "ApiEndpoint"))
}

/// True where the expression starts with the address of a host, so that only what follows it can vary.
fn names_host(expression: &str) -> bool {
    let literal = expression.find("https://").map(|start| &expression[start..]);
    literal.is_some_and(|literal| {
        let literal = literal.split(['\'', '"']).next().unwrap_or(literal);
        literal.len() > "https://".len()
            && literal["https://".len()..].contains('/')
            && is_fixed_host(literal)
    })
}

/// True for an address whose host is written out, but for a first label that may be anything.
fn is_fixed_host(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let host = rest.split('/').next().unwrap_or(rest);
    let host = host.strip_prefix("*.").or_else(|| host.strip_prefix("{}.")).unwrap_or(host);
    host.contains('.') && !host.contains(['*', '?', '{', '$'])
}

/// True for a grant that lets HTTP tasks call hosts that no condition names.
fn calls_any_host(grant: &Grant) -> bool {
    let value = Value::from(grant);
    let names_hosts = |condition: &Value| {
        let operator = text(condition, "operator").unwrap_or_default();
        condition["key"] == "states:httpendpoint"
            && ["StringEquals", "StringLike"].contains(&operator)
            && list(condition, "values").iter().all(|value| value.as_str().is_some_and(is_fixed_host))
    };
    grant.allows("states:InvokeHTTPEndpoint") && !list(&value, "conditions").iter().any(names_hosts)
}

/// Parameters by which a task names the resource that it works on.
const TARGETS: [&str; 10] = [
    "Bucket",
    "FunctionName",
    "KeyId",
    "QueueUrl",
    "SecretId",
    "StateMachineArn",
    "StreamName",
    "TableName",
    "TaskDefinition",
    "TopicArn",
];

/// Tasks whose resource the execution's input names, while the role allows any of its kind.
pub(super) fn chosen_targets(
    machine: &Resource,
    role: impl FnOnce() -> Reading<Vec<Grant>>,
) -> Reading<Value> {
    let definition = required(machine, "definition")?;
    let steps = input::steps(definition);
    let chosen: Vec<Chosen<'_>> = steps.iter().flat_map(chosen_in).collect();
    if chosen.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    let role: Vec<Value> = role()?.iter().map(Value::from).collect();
    let free = chosen.iter().filter(|chosen| role.iter().any(|grant| allows_any(grant, chosen.service)));
    Ok(free.map(|c| json!({"state": c.state, "parameter": c.parameter, "path": c.path})).collect())
}

struct Chosen<'a> {
    state: &'a str,
    service: &'a str,
    parameter: &'static str,
    path: &'a str,
}

fn chosen_in<'a>(step: &Step<'a>) -> Vec<Chosen<'a>> {
    let Some(service) = text(step.state, "Resource").and_then(called_service) else { return Vec::new() };
    let given = |parameter: &str| {
        let by_path = step.state.get("Parameters").and_then(|given| text(given, &format!("{parameter}.$")));
        by_path.or_else(|| text(step.state.get("Arguments")?, parameter)).filter(|path| is_plain_path(path))
    };
    let chosen = TARGETS.into_iter().filter_map(|parameter| Some((parameter, given(parameter)?)));
    let chosen = chosen.filter(|(_, path)| step.reads_input(path));
    chosen.map(|(parameter, path)| Chosen { state: step.name, service, parameter, path }).collect()
}

/// `s3` of `arn:aws:states:::aws-sdk:s3:getObject`, by the name that policies have for it.
fn called_service(resource: &str) -> Option<&str> {
    let mut called = resource.split(":states:::").nth(1)?.split(':');
    match called.next()? {
        "aws-sdk" => match called.next()? {
            "sfn" => Some("states"),
            service => Some(service),
        },
        service => Some(service),
    }
}

/// True for a path alone: what an expression makes of it may be anything.
fn is_plain_path(expression: &str) -> bool {
    let inner = expression.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")).unwrap_or(expression);
    let path = inner.trim();
    path.starts_with('$') && !path.contains([' ', '(', '&', '?'])
}

/// True where the grant reaches any resource of the service and does more than list them.
fn allows_any(grant: &Value, service: &str) -> bool {
    let concerns = |action: &Value| {
        let action = action.as_str().unwrap_or_default();
        match action.split_once(':') {
            None => action == "*",
            Some((named, operation)) => {
                let lists = ["List", "Describe"].iter().any(|verb| operation.starts_with(verb));
                (named == "*" || named.eq_ignore_ascii_case(service)) && !lists
            }
        }
    };
    let any = |resource: &Value| resource.as_str().is_some_and(|arn| is_any(arn, service));
    grant["effect"] == "Allow"
        && list(grant, "conditions").is_empty()
        && (!list(grant, "not_actions").is_empty() || list(grant, "actions").iter().any(concerns))
        && (!list(grant, "not_resources").is_empty() || list(grant, "resources").iter().any(any))
}

/// True for an ARN that leaves the name of the resource open.
fn is_any(arn: &str, service: &str) -> bool {
    let Some(named) = arn.splitn(6, ':').nth(5) else { return arn == "*" };
    let name = match service {
        "s3" | "sns" | "sqs" => named,
        _ => named.split_once([':', '/']).map_or(named, |(_, name)| name),
    };
    name.starts_with('*')
}

#[cfg(test)]
mod tests {
    use super::super::grants;
    use super::*;

    #[test]
    fn only_distributed_maps_without_any_limit_are_unbounded() {
        let map = |more: Value| {
            let mut map =
                json!({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}});
            map.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            map
        };
        for (more, unbounded) in [
            (json!({}), true),
            (json!({"MaxConcurrency": 0}), true),
            (json!({"MaxConcurrency": 20}), false),
            (json!({"MaxConcurrency": "{% $most %}"}), false),
            (json!({"MaxConcurrencyPath": "$.most"}), false),
            (json!({"ItemReader": {"ReaderConfig": {"MaxItems": 500}}}), false),
            (json!({"ItemReader": {"ReaderConfig": {"InputType": "CSV"}}}), true),
        ] {
            assert_eq!(is_unbounded(&map(more.clone())), unbounded, "{more}");
        }
        assert!(!is_unbounded(&json!({"Type": "Map", "ItemProcessor": {}})), "inline maps have a limit");
    }

    #[test]
    fn hosts_are_named_before_anything_varies() {
        for expression in [
            "https://api.shop.example/orders",
            "States.Format('https://api.shop.example/orders/{}', $.id)",
            "{% 'https://api.shop.example/' & $states.input.id %}",
            "States.Format('https://{}.shop.example/', $.tenant)",
        ] {
            assert!(names_host(expression), "{expression}");
        }
        for expression in [
            "$.url",
            "States.Format('https://{}/orders', $.host)",
            "{% 'https://' & $states.input.host %}",
            "{% 'https://api.shop.example' & $states.input.rest %}",
        ] {
            assert!(!names_host(expression), "{expression}");
        }
    }

    #[test]
    fn roles_confine_what_the_input_can_choose() {
        let grant = |action: &str, resource: &str| {
            let document =
                json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]});
            Value::from(&grants::grants(&document, "123456789012", "inline:x", "role").unwrap()[0])
        };
        let own = "arn:aws:lambda:eu-west-1:123456789012:function";
        for (action, resource, service, any) in [
            ("lambda:InvokeFunction", "*", "lambda", true),
            ("lambda:InvokeFunction", &format!("{own}:*"), "lambda", true),
            ("lambda:InvokeFunction", &format!("{own}:shop:*"), "lambda", false),
            ("lambda:ListFunctions", "*", "lambda", false),
            ("s3:GetObject", "arn:aws:s3:::*/*", "s3", true),
            ("s3:GetObject", "arn:aws:s3:::uploads/*", "s3", false),
            ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/*", "dynamodb", true),
            ("sqs:SendMessage", "*", "s3", false),
        ] {
            assert_eq!(allows_any(&grant(action, resource), service), any, "{action} on {resource}");
        }
        assert_eq!(called_service("arn:aws:states:::aws-sdk:sfn:startExecution"), Some("states"));
        assert_eq!(called_service("arn:aws:states:::lambda:invoke.waitForTaskToken"), Some("lambda"));
        assert!(is_plain_path("{% $states.input.name %}") && !is_plain_path("States.Format('a-{}', $.b)"));
    }
}
