//! What was read: resources, shards and scans.

use std::collections::BTreeMap;

use nephoscope_model::api::{
    MissingPermission, MissingPermissions, RelationRow, ResourceDetail, ResourceList, ResourceRow,
    ResourceVersion, ScanDetail, ScanList, ServiceJudged, TargetRow,
};
use nephoscope_model::coverage::{CollectionError, Coverage, CoverageState};
use nephoscope_model::finding::Exposure;
use nephoscope_model::scan::{CoverageRow, Origin, ScanState, ScanSummary};
use nephoscope_model::{Facet, Fact, Provider, RelationName, Resource, Severity, ShardKey, Uid, Unreadable};
use serde_json::json;

use super::{account, at, facet, findings_of_checkout, night, scan_id, score, target};

pub const NAMES: [(&str, &str, &str); 8] = [
    ("checkout", "aws.lambda.function", "eu-west-1"),
    ("status-page", "aws.lambda.function", "eu-central-1"),
    ("orders-api · live", "aws.apigateway.stage", "eu-west-1"),
    ("batch-runner", "aws.iam.role", "global"),
    ("/aws/lambda/invoice-render", "aws.logs.group", "eu-west-1"),
    ("invoice-render", "aws.lambda.function", "eu-west-1"),
    ("reports-api · live", "aws.apigateway.stage", "eu-west-3"),
    ("organisation-trail", "aws.cloudtrail.trail", "eu-west-1"),
];

pub fn uid(name: &str, kind: &str, region: &str) -> Uid {
    let service = kind.split('.').nth(1).unwrap_or("lambda");
    Uid::from(format!("arn:aws:{service}:{region}:{}:{}", super::ACCOUNT, name.replace(" · ", "/")))
}

pub fn resource_row(index: usize) -> ResourceRow {
    let (name, kind, region) = NAMES[index % NAMES.len()];
    let failing = match index {
        0 => BTreeMap::from([(Severity::Critical, 1), (Severity::High, 2), (Severity::Informational, 1)]),
        1 => BTreeMap::from([(Severity::Critical, 1)]),
        2 => BTreeMap::from([(Severity::High, 1), (Severity::Medium, 2)]),
        3 => BTreeMap::from([(Severity::High, 1)]),
        4 => BTreeMap::from([(Severity::Low, 1)]),
        _ => BTreeMap::new(),
    };
    let debt = failing.iter().map(|(severity, count)| severity.weight() * count).sum::<u64>()
        * if index == 0 { 4 } else { 1 };
    ResourceRow {
        uid: uid(name, kind, region),
        name: name.into(),
        kind: kind.into(),
        provider: Provider::Aws,
        account: account(),
        region: region.into(),
        service: kind.split('.').nth(1).unwrap().into(),
        target: target(),
        tags: BTreeMap::from([("team".into(), "Payments".into()), ("cost-centre".into(), "4711".into())]),
        exposure: [
            Exposure::Internet,
            Exposure::Internet,
            Exposure::Internet,
            Exposure::Internal,
            Exposure::Internal,
            Exposure::CrossAccount,
            Exposure::Unknown,
            Exposure::Internal,
        ][index % 8],
        debt,
        failing,
        unknown: [1, 0, 0, 0, 0, 2, 7, 0][index % 8],
        last_read: if index == 6 { night(26) } else { night(29) },
        stale: index == 6,
    }
}

pub fn resources() -> ResourceList {
    ResourceList {
        total: 152,
        resources: (0..NAMES.len()).map(resource_row).collect(),
        next: Some("bmV4dA".into()),
        facets: vec![
            facet(
                "kind",
                "Kind",
                &[
                    ("aws.lambda.function", "Lambda function", 50, false),
                    ("aws.logs.group", "log group", 46, false),
                    ("aws.iam.role", "IAM role", 21, false),
                    ("aws.apigateway.stage", "REST API stage", 16, false),
                    ("aws.apigateway.restapi", "REST API", 10, false),
                    ("aws.cloudtrail.trail", "trail", 2, false),
                ],
            ),
            facet(
                "exposure",
                "Reachable",
                &[
                    ("internet", "from the internet", 7, false),
                    ("cross_account", "across accounts", 4, false),
                    ("unknown", "not known", 12, false),
                    ("internal", "only inside the account", 129, false),
                ],
            ),
            facet(
                "region",
                "Region",
                &[
                    ("eu-west-1", "eu-west-1", 88, false),
                    ("eu-central-1", "eu-central-1", 31, false),
                    ("eu-west-3", "eu-west-3", 12, false),
                    ("global", "global", 21, false),
                ],
            ),
        ],
    }
}

fn denied() -> Unreadable {
    Unreadable {
        facet: "policy".into(),
        api: "lambda:GetPolicy".into(),
        error: "AccessDeniedException".into(),
        permission: Some("lambda:GetPolicy".into()),
    }
}

pub fn resource() -> ResourceDetail {
    let row = resource_row(0);
    let config = json!({
        "FunctionName": "checkout", "Runtime": "python3.8", "Handler": "app.handler", "MemorySize": 512, "Timeout": 30,
        "TracingConfig": {"Mode": "PassThrough"},
        "Environment": {"Variables": {
            "STRIPE_KEY": {"$redacted": {"detector": "stripe-secret-key", "length": "33-64", "tag": "5f0c2ab9117de43b"}},
            "TABLE": {"$redacted": {"detector": null, "length": "9-16", "tag": "a81f330c92de7b54"}}
        }},
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
        "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53", "CodeSize": 3418274}],
        "Role": "arn:aws:iam::447100000912:role/batch-runner", "SnapStart": null, "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/checkout"}
    });
    let facets = BTreeMap::from([
        ("config".to_owned(), Facet::Known(config)),
        ("policy".to_owned(), Facet::Unreadable(denied())),
        (
            "url".to_owned(),
            Facet::Known(
                json!({"AuthType": "NONE", "FunctionUrl": "k3v…lambda-url.eu-west-1.on.aws", "Cors": {"AllowOrigins": ["*"]}}),
            ),
        ),
        ("code_signing".to_owned(), Facet::Absent),
    ]);
    let facts = BTreeMap::from([
        (
            "runtime".to_owned(),
            Fact::Known(
                json!({"name": "python3.8", "deprecated": true, "deprecation_date": "2024-10-14", "successor": "python3.13"}),
            ),
        ),
        ("grants".to_owned(), Fact::Unknown(vec![denied()])),
    ]);
    let relation = |name, reversed, (label, kind, region): (&str, &str, &str), known: bool| RelationRow {
        name,
        reversed,
        uid: uid(label, kind, region),
        label: label.into(),
        kind: known.then(|| kind.into()),
    };
    ResourceDetail {
        resource: Resource {
            uid: row.uid.clone(),
            kind: row.kind.clone(),
            provider: row.provider,
            account: row.account.clone(),
            region: row.region.clone(),
            service: row.service.clone(),
            name: row.name.clone(),
            tags: row.tags.clone(),
            facets,
            relations: vec![],
            carried: [("url".to_owned(), night(26))].into(),
            revision: Some("5e884898da280471".to_owned()),
        },
        facts,
        relations: vec![
            relation(RelationName::ExecutesAs, false, NAMES[3], true),
            relation(RelationName::LogsTo, false, NAMES[4], true),
            relation(
                RelationName::EncryptedBy,
                false,
                ("alias/shop-data", "aws.kms.key", "eu-west-1"),
                false,
            ),
            relation(RelationName::Invokes, true, NAMES[2], true),
        ],
        findings: findings_of_checkout(),
        history: vec![
            ResourceVersion {
                scan: scan_id(29),
                from: night(29),
                to: None,
                facets: vec!["url".into(), "config".into()],
            },
            ResourceVersion {
                scan: scan_id(12),
                from: night(12),
                to: Some(night(29)),
                facets: vec!["config".into()],
            },
            ResourceVersion {
                scan: scan_id(0),
                from: night(0),
                to: Some(night(12)),
                facets: vec!["config".into(), "policy".into(), "url".into()],
            },
        ],
        row,
    }
}

const SERVICES: [&str; 5] = ["apigateway", "apigatewayv2", "cloudtrail", "lambda", "logs"];
const REGIONS: [&str; 6] = ["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3", "us-east-1", "us-west-2"];

pub fn coverage() -> Vec<CoverageRow> {
    let globals = [("global", "iam"), ("global", "sts")];
    let regional = REGIONS.iter().flat_map(|region| SERVICES.iter().map(move |service| (*region, *service)));
    let rows = globals.into_iter().chain(regional).map(|(region, service)| {
        let (state, errors) = match (region, service) {
            ("eu-west-3", "lambda") => (CoverageState::Partial, vec![CollectionError {
                api: "lambda:GetPolicy".into(), error: "AccessDeniedException".into(),
                message: "User: arn:aws:sts::447100000912:assumed-role/nephoscope/scan is not authorized to perform: lambda:GetPolicy on resource: arn:aws:lambda:eu-west-3:447100000912:function:reports because no identity-based policy allows the lambda:GetPolicy action".into(),
                permission: Some("lambda:GetPolicy".into()), count: 43, uid: Some("arn:aws:lambda:eu-west-3:447100000912:function:reports".into()) }]),
            ("eu-west-3", "apigateway") => (CoverageState::Denied, vec![CollectionError {
                api: "apigateway:GetRestApis".into(), error: "AccessDeniedException".into(), message: "Access denied by a service control policy.".into(),
                permission: Some("apigateway:GET".into()), count: 1, uid: None }]),
            ("us-west-2", "logs") => (CoverageState::Throttled, vec![CollectionError {
                api: "logs:DescribeLogGroups".into(), error: "ThrottlingException".into(), message: "Rate exceeded".into(), permission: None, count: 9, uid: None }]),
            ("eu-north-1", _) => (CoverageState::Disabled, vec![]),
            _ => (CoverageState::Complete, vec![]),
        };
        let calls = match service {
            "lambda" => BTreeMap::from([("lambda:ListFunctions".to_owned(), 2), ("lambda:GetPolicy".to_owned(), 50), ("lambda:GetFunctionConcurrency".to_owned(), 50)]),
            "apigateway" => BTreeMap::from([("apigateway:GetRestApis".to_owned(), 1), ("apigateway:GetStages".to_owned(), 10)]),
            "logs" => BTreeMap::from([("logs:DescribeLogGroups".to_owned(), 3)]),
            "iam" => BTreeMap::from([("iam:GetAccountAuthorizationDetails".to_owned(), 4)]),
            other => BTreeMap::from([(format!("{other}:List"), 1)]),
        };
        CoverageRow {
            target: target(),
            shard: ShardKey { provider: Provider::Aws, account: account(), region: region.into(), service: service.into() },
            resources: if state == CoverageState::Complete { service.len() as u64 * 2 } else { 3 },
            coverage: Coverage { listed: state == CoverageState::Complete, state, calls, errors, costs: vec![] },
            committed: at("2026-11-16T02:20:00Z"),
        }
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row.coverage.state == CoverageState::Complete);
    rows
}

pub fn summary(day: i64) -> ScanSummary {
    ScanSummary {
        id: scan_id(day),
        target: target(),
        origin: Origin::Schedule,
        state: ScanState::Finished,
        failure: None,
        started: night(day),
        finished: Some(night(day) + jiff::SignedDuration::from_secs(2456)),
        shards_planned: 32,
        shards_done: 32,
        shards_complete: if day == 29 { 24 } else { 32 },
        calls: 1204,
        errors: if day == 29 { 53 } else { 0 },
        resources: 152,
        failing: BTreeMap::from([(Severity::Critical, 2), (Severity::High, 24)]),
        pass: 151,
        fail: 91,
        unknown: if day == 29 { 44 } else { 0 },
        score: Some(score()),
        catalogue: Some("9f2c41d07b3ae815".into()),
    }
}

pub fn running() -> ScanSummary {
    ScanSummary {
        id: scan_id(30),
        state: ScanState::Running,
        origin: Origin::Dashboard,
        started: night(30),
        finished: None,
        shards_done: 9,
        shards_complete: 8,
        score: None,
        pass: 0,
        fail: 0,
        unknown: 0,
        ..summary(29)
    }
}

pub fn scan(state: ScanState) -> ScanDetail {
    match state {
        ScanState::Running => ScanDetail {
            scan: running(),
            coverage: coverage().into_iter().rev().take(9).collect(),
            services: vec![],
            missing: MissingPermissions::default(),
        },
        ScanState::Finished => {
            ScanDetail { scan: summary(29), coverage: coverage(), services: services(), missing: missing() }
        }
        ScanState::Failed => ScanDetail {
            scan: ScanSummary { state, failure: Some("the store has no room left".into()), ..running() },
            coverage: vec![],
            services: vec![],
            missing: MissingPermissions::default(),
        },
    }
}

fn services() -> Vec<ServiceJudged> {
    let service = |name: &str, listed: u64, whole: u64, decided: u64, unknown: u64| ServiceJudged {
        provider: Provider::Aws,
        service: name.into(),
        shards: 5,
        listed,
        whole,
        decided,
        unknown,
    };
    vec![
        service("apigateway", 4, 4, 310, 12),
        service("logs", 4, 4, 96, 0),
        service("lambda", 5, 4, 1204, 43),
        service("sqs", 5, 5, 60, 0),
    ]
}

pub fn missing() -> MissingPermissions {
    let permission = |name: &str, service: &str, unlisted: bool, unknown: u64| MissingPermission {
        provider: Provider::Aws,
        permission: name.into(),
        errors: vec!["AccessDeniedException".into()],
        message: format!("User: scan is not authorized to perform: {name}"),
        refused: 43,
        accounts: vec![account()],
        regions: vec!["eu-west-3".into()],
        services: vec![service.into()],
        unlisted: if unlisted { vec![service.into()] } else { vec![] },
        forbidden: false,
        unknown: Some(unknown),
        checks: vec!["aws-lambda-url-auth-none".into()],
    };
    MissingPermissions {
        undecided: Some(50),
        permissions: vec![
            permission("lambda:GetPolicy", "lambda", false, 43),
            permission("apigateway:GET", "apigateway", true, 12),
        ],
        policy: Some(json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["apigateway:GET", "lambda:GetPolicy"], "Resource": "*"}],
        })),
    }
}

pub fn scans() -> ScanList {
    let mut list: Vec<_> = (22..30).rev().map(summary).collect();
    list[3].state = ScanState::Failed;
    list[3].failure = Some("no credentials: the session token expired".into());
    list[3].score = None;
    ScanList {
        targets: vec![
            TargetRow {
                name: target(),
                provider: Provider::Aws,
                schedule: Some("0 2 * * * Europe/Berlin".into()),
                next_due: Some(night(30)),
                last: Some(summary(29)),
                can_start: true,
            },
            TargetRow {
                name: "sandbox".into(),
                provider: Provider::Aws,
                schedule: None,
                next_due: None,
                last: None,
                can_start: true,
            },
            TargetRow {
                name: "imported".into(),
                provider: Provider::Aws,
                schedule: None,
                next_due: None,
                last: Some(summary(3)),
                can_start: false,
            },
        ],
        scans: list,
        next: Some("ZWFybGllcg".into()),
    }
}
