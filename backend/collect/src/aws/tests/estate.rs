//! A small estate in the provider's own words: what the fake API answers when a test does not care.

use super::*;

/// The action that a request is, in the words of coverage but without its service, `v2:` before those of API
/// Gateway v2, because the two share names.
pub(super) fn action_of(request: &Request) -> String {
    if let Some(target) = request.headers.get("x-amz-target") {
        let target = target.to_str().unwrap();
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
        [_, "functions", _, "policy"] => "GetPolicy",
        [_, "functions", _, "urls"] => "ListFunctionUrlConfigs",
        [_, "functions", _, "concurrency"] => "GetFunctionConcurrency",
        [_, "functions", _, "aliases"] => "ListAliases",
        [_, "event-source-mappings"] => "ListEventSourceMappings",
        [_, "account-settings"] => "GetAccountSettings",
        [_, "code-signing-configs"] => "ListCodeSigningConfigs",
        [_, "code-signing-configs", .., "functions"] => "ListFunctionsByCodeSigningConfig",
        ["restapis"] => "GetRestApis",
        ["restapis", _, "stages"] => "GetStages",
        ["restapis", _, "authorizers"] => "GetAuthorizers",
        ["restapis", _, "requestvalidators"] => "GetRequestValidators",
        ["restapis", _, "resources"] => "GetResources",
        ["domainnames"] => "GetDomainNames",
        ["v2", "apis"] => "v2:GetApis",
        ["v2", "apis", _, "routes"] => "v2:GetRoutes",
        ["v2", "apis", _, "stages"] => "v2:GetStages",
        ["v2", "apis", _, "authorizers"] => "v2:GetAuthorizers",
        ["v2", "apis", _, "integrations"] => "v2:GetIntegrations",
        ["listRegions"] => "ListRegions",
        _ => panic!("unexpected call of {path}"),
    };
    action.to_owned()
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
        "GetAuthorizers" | "GetRequestValidators" => json!({}),
        "GetResources" => json!({"item": [{"id": "root", "path": "/", "resourceMethods": {"GET": {
            "authorizationType": "NONE", "methodIntegration": {"type": "AWS_PROXY", "uri": invocation("shop:live")},
        }}}]}),
        "GetDomainNames" => {
            json!({"item": [{"domainName": "shop.example.com", "securityPolicy": "TLS_1_2"}]})
        }
        "v2:GetApis" => json!({"items": [{"apiId": "h1", "name": "web", "protocolType": "HTTP"}]}),
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
        "DescribeResourcePolicies" => {
            json!({"resourcePolicies": [{"policyName": "delivery", "policyDocument": "{\"Statement\":[]}"}]})
        }
        "DescribeTrails" => json!({"trailList": [
            {"Name": "main", "TrailARN": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/main", "HomeRegion": "eu-west-1",
             "CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:trail:*", "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1"},
            {"Name": "shadow", "TrailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/shadow", "HomeRegion": "us-east-1"},
        ]}),
        "GetTrailStatus" => json!({"IsLogging": true}),
        "GetEventSelectors" => {
            json!({"EventSelectors": [{"IncludeManagementEvents": true, "ReadWriteType": "All"}]})
        }
        _ => panic!("no answer for {action}"),
    };
    ResponseTemplate::new(200).set_body_json(body)
}

pub(super) const SIGNING: &str = "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-1";

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
                "Environment": {"Variables": {"STAGE": "CANARY-plain", "DB_PASSWORD": "CANARY-hunter2"}},
                "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:14"}],
                "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"},
            },
            {"FunctionName": "shop", "FunctionArn": format!("{}:3", function_arn("shop")), "Version": "3"},
        ]}),
        Some("two") => json!({"NextMarker": null, "Functions": [
            {"FunctionName": "open", "FunctionArn": format!("{}:$LATEST", function_arn("open")), "Version": "$LATEST",
             "LoggingConfig": {"LogGroup": "/shared"}},
        ]}),
        Some(other) => panic!("unexpected page {other}"),
    }
}

fn policy(request: &Request) -> ResponseTemplate {
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
