//! What guards and deploys functions, in the providers' own words, and what becomes of it.

use nephoscope_model::CoverageState;

use super::estate::xml;
use super::*;

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";
const BUILD: &str = "arn:aws:codebuild:eu-west-1:123456789012:project/build";
const APP: &str = "arn:aws:amplify:eu-west-1:123456789012:apps/d1";
const SERVICE: &str = "arn:aws:apprunner:eu-west-1:123456789012:service/shop/1";
const REPOSITORY: &str = "arn:aws:codeartifact:eu-west-1:123456789012:repository/shop/npm";
const PROFILE: &str = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/shop";
const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors";
const PUBLISHED: &str = "arn:aws:serverlessrepo:eu-west-1:123456789012:applications/resize";
const STORE: &str = "arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/1";

/// The action behind the segments of a path.
pub(super) fn action_of(parts: &[&str]) -> Option<&'static str> {
    Some(match parts {
        ["detector"] => "ListDetectors",
        ["detector", _] => "GetDetector",
        ["status", "batch", "get"] => "BatchGetAccountStatus",
        ["EncryptionConfig"] => "GetEncryptionConfig",
        ["Groups"] => "GetGroups",
        ["apps"] => "ListApps",
        ["apps", _, "branches"] => "ListBranches",
        ["v1", "domains"] => "ListDomains",
        ["v1", "repositories"] => "ListRepositories",
        ["v1", "packages"] => "ListPackages",
        ["signing-profiles"] => "ListSigningProfiles",
        ["accounts"] => "DescribeHub",
        ["standards", "get"] => "GetEnabledStandards",
        ["agents"] => "ListAgents",
        ["agents", _, "agentversions", "DRAFT", "actiongroups"] => "ListAgentActionGroups",
        ["agents", _, "agentversions", "DRAFT", "actiongroups", _] => "GetAgentActionGroup",
        ["applications"] => "serverlessrepo:ListApplications",
        ["applications", _, "policy"] => "GetApplicationPolicy",
        _ => return None,
    })
}

pub(super) fn answer(action: &str) -> Option<ResponseTemplate> {
    let environment = json!({"TOKEN": "CANARY-token"});
    let body = match action {
        "ListDetectors" => json!({"detectorIds": ["d1"]}),
        "GetDetector" => {
            json!({"status": "ENABLED", "features": [{"name": "LAMBDA_NETWORK_LOGS", "status": "ENABLED"}]})
        }
        "BatchGetAccountStatus" => {
            json!({"accounts": [{"accountId": ACCOUNT, "resourceState": {"lambda": {"status": "ENABLED"}}}]})
        }
        "GetEncryptionConfig" => json!({"EncryptionConfig": {"Type": "KMS", "KeyId": KEY}}),
        "GetGroups" => {
            json!({"Groups": [{"GroupName": "Default", "GroupARN": "arn:aws:xray:eu-west-1:123456789012:group/Default"}]})
        }
        "DescribeConfigurationRecorders" => json!({"ConfigurationRecorders": [{"name": "default"}]}),
        "DescribeConfigurationRecorderStatus" => {
            json!({"ConfigurationRecordersStatus": [{"name": "default", "recording": true, "lastStatus": "SUCCESS"}]})
        }
        "DescribeBudgets" | "DescribeBudgetNotificationsForAccount" => json!({}),
        "GetAnomalyMonitors" => json!({"AnomalyMonitors": []}),
        "GetAnomalySubscriptions" => json!({"AnomalySubscriptions": []}),
        "DescribeStacks" => return Some(xml(STACKS)),
        "ListProjects" => json!({"projects": ["build"]}),
        "BatchGetProjects" => {
            let variables = json!([{"name": "TOKEN", "value": "CANARY-token", "type": "PLAINTEXT"}]);
            json!({"projects": [{"arn": BUILD, "name": "build", "environment": {"environmentVariables": variables}}]})
        }
        "ListApps" => {
            json!({"apps": [{"appId": "d1", "appArn": APP, "name": "front", "environmentVariables": environment}]})
        }
        "ListBranches" => {
            json!({"branches": [{"branchName": "main", "basicAuthCredentials": "CANARY-password"}]})
        }
        "ListServices" => json!({"ServiceSummaryList": [
            {"ServiceArn": SERVICE, "ServiceName": "shop", "Status": "RUNNING"},
            {"ServiceArn": "gone", "ServiceName": "gone", "Status": "DELETED"},
        ]}),
        "DescribeService" => {
            let image = json!({"ImageConfiguration": {"RuntimeEnvironmentVariables": environment}});
            json!({"Service": {"ServiceArn": SERVICE, "SourceConfiguration": {"ImageRepository": image}}})
        }
        "ListDomains" => json!({"domains": []}),
        "ListRepositories" => json!({"repositories": [
            {"arn": REPOSITORY, "name": "npm", "domainName": "shop", "domainOwner": ACCOUNT},
        ]}),
        "ListPackages" => json!({"packages": []}),
        "tag:GetResources" => json!({"PaginationToken": "", "ResourceTagMappingList": []}),
        "ListEventDataStores" => json!({"EventDataStores": [{"EventDataStoreArn": STORE, "Name": "lake"}]}),
        "GetEventDataStore" => {
            json!({"EventDataStoreArn": STORE, "Status": "ENABLED", "AdvancedEventSelectors": []})
        }
        "ListSigningProfiles" => {
            json!({"profiles": [{"arn": PROFILE, "profileName": "shop", "status": "Active"}]})
        }
        "DescribeAlarms" => {
            json!({"MetricAlarms": [{"AlarmArn": ALARM, "AlarmName": "errors", "StateValue": "OK"}]})
        }
        "DescribeHub" => json!({"HubArn": "arn:aws:securityhub:eu-west-1:123456789012:hub/default"}),
        "GetEnabledStandards" => json!({"StandardsSubscriptions": []}),
        "ListAgents" => json!({"agentSummaries": [{"agentId": "A1", "agentName": "desk"}]}),
        "ListAgentActionGroups" => json!({"actionGroupSummaries": [{"actionGroupId": "G1"}]}),
        "GetAgentActionGroup" => json!({"agentActionGroup": {"actionGroupId": "G1"}}),
        "ListApplications" => json!({"applications": ["shop", "fleet"]}),
        "BatchGetApplications" => json!({"applicationsInfo": [
            {"applicationName": "shop", "computePlatform": "Lambda"},
            {"applicationName": "fleet", "computePlatform": "Server"},
        ]}),
        "ListDeploymentGroups" => json!({"applicationName": "shop", "deploymentGroups": ["live"]}),
        "BatchGetDeploymentGroups" => {
            json!({"deploymentGroupsInfo": [{"applicationName": "shop", "deploymentGroupName": "live"}]})
        }
        "serverlessrepo:ListApplications" => {
            json!({"applications": [{"applicationId": PUBLISHED, "name": "resize"}]})
        }
        "GetApplicationPolicy" => json!({"statements": []}),
        "DescribeSubnets" => return Some(xml(SUBNETS)),
        "DescribeRouteTables" => return Some(xml(TABLES)),
        "DescribeSecurityGroups" => return Some(xml(GROUPS)),
        "DescribeVpcEndpoints" => {
            return Some(xml(
                "<DescribeVpcEndpointsResponse><vpcEndpointSet/></DescribeVpcEndpointsResponse>",
            ));
        }
        _ => return None,
    };
    Some(ResponseTemplate::new(200).set_body_json(body))
}

const SUBNETS: &str =
    "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>
    </item></subnetSet></DescribeSubnetsResponse>";
const TABLES: &str =
    "<DescribeRouteTablesResponse><routeTableSet><item><vpcId>vpc-1</vpcId><associationSet><item>
    <main>true</main></item></associationSet></item></routeTableSet></DescribeRouteTablesResponse>";
const GROUPS: &str = "<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId>
    <groupName>web</groupName></item></securityGroupInfo></DescribeSecurityGroupsResponse>";

const STACKS: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
    <StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1</StackId><StackName>shop</StackName>
    <Parameters><member><ParameterKey>Token</ParameterKey><ParameterValue>CANARY-token</ParameterValue></member></Parameters>
    </member></Stacks></DescribeStacksResult></DescribeStacksResponse>";

/// What resources of other shards refer to.
pub(super) const NAMED: &[&str] = &[
    "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1",
    "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-gone",
    "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1",
];

/// The services that this file answers for.
pub(super) const SERVICES: &[&str] = &[
    "guardduty",
    "inspector2",
    "config",
    "xray",
    "budgets",
    "cloudformation",
    "codebuild",
    "amplify",
    "apprunner",
    "codeartifact",
    "tagging",
    "signer",
    "cloudwatch",
    "securityhub",
    "bedrockagent",
    "codedeploy",
    "serverlessrepo",
    "ec2",
];

#[tokio::test]
async fn each_is_read_whole_with_the_fewest_calls() {
    let fake = Fake::start(|_, _, _| None).await;
    // Service, resources, and calls.
    for (service, resources, calls) in [
        ("guardduty", 1, 2),
        ("inspector2", 1, 1),
        ("config", 1, 2),
        ("xray", 2, 2),
        ("budgets", 1, 4),
        ("cloudformation", 1, 1),
        ("codebuild", 1, 2),
        ("amplify", 1, 2),
        ("apprunner", 1, 2),
        ("codeartifact", 1, 3),
        ("tagging", 1, 1),
        ("signer", 1, 1),
        ("cloudwatch", 1, 1),
        ("securityhub", 1, 2),
        ("bedrockagent", 1, 3),
        ("codedeploy", 1, 4),
        ("serverlessrepo", 1, 2),
        ("ec2", 3, 4),
    ] {
        let shard = fake.collect(service).await;
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{service}: {:?}", shard.coverage.errors);
        assert!(shard.coverage.listed, "{service}");
        assert_eq!(shard.resources.len(), resources, "{service}");
        assert_eq!(
            shard.coverage.calls.values().sum::<u64>(),
            calls,
            "{service}: {:?}",
            shard.coverage.calls
        );
    }
}

#[tokio::test]
async fn a_guard_that_could_not_be_asked_is_there_and_unreadable() {
    let fake = Fake::start(|_, _, _| Some(error(403, "AccessDeniedException", "no"))).await;
    for (service, facet) in [
        ("guardduty", "detector"),
        ("inspector2", "status"),
        ("config", "recorders"),
        ("xray", "encryption"),
        ("tagging", "tagged"),
    ] {
        // Who asks has been found out before.
        let shard = collect_as(&fake, service).await;
        assert_eq!(shard.coverage.state, CoverageState::Denied, "{service}");
        assert!(!shard.coverage.listed, "{service}");
        assert!(unreadable(&shard.resources[0], facet).permission.is_some(), "{service}");
    }
}

#[tokio::test]
async fn networks_are_read_where_functions_run_in_them() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("ec2").await;
    let kinds: Vec<&str> = shard.resources.iter().map(|resource| resource.kind.as_str()).collect();
    assert_eq!(kinds, ["aws.ec2.securitygroup", "aws.ec2.subnet", "aws.ec2.vpc"]);
    assert_eq!(known(find(&shard, "subnet-1"), "route_table")["vpcId"], "vpc-1");
    let bodies = fake.server.received_requests().await.unwrap();
    let asked = bodies.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned());
    let asked = asked.filter(|body| body.contains("Action=DescribeSubnets")).collect::<String>();
    assert!(
        asked.contains("Filter.1.Name=subnet-id&Filter.1.Value.1=subnet-1&Filter.1.Value.2=subnet-gone"),
        "{asked}"
    );

    let nowhere = collect_as(&fake, "ec2").await;
    assert_eq!(nowhere.coverage.calls.values().sum::<u64>(), 0, "no function is connected to a network");
    assert!(nowhere.coverage.listed);
}

#[tokio::test]
async fn a_hub_that_is_off_is_absent_and_no_error() {
    let fake = Fake::start(|action, _, _| {
        (action == "DescribeHub").then(|| error(401, "InvalidAccessException", "Account is not subscribed"))
    });
    let fake = fake.await;
    let shard = fake.collect("securityhub").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(shard.resources[0].facets["hub"], Facet::Absent);
    assert_eq!(fake.count("GetEnabledStandards"), 0);
}

#[tokio::test]
async fn a_ringing_alarm_and_a_rising_bill_are_no_changes() {
    let night = |night: u32| {
        Fake::start(move |action, _, _| {
            let body = match action {
                "DescribeAlarms" => json!({"MetricAlarms": [
                    {"AlarmArn": ALARM, "StateValue": night, "StateReason": night, "StateUpdatedTimestamp": night},
                ]}),
                "DescribeBudgets" => json!({"Budgets": [
                    {"BudgetName": "b", "BudgetType": "COST", "CalculatedSpend": night, "LastUpdatedTime": night},
                ]}),
                "DescribeConfigurationRecorderStatus" => json!({"ConfigurationRecordersStatus": [
                    {"name": "default", "recording": true, "lastStatus": night, "lastStatusChangeTime": night},
                ]}),
                _ => return None,
            };
            Some(ResponseTemplate::new(200).set_body_json(body))
        })
    };
    let (first, second) = (night(1).await, night(2).await);
    for service in ["cloudwatch", "budgets", "config"] {
        let (before, after) = (first.collect(service).await, second.collect(service).await);
        assert_eq!(before.resources, after.resources, "{service}");
    }
}

#[tokio::test]
async fn stores_stand_beside_trails() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("cloudtrail").await;
    let store = find(&shard, "lake");
    assert_eq!((store.kind.as_str(), store.uid.as_str()), ("aws.cloudtrail.store", STORE));
    assert_eq!(known(store, "store")["Status"], "ENABLED");

    let without = Fake::start(|action, _, _| {
        (action == "ListEventDataStores").then(|| error(400, "UnsupportedOperationException", "not here"))
    });
    let shard = without.await.collect("cloudtrail").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "a region without stores has none");
    let denied = Fake::start(|action, _, _| {
        (action == "ListEventDataStores").then(|| error(400, "AccessDeniedException", "no"))
    });
    let shard = denied.await.collect("cloudtrail").await;
    assert!(!shard.coverage.listed, "there may be stores that were not seen");
}

#[tokio::test]
async fn cost_explorer_is_spared_where_a_budget_watches_everything() {
    let fake = Fake::start(|action, _, _| {
        let body = match action {
            "DescribeBudgets" => json!({"Budgets": [{"BudgetName": "all", "BudgetType": "COST"}]}),
            "DescribeBudgetNotificationsForAccount" => {
                json!({"BudgetNotificationsForAccount": [{"BudgetName": "all", "Notifications": [{}]}]})
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    });
    let fake = fake.await;
    let shard = fake.collect("budgets").await;
    assert_eq!(fake.count("GetAnomalyMonitors") + fake.count("GetAnomalySubscriptions"), 0);
    assert!(!shard.resources[0].facets.contains_key("monitors"));
}

#[tokio::test]
async fn pages_of_repositories_follow_in_the_address() {
    let fake = Fake::start(|action, before, request| {
        (action == "ListRepositories").then(|| {
            let token = request
                .url
                .query_pairs()
                .find(|(name, _)| name == "next-token")
                .map(|(_, token)| token.into_owned());
            assert_eq!(token.as_deref(), (before > 0).then_some("second"));
            let next = (before == 0).then_some("second");
            ResponseTemplate::new(200).set_body_json(json!({"repositories": [], "nextToken": next}))
        })
    });
    let fake = fake.await;
    assert!(fake.collect("codeartifact").await.coverage.listed);
    assert_eq!(fake.count("ListRepositories"), 2);
}

/// Reads a service with an identity that is known without asking.
async fn collect_as(fake: &Fake, service: &str) -> Shard {
    let known = Fake::start(|_, _, _| None).await;
    let mut aws = Aws::identify(options(quick()), sdk(&known.server.uri())).await.unwrap();
    aws.account = ACCOUNT.into();
    aws.sdk = sdk(&fake.server.uri());
    aws.collect(&key(Region::from("eu-west-1"), service), &Context::default()).await
}
