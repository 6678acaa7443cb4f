//! What Azure should not answer: each case in a target of its own, all in one scan, and beside them one that is well.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::Ordering;

use nephoscope_simulator::{AZURE_TENANT, AzureServer, Fault, FnEstate, FnServer, Misbehaviour};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::planted::{OFFICE, Planted, SECRET, label, subscription};
use super::{NARROW, findings, program, started, target, verdicts};
use crate::program::{Program, Run};
use crate::wire::Wire;

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
    fn with_more(mut self, name: &str, misbehaviour: Misbehaviour, more: &str, beside: &[Value]) -> Self {
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

    /// The status of a check on a target's own subscription.
    fn of_subscription(&self, target: &str, check: &str) -> Option<&str> {
        self.status(target, check, &format!("subscriptions/{}", own(target)))
    }

    /// The state of a shard and its errors, as API, code, permission and message.
    fn shard(&self, target: &str, account: &str, service: &str) -> (String, Vec<[String; 4]>) {
        let fits = |row: &&Value| row["account"] == account && row["service"] == service;
        let row = self.coverage[target].iter().find(fits);
        let row =
            row.unwrap_or_else(|| panic!("no shard {service} of {account}: {:#?}", self.coverage[target]));
        let coverage = &row["coverage"];
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
        let errors = coverage["errors"].as_array().into_iter().flatten();
        let errors = errors
            .map(|error| ["api", "error", "permission", "message"].map(|key| text(error, key)))
            .collect();
        (coverage["state"].as_str().unwrap_or_else(|| panic!("{row:#}")).to_owned(), errors)
    }
}

/// The subscription of the target of this name.
fn own(name: &str) -> String {
    let number = name.bytes().fold(7_u64, |number, byte| (number * 31 + u64::from(byte)) % 999_999_999_989);
    format!("00000000-0000-4000-8000-{number:012}")
}

/// These calls always go wrong in this way.
fn rule(calls: &str, fault: Fault) -> Misbehaviour {
    Misbehaviour::default().always(calls, fault)
}

fn changed(pointer: &str, value: Option<Value>) -> Fault {
    Fault::Changed(pointer.to_owned(), value)
}

const CONFIG: &str = "Microsoft.Web/sites/config/read";
const FUNCTIONS: &str = "Microsoft.Web/sites/functions/read";
const GRAPH: &str = "Microsoft.ResourceGraph/resources/read";

#[test]
fn what_azure_should_not_answer_is_told_and_never_passes() {
    let odd = Misbehaviour::default()
        .always("GET */sites/orders/config/web?*", changed("/properties/ftpsState", Some(json!("Sideways"))))
        .always("GET */sites/plain/config/web?*", changed("/properties/minTlsVersion", None));
    let access = "/data/*/properties/publicNetworkAccess";
    let story = Story::new()
        .with("well", Misbehaviour::default())
        .with("circle", rule("GET */functions?*", Fault::RepeatedToken))
        .with("elsewhere", rule("GET */functions?*", Fault::NextElsewhere))
        .with("page", rule("GET */config/web?*", Fault::Html))
        .with("lapsed", rule("GET */config/web?*", Fault::ExpiredCredentials))
        .with("unregistered", rule("Microsoft.Security/*", Fault::ApiDisabled))
        .with("graph-circle", rule("Microsoft.ResourceGraph/*", Fault::RepeatedToken))
        .with("nameless", rule("Microsoft.ResourceGraph/*", changed("/data/*/id", None)))
        .with("hollow", rule("Microsoft.ResourceGraph/*", changed("/data/*/properties", None)))
        .with("perhaps", rule("Microsoft.ResourceGraph/*", changed(access, Some(json!("Perhaps")))))
        .with("odd", odd);
    let told = story.scan();
    assert_eq!(told.run.code, Some(0), "{}", told.run.stderr);

    let twice = "page 2 names a page that was read before; stopped there";
    let other = "the next page is said to be elsewhere than at https://management.azure.com";
    let page = "HTTP status 200 with a page or a redirection, which is not the API's answer";
    let expired = "The access token expiry UTC time is earlier than current UTC time.";
    let rows = "5 rows do not say their id, type or subscription";
    for (target, state, api, code, message) in [
        ("circle", "partial", FUNCTIONS, "Malformed", twice),
        ("elsewhere", "partial", FUNCTIONS, "Malformed", other),
        ("page", "partial", CONFIG, "Malformed", page),
        ("lapsed", "partial", CONFIG, "ExpiredAuthenticationToken", expired),
        ("graph-circle", "failed", GRAPH, "Malformed", twice),
        ("nameless", "failed", GRAPH, "Malformed", rows),
    ] {
        let expected = (state.to_owned(), vec![[api, code, "", message].map(str::to_owned)]);
        assert_eq!(told.shard(target, &own(target), "web"), expected, "{target}");
    }
    let asked = story.asked("elsewhere");
    assert!(!asked.iter().any(|line| line.contains("management.example.test")), "a token went elsewhere");
    for whole in ["well", "odd", "hollow", "perhaps"] {
        assert_eq!(told.shard(whole, &own(whole), "web"), ("complete".to_owned(), Vec::new()), "{whole}");
    }
    // A provider that is not registered is no permission that is missing.
    let (state, errors) = told.shard("unregistered", &own("unregistered"), "subscription");
    let [[api, code, permission, _]] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!(state, "partial");
    assert_eq!(
        [api.as_str(), code, permission],
        ["Microsoft.Security/pricings/read", "MissingSubscriptionRegistration", ""]
    );

    // What is not touched is decided as everywhere, and what is touched does not pass.
    let [https, tls, ftp, auth, network] = [
        "azure-func-https-off",
        "azure-func-tls-weak",
        "azure-func-ftp-plain",
        "azure-func-auth-off",
        "azure-func-public-network",
    ];
    for (target, check, careful, careless) in [
        ("well", https, Some("PASS"), Some("FAIL")),
        ("well", tls, Some("PASS"), Some("FAIL")),
        ("well", ftp, Some("PASS"), Some("FAIL")),
        ("well", auth, Some("PASS"), Some("PASS")),
        ("well", network, Some("PASS"), Some("PASS")),
        ("circle", https, Some("PASS"), Some("FAIL")),
        ("circle", auth, Some("UNKNOWN"), Some("UNKNOWN")),
        ("elsewhere", auth, Some("UNKNOWN"), Some("UNKNOWN")),
        ("page", https, Some("PASS"), Some("FAIL")),
        ("page", tls, Some("UNKNOWN"), Some("UNKNOWN")),
        ("lapsed", tls, Some("UNKNOWN"), Some("UNKNOWN")),
        ("graph-circle", https, Some("PASS"), Some("FAIL")),
        ("nameless", https, None, None),
        ("hollow", https, Some("UNKNOWN"), Some("UNKNOWN")),
        ("hollow", tls, Some("PASS"), Some("FAIL")),
        ("perhaps", network, Some("UNKNOWN"), Some("UNKNOWN")),
        // A state that nobody knows is none of those that are allowed.
        ("odd", ftp, Some("FAIL"), Some("FAIL")),
        ("odd", tls, Some("PASS"), Some("UNKNOWN")),
    ] {
        let found = ["sites/orders", "sites/plain"].map(|site| told.status(target, check, site));
        assert_eq!(found, [careful, careless], "{target} {check}");
    }
    assert_eq!(told.of_subscription("unregistered", "azure-defender-appservice-off"), Some("UNKNOWN"));
}

#[test]
fn who_is_not_let_in_does_not_end_the_scan_of_the_others() {
    const OFF: &str = "00000000-0000-4000-8000-0000000000ff";
    let disabled = subscription(OFF, "off", "Disabled");
    let calm = Misbehaviour::default;
    let mut story = Story::new()
        .with("well", calm())
        .with_more("off", calm(), "", &[disabled])
        .with_more("group", calm(), "management_group = \"root\"", &[])
        .with_more("below", calm(), "management_group = \"back\"", &[])
        .with("forbidden", rule("GET */subscriptions?*", Fault::Denied))
        .with("secret", rule("token", Fault::Denied))
        .with("expired", rule("token", Fault::ExpiredCredentials))
        .with("proxy", rule("*", Fault::Html))
        .with("impatient", Misbehaviour::default().first_tries("token", 1, Fault::Throttled(Some(0))));
    let wrong = target("tenant", &story.servers[0].1.endpoint(), NARROW);
    story.configuration +=
        &wrong.replace(&format!("tenant = \"{AZURE_TENANT}\""), &format!("tenant = \"{OFF}\""));
    story.configuration += &target("down", "http://127.0.0.1:1", NARROW);
    let planted = json!({"apps": [{"id": "A", "name": "payments"}]});
    let fnproject = FnServer::start(FnEstate::planted(&planted).unwrap(), calm());
    let fnproject = story.runtime.block_on(fnproject);
    story.configuration +=
        &format!("[[target]]\nname = \"fn\"\nprovider = \"fn\"\napi_url = \"{}\"\n", fnproject.endpoint());

    let told = story.scan();
    assert_eq!(told.run.code, Some(1), "{}", told.run.stderr);
    for (name, attempted, why) in [
        ("secret", "sign in to Azure", "AADSTS7000215: Invalid client secret provided."),
        ("expired", "sign in to Azure", "AADSTS7000222: "),
        ("tenant", "sign in to Azure", "AADSTS90002: "),
        ("proxy", "sign in to Azure", "the answer is no token; a proxy or `endpoint_url` may lead elsewhere"),
        ("down", "sign in to Azure", "Connection refused"),
        ("forbidden", "list the subscriptions of Azure", "AuthorizationFailed: "),
        ("below", "find a subscription of Azure to read", "the credentials see none that is not excluded"),
    ] {
        let begin = format!("error: failed to reach the cloud of target `{name}`\n  cause: {attempted}\n");
        let after = told.run.stderr.split_once(&begin).map(|(_, after)| after);
        let after = after.unwrap_or_else(|| panic!("{name}: {}", told.run.stderr));
        let (causes, help) = after.split_once("  help: ").unwrap();
        assert!(causes.contains(why), "{name}: {causes}");
        assert!(!help.is_empty() && !told.coverage.contains_key(name), "{name}");
    }

    let api = "Microsoft.Resources/subscriptions/read";
    let message = "the subscription is disabled: nothing in it runs, and nothing in it can be read";
    let error = [api, "DisabledSubscription", "", message].map(str::to_owned);
    assert_eq!(told.shard("off", OFF, "subscription"), ("disabled".to_owned(), vec![error]));
    let asked = story.asked("off");
    assert!(!asked.iter().any(|line| line.contains(&format!("/subscriptions/{OFF}"))), "{asked:#?}");
    let message = "the subscription is below the management group, and the credentials have no role in it";
    let error = [api, "SubscriptionNotSeen", api, message].map(str::to_owned);
    assert_eq!(told.shard("group", OFFICE, "subscription"), ("denied".to_owned(), vec![error]));

    for target in ["well", "off", "group", "impatient"] {
        let found =
            ["sites/orders", "sites/plain"].map(|site| told.status(target, "azure-func-https-off", site));
        assert_eq!(found, [Some("PASS"), Some("FAIL")], "{target}: {}", told.run.stderr);
    }
    assert!(told.findings.iter().any(|finding| finding["provider"] == "fn"), "Fn is scanned beside Azure");
}

#[test]
fn a_token_that_is_revoked_midway_is_asked_for_again_and_nothing_is_missed() {
    let runtime = Runtime::new().unwrap();
    let server = started(&runtime, Planted::part(&["plain"]).estate(), Misbehaviour::default());
    let program = program(&server.endpoint(), NARROW);
    let scanned = || {
        let scan = program.run(&["scan", "--budget", "1", "--min-coverage", "1"]);
        assert_eq!(scan.code, Some(0), "{}", scan.stderr);
        assert!(!scan.stderr.contains("not read:"), "{}", scan.stderr);
        let status = |(place, finding): (_, Value)| (place, finding["status"].clone());
        verdicts(&program).into_iter().map(status).collect::<BTreeMap<_, _>>()
    };
    let before = scanned();

    let message = "The access token has expired.";
    let ended = json!({"error": {"code": "ExpiredAuthenticationToken", "message": message}});
    let address = server.endpoint().trim_start_matches("http://").parse().unwrap();
    let (wire, revoked) = Wire::revoking(address, 6, ended);
    program.write("nephoscope.toml", &target("shop", &wire.endpoint(), NARROW));
    assert_eq!(scanned(), before);
    assert!(revoked.refused.load(Ordering::Relaxed) > 0, "the scan was over before the token was revoked");
    assert_eq!(revoked.asked.load(Ordering::Relaxed), 2, "one token for all calls that were refused");
}
