//! What roles may do, and what follows from it for the functions of an account.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::{Fact, RelationName, Resource};
use serde_json::{Value, json};
use shop::{ACCOUNT, REGION, Shop, arn, fact, known, related, resource, unread};

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// A role that `service` assumes, with these statements.
fn role(name: &str, service: &str, statements: Value) -> Resource {
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]});
    let inline = json!([{"PolicyName": "own", "PolicyDocument": {"Statement": statements}}]);
    let role = json!({"Arn": role_arn(name), "AssumeRolePolicyDocument": trust, "RolePolicyList": inline});
    resource("aws.iam.role", &role_arn(name), json!({ "role": role }))
}

fn allow(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

/// A function that executes as the role and logs to its own group.
fn function(number: usize, role: &str) -> Resource {
    let facets = json!({
        "config": {"Runtime": "python3.13", "Role": role_arn(role), "LastModified": "2026-11-06T02:00:00.000+0000"},
        "policy": null, "aliases": null, "url": null, "concurrency": null,
    });
    let group = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/fn-{number:06}");
    let function = resource("aws.lambda.function", &arn(number), facets);
    related(related(function, RelationName::ExecutesAs, &role_arn(role)), RelationName::LogsTo, &group)
}

fn logs(resource: &str) -> Value {
    let group = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{resource}");
    allow(json!(["logs:CreateLogStream", "logs:PutLogEvents"]), json!(group))
}

#[test]
fn logs_are_written_where_the_role_allows_it() {
    let table = [
        ("its streams", logs("fn-000001:*"), true),
        ("its group, as many write it", logs("fn-000001"), true),
        ("every group of functions", logs("*"), true),
        ("another group", logs("fn-000002:*"), false),
        ("one of two actions", allow(json!("logs:PutLogEvents"), json!("*")), false),
        ("nothing", allow(json!("s3:GetObject"), json!("*")), false),
    ];
    for (name, statement, may) in table {
        let shop = Shop::with(vec![function(1, "r"), role("r", "lambda.amazonaws.com", json!([statement]))]);
        assert_eq!(known(&shop, &arn(1), "may_log"), json!(may), "{name}");
    }
    let denied = json!({"Effect": "Deny", "Action": "logs:*", "Resource": "*"});
    let shop =
        Shop::with(vec![function(1, "r"), role("r", "lambda.amazonaws.com", json!([logs("*"), denied]))]);
    assert_eq!(known(&shop, &arn(1), "may_log"), json!(false));
    let without = Shop::with(vec![function(1, "r")]);
    assert!(matches!(fact(&without, &arn(1), "may_log"), Fact::Unknown(_)), "the role was not read");
    let dark = unread(role("r", "lambda.amazonaws.com", json!([])), "role");
    let shop = Shop::with(vec![function(1, "r"), dark]);
    assert!(matches!(fact(&shop, &arn(1), "may_log"), Fact::Unknown(_)));
}

#[test]
fn a_weak_workload_may_rewrite_a_strong_function() {
    let strong = role("strong", "lambda.amazonaws.com", json!([allow(json!("*"), json!("*"))]));
    let climbing =
        allow(json!(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]), json!("*"));
    let climber = role("climber", "lambda.amazonaws.com", json!([climbing]));
    let rewriting = allow(json!("lambda:UpdateFunctionCode"), json!([arn(1), arn(2), arn(3)]));
    let host = role("host", "ec2.amazonaws.com", json!([rewriting]));
    let weak = role("weak", "lambda.amazonaws.com", json!([logs("*")]));
    let functions = [function(1, "strong"), function(2, "climber"), function(3, "weak")];
    let shop = Shop::with([strong, climber, host, weak].into_iter().chain(functions).collect());
    assert_eq!(known(&shop, &role_arn("host"), "rewrites"), json!([arn(1), arn(2)]));
    assert_eq!(known(&shop, &role_arn("weak"), "rewrites"), json!([]));
    assert_eq!(known(&shop, &role_arn("strong"), "rewrites"), json!([]), "nothing is stronger");
    assert_eq!(known(&shop, &role_arn("climber"), "escalations"), json!(["lambda-new-function-invoke"]));
    assert_eq!(known(&shop, &role_arn("strong"), "admin"), json!(true));
    assert_eq!(known(&shop, &role_arn("host"), "workload"), json!(true));
    let deploying = role("pipeline", "codebuild.amazonaws.com", json!([]));
    assert_eq!(known(&Shop::with(vec![deploying]), &role_arn("pipeline"), "workload"), json!(false));
}

#[test]
fn of_very_many_functions_a_hundred_are_named() {
    let strong = role("strong", "lambda.amazonaws.com", json!([allow(json!("*"), json!("*"))]));
    let host =
        role("host", "ec2.amazonaws.com", json!([allow(json!("lambda:UpdateFunctionCode"), json!("*"))]));
    let functions = (1..=103).map(|number| function(number, "strong"));
    let shop = Shop::with([strong, host].into_iter().chain(functions).collect());
    let rewrites = known(&shop, &role_arn("host"), "rewrites");
    let named = rewrites.as_array().unwrap();
    assert_eq!((named.len(), named.last()), (101, Some(&json!("and 3 more"))));
    assert!(named[..100].iter().all(|name| name.as_str().unwrap().starts_with("arn:")));
}

#[test]
fn a_function_may_change_itself() {
    let own = role("r", "lambda.amazonaws.com", json!([allow(json!("lambda:Update*"), json!(arn(1)))]));
    let shop = Shop::with(vec![function(1, "r"), function(2, "r"), own]);
    let changing = json!([{"function": arn(1), "action": "lambda:UpdateFunctionCode"}]);
    assert_eq!(known(&shop, &role_arn("r"), "self_modifying"), changing);
}

#[test]
fn powers_say_how_far_they_reach() {
    let statements = json!([
        allow(json!("kms:Decrypt"), json!("*")),
        allow(json!("s3:*"), json!("*")),
        allow(json!("sts:AssumeRole"), json!(role_arn("partner"))),
    ]);
    let shop = Shop::with(vec![role("r", "lambda.amazonaws.com", statements)]);
    let powers = known(&shop, &role_arn("r"), "powers");
    let power = |action: &str, everywhere: bool, whole: bool| json!({"action": action, "everywhere": everywhere, "whole": whole});
    let expected = json!([
        power("kms:Decrypt", true, false),
        power("s3:DeleteObject", true, true),
        power("s3:GetObject", true, true),
        power("s3:PutObject", true, true),
        power("sts:AssumeRole", false, false),
    ]);
    assert_eq!(powers, expected);
}

#[test]
fn policies_of_aliases_count() {
    let everybody = json!([{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}]);
    let mut shared = function(1, "r");
    let facet = |value: Value| nephoscope_model::Facet::Known(value);
    shared.facets.insert("aliases".to_owned(), facet(json!({"Aliases": [{"Name": "live"}]})));
    let policies = json!({"Policies": [{"Qualifier": "live", "Policy": {"Statement": everybody}}]});
    let missing = Shop::with(vec![shared.clone()]);
    assert!(matches!(fact(&missing, &arn(1), "grants"), Fact::Unknown(_)), "no policy was asked for");
    shared.facets.insert("alias_policies".to_owned(), facet(policies));
    let shop = Shop::with(vec![shared]);
    let grants = known(&shop, &arn(1), "grants");
    assert_eq!((&grants[0]["public"], &grants[0]["source"]), (&json!(true), &json!("policy:live")));
    assert_eq!(shop::exposure(&shop, &arn(1)), nephoscope_model::Exposure::Internet);
    assert_eq!(known(&shop, &arn(1), "unchanged_days"), json!(10));
}

#[test]
fn variables_that_could_not_be_decrypted_are_not_known_to_be_harmless() {
    let mut function = function(1, "r");
    let config = json!({"Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}});
    function.facets.insert("config".to_owned(), nephoscope_model::Facet::Known(config));
    let shop = Shop::with(vec![function]);
    assert!(matches!(fact(&shop, &arn(1), "secrets"), Fact::Unknown(_)));
}
