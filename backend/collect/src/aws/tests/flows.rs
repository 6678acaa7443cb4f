//! Events, workflows and pools of users, in the provider's own words, and what becomes of it.

use nephoscope_model::CoverageState;

use super::*;

const BUS: &str = "arn:aws:events:eu-west-1:123456789012:event-bus/shop";
const RULES: &str = "arn:aws:events:eu-west-1:123456789012:rule/shop";
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:pay";
const SCHEDULE: &str = "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly";
const PIPE: &str = "arn:aws:pipes:eu-west-1:123456789012:pipe/orders";
const REGISTRY: &str = "arn:aws:schemas:eu-west-1:123456789012:registry/shop";
const ROLE: &str = "arn:aws:iam::123456789012:role/flow";

/// The services that this file answers for.
pub(super) const SERVICES: &[&str] =
    &["events", "scheduler", "pipes", "schemas", "stepfunctions", "cognitoidp", "cognitoidentity"];

/// The action behind the segments of a path.
pub(super) fn action_of(parts: &[&str]) -> Option<&'static str> {
    Some(match parts {
        ["schedules"] => "ListSchedules",
        ["schedules", _] => "GetSchedule",
        ["schedule-groups"] => "ListScheduleGroups",
        ["v1", "pipes"] => "ListPipes",
        ["v1", "pipes", _] => "DescribePipe",
        ["v1", "registries"] => "ListRegistries",
        ["v1", "policy"] => "schemas:GetResourcePolicy",
        _ => return None,
    })
}

pub(super) fn answer(action: &str) -> Option<ResponseTemplate> {
    let secret = json!({"apiToken": "CANARYx7Gh2kQ9zLmN4pR"}).to_string();
    let body = match action {
        "ListEventBuses" => {
            json!({"EventBuses": [{"Name": "shop", "Arn": BUS, "Policy": "{\"Statement\":[]}"}]})
        }
        "ListRules" => json!({"Rules": [
            {"Name": "paid", "Arn": format!("{RULES}/paid"), "State": "ENABLED"},
            {"Name": "old", "Arn": format!("{RULES}/old"), "State": "DISABLED"},
            {"Name": "AWSown", "Arn": format!("{RULES}/AWSown"), "State": "ENABLED", "ManagedBy": "states.amazonaws.com"},
        ]}),
        "ListTargetsByRule" => {
            json!({"Targets": [{"Id": "1", "Arn": MACHINE, "RoleArn": ROLE, "Input": secret}]})
        }
        "ListArchives" => {
            json!({"Archives": [{"ArchiveName": "shop", "EventSourceArn": BUS, "EventCount": 7}]})
        }
        "ListApiDestinations" => json!({"ApiDestinations": []}),
        "ListConnections" => json!({"Connections": []}),
        "ListEndpoints" => json!({"Endpoints": []}),
        "ListStateMachines" => json!({"stateMachines": [{"stateMachineArn": MACHINE, "name": "pay"}]}),
        "DescribeStateMachine" => {
            json!({"stateMachineArn": MACHINE, "roleArn": ROLE, "definition": "{\"StartAt\":\"A\",\"States\":{}}"})
        }
        "ListSchedules" => {
            json!({"Schedules": [{"Arn": SCHEDULE, "Name": "nightly", "GroupName": "default"}]})
        }
        "GetSchedule" => {
            json!({"Arn": SCHEDULE, "Target": {"Arn": MACHINE, "RoleArn": ROLE, "Input": secret}})
        }
        "ListScheduleGroups" => {
            json!({"ScheduleGroups": [{"Arn": "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default", "Name": "default"}]})
        }
        "ListPipes" => json!({"Pipes": [{"Arn": PIPE, "Name": "orders"}]}),
        "DescribePipe" => json!({"Arn": PIPE, "RoleArn": ROLE, "Target": MACHINE}),
        "ListRegistries" => json!({"Registries": [
            {"RegistryArn": REGISTRY, "RegistryName": "shop"},
            {"RegistryArn": "arn:aws:schemas:eu-west-1::registry/aws.events", "RegistryName": "aws.events"},
        ]}),
        "schemas:GetResourcePolicy" => json!({"Policy": "{\"Statement\":[]}", "RevisionId": "1"}),
        "ListUserPools" => json!({"UserPools": [{"Id": "eu-west-1_a", "Name": "shop"}]}),
        "DescribeUserPool" => json!({"UserPool": {
            "Id": "eu-west-1_a", "EstimatedNumberOfUsers": 7, "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        }}),
        "DescribeRiskConfiguration" => json!({"RiskConfiguration": {"UserPoolId": "eu-west-1_a"}}),
        "ListUserPoolClients" => json!({"UserPoolClients": [{"ClientId": "c1", "ClientName": "web"}]}),
        "DescribeUserPoolClient" => json!({"UserPoolClient": {"ClientId": "c1", "ClientSecret": "CANARY"}}),
        "ListIdentityPools" => {
            json!({"IdentityPools": [{"IdentityPoolId": "eu-west-1:1", "IdentityPoolName": "guests"}]})
        }
        "DescribeIdentityPool" => {
            json!({"IdentityPoolId": "eu-west-1:1", "AllowUnauthenticatedIdentities": true})
        }
        "GetIdentityPoolRoles" => {
            json!({"IdentityPoolId": "eu-west-1:1", "Roles": {"unauthenticated": ROLE}})
        }
        _ => return None,
    };
    Some(ResponseTemplate::new(200).set_body_json(body))
}

#[tokio::test]
async fn only_rules_that_are_on_and_somebodys_own_are_asked_for_targets() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("events").await;
    assert_eq!((shard.coverage.state, fake.count("ListTargetsByRule")), (CoverageState::Complete, 1));
    assert_eq!(edges(find(&shard, "paid"))["executes_as"], [ROLE]);
    assert!(!find(&shard, "old").facets.contains_key("targets"));
    let archive =
        shard.resources.iter().find(|resource| resource.kind.as_str() == "aws.events.archive").unwrap();
    assert!(known(archive, "archive").get("EventCount").is_none(), "what changes by itself is dropped");
}

#[tokio::test]
async fn rules_that_cannot_be_listed_leave_the_listing_open() {
    let fake = Fake::start(|action, _, _| {
        (action == "ListRules").then(|| error(400, "AccessDeniedException", "no"))
    });
    let shard = fake.await.collect("events").await;
    assert!(!shard.coverage.listed);
    let bus = shard.resources.iter().find(|resource| resource.uid.as_str() == BUS).unwrap();
    assert!(known(bus, "bus").is_object(), "the bus itself was read");
}

#[tokio::test]
async fn a_region_without_global_endpoints_has_none() {
    let fake = Fake::start(|action, _, _| {
        (action == "ListEndpoints").then(|| error(400, "UnknownOperationException", "no"))
    });
    let shard = fake.await.collect("events").await;
    assert!(shard.coverage.listed);
}

#[tokio::test]
async fn a_sealed_definition_costs_a_second_call_and_hides_nothing_else() {
    let fake = Fake::start(|action, before, _| {
        let sealed = action == "DescribeStateMachine" && before == 0;
        sealed.then(|| error(400, "KmsAccessDeniedException", "no"))
    })
    .await;
    let shard = fake.collect("stepfunctions").await;
    let machine = find(&shard, "pay");
    assert_eq!(fake.count("DescribeStateMachine"), 2);
    assert_eq!(known(machine, "machine")["roleArn"], ROLE);
    assert_eq!(unreadable(machine, "definition").error, "KmsAccessDeniedException");
}

#[tokio::test]
async fn pools_without_threat_protection_are_not_asked_for_their_reactions() {
    let fake = Fake::start(|action, _, _| {
        let pool = json!({"UserPool": {"Id": "eu-west-1_a"}});
        (action == "DescribeUserPool").then(|| ResponseTemplate::new(200).set_body_json(pool))
    })
    .await;
    let shard = fake.collect("cognitoidp").await;
    assert_eq!(fake.count("DescribeRiskConfiguration"), 0);
    assert_eq!(find(&shard, "shop").facets["risk"], Facet::Absent);
    assert_eq!(known(find(&shard, "web"), "client")["ClientSecret"], true);
}

#[tokio::test]
async fn registries_of_aws_are_left_out() {
    let fake = Fake::start(|_, _, _| None).await;
    let shard = fake.collect("schemas").await;
    assert_eq!((shard.resources.len(), fake.count("schemas:GetResourcePolicy")), (1, 1));
}

#[tokio::test]
async fn what_vanished_meanwhile_is_gone() {
    let cases = [
        ("stepfunctions", "DescribeStateMachine", 400, "StateMachineDoesNotExist"),
        ("scheduler", "GetSchedule", 404, "ResourceNotFoundException"),
        ("pipes", "DescribePipe", 404, "NotFoundException"),
        ("cognitoidp", "DescribeUserPool", 400, "ResourceNotFoundException"),
        ("cognitoidp", "DescribeUserPoolClient", 400, "ResourceNotFoundException"),
        ("cognitoidentity", "DescribeIdentityPool", 400, "ResourceNotFoundException"),
        ("events", "ListTargetsByRule", 400, "ResourceNotFoundException"),
    ];
    for (service, action, status, code) in cases {
        let whole = Fake::start(|_, _, _| None).await.collect(service).await;
        let fake = Fake::start(move |asked, _, _| (asked == action).then(|| error(status, code, "gone")));
        let shard = fake.await.collect(service).await;
        assert!(shard.resources.len() < whole.resources.len(), "{service}");
        let coverage = shard.coverage;
        assert_eq!((coverage.state, coverage.listed), (CoverageState::Complete, true), "{service} {action}");
    }
}
