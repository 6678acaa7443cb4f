//! Facts and exposure of buses, workflows and identity pools, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};
use shop::{ACCOUNT, Shop, exposure, known, related, resource, unknown, unread};

const MACHINE: &str = "arn:aws:states:eu-west-1:111122223333:stateMachine:pay";
const ROLE: &str = "arn:aws:iam::111122223333:role/flow";
const POOL: &str = "arn:aws:cognito-identity:eu-west-1:111122223333:identitypool/eu-west-1:1";

fn role(statement: Value) -> Resource {
    let document = json!({"Statement": [statement]});
    let role = json!({"RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document}], "AssumeRolePolicyDocument": {"Statement": []}});
    resource("aws.iam.role", ROLE, json!({ "role": role }))
}

fn machine(states: Value) -> Resource {
    let definition = json!({"StartAt": "First", "States": states});
    let machine = resource(
        "aws.stepfunctions.statemachine",
        MACHINE,
        json!({"machine": {"roleArn": ROLE}, "definition": definition}),
    );
    related(machine, RelationName::ExecutesAs, ROLE)
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

#[test]
fn broad_grants_are_those_of_the_role() {
    let machine = || machine(json!({}));
    let narrow = Shop::with(vec![machine(), role(allow("sqs:SendMessage", "*"))]);
    assert_eq!(known(&narrow, MACHINE, "broad_grants"), json!([]));
    let broad = Shop::with(vec![machine(), role(allow("sqs:*", "*"))]);
    assert_eq!(known(&broad, MACHINE, "broad_grants")[0]["service_wildcards"], json!(["sqs"]));
    let denied = Shop::with(vec![machine(), unread(role(allow("sqs:*", "*")), "role")]);
    assert!(!unknown(&denied, MACHINE, "broad_grants").is_empty());
    // A role that is not there can do nothing, but only a whole listing proves that it is not there.
    assert_eq!(known(&Shop::with(vec![machine()]), MACHINE, "broad_grants"), json!([]));
    assert!(!unknown(&Shop::with(vec![machine()]).unlisted("iam"), MACHINE, "broad_grants").is_empty());
}

#[test]
fn input_chooses_where_the_role_lets_it() {
    let task = json!({"First": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.handler"}}});
    let anything = Shop::with(vec![machine(task.clone()), role(allow("lambda:InvokeFunction", "*"))]);
    let chosen = json!([{"state": "First", "parameter": "FunctionName", "path": "$.handler"}]);
    assert_eq!(known(&anything, MACHINE, "chosen_targets"), chosen);
    let few = allow("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:pay");
    let few = Shop::with(vec![machine(task.clone()), role(few)]);
    assert_eq!(known(&few, MACHINE, "chosen_targets"), json!([]));
    let unread_role = unread(role(allow("lambda:InvokeFunction", "*")), "role");
    assert!(
        !unknown(&Shop::with(vec![machine(task), unread_role.clone()]), MACHINE, "chosen_targets").is_empty()
    );
    // Where nothing is chosen, the role does not matter.
    assert_eq!(
        known(&Shop::with(vec![machine(json!({})), unread_role]), MACHINE, "chosen_targets"),
        json!([])
    );
    let sealed = unread(machine(json!({})), "definition");
    for name in ["chosen_targets", "open_http_tasks", "unbounded_maps", "secrets"] {
        assert!(!unknown(&Shop::with(vec![sealed.clone()]), MACHINE, name).is_empty(), "{name}");
    }
}

#[test]
fn hosts_come_from_the_definition_or_are_limited_by_the_role() {
    let call = |parameters: Value| {
        machine(
            json!({"First": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters}}),
        )
    };
    let any = || role(allow("states:InvokeHTTPEndpoint", "*"));
    let open = |machine: Resource, role: Resource| {
        known(&Shop::with(vec![machine, role]), MACHINE, "open_http_tasks").as_array().unwrap().len()
    };
    assert_eq!(open(call(json!({"ApiEndpoint": "https://api.shop.example/"})), any()), 0);
    assert_eq!(open(call(json!({"ApiEndpoint": "http://api.shop.example/"})), any()), 1);
    assert_eq!(open(call(json!({"ApiEndpoint.$": "$.callback"})), any()), 1);
    let mut limited = allow("states:InvokeHTTPEndpoint", "*");
    limited["Condition"] = json!({"StringLike": {"states:HTTPEndpoint": "https://api.shop.example/*"}});
    assert_eq!(open(call(json!({"ApiEndpoint.$": "$.callback"})), role(limited)), 0);
    let mut open_ended = allow("states:InvokeHTTPEndpoint", "*");
    open_ended["Condition"] = json!({"StringLike": {"states:HTTPEndpoint": "https://*"}});
    assert_eq!(open(call(json!({"ApiEndpoint.$": "$.callback"})), role(open_ended)), 1);
}

#[test]
fn guests_reach_what_their_role_reaches() {
    let pool = |admits: bool| {
        let facets = json!({"pool": {"AllowUnauthenticatedIdentities": admits}, "roles": {"Roles": {"unauthenticated": ROLE}}});
        related(resource("aws.cognito.identitypool", POOL, facets), RelationName::Lends, ROLE)
    };
    let guest = || role(allow("dynamodb:GetItem", "*"));
    let open = Shop::with(vec![pool(true), guest()]);
    assert_eq!(known(&open, POOL, "guest_grants")[0]["actions"], json!(["dynamodb:GetItem"]));
    assert_eq!(exposure(&open, POOL), Exposure::Internet);
    assert_eq!(exposure(&open, ROLE), Exposure::Internet);
    let closed = Shop::with(vec![pool(false), guest()]);
    assert_eq!(known(&closed, POOL, "guest_grants"), json!([]));
    assert_eq!(exposure(&closed, ROLE), Exposure::Internal);
    let unsure = Shop::with(vec![unread(pool(true), "roles"), guest()]);
    assert!(!unknown(&unsure, POOL, "guest_grants").is_empty());
    assert_eq!(exposure(&unsure, ROLE), Exposure::Unknown);
}

#[test]
fn a_bus_is_open_as_far_as_its_policy_is() {
    let uid = "arn:aws:events:eu-west-1:111122223333:event-bus/shop";
    let bus = |principal: Value| {
        let statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "events:PutEvents", "Resource": uid});
        resource("aws.events.bus", uid, json!({"bus": {}, "policy": {"Statement": [statement]}}))
    };
    for (principal, exposure) in [
        (json!("*"), Exposure::Internet),
        (json!({"AWS": "arn:aws:iam::444455556666:root"}), Exposure::CrossAccount),
        (json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}), Exposure::Internal),
    ] {
        assert_eq!(shop::exposure(&Shop::with(vec![bus(principal)]), uid), exposure);
    }
    let unsure = Shop::with(vec![unread(bus(json!("*")), "policy")]);
    assert_eq!(exposure(&unsure, uid), Exposure::Unknown);
    assert!(!unknown(&unsure, uid, "grants").is_empty());
}
