//! What scans of a cloud cost: time beside the floor that the quotas set, memory, and calls of the night after.
//!
//! `just bench-cloud` builds the release binary first and takes about twenty minutes, because the published quotas are
//! kept: one call of `GetPolicy` for each function, at 15 a second. An argument names one part; without, all are run.

#[path = "figures/table.rs"]
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nephoscope_simulator::{Cloud, Estate, Misbehaviour, Seen};
use tokio::runtime::Runtime;

use table::Table;

/// A part by name.
type Part = (&'static str, fn(&mut Table));

const PARTS: &[Part] =
    &[("nights", nights), ("half", half_budget), ("organization", organization), ("large", large)];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut table = Table::default();
    for (name, part) in PARTS {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            part(&mut table);
        }
    }
    table.print();
}

/// A first night at the whole quotas, and the one after with every fiftieth function changed.
fn nights(table: &mut Table) {
    let estate = Estate::of_functions(1_000).with_rest_apis(100);
    let story = Story::begin(estate.clone());
    let first = story.scan("1");
    table.heading("1,000 functions and 100 REST APIs with 150 stages");
    table.add("first scan at the whole quotas", seconds(first.time), "–");
    table.add("… the floor that the quotas set", first.floor.clone(), "80 s");
    table.add("… Lambda calls per function", per(&first.seen, "lambda:", 1_000), "3.2");
    table.add("… API Gateway calls per REST API", per(&first.seen, "apigateway:", 100), "2.6");
    table.add("… calls refused as too many", throttled(&first.seen).to_string(), "–");
    story.cloud.show(estate.with_changes(20));
    let second = story.scan("1");
    table.add("the night after, 2 % changed", seconds(second.time), "–");
    let share = 100.0 * second.seen.total() as f64 / first.seen.total() as f64;
    table.add("… calls of the first night", format!("{share:.0} %"), "33 %");
    table.add("… Lambda calls per function", per(&second.seen, "lambda:", 1_000), "1.3");
}

/// The same first night at half of the quotas, which is what a scan uses unless told otherwise.
fn half_budget(table: &mut Table) {
    let story = Story::begin(Estate::of_functions(1_000).with_rest_apis(100));
    let scan = story.scan("0.5");
    table.add("first scan at half of the quotas", seconds(scan.time), "–");
    table.add("… the floor that half of the quotas sets", scan.floor, "–");
}

/// Fifty accounts side by side against one of the same size.
fn organization(table: &mut Table) {
    let estate = Estate::of_functions(200);
    let one = Story::begin(estate.clone()).scan("1");
    let accounts: Vec<String> =
        (0..50).map(|number| format!("{:012}", 200_000_000_000_u64 + number)).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let story = Story::begin(estate.with_accounts(&accounts));
    let text = "[[target]]\nname = \"aws\"\nprovider = \"aws\"\nregions = [\"eu-west-1\"]\norganization = {role_name = \"nephoscope\"}\n";
    std::fs::write(story.folder.path().join("nephoscope.toml"), text)
        .expect("the configuration can be written");
    let all = story.scan("1");
    table.add("one account of 200 functions", seconds(one.time), "–");
    table.add("fifty such accounts side by side", seconds(all.time), seconds(one.time.mul_f64(1.1)));
    table.add("… largest resident size", megabytes(all.peak), "256 MB");
}

/// An account that is ten times as large.
fn large(table: &mut Table) {
    let scan = Story::begin(Estate::of_functions(10_000)).scan("1");
    table.add("first scan of 10,000 functions", seconds(scan.time), scan.floor);
    table.add("… largest resident size", megabytes(scan.peak), "256 MB");
}

struct Story {
    _runtime: Runtime,
    cloud: Cloud,
    folder: tempfile::TempDir,
}

struct Scan {
    time: Duration,
    /// The floor as the program prints it.
    floor: String,
    /// Kilobytes.
    peak: u64,
    seen: Seen,
}

impl Story {
    fn begin(estate: Estate) -> Self {
        let runtime = Runtime::new().expect("the system gives threads");
        let cloud = runtime.block_on(Cloud::start(estate, Misbehaviour::default().with_quotas()));
        Self { _runtime: runtime, cloud, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn scan(&self, budget: &str) -> Scan {
        self.cloud.forget();
        let begun = Instant::now();
        let child = Command::new(binary())
            .args(["scan", "--budget", budget])
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ENDPOINT_URL", self.cloud.endpoint())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let pid = child.id();
        let watch = std::thread::spawn(move || peak_of(pid));
        let output = child.wait_with_output().expect("the program ends");
        let time = begun.elapsed();
        let text = [&output.stdout, &output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .concat();
        assert_eq!(output.status.code(), Some(0), "{text}");
        let floor =
            text.lines().find_map(|line| line.split_once("at least ")).map(|(_, floor)| floor.to_owned());
        let peak = watch.join().expect("the watch ends with the program");
        Scan { time, floor: floor.unwrap_or_else(|| "not said".to_owned()), peak, seen: self.cloud.seen() }
    }
}

/// The largest resident size that the process ever had, in kilobytes, read until it ends.
fn peak_of(pid: u32) -> u64 {
    let status = PathBuf::from(format!("/proc/{pid}/status"));
    let mut peak = 0;
    while let Some(now) = high_water(&status) {
        peak = peak.max(now);
        std::thread::sleep(Duration::from_millis(100));
    }
    peak
}

fn high_water(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn per(seen: &Seen, service: &str, things: u64) -> String {
    let calls: u64 =
        seen.calls.iter().filter(|(api, _)| api.starts_with(service)).map(|(_, count)| count).sum();
    format!("{:.2}", calls as f64 / things as f64)
}

fn throttled(seen: &Seen) -> u64 {
    seen.throttled.values().sum()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn megabytes(kilobytes: u64) -> String {
    format!("{:.0} MB", kilobytes as f64 / 1024.0)
}

/// The release binary, beside the bench's own.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("a bench knows where it is");
    let folder = here.ancestors().nth(2).expect("benches are built into target/release/deps");
    let path = folder.join("nephoscope");
    assert!(path.exists(), "{} is missing: `just bench-cloud` builds it", path.display());
    path
}
