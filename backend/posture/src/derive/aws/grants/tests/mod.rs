//! Policies as they occur in the wild, and what follows from them for account 111122223333.

use serde_json::{Value, json};

use super::{Grant, grants, to_value};

mod identity;
mod power;
mod services;
mod strangers;

const OWN: &str = "111122223333";

/// The grants of a document with these statements.
fn read(statements: Value) -> Vec<Grant> {
    grants(&json!({"Version": "2012-10-17", "Statement": statements}), OWN, "policy", "policy").unwrap()
}

/// Adds what most rows share to a statement that allows everybody to invoke a function.
fn everyone(condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": FUNCTION, "Condition": condition})
}

fn service(service: &str, condition: Value) -> Value {
    json!({"Sid": "s", "Effect": "Allow", "Principal": {"Service": service}, "Action": "lambda:InvokeFunction", "Resource": FUNCTION, "Condition": condition})
}

fn deny(condition: Value) -> Value {
    json!({"Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": "*", "Condition": condition})
}

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:cart";

#[test]
fn a_grant_has_one_shape() {
    let statements = json!([{
        "Sid": "trust",
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "Service": ["lambda.amazonaws.com"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {"token.actions.githubusercontent.com:Sub": ["repo:shop/cart:*"]}, "Bool": {"aws:SecureTransport": true}},
    }]);
    assert_eq!(
        to_value(&read(statements)),
        json!([{
            "sid": "trust",
            "effect": "Allow",
            "actions": ["sts:AssumeRoleWithWebIdentity"],
            "not_actions": [],
            "resources": [],
            "not_resources": [],
            "principals": [
                {"type": "Federated", "id": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "account": OWN},
                {"type": "Service", "id": "lambda.amazonaws.com", "account": null},
            ],
            "not_principals": [],
            "conditions": [
                {"operator": "Bool", "key": "aws:securetransport", "values": ["true"]},
                {"operator": "StringLike", "key": "token.actions.githubusercontent.com:sub", "values": ["repo:shop/cart:*"]},
            ],
            "source": "policy",
            "public": false,
            "effective": true,
            "foreign_accounts": [],
            "services": ["lambda.amazonaws.com"],
            "source_restricted": false,
            "admin": false,
            "service_wildcards": [],
        }])
    );
}

#[test]
fn what_is_not_a_policy_is_malformed() {
    let broken = [
        json!("{\"Statement\": []}"),
        json!({}),
        json!({"Statement": "Allow"}),
        json!({"Statement": [{"Effect": "Perhaps"}]}),
        json!({"Statement": [{"Effect": "Allow", "Action": {"a": 1}}]}),
        json!({"Statement": [{"Effect": "Allow", "Principal": ["*"]}]}),
        json!({"Statement": [{"Effect": "Allow", "Condition": ["x"]}]}),
    ];
    for document in broken {
        let reasons = grants(&document, OWN, "policy", "api").unwrap_err();
        assert_eq!(
            (reasons[0].facet.as_str(), reasons[0].error.as_str()),
            ("api", "Malformed"),
            "{document}"
        );
    }
    assert!(read(json!([])).is_empty());
}
