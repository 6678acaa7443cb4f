//! Which operation a request asks for.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::http::Request;

/// One call of an API.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name that requests of the service are signed for: `lambda`, `apigateway`, …
    pub service: String,
    /// The region that the request is signed for.
    pub region: String,
    /// The operation: `GetPolicy`. For an address that no table knows: method and path.
    pub operation: String,
    /// The parts of the path.
    pub path: Vec<String>,
    /// Parameters of the address, of the form or of the JSON.
    pub parameters: BTreeMap<String, Value>,
    /// Who asks: the access key.
    pub access_key: String,
}

impl Call {
    /// `lambda:GetPolicy`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// The text of a parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// The segment of the path at `position`; empty where there is none.
    pub fn segment(&self, position: usize) -> &str {
        self.path.get(position).map_or("", String::as_str)
    }

    pub(crate) fn of(request: &Request) -> Self {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let path: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        let mut parameters = pairs(query);
        let json: Option<Value> = serde_json::from_slice(&request.body).ok();
        if let Some(Value::Object(fields)) = json {
            parameters.extend(fields);
        } else {
            parameters.extend(pairs(&String::from_utf8_lossy(&request.body)));
        }
        let scope = request.headers.get("authorization").map(String::as_str).unwrap_or_default();
        let scope =
            scope.split("Credential=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
        let mut scope = scope.split('/');
        let access_key = scope.next().unwrap_or_default().to_owned();
        let region = scope.nth(1).unwrap_or_default().to_owned();
        let service = scope.next().unwrap_or_default().to_owned();
        let operation = match (request.headers.get("x-amz-target"), parameters.get("Action")) {
            (Some(target), _) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            (None, Some(Value::String(action))) => action.clone(),
            (None, _) => by_path(&service, &request.method, &path),
        };
        Self { service, region, operation, path, parameters, access_key }
    }
}

fn pairs(text: &str) -> BTreeMap<String, Value> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), Value::from(decode(value))))
        .collect()
}

/// Signing name, method, path (`*` for any segment), operation; from the services' published models.
const PATHS: &[(&str, &str, &str, &str)] = &[
    ("lambda", "GET", "*/functions", "ListFunctions"),
    ("lambda", "GET", "*/functions/*", "GetFunction"),
    ("lambda", "GET", "*/functions/*/policy", "GetPolicy"),
    ("lambda", "GET", "*/functions/*/concurrency", "GetFunctionConcurrency"),
    ("lambda", "GET", "*/functions/*/aliases", "ListAliases"),
    ("lambda", "GET", "*/functions/*/urls", "ListFunctionUrlConfigs"),
    ("lambda", "GET", "*/functions/*/event-invoke-config/list", "ListFunctionEventInvokeConfigs"),
    ("lambda", "GET", "*/functions/*/runtime-management-config", "GetRuntimeManagementConfig"),
    ("lambda", "GET", "*/functions/*/recursion-config", "GetFunctionRecursionConfig"),
    ("lambda", "GET", "*/functions/*/provisioned-concurrency", "ListProvisionedConcurrencyConfigs"),
    ("lambda", "GET", "*/event-source-mappings", "ListEventSourceMappings"),
    ("lambda", "GET", "*/code-signing-configs", "ListCodeSigningConfigs"),
    ("lambda", "GET", "*/code-signing-configs/*/functions", "ListFunctionsByCodeSigningConfig"),
    ("lambda", "GET", "*/account-settings", "GetAccountSettings"),
    ("lambda", "GET", "*/layers", "ListLayers"),
    ("lambda", "GET", "*/capacity-providers", "ListCapacityProviders"),
    ("apigateway", "GET", "restapis", "GetRestApis"),
    ("apigateway", "GET", "restapis/*/stages", "GetStages"),
    ("apigateway", "GET", "restapis/*/stages/*/exports/*", "GetExport"),
    ("apigateway", "GET", "restapis/*/resources", "GetResources"),
    ("apigateway", "GET", "restapis/*/authorizers", "GetAuthorizers"),
    ("apigateway", "GET", "restapis/*/requestvalidators", "GetRequestValidators"),
    ("apigateway", "GET", "domainnames", "GetDomainNames"),
    ("apigateway", "GET", "usageplans", "GetUsagePlans"),
    ("apigateway", "GET", "apikeys", "GetApiKeys"),
    ("apigateway", "GET", "vpclinks", "GetVpcLinks"),
    ("apigateway", "GET", "account", "GetAccount"),
    ("apigateway", "GET", "v2/apis", "GetApis"),
    ("account", "POST", "listRegions", "ListRegions"),
    ("bedrock", "POST", "agents", "ListAgents"),
    ("cloudfront", "GET", "*/distribution", "ListDistributions"),
    ("cloudfront", "GET", "*/function", "ListFunctions"),
    ("inspector2", "POST", "status/batch/get", "BatchGetAccountStatus"),
    ("s3", "GET", "v20180820/configuration/publicAccessBlock", "GetPublicAccessBlock"),
    ("securityhub", "GET", "accounts", "DescribeHub"),
    ("serverlessrepo", "GET", "applications", "ListApplications"),
    ("xray", "POST", "EncryptionConfig", "GetEncryptionConfig"),
    ("xray", "POST", "Groups", "GetGroups"),
];

fn by_path(service: &str, method: &str, path: &[String]) -> String {
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == path.len() && parts.iter().zip(path).all(|(part, given)| *part == "*" || part == given)
    };
    let known = PATHS.iter().find(|(of, by, pattern, _)| *of == service && *by == method && fits(pattern));
    known.map_or_else(|| format!("{method} /{}", path.join("/")), |known| known.3.to_owned())
}
