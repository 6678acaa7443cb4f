//! What each service's replies become.

use std::collections::BTreeSet;

use nephoscope_model::CoverageState;
use nephoscope_model::secret::Redacted;

use super::estate::{SIGNING, function_arn};
use super::*;
use crate::{actions, permissions};

#[tokio::test]
async fn functions_are_whole() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("lambda").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert!(shard.coverage.listed);
    let uids: Vec<&str> = shard.resources.iter().map(|resource| resource.uid.as_str()).collect();
    let settings = "arn:aws:lambda:eu-west-1:123456789012:account-settings";
    assert_eq!(uids, [settings, &function_arn("open"), &function_arn("shop")]);

    let shop = find(&shard, "shop");
    let config = known(shop, "config");
    assert_eq!(config["FunctionArn"], function_arn("shop"));
    assert_eq!(config["BrandNewField"], json!({"kept": false}), "a field newer than the SDK is kept");
    assert!(config.get("KMSKeyArn").is_none(), "null is the same as left out");
    let password = Redacted::from_value(&config["Environment"]["Variables"]["DB_PASSWORD"]).unwrap();
    assert_eq!(password.detector.as_deref(), Some("password"));
    let plain = &config["Environment"]["Variables"]["STAGE"]["$redacted"];
    assert_eq!((&plain["detector"], &plain["length"]), (&Value::Null, &json!("9-16")));
    assert!(plain.get("detector").is_some(), "null is said, not left out");
    assert_eq!(shop.facets["policy"], Facet::Absent);
    assert_eq!(shop.facets["concurrency"], Facet::Absent);
    assert_eq!(known(shop, "aliases")["Aliases"][0]["Name"], "live");
    assert_eq!(known(shop, "event_sources")["EventSourceMappings"][0]["UUID"], "1");
    assert_eq!(known(shop, "code_signing")["CodeSigningConfigArn"], SIGNING);
    assert_eq!(
        known(shop, "code_signing")["CodeSigningConfig"]["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"],
        "Enforce"
    );
    let expected: BTreeMap<&str, Vec<&str>> = [
        ("executes_as", vec!["arn:aws:iam::123456789012:role/shop"]),
        ("logs_to", vec!["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/shop"]),
        ("triggered_by", vec!["arn:aws:sqs:eu-west-1:123456789012:orders"]),
        ("uses_layer", vec!["arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:14"]),
        ("writes_to", vec!["arn:aws:sqs:eu-west-1:123456789012:dead"]),
    ]
    .into();
    assert_eq!(edges(shop), expected);

    let open = find(&shard, "open");
    assert_eq!(known(open, "policy")["Statement"][0]["Principal"], "*");
    assert_eq!(known(open, "url")["AuthType"], "NONE");
    assert_eq!(known(open, "concurrency"), &json!({"ReservedConcurrentExecutions": 100}));
    assert_eq!(open.facets["aliases"], Facet::Absent);
    assert_eq!(open.facets["event_sources"], Facet::Absent);
    assert_eq!(open.facets["code_signing"], Facet::Absent);
    assert_eq!(edges(open)["logs_to"], ["arn:aws:logs:eu-west-1:123456789012:log-group:/shared"]);

    let calls: BTreeMap<&str, u64> = shard.coverage.calls.iter().map(|(api, n)| (api.as_str(), *n)).collect();
    assert_eq!(calls["lambda:ListFunctions"], 2);
    assert_eq!(calls["lambda:GetPolicy"], 2);
    assert_eq!(calls["lambda:ListAliases"], 1, "only where there are versions");
    assert_eq!(
        calls["lambda:ListFunctionUrlConfigs"], 2,
        "where the policy speaks of URLs, or aliases exist"
    );
}

#[tokio::test]
async fn concurrency_is_not_asked_for_where_nothing_is_reserved() {
    let fake = Fake::start(|action, _, _| {
        let limit = json!({"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000});
        (action == "GetAccountSettings")
            .then(|| ResponseTemplate::new(200).set_body_json(json!({"AccountLimit": limit})))
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    assert_eq!(find(&shard, "open").facets["concurrency"], Facet::Absent);
    assert_eq!(fake.count("GetFunctionConcurrency"), 0);
}

#[tokio::test]
async fn roles_carry_their_policies() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("iam").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    let names: Vec<&str> = shard.resources.iter().map(|resource| resource.name.as_str()).collect();
    assert_eq!(names, ["used", "shop"], "only policies that a role uses");
    let role = find(&shard, "shop");
    assert_eq!(
        known(role, "role"),
        &json!({
            "Path": "/", "RoleName": "shop", "RoleId": "AROASHOP", "Arn": "arn:aws:iam::123456789012:role/shop",
            "CreateDate": "2026-01-02T03:04:05+00:00",
            "AssumeRolePolicyDocument": {"Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            ]},
            "InstanceProfileList": [],
            "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}],
            "AttachedManagedPolicies": [{"PolicyName": "used", "PolicyArn": "arn:aws:iam::123456789012:policy/used"}],
            "Tags": [{"Key": "team", "Value": "shop"}],
        })
    );
    assert_eq!(role.tags["team"], "shop");
    assert_eq!(edges(role)["has_policy"], ["arn:aws:iam::123456789012:policy/used"]);
    let policy = known(find(&shard, "used"), "policy");
    assert_eq!(policy["Document"]["Statement"]["Action"], "s3:*", "the default version's document");
    assert!(policy.get("PolicyVersionList").is_none());
}

#[tokio::test]
async fn rest_apis_and_their_stages() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("apigateway").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    let api = find(&shard, "orders");
    assert_eq!(api.uid.as_str(), "arn:aws:apigateway:eu-west-1::/restapis/r1");
    assert_eq!(known(api, "api")["policy"], json!({"Version": "2012-10-17", "Statement": []}));
    assert_eq!(known(api, "authorizers"), &json!({"item": []}));
    assert_eq!(edges(api)["invokes"], [function_arn("shop")]);
    assert_eq!(api.tags["team"], "shop");
    let stage = find(&shard, "orders/prod");
    assert_eq!(stage.uid.as_str(), "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod");
    assert!(Redacted::from_value(&known(stage, "stage")["variables"]["apiKey"]).is_some());
    assert_eq!(stage.facets["resources"], api.facets["resources"]);
    let edges = edges(stage);
    assert_eq!(edges["part_of"], [api.uid.as_str()]);
    assert_eq!(edges["logs_to"], ["arn:aws:logs:eu-west-1:123456789012:log-group:access"]);
    assert_eq!(edges["fronted_by"], ["arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/w/1"]);
    assert_eq!(
        find(&shard, "shop.example.com").uid.as_str(),
        "arn:aws:apigateway:eu-west-1::/domainnames/shop.example.com"
    );
}

#[tokio::test]
async fn http_apis_and_their_stages() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("apigatewayv2").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    let api = find(&shard, "web");
    assert_eq!(api.uid.as_str(), "arn:aws:apigateway:eu-west-1::/apis/h1");
    assert_eq!(known(api, "routes")["items"][0]["routeKey"], "GET /");
    assert_eq!(edges(api)["invokes"], [function_arn("shop")]);
    let stage = find(&shard, "web/$default");
    assert!(Redacted::from_value(&known(stage, "stage")["stageVariables"]["apiKey"]).is_some());
    assert_eq!(stage.facets["api"], api.facets["api"]);
}

#[tokio::test]
async fn logs_and_trails() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("logs").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    let group = find(&shard, "/aws/lambda/shop");
    assert_eq!(group.uid.as_str(), "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/shop");
    let policy = find(&shard, "delivery");
    assert_eq!(policy.uid.as_str(), "arn:aws:logs:eu-west-1:123456789012:resource-policy/delivery");
    assert_eq!(known(policy, "policy")["policyDocument"], json!({"Statement": []}));

    let shard = fake.collect("cloudtrail").await;
    assert_eq!(shard.resources.len(), 2, "a trail whose home is not scanned is read by its shadow");
    let trail = find(&shard, "main");
    assert_eq!(known(trail, "status")["IsLogging"], true);
    assert_eq!(known(trail, "selectors")["EventSelectors"][0]["ReadWriteType"], "All");
    assert_eq!(edges(trail)["logs_to"], ["arn:aws:logs:eu-west-1:123456789012:log-group:trail"]);
}

#[tokio::test]
async fn a_trail_is_read_once_in_its_home_region() {
    let fake = Fake::start(|_, _, _| None).await;
    let mut names = Vec::new();
    for region in ["eu-west-1", "us-east-1"] {
        let mut options = options(quick());
        options.regions = RegionChoice::Named(vec![Region::from("eu-west-1"), Region::from("us-east-1")]);
        let mut aws = Aws::identify(options, sdk(&fake.server.uri())).await.unwrap();
        aws.account = ACCOUNT.into();
        let shard = aws.collect(&key(Region::from(region), "cloudtrail")).await;
        names.extend(shard.resources.into_iter().map(|trail| (region, trail.name)));
    }
    assert_eq!(names, [("eu-west-1", "main".to_owned()), ("us-east-1", "shadow".to_owned())]);
}

#[tokio::test]
async fn every_action_that_is_called_is_declared_and_nothing_secret_is_kept() {
    let fake = Fake::start(|_, _, _| None).await;
    let mut called = BTreeSet::new();
    for service in ["sts", "iam", "lambda", "apigateway", "apigatewayv2", "logs", "cloudtrail"] {
        let shard = fake.collect(service).await;
        called.extend(shard.coverage.calls.into_keys());
        let text = serde_json::to_string(&shard.resources).unwrap();
        assert!(!text.contains("CANARY"), "{text}");
    }
    let declared: BTreeSet<String> = actions().into_iter().map(str::to_owned).collect();
    let mut uncalled: Vec<&String> = declared.difference(&called).collect();
    uncalled.retain(|action| action.as_str() != "account:ListRegions");
    assert_eq!(uncalled, Vec::<&String>::new(), "declared, but never called");
    assert!(called.is_subset(&declared), "called, but not declared: {:?}", called.difference(&declared));
    let reads = ["Get", "List", "Describe"];
    for permission in permissions() {
        let (_, verb) = permission.split_once(':').unwrap();
        assert!(
            verb == "GET" || reads.iter().any(|read| verb.starts_with(read)),
            "{permission} does not read"
        );
    }
}
