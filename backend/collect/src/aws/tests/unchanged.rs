//! An estate that nobody changed is the same resources the next night, whatever its counters say by then.

use super::estate::{IDENTITY, authorization_details, function_arn, xml};
use super::*;

#[tokio::test]
async fn what_changes_by_itself_is_not_a_change() {
    let (first, second) = (estate_of_night(1).await, estate_of_night(2).await);
    for service in ["sts", "iam", "lambda", "apigateway", "logs", "cloudtrail"] {
        let (before, after) = (first.collect(service).await, second.collect(service).await);
        assert!(before.coverage.errors.is_empty(), "{service}: {:?}", before.coverage.errors);
        assert_eq!(before.resources, after.resources, "{service}");
    }
    let replies = (1..=2).map(|night| ANSWERED.map(|action| body(action, night)));
    let [first, second] = replies.collect::<Vec<_>>().try_into().unwrap();
    for (action, (first, second)) in ANSWERED.iter().zip(first.into_iter().zip(second)) {
        assert_ne!(first, second, "the replies to {action} are the same: nothing was shown about it");
    }
}

#[tokio::test]
async fn what_was_configured_beside_it_stays() {
    let fake = estate_of_night(1).await;
    let lambda = fake.collect("lambda").await;
    let shop = find(&lambda, "shop");
    assert_eq!(
        known(&lambda.resources[0], "settings"),
        &json!({"AccountLimit": {"ConcurrentExecutions": 1000}})
    );
    assert_eq!(known(shop, "config")["LastModified"], "2026-01-02T03:04:05.000+0000");
    let mapping = json!({"UUID": "1", "FunctionArn": function_arn("shop"), "State": "Enabled"});
    assert_eq!(known(shop, "event_sources"), &json!({"EventSourceMappings": [mapping]}));
    let trails = fake.collect("cloudtrail").await;
    let status = json!({"IsLogging": true, "StartLoggingTime": 1, "LatestDeliveryError": "NoSuchBucket"});
    assert_eq!(known(find(&trails, "main"), "status"), &status);
    let gateway = fake.collect("apigateway").await;
    let stage = json!({"stageName": "prod", "cacheClusterEnabled": true});
    assert_eq!(known(find(&gateway, "orders/prod"), "stage"), &stage);
    let identity = "arn:aws:sts::123456789012:assumed-role/nephoscope";
    assert_eq!(known(&fake.collect("sts").await.resources[0], "identity")["Arn"], identity);
}

/// The calls whose replies differ between two nights.
const ANSWERED: [&str; 9] = [
    "GetCallerIdentity",
    "GetAccountAuthorizationDetails",
    "GetAccountSettings",
    "ListFunctions",
    "ListEventSourceMappings",
    "GetStages",
    "GetExport",
    "DescribeLogGroups",
    "GetTrailStatus",
];

async fn estate_of_night(night: u32) -> Fake {
    Fake::start(move |action, _, _| {
        ANSWERED.contains(&action).then(|| match body(action, night) {
            Value::String(document) => xml(&document),
            document => ResponseTemplate::new(200).set_body_json(document),
        })
    })
    .await
}

/// The reply to `action`: XML as text.
fn body(action: &str, night: u32) -> Value {
    let text = format!("2026-10-0{night}T02:00:00Z");
    let state = if night == 1 { "Active" } else { "Inactive" };
    match action {
        "GetCallerIdentity" => {
            Value::from(IDENTITY.replace("nephoscope/nephoscope", &format!("nephoscope/session-{night}")))
        }
        "GetAccountAuthorizationDetails" => {
            let used = format!(
                "<RoleLastUsed><LastUsedDate>{text}</LastUsedDate><Region>eu-west-{night}</Region></RoleLastUsed>"
            );
            let counts = format!(
                "<AttachmentCount>{night}</AttachmentCount><PermissionsBoundaryUsageCount>{night}</PermissionsBoundaryUsageCount>"
            );
            let details = authorization_details().replace("<Tags>", &format!("{used}<Tags>"));
            Value::from(details.replace("<AttachmentCount>1</AttachmentCount>", &counts))
        }
        "GetAccountSettings" => json!({
            "AccountLimit": {"ConcurrentExecutions": 1000},
            "AccountUsage": {"TotalCodeSize": night, "FunctionCount": night},
        }),
        "ListFunctions" => json!({"Functions": [{
            "FunctionName": "shop", "FunctionArn": function_arn("shop"), "Version": "$LATEST",
            "LastModified": "2026-01-02T03:04:05.000+0000", "RevisionId": night.to_string(),
            "State": state, "StateReason": state, "StateReasonCode": state, "LastUpdateStatus": state,
            "LastUpdateStatusReason": state, "LastUpdateStatusReasonCode": state,
        }]}),
        "ListEventSourceMappings" => json!({"EventSourceMappings": [{
            "UUID": "1", "FunctionArn": function_arn("shop"), "State": "Enabled",
            "LastModified": night, "LastProcessingResult": format!("PROBLEM: {night} records"),
        }]}),
        "GetExport" => json!({"openapi": "3.0.1", "info": {"version": text}, "paths": {}}),
        "GetStages" => {
            let status = if night == 1 { "AVAILABLE" } else { "FLUSH_IN_PROGRESS" };
            json!({"item": [{"stageName": "prod", "cacheClusterEnabled": true, "cacheClusterStatus": status}]})
        }
        "DescribeLogGroups" => {
            json!({"logGroups": [{"logGroupName": "/aws/lambda/shop", "storedBytes": night}]})
        }
        "GetTrailStatus" => json!({
            "IsLogging": true, "StartLoggingTime": 1, "LatestDeliveryError": "NoSuchBucket",
            "LatestDeliveryTime": night, "LatestNotificationTime": night,
            "LatestCloudWatchLogsDeliveryTime": night, "LatestDigestDeliveryTime": night,
            "LatestDeliveryAttemptTime": text, "LatestDeliveryAttemptSucceeded": text,
            "LatestNotificationAttemptTime": text, "LatestNotificationAttemptSucceeded": text,
            "TimeLoggingStarted": text, "TimeLoggingStopped": text,
        }),
        _ => panic!("{action} has no reply that changes"),
    }
}
