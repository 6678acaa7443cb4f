//! On whose behalf services may call.

use serde_json::{Value, json};

use super::{OWN, read, service};

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
