//! Azure, Google Cloud and Fn Project at their published limits, alone and side by side.

use std::fs;

use nephoscope_simulator::{
    AZURE_TENANT, AzureEstate, AzureServer, Cloud, Estate, FnEstate, FnServer, GoogleEstate, GoogleServer,
    Misbehaviour, Seen,
};
use tokio::runtime::Runtime;

use crate::run::{Ran, run};
use crate::table::Table;
use crate::{megabytes, seconds, throttled};

const SEED: u64 = 7;
const FN_FUNCTIONS: u64 = 10_000;

/// A thousand function apps in fifty subscriptions.
pub fn azure(table: &mut Table) {
    let runtime = Runtime::new().expect("the system gives threads");
    let server = runtime.block_on(AzureServer::start(AzureEstate::seeded(SEED, 50, 1_000), quotas()));
    let folder = folder(&[of_azure(&server.endpoint())]);
    let Ran { time, floor, peak } = run(folder.path(), &["scan", "--budget", "1"], &[]);
    let seen = server.seen();
    table.heading("1,000 function apps in 50 subscriptions of Azure");
    table.add("first scan at the whole quotas", seconds(time), "–");
    table.add("… the floor that the quotas set", floor, "–");
    table.add("… calls per app", per(&seen, 1_000), "–");
    table.add("… calls refused as too many", throttled(&seen).to_string(), "–");
    table.add("… largest resident size", megabytes(peak), "256 MB");
}

/// A project with a hundred thousand assets, a thousand of them functions.
pub fn google(table: &mut Table) {
    let runtime = Runtime::new().expect("the system gives threads");
    let server =
        runtime.block_on(GoogleServer::start(GoogleEstate::seeded(SEED, 1, 1_000, 100_000), quotas()));
    let endpoint = server.endpoint();
    let folder = folder(&[of_google(&endpoint)]);
    let variables = [("GCE_METADATA_HOST", endpoint.trim_start_matches("http://"))];
    let Ran { time, floor, peak } = run(folder.path(), &["scan", "--budget", "1"], &variables);
    let seen = server.seen();
    table.heading("100,000 assets of Google Cloud, 1,000 of them functions");
    table.add("first scan at the whole quotas", seconds(time), "–");
    table.add("… the floor that the quotas set", floor, "–");
    table.add("… calls per function", per(&seen, 1_000), "1.2");
    table.add("… calls refused as too many", throttled(&seen).to_string(), "–");
    table.add("… largest resident size", megabytes(peak), "–");
}

/// Ten thousand functions of a Fn server.
pub fn fn_project(table: &mut Table) {
    let runtime = Runtime::new().expect("the system gives threads");
    let estate = FnEstate::seeded(SEED, 100, FN_FUNCTIONS as usize);
    let server = runtime.block_on(FnServer::start(estate, quotas()));
    let folder = folder(&[of_fn(&server.endpoint())]);
    let Ran { time, floor, peak } = run(folder.path(), &["scan", "--budget", "1"], &[]);
    table.heading("10,000 functions of Fn Project in 100 apps");
    table.add("first scan", seconds(time), "20 s");
    table.add("… the floor that the rate sets", floor, "–");
    table.add("… calls", server.seen().total().to_string(), "–");
    table.add("… largest resident size", megabytes(peak), "128 MB");
}

/// One target of each provider, alone and all at once.
pub fn together(table: &mut Table) {
    let runtime = Runtime::new().expect("the system gives threads");
    let aws = runtime.block_on(Cloud::start(Estate::of_functions(300), quotas()));
    let azure = runtime.block_on(AzureServer::start(AzureEstate::seeded(SEED, 10, 200), quotas()));
    let google = runtime.block_on(GoogleServer::start(GoogleEstate::seeded(SEED, 2, 200, 2_000), quotas()));
    let server = runtime.block_on(FnServer::start(FnEstate::seeded(SEED, 20, 1_000), quotas()));
    let (of_aws, metadata) = (of_aws(&aws.endpoint()), google.endpoint());
    let variables = [
        ("GCE_METADATA_HOST", metadata.trim_start_matches("http://")),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
    ];
    let sections =
        [of_aws, of_azure(&azure.endpoint()), of_google(&google.endpoint()), of_fn(&server.endpoint())];
    table.heading("One target of each provider");
    let mut longest = std::time::Duration::ZERO;
    for (section, name) in sections.iter().zip(["aws", "azure", "google", "fn"]) {
        let alone = folder(std::slice::from_ref(section));
        let Ran { time, .. } = run(alone.path(), &["scan", "--budget", "1"], &variables);
        table.add(format!("{name} alone"), seconds(time), "–");
        longest = longest.max(time);
    }
    let all = folder(&sections);
    let Ran { time, .. } = run(all.path(), &["scan", "--budget", "1"], &variables);
    table.add("all four at once", seconds(time), seconds(longest.mul_f64(1.1)));
}

fn quotas() -> Misbehaviour {
    Misbehaviour::default().with_quotas()
}

/// A folder with a configuration of these targets.
fn folder(targets: &[String]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("nephoscope.toml"), targets.concat())
        .expect("the configuration can be written");
    fs::write(folder.path().join("secret"), "bench").expect("the secret can be written");
    folder
}

fn of_aws(endpoint: &str) -> String {
    format!(
        "[[target]]\nname = \"aws\"\nprovider = \"aws\"\nregions = [\"eu-west-1\"]\nendpoint_url = \"{endpoint}\"\n"
    )
}

fn of_azure(endpoint: &str) -> String {
    format!(
        "[[target]]\nname = \"azure\"\nprovider = \"azure\"\nauth = \"secret\"\ntenant = \"{AZURE_TENANT}\"\n\
         client_id = \"{AZURE_TENANT}\"\nclient_secret_file = \"secret\"\nendpoint_url = \"{endpoint}\"\n"
    )
}

fn of_google(endpoint: &str) -> String {
    format!("[[target]]\nname = \"google\"\nprovider = \"gcp\"\nendpoint_url = \"{endpoint}\"\n")
}

fn of_fn(endpoint: &str) -> String {
    format!(
        "[[target]]\nname = \"fn\"\nprovider = \"fn\"\napi_url = \"https://fn.example.com\"\nendpoint_url = \"{endpoint}\"\n"
    )
}

fn per(seen: &Seen, things: u64) -> String {
    format!("{:.2}", seen.total() as f64 / things as f64)
}
