//! Who is let in.

use nephoscope_model::finding::Exposure::{self, CrossAccount, Internal, Internet};
use serde_json::{Value, json};

use super::{FUNCTION, OWN, deny, everyone, read, service};

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
