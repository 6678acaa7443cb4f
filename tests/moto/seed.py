"""Plants an estate with known flaws among good resources, and prints what a scan must find.

    seed.py ENDPOINT REGION

The printed document: `account`, `region`; `functions`, `rest_apis`, `http_apis`, `websocket_apis` (name to uid);
`expected` (check id to the sorted uids that must FAIL; each check that applies to a planted resource is listed, with
nothing where all pass); `canaries` (texts that must not appear in anything the program writes).

What is expected follows from what is planted, by rules written here a second time and on purpose: nothing is read
back from the program under test. A check of the catalogue without a rule here is a check without a story.
"""

import datetime
import io
import json
import random
import sys
import zipfile

import boto3
from botocore.config import Config

ENDPOINT, REGION = sys.argv[1:3]
ACCOUNT = "123456789012"
PARTNER = "210987654321"
STRANGER = "999999999999"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
GATEWAY = f"arn:aws:apigateway:{REGION}::"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
INSIGHTS = f"arn:aws:lambda:{REGION}:580247275435:layer:LambdaInsightsExtension:56"

NOUNS = """basket catalogue checkout coupon customer delivery gift invoice loyalty newsletter order payment
    price product refund return review shipment stock supplier""".split()
VERBS = ["create", "export", "list", "notify", "sync"]
NAMES = [f"{noun}-{verb}" for noun in NOUNS for verb in VERBS]

# The same words on every run, and none that a scanner of this repository would take for a secret.
chance = random.Random(20261121)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
canaries = []
expected = {}


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id="planter",
        aws_secret_access_key="planter",
        config=Config(retries={"max_attempts": 1}, max_pool_connections=1),
    )


def word(length):
    return "".join(chance.choice(LETTERS) for _ in range(length))


def canary(text):
    """A text that must never be seen again."""
    canaries.append(text)
    return text


def judge(check, uid, fails):
    """Notes that `check` applies to `uid`, and whether it must fail there."""
    found = expected.setdefault(check, [])
    if fails:
        found.append(uid)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def package():
    """The smallest deployment package, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), "def handler(event, context):\n    return {}\n")
    return buffer.getvalue()


def plant_roles():
    """Role name to ARN; each is used by some function."""
    iam = client("iam")
    trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    partner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{PARTNER}:root"}, "Action": "sts:AssumeRole"}
    logs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOGS}/aws/lambda/*")
    table = allow(["dynamodb:GetItem", "dynamodb:PutItem"], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/shop")
    everything = iam.create_policy(PolicyName="shop-everything", PolicyDocument=policy(allow("*", "*")))["Policy"]["Arn"]
    # Name, trust, inline statements, attached policies, and which of the three checks fail.
    roles = [
        ("shop-reader", [trusted], [logs], [], ""),
        ("shop-writer", [trusted], [logs, table], [], ""),
        ("shop-inline-admin", [trusted], [allow("*", "*")], [], "admin"),
        ("shop-attached-admin", [trusted], [], [everything], "admin"),
        ("shop-storage", [trusted], [logs, allow("s3:*", "*")], [], "wildcard"),
        ("shop-queues", [trusted], [logs, allow(["sqs:*", "kms:*"], ["*"])], [], "wildcard"),
        ("shop-shared", [trusted, anybody], [logs], [], "trust"),
        ("shop-partner", [trusted, partner], [logs], [], "trust"),
    ]
    arns = {}
    for name, trust, inline, attached, flaw in roles:
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(*trust))["Role"]["Arn"]
        if inline:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*inline))
        for arn in attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        arns[name] = role
        judge("aws-lambda-role-admin", role, flaw == "admin")
        if flaw != "admin":
            judge("aws-lambda-role-service-wildcard", role, flaw == "wildcard")
        judge("aws-lambda-role-trust-broad", role, flaw == "trust")
    return arns


SECRETS = [
    ("STRIPE_API_KEY", lambda: "sk_" + "live_" + word(24)),
    ("AWS_ACCESS_KEY_ID", lambda: "AK" + "IA" + word(16).upper().translate(str.maketrans("89", "23"))),
    ("DATABASE_PASSWORD", lambda: word(14)),
    ("DATABASE_URL", lambda: f"postgres://shop:{canary(word(16))}@db.internal/shop"),
    ("SESSION_SECRET", lambda: word(40)),
]


def plant_functions(roles):
    """Function name to ARN, with their policies, addresses, limits and log groups."""
    functions, ec2, logs, kms = client("lambda"), client("ec2"), client("logs"), client("kms")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    key = kms.create_key(Description="shop")["KeyMetadata"]["Arn"]
    own_layer = functions.publish_layer_version(LayerName="shop-tools", Content={"ZipFile": package()})
    code = package()
    today = datetime.date.today()
    names = list(roles)
    arns = {}
    for number, name in enumerate(NAMES):
        arn = arns[name] = f"{LAMBDA}:function:{name}"
        # Flaws lie at fixed places, so that most functions have none of a kind and some have several.
        runtime = {7: "python2.7", 8: "python2.7", 21: "nodejs16.x", 22: "nodejs16.x", 23: "nodejs16.x"}
        traced, reserved, inside, keyed = number % 9 != 4, number % 5 != 3, number % 11 != 5, number % 13 != 6
        signed, watched = number % 6 != 1, number % 8 != 2
        layers = [INSIGHTS] if watched else []
        if number % 10 == 0:
            layers.append(own_layer["LayerVersionArn"])
        stranger = number in (12, 37)
        if stranger:
            layers.append(f"arn:aws:lambda:{REGION}:{STRANGER}:layer:helpers:3")
        values = {}
        if number % 3 != 2:
            # No secret, and yet nobody's business: no value of any variable is ever kept.
            values["TABLE_NAME"] = canary(f"shop-{word(12).lower()}")
        secret = number % 14 == 9
        if secret:
            variable, make = SECRETS[number // 14 % len(SECRETS)]
            values[variable] = canary(make())
        role = roles[names[number] if number < len(names) else names[number % 2]]
        settings = {"CodeSigningConfigArn": f"{LAMBDA}:code-signing-config:csc-0123456789abcdef0"} if signed else {}
        if keyed:
            settings["KMSKeyArn"] = key
        if inside:
            settings["VpcConfig"] = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
        if values:
            settings["Environment"] = {"Variables": values}
        functions.create_function(
            FunctionName=name,
            Runtime=runtime.get(number, "python3.13"),
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": code},
            TracingConfig={"Mode": "Active" if traced else "PassThrough"},
            Layers=layers,
            Tags={"team": name.split("-")[0]},
            **settings,
        )
        if reserved:
            functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)

        retained, sealed = number % 10 != 7, number % 12 != 8
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}", **({"kmsKeyId": key} if sealed else {}))
        if number % 20 != 7:
            logs.put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=400 if retained else 14)

        judge("aws-lambda-runtime-deprecated", arn, number in runtime)
        blocked = runtime.get(number) == "python2.7" or number in runtime and today >= datetime.date(2027, 3, 3)
        judge("aws-lambda-runtime-update-blocked", arn, blocked)
        judge("aws-lambda-tracing-off", arn, not traced)
        judge("aws-lambda-concurrency-unreserved", arn, not reserved)
        judge("aws-lambda-vpc-absent", arn, not inside)
        judge("aws-lambda-code-signing-missing", arn, not signed)
        judge("aws-lambda-insights-off", arn, not watched)
        judge("aws-lambda-env-secret", arn, secret)
        if layers:
            judge("aws-lambda-layer-cross-account", arn, stranger)
        if values:
            judge("aws-lambda-env-no-cmk", arn, not keyed)
        judge("aws-lambda-log-retention-unset", f"{LOGS}/aws/lambda/{name}", not retained)
        judge("aws-lambda-log-no-cmk", f"{LOGS}/aws/lambda/{name}", not sealed)
    return arns


def plant_permissions(functions, arns):
    """Resource policies and function URLs. A function without a policy is a function that only its owner invokes."""
    invoke = {"Action": "lambda:InvokeFunction"}
    bucket = {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::shop-uploads"}
    account = {"SourceAccount": ACCOUNT}
    topic = {"Principal": "sns.amazonaws.com", "SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:orders"}
    url = {"Action": "lambda:InvokeFunctionUrl"}
    # Place, statements, and the checks on policies that fail.
    planted = [
        (0, [{**invoke, **bucket, **account}], []),
        (1, [{**invoke, **topic}], []),
        (2, [{**invoke, "Principal": "*", "PrincipalOrgID": "o-a1b2c3d4e5"}], []),
        (15, [{**invoke, "Principal": "*"}], ["public"]),
        (16, [{**invoke, "Principal": "*"}, {**invoke, **topic}], ["public"]),
        (30, [{**invoke, **bucket}], ["confused-deputy"]),
        (31, [{**invoke, "Principal": "events.amazonaws.com"}], ["confused-deputy"]),
        (32, [{**invoke, **topic}, {**invoke, "Principal": "apigateway.amazonaws.com"}], ["confused-deputy"]),
        (45, [{**invoke, "Principal": PARTNER}], ["cross-account"]),
        (46, [{"Action": "lambda:UpdateFunctionCode", "Principal": PARTNER}], ["cross-account", "grants-write"]),
        (47, [{"Action": "lambda:*", "Principal": ACCOUNT}], ["wildcard-action"]),
        (60, [{**invoke, "Principal": "bedrock.amazonaws.com"}], ["agent"]),
        (61, [{**invoke, "Principal": "bedrock.amazonaws.com", **account}], []),
        # Behind a URL, each with its kind: what a public address allows is the URL's finding, not the policy's.
        (70, [{**url, "Principal": "*", "FunctionUrlAuthType": "NONE"}], []),
        (71, [{**url, "Principal": "*", "FunctionUrlAuthType": "NONE"}], []),
        (72, [{**url, "Principal": ACCOUNT, "FunctionUrlAuthType": "AWS_IAM"}], []),
        (73, [{**url, "Principal": ACCOUNT, "FunctionUrlAuthType": "AWS_IAM"}], []),
    ]
    for place, statements, flaws in planted:
        name = NAMES[place]
        arn = arns[name]
        for number, statement in enumerate(statements):
            functions.add_permission(FunctionName=name, StatementId=f"s{number}", **statement)
        principals = [str(statement["Principal"]) for statement in statements]
        judge("aws-lambda-policy-wildcard-action", arn, "wildcard-action" in flaws)
        judge("aws-lambda-policy-grants-write", arn, "grants-write" in flaws)
        if any(p.endswith(".amazonaws.com") and not p.startswith("bedrock") for p in principals):
            judge("aws-lambda-policy-confused-deputy", arn, "confused-deputy" in flaws)
        if any(p.startswith("bedrock") for p in principals):
            judge("aws-bedrock-agent-tool-open", arn, "agent" in flaws)
        judge("aws-lambda-policy-public", arn, "public" in flaws)
        judge("aws-lambda-policy-cross-account", arn, "cross-account" in flaws)

    anywhere, shop = {"AllowOrigins": ["*"]}, {"AllowOrigins": ["https://shop.example"]}
    for place, kind, cors in [(70, "NONE", anywhere), (71, "NONE", shop), (72, "AWS_IAM", anywhere), (73, "AWS_IAM", None)]:
        name = NAMES[place]
        functions.create_function_url_config(FunctionName=name, AuthType=kind, **({"Cors": cors} if cors else {}))
        judge("aws-lambda-url-auth-none", arns[name], kind == "NONE")
        judge("aws-lambda-url-cors-any-origin", arns[name], cors is anywhere)


def plant_rest_apis(arns):
    """REST API name to uid: ten, each with a stage."""
    gateway, firewall = client("apigateway"), client("wafv2")
    shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "shop"}
    acl = firewall.create_web_acl(Name="shop", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=shown)
    acl = acl["Summary"]["ARN"]
    call = allow("execute-api:Invoke", "*", Principal="*")
    only_from_office = {**call, "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}
    only_from_network = {**call, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}}}
    good = {"auth": "AWS_IAM", "verb": "POST", "validated": True, "type": "AWS_PROXY"}
    good |= {"private": False, "policy": None, "authorizer": False, "key": False, "preflight": False}
    good |= {"logged": True, "access": True, "traced": True, "waf": True, "cache": "", "secret": False}
    specs = {
        "orders": {},
        "basket": {"auth": "NONE", "validated": False},
        "catalogue": {"auth": "NONE", "verb": "GET", "cache": "sealed", "waf": False},
        "payments": {"auth": "COGNITO_USER_POOLS", "authorizer": True, "secret": True, "preflight": True},
        "stock": {"auth": "NONE", "key": True, "logged": False, "access": False},
        "partners": {"auth": "NONE", "policy": only_from_office, "traced": False},
        "internal": {"private": True, "policy": only_from_network, "waf": False},
        "backoffice": {"private": True, "policy": call, "auth": "NONE", "waf": False, "validated": False},
        "search": {"verb": "GET", "type": "HTTP_PROXY", "cache": "open"},
        "reviews": {"verb": "GET", "waf": False, "access": False, "traced": False},
    }
    uids = {}
    for name, own in specs.items():
        spec = good | own
        more = {"policy": policy(spec["policy"])} if spec["policy"] else {}
        kind = {"types": ["PRIVATE" if spec["private"] else "REGIONAL"]}
        api = gateway.create_rest_api(name=name, endpointConfiguration=kind, **more)["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": spec["verb"]}
        settings = {"authorizationType": spec["auth"], "apiKeyRequired": spec["key"]}
        if spec["authorizer"]:
            pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_shop"
            where = "method.request.header.Authorization"
            authorizer = gateway.create_authorizer(
                restApiId=api, name="customers", type="COGNITO_USER_POOLS", providerARNs=[pool], identitySource=where
            )
            settings["authorizerId"] = authorizer["id"]
        if spec["validated"]:
            validator = gateway.create_request_validator(
                restApiId=api, name="body", validateRequestBody=True, validateRequestParameters=False
            )
            settings["requestValidatorId"] = validator["id"]
        gateway.put_method(**method, **settings)
        function = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arns['order-create']}/invocations"
        target = "https://search.shop.example/" if spec["type"] == "HTTP_PROXY" else function
        gateway.put_integration(**method, type=spec["type"], integrationHttpMethod="POST", uri=target)
        if spec["preflight"]:
            preflight = {**method, "httpMethod": "OPTIONS"}
            gateway.put_method(**preflight, authorizationType="NONE")
            gateway.put_integration(**preflight, type="MOCK", requestTemplates={"application/json": "{}"})
        deployment = gateway.create_deployment(restApiId=api)["id"]
        variables = {"backend": canary(f"blue-{word(10).lower()}")}
        if spec["secret"]:
            variables["apiToken"] = canary("gh" + "p_" + word(36))
        gateway.create_stage(
            restApiId=api,
            stageName="prod",
            deploymentId=deployment,
            variables=variables,
            tracingEnabled=spec["traced"],
            cacheClusterEnabled=bool(spec["cache"]),
            **({"cacheClusterSize": "0.5"} if spec["cache"] else {}),
        )
        changes = {}
        if spec["logged"]:
            changes["/*/*/logging/loglevel"] = "INFO"
        if spec["access"]:
            changes["/accessLogSettings/destinationArn"] = f"{LOGS}/shop/access"
            changes["/accessLogSettings/format"] = "$context.requestId"
        if spec["cache"]:
            changes["/*/*/caching/enabled"] = "true"
            changes["/*/*/caching/dataEncrypted"] = "true" if spec["cache"] == "sealed" else "false"
        patch = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
        gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
        stage = f"{GATEWAY}/restapis/{api}/stages/prod"
        if spec["waf"]:
            firewall.associate_web_acl(WebACLArn=acl, ResourceArn=stage)

        uid = uids[name] = f"{GATEWAY}/restapis/{api}"
        public, restricted = not spec["private"], spec["policy"] not in (None, call)
        judge("aws-apigw-public-endpoint", uid, public and not restricted)
        if public:
            open_to_all = spec["auth"] == "NONE" and not spec["key"] and not restricted
            judge("aws-apigw-method-no-auth", uid, open_to_all)
            judge("aws-apigw-public-no-authorizer", uid, spec["auth"] == "NONE" and not restricted)
            judge("aws-apigw-waf-missing", stage, not spec["waf"])
        else:
            judge("aws-apigw-private-any-vpce", uid, spec["policy"] is call)
        judge("aws-apigw-request-unvalidated", uid, spec["verb"] == "POST" and not spec["validated"])
        judge("aws-apigw-execution-log-off", stage, not spec["logged"])
        judge("aws-apigw-access-log-off", stage, not spec["access"])
        judge("aws-apigw-tracing-off", stage, not spec["traced"])
        judge("aws-apigw-stage-variable-secret", stage, spec["secret"])
        if spec["verb"] == "GET":
            judge("aws-apigw-cache-off", stage, not spec["cache"])
        if spec["cache"]:
            judge("aws-apigw-cache-unencrypted", stage, spec["cache"] == "open")
        if spec["type"] == "HTTP_PROXY":
            judge("aws-apigw-backend-cert-missing", stage, True)

    for domain, floor in [("api.shop.example", "TLS_1_2"), ("old.shop.example", "TLS_1_0")]:
        certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b2c3d-0000-4000-8000-000000000000"
        gateway.create_domain_name(domainName=domain, certificateArn=certificate, securityPolicy=floor)
        judge("aws-apigw-domain-tls-weak", f"{GATEWAY}/domainnames/{domain}", floor != "TLS_1_2")
    return uids


def plant_http_apis(arns):
    """HTTP API name to uid: five; and one WebSocket API."""
    gateway = client("apigatewayv2")
    uids = {"HTTP": {}, "WEBSOCKET": {}}
    # Name, protocol, authorization of each route, access log, secret in a stage variable.
    planted = [
        ("storefront", "HTTP", {"GET /products": "AWS_IAM", "POST /orders": "AWS_IAM"}, True, False),
        ("mobile", "HTTP", {"GET /products": "NONE", "POST /orders": "AWS_IAM"}, True, False),
        ("webhooks", "HTTP", {"$default": "NONE"}, False, False),
        ("affiliates", "HTTP", {"GET /links": "AWS_IAM"}, False, True),
        ("status", "HTTP", {"GET /health": "AWS_IAM"}, True, False),
        ("live", "WEBSOCKET", {"$connect": "NONE", "$default": "NONE"}, True, False),
    ]
    for name, protocol, routes, access, secret in planted:
        selection = {"RouteSelectionExpression": "$request.body.action"} if protocol == "WEBSOCKET" else {}
        api = gateway.create_api(Name=name, ProtocolType=protocol, **selection)["ApiId"]
        integration = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=arns["order-list"],
            **({"PayloadFormatVersion": "2.0"} if protocol == "HTTP" else {"IntegrationMethod": "POST"}),
        )
        for route, authorization in routes.items():
            target = f"integrations/{integration['IntegrationId']}"
            gateway.create_route(ApiId=api, RouteKey=route, AuthorizationType=authorization, Target=target)
        variables = {"colour": canary(f"green-{word(10).lower()}")}
        if secret:
            variables["signingSecret"] = canary(word(40))
        settings = {"AccessLogSettings": {"DestinationArn": f"{LOGS}/shop/access", "Format": "$context.requestId"}}
        gateway.create_stage(ApiId=api, StageName="prod", StageVariables=variables, **(settings if access else {}))

        uid = uids[protocol][name] = f"{GATEWAY}/apis/{api}"
        if protocol == "HTTP":
            judge("aws-apigwv2-route-no-auth", uid, "NONE" in routes.values())
        else:
            judge("aws-apigwv2-connect-no-auth", uid, routes["$connect"] == "NONE")
        judge("aws-apigwv2-access-log-off", f"{uid}/stages/prod", not access)
        judge("aws-apigwv2-stage-variable-secret", f"{uid}/stages/prod", secret)
    return uids


def plant_trails(arns):
    """A trail over all regions that records all but three functions, and one that nobody can prove complete."""
    trails, storage, logs = client("cloudtrail"), client("s3"), client("logs")
    storage.create_bucket(Bucket="shop-trail", CreateBucketConfiguration={"LocationConstraint": REGION})
    unrecorded = {NAMES[50], NAMES[51], NAMES[99]}
    for name, whole in [("everything", True), ("legacy", False)]:
        trail = trails.create_trail(
            Name=name, S3BucketName="shop-trail", IsMultiRegionTrail=whole, EnableLogFileValidation=whole
        )
        trails.start_logging(Name=name)
        judge("aws-cloudtrail-no-validation", trail["TrailARN"], not whole)
    recorded = [arn for name, arn in arns.items() if name not in unrecorded]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    selector["DataResources"] = [{"Type": "AWS::Lambda::Function", "Values": recorded}]
    trails.put_event_selectors(TrailName="everything", EventSelectors=[selector])
    judge("aws-cloudtrail-off", f"arn:aws:iam::{ACCOUNT}:root", False)
    for name, arn in arns.items():
        judge("aws-cloudtrail-lambda-data-events-off", arn, name in unrecorded)

    for name, principal in [("route53", {"Service": "route53.amazonaws.com"}), ("anybody", "*")]:
        statement = allow("logs:PutLogEvents", f"{LOGS}/shop/*", Principal=principal)
        logs.put_resource_policy(policyName=name, policyDocument=policy(statement))
        uid = f"arn:aws:logs:{REGION}:{ACCOUNT}:resource-policy/{name}"
        judge("aws-lambda-log-public", uid, principal == "*")


def main():
    arns = plant_functions(plant_roles())
    plant_permissions(client("lambda"), arns)
    rest = plant_rest_apis(arns)
    http = plant_http_apis(arns)
    plant_trails(arns)
    document = {
        "account": ACCOUNT,
        "region": REGION,
        "functions": arns,
        "rest_apis": rest,
        "http_apis": http["HTTP"],
        "websocket_apis": http["WEBSOCKET"],
        "expected": {check: sorted(uids) for check, uids in sorted(expected.items())},
        "canaries": canaries,
    }
    print(json.dumps(document, indent=1))


main()
