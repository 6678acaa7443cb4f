//! How much statements give.

use serde_json::{Value, json};

use super::read;

#[test]
fn how_much_is_given() {
    let allow = |actions: Value, resources: Value| json!([{"Effect": "Allow", "Action": actions, "Resource": resources}]);
    let table: Vec<(&str, Value, bool, &[&str])> = vec![
        ("administrator", allow(json!("*"), json!("*")), true, &[]),
        ("administrator, spelt out", allow(json!(["*:*"]), json!(["arn:aws:s3:::a", "*"])), true, &[]),
        ("everything on one thing", allow(json!("*"), json!("arn:aws:s3:::a")), false, &[]),
        (
            "administrator with a condition",
            json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": true}}}]),
            false,
            &[],
        ),
        ("everything denied", json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]), false, &[]),
        ("one service", allow(json!("S3:*"), json!("*")), false, &["s3"]),
        (
            "two services",
            allow(json!(["sqs:*", "dynamodb:*", "logs:*"]), json!("*")),
            false,
            &["dynamodb", "sqs"],
        ),
        ("one service on all its things", allow(json!("s3:*"), json!("arn:aws:s3:::*")), false, &["s3"]),
        ("one service on one thing", allow(json!("s3:*"), json!("arn:aws:s3:::a/*")), false, &[]),
        ("reads of a service", allow(json!("s3:Get*"), json!("*")), false, &[]),
        (
            "power user",
            json!([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}]),
            false,
            &["dynamodb", "ec2", "kms", "lambda", "s3", "secretsmanager", "sqs", "ssm", "sts"],
        ),
        (
            "everything but one bucket action",
            json!([{"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "*"}]),
            true,
            &["dynamodb", "ec2", "iam", "kms", "lambda", "secretsmanager", "sqs", "ssm", "sts"],
        ),
        (
            "everything everywhere but there",
            json!([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a"}]),
            true,
            &[],
        ),
    ];
    for (name, statements, admin, wildcards) in table {
        let grant = &read(statements)[0];
        assert_eq!(grant.admin, admin, "admin: {name}");
        assert_eq!(grant.service_wildcards, wildcards, "service wildcards: {name}");
    }
}
