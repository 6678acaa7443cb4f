//! GraphQL APIs, distributions and firewalls, in the provider's own words, and what becomes of them.

use nephoscope_model::CoverageState;

use super::estate::{function_arn, xml};
use super::*;

const API: &str = "arn:aws:appsync:eu-west-1:123456789012:apis/g1";
const ACL: &str = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1";
const GROUP: &str = "arn:aws:wafv2:eu-west-1:123456789012:regional/rulegroup/limits/2";
const LOGGED: &str = "arn:aws:cloudfront::123456789012:distribution/E1";
const OTHER: &str = "arn:aws:cloudfront::123456789012:distribution/E2";
const EDGE: &str = "arn:aws:cloudfront::123456789012:function/headers";

/// The services that this file answers for.
pub(super) const SERVICES: &[&str] = &["appsync", "cloudfront", "wafv2"];

/// The action behind the segments of a path.
pub(super) fn action_of(parts: &[&str]) -> Option<&'static str> {
    Some(match parts {
        ["v1", "apis"] => "ListGraphqlApis",
        ["v1", "apis", _, "ApiCaches"] => "GetApiCache",
        ["v1", "apis", _, "apikeys"] => "ListApiKeys",
        ["v1", "apis", _, "datasources"] => "ListDataSources",
        ["2020-05-31", "distribution"] => "ListDistributions",
        ["2020-05-31", "distribution", _, "config"] => "GetDistributionConfig",
        ["2020-05-31", "function"] => "cloudfront:ListFunctions",
        ["2020-05-31", "function", _] => "cloudfront:GetFunction",
        _ => return None,
    })
}

pub(super) fn answer(action: &str) -> Option<ResponseTemplate> {
    let body = match action {
        "ListGraphqlApis" => json!({"graphqlApis": [
            {"apiId": "g1", "arn": API, "name": "shop", "authenticationType": "API_KEY", "wafWebAclArn": ACL},
        ]}),
        "ListApis" => {
            json!({"apis": [{"apiId": "e1", "apiArn": "arn:aws:appsync:eu-west-1:123456789012:apis/e1", "name": "chat"}]})
        }
        "GetApiCache" => json!({"apiCache": {"type": "SMALL", "status": "AVAILABLE"}}),
        "ListApiKeys" => {
            json!({"apiKeys": [{"id": "da2-CANARY", "description": "CANARY", "expires": 1_800_000_000}]})
        }
        "ListDataSources" => json!({"dataSources": [
            {"name": "shop", "serviceRoleArn": "arn:aws:iam::123456789012:role/shop", "lambdaConfig": {"lambdaFunctionArn": function_arn("shop")}},
        ]}),
        "ListWebACLs" => json!({"WebACLs": [{"Name": "shop", "Id": "1", "ARN": ACL}]}),
        "GetWebACL" => {
            json!({"WebACL": {"ARN": ACL, "Rules": [{"Statement": {"ByteMatchStatement": {"SearchString": "CANARY"}}}]}})
        }
        "ListRuleGroups" => json!({"RuleGroups": [{"Name": "limits", "Id": "2", "ARN": GROUP}]}),
        "GetRuleGroup" => json!({"RuleGroup": {"ARN": GROUP, "Rules": []}}),
        "ListLoggingConfigurations" => json!({"LoggingConfigurations": [
            {"ResourceArn": ACL, "LogDestinationConfigs": ["arn:aws:logs:eu-west-1:123456789012:log-group:aws-waf-logs-shop"]},
        ]}),
        "ListResourcesForWebACL" => json!({"ResourceArns": []}),
        "DescribeDeliverySources" => json!({"deliverySources": [{"name": "shop", "resourceArns": [LOGGED]}]}),
        "DescribeDeliveries" => json!({"deliveries": [{"deliverySourceName": "shop"}]}),
        "ListDistributions" => return Some(xml(&distributions())),
        "GetDistributionConfig" => {
            return Some(xml(
                "<DistributionConfig><Logging><Enabled>true</Enabled></Logging></DistributionConfig>",
            ));
        }
        "cloudfront:ListFunctions" => {
            let summary = format!(
                "<FunctionList><Quantity>1</Quantity><Items><FunctionSummary><Name>headers</Name>\
                 <FunctionMetadata><FunctionARN>{EDGE}</FunctionARN></FunctionMetadata></FunctionSummary></Items></FunctionList>"
            );
            return Some(xml(&summary));
        }
        "cloudfront:GetFunction" => {
            let code = "function handler(event) {\n  const apiToken = 'CANARYx7Gh2kQ9zLmN4pR';\n}";
            return Some(ResponseTemplate::new(200).set_body_raw(code, "application/octet-stream"));
        }
        _ => return None,
    };
    Some(ResponseTemplate::new(200).set_body_json(body))
}

fn distributions() -> String {
    let one = |arn: &str, id: &str| {
        format!(
            "<DistributionSummary><Id>{id}</Id><ARN>{arn}</ARN><DomainName>{id}.cloudfront.net</DomainName><Origins><Items><Origin>\
             <CustomHeaders><Items><OriginCustomHeader><HeaderName>x-key</HeaderName><HeaderValue>CANARY</HeaderValue></OriginCustomHeader></Items></CustomHeaders>\
             </Origin></Items></Origins></DistributionSummary>"
        )
    };
    let items = one(LOGGED, "E1") + &one(OTHER, "E2");
    format!(
        "<DistributionList><Marker/><IsTruncated>false</IsTruncated><Quantity>2</Quantity><Items>{items}</Items></DistributionList>"
    )
}

#[tokio::test]
async fn each_service_is_read_whole() {
    let fake = Fake::start(|_, _, _| None).await;
    for (service, resources) in [("appsync", 2), ("wafv2", 2), ("cloudfront", 5)] {
        let shard = fake.collect(service).await;
        let coverage = &shard.coverage;
        assert_eq!(
            (coverage.state, coverage.listed),
            (CoverageState::Complete, true),
            "{:?}",
            coverage.errors
        );
        assert_eq!(shard.resources.len(), resources, "{service}");
    }
    assert_eq!(fake.count("GetDistributionConfig"), 1, "a delivery makes the older log needless");
    assert_eq!(fake.count("ListResourcesForWebACL"), 2, "only what does not name its ACL is asked for");
}

#[tokio::test]
async fn what_cannot_be_read_is_unreadable() {
    let cases = [
        ("appsync", "GetApiCache", "shop", "cache", "appsync:GetApiCache"),
        ("appsync", "ListApiKeys", "shop", "keys", "appsync:ListApiKeys"),
        ("appsync", "ListDataSources", "shop", "data_sources", "appsync:ListDataSources"),
        ("wafv2", "GetWebACL", "shop", "acl", "wafv2:GetWebACL"),
        ("wafv2", "ListLoggingConfigurations", "shop", "logging", "wafv2:ListLoggingConfigurations"),
        ("wafv2", "ListResourcesForWebACL", "shop", "resources", "wafv2:ListResourcesForWebACL"),
        (
            "cloudfront",
            "GetDistributionConfig",
            "E2.cloudfront.net",
            "logging",
            "cloudfront:GetDistributionConfig",
        ),
        ("cloudfront", "DescribeDeliveries", "E1.cloudfront.net", "deliveries", "logs:DescribeDeliveries"),
        ("cloudfront", "cloudfront:GetFunction", "headers", "code", "cloudfront:GetFunction"),
    ];
    for (service, action, name, facet, permission) in cases {
        let fake = Fake::start(move |asked, _, _| {
            (asked == action).then(|| error(403, "AccessDeniedException", "no"))
        });
        let shard = fake.await.collect(service).await;
        assert_eq!(shard.coverage.state, CoverageState::Partial, "{action}");
        let reason = unreadable(find(&shard, name), facet);
        assert_eq!((reason.api.as_str(), reason.permission.as_deref()), (permission, Some(permission)));
    }
}

#[tokio::test]
async fn what_vanished_meanwhile_is_gone() {
    let cases = [
        ("appsync", "ListDataSources", 404, "NotFoundException"),
        ("wafv2", "GetWebACL", 400, "WAFNonexistentItemException"),
        ("cloudfront", "cloudfront:GetFunction", 404, "NoSuchFunctionExists"),
        ("cloudfront", "GetDistributionConfig", 404, "NoSuchDistribution"),
    ];
    for (service, action, status, code) in cases {
        let whole = Fake::start(|_, _, _| None).await.collect(service).await;
        let fake = Fake::start(move |asked, _, _| (asked == action).then(|| error(status, code, "gone")));
        let shard = fake.await.collect(service).await;
        assert!(shard.resources.len() < whole.resources.len(), "{service} {action}");
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    }
}
