"""Gateways and what stands in front of them: APIs of every kind, distributions and firewalls.

moto has neither client certificates nor the fields by which stages name them, and gives REST APIs ids by chance, on
which it depends whose drafts are read: what is judged by these is shown by the checks' own examples alone.
"""

import json

from ground import ACCOUNT, GATEWAY, LOGS, REGION, allow, canary, client, judge, policy, word

LIMIT = {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}}
INJECTIONS = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}}


def shown(name, metrics=True):
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": metrics, "MetricName": name}


def plant_acl(firewall, name, statements, counts=False, logged=False, scope="REGIONAL"):
    """The ARN of a web ACL with a rule for each statement."""
    rules = []
    for number, statement in enumerate(statements):
        rule = {"Name": f"rule-{number}", "Priority": number, "Statement": statement}
        rule["VisibilityConfig"] = shown(f"rule-{number}")
        managed = "ManagedRuleGroupStatement" in statement or "RuleGroupReferenceStatement" in statement
        action = {"Count": {}} if counts else {"None": {}} if managed else {"Block": {}}
        rule["OverrideAction" if managed else "Action"] = action
        rules.append(rule)
    acl = firewall.create_web_acl(
        Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=shown(name), Rules=rules
    )
    arn = acl["Summary"]["ARN"]
    if logged:
        logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-{name}"
        settings = {"ResourceArn": arn, "LogDestinationConfigs": [logs]}
        firewall.put_logging_configuration(LoggingConfiguration=settings)
    judge("aws-waf-acl-empty", arn, not rules)
    judge("aws-waf-log-off", arn, not logged)
    return arn


def plant_rest_apis(arns):
    """REST API name to uid: ten, each with a stage."""
    gateway, firewall = client("apigateway"), client("wafv2")
    acl = plant_acl(firewall, "shop", [LIMIT, INJECTIONS], logged=True)
    judge("aws-waf-no-rate-rule", acl, False)
    judge("aws-waf-no-exploit-rules", acl, False)
    judge("aws-waf-count-only", acl, False)
    call = allow("execute-api:Invoke", "*", Principal="*")
    only_from_office = {**call, "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}
    only_from_network = {**call, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}}}
    good = {"auth": "AWS_IAM", "verb": "POST", "validated": True, "type": "AWS_PROXY"}
    good |= {"private": False, "policy": None, "authorizer": False, "key": False, "preflight": False}
    good |= {"logged": True, "access": True, "traced": True, "waf": True, "cache": "", "secret": False}
    good |= {"path": "", "origin": "", "credentials": "", "throttled": True, "dumped": False, "edited": False}
    specs = {
        "orders": {},
        "basket": {"auth": "NONE", "validated": False},
        "catalogue": {"auth": "NONE", "verb": "GET", "cache": "sealed", "waf": False},
        "payments": {"auth": "COGNITO_USER_POOLS", "authorizer": True, "secret": True, "preflight": True, "origin": "*"},
        "stock": {"auth": "NONE", "key": True, "logged": False, "access": False},
        "partners": {"auth": "NONE", "policy": only_from_office, "traced": False},
        "internal": {"private": True, "policy": only_from_network, "waf": False},
        "backoffice": {"private": True, "policy": call, "auth": "NONE", "waf": False, "validated": False},
        "search": {"verb": "GET", "type": "HTTP_PROXY", "cache": "open", "throttled": False},
        "reviews": {"verb": "GET", "waf": False, "access": False, "traced": False},
        "legacy": {"auth": "NONE", "verb": "ANY", "path": "{proxy+}", "dumped": True, "preflight": True, "origin": "*"},
        "queueing": {"type": "AWS", "credentials": "shop-queues", "validated": False, "edited": True},
        "welcome": {"policy": call, "preflight": True, "origin": "https://shop.example"},
    }
    uids = {}
    for name, own in specs.items():
        spec = good | own
        more = {"policy": policy(spec["policy"])} if spec["policy"] else {}
        kind = {"types": ["PRIVATE" if spec["private"] else "REGIONAL"]}
        api = gateway.create_rest_api(name=name, endpointConfiguration=kind, **more)["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        if spec["path"]:
            root = gateway.create_resource(restApiId=api, parentId=root, pathPart=spec["path"])["id"]
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
        queue = f"arn:aws:apigateway:{REGION}:sqs:path/{ACCOUNT}/orders"
        target = {"HTTP_PROXY": "http://search.shop.example/", "AWS": queue}.get(spec["type"], function)
        role = f"arn:aws:iam::{ACCOUNT}:role/{spec['credentials']}"
        more = {"credentials": role} if spec["credentials"] else {}
        templates = {"application/json": canary(f'{{"token": "{word(24)}"}}')}
        gateway.put_integration(
            **method, type=spec["type"], integrationHttpMethod="POST", uri=target, requestTemplates=templates, **more
        )
        if spec["preflight"]:
            preflight = {**method, "httpMethod": "OPTIONS"}
            gateway.put_method(**preflight, authorizationType="NONE")
            gateway.put_integration(**preflight, type="MOCK", requestTemplates={"application/json": "{}"})
            if spec["origin"]:
                origin = {"method.response.header.Access-Control-Allow-Origin": f"'{spec['origin']}'"}
                gateway.put_method_response(**preflight, statusCode="200")
                gateway.put_integration_response(**preflight, statusCode="200", responseParameters=origin)
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
        # Without a choice, a stage may take all that the account has.
        changes["/*/*/throttling/rateLimit"] = "100" if spec["throttled"] else "10000"
        changes["/*/*/throttling/burstLimit"] = "50" if spec["throttled"] else "5000"
        if spec["dumped"]:
            changes["/*/*/logging/dataTrace"] = "true"
        if name == "orders":
            changes["/*/*/metrics/enabled"] = "true"
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

        if spec["edited"]:
            gateway.put_method(**{**method, "httpMethod": "DELETE"}, authorizationType="NONE")

        uid = uids[name] = f"{GATEWAY}/restapis/{api}"
        public, restricted = not spec["private"], spec["policy"] not in (None, call)
        judge("aws-apigw-public-endpoint", stage, public and not restricted)
        open_to_all = spec["auth"] == "NONE" and not spec["key"] and not restricted
        if public:
            judge("aws-apigw-method-no-auth", stage, open_to_all)
            judge("aws-apigw-apikey-only", stage, spec["key"])
            judge("aws-apigw-proxy-any", stage, open_to_all and spec["verb"] == "ANY")
            judge("aws-apigw-public-no-authorizer", stage, spec["auth"] == "NONE" and not restricted)
            judge("aws-apigw-waf-missing", stage, not spec["waf"])
            judge("aws-apigw-throttle-default", stage, not spec["throttled"])
            if spec["policy"]:
                judge("aws-apigw-policy-open", stage, not restricted)
        else:
            judge("aws-apigw-private-any-vpce", stage, spec["policy"] is call)
        unseen = spec["verb"] == "POST" and not spec["validated"] and spec["type"] == "AWS_PROXY"
        judge("aws-apigw-request-unvalidated", stage, unseen)
        judge("aws-apigw-execution-log-off", stage, not spec["logged"])
        judge("aws-apigw-data-trace-on", stage, spec["dumped"])
        judge("aws-apigw-metrics-off", stage, name != "orders")
        judge("aws-apigw-access-log-off", stage, not spec["access"])
        judge("aws-apigw-tracing-off", stage, not spec["traced"])
        judge("aws-apigw-stage-variable-secret", stage, spec["secret"])
        judge("aws-apigw-content-encoding-off", uid, True)
        if spec["verb"] in ("GET", "ANY"):
            judge("aws-apigw-cache-off", stage, not spec["cache"])
        if spec["cache"]:
            judge("aws-apigw-cache-unencrypted", stage, spec["cache"] == "open")
        if spec["type"] == "HTTP_PROXY":
            judge("aws-apigw-backend-cert-missing", stage, True)
            judge("aws-apigw-integration-plain", stage, True)
        else:
            judge("aws-apigw-integration-role-broad", stage, bool(spec["credentials"]))
        if spec["preflight"] and (spec["auth"] != "NONE" or spec["key"]):
            judge("aws-apigw-cors-any", stage, spec["origin"] == "*")

    # Two domains lead to an API, which in either case answers at its own name as well.
    for domain, floor, api in [("api.shop.example", "TLS_1_2", "orders"), ("old.shop.example", "TLS_1_0", "basket")]:
        certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b2c3d-0000-4000-8000-000000000000"
        kind = {"types": ["REGIONAL" if floor == "TLS_1_2" else "EDGE"]}
        gateway.create_domain_name(
            domainName=domain, certificateArn=certificate, securityPolicy=floor, endpointConfiguration=kind
        )
        behind = uids[api].split("/")[-1]
        gateway.create_base_path_mapping(domainName=domain, restApiId=behind, stage="prod")
        judge("aws-apigw-domain-tls-weak", f"{GATEWAY}/domainnames/{domain}", floor != "TLS_1_2")
        judge("aws-apigw-domain-no-pqc", f"{GATEWAY}/domainnames/{domain}", True)
        judge("aws-apigw-default-endpoint-on", uids[api], True)
    return uids


def plant_http_apis(arns):
    """HTTP API name to uid: nine; and one WebSocket API."""
    gateway = client("apigatewayv2")
    uids = {"HTTP": {}, "WEBSOCKET": {}}
    # Name, protocol, authorization of each route, access log, secret in a stage variable.
    planted = [
        ("storefront", "HTTP", {"GET /products": "AWS_IAM", "POST /orders": "AWS_IAM"}, True, False),
        ("mobile", "HTTP", {"GET /products": "NONE", "POST /orders": "AWS_IAM"}, True, False),
        ("webhooks", "HTTP", {"$default": "NONE"}, False, False),
        ("affiliates", "HTTP", {"GET /links": "AWS_IAM"}, False, True),
        ("status", "HTTP", {"GET /health": "AWS_IAM"}, True, False),
        ("members", "HTTP", {"GET /points": "JWT"}, True, False),
        ("guests", "HTTP", {"GET /offers": "JWT"}, True, False),
        ("depot", "HTTP", {"GET /stock": "AWS_IAM"}, True, False),
        ("vault", "HTTP", {"GET /keys": "AWS_IAM"}, True, False),
        ("live", "WEBSOCKET", {"$connect": "NONE", "$default": "NONE"}, True, False),
    ]
    for name, protocol, routes, access, secret in planted:
        selection = {"RouteSelectionExpression": "$request.body.action"} if protocol == "WEBSOCKET" else {}
        origins = {"mobile": ["*"], "storefront": ["https://shop.example"]}.get(name)
        cors = {"CorsConfiguration": {"AllowOrigins": origins}} if origins else {}
        api = gateway.create_api(Name=name, ProtocolType=protocol, **selection, **cors)["ApiId"]
        behind = {"IntegrationType": "AWS_PROXY", "IntegrationUri": arns["order-list"]}
        behind |= {"PayloadFormatVersion": "2.0"} if protocol == "HTTP" else {"IntegrationMethod": "POST"}
        linked = name in ("depot", "vault")
        if linked:
            listener = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/shop/1/2"
            behind = {"IntegrationType": "HTTP_PROXY", "IntegrationUri": listener, "IntegrationMethod": "ANY"}
            behind |= {"ConnectionType": "VPC_LINK", "ConnectionId": "a1b2c3", "PayloadFormatVersion": "1.0"}
            behind |= {"TlsConfig": {"ServerNameToVerify": "vault.shop.example"}} if name == "vault" else {}
        integration = gateway.create_integration(ApiId=api, **behind)
        secured = {}
        if "JWT" in routes.values():
            audience = ["shop"] if name == "members" else []
            authorizer = gateway.create_authorizer(
                ApiId=api,
                Name="customers",
                AuthorizerType="JWT",
                IdentitySource=["$request.header.Authorization"],
                JwtConfiguration={"Issuer": "https://login.shop.example", "Audience": audience},
            )
            secured = {"AuthorizerId": authorizer["AuthorizerId"]}
        for route, authorization in routes.items():
            target = f"integrations/{integration['IntegrationId']}"
            gateway.create_route(ApiId=api, RouteKey=route, AuthorizationType=authorization, Target=target, **secured)
        variables = {"colour": canary(f"green-{word(10).lower()}")}
        if secret:
            variables["signingSecret"] = canary(word(40))
        settings = {"AccessLogSettings": {"DestinationArn": f"{LOGS}/shop/access", "Format": "$context.requestId"}}
        limits = {"DefaultRouteSettings": {"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 50}}
        gateway.create_stage(
            ApiId=api,
            StageName="prod",
            StageVariables=variables,
            **(settings if access else {}),
            **(limits if name == "storefront" else {}),
        )
        if name == "status":
            gateway.create_route(ApiId=api, RouteKey="GET /debug", AuthorizationType="NONE")

        uid = uids[protocol][name] = f"{GATEWAY}/apis/{api}"
        if protocol == "HTTP":
            judge("aws-apigwv2-route-no-auth", f"{uid}/stages/prod", "NONE" in routes.values())
            judge("aws-apigwv2-draft-undeployed", uid, name == "status")
        else:
            judge("aws-apigwv2-connect-no-auth", f"{uid}/stages/prod", routes["$connect"] == "NONE")
        if secured:
            judge("aws-apigwv2-jwt-weak", f"{uid}/stages/prod", name == "guests")
        if linked:
            judge("aws-apigwv2-private-link-plain", f"{uid}/stages/prod", name == "depot")
        if origins:
            judge("aws-apigwv2-cors-any", uid, "*" in origins)
        judge("aws-apigwv2-throttle-missing", f"{uid}/stages/prod", name != "storefront")
        judge("aws-apigwv2-access-log-off", f"{uid}/stages/prod", not access)
        judge("aws-apigwv2-stage-variable-secret", f"{uid}/stages/prod", secret)
    return uids


def plant_firewalls():
    """One that only counts, in front of a user pool; one without rules in front of nothing; groups of rules."""
    firewall = client("wafv2")
    for name, metrics in [("limits", True), ("silent", False)]:
        rule = {"Name": "limit", "Priority": 0, "Statement": LIMIT, "Action": {"Block": {}}}
        group = firewall.create_rule_group(
            Name=name,
            Scope="REGIONAL",
            Capacity=10,
            Rules=[{**rule, "VisibilityConfig": shown("limit", metrics)}],
            VisibilityConfig=shown(name),
        )["Summary"]["ARN"]
        judge("aws-waf-rule-metrics-off", group, not metrics)
    token = canary(word(30))
    sought = {"SearchString": token, "FieldToMatch": {"SingleHeader": {"Name": "x-origin"}}}
    sought |= {"TextTransformations": [{"Priority": 0, "Type": "NONE"}], "PositionalConstraint": "EXACTLY"}
    statements = [{"RuleGroupReferenceStatement": {"ARN": group}}, {"ByteMatchStatement": sought}]
    counting = plant_acl(firewall, "counting", statements, counts=True)
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_shop"
    firewall.associate_web_acl(WebACLArn=counting, ResourceArn=pool)
    judge("aws-waf-count-only", counting, True)
    judge("aws-waf-no-rate-rule", counting, False)
    judge("aws-waf-no-exploit-rules", counting, True)
    plant_acl(firewall, "idle", [])
    judge("aws-waf-unused", f"arn:aws:iam::{ACCOUNT}:root", False)


def plant_graphql():
    """GraphQL APIs, one of them with everything wrong, and two event APIs."""
    graphs, firewall = client("appsync"), client("wafv2")
    acl = plant_acl(firewall, "graphs", [LIMIT], logged=True)
    judge("aws-waf-count-only", acl, False)
    judge("aws-waf-no-rate-rule", acl, False)
    judge("aws-waf-no-exploit-rules", acl, True)
    logs = {"fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/shop-reader"}
    pool = {"userPoolId": f"{REGION}_shop", "awsRegion": REGION, "defaultAction": "DENY"}
    good = {"logConfig": logs, "userPoolConfig": pool, "introspectionConfig": "DISABLED", "queryDepthLimit": 10}
    bad = {"additionalAuthenticationProviders": [{"authenticationType": "API_KEY"}]}
    planted = [("accounts", good, True), ("catalogue", bad, False), ("insights", {**bad, "visibility": "PRIVATE"}, False)]
    for name, settings, fine in planted:
        kind = "AMAZON_COGNITO_USER_POOLS" if fine else "AWS_IAM"
        api = graphs.create_graphql_api(name=name, authenticationType=kind, **{"visibility": "GLOBAL", **settings})
        api = api["graphqlApi"]
        uid, api = api["arn"], api["apiId"]
        if not fine:
            key = graphs.create_api_key(apiId=api, description="pages")["apiKey"]["id"]
            canary(key)
        graphs.create_api_cache(
            apiId=api,
            ttl=60,
            type="SMALL",
            apiCachingBehavior="FULL_REQUEST_CACHING",
            atRestEncryptionEnabled=fine,
            transitEncryptionEnabled=fine,
        )
        role = f"arn:aws:iam::{ACCOUNT}:role/{'shop-writer' if fine else 'shop-storage'}"
        table = {"tableName": "shop", "awsRegion": REGION}
        graphs.create_data_source(
            apiId=api, name="shop", type="AMAZON_DYNAMODB", serviceRoleArn=role, dynamodbConfig=table
        )
        scheme = "https" if fine else "http"
        backend = {"endpoint": f"{scheme}://stock.shop.example"}
        graphs.create_data_source(apiId=api, name="stock", type="HTTP", httpConfig=backend)
        judge("aws-appsync-api-key", uid, not fine)
        judge("aws-appsync-field-log-off", uid, not fine)
        judge("aws-appsync-query-unbounded", uid, not fine)
        judge("aws-appsync-cache-rest-plain", uid, not fine)
        judge("aws-appsync-cache-transit-plain", uid, not fine)
        judge("aws-appsync-datasource-role-broad", uid, not fine)
        judge("aws-appsync-datasource-http-plain", uid, not fine)
        if fine:
            firewall.associate_web_acl(WebACLArn=acl, ResourceArn=uid)
            judge("aws-appsync-userpool-default-allow", uid, False)
        if name != "insights":
            judge("aws-appsync-waf-missing", uid, not fine)
            judge("aws-appsync-introspection-on", uid, not fine)
    for name, kind in [("prices", "AWS_IAM"), ("chat", "API_KEY")]:
        modes = [{"authType": kind}]
        events = {"authProviders": modes, "connectionAuthModes": modes}
        events |= {"defaultPublishAuthModes": modes, "defaultSubscribeAuthModes": modes}
        uid = graphs.create_api(name=name, eventConfig=events)["api"]["apiArn"]
        judge("aws-appsync-event-api-key", uid, kind == "API_KEY")


def plant_distributions():
    """Distributions in front of an API, of a function and of files; a role for the edge."""
    front, firewall, logs, iam = client("cloudfront"), client("wafv2"), client("logs", "us-east-1"), client("iam")
    acl = plant_acl(firewall, "edge", [LIMIT, INJECTIONS], scope="CLOUDFRONT")
    for check in ("no-rate-rule", "no-exploit-rules", "count-only"):
        judge(f"aws-waf-{check}", acl, False)
    planted = [
        ("api", f"a1b2c3d4e5.execute-api.{REGION}.amazonaws.com", "redirect-to-https", "https-only", True),
        ("url", f"abcdefghij.lambda-url.{REGION}.on.aws", "allow-all", "match-viewer", False),
        ("site", "www.shop.example", "https-only", "http-only", True),
    ]
    for name, domain, viewers, behind, fine in planted:
        header = {"HeaderName": "x-origin", "HeaderValue": canary(word(30))}
        origin = {
            "Id": name,
            "DomainName": domain,
            "OriginPath": "",
            "CustomHeaders": {"Quantity": 1, "Items": [header]},
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": behind},
            "OriginShield": {"Enabled": False},
        }
        behaviour = {"TargetOriginId": name, "ViewerProtocolPolicy": viewers, "MinTTL": 0}
        behaviour["ForwardedValues"] = {"QueryString": False, "Cookies": {"Forward": "none"}}
        certificate = {"CloudFrontDefaultCertificate": name == "site"}
        if name != "site":
            certificate["ACMCertificateArn"] = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/{name}"
            certificate["MinimumProtocolVersion"] = "TLSv1.2_2021" if fine else "TLSv1.1_2016"
            certificate["SSLSupportMethod"] = "sni-only"
        config = {
            "CallerReference": name,
            "Comment": name,
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
            "ViewerCertificate": certificate,
            "Logging": {"Enabled": name == "site", "IncludeCookies": False, "Bucket": "logs", "Prefix": ""},
            "WebACLId": acl if name == "api" else "",
        }
        uid = front.create_distribution(DistributionConfig=config)["Distribution"]["ARN"]
        if name == "api":
            logs.put_delivery_source(name="api", resourceArn=uid, logType="ACCESS_LOGS")
            bucket = {"destinationResourceArn": "arn:aws:s3:::shop-logs"}
            sink = logs.put_delivery_destination(name="logs", deliveryDestinationConfiguration=bucket)
            sink = sink["deliveryDestination"]["arn"]
            logs.create_delivery(deliverySourceName="api", deliveryDestinationArn=sink)
        judge("aws-cloudfront-http-allowed", uid, viewers == "allow-all")
        judge("aws-cloudfront-origin-plain", uid, name != "api")
        judge("aws-cloudfront-log-off", uid, not fine)
        if name != "site":
            judge("aws-cloudfront-waf-missing", uid, name != "api")
            judge("aws-cloudfront-tls-weak", uid, not fine)

    for name, secret in [("headers", False), ("signer", True)]:
        token = canary(word(32)) if secret else "shop"
        code = f"function handler(event) {{\n  const {'apiToken' if secret else 'label'} = '{token}';\n  return event.request;\n}}"
        config = {"Comment": name, "Runtime": "cloudfront-js-2.0"}
        made = front.create_function(Name=name, FunctionConfig=config, FunctionCode=code.encode())
        uid = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        judge("aws-edge-kvs-secret", uid, secret)

    services = ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    for name, actions in [("edge-writer", "logs:PutLogEvents"), ("edge-storage", "s3:*")]:
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(allow(actions, "*")))
        judge("aws-edge-function-role-broad", role, name == "edge-storage")


def plant():
    plant_firewalls()
    plant_graphql()
    plant_distributions()
