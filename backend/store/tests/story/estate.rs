//! A small estate to tell the story with: a shop in two regions, and a judge with two checks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_model::coverage::{CollectionError, Coverage, CoverageState};
use nephoscope_model::finding::{Detail, Evaluation, Judged, LastKnown, Verdict};
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{
    AccountId, CheckId, Evidence, Exposure, Facet, Fact, FindingKey, Kind, Provider, Region, Relation,
    RelationName, Resource, ScanId, ServiceName, Severity, Shard, ShardKey, Status, TargetName, Uid,
    Unreadable,
};
use nephoscope_store::{NewScan, ScanEnd, Store, StoredResource};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "111111111111";
pub const URL_CHECK: &str = "aws-lambda-url-auth-none";
pub const ROLE_CHECK: &str = "aws-lambda-role-admin";

pub fn target() -> TargetName {
    TargetName::from("shop")
}

pub fn account() -> AccountId {
    AccountId::from(ACCOUNT)
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Two in the morning of a day in November 2026.
pub fn night(day: u32) -> Timestamp {
    time(&format!("2026-11-{day:02}T02:00:00.5Z"))
}

pub fn key(region: &str, service: &str) -> ShardKey {
    ShardKey {
        provider: Provider::Aws,
        account: account(),
        region: Region::from(region),
        service: ServiceName::from(service),
    }
}

pub fn function_uid(region: &str, name: &str) -> Uid {
    Uid::from(format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"))
}

pub fn role_uid(name: &str) -> Uid {
    Uid::from(format!("arn:aws:iam::{ACCOUNT}:role/{name}"))
}

/// A function whose URL, where it has one, asks for `auth`.
pub fn function(region: &str, name: &str, auth: Option<&str>) -> Resource {
    let url = match auth {
        Some(auth) => {
            Facet::Known(json!({ "AuthType": auth, "FunctionUrl": format!("https://{name}.example") }))
        }
        None => Facet::Absent,
    };
    let config = json!({ "FunctionName": name, "Runtime": "nodejs24.x", "Description": "x".repeat(200) });
    Resource {
        uid: function_uid(region, name),
        kind: Kind::from("aws.lambda.function"),
        provider: Provider::Aws,
        account: account(),
        region: Region::from(region),
        service: ServiceName::from("lambda"),
        name: name.to_owned(),
        tags: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        facets: BTreeMap::from([("config".to_owned(), Facet::Known(config)), ("url".to_owned(), url)]),
        relations: vec![
            Relation { name: RelationName::ExecutesAs, to: role_uid("shop") },
            Relation {
                name: RelationName::UsesLayer,
                to: Uid::from("arn:aws:lambda:eu-west-1:2:layer:tools:1"),
            },
        ],
        carried: BTreeMap::new(),
        revision: None,
    }
}

pub fn role(name: &str, actions: &str) -> Resource {
    Resource {
        uid: role_uid(name),
        kind: Kind::from("aws.iam.role"),
        provider: Provider::Aws,
        account: account(),
        region: Region::global(),
        service: ServiceName::from("iam"),
        name: name.to_owned(),
        tags: BTreeMap::new(),
        facets: BTreeMap::from([("role".to_owned(), Facet::Known(json!({ "Action": actions })))]),
        relations: Vec::new(),
        carried: BTreeMap::new(),
        revision: None,
    }
}

/// A shard that was read whole.
pub fn listed(key: ShardKey, mut resources: Vec<Resource>) -> Shard {
    resources.sort_by(|one, other| one.uid.cmp(&other.uid));
    let calls = BTreeMap::from([(format!("{}:List", key.service), 2)]);
    let coverage = Coverage {
        state: CoverageState::Complete,
        calls,
        errors: Vec::new(),
        costs: Vec::new(),
        listed: true,
    };
    Shard { key, coverage, resources }
}

/// A shard whose listing broke off after `resources`.
pub fn broken(key: ShardKey, resources: Vec<Resource>) -> Shard {
    let error = CollectionError {
        api: "lambda:ListFunctions".to_owned(),
        error: "AccessDeniedException".to_owned(),
        message: "not allowed".to_owned(),
        permission: Some("lambda:ListFunctions".to_owned()),
        count: 3,
        uid: None,
    };
    let mut shard = listed(key, resources);
    shard.coverage.state =
        if shard.resources.is_empty() { CoverageState::Denied } else { CoverageState::Partial };
    shard.coverage.errors = vec![error];
    shard.coverage.listed = false;
    shard
}

pub fn opened(instant: Timestamp, shards: &[Shard]) -> NewScan {
    let mut planned: Vec<ShardKey> = shards.iter().map(|shard| shard.key.clone()).collect();
    planned.sort();
    NewScan {
        id: ScanId::of(&target(), instant),
        target: target(),
        origin: Origin::Schedule,
        instant,
        planned,
    }
}

pub fn finished(at: Timestamp) -> ScanEnd {
    ScanEnd {
        state: ScanState::Finished,
        failure: None,
        finished: at,
        score: None,
        catalogue: Some("c0ffee".to_owned()),
    }
}

/// Opens a scan, commits its shards, judges and finishes it.
pub async fn scan(store: &dyn Store, instant: Timestamp, shards: &[Shard]) -> ScanId {
    let id = scan_until_finish(store, instant, shards).await;
    store.scan_finish(&id, &finished(instant)).await.unwrap();
    id
}

/// The same, but leaves it running.
pub async fn scan_until_finish(store: &dyn Store, instant: Timestamp, shards: &[Shard]) -> ScanId {
    let open = store.scan_open(&opened(instant, shards)).await.unwrap();
    for shard in shards.iter().filter(|shard| !open.done.contains(&shard.key)) {
        store.shard_insert(&open.scan.id, &[shard.clone().packed()]).await.unwrap();
    }
    evaluate(store, &open.scan.id).await;
    open.scan.id
}

pub async fn evaluate(store: &dyn Store, id: &ScanId) {
    let packed = store.estate_fetch(id, &account()).await.unwrap();
    let open = packed.into_iter().map(|stored| StoredResource {
        resource: stored.resource.open(),
        last_read: stored.last_read,
        stale: stored.stale,
    });
    let estate: Vec<StoredResource> = open.collect();
    let last = store.verdict_last_known(id, &account()).await.unwrap().into_iter().collect();
    store.evaluation_insert(id, &[&judge(&estate, &last)]).await.unwrap();
}

/// Judges as the product does: what was not listed is UNKNOWN, with what was known last.
pub fn judge(estate: &[StoredResource], last: &BTreeMap<FindingKey, Status>) -> Evaluation {
    let mut evaluation = Evaluation {
        account: account(),
        checks: vec![CheckId::from(ROLE_CHECK), CheckId::from(URL_CHECK)],
        severities: vec![Severity::High, Severity::Critical],
        not_applicable: BTreeMap::from([(CheckId::from(URL_CHECK), 1)]),
        resources: Vec::new(),
        verdicts: Vec::new(),
    };
    for (index, stored) in (0..).zip(estate) {
        let resource = &stored.resource;
        let url = resource.facets.get("url").and_then(Facet::value);
        let open = url.is_some_and(|url| url["AuthType"] == "NONE");
        let exposure = if open { Exposure::Internet } else { Exposure::Internal };
        let facts = BTreeMap::from([("exposure".to_owned(), Fact::Known(json!(exposure.as_str())))]);
        evaluation.resources.push(Judged { uid: resource.uid.clone(), exposure, facts });
        let is_function = resource.kind.as_str() == "aws.lambda.function";
        let (check, fails, path, found) = match is_function {
            true => (1, open, "url.AuthType", url.map_or(Value::Null, |url| url["AuthType"].clone())),
            false => {
                let action = &resource.facets["role"].value().unwrap()["Action"];
                (0, action == "*", "role.Action", action.clone())
            }
        };
        let (status, detail) = if stored.stale {
            let facet = if is_function { "url" } else { "role" };
            let reason = Unreadable {
                facet: facet.to_owned(),
                api: "lambda:ListFunctions".to_owned(),
                error: "NotListed".to_owned(),
                permission: Some("lambda:ListFunctions".to_owned()),
            };
            let known = last[&FindingKey::of(&evaluation.checks[check], &resource.uid)];
            let last_known = Some(LastKnown { status: known, since: stored.last_read });
            (Status::Unknown, Some(Detail { unreadable: vec![reason], last_known, ..Detail::default() }))
        } else if fails {
            let evidence = vec![Evidence { path: path.to_owned(), found }];
            (Status::Fail, Some(Detail { evidence, ..Detail::default() }))
        } else {
            (Status::Pass, None)
        };
        let check = u32::try_from(check).unwrap();
        evaluation.verdicts.push(Verdict { resource: index, check, status, detail: detail.map(Box::new) });
    }
    evaluation
}
