//! The figures of `docs/BENCHMARKS.md`, measured in one run on the sample estate repeated to 50,000 resources.
//!
//! `just bench` builds the release binary first, then runs this. Nothing here asserts a time: machines differ.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nephoscope_catalogue::Catalogue;
use nephoscope_model::score::Bucket;
use nephoscope_model::snapshot::SnapshotHeader;
use nephoscope_model::{Shard, TargetName};
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::evaluate;
use nephoscope_posture::score::score;
use nephoscope_posture::{Estate, EstateResource};
use nephoscope_scan::snapshot_file::write_file;

/// Resources that the figures ask for.
const RESOURCES: usize = 50_000;
/// Requests per page.
const REQUESTS: usize = 200;

fn main() {
    let shards = sample();
    let resources: usize = shards.iter().map(|shard| shard.resources.len()).sum();
    println!("sample estate repeated to {resources} resources");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("estate.nepho");
    let instant = "2026-11-16T02:00:00Z".parse().expect("an instant");
    let header = SnapshotHeader { target: TargetName::from("web-shop"), instant, finished: instant };
    write_file(&file, &header, shards.clone()).expect("the snapshot can be written");
    println!("snapshot file: {:.1} MB", megabytes(&file));

    evaluation(shards);
    let store = folder.path().join("bench.db");
    scan_from(&file, &store);
    println!("store: {:.1} MB", megabytes(&store));
    pages(&store);
    sizes();
}

fn sample() -> Vec<Shard> {
    let one: usize =
        nephoscope_sample::estate(1).expect("the sample is whole").iter().map(|s| s.resources.len()).sum();
    nephoscope_sample::estate(RESOURCES.div_ceil(one)).expect("the sample is whole")
}

/// Verdicts a second on one core: the best of three runs over the whole estate, derive and evaluate apart.
fn evaluation(shards: Vec<Shard>) {
    let catalogue = Catalogue::builtin().expect("the catalogue is whole");
    let account = shards[0].key.account.clone();
    let coverage = Vec::new();
    let mut resources: Vec<EstateResource> = shards
        .into_iter()
        .flat_map(|shard| shard.resources)
        .map(|resource| EstateResource { resource, stale_since: None })
        .collect();
    resources.sort_by(|a, b| a.resource.uid.cmp(&b.resource.uid));
    let last_known = BTreeMap::new();
    let instant = "2026-11-16T02:00:00Z".parse().expect("an instant");
    let estate =
        Estate { account, resources: &resources, coverage: &coverage, instant, last_known: &last_known };

    let begun = Instant::now();
    let derived = derive(&estate);
    println!("derive: {:.2} s", begun.elapsed().as_secs_f64());
    let mut best = Duration::MAX;
    let mut evaluation = evaluate(&estate, &derived, &catalogue);
    for _ in 0..3 {
        let begun = Instant::now();
        evaluation = evaluate(&estate, &derived, &catalogue);
        best = best.min(begun.elapsed());
    }
    let verdicts = evaluation.verdicts.len();
    let judged = verdicts as u64 + evaluation.not_applicable.values().sum::<u64>();
    let rate = judged as f64 / best.as_secs_f64();
    println!(
        "evaluate: {judged} check × resource verdicts ({verdicts} that apply) in {:.2} s: {rate:.0} a second",
        best.as_secs_f64()
    );

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
    let posture = score.posture.map_or_else(|| "none".to_owned(), |points| points.rounded(1));
    println!(
        "score: {posture} from {} buckets in {:.2} ms",
        buckets.len(),
        begun.elapsed().as_secs_f64() * 1e3
    );
}

/// `scan --from`, with the largest resident size that the system saw.
fn scan_from(file: &Path, store: &Path) {
    let begun = Instant::now();
    let mut child = program(store)
        .args(["scan", "--from"])
        .arg(file)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak = 0;
    let ended = loop {
        peak = peak.max(resident_peak(&child));
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(ended.success(), "scan --from ended with {ended}");
    println!(
        "scan --from: {:.2} s, at most {:.0} MB resident",
        begun.elapsed().as_secs_f64(),
        peak as f64 / 1024.0
    );
}

/// The peak resident size in kB that Linux keeps for a process.
fn resident_peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Time to first byte of pages over the stored estate.
fn pages(store: &Path) {
    let mut child = program(store)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("standard output is piped");
    BufReader::new(stdout).read_line(&mut line).expect("the server says where it is");
    let address = line.trim().trim_end_matches('/').rsplit("http://").next().unwrap_or_default().to_owned();
    for path in [
        "/",
        "/findings",
        "/findings?group=nothing&severity=high",
        "/findings?status=all",
        "/inventory",
        "/checks",
    ] {
        let mut times: Vec<Duration> = (0..REQUESTS).map(|_| first_byte(&address, path)).collect();
        times.sort();
        let millis = |share: f64| times[((REQUESTS - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!("{path}: first byte p50 {:.1} ms, p95 {:.1} ms", millis(0.5), millis(0.95));
    }
    child.kill().expect("the server can be ended");
    child.wait().expect("the server ends");
}

fn first_byte(address: &str, path: &str) -> Duration {
    let mut stream = TcpStream::connect(address).expect("the server answers");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let begun = Instant::now();
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("the answer begins");
    let time = begun.elapsed();
    assert_eq!(&first, b"HTTP/1.1 200", "{path}");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the answer ends");
    time
}

fn sizes() {
    println!("binary: {:.1} MB", megabytes(&binary()));
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/dist");
    for name in ["nephoscope_bg.wasm", "nephoscope.js"] {
        let Ok(bytes) = fs::read(dist.join(name)) else { continue };
        let mut packed = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
        brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters).expect("memory takes the bytes");
        println!("{name}: {:.1} kB, {:.1} kB brotli", bytes.len() as f64 / 1e3, packed.len() as f64 / 1e3);
    }
}

fn megabytes(path: &Path) -> f64 {
    fs::metadata(path).map_or(0.0, |file| file.len() as f64 / 1e6)
}

fn program(store: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("--store").arg(format!("sqlite:{}", store.display()));
    command
}

/// The release binary beside this bench.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("a bench knows where it is");
    let path =
        here.ancestors().nth(2).expect("benches are built into target/release/deps").join("nephoscope");
    assert!(path.exists(), "{} is missing: `just bench` builds it", path.display());
    path
}
