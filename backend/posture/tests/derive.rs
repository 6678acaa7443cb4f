//! Facts and exposure, family by family, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure::{CrossAccount, Internal, Internet, Unknown};
use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::{Value, json};
use shop::{ACCOUNT, REGION, Shop, arn, exposure, known, related, resource, unknown, unread};

/// A function with this configuration and neither policy nor URL.
fn function(number: usize, config: Value) -> Resource {
    let facets = json!({"config": config, "policy": null, "aliases": null, "url": null, "concurrency": null, "code_signing": null});
    resource("aws.lambda.function", &arn(number), facets)
}

fn with(mut resource: Resource, facet: &str, value: Value) -> Resource {
    resource.facets.insert(facet.to_owned(), Facet::Known(value));
    resource
}

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn open_url() -> Value {
    json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": "*", "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}})
}

#[test]
fn runtimes_reach_their_end() {
    let life = |config| known(&Shop::with(vec![function(1, config)]), &arn(1), "runtime");
    let old = life(json!({"PackageType": "Zip", "Runtime": "python3.6"}));
    assert_eq!((&old["listed"], &old["deprecated"]), (&json!(true), &json!(true)));
    let new = life(json!({"PackageType": "Zip", "Runtime": "java25"}));
    assert_eq!((&new["deprecated"], &new["deprecation_date"]), (&json!(false), &json!("2029-06-30")));
    let unheard = life(json!({"PackageType": "Zip", "Runtime": "cobol85"}));
    assert_eq!(
        unheard,
        json!({"name": "cobol85", "listed": false, "deprecated": false, "deprecation_date": null, "days_left": null, "update_blocked": false, "block_update_date": null, "successor": null})
    );
    assert_eq!(life(json!({"PackageType": "Image"})), Value::Null);
    let without = Shop::with(vec![function(1, json!({"PackageType": "Zip"}))]);
    assert_eq!(unknown(&without, &arn(1), "runtime"), ["config Malformed"]);
}

#[test]
fn layers_of_strangers_are_told_from_own_and_vendors() {
    let layer = |account: &str, name: &str| json!({"Arn": format!("arn:aws:lambda:{REGION}:{account}:layer:{name}:3")});
    let layers = [
        layer(ACCOUNT, "tools"),
        layer("580247275435", "LambdaInsightsExtension"),
        layer("444455556666", "x"),
    ];
    let shop = Shop::with(vec![function(1, json!({"PackageType": "Zip", "Layers": layers}))]);
    let stranger = format!("arn:aws:lambda:{REGION}:444455556666:layer:x:3");
    assert_eq!(
        known(&shop, &arn(1), "foreign_layers"),
        json!([{"arn": stranger, "account": "444455556666"}])
    );
    assert_eq!(known(&shop, &arn(1), "insights"), json!(true));
    let bare = Shop::with(vec![function(1, json!({"PackageType": "Zip"}))]);
    assert_eq!(known(&bare, &arn(1), "foreign_layers"), json!([]));
    assert_eq!(known(&bare, &arn(1), "insights"), json!(false));
    let image = Shop::with(vec![function(1, json!({"PackageType": "Image"}))]);
    assert_eq!(unknown(&image, &arn(1), "insights"), ["config NotCollected"]);
    let dark = Shop::with(vec![unread(function(1, json!({})), "config")]);
    assert_eq!(unknown(&dark, &arn(1), "foreign_layers"), ["config AccessDeniedException"]);
}

#[test]
fn secrets_are_named_not_shown() {
    let redacted =
        |detector: Value| json!({"$redacted": {"detector": detector, "length": "17-32", "tag": "ab"}});
    let variables = json!({"KEY": redacted(json!("aws-access-key")), "STAGE": redacted(Value::Null), "a-b": redacted(json!("jwt"))});
    let shop = Shop::with(vec![function(1, json!({"Environment": {"Variables": variables}}))]);
    assert_eq!(
        known(&shop, &arn(1), "secrets"),
        json!([
            {"path": "config.Environment.Variables.KEY", "detector": "aws-access-key", "length": "17-32", "tag": "ab"},
            {"path": "config.Environment.Variables[\"a-b\"]", "detector": "jwt", "length": "17-32", "tag": "ab"},
        ])
    );
}

/// A trail with these selectors, in the shop's region alone where `everywhere` is false.
fn trail(everywhere: bool, logging: bool, selectors: Value) -> Resource {
    let uid = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t");
    let trail = json!({"TrailARN": uid, "HomeRegion": REGION, "IsMultiRegionTrail": everywhere});
    resource(
        "aws.cloudtrail.trail",
        &uid,
        json!({"trail": trail, "status": {"IsLogging": logging}, "selectors": selectors}),
    )
}

#[test]
fn trails_record_invocations_or_not() {
    let basic = |kind: &str, values: Value| json!({"EventSelectors": [{"ReadWriteType": kind, "IncludeManagementEvents": true, "DataResources": [{"Type": "AWS::Lambda::Function", "Values": values}]}]});
    let advanced = |fields: Value| json!({"AdvancedEventSelectors": [{"FieldSelectors": fields}]});
    let data = json!({"Field": "eventCategory", "Equals": ["Data"]});
    let lambda = json!({"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]});
    let table = [
        ("every function", basic("All", json!(["arn:aws:lambda"])), true),
        ("this function", basic("WriteOnly", json!([arn(1)])), true),
        ("another function", basic("All", json!([arn(2)])), false),
        ("reads only", basic("ReadOnly", json!(["arn:aws:lambda"])), false),
        ("advanced", advanced(json!([data, lambda])), true),
        (
            "advanced, by name",
            advanced(json!([data, lambda, {"Field": "resources.ARN", "StartsWith": [arn(1)]}])),
            true,
        ),
        (
            "advanced, but not it",
            advanced(json!([data, lambda, {"Field": "resources.ARN", "NotEquals": [arn(1)]}])),
            false,
        ),
        (
            "advanced, reads only",
            advanced(json!([data, lambda, {"Field": "readOnly", "Equals": ["true"]}])),
            false,
        ),
        (
            "advanced, some callers",
            advanced(json!([data, lambda, {"Field": "userIdentity.arn", "StartsWith": ["x"]}])),
            false,
        ),
        (
            "objects",
            advanced(json!([data, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}])),
            false,
        ),
    ];
    for (name, selectors, recorded) in table {
        let shop = Shop::with(vec![function(1, json!({})), trail(false, true, selectors)]);
        assert_eq!(known(&shop, &arn(1), "invocations_recorded"), json!(recorded), "{name}");
    }
    let all = || basic("All", json!(["arn:aws:lambda"]));
    let off = Shop::with(vec![function(1, json!({})), trail(true, false, all())]);
    assert_eq!(known(&off, &arn(1), "invocations_recorded"), json!(false));
    let dark = Shop::with(vec![function(1, json!({})), unread(trail(true, true, all()), "selectors")]);
    assert_eq!(unknown(&dark, &arn(1), "invocations_recorded"), ["selectors AccessDeniedException"]);
    // One witness suffices, whatever else could not be read.
    let unlisted = Shop::with(vec![function(1, json!({})), trail(true, true, all())]).unlisted("cloudtrail");
    assert_eq!(known(&unlisted, &arn(1), "invocations_recorded"), json!(true));
    let nothing = Shop::with(vec![function(1, json!({}))]).unlisted("cloudtrail");
    assert_eq!(unknown(&nothing, &arn(1), "invocations_recorded"), ["cloudtrail NotListed"]);
}

#[test]
fn a_stale_trail_witnesses_nothing() {
    let selectors = json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]});
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let account = resource("aws.account", &root, json!({"identity": {}}));
    let mut shop = Shop::with(vec![account.clone(), trail(true, true, selectors.clone())]);
    assert_eq!(known(&shop, &root, "management_trail"), json!(true));
    for resource in &mut shop.resources {
        resource.stale_since = Some(shop::instant());
    }
    assert_eq!(unknown(&shop, &root, "management_trail"), ["trail NotListed"]);
    let local = Shop::with(vec![account.clone(), trail(false, true, selectors)]);
    assert_eq!(known(&local, &root, "management_trail"), json!(false));
    let writes = json!({"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": true}]});
    let writes = Shop::with(vec![account, trail(true, true, writes)]);
    assert_eq!(known(&writes, &root, "management_trail"), json!(false));
}

/// A role with an inline and an attached policy.
fn role() -> Resource {
    let uid = format!("arn:aws:iam::{ACCOUNT}:role/app");
    let inline = json!({"PolicyName": "own", "PolicyDocument": policy(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))});
    let attached = json!({"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    let trust = policy(
        json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}),
    );
    let role = json!({"Arn": uid, "AssumeRolePolicyDocument": trust, "RolePolicyList": [inline], "AttachedManagedPolicies": [attached]});
    resource("aws.iam.role", &uid, json!({ "role": role }))
}

#[test]
fn roles_hold_their_policies_together() {
    let role = role();
    let uid = role.uid.to_string();
    let document = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let managed = resource(
        "aws.iam.policy",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        json!({"policy": {"Document": document}}),
    );
    let user = related(function(1, json!({"Role": uid})), RelationName::ExecutesAs, &uid);
    let shop = Shop::with(vec![role.clone(), managed.clone(), user]);
    let grants = known(&shop, &uid, "grants");
    assert_eq!(grants[0]["source"], "inline:own");
    assert_eq!(grants[0]["service_wildcards"], json!(["s3"]));
    assert_eq!(grants[1]["source"], "arn:aws:iam::aws:policy/AdministratorAccess");
    assert_eq!(grants[1]["admin"], true);
    assert_eq!(known(&shop, &uid, "trust")[0]["services"], json!(["lambda.amazonaws.com"]));
    assert_eq!(known(&shop, &uid, "functions"), json!([arn(1)]));
    assert_eq!(known(&shop, &arn(1), "role"), json!(uid));

    let without = Shop::with(vec![role.clone()]);
    assert_eq!(unknown(&without, &uid, "grants"), ["policy NotCollected"]);
    assert_eq!(known(&without, &uid, "functions"), json!([]));
    assert_eq!(unknown(&without.unlisted("lambda"), &uid, "functions"), ["lambda NotListed"]);
    let dark = Shop::with(vec![role, unread(managed, "policy")]);
    assert_eq!(unknown(&dark, &uid, "grants"), ["policy AccessDeniedException"]);
}

#[test]
fn functions_are_exposed_by_url_policy_and_gateway() {
    let url = |kind: &str| json!({"AuthType": kind, "FunctionUrl": "https://x.lambda-url.eu-west-1.on.aws/"});
    let of = |function: Resource| exposure(&Shop::with(vec![function]), &arn(1));
    let plain = || function(1, json!({}));
    let with_policy = |statement: Value| with(plain(), "policy", policy(json!([statement])));
    assert_eq!(of(plain()), Internal);
    assert_eq!(of(with(with_policy(open_url()), "url", url("NONE"))), Internet);
    // The statement of a URL that is gone, or that asks for signatures by now, lets nobody in.
    assert_eq!(of(with_policy(open_url())), Internal);
    assert_eq!(of(with(plain(), "url", url("NONE"))), Internal);
    let anybody =
        json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"});
    assert_eq!(of(with_policy(anybody)), Internet);
    let through_url = json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*", "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}});
    assert_eq!(of(with_policy(through_url)), Internal);
    let signed =
        json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"});
    assert_eq!(of(with(with_policy(signed), "url", url("AWS_IAM"))), CrossAccount);
    let partner = json!({"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "lambda:InvokeFunction", "Resource": "*"});
    assert_eq!(of(with_policy(partner.clone())), CrossAccount);

    assert_eq!(of(unread(plain(), "policy")), Unknown);
    assert_eq!(of(unread(plain(), "url")), Unknown);
    let half = Shop::with(vec![unread(with_policy(partner), "url")]);
    assert_eq!(exposure(&half, &arn(1)), CrossAccount);
    assert_eq!(unknown(&half, &arn(1), "exposure"), ["url AccessDeniedException"]);
}

#[test]
fn a_role_is_as_exposed_as_its_most_exposed_function() {
    let role = role();
    let uid = role.uid.to_string();
    let user = |number, policy: Value| {
        let user = related(function(number, json!({})), RelationName::ExecutesAs, &uid);
        with(user, "policy", policy)
    };
    let partner = json!([{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "lambda:InvokeFunction", "Resource": "*"}]);
    let shop = Shop::with(vec![role.clone(), user(1, policy(json!([]))), user(2, policy(partner))]);
    assert_eq!(exposure(&shop, &uid), CrossAccount);
    let dark =
        Shop::with(vec![role.clone(), user(1, policy(json!([]))), unread(user(2, json!({})), "policy")]);
    assert_eq!(exposure(&dark, &uid), Unknown);
    assert_eq!(exposure(&Shop::with(vec![role]), &uid), Internal);
}

#[test]
fn log_groups_know_their_functions() {
    let uid = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/a");
    let group = resource("aws.logs.group", &uid, json!({"group": {}}));
    let writer = related(function(1, json!({})), RelationName::LogsTo, &uid);
    let shop = Shop::with(vec![group.clone(), writer]).unlisted("lambda");
    assert_eq!(known(&shop, &uid, "functions"), json!([arn(1)]));
    assert_eq!(unknown(&Shop::with(vec![group]).unlisted("lambda"), &uid, "functions"), ["lambda NotListed"]);
}
