"""Plants an estate with known flaws among good resources, and prints what a scan must find.

    seed.py ENDPOINT REGION

The printed document: `account`, `region`; `functions`, `rest_apis`, `http_apis`, `websocket_apis` (name to uid);
`expected` (check id to the sorted uids that must FAIL; each check that applies to a planted resource is listed, with
nothing where all pass); `canaries` (texts that must not appear in anything the program writes).

What is expected follows from what is planted, by rules written here a second time and on purpose: nothing is read
back from the program under test. A check of the catalogue without a rule here is a check without a story.
"""

import datetime
import json

import data
import functions
import gateways
import guard
import workflows
from ground import (
    ACCOUNT,
    LAMBDA,
    LOGS,
    PARTNER,
    REGION,
    STRANGER,
    allow,
    canaries,
    canary,
    client,
    expected,
    judge,
    package,
    policy,
    word,
)

INSIGHTS = f"arn:aws:lambda:{REGION}:580247275435:layer:LambdaInsightsExtension:56"

NOUNS = """basket catalogue checkout coupon customer delivery gift invoice loyalty newsletter order payment
    price product refund return review shipment stock supplier""".split()
VERBS = ["create", "export", "list", "notify", "sync"]
NAMES = [f"{noun}-{verb}" for noun in NOUNS for verb in VERBS]

# Each a file beside this one with a function `plant`: the services around functions and their APIs.
GROUPS = [functions, workflows, gateways, data, guard]


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
        judge("aws-lambda-role-inline", role, bool(inline))
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
    # The account's first network has a subnet in each zone.
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
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
            spread = number % 17 != 3
            settings["VpcConfig"] = {"SubnetIds": subnets if spread else subnets[:1], "SecurityGroupIds": [group]}
            judge("aws-lambda-vpc-single-az", arn, not spread)
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
        judge("aws-lambda-log-group-deletable", f"{LOGS}/aws/lambda/{name}", True)
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
        if any(p.split(".")[0] in ("events", "s3", "sns") for p in principals):
            judge("aws-lambda-async-no-failure-path", arn, True)
        judge("aws-lambda-policy-public", arn, "public" in flaws)
        judge("aws-lambda-policy-cross-account", arn, "cross-account" in flaws)

    anywhere, shop = {"AllowOrigins": ["*"]}, {"AllowOrigins": ["https://shop.example"]}
    for place, kind, cors in [(70, "NONE", anywhere), (71, "NONE", shop), (72, "AWS_IAM", anywhere), (73, "AWS_IAM", None)]:
        name = NAMES[place]
        functions.create_function_url_config(FunctionName=name, AuthType=kind, **({"Cors": cors} if cors else {}))
        judge("aws-lambda-url-auth-none", arns[name], kind == "NONE")
        judge("aws-lambda-url-cors-any-origin", arns[name], cors is anywhere)


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
    rest = gateways.plant_rest_apis(arns)
    http = gateways.plant_http_apis(arns)
    plant_trails(arns)
    for group in GROUPS:
        group.plant()
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
