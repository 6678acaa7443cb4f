//! Which listing brings forth which kind of resource: what nobody would know of without it.

/// Kinds whose service makes several listings, or has another name than the second word of the kind.
const LISTED_BY: &[(&str, &[&str])] = &[
    // It exists whatever can be listed.
    ("aws.account", &[]),
    ("aws.apigateway.domain", &["apigateway:GetDomainNames"]),
    ("aws.apigateway.restapi", &["apigateway:GetRestApis"]),
    ("aws.apigateway.stage", &["apigateway:GetRestApis", "apigateway:GetStages"]),
    ("aws.apigatewayv2.api", &["apigatewayv2:GetApis"]),
    ("aws.apigatewayv2.stage", &["apigatewayv2:GetApis", "apigatewayv2:GetStages"]),
    ("aws.appsync.eventapi", &["appsync:ListApis"]),
    ("aws.appsync.graphqlapi", &["appsync:ListGraphqlApis"]),
    ("aws.budgets.alerts", &[]),
    ("aws.cloudfront.distribution", &["cloudfront:ListDistributions"]),
    ("aws.cloudtrail.store", &["cloudtrail:ListEventDataStores"]),
    ("aws.cloudtrail.trail", &["cloudtrail:DescribeTrails"]),
    ("aws.codeartifact.domain", &["codeartifact:ListDomains"]),
    ("aws.codeartifact.repository", &["codeartifact:ListRepositories"]),
    ("aws.cognito.client", &["cognito-idp:ListUserPools", "cognito-idp:ListUserPoolClients"]),
    ("aws.cognito.identitypool", &["cognito-identity:ListIdentityPools"]),
    ("aws.cognito.userpool", &["cognito-idp:ListUserPools"]),
    ("aws.config.recorder", &[]),
    ("aws.efs.accesspoint", &["elasticfilesystem:DescribeAccessPoints"]),
    ("aws.efs.filesystem", &["elasticfilesystem:DescribeFileSystems"]),
    ("aws.events.apidestination", &["events:ListApiDestinations"]),
    ("aws.events.archive", &["events:ListArchives"]),
    ("aws.events.bus", &["events:ListEventBuses"]),
    ("aws.events.connection", &["events:ListConnections"]),
    ("aws.events.endpoint", &["events:ListEndpoints"]),
    ("aws.events.rule", &["events:ListEventBuses", "events:ListRules"]),
    ("aws.guardduty.detector", &[]),
    ("aws.inspector.status", &[]),
    ("aws.lambda.capacity_provider", &["lambda:ListCapacityProviders"]),
    ("aws.lambda.function", &["lambda:ListFunctions"]),
    ("aws.lambda.layer", &["lambda:ListLayers"]),
    ("aws.lambda.microvm_image", &["lambda:ListMicrovmImages"]),
    ("aws.lambda.settings", &[]),
    ("aws.lambda.web_function", &["lambda:ListWebFunctions"]),
    ("aws.logs.group", &["logs:DescribeLogGroups"]),
    ("aws.logs.policy", &["logs:DescribeResourcePolicies"]),
    ("aws.s3.bucket", &["s3:ListBuckets"]),
    ("aws.s3.settings", &[]),
    ("aws.scheduler.group", &["scheduler:ListScheduleGroups"]),
    ("aws.scheduler.schedule", &["scheduler:ListSchedules"]),
    ("aws.sns.subscription", &["sns:ListSubscriptions"]),
    ("aws.sns.topic", &["sns:ListTopics"]),
    ("aws.tagging.region", &[]),
    ("aws.wafv2.acl", &["wafv2:ListWebACLs"]),
    ("aws.wafv2.rulegroup", &["wafv2:ListRuleGroups"]),
    ("aws.xray.group", &["xray:GetGroups"]),
    ("aws.xray.settings", &[]),
];

/// True where resources of `kind` are known only through `api`, which is the call of a listing of `service`.
pub fn lists(service: &str, api: &str, kind: &str) -> bool {
    match LISTED_BY.iter().find(|(listed, _)| *listed == kind) {
        Some((_, listings)) => listings.contains(&api),
        None => kind.split('.').nth(1) == Some(service),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listing_is_called_somewhere() {
        let declared = crate::aws::actions();
        for (kind, listings) in LISTED_BY {
            for listing in *listings {
                assert!(declared.contains(listing), "{listing} of {kind} is not declared by any service");
            }
        }
    }

    #[test]
    fn a_service_of_one_listing_needs_no_entry() {
        assert!(lists("sqs", "sqs:ListQueues", "aws.sqs.queue"));
        assert!(!lists("sqs", "sqs:ListQueues", "aws.sns.topic"));
        assert!(lists("lambda", "lambda:ListFunctions", "aws.lambda.function"));
        assert!(!lists("lambda", "lambda:ListEventSourceMappings", "aws.lambda.function"));
    }
}
