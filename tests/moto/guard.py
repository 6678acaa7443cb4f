"""What guards and deploys functions: detectors, recorders, budgets, stacks, build projects and their roles.

What moto lacks of these stands in guard_reads.py. It has no event data stores of CloudTrail, and no anomaly monitors;
they are listed and empty.
"""

import json

from ground import ACCOUNT, REGION, canary, client, judge, policy, word

ROLE = f"arn:aws:iam::{ACCOUNT}:role"
HERE = f"{REGION}:{ACCOUNT}"


def plant_watchers():
    guard, config, inspector = client("guardduty"), client("config"), client("inspector2")
    # On, but blind to functions.
    features = [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}, {"Name": "LAMBDA_NETWORK_LOGS", "Status": "DISABLED"}]
    guard.create_detector(Enable=True, Features=features)
    judge("aws-guardduty-lambda-off", f"arn:aws:guardduty:{HERE}:detector", True)

    inspector.enable(accountIds=[ACCOUNT], resourceTypes=["LAMBDA", "LAMBDA_CODE"])
    judge("aws-inspector-lambda-off", f"arn:aws:inspector2:{HERE}:status", False)

    group = {"allSupported": False, "includeGlobalResourceTypes": False, "resourceTypes": ["AWS::IAM::Role"]}
    recorder = {"name": "default", "roleARN": f"{ROLE}/shop-reader", "recordingGroup": group}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    channel = {"name": "default", "s3BucketName": "shop-config"}
    client("s3").create_bucket(Bucket="shop-config", CreateBucketConfiguration={"LocationConstraint": REGION})
    config.put_delivery_channel(DeliveryChannel=channel)
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    judge("aws-config-lambda-unrecorded", f"arn:aws:config:{HERE}:configuration-recorder", True)

    key = client("kms").create_key(Description="traces")["KeyMetadata"]["Arn"]
    client("xray").put_encryption_config(Type="KMS", KeyId=key)
    judge("aws-xray-no-cmk", f"arn:aws:xray:{HERE}:encryption-config", False)

    # One follows Lambda and tells somebody; the other, over everything, tells nobody.
    limit = {"BudgetLimit": {"Amount": "100", "Unit": "USD"}, "TimeUnit": "MONTHLY", "BudgetType": "COST"}
    alarm = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    notified = {"Notification": alarm, "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "owner@shop.example"}]}
    budgets = client("budgets")
    budgets.create_budget(AccountId=ACCOUNT, Budget={"BudgetName": "everything", **limit})
    functions = {"BudgetName": "functions", "CostFilters": {"Service": ["AWS Lambda"]}, **limit}
    budgets.create_budget(AccountId=ACCOUNT, Budget=functions, NotificationsWithSubscribers=[notified])
    judge("aws-budget-serverless-missing", f"arn:aws:budgets::{ACCOUNT}:alerts", False)

    # Hardly anything that the other files plant carries a tag.
    judge("aws-serverless-untagged", f"arn:aws:tag:{HERE}:resources", True)


def template(parameters, outputs):
    return json.dumps({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": parameters,
        "Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    })


def plant_stacks():
    stacks = client("cloudformation")
    text, hidden = {"Type": "String"}, {"Type": "String", "NoEcho": True}
    leak = canary("ghp_" + word(36))
    # Name, template, parameters, role, protected, and which of the checks fail.
    planted = [
        ("shop-core", template({"Password": hidden}, {"Url": "https://shop.example"}), {"Password": canary(word(14))}, "shop-writer", True, ""),
        ("shop-web", template({"Stage": text}, {}), {"Stage": canary(word(9))}, None, False, "protection"),
        ("shop-hooks", template({}, {"WebhookToken": leak}), {}, "shop-attached-admin", True, "secret"),
        ("shop-queue", template({"DatabasePassword": text}, {}), {"DatabasePassword": canary(word(14))}, None, True, "secret"),
        ("shop-dev", template({"Stage": text}, {}), {"Stage": "dev"}, None, False, ""),
        ("CDKToolkit", template({"Qualifier": text}, {"BootstrapVersion": "14"}), {"Qualifier": "hnb659fds"}, None, True, "bootstrap"),
    ]
    for name, body, parameters, role, protected, flaw in planted:
        stack = stacks.create_stack(
            StackName=name,
            TemplateBody=body,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            EnableTerminationProtection=protected,
            **({"RoleARN": f"{ROLE}/{role}"} if role else {}),
        )["StackId"]
        judge("aws-cfn-output-secret", stack, flaw == "secret")
        if name != "shop-dev":
            judge("aws-cfn-termination-protection-off", stack, flaw == "protection")
        if name == "CDKToolkit":
            judge("aws-cdk-bootstrap-old", stack, flaw == "bootstrap")
    judge("aws-cfn-stack-role-admin", f"{ROLE}/shop-writer", False)
    judge("aws-cfn-stack-role-admin", f"{ROLE}/shop-attached-admin", True)


def plant_builds():
    iam, builds = client("iam"), client("codebuild")
    host = "token.actions.githubusercontent.com"
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
    audience = {"StringEquals": {f"{host}:aud": "sts.amazonaws.com"}}
    # Name, conditions, and whether strangers come in.
    for name, conditions, broad in [
        ("deploy-main", {**audience, "StringLike": {f"{host}:sub": "repo:shop/functions:ref:refs/heads/main"}}, False),
        ("deploy-owner", {**audience, "StringLike": {f"{host}:sub": ["repo:shop/*"]}}, False),
        ("deploy-anybody", audience, True),
        ("deploy-alike", {**audience, "StringLike": {f"{host}:sub": "repo:shop*"}}, True),
    ]:
        trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
        document = policy({**trust, "Condition": conditions})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        judge("aws-deploy-oidc-trust-broad", role, broad)

    secret = {"name": "NPM_TOKEN", "value": canary("npm_" + word(36)), "type": "PLAINTEXT"}
    kept = {"name": "NPM_TOKEN", "value": "/build/npm", "type": "PARAMETER_STORE"}
    stage = {"name": "STAGE", "value": canary(word(9)), "type": "PLAINTEXT"}
    for name, variables, leaks in [("functions", [kept, stage], False), ("packages", [secret, stage], True)]:
        image = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}
        project = builds.create_project(
            name=name,
            source={"type": "S3", "location": "shop-config/source.zip"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={**image, "environmentVariables": variables},
            serviceRole=f"{ROLE}/service-role/build",
        )["project"]["arn"]
        judge("aws-deploy-codebuild-env-secret", project, leaks)


def plant_packages():
    artifacts, keys = client("codeartifact"), client("kms")
    own = keys.create_key(Description="packages")["KeyMetadata"]["Arn"]
    # moto takes every key for a customer's, so that the one of AWS goes by its alias.
    given = f"arn:aws:kms:{HERE}:alias/aws/codeartifact"
    for domain, key, flaw in [("shop", own, False), ("parts", given, True)]:
        arn = artifacts.create_domain(domain=domain, encryptionKey=key)["domain"]["arn"]
        judge("aws-codeartifact-no-cmk", arn, flaw)
    for repository, upstream, mixed in [("pricing", "BLOCK", False), ("checkout", "ALLOW", True)]:
        place = {"domain": "shop", "repository": repository}
        arn = artifacts.create_repository(**place)["repository"]["arn"]
        limits = {"publish": "ALLOW", "upstream": upstream}
        artifacts.put_package_origin_configuration(**place, format="npm", package="tax", restrictions=limits)
        judge("aws-codeartifact-external-publish", arn, mixed)


def plant_apps():
    apps, services = client("amplify"), client("apprunner")
    token = canary("ghp_" + word(36))
    # Name, the app's variables and those of its branch, and whether a secret is among them.
    for name, own, branch, leaks in [
        ("front", {"STAGE": canary(word(9))}, {}, False),
        ("office", {"API_TOKEN": token}, {}, True),
        ("press", {}, {"DATABASE_PASSWORD": canary(word(14))}, True),
    ]:
        app = apps.create_app(name=name, environmentVariables=own, buildSpec="version: 1")["app"]
        apps.create_branch(appId=app["appId"], branchName="main", environmentVariables=branch)
        judge("aws-amplify-env-secret", app["appArn"], leaks)

    key = client("kms").create_key(Description="images")["KeyMetadata"]["Arn"]
    for name, variables, keyed, leaks in [
        ("search", {"STAGE": canary(word(9))}, True, False),
        ("labels", {"DATABASE_PASSWORD": canary(word(14))}, False, True),
    ]:
        image = {"ImageIdentifier": "public.ecr.aws/shop/web:1", "ImageRepositoryType": "ECR_PUBLIC"}
        image["ImageConfiguration"] = {"RuntimeEnvironmentVariables": variables}
        service = services.create_service(
            ServiceName=name,
            SourceConfiguration={"ImageRepository": image},
            **({"EncryptionConfiguration": {"KmsKey": key}} if keyed else {}),
        )["Service"]["ServiceArn"]
        judge("aws-apprunner-env-secret", service, leaks)
        judge("aws-apprunner-no-cmk", service, not keyed)


def plant_uploads():
    """Two buckets that start a function, which others name; a trail of its own records what is put into one."""
    storage, trails = client("s3"), client("cloudtrail")
    storage.create_bucket(Bucket="shop-uploads", CreateBucketConfiguration={"LocationConstraint": REGION})
    trail = trails.create_trail(Name="uploads", S3BucketName="shop-trail", EnableLogFileValidation=True)
    judge("aws-cloudtrail-no-validation", trail["TrailARN"], False)
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::shop-uploads/"]},
    ]
    trails.put_event_selectors(TrailName="uploads", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    trails.start_logging(Name="uploads")
    function = f"arn:aws:lambda:{HERE}:function:basket-create"
    started = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    for bucket, recorded in [("shop-uploads", True), ("shop-clicks", False)]:
        configuration = {"LambdaFunctionConfigurations": [started]}
        storage.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
        judge("aws-cloudtrail-s3-data-events-off", f"arn:aws:s3:::{bucket}", not recorded)


def plant():
    plant_watchers()
    plant_uploads()
    plant_stacks()
    plant_builds()
    plant_packages()
    plant_apps()
