//! What each service's replies become.

use std::collections::BTreeSet;

use nephoscope_model::CoverageState;
use nephoscope_model::secret::Redacted;

use super::estate::{SIGNING, function_arn};
use super::*;
use crate::{Collector, Tier, actions, permissions};

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
    let of_alias = &known(shop, "alias_policies")["Policies"];
    assert_eq!((of_alias.as_array().map(Vec::len), &of_alias[0]["Qualifier"]), (Some(1), &json!("live")));
    let versions = &known(shop, "versions")["Versions"];
    assert_eq!((versions.as_array().map(Vec::len), &versions[0]["Version"]), (Some(1), &json!("3")));
    let provisioned = &known(shop, "provisioned")["ProvisionedConcurrencyConfigs"][0];
    assert_eq!(provisioned["RequestedProvisionedConcurrentExecutions"], 2);
    assert!(provisioned.get("Status").is_none(), "how much is ready at the moment is not configured");
    assert_eq!(known(shop, "runtime_management"), &json!({"UpdateRuntimeOn": "Auto"}));
    assert_eq!(known(shop, "recursion"), &json!({"RecursiveLoop": "Terminate"}));
    assert_eq!(known(shop, "code"), &json!({"RepositoryType": "S3"}));
    assert_eq!(
        (shop.tags["team"].as_str(), &known(shop, "tags")["Tags"]),
        ("shop", &json!({"team": "shop"}))
    );
    assert_eq!(known(shop, "event_sources")["EventSourceMappings"][0]["UUID"], "1");
    assert_eq!(known(shop, "code_signing")["CodeSigningConfigArn"], SIGNING);
    assert_eq!(
        known(shop, "code_signing")["CodeSigningConfig"]["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"],
        "Enforce"
    );
    let expected: BTreeMap<&str, Vec<&str>> = [
        (
            "executes_as",
            vec!["arn:aws:iam::123456789012:role/shop", "arn:aws:iam::123456789012:role/shop-before"],
        ),
        ("logs_to", vec!["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/shop"]),
        ("triggered_by", vec!["arn:aws:s3:::uploads", "arn:aws:sqs:eu-west-1:123456789012:orders"]),
        ("uses_layer", vec!["arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:14"]),
        (
            "writes_to",
            vec!["arn:aws:sns:eu-west-1:123456789012:failed", "arn:aws:sqs:eu-west-1:123456789012:dead"],
        ),
    ]
    .into();
    assert_eq!(edges(shop), expected);

    let open = find(&shard, "open");
    assert_eq!(known(open, "policy")["Statement"][0]["Principal"], "*");
    assert_eq!(known(open, "url")["AuthType"], "NONE");
    assert_eq!(known(open, "urls")["FunctionUrlConfigs"].as_array().map(Vec::len), Some(1));
    for facet in ["tags", "async", "recursion", "versions", "alias_policies", "provisioned"] {
        assert_eq!(open.facets[facet], Facet::Absent, "{facet}");
    }
    assert_eq!(known(open, "concurrency"), &json!({"ReservedConcurrentExecutions": 100}));
    assert_eq!(open.facets["aliases"], Facet::Absent);
    assert_eq!(open.facets["event_sources"], Facet::Absent);
    assert_eq!(open.facets["code_signing"], Facet::Absent);
    assert_eq!(edges(open)["logs_to"], ["arn:aws:logs:eu-west-1:123456789012:log-group:/shared"]);

    let calls: BTreeMap<&str, u64> = shard.coverage.calls.iter().map(|(api, n)| (api.as_str(), *n)).collect();
    assert_eq!(calls["lambda:ListFunctions"], 2);
    assert_eq!(calls["lambda:GetPolicy"], 3, "one of them for the alias");
    assert_eq!(calls["lambda:GetFunction"], 2);
    assert!(!calls.contains_key("lambda:GetFunctionConcurrency"), "the function says it");
    assert_eq!(calls["lambda:ListFunctionEventInvokeConfigs"], 1, "only where something does not wait");
    assert_eq!(calls["lambda:GetFunctionRecursionConfig"], 1, "only where a loop is possible");
    assert_eq!(calls["lambda:ListAliases"], 1, "only where there are versions");
    assert_eq!(calls["lambda:ListFunctionUrlConfigs"], 1, "only where a policy speaks of URLs");
}

#[tokio::test]
async fn where_functions_may_not_be_read_concurrency_is_asked_for_by_itself() {
    let fake = Fake::start(|action, _, _| {
        (action == "GetFunction").then(|| error(403, "AccessDeniedException", "lambda:GetFunction"))
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    assert_eq!(known(find(&shard, "open"), "concurrency"), &json!({"ReservedConcurrentExecutions": 100}));
    assert_eq!(fake.count("GetFunctionConcurrency"), 2);
    for facet in ["code", "tags"] {
        let reason = unreadable(find(&shard, "open"), facet);
        assert_eq!(reason.permission.as_deref(), Some("lambda:GetFunction"));
    }
}

#[tokio::test]
async fn concurrency_is_not_asked_for_where_nothing_is_reserved() {
    let fake = Fake::start(|action, _, _| {
        let limit = json!({"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000});
        match action {
            "GetAccountSettings" => {
                Some(ResponseTemplate::new(200).set_body_json(json!({"AccountLimit": limit})))
            }
            "GetFunction" => Some(error(403, "AccessDeniedException", "lambda:GetFunction")),
            _ => None,
        }
    });
    let fake = fake.await;
    let shard = fake.collect("lambda").await;
    assert_eq!(find(&shard, "open").facets["concurrency"], Facet::Absent);
    assert_eq!(fake.count("GetFunctionConcurrency"), 0);
}

#[tokio::test]
async fn what_lambda_runs_beside_functions() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("lambdacompute").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    let image = find(&shard, "sandbox");
    assert!(Redacted::from_value(&known(image, "version")["environmentVariables"]["TOKEN"]).is_some());
    assert_eq!(known(image, "running")["settings"].as_array().map(Vec::len), Some(1), "two alike are one");
    assert_eq!(edges(image)["executes_as"], ["arn:aws:iam::123456789012:role/shop"]);
    assert_eq!(find(&shard, "large").kind.as_str(), "aws.lambda.capacity_provider");

    let shard = fake.collect("lambdaweb").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    let site = find(&shard, "site");
    assert_eq!(known(site, "endpoints")["endpoints"][0]["authType"], "ApplicationManaged");
    assert_eq!(site.facets["policy"], Facet::Absent);

    let shard = fake.collect("lambdalayers").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(known(find(&shard, "tools:7"), "policy")["Statement"][0]["Principal"], "*");
}

#[tokio::test]
async fn a_region_without_web_functions_has_none() {
    for (status, code, message) in [
        (404, "UnknownOperationException", "no"),
        (403, "AccessDeniedException", "Unable to determine service/operation name to be authorized"),
    ] {
        let fake = Fake::start(move |action, _, _| {
            (action == "ListWebFunctions").then(|| error(status, code, message))
        });
        let shard = fake.await.collect("lambdaweb").await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Complete, true), "{code}");
    }
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
    assert_eq!(known(api, "resources")["item"][0]["path"], "/", "the draft of a small account is read");
    assert_eq!(edges(api)["invokes"], [function_arn("shop")]);
    assert_eq!(api.tags["team"], "shop");
    let stage = find(&shard, "orders/prod");
    assert_eq!(stage.uid.as_str(), "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod");
    assert!(Redacted::from_value(&known(stage, "stage")["variables"]["apiKey"]).is_some());
    let integration = &known(stage, "deployed")["paths"]["/"]["get"]["x-amazon-apigateway-integration"];
    assert_eq!(integration["type"], "aws_proxy");
    let old = find(&shard, "old.example.com");
    assert_eq!(edges(old)["invokes"], [api.uid.as_str()]);
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
    assert_eq!(known(api, "draft")["paths"]["/"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(edges(api)["invokes"], [function_arn("shop")]);
    assert_eq!(
        known(find(&shard, "live"), "routes")["items"][0]["routeKey"],
        "GET /",
        "it cannot be exported"
    );
    assert_eq!(find(&shard, "live/$default").facets["deployed"], Facet::Absent);
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
    assert_eq!(known(group, "metric_filters")["metricFilters"][0]["filterName"], "errors");
    let policy = find(&shard, "delivery");
    assert_eq!(policy.uid.as_str(), "arn:aws:logs:eu-west-1:123456789012:resource-policy/delivery");
    assert_eq!(known(policy, "policy")["policyDocument"], json!({"Statement": []}));

    let shard = fake.collect("cloudtrail").await;
    let trails = shard.resources.iter().filter(|resource| resource.kind.as_str() == "aws.cloudtrail.trail");
    assert_eq!(trails.count(), 2, "a trail whose home is not scanned is read by its shadow");
    let trail = find(&shard, "main");
    assert_eq!(known(trail, "status")["IsLogging"], true);
    assert_eq!(known(trail, "selectors")["EventSelectors"][0]["ReadWriteType"], "All");
    assert_eq!(known(trail, "insights")["InsightSelectors"][0]["InsightType"], "ApiCallRateInsight");
    assert_eq!(edges(trail)["logs_to"], ["arn:aws:logs:eu-west-1:123456789012:log-group:trail"]);
    let shadow = find(&shard, "shadow");
    assert_eq!(shadow.facets["insights"], Facet::Absent);
    assert_eq!(shard.coverage.calls["cloudtrail:GetInsightSelectors"], 1, "only where there are any");
}

#[tokio::test]
async fn metric_filters_are_listed_once_for_all_groups() {
    let fake = Fake::start(|action, before, request| {
        let body = match action {
            "DescribeLogGroups" => {
                let group = |name: &str| json!({ "logGroupName": name });
                json!({"logGroups": [group("/orders"), group("/quiet"), group("/shop")]})
            }
            "DescribeMetricFilters" => {
                let asked: Value = serde_json::from_slice(&request.body).unwrap();
                assert!(asked.get("logGroupName").is_none(), "{asked}");
                let filter = |name: &str, group: &str| json!({"filterName": name, "logGroupName": group});
                let last = json!({"metricFilters": [filter("slow", "/shop")]});
                let first = [filter("denied", "/shop"), filter("errors", "/orders")];
                if before == 0 { json!({"metricFilters": first, "nextToken": "two"}) } else { last }
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    });
    let fake = fake.await;
    let shard = fake.collect("logs").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(fake.count("DescribeMetricFilters"), 2);
    let names = |group: &str| {
        let filters = known(find(&shard, group), "metric_filters")["metricFilters"].as_array().unwrap();
        filters.iter().map(|filter| filter["filterName"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("/shop"), ["denied", "slow"]);
    assert_eq!(names("/orders"), ["errors"]);
    assert_eq!(find(&shard, "/quiet").facets["metric_filters"], Facet::Absent);
}

#[tokio::test]
async fn metric_filters_that_may_not_be_listed_hide_no_group() {
    let fake = Fake::start(|action, before, _| match (action, before) {
        ("DescribeMetricFilters", 0) => {
            let filter = json!({"filterName": "errors", "logGroupName": "/aws/lambda/shop"});
            let page = json!({"metricFilters": [filter], "nextToken": "two"});
            Some(ResponseTemplate::new(200).set_body_json(page))
        }
        ("DescribeMetricFilters", _) => Some(error(400, "AccessDeniedException", "no")),
        _ => None,
    });
    let shard = fake.await.collect("logs").await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, true));
    let unread = unreadable(find(&shard, "/aws/lambda/shop"), "metric_filters");
    assert_eq!(
        (unread.api.as_str(), unread.error.as_str()),
        ("logs:DescribeMetricFilters", "AccessDeniedException")
    );
    assert_eq!(unread.permission.as_deref(), Some("logs:DescribeMetricFilters"));
}

#[tokio::test]
async fn insights_that_are_off_are_absent_and_those_that_are_hidden_unreadable() {
    let refused = |code: &'static str| {
        Fake::start(move |action, _, _| (action == "GetInsightSelectors").then(|| error(400, code, "no")))
    };
    let shard = refused("InsightNotEnabledException").await.collect("cloudtrail").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(find(&shard, "main").facets["insights"], Facet::Absent);

    let shard = refused("AccessDeniedException").await.collect("cloudtrail").await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, true));
    let unread = unreadable(find(&shard, "main"), "insights");
    assert_eq!(unread.permission.as_deref(), Some("cloudtrail:GetInsightSelectors"));
    assert_eq!(find(&shard, "shadow").facets["insights"], Facet::Absent, "which the trail itself says");
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
        let shard = aws.collect(&key(Region::from(region), "cloudtrail"), &Context::default()).await;
        let trails =
            shard.resources.into_iter().filter(|found| found.kind.as_str() == "aws.cloudtrail.trail");
        names.extend(trails.map(|trail| (region, trail.name)));
    }
    assert_eq!(names, [("eu-west-1", "main".to_owned()), ("us-east-1", "shadow".to_owned())]);
}

#[tokio::test]
async fn every_action_that_is_called_is_declared_and_nothing_secret_is_kept() {
    let fake = Fake::start(|_, _, _| None).await;
    let mut called = BTreeSet::new();
    for service in [
        "sts",
        "iam",
        "lambda",
        "lambdacompute",
        "lambdaweb",
        "lambdalayers",
        "apigateway",
        "apigatewayv2",
        "logs",
        "cloudtrail",
    ]
    .into_iter()
    .chain(guarding::SERVICES.iter().copied())
    .chain(data::SERVICES.iter().copied())
    .chain(flows::SERVICES.iter().copied())
    .chain(fronts::SERVICES.iter().copied())
    {
        let shard = fake.collect(service).await;
        called.extend(shard.coverage.calls.into_keys());
        let text = serde_json::to_string(&shard.resources).unwrap();
        assert!(!text.contains("CANARY"), "{text}");
    }
    // What is only asked for where something else is refused.
    let refusing = Fake::start(|action, _, _| {
        (action == "GetExport").then(|| error(403, "AccessDeniedException", "no"))
    });
    called.extend(refusing.await.collect("apigateway").await.coverage.calls.into_keys());
    let refusing = Fake::start(|action, _, _| {
        (action == "GetFunction").then(|| error(403, "AccessDeniedException", "no"))
    });
    called.extend(refusing.await.collect("lambda").await.coverage.calls.into_keys());
    let declared: BTreeSet<String> = actions().into_iter().map(str::to_owned).collect();
    let mut uncalled: Vec<&String> = declared.difference(&called).collect();
    // Tags come with each function to whoever may list them; events are looked up from the second night on.
    let elsewhere = ["account:ListRegions", "cloudtrail:LookupEvents", "lambda:ListTags"];
    // An organization is asked for its accounts before any of them has a shard.
    let before = |api: &str| super::super::organizations::ACTIONS.iter().any(|action| action.api == api);
    uncalled.retain(|action| !elsewhere.contains(&action.as_str()) && !before(action));
    assert_eq!(uncalled, Vec::<&String>::new(), "declared, but never called");
    assert!(called.is_subset(&declared), "called, but not declared: {:?}", called.difference(&declared));
    let reads = ["Get", "List", "Describe", "BatchGet", "Lookup", "View"];
    for permission in permissions(Tier::Code) {
        let (_, verb) = permission.split_once(':').unwrap();
        assert!(
            verb == "GET" || reads.iter().any(|read| verb.starts_with(read)),
            "{permission} does not read"
        );
    }
}
