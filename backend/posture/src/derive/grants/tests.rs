//! Policies as they occur in the wild, and what follows from them for account 111122223333.

use nephoscope_model::finding::Exposure::{self, CrossAccount, Internal, Internet};
use serde_json::{Value, json};

use super::{Grant, grants, to_value};

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
fn who_is_let_in() {
    type Row = (&'static str, Value, bool, &'static [&'static str], Exposure);
    let allow = || everyone(json!({}));
    let table: Vec<Row> = vec![
        ("anybody", json!([allow()]), true, &[], Internet),
        ("a single statement instead of a list", allow(), true, &[], Internet),
        (
            "any AWS principal",
            json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["lambda:*"], "Resource": "*"}]),
            true,
            &[],
            Internet,
        ),
        (
            "anybody among named ones",
            json!([{"Effect": "Allow", "Principal": {"AWS": ["444455556666", "*"]}, "Action": "*", "Resource": "*"}]),
            true,
            &["444455556666"],
            Internet,
        ),
        (
            "everybody but one",
            json!([{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "lambda:InvokeFunction", "Resource": "*"}]),
            true,
            &[],
            Internet,
        ),
        (
            "the own account",
            json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "lambda:InvokeFunction", "Resource": "*"}]),
            false,
            &[],
            Internal,
        ),
        (
            "foreign accounts, bare and as ARN",
            json!([{"Effect": "Allow", "Principal": {"AWS": ["777788889999", "arn:aws-cn:iam::444455556666:root"]}, "Action": "lambda:InvokeFunction", "Resource": "*"}]),
            false,
            &["444455556666", "777788889999"],
            CrossAccount,
        ),
        (
            "a principal that was deleted",
            json!([{"Effect": "Allow", "Principal": {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}, "Action": "lambda:InvokeFunction", "Resource": "*"}]),
            false,
            &[],
            Internal,
        ),
        (
            "URL without authentication",
            json!([everyone(json!({"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "URL with signatures",
            json!([everyone(json!({"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}))]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "an organisation",
            json!([everyone(json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "any organisation",
            json!([everyone(json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "everybody but an organisation",
            json!([everyone(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "an organisation, or whoever has none",
            json!([everyone(json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "an organisation that has to be there",
            json!([everyone(
                json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}})
            )]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "somebody of some organisation",
            json!([everyone(json!({"Null": {"aws:PrincipalOrgID": "false"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "an organisational unit",
            json!([everyone(
                json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}})
            )]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "all of no organisational units",
            json!([everyone(
                json!({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}})
            )]),
            true,
            &[],
            Internet,
        ),
        (
            "the own account by condition",
            json!([everyone(json!({"StringEquals": {"aws:PrincipalAccount": OWN}}))]),
            false,
            &[],
            Internal,
        ),
        (
            "a foreign account by condition",
            json!([everyone(json!({"StringEquals": {"aws:PrincipalAccount": ["444455556666", OWN]}}))]),
            false,
            &["444455556666"],
            CrossAccount,
        ),
        (
            "a role of that name in any account",
            json!([everyone(json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "roles of one account",
            json!([everyone(json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}))]),
            false,
            &[],
            Internal,
        ),
        (
            "one value of two is open",
            json!([everyone(json!({"StringLike": {"aws:SourceArn": ["arn:aws:s3:::uploads", "*"]}}))]),
            true,
            &[],
            Internet,
        ),
        ("any source", json!([everyone(json!({"ArnLike": {"aws:SourceArn": "*"}}))]), true, &[], Internet),
        (
            "the whole internet by address",
            json!([everyone(json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "half the internet by address",
            json!([everyone(json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "an office by address",
            json!([everyone(json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/48"]}}))]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "everybody but an address",
            json!([everyone(json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.7"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "a private network",
            json!([everyone(json!({"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}))]),
            false,
            &[],
            Internal,
        ),
        (
            "encryption in transit",
            json!([everyone(json!({"Bool": {"aws:SecureTransport": "true"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "a tag that anybody can give",
            json!([everyone(json!({"StringEquals": {"aws:PrincipalTag/team": "cart"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "whoever owns the resource",
            json!([everyone(json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}))]),
            false,
            &[],
            Internal,
        ),
        (
            "whoever is whoever they are",
            json!([everyone(json!({"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "a denied stranger",
            json!([allow(), deny(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "a denied stranger, services spared",
            json!([
                allow(),
                deny(
                    json!({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})
                )
            ]),
            false,
            &[],
            CrossAccount,
        ),
        (
            "a stranger denied only without encryption",
            json!([
                allow(),
                deny(
                    json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Bool": {"aws:SecureTransport": "false"}})
                )
            ]),
            true,
            &[],
            Internet,
        ),
        (
            "plain text denied",
            json!([allow(), deny(json!({"Bool": {"aws:SecureTransport": "false"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "an address denied",
            json!([allow(), deny(json!({"IpAddress": {"aws:SourceIp": "203.0.113.7"}}))]),
            true,
            &[],
            Internet,
        ),
        (
            "other networks denied",
            json!([allow(), deny(json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}))]),
            false,
            &[],
            Internal,
        ),
        (
            "organisation units denied by any value",
            json!([
                allow(),
                deny(json!({"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}))
            ]),
            true,
            &[],
            Internet,
        ),
        (
            "everybody denied but named ones",
            json!([allow(), {"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::444455556666:root"]}, "Action": "lambda:InvokeFunction", "Resource": FUNCTION}]),
            false,
            &["444455556666"],
            CrossAccount,
        ),
        (
            "another action denied",
            json!([allow(), {"Effect": "Deny", "Principal": "*", "Action": "lambda:GetFunction", "Resource": "*"}]),
            true,
            &[],
            Internet,
        ),
        (
            "another function denied",
            json!([allow(), {"Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:other"}]),
            true,
            &[],
            Internet,
        ),
        (
            "everybody denied",
            json!([allow(), {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]),
            false,
            &[],
            Internal,
        ),
        ("a service", json!([service("events.amazonaws.com", json!({}))]), false, &[], Internal),
        (
            "a service for a foreign account",
            json!([service(
                "sns.amazonaws.com",
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:444455556666:orders"}})
            )]),
            false,
            &["444455556666"],
            CrossAccount,
        ),
    ];
    for (name, statements, public, foreign, reach) in table {
        let grant = &read(statements)[0];
        assert_eq!(grant.public, public, "public: {name}");
        assert_eq!(grant.foreign_accounts, foreign, "foreign accounts: {name}");
        assert_eq!(grant.reach, reach, "reach: {name}");
    }
}

#[test]
fn whom_services_call_for() {
    let s3 = "s3.amazonaws.com";
    let sns = "sns.amazonaws.com";
    let bucket = json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}});
    let table: Vec<(&str, Value, bool)> = vec![
        ("nobody in particular", json!([service(sns, json!({}))]), false),
        (
            "a topic",
            json!([service(
                sns,
                json!({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:orders"}})
            )]),
            true,
        ),
        (
            "topics of an account",
            json!([service(sns, json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}))]),
            true,
        ),
        (
            "a topic in any account",
            json!([service(sns, json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:*:orders"}}))]),
            false,
        ),
        ("any source at all", json!([service(sns, json!({"StringLike": {"aws:SourceArn": "*"}}))]), false),
        (
            "not that source",
            json!([service(
                sns,
                json!({"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:444455556666:*"}})
            )]),
            false,
        ),
        (
            "a source where there is one",
            json!([service(
                sns,
                json!({"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:orders"}})
            )]),
            false,
        ),
        (
            "an organisation",
            json!([service(sns, json!({"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}))]),
            true,
        ),
        (
            "organisation paths",
            json!([service(
                sns,
                json!({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-a1b2c3d4e5/r-1/*"}})
            )]),
            true,
        ),
        (
            "a principal's organisation says nothing of the source",
            json!([service(sns, json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))]),
            false,
        ),
        ("a bucket alone", json!([service(s3, bucket.clone())]), false),
        (
            "a bucket and its account",
            json!([service(
                s3,
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}, "StringEquals": {"AWS:SourceAccount": OWN}})
            )]),
            true,
        ),
        (
            "the bucket's account alone",
            json!([service(s3, json!({"StringEquals": {"aws:SourceAccount": OWN}}))]),
            true,
        ),
        ("any account", json!([service(s3, json!({"StringLike": {"aws:SourceAccount": "*"}}))]), false),
        ("a bucket, for a service whose names are not global", json!([service(sns, bucket)]), true),
        (
            "an API",
            json!([service(
                "apigateway.amazonaws.com",
                json!({"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/*/GET/cart"}})
            )]),
            true,
        ),
        (
            "a skill",
            json!([service(
                "alexa-appkit.amazon.com",
                json!({"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.1"}})
            )]),
            true,
        ),
        (
            "other accounts denied",
            json!([service(s3, json!({})), {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:SourceAccount": OWN}, "Bool": {"aws:PrincipalIsAWSService": "true"}}}]),
            true,
        ),
        (
            "other buckets denied",
            json!([service(s3, json!({})), {"Effect": "Deny", "Principal": {"Service": s3}, "Action": "*", "Resource": "*", "Condition": {"ArnNotLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}}}]),
            false,
        ),
    ];
    for (name, statements, restricted) in table {
        assert_eq!(read(statements)[0].source_restricted, restricted, "{name}");
    }
}

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
