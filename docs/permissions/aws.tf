# Read-only role for Nephoscope, the posture scanner for serverless estates.

variable "trusted_principal" {
  type        = string
  description = "ARN of the role or account that scans."
}

variable "external_id" {
  type        = string
  description = "What the scanner has to name when it assumes the role; null where it need not."
  default     = null
  sensitive   = true
}

data "aws_iam_policy_document" "nephoscope_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }
    dynamic "condition" {
      for_each = var.external_id == null ? [] : [var.external_id]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "nephoscope_read" {
  statement {
    sid = "NephoscopeRead"
    actions = [
      "account:ListRegions",
      "amplify:ListApps",
      "amplify:ListBranches",
      "apigateway:GET",
      "application-autoscaling:DescribeScalableTargets",
      "apprunner:DescribeService",
      "apprunner:ListServices",
      "appsync:GetApiCache",
      "appsync:ListApiKeys",
      "appsync:ListApis",
      "appsync:ListDataSources",
      "appsync:ListGraphqlApis",
      "bedrock:GetAgentActionGroup",
      "bedrock:ListAgentActionGroups",
      "bedrock:ListAgents",
      "budgets:ViewBudget",
      "ce:GetAnomalyMonitors",
      "ce:GetAnomalySubscriptions",
      "cloudformation:DescribeStacks",
      "cloudformation:ListStacks",
      "cloudfront:GetDistributionConfig",
      "cloudfront:ListDistributions",
      "cloudfront:ListFunctions",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetEventDataStore",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:GetInsightSelectors",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:ListEventDataStores",
      "cloudwatch:DescribeAlarms",
      "codeartifact:ListDomains",
      "codeartifact:ListPackages",
      "codeartifact:ListRepositories",
      "codebuild:BatchGetProjects",
      "codebuild:ListProjects",
      "codedeploy:BatchGetApplications",
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:ListApplications",
      "codedeploy:ListDeploymentGroups",
      "cognito-identity:DescribeIdentityPool",
      "cognito-identity:GetIdentityPoolRoles",
      "cognito-identity:ListIdentityPools",
      "cognito-idp:DescribeRiskConfiguration",
      "cognito-idp:DescribeUserPool",
      "cognito-idp:DescribeUserPoolClient",
      "cognito-idp:ListUserPoolClients",
      "cognito-idp:ListUserPools",
      "config:DescribeConfigurationRecorderStatus",
      "config:DescribeConfigurationRecorders",
      "dax:DescribeClusters",
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeTable",
      "dynamodb:GetResourcePolicy",
      "dynamodb:ListBackups",
      "dynamodb:ListTables",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcEndpoints",
      "ecr:BatchGetRepositoryScanningConfiguration",
      "ecr:DescribeImages",
      "ecr:DescribeRepositories",
      "ecr:GetLifecyclePolicy",
      "ecr:GetRepositoryPolicy",
      "elasticfilesystem:DescribeAccessPoints",
      "elasticfilesystem:DescribeBackupPolicy",
      "elasticfilesystem:DescribeFileSystemPolicy",
      "elasticfilesystem:DescribeFileSystems",
      "events:ListApiDestinations",
      "events:ListArchives",
      "events:ListConnections",
      "events:ListEndpoints",
      "events:ListEventBuses",
      "events:ListRules",
      "events:ListTargetsByRule",
      "firehose:DescribeDeliveryStream",
      "firehose:ListDeliveryStreams",
      "guardduty:GetDetector",
      "guardduty:ListDetectors",
      "iam:GetAccountAuthorizationDetails",
      "inspector2:BatchGetAccountStatus",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetResourcePolicy",
      "kinesis:ListStreams",
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "lambda:GetAccountSettings",
      "lambda:GetFunctionConcurrency",
      "lambda:GetFunctionRecursionConfig",
      "lambda:GetLayerVersionPolicy",
      "lambda:GetMicrovm",
      "lambda:GetMicrovmImageVersion",
      "lambda:GetPolicy",
      "lambda:GetResourcePolicy",
      "lambda:GetRuntimeManagementConfig",
      "lambda:ListAliases",
      "lambda:ListCapacityProviders",
      "lambda:ListCodeSigningConfigs",
      "lambda:ListEventSourceMappings",
      "lambda:ListFunctionEventInvokeConfigs",
      "lambda:ListFunctionUrlConfigs",
      "lambda:ListFunctions",
      "lambda:ListFunctionsByCodeSigningConfig",
      "lambda:ListLayers",
      "lambda:ListMicrovmImages",
      "lambda:ListMicrovms",
      "lambda:ListProvisionedConcurrencyConfigs",
      "lambda:ListTags",
      "lambda:ListWebFunctionEndpoints",
      "lambda:ListWebFunctions",
      "logs:DescribeDeliveries",
      "logs:DescribeDeliverySources",
      "logs:DescribeLogGroups",
      "logs:DescribeMetricFilters",
      "logs:DescribeResourcePolicies",
      "pipes:DescribePipe",
      "pipes:ListPipes",
      "s3:GetAccountPublicAccessBlock",
      "s3:GetBucketLogging",
      "s3:GetBucketNotification",
      "s3:GetBucketPolicy",
      "s3:GetBucketPolicyStatus",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:ListAllMyBuckets",
      "scheduler:GetSchedule",
      "scheduler:ListScheduleGroups",
      "scheduler:ListSchedules",
      "schemas:GetResourcePolicy",
      "schemas:ListRegistries",
      "secretsmanager:GetResourcePolicy",
      "secretsmanager:ListSecrets",
      "securityhub:DescribeHub",
      "securityhub:GetEnabledStandards",
      "serverlessrepo:GetApplicationPolicy",
      "serverlessrepo:ListApplications",
      "signer:ListSigningProfiles",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptions",
      "sns:ListSubscriptionsByTopic",
      "sns:ListTopics",
      "sqs:GetQueueAttributes",
      "sqs:ListQueues",
      "ssm:DescribeParameters",
      "states:DescribeStateMachine",
      "states:ListStateMachines",
      "sts:GetCallerIdentity",
      "tag:GetResources",
      "wafv2:GetRuleGroup",
      "wafv2:GetWebACL",
      "wafv2:ListLoggingConfigurations",
      "wafv2:ListResourcesForWebACL",
      "wafv2:ListRuleGroups",
      "wafv2:ListWebACLs",
      "xray:GetEncryptionConfig",
      "xray:GetGroups",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role" "nephoscope" {
  name               = "nephoscope"
  description        = "Read by Nephoscope"
  assume_role_policy = data.aws_iam_policy_document.nephoscope_trust.json
}

resource "aws_iam_role_policy" "nephoscope_read" {
  name   = "nephoscope"
  role   = aws_iam_role.nephoscope.id
  policy = data.aws_iam_policy_document.nephoscope_read.json
}

output "role_arn" {
  value = aws_iam_role.nephoscope.arn
}
