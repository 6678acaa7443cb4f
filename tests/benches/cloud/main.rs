//! What scans of a cloud cost: time beside the floor that the quotas set, memory, and calls of the night after.
//!
//! `just bench-cloud` builds the release binary first and takes about twenty minutes, because the published quotas are
//! kept: one call of `GetPolicy` for each function, at 15 a second. An argument names one part; without, all are run.

mod providers;
mod run;
#[path = "../figures/table.rs"]
mod table;

use std::time::Duration;

use nephoscope_simulator::{Cloud, Estate, Misbehaviour, Seen};
use tokio::runtime::Runtime;

use providers::{azure, fn_project, google, together};
use run::{Ran, run};
use table::Table;

/// A part by name.
type Part = (&'static str, fn(&mut Table));

const PARTS: &[Part] = &[
    ("nights", nights),
    ("half", half_budget),
    ("organization", organization),
    ("large", large),
    ("azure", azure),
    ("google", google),
    ("fn", fn_project),
    ("together", together),
];

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
        let endpoint = self.cloud.endpoint();
        let variables = [
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", &endpoint),
        ];
        let Ran { time, floor, peak } = run(self.folder.path(), &["scan", "--budget", budget], &variables);
        Scan { time, floor, peak, seen: self.cloud.seen() }
    }
}

fn per(seen: &Seen, service: &str, things: u64) -> String {
    let calls: u64 =
        seen.calls.iter().filter(|(api, _)| api.starts_with(service)).map(|(_, count)| count).sum();
    format!("{:.2}", calls as f64 / things as f64)
}

pub(crate) fn throttled(seen: &Seen) -> u64 {
    seen.throttled.values().sum()
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

pub(crate) fn megabytes(kilobytes: u64) -> String {
    format!("{:.0} MB", kilobytes as f64 / 1024.0)
}
