//! A small estate in the provider's own words: what the fake API answers when a test does not care.

use super::*;

/// The action that a request is, in the words of coverage but without its service, `v2:` before those of API
/// Gateway v2, because the two share names.
pub(super) fn action_of(request: &Request) -> String {
    if let Some(target) = request.headers.get("x-amz-target") {
        let target = target.to_str().unwrap();
        // Another service has an action of this name.
        if target.starts_with("ResourceGroupsTaggingAPI") {
            return "tag:GetResources".to_owned();
        }
        return target.rsplit('.').next().unwrap().to_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return action.to_owned();
    }
    let path = request.url.path().trim_end_matches('/');
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let action = match parts.as_slice() {
        [_, "functions"] => "ListFunctions",
        [_, "functions", _] => "GetFunction",
        [_, "functions", _, "policy"] => "GetPolicy",
        [_, "functions", _, "runtime-management-config"] => "GetRuntimeManagementConfig",
        [_, "functions", _, "provisioned-concurrency"] => "ListProvisionedConcurrencyConfigs",
        [_, "functions", _, "event-invoke-config", "list"] => "ListFunctionEventInvokeConfigs",
        [_, "functions", _, "recursion-config"] => "GetFunctionRecursionConfig",
        [_, "functions", _, "urls"] => "ListFunctionUrlConfigs",
        [_, "functions", _, "concurrency"] => "GetFunctionConcurrency",
        [_, "functions", _, "aliases"] => "ListAliases",
        [_, "event-source-mappings"] => "ListEventSourceMappings",
        [_, "account-settings"] => "GetAccountSettings",
        [_, "layers"] => "ListLayers",
        [_, "layers", _, "versions", _, "policy"] => "GetLayerVersionPolicy",
        [_, "capacity-providers"] => "ListCapacityProviders",
        [_, "microvm-images"] => "ListMicrovmImages",
        [_, "microvm-images", _, "versions", _] => "GetMicrovmImageVersion",
        [_, "microvms"] => "ListMicrovms",
        [_, "microvms", _] => "GetMicrovm",
        [_, "web-functions"] => "ListWebFunctions",
        [_, "web-functions", _, "list-endpoints"] => "ListWebFunctionEndpoints",
        [_, "resource-policy", _] => "GetResourcePolicy",
        [_, "code-signing-configs"] => "ListCodeSigningConfigs",
        [_, "code-signing-configs", .., "functions"] => "ListFunctionsByCodeSigningConfig",
        ["restapis"] => "GetRestApis",
        ["restapis", _, "stages"] => "GetStages",
        ["restapis", _, "stages", _, "exports", "oas30"] => "GetExport",
        ["restapis", _, "requestvalidators"] => "GetRequestValidators",
        ["restapis", _, "resources"] => "GetResources",
        ["domainnames"] => "GetDomainNames",
        ["domainnames", _, "basepathmappings"] => "GetBasePathMappings",
        ["v2", "domainnames", _, "apimappings"] => "GetApiMappings",
        ["clientcertificates"] => "GetClientCertificates",
        ["account"] => "GetAccount",
        ["v2", "apis"] if is_signed_for(request, "appsync") => "ListApis",
        ["v2", "apis"] => "v2:GetApis",
        ["v2", "apis", _, "exports", "OAS30"] => "v2:ExportApi",
        ["v2", "apis", _, "routes"] => "v2:GetRoutes",
        ["v2", "apis", _, "stages"] => "v2:GetStages",
        ["v2", "apis", _, "authorizers"] => "v2:GetAuthorizers",
        ["v2", "apis", _, "integrations"] => "v2:GetIntegrations",
        ["listRegions"] => "ListRegions",
        parts => data::action_of(parts, request.url.query().unwrap_or_default())
            .or_else(|| guarding::action_of(parts))
            .or_else(|| flows::action_of(parts))
            .or_else(|| fronts::action_of(parts))
            .unwrap_or_else(|| panic!("unexpected call of {path}")),
    };
    action.to_owned()
}

/// Two services have the same path; each request is signed for one of them.
fn is_signed_for(request: &Request, service: &str) -> bool {
    let signature = request.headers.get("authorization").and_then(|header| header.to_str().ok());
    signature.is_some_and(|signature| signature.contains(&format!("/{service}/aws4_request")))
}

pub(super) fn answer(action: &str, request: &Request) -> ResponseTemplate {
    let body = match action {
        "GetCallerIdentity" => return xml(IDENTITY),
        "GetAccountAuthorizationDetails" => return xml(&authorization_details()),
        "ListRegions" => json!({"Regions": [
            {"RegionName": "us-east-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"},
            {"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"},
            {"RegionName": "eu-new-7", "RegionOptStatus": "ENABLED"},
            {"RegionName": "ap-east-1", "RegionOptStatus": "DISABLED"},
        ]}),
        "GetAccountSettings" => {
            json!({"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}})
        }
        "ListFunctions" => functions(request),
        "GetPolicy" => return policy(request),
        "GetFunction" => function(request),
        "GetRuntimeManagementConfig" => json!({"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": null}),
        "ListProvisionedConcurrencyConfigs" => json!({"ProvisionedConcurrencyConfigs": [
            {"FunctionArn": format!("{}:live", function_arn("shop")), "RequestedProvisionedConcurrentExecutions": 2, "Status": "READY"},
        ]}),
        "ListFunctionEventInvokeConfigs" => json!({"FunctionEventInvokeConfigs": [
            {"FunctionArn": function_arn("shop"), "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sns:eu-west-1:123456789012:failed"}}},
        ]}),
        "GetFunctionRecursionConfig" => json!({"RecursiveLoop": "Terminate"}),
        "ListLayers" => json!({"Layers": [
            {"LayerName": "tools", "LayerArn": LAYER, "LatestMatchingVersion": {"LayerVersionArn": format!("{LAYER}:7"), "Version": 7}},
        ]}),
        "GetLayerVersionPolicy" => {
            json!({"Policy": json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion"}]}).to_string()})
        }
        "ListCapacityProviders" => {
            json!({"CapacityProviders": [{"CapacityProviderArn": "arn:aws:lambda:eu-west-1:123456789012:capacity-provider:large"}]})
        }
        "ListMicrovmImages" => {
            json!({"items": [{"imageArn": IMAGE, "name": "sandbox", "latestActiveImageVersion": "2.0"}]})
        }
        "GetMicrovmImageVersion" => {
            json!({"imageArn": IMAGE, "imageVersion": "2.0", "environmentVariables": {"TOKEN": "CANARY-microvm"}, "logging": {"disabled": {}}})
        }
        "ListMicrovms" => {
            json!({"items": [{"microvmId": "m1", "imageArn": IMAGE, "state": "RUNNING"}, {"microvmId": "m2", "imageArn": IMAGE, "state": "SUSPENDED"}]})
        }
        "GetMicrovm" => {
            json!({"microvmId": "m", "imageArn": IMAGE, "imageVersion": "2.0", "executionRoleArn": "arn:aws:iam::123456789012:role/shop", "egressNetworkConnectors": []})
        }
        "ListWebFunctions" => {
            json!({"functions": [{"functionName": "site", "functionArn": "arn:aws:lambda:eu-west-1:123456789012:web-function/site"}]})
        }
        "ListWebFunctionEndpoints" => {
            json!({"endpoints": [{"endpointName": "prod", "authType": "ApplicationManaged"}]})
        }
        "GetResourcePolicy" if request.url.path().starts_with("/2025-03-07/") => {
            return error(404, "ResourceNotFoundException", "There is no policy.");
        }
        "ListFunctionUrlConfigs" => json!({"FunctionUrlConfigs": [
            {"FunctionArn": function_arn("open"), "AuthType": "NONE", "FunctionUrl": "https://x.lambda-url.eu-west-1.on.aws/"},
        ]}),
        "GetFunctionConcurrency" if request.url.path().contains("/open/") => {
            json!({"ReservedConcurrentExecutions": 100})
        }
        "GetFunctionConcurrency" => json!({}),
        "ListAliases" => json!({"Aliases": [{"Name": "live", "FunctionVersion": "3"}]}),
        "ListEventSourceMappings" => json!({"EventSourceMappings": [
            {"UUID": "1", "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders", "FunctionArn": format!("{}:live", function_arn("shop"))},
        ]}),
        "ListCodeSigningConfigs" => {
            json!({"CodeSigningConfigs": [{"CodeSigningConfigArn": SIGNING, "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}}]})
        }
        "ListFunctionsByCodeSigningConfig" => json!({"FunctionArns": [function_arn("shop")]}),
        "GetRestApis" => json!({"item": [
            {"id": "r1", "name": "orders", "policy": "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}", "tags": {"team": "shop"}},
        ]}),
        "GetStages" => json!({"item": [{
            "stageName": "prod", "variables": {"apiKey": "CANARY-stage-variable"}, "webAclArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/w/1",
            "accessLogSettings": {"destinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:access:*"},
        }]}),
        "GetExport" => {
            json!({"openapi": "3.0.1", "info": {"version": "2026-01-02T03:04:05Z"}, "paths": {"/": {"get": {
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy", "uri": invocation("shop:live"), "requestTemplates": {"application/json": "CANARY-template"},
                },
            }}}})
        }
        "GetRequestValidators" => json!({}),
        "GetResources" => json!({"item": [{"id": "root", "path": "/", "resourceMethods": {"GET": {
            "authorizationType": "NONE", "methodIntegration": {"type": "AWS_PROXY", "uri": invocation("shop:live")},
        }}}]}),
        "GetDomainNames" => {
            json!({"item": [
                {"domainName": "shop.example.com", "securityPolicy": "TLS_1_2", "endpointConfiguration": {"types": ["REGIONAL"]}},
                {"domainName": "old.example.com", "securityPolicy": "TLS_1_0", "endpointConfiguration": {"types": ["EDGE"]}},
            ]})
        }
        "GetBasePathMappings" => {
            json!({"item": [{"basePath": "(none)", "restApiId": "r1", "stage": "prod"}]})
        }
        "GetApiMappings" => json!({"items": [{"apiMappingKey": "", "apiId": "h1", "stage": "$default"}]}),
        "GetClientCertificates" => json!({}),
        "GetAccount" => json!({"throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}}),
        "v2:GetApis" => json!({"items": [
            {"apiId": "h1", "name": "web", "protocolType": "HTTP"},
            {"apiId": "w1", "name": "live", "protocolType": "WEBSOCKET"},
        ]}),
        "v2:ExportApi" => json!({"openapi": "3.0.1", "paths": {"/": {"get": {
            "x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": function_arn("shop")},
        }}}}),
        "v2:GetRoutes" => {
            json!({"items": [{"routeId": "1", "routeKey": "GET /", "authorizationType": "NONE"}]})
        }
        "v2:GetStages" => {
            json!({"items": [{"stageName": "$default", "stageVariables": {"apiKey": "CANARY-v2-variable"}}]})
        }
        "v2:GetAuthorizers" => json!({"items": []}),
        "v2:GetIntegrations" => {
            json!({"items": [{"integrationId": "1", "integrationUri": function_arn("shop")}]})
        }
        "DescribeLogGroups" => {
            json!({"logGroups": [{"logGroupName": "/aws/lambda/shop", "arn": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/shop:*"}]})
        }
        "DescribeMetricFilters" => json!({"metricFilters": [
            {"filterName": "errors", "filterPattern": "ERROR", "logGroupName": "/aws/lambda/shop"},
        ]}),
        "DescribeResourcePolicies" => {
            json!({"resourcePolicies": [{"policyName": "delivery", "policyDocument": "{\"Statement\":[]}"}]})
        }
        "DescribeTrails" => json!({"trailList": [
            {"Name": "main", "TrailARN": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/main", "HomeRegion": "eu-west-1", "HasInsightSelectors": true,
             "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:trail:*", "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1"},
            {"Name": "shadow", "TrailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/shadow", "HomeRegion": "us-east-1", "HasInsightSelectors": false},
        ]}),
        "GetInsightSelectors" => json!({"InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]}),
        "GetTrailStatus" => json!({"IsLogging": true}),
        "GetEventSelectors" => {
            json!({"EventSelectors": [{"IncludeManagementEvents": true, "ReadWriteType": "All"}]})
        }
        _ => {
            return data::answer(action)
                .or_else(|| guarding::answer(action))
                .or_else(|| flows::answer(action))
                .or_else(|| fronts::answer(action))
                .unwrap_or_else(|| panic!("no answer for {action}"));
        }
    };
    ResponseTemplate::new(200).set_body_json(body)
}

pub(super) const SIGNING: &str = "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-1";

const LAYER: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:tools";
const IMAGE: &str = "arn:aws:lambda:eu-west-1:123456789012:microvm-image:sandbox";

/// What `GetFunction` says: `open` has reserved concurrency, and the code's address is nobody's business.
fn function(request: &Request) -> Value {
    let code =
        json!({"RepositoryType": "S3", "Location": "https://example.com/?X-Amz-Signature=CANARY-signature"});
    let variables = json!({"Environment": {"Variables": {"DB_PASSWORD": "CANARY-hunter2"}}});
    let reply = json!({"Code": code, "Configuration": variables, "Tags": {"team": "shop"}});
    let open = json!({"Code": reply["Code"], "Concurrency": {"ReservedConcurrentExecutions": 100}});
    if request.url.path().ends_with("/open") { open } else { reply }
}

pub(super) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}")
}

fn invocation(function: &str) -> String {
    let function = function_arn(function);
    format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations")
}

/// Two pages: `shop` with a published version, then `open` with a public URL.
fn functions(request: &Request) -> Value {
    let marker = request.url.query_pairs().find(|(key, _)| key == "Marker");
    match marker.map(|(_, value)| value.into_owned()).as_deref() {
        None => json!({"NextMarker": "two", "Functions": [
            {
                "FunctionName": "shop", "FunctionArn": format!("{}:$LATEST", function_arn("shop")), "Version": "$LATEST",
                "Role": "arn:aws:iam::123456789012:role/shop", "KMSKeyArn": null, "BrandNewField": {"kept": false},
                "Environment": {"Variables": {"STAGE": "CANARY-plain", "DB_PASSWORD": "CANARY-hunter2", "QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"}},
                "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:14"}],
                "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"},
            },
            {"FunctionName": "shop", "FunctionArn": format!("{}:2", function_arn("shop")), "Version": "2"},
            {"FunctionName": "shop", "FunctionArn": format!("{}:3", function_arn("shop")), "Version": "3",
             "Role": "arn:aws:iam::123456789012:role/shop-before", "Environment": {"Variables": {"DB_PASSWORD": "CANARY-hunter1"}}},
        ]}),
        Some("two") => json!({"NextMarker": null, "Functions": [
            {"FunctionName": "open", "FunctionArn": format!("{}:$LATEST", function_arn("open")), "Version": "$LATEST",
             "LoggingConfig": {"LogGroup": "/shared"}},
        ]}),
        Some(other) => panic!("unexpected page {other}"),
    }
}

fn policy(request: &Request) -> ResponseTemplate {
    if request.url.query() == Some("Qualifier=live") {
        let statement = json!({
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction",
            "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}},
        });
        return ResponseTemplate::new(200)
            .set_body_json(json!({"Policy": json!({"Statement": [statement]}).to_string()}));
    }
    if !request.url.path().contains("/open/") {
        return error(404, "ResourceNotFoundException", "The resource you requested does not exist.");
    }
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    ResponseTemplate::new(200).set_body_json(json!({"Policy": policy, "RevisionId": "1"}))
}

pub(super) fn xml(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}

pub(super) const IDENTITY: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/nephoscope/nephoscope</Arn><UserId>AROAEXAMPLE:nephoscope</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;

pub(super) fn authorization_details() -> String {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let trust = encode(
        r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
    );
    let all = encode(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#);
    let policy = |name: &str, attached: u8| {
        format!(
            "<member><PolicyName>{name}</PolicyName><Arn>arn:aws:iam::123456789012:policy/{name}</Arn><DefaultVersionId>v2</DefaultVersionId>\
             <AttachmentCount>{attached}</AttachmentCount><PolicyVersionList>\
             <member><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion><Document>{all}</Document></member>\
             <member><VersionId>v1</VersionId><IsDefaultVersion>false</IsDefaultVersion><Document>{trust}</Document></member>\
             </PolicyVersionList></member>"
        )
    };
    let (used, of_a_user, unused) = (policy("used", 1), policy("of-a-user", 1), policy("unused", 0));
    format!(
        r#"<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountAuthorizationDetailsResult>
        <IsTruncated>false</IsTruncated>
        <RoleDetailList><member><Path>/</Path><RoleName>shop</RoleName><RoleId>AROASHOP</RoleId><Arn>arn:aws:iam::123456789012:role/shop</Arn>
        <CreateDate>2026-01-02T03:04:05Z</CreateDate><AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument>
        <RolePolicyList><member><PolicyName>inline</PolicyName><PolicyDocument>{all}</PolicyDocument></member></RolePolicyList>
        <AttachedManagedPolicies><member><PolicyName>used</PolicyName><PolicyArn>arn:aws:iam::123456789012:policy/used</PolicyArn></member></AttachedManagedPolicies>
        <Tags><member><Key>team</Key><Value>shop</Value></member></Tags></member></RoleDetailList>
        <Policies>{used}{of_a_user}{unused}</Policies>
        </GetAccountAuthorizationDetailsResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetAccountAuthorizationDetailsResponse>"#
    )
}
