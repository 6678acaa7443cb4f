//! The figures of `docs/BENCHMARKS.md`, measured in one run and printed as one table beside what is aimed at.
//!
//! `just bench` builds the release binary first, then runs this: one account of 50,000 resources is judged and scanned,
//! then further accounts like it join the store until pages look at a million verdicts.
//! The first argument that is a number divides the size. Nothing here asserts a time: machines differ.

#[path = "figures/client.rs"]
mod client;
#[path = "figures/table.rs"]
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nephoscope_catalogue::Catalogue;
use nephoscope_model::score::Bucket;
use nephoscope_model::snapshot::SnapshotHeader;
use nephoscope_model::{AccountId, PackedResource, Shard, TargetName};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::{Court, evaluate};
use nephoscope_posture::score::score;
use nephoscope_posture::{Estate, EstateResource};
use nephoscope_scan::snapshot_file::write_file;

use client::Client;
use table::Table;

/// Resources of one account.
const RESOURCES: usize = 50_000;
/// Verdicts that pages look at, at least.
const VERDICTS: usize = 1_000_000;
/// Requests per page, after those that warm it up.
const REQUESTS: usize = 200;
/// Requests that are not measured.
const WARMING: usize = 10;

fn main() {
    let part = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let shards = sample(RESOURCES / part);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("bench.db");
    let mut table = Table::default();

    evaluation(&mut table, shards.clone());
    let function = shards
        .iter()
        .flat_map(|shard| &shard.resources)
        .find(|resource| resource.kind.as_str() == "aws.lambda.function" && !resource.relations.is_empty());
    let function = function.expect("the sample has functions").uid.to_string();
    let own = shards[0].key.account.clone();
    let mut shards = Some(shards);
    let (mut accounts, mut verdicts) = (0, 0);
    while verdicts < VERDICTS / part {
        let account = AccountId::from((accounts + 500_000_000_000_u64).to_string());
        let gathered = match shards.take() {
            Some(shards) => shards,
            None => moved(sample(RESOURCES / part), &own, &account),
        };
        let file = folder.path().join("account.nepho");
        let instant = "2026-11-16T02:00:00Z".parse().expect("an instant");
        let target = TargetName::from(format!("account-{accounts}"));
        write_file(&file, &SnapshotHeader { target, instant, finished: instant }, gathered)
            .expect("the snapshot can be written");
        let scan = scan_from(&file, &store);
        let seconds = format!("{:.2} s", scan.time.as_secs_f64());
        eprintln!("account {accounts}: {} verdicts in {seconds}", scan.verdicts);
        if accounts == 0 {
            let what = format!("scan --from, {:.1} MB file, {} verdicts", megabytes(&file), scan.verdicts);
            table.add(what, seconds, "10 s");
            let peak = format!("{:.0} MB", scan.peak as f64 / 1024.0);
            table.add("… its largest resident size", peak, "512 MB");
        }
        accounts += 1;
        verdicts += scan.verdicts;
    }
    table.add(format!("store of {accounts} accounts"), format!("{:.0} MB", megabytes(&store)), "–");
    pages(&mut table, &store, &function, verdicts);
    sizes(&mut table);
    table.print();
}

/// The sample estate, repeated to at least so many resources.
fn sample(resources: usize) -> Vec<Shard> {
    let estate = |repeat| nephoscope_sample::estate(repeat).expect("the sample is whole");
    let size = |repeat| estate(repeat).iter().map(|shard| shard.resources.len()).sum::<usize>();
    // What exists once for each account is not repeated.
    let (one, two) = (size(1), size(2));
    estate(1 + resources.saturating_sub(one).div_ceil(two - one))
}

/// The same shards as they would be in another account.
fn moved(shards: Vec<Shard>, from: &AccountId, to: &AccountId) -> Vec<Shard> {
    let text = |shard: Shard| serde_json::to_string(&shard).expect("a shard can be written as JSON");
    let place = |text: String| text.replace(from.as_str(), to.as_str());
    let read = |text: String| serde_json::from_str(&text).expect("what was written can be read");
    shards.into_iter().map(text).map(place).map(read).collect()
}

/// Verdicts a second on one core, the best of three runs over the whole estate as a scan judges it: what is said of a
/// resource is handed on before the next one is judged.
fn evaluation(table: &mut Table, shards: Vec<Shard>) {
    let catalogue = Catalogue::builtin().expect("the catalogue is whole");
    let account = shards[0].key.account.clone();
    let coverage = Vec::new();
    let mut resources: Vec<EstateResource> = shards
        .into_iter()
        .flat_map(|shard| shard.resources)
        .map(|resource| EstateResource { resource: resource.into(), stale_since: None })
        .collect();
    resources.sort_by(|a, b| a.resource.uid().cmp(b.resource.uid()));
    let last_known = BTreeMap::new();
    let instant = "2026-11-16T02:00:00Z".parse().expect("an instant");
    let estate =
        Estate { account, resources: &resources, coverage: &coverage, instant, last_known: &last_known };

    let begun = Instant::now();
    let derived = derive(&estate);
    let rate = resources.len() as f64 / begun.elapsed().as_secs_f64();
    table.add("derive facts", format!("{rate:.0} resources a second"), "–");

    let court = Court::of(&catalogue, instant);
    let rate = |resources: &[EstateResource]| {
        let estate = Estate { account: estate.account.clone(), resources, ..estate };
        let judge = || {
            let begun = Instant::now();
            let judged =
                resources.iter().zip(&derived.resources).enumerate().map(|(position, (held, of))| {
                    let said = court.judge(&estate, position, &held.resource.open(), &of.facts);
                    said.verdicts.len() + said.not_applicable.len()
                });
            judged.sum::<usize>() as f64 / begun.elapsed().as_secs_f64()
        };
        let best = (0..3).map(|_| judge()).fold(0.0, f64::max);
        format!("{best:.0} verdicts a second")
    };
    let what = format!("evaluate, {} resources × {} checks, one core", resources.len(), court.checks.len());
    table.add(what, rate(&resources), "500,000, goal 1,000,000");
    let packed: Vec<EstateResource> = resources.iter().map(packed).collect();
    table.add("… with opening the documents, packed as a scan holds them", rate(&packed), "–");

    let evaluation = evaluate(&estate, &derived, &catalogue);
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for verdict in &evaluation.verdicts {
        let exposure = evaluation.resources[verdict.resource as usize].exposure;
        *counts.entry((verdict.check, verdict.status, exposure)).or_default() += 1;
    }
    let buckets: Vec<Bucket> = counts
        .into_iter()
        .map(|((check, status, exposure), count)| Bucket {
            check: evaluation.checks[check as usize].clone(),
            severity: evaluation.severities[check as usize],
            status,
            exposure,
            count,
        })
        .collect();
    let begun = Instant::now();
    let score = score(&buckets);
    let time = begun.elapsed();
    assert!(score.posture.is_some(), "an estate with verdicts has a score");
    table.add(format!("score from {} buckets", buckets.len()), format!("{:.2} ms", millis(time)), "–");
}

fn packed(of: &EstateResource) -> EstateResource {
    let resource = PackedResource::from(of.resource.open().into_owned());
    EstateResource { resource: resource.into(), stale_since: of.stale_since }
}

/// What a run of `scan --from` came to.
struct Scan {
    time: Duration,
    /// The largest resident size in kB that the system saw.
    peak: u64,
    verdicts: usize,
}

fn scan_from(file: &Path, store: &Path) -> Scan {
    let begun = Instant::now();
    let mut child = program(store)
        .args(["scan", "--from"])
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak = 0;
    // The summary is short: the pipe holds it until the program has ended.
    let ended = loop {
        peak = peak.max(resident_peak(&child));
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let time = begun.elapsed();
    assert!(ended.success(), "scan --from ended with {ended}");
    let summary = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
    let counts = summary.map(|line| line.expect("a summary is text")).find(|line| line.ends_with(" unknown"));
    let counts = counts.expect("the summary counts verdicts");
    let verdicts = counts.split([' ', ',']).filter_map(|word| word.parse::<usize>().ok()).sum();
    Scan { time, peak, verdicts }
}

/// The peak resident size in kB that Linux keeps for a process.
fn resident_peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Time to first byte of pages over everything stored, on one connection that is kept.
fn pages(table: &mut Table, store: &Path, function: &str, verdicts: usize) {
    let mut child = program(store)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("standard output is piped");
    BufReader::new(stdout).read_line(&mut line).expect("the server says where it is");
    let address = line.trim().trim_end_matches('/').rsplit("http://").next().unwrap_or_default();
    let mut client = Client::connect(address);
    table.heading(format!("first byte over {verdicts} current verdicts, {REQUESTS} requests"));
    let resource = format!("/inventory/resource?uid={function}");
    for (what, path, aim) in [
        ("overview", "/", "p95 100 ms"),
        ("findings, first page", "/findings", "p95 150 ms"),
        ("… of any status", "/findings?status=all", "p95 150 ms"),
        ("… one by one, failed, high", "/findings?group=nothing&severity=high&status=FAIL", "p95 150 ms"),
        ("… one region and service", "/findings?region=eu-west-1&service=lambda", "p95 150 ms"),
        ("… with a text that many have", "/findings?query=checkout", "p95 150 ms"),
        ("… with a text that nothing has", "/findings?query=no-such-text", "p95 150 ms"),
        ("inventory, first page", "/inventory", "–"),
        ("… with a text that many have", "/inventory?query=checkout", "–"),
        ("one resource", resource.as_str(), "–"),
        ("checks", "/checks", "–"),
        ("compliance", "/compliance", "–"),
    ] {
        for _ in 0..WARMING {
            client.first_byte(path);
        }
        let mut times: Vec<Duration> = (0..REQUESTS).map(|_| client.first_byte(path)).collect();
        times.sort();
        let at = |percent: usize| millis(times[(REQUESTS * percent).div_ceil(100) - 1]);
        let measured = format!("p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", at(50), at(95), at(99));
        eprintln!("{path}: {measured}");
        table.add(format!("{what} (`{}`)", path.split("?uid=").next().unwrap_or(path)), measured, aim);
    }
    table.add(
        "largest resident size of the server",
        format!("{:.0} MB", resident_peak(&child) as f64 / 1024.0),
        "–",
    );
    child.kill().expect("the server can be ended");
    child.wait().expect("the server ends");
}

fn sizes(table: &mut Table) {
    table.add("binary", format!("{:.1} MB", megabytes(&binary())), "60 MB");
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/dist");
    // Without `just wasm` there is nothing to weigh.
    if let Ok(bytes) = fs::read(dist.join("nephoscope_bg.wasm")) {
        let mut packed = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
        brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters).expect("memory takes the bytes");
        let (whole, packed) = (bytes.len() as f64 / 1e3, packed.len() as f64 / 1e3);
        table.add("wasm of the first page", format!("{whole:.0} kB, {packed:.0} kB brotli"), "300 kB brotli");
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn megabytes(path: &Path) -> f64 {
    fs::metadata(path).map_or(0.0, |file| file.len() as f64 / 1e6)
}

fn program(store: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("--store").arg(format!("sqlite:{}", store.display()));
    command
}

/// The binary of the same build beside this bench.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("a bench knows where it is");
    let path =
        here.ancestors().nth(2).expect("benches are built into target/release/deps").join("nephoscope");
    assert!(path.exists(), "{} is missing: `just bench` builds it", path.display());
    path
}
