//! The recorded part of the sample: what a scan gathers of the simulated clouds in `backend/sample/clouds` is what
//! stands in `backend/sample/recorded`. `just generate` records anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use futures::StreamExt;
use nephoscope_model::Shard;
use nephoscope_scan::snapshot_file::SnapshotFile;
use nephoscope_scan::source::{Given, Source};
use nephoscope_simulator::{
    AZURE_TENANT, AzureEstate, AzureServer, FnEstate, FnServer, GoogleEstate, GoogleServer, Misbehaviour,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::architecture::root;
use crate::program::Program;

fn sample() -> PathBuf {
    root().join("backend/sample")
}

fn cloud(name: &str) -> Value {
    let path = sample().join("clouds").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn azure_is_as_it_was_recorded() {
    let runtime = Runtime::new().unwrap();
    let estate = AzureEstate::planted(&cloud("azure.json")).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let server = runtime.block_on(AzureServer::start(estate, Misbehaviour::default()));
    let options = format!(
        "provider = \"azure\"\nauth = \"secret\"\ntenant = \"{AZURE_TENANT}\"\nclient_id = \"{AZURE_TENANT}\"\n\
         client_secret_file = \"secret\"\ntier = \"code\"\nendpoint_url = \"{}\"\n",
        server.endpoint()
    );
    compare(&runtime, "azure", &options, &[]);
    assert_eq!(server.seen().unknown.keys().collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn google_cloud_is_as_it_was_recorded() {
    let runtime = Runtime::new().unwrap();
    let estate = GoogleEstate::planted(&cloud("gcp.json")).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let server = runtime.block_on(GoogleServer::start(estate, Misbehaviour::default()));
    let endpoint = server.endpoint();
    let metadata = endpoint.trim_start_matches("http://").to_owned();
    let options = format!("provider = \"gcp\"\nendpoint_url = \"{endpoint}\"\n");
    compare(&runtime, "gcp", &options, &[("GCE_METADATA_HOST", &metadata)]);
    assert_eq!(server.seen().unknown.keys().collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn fn_project_is_as_it_was_recorded() {
    let runtime = Runtime::new().unwrap();
    let estate = FnEstate::planted(&cloud("fn.json")).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let server = runtime.block_on(FnServer::start(estate, Misbehaviour::default()));
    let options = format!(
        "provider = \"fn\"\napi_url = \"https://fn.lindenmarkt.example\"\ntoken_file = \"secret\"\nserver_facts = \"{}\"\nendpoint_url = \"{}\"\n",
        sample().join("clouds/fn-server.toml").display(),
        server.endpoint()
    );
    compare(&runtime, "fn", &options, &[]);
}

/// Calls that one shard makes for others, whichever comes first; the shards that they are made for, by service where it
/// is one only, and whether each account has its own.
const SHARED: [(&str, Option<&str>, bool); 5] = [
    ("Microsoft.ResourceGraph/resources/read", None, false),
    ("cloudasset.assets.listResource", None, true),
    ("cloudasset.assets.listIamPolicy", None, true),
    ("iam.roles.get", Some("roles"), false),
    ("fn:ListApps", None, false),
];

/// Counts shared calls in the first of the shards that they are made for.
fn settle(shards: &mut [Shard]) {
    for (api, service, by_account) in SHARED {
        let mut first: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        for (position, shard) in shards.iter_mut().enumerate() {
            if service.is_some_and(|service| service != shard.key.service.as_str()) {
                continue;
            }
            let group = if by_account { shard.key.account.as_str() } else { "" };
            let calls = shard.coverage.calls.remove(api).unwrap_or(0);
            first.entry(group.to_owned()).or_insert((position, 0)).1 += calls;
        }
        for (position, calls) in first.into_values().filter(|(_, calls)| *calls > 0) {
            shards[position].coverage.calls.insert(api.to_owned(), calls);
        }
    }
}

/// Errors of what a scan does not read unless it is told to.
const LEFT_OUT: [&str; 2] = ["NotAsked", "NotProbed"];

/// Scans the target with these options, and holds what was gathered against the recording.
fn compare(runtime: &Runtime, name: &str, options: &str, variables: &[(&str, &str)]) {
    let program = Program::new();
    program.write("nephoscope.toml", &format!("[[target]]\nname = \"{name}\"\n{options}"));
    program.write("secret", "not a real one");
    // The tags of redacted values follow from this key: the same one each time.
    program.write("nephoscope.db.key", &"Z".repeat(32));
    let mut scan = program.command(&["scan", name]);
    scan.envs(variables.iter().copied());
    let run = program.run_command(scan);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let run = program.run(&["snapshot", "export", "night.nepho"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);

    let file = SnapshotFile::open(&program.folder().join("night.nepho")).unwrap();
    let mut shards: Vec<Shard> = runtime.block_on(async {
        let read = file.shards(file.shards.clone(), Given::default());
        read.map(|shard| {
            let shard = shard.unwrap();
            let resources = shard.resources.iter().map(|resource| resource.open()).collect();
            Shard { key: shard.key, coverage: shard.coverage, resources }
        })
        .collect()
        .await
    });
    shards.sort_by(|one, other| one.key.cmp(&other.key));
    settle(&mut shards);
    let unread: Vec<String> = shards
        .iter()
        .flat_map(|shard| &shard.coverage.errors)
        .map(|error| format!("{} {}", error.api, error.error))
        .collect();
    assert!(unread.is_empty(), "the simulated cloud does not answer: {unread:?}");
    for resource in shards.iter().flat_map(|shard| &shard.resources) {
        for (facet, value) in &resource.facets {
            // What is left out unless it is asked for is left out here too.
            let unread = value.unreadable().filter(|reason| !LEFT_OUT.contains(&reason.error.as_str()));
            assert!(unread.is_none(), "{} {facet}: {unread:?}", resource.uid);
        }
    }

    let text = format!("{}\n", serde_json::to_string_pretty(&shards).unwrap());
    let path = sample().join(format!("recorded/{name}.json"));
    if fs::read_to_string(&path).is_ok_and(|present| present == text) {
        return;
    }
    assert!(
        std::env::var_os("NEPHOSCOPE_GENERATE").is_some(),
        "run `just generate`: recorded/{name}.json is out of date"
    );
    fs::write(&path, text).unwrap();
}
