"""Functions with one flaw each, the roles that they run with, and what Lambda runs beside them.

What moto lacks of it is in function_reads.py. Moto refuses mappings to the queues of another account and to brokers,
and images that are in no registry of its own; it knows none of the policies that AWS manages.
"""

import datetime
import json

from ground import (
    ACCOUNT,
    LAMBDA,
    LOGS,
    REGION,
    STRANGER,
    allow,
    canary,
    client,
    judge,
    package,
    policy,
    word,
)

INSIGHTS = f"arn:aws:lambda:{REGION}:580247275435:layer:LambdaInsightsExtension:56"
QUEUES = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
STRONG = f"{LAMBDA}:function:basket-list"
WRITES = allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOGS}/aws/lambda/*")


def plant():
    key = client("kms").create_key(Description="mill")["KeyMetadata"]["Arn"]
    roles = plant_roles()
    grow = gardener(key)
    plant_role_users(grow, roles)
    plant_settings(grow, roles["mill-plain"])
    plant_callers(grow, roles["mill-plain"])
    plant_sources(grow, roles["mill-plain"], key)
    plant_layers()
    plant_beside(roles)


def plant_roles():
    """Role name to ARN, and which checks fail on it."""
    iam = client("iam")
    own = f"{LAMBDA}:function:mill-self"
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    narrow = iam.create_policy(PolicyName="mill-bounds", PolicyDocument=policy(WRITES, allow("sqs:SendMessage", "*")))
    narrow = narrow["Policy"]["Arn"]
    bounds = {"PermissionsBoundary": narrow}
    secrets = allow(["secretsmanager:GetSecretValue"], f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:*")
    create = allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "*")
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    passing = [allow("iam:PassRole", "*", Condition=to_lambda), allow(["lambda:CreateFunction", "lambda:AddPermission"], "*")]
    host = [*passing, allow("lambda:UpdateFunctionCode", STRONG), allow("lambda:PassCapacityProvider", "*")]
    # Name, who runs with it, statements, more, and what fails.
    planted = [
        ("mill-plain", "lambda", [WRITES], {}, []),
        ("mill-silent", "lambda", [allow("s3:GetObject", "arn:aws:s3:::shop-uploads/*")], {}, []),
        ("mill-pass", "lambda", [WRITES, allow("iam:PassRole", "*")], {}, ["role-passrole-any"]),
        ("mill-assume", "lambda", [WRITES, allow("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/*")], {}, ["role-assume-any"]),
        ("mill-secrets", "lambda", [WRITES, secrets], {}, ["role-secret-read-any"]),
        ("mill-decrypt", "lambda", [WRITES, allow("kms:Decrypt", "*")], {}, ["role-decrypt-any"]),
        ("mill-data", "lambda", [WRITES, allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*/*")], {}, ["role-data-any"]),
        ("mill-invoke", "lambda", [WRITES, allow("lambda:Invoke*", f"{LAMBDA}:function:*")], {}, ["role-invoke-any"]),
        ("mill-blind", "lambda", [WRITES, allow("cloudtrail:StopLogging", "*")], {}, ["role-can-blind-logs"]),
        ("mill-self", "lambda", [WRITES, allow("lambda:UpdateFunctionCode", own)], {}, ["role-self-modify"]),
        ("mill-climb", "lambda", [WRITES, create], {}, ["role-privesc", "role-passrole-any", "role-invoke-any"]),
        # Neither is what it seems: the boundary leaves little of one, a Deny nothing of the other.
        ("mill-bounded", "lambda", [anything], bounds, []),
        ("mill-denied", "lambda", [WRITES, allow("sqs:*", "*"), {**allow("sqs:*", "*"), "Effect": "Deny"}], {}, []),
        ("mill-host", "ec2", host, {}, ["iam-create-function-passrole", "iam-function-code-writers", "iam-invoke-permission-writers"]),
        # A pipeline may do what a workload may not.
        ("mill-pipeline", "codebuild", host[:-1], {}, []),
    ]
    arns = {}
    for name, runner, statements, more, flaws in planted:
        trust = policy({"Effect": "Allow", "Principal": {"Service": f"{runner}.amazonaws.com"}, "Action": "sts:AssumeRole"})
        role = arns[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        if runner == "lambda":
            judge("aws-lambda-role-inline", role, True)
            judge("aws-lambda-role-managed-broad", role, False)
        for flaw in flaws:
            judge(f"aws-{flaw}" if flaw.startswith("iam-") else f"aws-lambda-{flaw}", role, True)
    # moto does not count a policy as used where it is only a boundary, and nobody reads what nobody uses.
    iam.attach_role_policy(RoleName="mill-plain", PolicyArn=narrow)
    return arns


def gardener(key):
    """What makes a function without flaws, but for those that are asked for and told."""
    functions, ec2, logs = client("lambda"), client("ec2"), client("logs")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]

    def grow(name, role, flaws=(), reserved=True, **settings):
        arn = f"{LAMBDA}:function:{name}"
        good = {
            "Runtime": "python3.13",
            "Tags": {"team": "mill"},
            "KMSKeyArn": key,
            "VpcConfig": {"SubnetIds": subnets, "SecurityGroupIds": [group]},
            "TracingConfig": {"Mode": "Active"},
            "Layers": [INSIGHTS],
            "CodeSigningConfigArn": f"{LAMBDA}:code-signing-config:csc-0123456789abcdef0",
        }
        functions.create_function(
            FunctionName=name, Role=role, Handler="index.handler", Code={"ZipFile": package()}, **(good | settings)
        )
        if reserved:
            functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}", kmsKeyId=key)
        logs.put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=400)
        judge("aws-lambda-log-group-deletable", f"{LOGS}/aws/lambda/{name}", True)
        # The trail of the estate names the functions that it records.
        judge("aws-cloudtrail-lambda-data-events-off", arn, True)
        judge("aws-lambda-concurrency-unreserved", arn, not reserved)
        for flaw in flaws:
            judge(f"aws-lambda-{flaw}", arn, True)
        return arn

    return grow


def plant_role_users(grow, roles):
    """A function for each role, of the same name."""
    for name, role in roles.items():
        if name not in ("mill-plain", "mill-host", "mill-pipeline"):
            grow(name, role, ["log-role-denied"] if name == "mill-silent" else [])


def plant_settings(grow, role):
    today, ending = datetime.date.today(), datetime.date(2027, 4, 30)
    soon = ending - datetime.timedelta(days=180) < today < ending
    flaws = ["runtime-ending-soon"] if soon else ["runtime-deprecated"] if today >= ending else []
    grow("mill-ending", role, flaws, Runtime="nodejs22.x")
    grow("mill-pinned", role, ["runtime-pinned"], Tags={"team": "mill", "updates": "Manual"})
    grow("mill-untagged", role, ["untagged"], Tags={})
    loaded = {"NODE_OPTIONS": f"--enable-source-maps --require /tmp/{canary(word(12))}.js"}
    grow("mill-loaded", role, ["env-code-loader"], Environment={"Variables": loaded})
    tuned = {"NODE_OPTIONS": "--enable-source-maps", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel-handler"}
    grow("mill-tuned", role, Environment={"Variables": tuned})
    judge("aws-lambda-account-pool-exhaustible", f"{LAMBDA}:account-settings", False)
    # The estate has one code signing configuration, which turns untrusted code away.
    judge("aws-lambda-code-signing-warn-only", f"{LAMBDA}:function:mill-tuned", False)


def plant_callers(grow, role):
    functions = client("lambda")
    invoke = {"Action": "lambda:InvokeFunction"}
    rule = {"Principal": "events.amazonaws.com", "SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly"}
    token = {"EventSourceToken": "amzn1.ask.skill.0a1b2c3d"}

    def let(name, statement, **more):
        functions.add_permission(FunctionName=name, StatementId=f"s{word(4)}", **invoke, **statement, **more)

    grow("mill-lossy", role, ["async-no-failure-path"])
    let("mill-lossy", rule)
    grow("mill-kept", role)
    let("mill-kept", rule)
    failed = {"OnFailure": {"Destination": f"{QUEUES}:mill-failed"}}
    functions.put_function_event_invoke_config(FunctionName="mill-kept", DestinationConfig=failed)
    grow("mill-letters", role, Tags={"team": "mill", "dead-letters": f"{QUEUES}:mill-failed"})
    let("mill-letters", rule)

    for name, flaws, more in [("mill-any-skill", ["policy-alexa-no-token", "policy-confused-deputy"], {}), ("mill-skill", [], token)]:
        grow(name, role, flaws)
        let(name, {"Principal": "alexa-appkit.amazon.com"}, **more)

    # What an alias opens is as open as what the function opens.
    grow("mill-alias", role, ["policy-public"], Publish=True)
    functions.create_alias(FunctionName="mill-alias", Name="live", FunctionVersion="1")
    let("mill-alias", {"Principal": "*"}, Qualifier="live")

    for name, flaws, cors in [
        ("mill-slow", ["timeout-max"], None),
        ("mill-cors", ["timeout-max", "url-cors-any-origin", "url-cors-credentials"], {"AllowOrigins": ["*"], "AllowCredentials": True}),
    ]:
        grow(name, role, ["url-auth-none", *flaws], Timeout=900)
        functions.add_permission(
            FunctionName=name,
            StatementId="url",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        )
        functions.create_function_url_config(FunctionName=name, AuthType="NONE", **({"Cors": cors} if cors else {}))


def plant_sources(grow, role, key):
    functions, queues, streams = client("lambda"), client("sqs"), client("kinesis")
    def queue(name, **attributes):
        return queues.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key, **attributes})["QueueUrl"]

    queue("mill-failed")
    after_three = json.dumps({"deadLetterTargetArn": f"{QUEUES}:mill-failed", "maxReceiveCount": 3})

    def poll(name, source, **settings):
        functions.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **settings)

    capped = {"ScalingConfig": {"MaximumConcurrency": 5}}
    for name in ["mill-flooded", "mill-capped", "mill-looping", "mill-stopped"]:
        address = queue(name, RedrivePolicy=after_three)
        knows = {"Environment": {"Variables": {"QUEUE_URL": address}}} if name in ("mill-looping", "mill-stopped") else {}
        loops = {"Tags": {"team": "mill", "loops": "Allow"}} if name == "mill-looping" else {}
        flaws = {"mill-flooded": ["esm-uncapped"], "mill-looping": ["recursion-allowed"]}.get(name, [])
        grow(name, role, flaws, reserved=name not in ("mill-flooded", "mill-capped"), **knows, **loops)
        poll(name, f"{QUEUES}:{name}", **(capped if name == "mill-capped" else {}))

    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/mill"
    streams.create_stream(StreamName="mill", ShardCount=1)
    streams.start_stream_encryption(StreamName="mill", EncryptionType="KMS", KeyId=key)
    streams.increase_stream_retention_period(StreamName="mill", RetentionPeriodHours=168)
    bounded = {"MaximumRetryAttempts": 3, "DestinationConfig": {"OnFailure": {"Destination": f"{QUEUES}:mill-failed"}}}
    for name, flaws, settings in [
        ("mill-endless", ["esm-no-failure-destination", "esm-poison-pill"], {}),
        ("mill-bounded-stream", [], bounded),
    ]:
        grow(name, role, flaws)
        poll(name, stream, StartingPosition="LATEST", **settings)
    # moto refuses sources that it does not hold.
    judge("aws-lambda-esm-foreign-source", f"{LAMBDA}:function:mill-capped", False)


def plant_layers():
    layers = client("lambda")
    for name, principals in [("mill-open", ["*"]), ("mill-shared", [STRANGER]), ("mill-own", [])]:
        version = layers.publish_layer_version(LayerName=name, Content={"ZipFile": package()})
        for principal in principals:
            layers.add_layer_version_permission(
                LayerName=name, VersionNumber=1, StatementId="use", Action="lambda:GetLayerVersion", Principal=principal
            )
        judge("aws-lambda-layer-public", version["LayerVersionArn"], name == "mill-open")


def plant_beside(roles):
    """What function_reads.py tells of MicroVMs, web functions and capacity providers."""
    for name in ["sandbox", "notebook"]:
        image = f"{LAMBDA}:microvm-image:{name}"
        for check in ["log-off", "os-capabilities", "egress-open", "role-broad"]:
            judge(f"aws-lambda-microvm-{check}", image, name == "notebook")
    for name in ["site", "shop"]:
        function = f"{LAMBDA}:web-function/{name}"
        judge("aws-lambda-webfn-app-managed-auth", function, name == "site")
        judge("aws-lambda-webfn-policy-public", function, name == "site")
    judge("aws-lambda-capacity-provider-pass-any", f"{LAMBDA}:capacity-provider:large", "mill-host" in roles)
