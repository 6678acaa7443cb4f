//! A made-up estate of any size for tests and benches: functions, roles, log groups, APIs and a trail, good and bad.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_model::ident::{FindingKey, Provider};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{
    AccountId, CollectionError, Coverage, CoverageState, Exposure, Facet, Fact, Kind, Region, Relation,
    RelationName, Resource, ServiceName, ShardKey, Status, TargetName, Uid, Unreadable,
};
use nephoscope_posture::derive::{DerivedResource, derive};
use nephoscope_posture::{Estate, EstateResource};
use serde_json::{Value, json};

/// The account of the shop.
pub const ACCOUNT: &str = "111122223333";
/// Its only region.
pub const REGION: &str = "eu-west-1";

/// Everything that an [`Estate`] borrows.
#[derive(Clone, Debug)]
pub struct Shop {
    pub resources: Vec<EstateResource>,
    pub coverage: Vec<CoverageRow>,
    pub last_known: BTreeMap<FindingKey, Status>,
}

impl Shop {
    /// A shop with `size` resources, six in ten of them functions.
    pub fn of(size: usize) -> Self {
        let mut resources = vec![account(), trail()];
        for number in 0..size.saturating_sub(2) {
            resources.push(match number % 20 {
                0..12 => function(number),
                12..16 => log_group(number - 12),
                16..18 => role(number - 16),
                18 => rest_api(number),
                _ => stage(number - 1),
            });
        }
        let mut shop = Self { resources: Vec::new(), coverage: coverage(), last_known: BTreeMap::new() };
        shop.add(resources);
        shop
    }

    /// A shop with exactly these resources, everything else listed and empty.
    pub fn with(resources: Vec<Resource>) -> Self {
        let mut shop = Self { resources: Vec::new(), coverage: coverage(), last_known: BTreeMap::new() };
        shop.add(resources);
        shop
    }

    pub fn add(&mut self, resources: Vec<Resource>) {
        self.resources
            .extend(resources.into_iter().map(|r| EstateResource { resource: r.into(), stale_since: None }));
        self.resources.sort_by(|a, b| a.resource.uid().cmp(b.resource.uid()));
    }

    pub fn estate(&self) -> Estate<'_> {
        Estate {
            account: AccountId::from(ACCOUNT),
            resources: &self.resources,
            coverage: &self.coverage,
            instant: instant(),
            last_known: &self.last_known,
        }
    }

    /// The shop in which `service` could not be listed.
    pub fn unlisted(mut self, service: &str) -> Self {
        for row in self.coverage.iter_mut().filter(|row| row.shard.service.as_str() == service) {
            row.coverage = Coverage { listed: false, state: CoverageState::Denied, ..row.coverage.clone() };
            row.coverage.errors = vec![CollectionError {
                api: format!("{service}:List"),
                error: "AccessDeniedException".to_owned(),
                message: "not allowed".to_owned(),
                permission: Some(format!("{service}:List")),
                count: 1,
                uid: None,
            }];
        }
        self
    }
}

/// What is derived of the resource with this uid.
fn derived(shop: &Shop, uid: &str) -> DerivedResource {
    let position = shop.resources.iter().position(|r| r.resource.uid().as_str() == uid).unwrap();
    derive(&shop.estate()).resources.swap_remove(position)
}

pub fn fact(shop: &Shop, uid: &str, name: &str) -> Fact {
    derived(shop, uid).facts[name].clone()
}

/// The value of a fact that has to be known.
pub fn known(shop: &Shop, uid: &str, name: &str) -> Value {
    match fact(shop, uid, name) {
        Fact::Known(value) => value,
        Fact::Unknown(reasons) => panic!("{name} is unknown: {reasons:?}"),
    }
}

/// Why a fact that must not be known is not, as facet and error.
pub fn unknown(shop: &Shop, uid: &str, name: &str) -> Vec<String> {
    match fact(shop, uid, name) {
        Fact::Known(value) => panic!("{name} is known: {value}"),
        Fact::Unknown(reasons) => reasons.iter().map(|r| format!("{} {}", r.facet, r.error)).collect(),
    }
}

pub fn exposure(shop: &Shop, uid: &str) -> Exposure {
    derived(shop, uid).exposure
}

pub fn instant() -> Timestamp {
    "2026-11-16T02:00:00Z".parse().unwrap()
}

/// A resource of `kind` with these facets; JSON null is an absent facet.
pub fn resource(kind: &str, uid: &str, facets: Value) -> Resource {
    let kind = Kind::from(kind);
    let service = kind.service().to_owned();
    let known = |value: Value| if value.is_null() { Facet::Absent } else { Facet::Known(value) };
    let Value::Object(facets) = facets else { panic!("facets are an object") };
    Resource {
        uid: Uid::from(uid),
        provider: Provider::Aws,
        account: AccountId::from(ACCOUNT),
        region: if service == "iam" || service == "account" {
            Region::global()
        } else {
            Region::from(REGION)
        },
        service: ServiceName::from(service),
        name: uid.rsplit([':', '/']).next().unwrap_or_default().to_owned(),
        tags: BTreeMap::new(),
        facets: facets.into_iter().map(|(name, value)| (name, known(value))).collect(),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
        kind,
    }
}

/// The resource with an edge.
pub fn related(mut resource: Resource, name: RelationName, to: &str) -> Resource {
    resource.relations.push(Relation { name, to: Uid::from(to) });
    resource.relations.sort();
    resource
}

/// The resource with a facet that could not be read.
pub fn unread(mut resource: Resource, facet: &str) -> Resource {
    resource.facets.insert(facet.to_owned(), Facet::Unreadable(denied(facet)));
    resource
}

pub fn denied(facet: &str) -> Unreadable {
    Unreadable {
        facet: facet.to_owned(),
        api: format!("test:Get-{facet}"),
        error: "AccessDeniedException".to_owned(),
        permission: Some(format!("test:Get-{facet}")),
    }
}

pub fn arn(number: usize) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn-{number:06}")
}

fn role_arn(number: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/role-{number:06}")
}

fn group_arn(number: usize) -> String {
    format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/fn-{number:06}")
}

fn api_arn(number: usize) -> String {
    format!("arn:aws:apigateway:{REGION}::/restapis/api{number:06}")
}

fn account() -> Resource {
    let identity =
        json!({"Account": ACCOUNT, "Arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/audit/scan")});
    resource("aws.account", &format!("arn:aws:iam::{ACCOUNT}:root"), json!({ "identity": identity }))
}

pub fn trail() -> Resource {
    let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main");
    resource(
        "aws.cloudtrail.trail",
        &arn,
        json!({
            "trail": {"Name": "main", "TrailARN": arn, "HomeRegion": REGION, "IsMultiRegionTrail": true, "LogFileValidationEnabled": true},
            "status": {"IsLogging": true},
            "selectors": {"TrailARN": arn, "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []}]},
        }),
    )
}

/// A function as ListFunctions shows it, about 2 kB, good or bad by its number.
pub fn function(number: usize) -> Resource {
    let arn = arn(number);
    let runtime = ["python3.13", "nodejs22.x", "python3.9", "java21"][number % 4];
    let variable = |detector: Value| json!({"$redacted": {"detector": detector, "length": "17-32", "tag": format!("{number:016x}")}});
    let mut variables = json!({});
    for name in ["TABLE_NAME", "QUEUE_URL", "LOG_LEVEL", "STAGE", "POWERTOOLS_SERVICE_NAME", "API_BASE"] {
        variables[name] = variable(Value::Null);
    }
    if number.is_multiple_of(11) {
        variables["API_TOKEN"] = variable(json!("generic-token"));
    }
    let group = number - number % 20;
    let config = json!({
        "FunctionName": format!("fn-{number:06}"),
        "FunctionArn": arn,
        "Runtime": runtime,
        "Role": role_arn(group + number % 2),
        "Handler": "app.handler",
        "CodeSize": 1_048_576 + number,
        "Description": "Takes an order from the queue, prices it and writes it to the table of orders.",
        "Timeout": 3 + (number % 5) * 30,
        "MemorySize": 256,
        "LastModified": "2026-09-01T10:11:12.000+0000",
        "CodeSha256": "4m3lV0xZ4b5l1cVtq1pXo0oQ2Jm3xwV8Y8s3h1iQ2Z0=",
        "Version": "$LATEST",
        "VpcConfig": {"SubnetIds": if number.is_multiple_of(3) { json!(["subnet-0a1b2c3d", "subnet-1a2b3c4d"]) } else { json!([]) }, "SecurityGroupIds": ["sg-0a1b2c3d"], "VpcId": "vpc-0a1b2c3d", "Ipv6AllowedForDualStack": false},
        "DeadLetterConfig": {"TargetArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters")},
        "Environment": {"Variables": variables},
        "KMSKeyArn": if number.is_multiple_of(2) { json!(format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555")) } else { Value::Null },
        "TracingConfig": {"Mode": if number.is_multiple_of(4) { "PassThrough" } else { "Active" }},
        "RevisionId": format!("00000000-0000-0000-0000-{number:012}"),
        "Layers": [
            {"Arn": format!("arn:aws:lambda:{REGION}:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7"), "CodeSize": 22_000_000},
            {"Arn": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shop-tools:12"), "CodeSize": 120_000},
        ],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeVersionConfig": {"RuntimeVersionArn": format!("arn:aws:lambda:{REGION}::runtime:0cdcfbdefbc5e7d3343f73c2e2dd3cba17d61dea0686b404502a0c9ce83931b9")},
        "LoggingConfig": {"LogFormat": if number.is_multiple_of(5) { "Text" } else { "JSON" }, "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": format!("/aws/lambda/fn-{number:06}")},
    });
    let mut statements = vec![
        json!({"Sid": "queue", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": arn, "Condition": {"ArnLike": {"AWS:SourceArn": format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/orders")}}}),
        json!({"Sid": "api", "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": arn, "Condition": {"ArnLike": {"AWS:SourceArn": format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5/*/GET/orders")}}}),
    ];
    let open = number.is_multiple_of(13);
    if open {
        statements.push(json!({"Sid": "url", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": arn, "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}}));
    }
    if number.is_multiple_of(17) {
        statements.push(json!({"Sid": "partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "lambda:InvokeFunction", "Resource": arn}));
    }
    let url = json!({"FunctionUrl": format!("https://fn{number}.lambda-url.{REGION}.on.aws/"), "FunctionArn": arn, "AuthType": "NONE", "Cors": {"AllowOrigins": ["*"], "AllowCredentials": false}, "CreationTime": "2026-01-01T00:00:00Z", "LastModifiedTime": "2026-01-01T00:00:00Z", "InvokeMode": "BUFFERED"});
    let facets = json!({
        "config": config,
        "policy": {"Version": "2012-10-17", "Id": "default", "Statement": statements},
        "url": if open { url } else { Value::Null },
        "concurrency": if number.is_multiple_of(6) { json!({"ReservedConcurrentExecutions": 10}) } else { Value::Null },
        "code_signing": Value::Null,
        "aliases": Value::Null,
        "event_sources": {"EventSourceMappings": [{"UUID": "1", "EventSourceArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:orders"), "FunctionArn": arn, "State": "Enabled", "BatchSize": 10}]},
    });
    let function = resource("aws.lambda.function", &arn, facets);
    let function = related(function, RelationName::ExecutesAs, &role_arn(group + number % 2));
    related(function, RelationName::LogsTo, &group_arn(number))
}

fn role(number: usize) -> Resource {
    let actions =
        if number.is_multiple_of(40) { json!("*") } else { json!(["dynamodb:GetItem", "dynamodb:PutItem"]) };
    let role = json!({
        "RoleName": format!("role-{number:06}"),
        "RoleId": "AROAEXAMPLE",
        "Arn": role_arn(number),
        "Path": "/",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}}],
        "AttachedManagedPolicies": [],
        "Tags": [],
    });
    resource("aws.iam.role", &role_arn(number), json!({ "role": role }))
}

fn log_group(number: usize) -> Resource {
    let mut group = json!({"logGroupName": format!("/aws/lambda/fn-{number:06}"), "arn": format!("{}:*", group_arn(number)), "storedBytes": 12345, "logGroupClass": "STANDARD", "creationTime": 1_767_225_600_000_i64});
    if number.is_multiple_of(2) {
        group["retentionInDays"] = json!(30);
    }
    resource("aws.logs.group", &group_arn(number), json!({ "group": group }))
}

fn api_facet(number: usize) -> Value {
    json!({"id": format!("api{number:06}"), "name": "orders", "endpointConfiguration": {"types": ["REGIONAL"]}, "disableExecuteApiEndpoint": false, "minimumCompressionSize": null})
}

fn rest_api(number: usize) -> Resource {
    let api = resource("aws.apigateway.restapi", &api_arn(number), json!({ "api": api_facet(number) }));
    related(api, RelationName::Invokes, &arn(number - 18))
}

/// A stage with two methods, the second open where the number says so.
fn stage(number: usize) -> Resource {
    let arn = arn(number - 18);
    let uri = format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations");
    let method = |security: Value| json!({"security": security, "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}});
    let second = if number.is_multiple_of(7) { json!([]) } else { json!([{"sigv4": []}]) };
    let authorizer = json!({"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom", "x-amazon-apigateway-authorizer": {"type": "token"}});
    let signature = json!({"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"});
    let deployed = json!({
        "openapi": "3.0.1",
        "paths": {"/orders": {"post": method(json!([{"users": []}])), "put": method(second)}},
        "components": {"securitySchemes": {"users": authorizer, "sigv4": signature}},
    });
    let stage = json!({"stageName": "live", "deploymentId": "d1", "cacheClusterEnabled": false, "methodSettings": {}, "tracingEnabled": number.is_multiple_of(2), "variables": {}});
    let limits = json!({"rateLimit": 10000.0, "burstLimit": 5000});
    let facets = json!({"stage": stage, "api": api_facet(number), "deployed": deployed, "certificate": null, "limits": limits});
    let stage = resource("aws.apigateway.stage", &format!("{}/stages/live", api_arn(number)), facets);
    related(stage, RelationName::PartOf, &api_arn(number))
}

fn coverage() -> Vec<CoverageRow> {
    let services = [
        ("sts", "global"),
        ("iam", "global"),
        ("lambda", REGION),
        ("apigateway", REGION),
        ("apigatewayv2", REGION),
        ("logs", REGION),
        ("cloudtrail", REGION),
    ];
    let row = |(service, region): (&str, &str)| CoverageRow {
        target: TargetName::from("aws"),
        shard: ShardKey {
            provider: Provider::Aws,
            account: AccountId::from(ACCOUNT),
            region: Region::from(region),
            service: ServiceName::from(service),
        },
        coverage: Coverage {
            state: CoverageState::Complete,
            calls: BTreeMap::new(),
            errors: Vec::new(),
            costs: Vec::new(),
            listed: true,
        },
        resources: 0,
        committed: instant(),
    };
    services.map(row).to_vec()
}
