//! An estate of any size, made from a seed: the same seed gives the same bytes.
//!
//! Most functions are sound; at fixed shares some are not, so that findings exist and differ between resources.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::aws::organization::assume_role;
use crate::aws::route::Call;
use crate::aws::unused;

/// The account that everything belongs to, unless credentials say otherwise.
pub const ACCOUNT: &str = "123456789012";
/// The region that the estate lies in.
pub const REGION: &str = "eu-west-1";

/// The largest pages of the listings here.
const FUNCTIONS_PAGE: usize = 50;
const APIS_PAGE: usize = 500;
const ROLES_PAGE: usize = 500;
const GROUPS_PAGE: usize = 50;

/// How much there is.
#[derive(Clone, Debug)]
pub struct Estate {
    /// What makes one estate differ from another.
    pub seed: u64,
    /// Functions; each has a log group, and there is one role to ten of them.
    pub functions: usize,
    /// REST APIs, every other one with a second stage.
    pub rest_apis: usize,
    /// How many changes have been made to the estate: the last digit of some revisions, policies and settings.
    pub changes: usize,
    /// The accounts of the organization; none where there is no organization.
    pub accounts: Vec<String>,
    /// Functions whose policies were opened to anybody, and the second since 1970 in which that happened.
    pub opened: Vec<usize>,
    pub opened_at: u64,
}

impl Estate {
    /// An estate without APIs.
    pub fn of_functions(functions: usize) -> Self {
        Self {
            seed: 7,
            functions,
            rest_apis: 0,
            changes: 0,
            accounts: Vec::new(),
            opened: Vec::new(),
            opened_at: 0,
        }
    }

    /// With this many REST APIs.
    pub fn with_rest_apis(self, rest_apis: usize) -> Self {
        Self { rest_apis, ..self }
    }

    /// As it is after this many functions were changed.
    pub fn with_changes(self, changes: usize) -> Self {
        Self { changes, ..self }
    }

    /// The answer to a call; none where this estate knows nothing of it.
    pub(crate) fn answer(&self, call: &Call) -> Option<Answer> {
        match (call.service.as_str(), call.operation.as_str()) {
            ("sts", "GetCallerIdentity") => Some(self.identity(call)),
            ("sts", "AssumeRole") => assume_role(call),
            ("organizations", operation) => self.organization(call, operation),
            ("account", "ListRegions") => Some(Answer::json(&json!({
                "Regions": [{"RegionName": REGION, "RegionOptStatus": "ENABLED_BY_DEFAULT"}],
            }))),
            ("iam", "GetAccountAuthorizationDetails") => Some(self.roles(call)),
            ("lambda", operation) => self.lambda(call, operation),
            ("apigateway", operation) => self.rest_api(call, operation),
            ("logs", "DescribeLogGroups") => Some(self.log_groups(call)),
            ("cloudtrail", "LookupEvents") => Some(self.events(call)),
            ("cloudtrail", "DescribeTrails") => Some(Answer::json(&json!({"trailList": []}))),
            _ => unused::answer(call, &account_of(call)),
        }
    }

    fn identity(&self, call: &Call) -> Answer {
        let account = account_of(call);
        Answer::xml(format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/scanner</Arn>\
             <UserId>AIDASCANNER</UserId><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        ))
    }

    fn roles(&self, call: &Call) -> Answer {
        let count = self.functions.div_ceil(10);
        let (range, next) = page(call.text("Marker"), count, ROLES_PAGE);
        let account = account_of(call);
        let roles: String = range.map(|number| role(&account, number, self.seed)).collect();
        let more = match next {
            Some(marker) => format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"),
            None => "<IsTruncated>false</IsTruncated>".to_owned(),
        };
        Answer::xml(format!(
            "<GetAccountAuthorizationDetailsResponse><GetAccountAuthorizationDetailsResult>{more}\
             <RoleDetailList>{roles}</RoleDetailList><Policies/></GetAccountAuthorizationDetailsResult>\
             </GetAccountAuthorizationDetailsResponse>"
        ))
    }

    fn lambda(&self, call: &Call, operation: &str) -> Option<Answer> {
        let account = account_of(call);
        match operation {
            "GetAccountSettings" => Some(Answer::json(&json!({
                "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900},
                "AccountUsage": {"FunctionCount": self.functions},
            }))),
            "ListFunctions" => {
                let (range, next) = page(call.text("Marker"), self.functions, FUNCTIONS_PAGE);
                let functions: Vec<Value> =
                    range.map(|number| self.function(&account, &call.region, number)).collect();
                Some(Answer::json(&json!({"Functions": functions, "NextMarker": next})))
            }
            "GetPolicy" | "GetFunction" | "GetFunctionConcurrency" | "GetRuntimeManagementConfig" => {
                let Some(number) = self.number(call.segment(2)) else {
                    return Some(Answer::not_found(
                        call,
                        &format!("Function not found: {}", call.segment(2)),
                    ));
                };
                Some(self.function_detail(call, operation, &account, number))
            }
            _ => None,
        }
    }

    fn function_detail(&self, call: &Call, operation: &str, account: &str, number: usize) -> Answer {
        let config = self.function(account, &call.region, number);
        let reserved = (!number.is_multiple_of(5)).then_some(10);
        match operation {
            "GetPolicy" => match self.policy(account, &call.region, number) {
                Some(policy) => Answer::json(&json!({"Policy": policy.to_string(), "RevisionId": "1"})),
                None => Answer::not_found(call, "The resource you requested does not exist."),
            },
            "GetFunction" => {
                let mut answer = json!({
                    "Configuration": config,
                    "Code": {"RepositoryType": "S3", "Location": "https://code.example.com/?X-Amz-Signature=CANARY"},
                    "Tags": {"team": format!("team-{}", number % 7)},
                });
                if let Some(reserved) = reserved {
                    answer["Concurrency"] = json!({"ReservedConcurrentExecutions": reserved});
                }
                Answer::json(&answer)
            }
            "GetFunctionConcurrency" => Answer::json(&match reserved {
                Some(reserved) => json!({"ReservedConcurrentExecutions": reserved}),
                None => json!({}),
            }),
            _ => Answer::json(&json!({"UpdateRuntimeOn": "Auto", "FunctionArn": config["FunctionArn"]})),
        }
    }

    fn function(&self, account: &str, region: &str, number: usize) -> Value {
        let name = name_of(number);
        let change = usize::from(self.is_changed(number)) * self.changes;
        let runtime = if number % 50 == 7 { "python3.8" } else { "python3.13" };
        json!({
            "FunctionName": name,
            "FunctionArn": format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            "Runtime": runtime,
            "Role": format!("arn:aws:iam::{account}:role/role-{}", number / 10),
            "Handler": "index.handler",
            "CodeSize": 4096 + change,
            "Description": format!("function {number} of the simulated estate"),
            "Timeout": 30, "MemorySize": 256, "PackageType": "Zip", "Architectures": ["arm64"],
            "LastModified": format!("2026-10-0{}T08:00:00.000+0000", 1 + change % 9),
            "CodeSha256": format!("{:064x}", self.mixed(number, change)),
            "Version": "$LATEST",
            "RevisionId": format!("00000000-0000-0000-0000-{:012x}", self.mixed(number, change) & 0xffff_ffff_ffff),
            "TracingConfig": {"Mode": if number % 4 == 3 { "PassThrough" } else { "Active" }},
            "Environment": {"Variables": {"TABLE": format!("CANARY-{number}"), "STAGE": "prod"}},
            "EphemeralStorage": {"Size": 512},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": format!("/aws/lambda/{name}")},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "State": "Active", "LastUpdateStatus": "Successful",
        })
    }

    /// Every third function is called by an API, every fortieth by anybody.
    fn policy(&self, account: &str, region: &str, number: usize) -> Option<Value> {
        let arn = format!("arn:aws:lambda:{region}:{account}:function:{}", name_of(number));
        let statement = if number % 40 == 11 || self.is_opened(number) {
            json!({"Sid": "open", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn})
        } else if number.is_multiple_of(3) {
            json!({
                "Sid": "api", "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
                "Action": "lambda:InvokeFunction", "Resource": arn,
                "Condition": {"ArnLike": {"AWS:SourceArn": format!("arn:aws:execute-api:{region}:{account}:api{}/*", number % 9)}},
            })
        } else {
            return None;
        };
        Some(json!({"Version": "2012-10-17", "Id": "default", "Statement": [statement]}))
    }

    fn rest_api(&self, call: &Call, operation: &str) -> Option<Answer> {
        match operation {
            "GetRestApis" => {
                let (range, next) = page(call.text("position"), self.rest_apis, APIS_PAGE);
                let apis: Vec<Value> = range.map(rest_api).collect();
                Some(Answer::json(&json!({"item": apis, "position": next})))
            }
            "GetStages" => {
                let number = api_number(call.segment(1)).filter(|number| *number < self.rest_apis);
                let Some(number) = number else {
                    return Some(Answer::not_found(call, "Invalid API identifier specified"));
                };
                let names = if number.is_multiple_of(2) { &["prod", "test"][..] } else { &["prod"][..] };
                let stages: Vec<Value> = names.iter().map(|name| stage(name, number)).collect();
                Some(Answer::json(&json!({ "item": stages })))
            }
            "GetExport" => {
                let number = api_number(call.segment(1))?;
                Some(Answer::json(&export(number, call.segment(3))))
            }
            _ => None,
        }
    }

    fn log_groups(&self, call: &Call) -> Answer {
        let (range, next) = page(call.text("nextToken"), self.functions, GROUPS_PAGE);
        let groups: Vec<Value> = range
            .map(|number| {
                let name = format!("/aws/lambda/{}", name_of(number));
                let arn = format!("arn:aws:logs:{}:{}:log-group:{name}", call.region, account_of(call));
                let mut group =
                    json!({"logGroupName": name, "arn": format!("{arn}:*"), "logGroupArn": arn, "storedBytes": number});
                if number % 3 != 1 {
                    group["retentionInDays"] = json!(30);
                }
                group
            })
            .collect();
        Answer::json(&json!({"logGroups": groups, "nextToken": next}))
    }

    fn number(&self, name: &str) -> Option<usize> {
        let name = name.rsplit(':').next().unwrap_or(name);
        name.strip_prefix("function-")?.parse().ok().filter(|number| *number < self.functions)
    }

    /// Which functions the changes touch: as many as there are changes, spread over the estate.
    pub(crate) fn is_changed(&self, number: usize) -> bool {
        self.changes > 0 && number.is_multiple_of((self.functions / self.changes).max(1))
    }

    fn mixed(&self, number: usize, change: usize) -> u64 {
        let mut mixed = self.seed ^ ((number as u64) << 20) ^ change as u64;
        for _ in 0..3 {
            mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (mixed >> 29);
        }
        mixed
    }
}

/// The account of the credentials: an access key that ends in twelve digits belongs to that account.
fn account_of(call: &Call) -> String {
    let digits = call.access_key.len().checked_sub(12).and_then(|start| call.access_key.get(start..));
    let digits = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    digits.unwrap_or(ACCOUNT).to_owned()
}

pub(crate) fn name_of(number: usize) -> String {
    format!("function-{number:05}")
}

/// The part of a listing that a token asks for, and the token of the next.
fn page(token: Option<&str>, count: usize, size: usize) -> (std::ops::Range<usize>, Option<String>) {
    let start = token.and_then(|token| token.parse().ok()).unwrap_or(0).min(count);
    let end = (start + size).min(count);
    (start..end, (end < count).then(|| end.to_string()))
}

fn role(account: &str, number: usize, seed: u64) -> String {
    let trust = encoded(&json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}));
    let action = if number % 20 == 4 { "*" } else { "logs:PutLogEvents" };
    let inline = encoded(&json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": "*"}]}));
    format!(
        "<member><Path>/</Path><RoleName>role-{number}</RoleName><RoleId>AROA{seed:05}{number:011}</RoleId>\
         <Arn>arn:aws:iam::{account}:role/role-{number}</Arn><CreateDate>2026-01-02T03:04:05Z</CreateDate>\
         <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><InstanceProfileList/>\
         <RolePolicyList><member><PolicyName>own</PolicyName><PolicyDocument>{inline}</PolicyDocument></member></RolePolicyList>\
         <AttachedManagedPolicies/><Tags/></member>"
    )
}

fn encoded(policy: &Value) -> String {
    percent_encoding::utf8_percent_encode(&policy.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn rest_api(number: usize) -> Value {
    json!({
        "id": format!("api{number:05}"), "name": format!("api-{number}"), "createdDate": 1_767_225_600,
        "apiKeySource": "HEADER", "endpointConfiguration": {"types": ["REGIONAL"]}, "disableExecuteApiEndpoint": false,
    })
}

fn api_number(id: &str) -> Option<usize> {
    id.strip_prefix("api")?.parse().ok()
}

fn stage(name: &str, number: usize) -> Value {
    json!({
        "deploymentId": format!("dep{number:05}"), "stageName": name, "cacheClusterEnabled": false,
        "methodSettings": {}, "tracingEnabled": number % 3 != 2, "createdDate": 1_767_225_600,
        "lastUpdatedDate": 1_767_225_600, "variables": {"backend": format!("CANARY-{number}")},
    })
}

fn export(number: usize, stage: &str) -> Value {
    let auth = if number % 10 == 3 { json!({}) } else { json!({"security": [{"sigv4": []}]}) };
    let mut get = json!({
        "responses": {"200": {"description": "an order"}},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy", "httpMethod": "POST",
            "uri": format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}/invocations", name_of(number)),
        },
    });
    if let (Some(get), Some(auth)) = (get.as_object_mut(), auth.as_object()) {
        get.extend(auth.clone());
    }
    json!({
        "openapi": "3.0.1", "info": {"title": format!("api-{number}"), "version": "2026-01-01T00:00:00Z"},
        "servers": [{"url": format!("https://api{number:05}.execute-api.{REGION}.amazonaws.com/{stage}")}],
        "paths": {"/orders": {"get": get}},
        "components": {"securitySchemes": {"sigv4": {
            "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}}},
    })
}
