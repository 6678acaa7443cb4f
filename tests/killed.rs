//! Scans of a cloud that are killed by the hundred, anywhere, and end as one that was not.
//!
//! The program itself takes a second to load its catalogue where it was built for debugging. Here each scan is a
//! process of this test's own: the same rooms put together as the program does it, with a handful of checks.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nephoscope_catalogue::Catalogue;
use nephoscope_collect::{AwsOptions, RegionChoice};
use nephoscope_model::api::ScanEvent;
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::snapshot::SnapshotHeader;
use nephoscope_model::{Region, ScanId, Status, TargetName};
use nephoscope_scan::snapshot_file::write_file;
use nephoscope_scan::{Progress, Request, Target, TargetAccess};
use nephoscope_simulator::{Cloud, Estate, Misbehaviour, REGION};
use nephoscope_store::sqlite::SqliteStore;
use nephoscope_store::{BucketKey, FindingOrder, Store};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::architecture::root;
use crate::interruption::{Chance, Moment, moment};

/// This test, as its own binary knows it.
const NAME: &str = "killed::killed_at_any_instant_a_scan_of_a_cloud_ends_as_one_that_was_not";
/// What tells a process that it is one of those that are killed: what to scan.
const ORDER: &str = "NEPHOSCOPE_TEST_SCAN";
/// How many scans are left half done, …
const SCANS: usize = 46;
/// … and how often each of them is killed, before it may end.
const KILLS: usize = 4;
/// Where the random instants begin: the same ones on every run, as far as a clock allows.
const SEED: u64 = 3;
/// Two nights; the second has something to end and something to carry over.
const NIGHTS: [&str; 2] = ["2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z"];
/// Folders and checks: some that need one resource, some that need many.
const CHECKS: [&str; 7] = [
    "aws/lambda/policy-public",
    "aws/lambda/role-admin",
    "aws/lambda/env-secret",
    "aws/lambda/concurrency-unreserved",
    "aws/lambda/log-retention-unset",
    "aws/apigw/access-log-off",
    "aws/sqs/unencrypted",
];

/// What one of the processes scans.
struct Order<'a> {
    endpoint: &'a str,
    folder: &'a Path,
    store: String,
    night: usize,
}

#[test]
fn killed_at_any_instant_a_scan_of_a_cloud_ends_as_one_that_was_not() {
    if let Ok(order) = std::env::var(ORDER) {
        let parts: Vec<&str> = order.split('|').collect();
        let [endpoint, folder, store, night] = parts[..] else { panic!("{order}") };
        let (folder, store, night) = (Path::new(folder), store.to_owned(), night.parse().unwrap());
        return scan(&Order { endpoint, folder, store, night });
    }
    let folder = tempfile::tempdir().unwrap();
    for check in CHECKS {
        let (from, to) = [root().join("checks"), folder.path().join("checks")]
            .map(|root| root.join(format!("{check}.yaml")))
            .into();
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read_to_string(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        // The frameworks are not copied with them.
        let lines = text.lines().filter(|line| !line.starts_with("frameworks:"));
        fs::write(to, lines.collect::<Vec<_>>().join("\n")).unwrap();
    }
    let runtime = Runtime::new().unwrap();
    let estate = Estate::of_functions(4).with_rest_apis(1);
    let cloud = runtime.block_on(Cloud::start(estate.clone(), Misbehaviour::default()));
    let endpoint = cloud.endpoint();
    let order = |store: &str, night| Order {
        endpoint: &endpoint,
        folder: folder.path(),
        store: store.to_owned(),
        night,
    };
    end(&order("old", 0));
    cloud.show(estate.with_changes(2));

    begin(folder.path(), "whole");
    let pauses = pauses(&order("whole", 1));
    assert!(pauses.len() > 10, "{pauses:?}");
    let whole = runtime.block_on(essence(folder.path(), "whole"));

    let mut chance = Chance(SEED);
    let moments: Vec<Vec<Moment>> = (0..SCANS).map(|_| chain(&mut chance, &pauses)).collect();
    let (next, halves) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let rounds = || {
        while let round = next.fetch_add(1, Ordering::Relaxed)
            && let Some(moments) = moments.get(round)
        {
            let store = format!("killed{round}");
            begin(folder.path(), &store);
            for moment in moments {
                halves.fetch_add(usize::from(kill(&order(&store, 1), moment)), Ordering::Relaxed);
            }
            end(&order(&store, 1));
            let same = runtime.block_on(essence(folder.path(), &store)) == whole;
            assert!(same, "{store}.db, killed at {moments:?}, is not that of a whole scan");
        }
    };
    // Two at a time: one waits while the other computes.
    thread::scope(|scope| {
        scope.spawn(rounds);
        scope.spawn(rounds);
    });
    let halves = halves.into_inner();
    assert!(halves * 2 > SCANS * KILLS, "only {halves} were killed while they read or judged");
}

/// One scan, as the program puts it together. It says what it has committed.
fn scan(order: &Order<'_>) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open_writer(&url(order.folder, &order.store)).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let catalogue = Arc::new(Catalogue::from_folders(&[order.folder.join("checks")]).unwrap());
        let mut options = AwsOptions::new([7; 32]);
        options.asking.endpoint_url = Some(order.endpoint.to_owned());
        options.regions = RegionChoice::Named(vec![Region::from(REGION)]);
        options.asking.budget = 1.0;
        let access = TargetAccess::Aws(Box::new(options));
        let target = Target { name: TargetName::from("aws"), access, schedule: None };
        let source = target.connect().await.unwrap();
        let id = ScanId::of(&target.name, instant(order.night));
        if store.scan_fetch(&id).await.unwrap().is_some_and(|scan| scan.state == ScanState::Finished) {
            // It was killed after its end, and is not to be scanned again.
            return;
        }
        let progress = Progress::default();
        let (_, mut events) = progress.listen();
        tokio::spawn(async move {
            while let Ok(event) = events.recv().await {
                if let ScanEvent::ShardDone { done, .. } = event {
                    eprintln!("committed {done}");
                }
            }
        });
        let request =
            Request { target: target.name.clone(), origin: Origin::Command, instant: instant(order.night) };
        let stop = CancellationToken::new();
        nephoscope_scan::run(&store, &catalogue, &*source, &request, &progress, &stop).await.unwrap();
    });
}

fn instant(night: usize) -> Timestamp {
    NIGHTS[night].parse().unwrap()
}

fn url(folder: &Path, store: &str) -> String {
    format!("sqlite:{}", folder.join(format!("{store}.db")).display())
}

/// Gives a scan a store in which the night before is judged already.
fn begin(folder: &Path, store: &str) {
    fs::copy(folder.join("old.db"), folder.join(format!("{store}.db"))).unwrap();
}

/// Starts a scan; its lines are how many shards are committed, each as it is.
fn start(order: &Order<'_>) -> (Child, impl Iterator<Item = usize> + use<>) {
    let told = format!("{}|{}|{}|{}", order.endpoint, order.folder.display(), order.store, order.night);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--nocapture"]).env_clear().env(ORDER, told);
    command.envs([("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")]);
    command.envs([("AWS_EC2_METADATA_DISABLED", "true")]).env("HOME", order.folder);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.filter_map(|line| {
        let committed = line.strip_prefix("committed ").and_then(|number| number.parse().ok());
        if committed.is_none() {
            // Why a scan failed, where one did.
            eprintln!("{line}");
        }
        committed
    });
    (child, said)
}

/// Runs a scan to its end.
fn end(order: &Order<'_>) {
    pauses(order);
}

/// Runs a scan to its end, and tells how long each shard took to be committed, and how long the rest took.
fn pauses(order: &Order<'_>) -> Vec<Duration> {
    let mut last = Instant::now();
    let mut pause = || {
        let passed = last.elapsed();
        last += passed;
        passed
    };
    let (mut child, lines) = start(order);
    let mut pauses: Vec<Duration> = lines.map(|_| pause()).collect();
    assert!(child.wait().unwrap().success(), "{}", order.store);
    pauses.push(pause());
    pauses
}

/// When a scan is killed, again and again: each time it has come further.
fn chain(chance: &mut Chance, pauses: &[Duration]) -> Vec<Moment> {
    let mut moments: Vec<Moment> = (0..KILLS).map(|round| moment(chance, pauses, round)).collect();
    moments.sort_by_key(|moment| (moment.committed, moment.after));
    moments
}

/// Runs a scan and kills it at `moment`; true where it was not at its end by then.
fn kill(order: &Order<'_>, moment: &Moment) -> bool {
    let (mut child, mut lines) = start(order);
    if moment.committed > 0 {
        lines.find(|done| *done >= moment.committed);
    }
    thread::sleep(moment.after);
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

/// All that can be seen of a store: every resource, as an export gives it, and every verdict.
async fn essence(folder: &Path, name: &str) -> (Vec<u8>, String) {
    let store = SqliteStore::open_reader(&url(folder, name)).unwrap();
    let view = store.view_fetch(&[], &AsOf::Latest).await.unwrap();
    let [entry] = view.entries.as_slice() else { panic!("{name}: {view:?}") };
    assert_eq!(entry.scan, ScanId::of(&entry.target, instant(1)), "{name} has not ended");
    let mut shards = Vec::new();
    for row in store.coverage_list(&entry.scan).await.unwrap() {
        shards.extend(store.shard_fetch(&view, &row.shard).await.unwrap());
    }
    shards.sort_by(|one, other| one.key.cmp(&other.key));
    // When it ended is not the same twice.
    let header =
        SnapshotHeader { target: entry.target.clone(), instant: entry.started, finished: entry.started };
    let path = folder.join(format!("{name}.nepho"));
    write_file(&path, &header, shards).unwrap();

    let rollups = store.rollup_list(&view).await.unwrap();
    let buckets: BTreeSet<BucketKey> = rollups
        .iter()
        .map(|rollup| BucketKey {
            check: rollup.bucket.check.clone(),
            status: rollup.bucket.status,
            exposure: rollup.bucket.exposure,
        })
        .collect();
    let order = FindingOrder::Buckets(buckets.into_iter().collect());
    let findings = store.finding_list(&view, &Filter::default(), &order, None, 10_000).await.unwrap().rows;
    let keys: BTreeSet<_> = findings.iter().map(|row| &row.key).collect();
    let counted: u64 = rollups.iter().map(|rollup| rollup.bucket.count).sum();
    assert!(keys.len() > 10 && keys.len() == findings.len(), "{name}: a finding stands twice");
    assert_eq!(counted, findings.len() as u64, "{name}: what is counted is not what is there");
    assert!(findings.iter().any(|row| row.status == Status::Fail), "{name}");
    let mut said = format!("{rollups:#?}");
    for row in &findings {
        said += &format!("{row:#?}{:#?}", store.finding_history(&row.key).await.unwrap());
    }
    (fs::read(path).unwrap(), said)
}
