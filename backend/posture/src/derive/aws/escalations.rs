//! Ways from what an identity may do to what a stronger one may do.
//!
//! Each way is a set of actions that together suffice where they are allowed on everything: then the strongest role,
//! function or machine of the account is among what they reach. Ways that need one of these and more besides are not
//! listed again. Collected by Rhino Security Labs, Datadog's pathfinding.cloud and HackTricks.

use super::grants::{Extent, Identity};

/// One way.
struct Way {
    name: &'static str,
    /// The service to which a stronger role is passed, where one is.
    passes_to: Option<&'static str>,
    actions: &'static [&'static str],
}

const fn passing(name: &'static str, to: &'static str, actions: &'static [&'static str]) -> Way {
    Way { name, passes_to: Some(to), actions }
}

const fn using(name: &'static str, actions: &'static [&'static str]) -> Way {
    Way { name, passes_to: None, actions }
}

const LAMBDA: &str = "lambda.amazonaws.com";
const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";
const CODEBUILD: &str = "codebuild.amazonaws.com";
const EC2: &str = "ec2.amazonaws.com";
const ECS: &str = "ecs-tasks.amazonaws.com";
const GLUE: &str = "glue.amazonaws.com";
const SAGEMAKER: &str = "sagemaker.amazonaws.com";
const STATES: &str = "states.amazonaws.com";

const WAYS: &[Way] = &[
    passing("apigateway-service-proxy", "apigateway.amazonaws.com", &["apigateway:PUT", "apigateway:POST"]),
    passing("apprunner-new-service", "tasks.apprunner.amazonaws.com", &["apprunner:CreateService"]),
    using("apprunner-update-service", &["apprunner:UpdateService"]),
    passing(
        "appsync-datasource",
        "appsync.amazonaws.com",
        &["appsync:CreateDataSource", "appsync:UpdateResolver"],
    ),
    using(
        "bedrock-code-interpreter-existing",
        &["bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"],
    ),
    passing("cloudformation-create-stack", CLOUDFORMATION, &["cloudformation:CreateStack"]),
    using("cloudformation-update-stack", &["cloudformation:UpdateStack"]),
    using("cloudformation-changeset", &["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"]),
    passing(
        "cloudformation-stackset",
        CLOUDFORMATION,
        &["cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"],
    ),
    passing("codebuild-new-project", CODEBUILD, &["codebuild:CreateProject", "codebuild:StartBuild"]),
    passing(
        "codebuild-new-project-batch",
        CODEBUILD,
        &["codebuild:CreateProject", "codebuild:StartBuildBatch"],
    ),
    using("codebuild-override", &["codebuild:StartBuild"]),
    using("codebuild-override-batch", &["codebuild:StartBuildBatch"]),
    passing(
        "cognito-identity-roles",
        "cognito-identity.amazonaws.com",
        &["cognito-identity:SetIdentityPoolRoles"],
    ),
    passing(
        "datapipeline",
        "datapipeline.amazonaws.com",
        &[
            "datapipeline:CreatePipeline",
            "datapipeline:PutPipelineDefinition",
            "datapipeline:ActivatePipeline",
        ],
    ),
    using("ec2-instance-connect", &["ec2-instance-connect:SendSSHPublicKey"]),
    passing("ec2-run-instances", EC2, &["ec2:RunInstances"]),
    passing("ec2-spot", EC2, &["ec2:RequestSpotInstances"]),
    using("ec2-launch-template", &["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"]),
    using("ec2-user-data", &["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"]),
    passing("ecs-run-task", ECS, &["ecs:RegisterTaskDefinition", "ecs:RunTask"]),
    passing("ecs-service", ECS, &["ecs:RegisterTaskDefinition", "ecs:CreateService"]),
    passing("ecs-start-task", ECS, &["ecs:RegisterTaskDefinition", "ecs:StartTask"]),
    passing("eventbridge-pipe", "pipes.amazonaws.com", &["pipes:CreatePipe"]),
    passing("eventbridge-rule-target", "events.amazonaws.com", &["events:PutRule", "events:PutTargets"]),
    passing("eventbridge-scheduler", "scheduler.amazonaws.com", &["scheduler:CreateSchedule"]),
    passing("glue-dev-endpoint", GLUE, &["glue:CreateDevEndpoint"]),
    using("glue-dev-endpoint-update", &["glue:UpdateDevEndpoint"]),
    passing("glue-job-run", GLUE, &["glue:CreateJob", "glue:StartJobRun"]),
    passing("glue-job-trigger", GLUE, &["glue:CreateJob", "glue:CreateTrigger"]),
    passing("glue-job-update-run", GLUE, &["glue:UpdateJob", "glue:StartJobRun"]),
    using("iam-add-user-to-group", &["iam:AddUserToGroup"]),
    using("iam-attach-group-policy", &["iam:AttachGroupPolicy"]),
    using("iam-attach-role-policy", &["iam:AttachRolePolicy"]),
    using("iam-attach-user-policy", &["iam:AttachUserPolicy"]),
    using("iam-create-access-key", &["iam:CreateAccessKey"]),
    using("iam-create-login-profile", &["iam:CreateLoginProfile"]),
    using("iam-create-policy-version", &["iam:CreatePolicyVersion"]),
    using("iam-put-group-policy", &["iam:PutGroupPolicy"]),
    using("iam-put-role-policy", &["iam:PutRolePolicy"]),
    using("iam-put-user-policy", &["iam:PutUserPolicy"]),
    using("iam-set-default-policy-version", &["iam:SetDefaultPolicyVersion"]),
    using("iam-update-assume-role-policy", &["iam:UpdateAssumeRolePolicy"]),
    using("iam-update-login-profile", &["iam:UpdateLoginProfile"]),
    using("lambda-add-permission", &["lambda:AddPermission"]),
    using("lambda-config-loader", &["lambda:UpdateFunctionConfiguration"]),
    passing("lambda-microvm-run", LAMBDA, &["lambda:RunMicrovm"]),
    using("lambda-microvm-shell", &["lambda:CreateMicrovmShellAuthToken"]),
    passing("lambda-new-function-add-permission", LAMBDA, &["lambda:CreateFunction", "lambda:AddPermission"]),
    passing(
        "lambda-new-function-event-source",
        LAMBDA,
        &["lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
    ),
    passing("lambda-new-function-invoke", LAMBDA, &["lambda:CreateFunction", "lambda:InvokeFunction"]),
    passing(
        "lambda-new-function-url",
        LAMBDA,
        &["lambda:CreateFunction", "lambda:CreateFunctionUrlConfig", "lambda:InvokeFunctionUrl"],
    ),
    using("lambda-overwrite-code", &["lambda:UpdateFunctionCode"]),
    using(
        "sagemaker-lifecycle-config",
        &["sagemaker:CreateNotebookInstanceLifecycleConfig", "sagemaker:UpdateNotebookInstance"],
    ),
    passing("sagemaker-notebook", SAGEMAKER, &["sagemaker:CreateNotebookInstance"]),
    using("sagemaker-presigned-url", &["sagemaker:CreatePresignedNotebookInstanceUrl"]),
    passing("sagemaker-processing-job", SAGEMAKER, &["sagemaker:CreateProcessingJob"]),
    passing("sagemaker-training-job", SAGEMAKER, &["sagemaker:CreateTrainingJob"]),
    using("ssm-send-command", &["ssm:SendCommand"]),
    using("ssm-start-session", &["ssm:StartSession"]),
    passing("stepfunctions-new-machine", STATES, &["states:CreateStateMachine", "states:StartExecution"]),
    passing("stepfunctions-test-state", STATES, &["states:TestState"]),
    using("stepfunctions-update-machine", &["states:UpdateStateMachine"]),
];

/// The names of the ways that are open to the identity, in order.
pub(super) fn open(identity: &Identity) -> Vec<&'static str> {
    let is_open = |way: &&Way| {
        way.passes_to.is_none_or(|service| identity.passes_every_role_to(service))
            && way.actions.iter().all(|action| identity.extent(action) == Extent::Everywhere)
    };
    WAYS.iter().filter(is_open).map(|way| way.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_named_once_and_need_something() {
        let mut names: Vec<&str> = WAYS.iter().map(|way| way.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WAYS.len());
        assert!(
            WAYS.iter().all(|way| !way.actions.is_empty() && way.actions.iter().all(|a| a.contains(':')))
        );
    }
}
