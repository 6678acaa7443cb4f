//! What Azure should not answer: each case in a target of its own, all in one scan, and beside them one that is well.

use std::collections::BTreeMap;
use std::fs;

use nephoscope_simulator::{AZURE_TENANT, AzureServer, Fault, FnEstate, FnServer, Misbehaviour};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::planted::{OFFICE, Planted, SECRET, label, subscription};
use super::{NARROW, findings, started, target};
use crate::program::{Program, Run};

/// A scan of many targets, each at a server of its own.
struct Story {
    runtime: Runtime,
    configuration: String,
    servers: Vec<(String, AzureServer)>,
}

/// A scan that is over.
struct Told {
    run: Run,
    findings: Vec<Value>,
    /// Rows of coverage, by target.
    coverage: BTreeMap<String, Vec<Value>>,
}

impl Story {
    fn new() -> Self {
        Self { runtime: Runtime::new().unwrap(), configuration: String::new(), servers: Vec::new() }
    }

    /// A target with one app that is made well and one that is careless, in a subscription of its own.
    fn with(self, name: &str, misbehaviour: Misbehaviour) -> Self {
        self.with_more(name, misbehaviour, "", &[])
    }

    /// The same with something else in its configuration, and with further subscriptions.
    fn with_more(
        mut self,
        name: &str,
        misbehaviour: Misbehaviour,
        more: &str,
        beside: &[Value],
    ) -> Self {
        let id = own(name);
        let mut subscriptions = vec![subscription(&id, name, "Enabled")];
        subscriptions.extend_from_slice(beside);
        let estate = Planted::part(&["plain"]).moved(&id).estate_in(&subscriptions);
        let server = started(&self.runtime, estate, misbehaviour);
        self.configuration += &target(name, &server.endpoint(), &format!("{NARROW}\n{more}"));
        self.servers.push((name.to_owned(), server));
        self
    }

    fn scan(&self) -> Told {
        let program = Program::new();
        program.write("nephoscope.toml", &self.configuration);
        program.write("secret", SECRET);
        let run = program.run(&["scan", "--budget", "1", "--format", "json", "--output", "reports"]);
        let mut coverage: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for entry in fs::read_dir(program.folder().join("reports")).unwrap() {
            let report: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            for row in report["coverage"].as_array().unwrap() {
                let target = row["target"].as_str().unwrap().to_owned();
                coverage.entry(target).or_default().push(row.clone());
            }
        }
        Told { run, findings: findings(&program, "all"), coverage }
    }

    /// What a target's server was asked, as lines of method and address.
    fn asked(&self, name: &str) -> Vec<String> {
        let (_, server) = self.servers.iter().find(|(known, _)| known == name).unwrap();
        server.seen().lines
    }
}

impl Told {
    /// The status of a check on a resource of a target's own subscription; none where there is no such finding.
    fn status(&self, target: &str, check: &str, resource: &str) -> Option<&str> {
        let own = own(target);
        let fits = |finding: &&Value| {
            finding["account"] == own.as_str()
                && finding["check"] == check
                && label(finding["resource"].as_str().unwrap()) == resource
        };
        self.findings.iter().find(fits).and_then(|finding| finding["status"].as_str())
    }

    /// The state of a shard and its errors, as API, code, permission and message.
    fn shard(&self, target: &str, account: &str, service: &str) -> (String, Vec<[String; 4]>) {
        let fits =
            |row: &&Value| row["shard"]["account"] == account && row["shard"]["service"] == service;
        let row = self.coverage[target].iter().find(fits);
        let row = row.unwrap_or_else(|| panic!("no shard {service} of {account}: {:#?}", self.coverage[target]));
        let coverage = &row["coverage"];
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
        let errors = coverage["errors"].as_array().into_iter().flatten();
        let errors =
            errors.map(|error| ["api", "error", "permission", "message"].map(|key| text(error, key))).collect();
        (coverage["state"].as_str().unwrap().to_owned(), errors)
    }
}

/// The subscription of the target of this name.
fn own(name: &str) -> String {
    let number = name.bytes().fold(7_u64, |number, byte| (number * 31 + u64::from(byte)) % 999_999_999_989);
    format!("00000000-0000-4000-8000-{number:012}")
}

#[test]
fn explore_bad() {
    let rule = |calls: &str, fault: Fault| Misbehaviour::default().always(calls, fault);
    let changed = |pointer: &str, value: Option<Value>| Fault::Changed(pointer.to_owned(), value);
    let odd = Misbehaviour::default()
        .always("GET */sites/orders/config/web?*", changed("/properties/ftpsState", Some(json!("Sideways"))))
        .always("GET */sites/plain/config/web?*", changed("/properties/minTlsVersion", None));
    let off = subscription("00000000-0000-4000-8000-0000000000ff", "off", "Disabled");
    let story = Story::new()
        .with("well", Misbehaviour::default())
        .with("loop", rule("GET */functions?*", Fault::RepeatedToken))
        .with("elsewhere", rule("GET */functions?*", Fault::NextElsewhere))
        .with("page", rule("GET */config/web?*", Fault::Html))
        .with("lapsed", rule("GET */config/web?*", Fault::ExpiredCredentials))
        .with("unregistered", rule("Microsoft.Authorization/*", Fault::ApiDisabled))
        .with("odd", odd)
        .with("nameless", rule("Microsoft.ResourceGraph/*", changed("/data/*/id", None)))
        .with("circle", rule("Microsoft.ResourceGraph/*", Fault::RepeatedToken))
        .with_more("off", Misbehaviour::default(), "", &[off])
        .with_more("group", Misbehaviour::default(), "management_group = \"root\"", &[])
        .with_more("below", Misbehaviour::default(), "management_group = \"back\"", &[])
        .with("refused", rule("token", Fault::Denied))
        .with("expired", rule("token", Fault::ExpiredCredentials))
        .with("busy", rule("token", Fault::Throttled(None)))
        .with("sign-in", rule("*", Fault::Html));
    let begun = std::time::Instant::now();
    let told = story.scan();
    println!("{:?} {:?}\n{}", begun.elapsed(), told.run.code, told.run.stderr);
    for (name, _) in &story.servers {
        if !told.coverage.contains_key(name) { println!("{name} none"); continue; }
        for row in &told.coverage[name] {
            let (state, errors) = told.shard(name, row["shard"]["account"].as_str().unwrap(), row["shard"]["service"].as_str().unwrap());
            println!("{name} {} {} {state} {errors:?}", row["shard"]["account"], row["shard"]["service"]);
        }
        for check in ["azure-func-https-off", "azure-func-tls-weak", "azure-func-ftp-plain", "azure-func-auth-off", "azure-func-identity-privileged"] {
            println!("   {check} {:?} {:?}", told.status(name, check, "sites/orders"), told.status(name, check, "sites/plain"));
        }
    }
}
