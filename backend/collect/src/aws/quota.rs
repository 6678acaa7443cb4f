//! What AWS lets one account call in one region, by family of calls. A budget is a share of these.

use crate::budget::Family;

/// Lambda's own page on quotas: `GetPolicy` 15 a second.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(super) static LAMBDA_POLICY: Family = Family { name: "lambda-policy", per_second: 15.0, burst: 15 };

/// The same page: the remainder of the control plane 15 a second together, without `GetFunction` and invocations. MicroVMs
/// and web functions publish no rate of their own, and are taken for a part of it.
pub(super) static LAMBDA: Family = Family { name: "lambda", per_second: 15.0, burst: 15 };

/// The same page: `GetFunction` 100 a second.
pub(super) static LAMBDA_FUNCTION: Family = Family { name: "lambda-function", per_second: 100.0, burst: 100 };

/// All management calls of REST, HTTP and WebSocket APIs together: 10 a second with a burst of 40.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
pub(super) static API_GATEWAY: Family = Family { name: "apigateway", per_second: 10.0, burst: 40 };

/// Get, describe and list calls: 10 a second.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html>
pub(super) static CLOUDTRAIL: Family = Family { name: "cloudtrail", per_second: 10.0, burst: 10 };

/// `LookupEvents`: 2 a second.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>
pub(super) static CLOUDTRAIL_LOOKUP: Family = Family { name: "cloudtrail-lookup", per_second: 2.0, burst: 2 };

/// 5 a second, the lowest rate that AWS names for reads of this API (`FilterLogEvents`, `GetLogEvents`).
/// <https://repost.aws/knowledge-center/cloudwatch-logs-throttling>
pub(super) static LOGS: Family = Family { name: "logs", per_second: 5.0, burst: 5 };

/// `ListRegions`: 5 a second, burst 5. <https://docs.aws.amazon.com/accounts/latest/reference/quotas.html>
pub(super) static ACCOUNT: Family = Family { name: "account", per_second: 5.0, burst: 5 };

/// IAM publishes no rate. Its bulk read answers slowly and page after page, so that 5 a second never binds,
/// and leaves room for whoever else uses the account's one IAM endpoint.
pub(super) static IAM: Family = Family { name: "iam", per_second: 5.0, burst: 5 };

/// STS publishes 600 a second for the account; one call a scan needs no more than this.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) static STS: Family = Family { name: "sts", per_second: 10.0, burst: 10 };

/// Listings of the organisation have limits of their own; 5 a second is modest for the few that a scan makes.
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
pub(super) static ORGANIZATIONS: Family = Family { name: "organizations", per_second: 5.0, burst: 5 };

/// GuardDuty publishes no rate for reads; an account has one detector in a region, so that this never binds.
pub(super) static GUARDDUTY: Family = Family { name: "guardduty", per_second: 5.0, burst: 5 };

/// Inspector publishes no rate for `BatchGetAccountStatus`; it is called once in a region.
pub(super) static INSPECTOR: Family = Family { name: "inspector2", per_second: 5.0, burst: 5 };

/// AWS Config publishes no rate for describing recorders; two calls are made in a region.
pub(super) static CONFIG: Family = Family { name: "config", per_second: 5.0, burst: 5 };

/// X-Ray publishes rates for segments and traces, and none for its settings; two calls are made in a region.
pub(super) static XRAY: Family = Family { name: "xray", per_second: 5.0, burst: 5 };

/// SQS publishes no rate for reading attributes. Ten a second are far below what queues are made for.
pub(super) static SQS: Family = Family { name: "sqs", per_second: 10.0, burst: 10 };

/// Each listing 30 a second; for reading attributes nothing is published, so that they share that rate.
/// <https://docs.aws.amazon.com/general/latest/gr/sns.html>
pub(super) static SNS: Family = Family { name: "sns", per_second: 30.0, burst: 30 };

/// DynamoDB publishes no rate for describing tables and their policies.
pub(super) static DYNAMODB: Family = Family { name: "dynamodb", per_second: 10.0, burst: 10 };

/// `ListBackups`: 5 a second.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListBackups.html>
pub(super) static DYNAMODB_BACKUPS: Family = Family { name: "dynamodb-backups", per_second: 5.0, burst: 5 };

/// Application Auto Scaling publishes no rate for describing targets; one listing is made in a region.
pub(super) static APPLICATION_AUTOSCALING: Family =
    Family { name: "application-autoscaling", per_second: 5.0, burst: 5 };

/// DAX publishes no rate; one listing is made in a region.
pub(super) static DAX: Family = Family { name: "dax", per_second: 5.0, burst: 5 };

/// `DescribeStreamSummary` 20 a second; nothing is published for `GetResourcePolicy`, which shares that rate.
/// <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>
pub(super) static KINESIS: Family = Family { name: "kinesis", per_second: 20.0, burst: 20 };

/// The same page: `ListStreams` 5 a second.
pub(super) static KINESIS_LIST: Family = Family { name: "kinesis-list", per_second: 5.0, burst: 5 };

/// `ListDeliveryStreams` and `DescribeDeliveryStream`: 5 a second.
/// <https://docs.aws.amazon.com/firehose/latest/dev/limits.html>
pub(super) static FIREHOSE: Family = Family { name: "firehose", per_second: 5.0, burst: 5 };

/// Reading and writing resource policies: 50 a second together; `ListSecrets` has 100 of its own and shares these.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>
pub(super) static SECRETS_MANAGER: Family = Family { name: "secretsmanager", per_second: 50.0, burst: 50 };

/// Systems Manager publishes rates for reading values, which are never read, and none for `DescribeParameters`.
pub(super) static SSM: Family = Family { name: "ssm", per_second: 5.0, burst: 5 };

/// `DescribeKey` 2,000 a second, `GetKeyPolicy` and `GetKeyRotationStatus` 1,000 each; no scan needs so many.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html>
pub(super) static KMS: Family = Family { name: "kms", per_second: 50.0, burst: 50 };

/// ECR publishes rates for pulling images and none for describing them.
pub(super) static ECR: Family = Family { name: "ecr", per_second: 10.0, burst: 10 };

/// EFS publishes no rate for its descriptions.
pub(super) static EFS: Family = Family { name: "efs", per_second: 5.0, burst: 5 };

/// S3 publishes rates for objects and none for the settings of buckets.
pub(super) static S3: Family = Family { name: "s3", per_second: 10.0, burst: 10 };

/// `DescribeStateMachine`: 20 a second, bucket 200.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub(super) static STEP_FUNCTIONS: Family = Family { name: "states", per_second: 20.0, burst: 200 };

/// The same page: `ListStateMachines` 5 a second, bucket 100.
pub(super) static STEP_FUNCTIONS_LIST: Family = Family { name: "states-list", per_second: 5.0, burst: 100 };

/// EventBridge publishes rates for publishing and for global endpoints; an older edition of its page names 50 a second
/// for all other calls. Half of that is used. <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
pub(super) static EVENTS: Family = Family { name: "events", per_second: 25.0, burst: 25 };

/// `GetSchedule`: 1,000 a second in the large regions, 250 in the others.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html>
pub(super) static SCHEDULER: Family = Family { name: "scheduler", per_second: 250.0, burst: 250 };

/// The same page names far lower rates for groups, of which 10 a second is the lowest.
pub(super) static SCHEDULER_LIST: Family = Family { name: "scheduler-list", per_second: 10.0, burst: 10 };

/// Pipes publishes no rate.
pub(super) static PIPES: Family = Family { name: "pipes", per_second: 5.0, burst: 5 };

/// Schemas publishes no rate.
pub(super) static SCHEMAS: Family = Family { name: "schemas", per_second: 5.0, burst: 5 };

/// Category `UserPoolRead`: 15 a second. <https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html>
pub(super) static COGNITO_POOLS: Family = Family { name: "cognito-pools", per_second: 15.0, burst: 15 };

/// Category `UserPoolClientRead` of the same page: 15 a second, and 5 for each pool.
pub(super) static COGNITO_CLIENTS: Family = Family { name: "cognito-clients", per_second: 15.0, burst: 15 };

/// Category `UserPoolResourceRead` of the same page: 20 a second.
pub(super) static COGNITO_RESOURCES: Family =
    Family { name: "cognito-resources", per_second: 20.0, burst: 20 };

/// Identity pools publish rates for what their users call, and none that bind these reads.
pub(super) static COGNITO_IDENTITY: Family = Family { name: "cognito-identity", per_second: 5.0, burst: 5 };

/// Budgets publishes no rate; two calls are made for an account.
pub(super) static BUDGETS: Family = Family { name: "budgets", per_second: 2.0, burst: 2 };

/// Cost Explorer publishes no rate for its monitors; two calls are made for an account, where any are.
pub(super) static COST_EXPLORER: Family = Family { name: "ce", per_second: 2.0, burst: 2 };

/// CloudFormation publishes no rate for describing stacks, and deployments wait when it is exhausted.
pub(super) static CLOUDFORMATION: Family = Family { name: "cloudformation", per_second: 2.0, burst: 2 };

/// CodeBuild publishes no rate for reading projects.
pub(super) static CODEBUILD: Family = Family { name: "codebuild", per_second: 5.0, burst: 5 };

/// CodeArtifact publishes rates for packages being fetched, and none for its listings.
pub(super) static CODEARTIFACT: Family = Family { name: "codeartifact", per_second: 5.0, burst: 5 };

/// Amplify publishes no rate for reading apps.
pub(super) static AMPLIFY: Family = Family { name: "amplify", per_second: 5.0, burst: 5 };

/// App Runner publishes no rate.
pub(super) static APPRUNNER: Family = Family { name: "apprunner", per_second: 5.0, burst: 5 };

/// `GetResources` has a quota of its own for an account in a region; 5 a second stays below it.
/// <https://docs.aws.amazon.com/general/latest/gr/arg.html>
pub(super) static TAGGING: Family = Family { name: "tagging", per_second: 5.0, burst: 5 };

/// Each get or list call 5 a second, where nothing else is said of it.
/// <https://docs.aws.amazon.com/waf/latest/developerguide/limits.html>
pub(super) static WAF: Family = Family { name: "wafv2", per_second: 5.0, burst: 5 };

/// The same page: `ListResourcesForWebACL` 1 a second.
pub(super) static WAF_RESOURCES: Family = Family { name: "wafv2-resources", per_second: 1.0, burst: 1 };

/// CloudFront publishes no rate for its reads.
pub(super) static CLOUDFRONT: Family = Family { name: "cloudfront", per_second: 5.0, burst: 5 };

/// AppSync publishes no rate for reading its configuration.
pub(super) static APPSYNC: Family = Family { name: "appsync", per_second: 5.0, burst: 5 };

/// Reads of EC2 that filter share a bucket of 100, refilled with 20 a second.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
pub(super) static EC2: Family = Family { name: "ec2", per_second: 20.0, burst: 100 };

/// `DescribeAlarms`: 9 a second.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
pub(super) static CLOUDWATCH: Family = Family { name: "cloudwatch", per_second: 9.0, burst: 9 };

/// Signer is asked once in a region; whatever its rate is, that stays below it.
pub(super) static SIGNER: Family = Family { name: "signer", per_second: 5.0, burst: 5 };

/// All operations but a few that write and that read findings: 10 a second with a burst of 30.
/// <https://docs.aws.amazon.com/securityhub/1.0/APIReference/Welcome.html>
pub(super) static SECURITYHUB: Family = Family { name: "securityhub", per_second: 10.0, burst: 30 };

/// `ListAgents` and `ListAgentActionGroups`: 10 a second each; what one action group does can be asked more often.
/// <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>
pub(super) static BEDROCK_AGENT: Family = Family { name: "bedrock-agent", per_second: 10.0, burst: 10 };

/// CodeDeploy publishes no rate.
pub(super) static CODEDEPLOY: Family = Family { name: "codedeploy", per_second: 5.0, burst: 5 };

/// The Serverless Application Repository publishes no rate.
pub(super) static SERVERLESSREPO: Family = Family { name: "serverlessrepo", per_second: 5.0, burst: 5 };
