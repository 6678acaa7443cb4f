//! Step Functions: state machines with their definition, role, logging, tracing and encryption.
//!
//! One call for a thousand state machines, and one for each. Where the definition is encrypted with a key that may not
//! be used, a second call asks for the rest without it.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{
    Outcome, Place, Read, elements, log_group_arn, put, relate, text, unqualified_function, without,
};
use super::quota;
use super::request::Request;
use super::target::{aim, unqualified_machine};
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&MACHINES.action, &DESCRIBE];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::json("SFN", "states", "1.0", "AWSStepFunctions", &quota::STEP_FUNCTIONS);
static MACHINES: List = API
    .list("states:ListStateMachines", "stateMachines")
    .paged("nextToken", "nextToken")
    .within(&quota::STEP_FUNCTIONS_LIST);
static DESCRIBE: Action = API.action("states:DescribeStateMachine");

const PAGE: i32 = 1000;

struct Machine {
    arn: String,
    name: String,
    machine: Result<Value, Failure>,
    definition: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&MACHINES, None, Request::call().field("maxResults", PAGE)).await;
    let machines = listed.items.into_iter().map(|item| fetch(reader, item));
    let machines: Vec<Option<Machine>> =
        futures::stream::iter(machines).buffer_unordered(reader.limits.concurrency).collect().await;
    let machines = machines.into_iter().flatten();
    let resources = machines.map(|machine| normalise(&reader.place, &reader.redactor, machine)).collect();
    Outcome { resources, listings: vec![listed.failure] }
}

/// None where the state machine was deleted after it had been listed.
async fn fetch(reader: &Reader, item: Value) -> Option<Machine> {
    let arn = text(&item, "/stateMachineArn")?.to_owned();
    let name = text(&item, "/name").unwrap_or(&arn).to_owned();
    let uid = Uid::from(arn.as_str());
    let request = Request::call().field("stateMachineArn", arn.as_str());
    let (machine, definition) = match reader.call(&DESCRIBE, Some(&uid), request.clone()).await {
        Ok(mut machine) => {
            let definition = parse(text(&machine, "/definition"));
            without(&mut machine, "definition");
            (Ok(machine), definition)
        }
        Err(failure) if failure.class == Class::NotFound => return None,
        Err(failure) if failure.error.starts_with("Kms") => {
            let request = request.field("includedData", "METADATA_ONLY");
            let machine = reader.call(&DESCRIBE, Some(&uid), request).await;
            let machine = machine.map(|mut machine| {
                without(&mut machine, "definition");
                machine
            });
            (machine, Err(failure))
        }
        Err(failure) => (Err(failure.clone()), Err(failure)),
    };
    Some(Machine { arn, name, machine, definition })
}

fn parse(definition: Option<&str>) -> Read {
    let parsed =
        definition.and_then(|text| serde_json::from_str::<Value>(text).ok()).filter(Value::is_object);
    match parsed {
        Some(definition) => Ok(Some(definition)),
        None => Err(Failure::malformed(&DESCRIBE, "the definition is not JSON")),
    }
}

fn normalise(place: &Place, redactor: &Redactor, machine: Machine) -> Resource {
    let Machine { arn, name, machine, mut definition } = machine;
    let mut resource = place.resource("aws.stepfunctions.statemachine", &arn, &name);
    if let Ok(machine) = &machine {
        relate(&mut resource, RelationName::ExecutesAs, text(machine, "/roleArn"));
        let key = place.key_arn(text(machine, "/encryptionConfiguration/kmsKeyId"));
        relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
        for destination in elements(machine, "/loggingConfiguration/destinations") {
            let group = text(destination, "/cloudWatchLogsLogGroup/logGroupArn").and_then(log_group_arn);
            relate(&mut resource, RelationName::LogsTo, group);
        }
    }
    if let Ok(Some(definition)) = &mut definition {
        for task in tasks(definition) {
            relate_task(place, &mut resource, task);
        }
        redactor.redact_recognised(definition);
    }
    put(&mut resource, "machine", machine.map(Some));
    put(&mut resource, "definition", definition);
    resource
}

/// The tasks of a definition, those within maps and branches included.
fn tasks(workflow: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    for state in
        workflow.get("States").and_then(Value::as_object).into_iter().flat_map(|states| states.values())
    {
        if text(state, "/Type") == Some("Task") {
            found.push(state);
        }
        let inner = ["Iterator", "ItemProcessor"].into_iter().filter_map(|key| state.get(key));
        for workflow in inner.chain(elements(state, "/Branches")) {
            found.extend(tasks(workflow));
        }
    }
    found
}

/// What a task starts or writes to, where the definition names it.
fn relate_task(place: &Place, resource: &mut Resource, task: &Value) {
    let Some(called) = text(task, "/Resource") else { return };
    if unqualified_function(called).is_some() {
        return aim(resource, Some(called));
    }
    let given = |name: &str| {
        let either =
            ["Parameters", "Arguments"].into_iter().filter_map(|key| task.get(key)?.get(name)?.as_str());
        either.into_iter().find(|value| !value.starts_with("{%"))
    };
    if let Some(function) = given("FunctionName") {
        relate(resource, RelationName::Invokes, function_arn(place, function).as_deref());
    }
    if let Some(machine) = given("StateMachineArn").filter(|arn| arn.starts_with("arn:")) {
        relate(resource, RelationName::Invokes, Some(unqualified_machine(machine)));
    }
    aim(resource, given("TopicArn"));
    let queue = given("QueueUrl").and_then(|url| url.strip_prefix("https://sqs."));
    if let [host, account, name] = queue.unwrap_or_default().split('/').collect::<Vec<_>>()[..] {
        let region = host.split('.').next().unwrap_or_default();
        relate(
            resource,
            RelationName::WritesTo,
            Some(&format!("arn:{}:sqs:{region}:{account}:{name}", place.partition)),
        );
    }
}

/// A function is named by its name, by account and name, or by its ARN, each with or without a version.
fn function_arn(place: &Place, named: &str) -> Option<String> {
    if named.starts_with("arn:") {
        return unqualified_function(named).map(str::to_owned);
    }
    let (account, name) = match named.split_once(":function:") {
        Some((account, name)) => (account, name),
        None => (place.account.as_str(), named),
    };
    let name = name.split(':').next().unwrap_or(name);
    let arn = format!("arn:{}:lambda:{}:{account}:function:{name}", place.partition, place.region);
    unqualified_function(&arn).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:pay";

    fn normalised(machine: Result<Value, Failure>, definition: Read) -> Resource {
        let machine = Machine { arn: ARN.to_owned(), name: "pay".to_owned(), machine, definition };
        normalise(&Place::example("stepfunctions"), &Redactor::new([1; 32]), machine)
    }

    #[test]
    fn a_definition_names_what_it_starts_at_every_depth() {
        let task = |function: &str| json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": function}});
        let definition = json!({"StartAt": "A", "States": {
            "A": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:direct"},
            "B": task("by-name:live"),
            "C": {"Type": "Parallel", "Branches": [{"States": {"D": task("210987654321:function:partner")}}]},
            "E": {"Type": "Map", "ItemProcessor": {"States": {"F": {
                "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage",
                "Arguments": {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"},
            }}}},
            "G": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "{% $name %}"}},
        }});
        let machine = json!({
            "roleArn": "arn:aws:iam::123456789012:role/pay",
            "loggingConfiguration": {"destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/pay:*"}}]},
        });
        let mut found = normalised(Ok(machine), Ok(Some(definition)));
        found.relations.sort();
        let edges: Vec<(&str, &str)> =
            found.relations.iter().map(|edge| (edge.name.as_str(), edge.to.as_str())).collect();
        let expected = [
            ("executes_as", "arn:aws:iam::123456789012:role/pay"),
            ("invokes", "arn:aws:lambda:eu-west-1:123456789012:function:by-name"),
            ("invokes", "arn:aws:lambda:eu-west-1:123456789012:function:direct"),
            ("invokes", "arn:aws:lambda:eu-west-1:210987654321:function:partner"),
            ("logs_to", "arn:aws:logs:eu-west-1:123456789012:log-group:/pay"),
            ("writes_to", "arn:aws:sqs:eu-west-1:123456789012:orders"),
        ];
        assert_eq!(edges, expected);
    }

    #[test]
    fn secrets_in_a_definition_are_cut_out_and_paths_are_kept() {
        let states = json!({"A": {"Type": "Task", "Parameters": {
            "Headers": {"apiToken": "CANARYx7Gh2kQ9zLmN4pR"}, "password.$": "$.login.password",
        }}});
        let found = normalised(Ok(json!({})), Ok(Some(json!({"States": states}))));
        let text = serde_json::to_string(&found.facets).unwrap();
        assert!(!text.contains("CANARY") && text.contains("secret-by-name"), "{text}");
        assert!(text.contains("$.login.password"), "{text}");
    }

    #[test]
    fn a_definition_that_cannot_be_decrypted_is_not_absent() {
        let sealed = Failure::new(&DESCRIBE, Class::Other, "KmsAccessDeniedException", "no");
        let found = normalised(Ok(json!({"type": "EXPRESS"})), Err(sealed));
        assert_eq!(found.facets["machine"], Facet::Known(json!({"type": "EXPRESS"})));
        assert_eq!(found.facets["definition"].unreadable().unwrap().error, "KmsAccessDeniedException");
        assert!(parse(Some("{}")).is_ok() && parse(Some("[")).is_err() && parse(None).is_err());
    }
}
