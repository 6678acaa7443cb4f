//! What policies, denials and boundaries leave together.

use serde_json::{Value, json};

use super::super::{Extent, Identity};
use super::read;

fn allow(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

fn denied(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Deny", "Action": actions, "Resource": resources})
}

fn identity(statements: Value, boundary: Option<Value>) -> Identity {
    Identity::of(read(statements), boundary.map(read))
}

#[test]
fn a_deny_that_covers_a_grant_closes_it() {
    let table = [
        ("the same", denied(json!("s3:*"), json!("*")), false),
        ("more", denied(json!("*"), json!("*")), false),
        ("one action", denied(json!("s3:DeleteBucket"), json!("*")), true),
        ("one bucket", denied(json!("s3:*"), json!("arn:aws:s3:::a")), true),
    ];
    for (name, deny, effective) in table {
        let identity = identity(json!([allow(json!("s3:*"), json!("*")), deny]), None);
        assert_eq!(identity.grants[0].effective, effective, "{name}");
        assert_eq!(identity.grants[0].service_wildcards == ["s3"], effective, "{name}");
    }
    let mut conditional = denied(json!("s3:*"), json!("*"));
    conditional["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": false}});
    assert!(identity(json!([allow(json!("s3:*"), json!("*")), conditional]), None).grants[0].effective);
}

#[test]
fn a_boundary_leaves_what_it_allows_too() {
    let everything = || json!([allow(json!("*"), json!("*"))]);
    let within = |boundary: Value| identity(everything(), Some(json!([boundary])));
    assert!(within(allow(json!("*"), json!("*"))).is_admin());
    let queues = within(allow(json!("sqs:*"), json!("*")));
    assert!(!queues.is_admin());
    assert_eq!(queues.grants[0].service_wildcards, ["sqs"]);
    assert!(queues.grants[0].effective);
    let one = within(allow(json!("s3:GetObject"), json!("arn:aws:s3:::a/*")));
    assert_eq!(
        (one.extent("s3:GetObject"), one.extent("s3:PutObject")),
        (Extent::Somewhere, Extent::Nowhere)
    );
    assert!(one.may("s3:GetObject", "arn:aws:s3:::a/x") && !one.may("s3:GetObject", "arn:aws:s3:::b/x"));
    let other = identity(
        json!([allow(json!("kms:*"), json!("*"))]),
        Some(json!([allow(json!("sqs:*"), json!("*"))])),
    );
    assert!(!other.grants[0].effective);
}

#[test]
fn everything_without_identity_management_is_not_administration() {
    let statements = json!([allow(json!("*"), json!("*")), denied(json!("iam:*"), json!("*"))]);
    let identity = identity(statements, None);
    assert!(!identity.is_admin());
    assert!(identity.grants[0].service_wildcards.iter().any(|service| service == "s3"));
    assert!(!identity.grants[0].service_wildcards.iter().any(|service| service == "iam"));
}

#[test]
fn how_far_an_action_reaches() {
    let table = [
        ("everything", "kms:Decrypt", json!("*"), Extent::Everywhere),
        ("every key", "kms:Decrypt", json!("arn:aws:kms:*:111122223333:key/*"), Extent::Everywhere),
        ("one key", "kms:Decrypt", json!("arn:aws:kms:eu-west-1:111122223333:key/1"), Extent::Somewhere),
        (
            "every function of a region",
            "lambda:InvokeFunction",
            json!("arn:aws:lambda:eu-west-1:111122223333:function:*"),
            Extent::Everywhere,
        ),
        (
            "functions that begin alike",
            "lambda:InvokeFunction",
            json!("arn:aws:lambda:eu-west-1:111122223333:function:shop-*"),
            Extent::Somewhere,
        ),
        ("every object", "s3:GetObject", json!("arn:aws:s3:::*/*"), Extent::Everywhere),
        ("every object of a bucket", "s3:GetObject", json!("arn:aws:s3:::uploads/*"), Extent::Somewhere),
        ("every role", "sts:AssumeRole", json!("arn:aws:iam::*:role/*"), Extent::Everywhere),
        (
            "every parameter",
            "ssm:GetParameter",
            json!("arn:aws:ssm:eu-west-1:111122223333:parameter/*"),
            Extent::Everywhere,
        ),
        (
            "parameters of a path",
            "ssm:GetParameter",
            json!("arn:aws:ssm:eu-west-1:111122223333:parameter/shop/*"),
            Extent::Somewhere,
        ),
        ("another service", "sqs:SendMessage", json!("arn:aws:s3:::*"), Extent::Somewhere),
    ];
    for (name, action, resource, extent) in table {
        let identity = identity(json!([allow(json!(action), resource)]), None);
        assert_eq!(identity.extent(action), extent, "{name}");
        assert_eq!(identity.extent("ec2:RunInstances"), Extent::Nowhere, "{name}");
    }
    let mut conditional = allow(json!("kms:Decrypt"), json!("*"));
    conditional["Condition"] = json!({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}});
    assert_eq!(identity(json!([conditional]), None).extent("kms:Decrypt"), Extent::Nowhere);
    let but_one = json!({"Effect": "Deny", "Action": "kms:*", "NotResource": "arn:aws:kms:eu-west-1:111122223333:key/1"});
    let but_one = identity(json!([allow(json!("kms:Decrypt"), json!("*")), but_one]), None);
    assert_eq!(but_one.extent("kms:Decrypt"), Extent::Somewhere);
}

#[test]
fn roles_are_passed_to_a_service() {
    let passing = |condition: Value| json!([{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": condition}]);
    let to = |service: &str| json!({"StringEquals": {"iam:PassedToService": service}});
    let lambda = "lambda.amazonaws.com";
    assert!(identity(passing(json!({})), None).passes_every_role_to(lambda));
    assert!(identity(passing(to(lambda)), None).passes_every_role_to(lambda));
    assert!(!identity(passing(to("ec2.amazonaws.com")), None).passes_every_role_to(lambda));
    let tagged = json!({"StringEquals": {"aws:ResourceTag/team": "shop"}});
    assert!(!identity(passing(tagged), None).passes_every_role_to(lambda));
}
