"""Events and those who act on them: buses, rules, schedules, pipes, state machines, user pools and identity pools.

What moto lacks of it is in workflow_reads.py.
"""

import json

from ground import (
    ACCOUNT,
    LAMBDA,
    LOGS,
    PARTNER,
    REGION,
    allow,
    canary,
    client,
    judge,
    policy,
    word,
)

EVENTS = f"arn:aws:events:{REGION}:{ACCOUNT}"
FUNCTION = f"{LAMBDA}:function:order-create"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-0000-4000-8000-000000000000"
POOL_ID = f"{REGION}:0a1b2c3d-0000-4000-8000-000000000000"


def plant():
    roles = plant_roles()
    plant_buses(roles)
    plant_registries()
    plant_schedules(roles)
    plant_pipes(roles)
    plant_state_machines(roles)
    plant_user_pools()
    plant_identity_pools()


def plant_roles():
    """Role name to ARN. No function works with these."""
    iam = client("iam")
    start = allow("lambda:InvokeFunction", FUNCTION)
    roles = {
        "flow-narrow": [start],
        "flow-anything": [allow("*", "*")],
        "flow-queues": [start, allow("sqs:*", "*")],
        "flow-pass": [start, allow("iam:PassRole", "*")],
        "flow-pass-to-one": [allow("iam:PassRole", "*", Condition={"StringEquals": {"iam:PassedToService": "x.amazonaws.com"}})],
        "flow-functions": [allow("lambda:InvokeFunction", "*")],
        "flow-http": [allow("states:InvokeHTTPEndpoint", "*")],
        "flow-http-limited": [
            allow(
                "states:InvokeHTTPEndpoint",
                "*",
                Condition={"StringLike": {"states:HTTPEndpoint": "https://api.shop.example/*"}},
            )
        ],
    }
    services = ["events", "scheduler", "pipes", "states"]
    trust = policy({"Effect": "Allow", "Principal": {"Service": [f"{s}.amazonaws.com" for s in services]}, "Action": "sts:AssumeRole"})
    arns = {}
    for name, statements in roles.items():
        arns[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
    return arns


BROAD = {"flow-anything", "flow-queues", "flow-pass"}


def plant_buses(roles):
    events = client("events")
    publish = allow("events:PutEvents", f"{EVENTS}:event-bus/*")
    organisation = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}
    # Bus, who may publish, and which checks fail.
    buses = [
        ("sales", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/till"}, {}, ""),
        ("group", "*", organisation, ""),
        ("open", "*", {}, "public"),
        ("partner", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, {}, "cross-account"),
        ("bare", None, {}, "no-policy"),
    ]
    for name, principal, more, flaw in buses:
        uid = events.create_event_bus(Name=name)["EventBusArn"]
        if principal:
            statement = {**publish, "Principal": principal, "Sid": "publish", **more}
            events.put_permission(EventBusName=name, Policy=policy(statement))
        for check in ["public", "cross-account", "no-policy"]:
            judge(f"aws-eventbus-{check}", uid, check == flaw)
    default = f"{EVENTS}:event-bus/default"
    judge("aws-eventbus-public", default, False)
    judge("aws-eventbus-cross-account", default, False)

    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:narrow"
    rules = [("paid", "flow-narrow", "ENABLED"), ("lost", "flow-anything", "ENABLED"), ("old", "flow-anything", "DISABLED")]
    for name, role, state in rules:
        uid = events.put_rule(Name=name, EventBusName="sales", EventPattern='{"source":["shop"]}', State=state)["RuleArn"]
        payload = json.dumps({"apiToken": canary(word(32)), "colour": "green"})
        target = {"Id": "1", "Arn": machine, "RoleArn": roles[role], "Input": payload}
        events.put_targets(Rule=name, EventBusName="sales", Targets=[target])
        if state == "ENABLED":
            judge("aws-eventrule-role-broad", uid, role in BROAD)
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": FUNCTION}])
    connection = events.create_connection(
        Name="payments",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": canary(word(32))}},
    )["ConnectionArn"]
    events.create_api_destination(
        Name="payments", ConnectionArn=connection, InvocationEndpoint="https://pay.shop.example/", HttpMethod="POST"
    )
    buses = [{"EventBusArn": f"arn:aws:events:{region}:{ACCOUNT}:event-bus/default"} for region in [REGION, "eu-central-1"]]
    check = "arn:aws:route53:::healthcheck/0a1b2c3d-0000-4000-8000-000000000000"
    routing = {"FailoverConfig": {"Primary": {"HealthCheck": check}, "Secondary": {"Route": "eu-central-1"}}}
    for name, state in [("orders", "ENABLED"), ("clicks", "DISABLED")]:
        uid = events.create_endpoint(
            Name=name, EventBuses=buses, RoutingConfig=routing, ReplicationConfig={"State": state}, RoleArn=roles["flow-narrow"]
        )["Arn"]
        judge("aws-event-endpoint-replication-off", uid, state == "DISABLED")
    events.create_archive(ArchiveName="sales", EventSourceArn=f"{EVENTS}:event-bus/sales")


def plant_registries():
    schemas = client("schemas")
    read = allow("schemas:*", "*")
    for name, principal in [("own", None), ("shared", ACCOUNT), ("partner", PARTNER)]:
        uid = schemas.create_registry(RegistryName=name)["RegistryArn"]
        if principal:
            statement = {**read, "Principal": {"AWS": f"arn:aws:iam::{principal}:root"}}
            schemas.put_resource_policy(RegistryName=name, Policy=policy(statement))
        judge("aws-event-schema-cross-account", uid, principal == PARTNER)


def plant_schedules(roles):
    scheduler = client("scheduler")
    create_key = "arn:aws:scheduler:::aws-sdk:iam:createAccessKey"
    stop = "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
    # Name, role, target, input, key, and which checks fail.
    schedules = [
        ("export", "flow-narrow", FUNCTION, None, None, set()),
        ("report", "flow-narrow", FUNCTION, {"table": "orders"}, KEY, set()),
        ("remind", "flow-narrow", FUNCTION, {"table": "orders"}, None, {"no-cmk"}),
        ("leak", "flow-narrow", FUNCTION, {"dbPassword": canary(word(14))}, KEY, {"input-secret"}),
        ("wide", "flow-queues", FUNCTION, None, None, {"role-broad"}),
        ("stop", "flow-pass-to-one", stop, {"InstanceIds": ["i-0a1b2c3d4e5f60718"]}, KEY, set()),
        ("keys", "flow-narrow", create_key, {"UserName": "robot"}, KEY, {"role-broad"}),
    ]
    for name, role, target, payload, key, flaws in schedules:
        call = {"Arn": target, "RoleArn": roles[role]} | ({"Input": json.dumps(payload)} if payload else {})
        uid = scheduler.create_schedule(
            Name=name,
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=call,
            **({"KmsKeyArn": key} if key else {}),
        )["ScheduleArn"]
        if payload:
            judge("aws-scheduler-no-cmk", uid, "no-cmk" in flaws)
        judge("aws-scheduler-input-secret", uid, "input-secret" in flaws)
        judge("aws-scheduler-role-broad", uid, "role-broad" in flaws)


def plant_pipes(roles):
    pipes = client("pipes")
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    for name, role in [("orders", "flow-narrow"), ("returns", "flow-queues")]:
        uid = pipes.create_pipe(Name=name, RoleArn=roles[role], Source=source, Target=FUNCTION)["Arn"]
        judge("aws-pipes-role-broad", uid, role in BROAD)


def plant_state_machines(roles):
    machines = client("stepfunctions")
    logged = {"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{LOGS}/shop/flows:*"}}]}
    sealed = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}
    invoke = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    fixed = {**invoke, "Parameters": {"FunctionName": FUNCTION, "Payload.$": "$"}}
    chosen = {**invoke, "Parameters": {"FunctionName.$": "$.handler"}}
    http = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}
    called = {**http, "Parameters": {"ApiEndpoint.$": "$.callback", "Method": "POST"}}
    known = {**http, "Parameters": {"ApiEndpoint.$": "States.Format('https://api.shop.example/{}', $.id)", "Method": "GET"}}
    secret = {**http, "Parameters": {"ApiEndpoint": "https://api.shop.example/", "Headers": {"apiToken": None}}}
    one = {"StartAt": "In", "States": {"In": fixed}}
    every = {"Type": "Map", "End": True, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **one}}
    # Name, role, first state, and which checks fail; all but the first neither log nor trace, with the service's key.
    specs = [
        ("narrow", "flow-narrow", fixed, set()),
        ("wide", "flow-anything", fixed, {"role-broad"}),
        ("pass", "flow-pass", fixed, {"role-broad"}),
        ("dispatch", "flow-functions", chosen, {"input-controls-target"}),
        ("dispatch-few", "flow-narrow", chosen, set()),
        ("callback", "flow-http", called, {"http-task-open"}),
        ("callback-known", "flow-http-limited", called, set()),
        ("lookup", "flow-http", known, set()),
        ("leak", "flow-http", secret, {"definition-secret"}),
        ("each", "flow-narrow", every, {"map-unbounded"}),
        ("each-slowly", "flow-narrow", {**every, "MaxConcurrency": 20}, set()),
    ]
    for name, role, first, flaws in specs:
        first = json.loads(json.dumps(first))
        if "definition-secret" in flaws:
            first["Parameters"]["Headers"]["apiToken"] = canary(word(32))
        good = name == "narrow"
        more = {"loggingConfiguration": logged, "tracingConfiguration": {"enabled": True}, "encryptionConfiguration": sealed}
        uid = machines.create_state_machine(
            name=name,
            roleArn=roles[role],
            definition=json.dumps({"StartAt": "First", "States": {"First": first}}),
            **(more if good else {}),
        )["stateMachineArn"]
        for check in ["log-off", "tracing-off", "no-cmk"]:
            judge(f"aws-sfn-{check}", uid, not good)
        for check in ["role-broad", "input-controls-target", "http-task-open", "definition-secret", "map-unbounded"]:
            judge(f"aws-sfn-{check}", uid, check in flaws)


STRONG = {"MinimumLength": 14, "TemporaryPasswordValidityDays": 7} | {
    f"Require{kind}": True for kind in ["Uppercase", "Lowercase", "Numbers", "Symbols"]
}


def plant_user_pools():
    cognito = client("cognito-idp")
    role = {"Name": "role", "AttributeDataType": "String", "Mutable": True}
    good = {"mfa": "ON", "password": STRONG, "closed": True, "threats": "ENFORCED", "protected": "ACTIVE", "vetted": False}
    good |= {"reacts": True}
    specs = [
        ("staff", {}, set()),
        ("heedless", {"reacts": False}, {"compromised-allowed"}),
        ("public", {"closed": False, "mfa": "OPTIONAL"}, {"open-signup", "mfa-off"}),
        ("vetted", {"closed": False, "vetted": True}, set()),
        ("short", {"password": STRONG | {"MinimumLength": 8}}, {"password-weak"}),
        ("plain", {"password": STRONG | {"RequireSymbols": False}}, {"password-weak"}),
        ("patient", {"password": STRONG | {"TemporaryPasswordValidityDays": 30}}, {"temp-password-long"}),
        ("watched", {"threats": "AUDIT"}, {"threat-protection-off"}),
        ("loose", {"protected": "INACTIVE"}, {"deletion-protection-off"}),
    ]
    checks = ["open-signup", "mfa-off", "password-weak", "temp-password-long", "threat-protection-off", "deletion-protection-off"]
    pools = {}
    for name, own, flaws in specs:
        spec = good | own
        pool = cognito.create_user_pool(
            PoolName=name,
            MfaConfiguration=spec["mfa"],
            Policies={"PasswordPolicy": spec["password"]},
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": spec["closed"]},
            UserPoolAddOns={"AdvancedSecurityMode": spec["threats"]},
            DeletionProtection=spec["protected"],
            Schema=[role],
            **({"LambdaConfig": {"PreSignUp": FUNCTION}} if spec["vetted"] else {}),
        )["UserPool"]
        pools[name] = pool["Id"]
        for check in checks:
            judge(f"aws-cognito-{check}", pool["Arn"], check in flaws)
        if spec["threats"] == "ENFORCED":
            action = {"EventAction": "BLOCK" if spec["reacts"] else "NO_ACTION"}
            cognito.set_risk_configuration(
                UserPoolId=pool["Id"],
                CompromisedCredentialsRiskConfiguration={"Actions": action},
                AccountTakeoverRiskConfiguration={"Actions": {"HighAction": {"Notify": False, **action}}},
            )
            judge("aws-cognito-compromised-allowed", pool["Arn"], "compromised-allowed" in flaws)
    plant_clients(cognito, pools["staff"])


def plant_clients(cognito, pool):
    url = "https://app.shop.example/"
    good = {
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"],
        "CallbackURLs": [url],
        "WriteAttributes": ["email"],
    }
    machines = {"AllowedOAuthFlows": ["client_credentials"], "CallbackURLs": [], "PreventUserExistenceErrors": "LEGACY"}
    specs = [
        ("web", {}, set()),
        ("talkative", {"PreventUserExistenceErrors": "LEGACY"}, {"user-enumeration"}),
        ("lasting", {"EnableTokenRevocation": False}, {"token-revocation-off"}),
        ("implicit", {"AllowedOAuthFlows": ["code", "implicit"]}, {"implicit-flow"}),
        ("local", {"CallbackURLs": [url, "http://localhost:3000/"]}, {"callback-unsafe"}),
        ("climbing", {"WriteAttributes": ["email", "custom:role"]}, {"attribute-writable"}),
        ("batch", machines | {"GenerateSecret": True}, set()),
    ]
    for name, own, flaws in specs:
        made = cognito.create_user_pool_client(UserPoolId=pool, ClientName=name, **(good | own))["UserPoolClient"]
        if "ClientSecret" in made:
            canary(made["ClientSecret"])
        uid = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}/client/{made['ClientId']}"
        if name != "batch":
            judge("aws-cognito-user-enumeration", uid, "user-enumeration" in flaws)
            judge("aws-cognito-token-revocation-off", uid, "token-revocation-off" in flaws)
        for check in ["implicit-flow", "callback-unsafe", "attribute-writable"]:
            judge(f"aws-cognito-{check}", uid, check in flaws)


def plant_identity_pools():
    pools, iam = client("cognito-identity"), client("iam")
    key = "cognito-identity.amazonaws.com"
    trusted = {"Effect": "Allow", "Principal": {"Federated": key}, "Action": "sts:AssumeRoleWithWebIdentity"}
    of_pool = {"StringEquals": {f"{key}:aud": POOL_ID}}
    guests = {"ForAnyValue:StringLike": {f"{key}:amr": "unauthenticated"}}
    telemetry = allow(["mobileanalytics:PutEvents", "cognito-sync:*"], "*")
    # Role, conditions of its trust policy, what it may do.
    roles = [
        ("guest-narrow", of_pool | guests, [telemetry], False),
        ("guest-tables", of_pool | guests, [allow("dynamodb:GetItem", "*")], False),
        ("guest-of-any-pool", guests, [telemetry], True),
        ("user-or-guest", of_pool, [telemetry], True),
    ]
    arns = {}
    for name, conditions, statements, flawed in roles:
        trust = policy({**trusted, "Condition": conditions})
        arns[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        judge("aws-cognito-auth-role-untrusted", arns[name], flawed)
    # Pool, guests, classic flow, role of guests.
    specs = [
        ("staff", False, False, None),
        ("shop", True, False, "guest-narrow"),
        ("votes", True, False, "guest-tables"),
        ("legacy", False, True, None),
    ]
    for name, admits, classic, role in specs:
        made = pools.create_identity_pool(
            IdentityPoolName=name, AllowUnauthenticatedIdentities=admits, AllowClassicFlow=classic
        )
        pool = made["IdentityPoolId"]
        if role:
            pools.set_identity_pool_roles(IdentityPoolId=pool, Roles={"unauthenticated": arns[role]})
        uid = f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/{pool}"
        judge("aws-cognito-guest-access", uid, admits)
        judge("aws-cognito-classic-flow", uid, classic)
        if admits:
            judge("aws-cognito-guest-role-broad", uid, role == "guest-tables")
