//! How long commits of a large account take, and how long a page waits over a million verdicts.
//!
//! `cargo bench -p nephoscope-store`; the first argument that is a number divides the size.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nephoscope_model::coverage::{Coverage, CoverageState};
use nephoscope_model::finding::{Detail, Evaluation, Judged, Verdict};
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{
    AccountId, CheckId, Evidence, Exposure, Facet, Fact, Kind, Provider, Region, Relation, RelationName,
    Resource, ScanId, ServiceName, Severity, Shard, ShardKey, Status, TargetName, Uid,
};
use nephoscope_store::sqlite::SqliteStore;
use nephoscope_store::{BucketKey, FindingOrder, NewScan, ScanEnd, Store, View};
use serde_json::json;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const ACCOUNT: &str = "123456789012";
const CHECKS: usize = 30;
const ROUNDS: usize = 200;

fn main() -> Outcome {
    let part = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(run(50_000 / part, 33_334 / part))
}

/// Commits an account of `large` resources with 30 verdicts each, then reads from one with `usual` resources.
async fn run(large: usize, usual: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open_writer(&folder.path().join("large.db").display().to_string())?;
    println!("{large} resources, {} verdicts:", large * CHECKS);
    fill(&store, large, true).await?;
    drop(store);

    let path = folder.path().join("usual.db");
    let store = SqliteStore::open_writer(&path.display().to_string())?;
    fill(&store, usual, false).await?;
    println!(
        "reading from {} verdicts, {} MB on disk:",
        usual * CHECKS,
        std::fs::metadata(&path)?.len() / 1_000_000
    );
    read(&store).await
}

async fn fill(store: &SqliteStore, size: usize, tell: bool) -> Outcome {
    let shards: Vec<Shard> = vec![shard(size)];
    let evaluation = evaluation(&shards[0].resources, 0);
    scan(store, "2026-11-16T02:00:00Z", &shards, &evaluation, tell.then_some("first scan")).await?;
    scan(store, "2026-11-17T02:00:00Z", &shards, &evaluation, tell.then_some("unchanged scan")).await?;
    let changed = self::evaluation(&shards[0].resources, 50);
    scan(store, "2026-11-18T02:00:00Z", &shards, &changed, tell.then_some("scan with 2 % changed")).await
}

async fn scan(
    store: &SqliteStore,
    at: &str,
    shards: &[Shard],
    evaluation: &Evaluation,
    tell: Option<&str>,
) -> Outcome {
    let instant: Timestamp = at.parse()?;
    let target = TargetName::from("bench");
    let id = ScanId::of(&target, instant);
    let planned = shards.iter().map(|shard| shard.key.clone()).collect();
    store.scan_open(&NewScan { id: id.clone(), target, origin: Origin::Command, instant, planned }).await?;
    let account = AccountId::from(ACCOUNT);
    let start = Instant::now();
    for shard in shards {
        store.shard_insert(&id, &[shard.clone().packed()]).await?;
    }
    let inserted = start.elapsed();
    let start = Instant::now();
    let estate = store.estate_fetch(&id, &account).await?.len();
    let fetched = start.elapsed();
    let start = Instant::now();
    store.evaluation_insert(&id, &[evaluation]).await?;
    let evaluated = start.elapsed();
    let end = ScanEnd {
        state: ScanState::Finished,
        failure: None,
        finished: instant,
        score: None,
        catalogue: None,
    };
    store.scan_finish(&id, &end).await?;
    if let Some(what) = tell {
        println!(
            "  {what}: shard_insert {inserted:.2?}, estate_fetch of {estate} {fetched:.2?}, evaluation_insert {evaluated:.2?}"
        );
    }
    Ok(())
}

async fn read(store: &SqliteStore) -> Outcome {
    let view = store.view_fetch(&[], &AsOf::Latest).await?;
    let before = store.view_before(&view).await?;
    let buckets = buckets(store, &view).await?;
    let failing =
        |status| buckets.iter().filter(move |bucket| bucket.status == status).cloned().collect::<Vec<_>>();
    let open: Vec<BucketKey> = [failing(Status::Fail), failing(Status::Unknown)].concat();
    let (by_bucket, by_resource) =
        (FindingOrder::Buckets(open.clone()), FindingOrder::Resources(open.clone()));
    let everything = FindingOrder::Buckets(buckets.clone());
    let filter = Filter::default();
    let text = Filter { query: Some("fn-00012".to_owned()), ..Filter::default() };

    measure("view_fetch", || async { store.view_fetch(&[], &AsOf::Latest).await.map(drop) }).await?;
    measure("rollup_list", || async { store.rollup_list(&view).await.map(drop) }).await?;
    measure("resource_list, by debt", || async {
        store.resource_list(&view, &filter, false, None, 50).await.map(drop)
    })
    .await?;
    measure("resource_list, by name", || async {
        store.resource_list(&view, &filter, true, None, 50).await.map(drop)
    })
    .await?;
    measure("resource_list, with text", || async {
        store.resource_list(&view, &text, false, None, 50).await.map(drop)
    })
    .await?;
    measure("finding_list, by bucket", || async {
        store.finding_list(&view, &filter, &by_bucket, None, 50).await.map(drop)
    })
    .await?;
    measure("finding_list, by resource", || async {
        store.finding_list(&view, &filter, &by_resource, None, 50).await.map(drop)
    })
    .await?;
    measure("finding_list, with text", || async {
        store.finding_list(&view, &text, &by_bucket, None, 50).await.map(drop)
    })
    .await?;
    measure("finding_list, as of the scan before", || async {
        store.finding_list(&before, &filter, &by_bucket, None, 50).await.map(drop)
    })
    .await?;
    let key = store.finding_list(&view, &filter, &by_bucket, None, 1).await?.rows[0].key.clone();
    measure("finding_fetch", || async { store.finding_fetch(&view, &key).await.map(drop) }).await?;
    measure("verdict_change_list", || async {
        store.verdict_change_list(&before, &view, &filter, None, 500).await.map(drop)
    })
    .await?;
    measure("resource_change_list", || async {
        store.resource_change_list(&before, &view, &filter, 500).await.map(drop)
    })
    .await?;

    let start = Instant::now();
    let (mut cursor, mut rows) = (None, 0);
    loop {
        let page = store.finding_list(&view, &filter, &everything, cursor.as_deref(), 5000).await?;
        rows += page.rows.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    println!("  every one of {rows} findings in pages of 5000: {:.2?}", start.elapsed());
    Ok(())
}

async fn measure<F: Future<Output = nephoscope_store::Result<()>>>(
    what: &str,
    work: impl Fn() -> F,
) -> Outcome {
    work().await?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work().await?;
        times.push(start.elapsed());
    }
    times.sort();
    let at = |share: usize| -> Duration { times[(times.len() * share / 100).min(times.len() - 1)] };
    println!("  {what}: p50 {:.2?}, p95 {:.2?}", at(50), at(95));
    Ok(())
}

async fn buckets(store: &SqliteStore, view: &View) -> Outcome<Vec<BucketKey>> {
    let mut buckets: Vec<BucketKey> = (store.rollup_list(view).await?.into_iter())
        .map(|rollup| {
            let bucket = rollup.bucket;
            BucketKey { check: bucket.check, status: bucket.status, exposure: bucket.exposure }
        })
        .collect();
    buckets.sort();
    buckets.dedup();
    Ok(buckets)
}

fn shard(size: usize) -> Shard {
    let key = ShardKey {
        provider: Provider::Aws,
        account: AccountId::from(ACCOUNT),
        region: Region::from("eu-west-1"),
        service: ServiceName::from("lambda"),
    };
    let resources = (0..size).map(|number| resource(&key, number)).collect();
    let coverage = Coverage {
        state: CoverageState::Complete,
        calls: BTreeMap::new(),
        errors: Vec::new(),
        costs: Vec::new(),
        listed: true,
    };
    Shard { key, coverage, resources }
}

/// A function of about two kilobytes in three facets.
fn resource(key: &ShardKey, number: usize) -> Resource {
    let name = format!("shop-fn-{number:06}");
    let arn = |rest: &str| format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:{rest}");
    let config = json!({
        "FunctionName": name, "FunctionArn": arn(&format!("function:{name}")), "Runtime": "nodejs20.x",
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/{name}"), "Handler": "index.handler", "CodeSize": 12_000 + number,
        "Description": "Takes orders from the shop and hands them to the warehouse", "Timeout": 30, "MemorySize": 512,
        "LastModified": "2026-10-01T09:12:44.000+0000", "CodeSha256": blake3::hash(&number.to_le_bytes()).to_hex().as_str(),
        "Version": "$LATEST", "TracingConfig": {"Mode": "PassThrough"}, "RevisionId": format!("{number:032x}"),
        "PackageType": "Zip", "Architectures": ["arm64"], "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")},
        "Layers": [{"Arn": arn("layer:extensions:12"), "CodeSize": 4_000_000}],
        "VpcConfig": {"SubnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"],
            "SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"], "VpcId": "vpc-0a1b2c3d4e5f60718", "Ipv6AllowedForDualStack": false},
        "Environment": {"Variables": {
            "STAGE": {"$redacted": {"detector": null, "length": "1-8", "tag": "00112233aabbccdd"}},
            "TABLE": {"$redacted": {"detector": null, "length": "9-16", "tag": "99112233aabbccdd"}},
            "TOKEN": {"$redacted": {"detector": "generic", "length": "33-64", "tag": format!("{number:016x}")}}}}
    });
    let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": [
        {"Sid": format!("invoke-{number}"), "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": arn(&format!("function:{name}")),
            "Condition": {"ArnLike": {"AWS:SourceArn": format!("arn:aws:execute-api:eu-west-1:{ACCOUNT}:abc{number}/*/GET/orders")}}}]});
    let relation = |name, to: String| Relation { name, to: Uid::from(to) };
    Resource {
        uid: Uid::from(arn(&format!("function:{name}"))),
        kind: Kind::from("aws.lambda.function"),
        provider: key.provider,
        account: key.account.clone(),
        region: key.region.clone(),
        service: key.service.clone(),
        tags: BTreeMap::from([("team".to_owned(), format!("team-{}", number % 12))]),
        facets: BTreeMap::from([
            ("config".to_owned(), Facet::Known(config)),
            ("policy".to_owned(), Facet::Known(policy)),
            ("url".to_owned(), Facet::Absent),
        ]),
        relations: vec![
            relation(RelationName::ExecutesAs, format!("arn:aws:iam::{ACCOUNT}:role/{name}")),
            relation(
                RelationName::LogsTo,
                format!("arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/{name}"),
            ),
            relation(RelationName::UsesLayer, arn("layer:extensions:12")),
        ],
        carried: BTreeMap::new(),
        revision: None,
        name,
    }
}

/// Verdicts of which three in ten fail, half of those with evidence of their own; every `shift`-th resource differs.
fn evaluation(resources: &[Resource], shift: usize) -> Evaluation {
    let mut evaluation = Evaluation {
        account: AccountId::from(ACCOUNT),
        checks: (0..CHECKS).map(|check| CheckId::from(format!("aws-lambda-check-{check:02}"))).collect(),
        severities: (0..CHECKS).map(|check| Severity::ALL[check % 5]).collect(),
        resources: Vec::new(),
        verdicts: Vec::new(),
        not_applicable: BTreeMap::new(),
    };
    for (index, resource) in resources.iter().enumerate() {
        let turn = usize::from(shift > 0 && index % shift == 0);
        let exposure = if index % 20 == 0 { Exposure::Internet } else { Exposure::Internal };
        let facts = BTreeMap::from([
            (
                "grants".to_owned(),
                Fact::Known(json!([{"sid": format!("invoke-{index}"), "effect": "Allow",
                "actions": ["lambda:InvokeFunction"], "resources": [resource.uid], "public": false}])),
            ),
            ("exposure".to_owned(), Fact::Known(json!(exposure.as_str()))),
        ]);
        evaluation.resources.push(Judged { uid: resource.uid.clone(), exposure, facts });
        for check in 0..CHECKS {
            let status = match (index * 7 + check * 3 + turn) % 20 {
                0..=5 => Status::Fail,
                6 => Status::Unknown,
                _ => Status::Pass,
            };
            let found = if check % 2 == 0 { json!("PassThrough") } else { json!(resource.uid) };
            let detail = (status != Status::Pass).then(|| {
                let evidence = vec![Evidence { path: "config.TracingConfig.Mode".to_owned(), found }];
                Box::new(Detail { evidence, ..Detail::default() })
            });
            let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
            evaluation.verdicts.push(Verdict {
                resource: number(index),
                check: number(check),
                status,
                detail,
            });
        }
    }
    evaluation
}
