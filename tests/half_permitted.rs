//! Half of the permissions are missing: the scan says what it could judge, what not, and the statement that fixes it.

use std::collections::BTreeSet;

use nephoscope_simulator::{Cloud, Estate, Fault, Misbehaviour};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::demo_story::{body, get};
use crate::program::Program;

/// What a scan needs to know where it is; without it there is none.
const NEEDED: [&str; 2] = ["GetCallerIdentity", "DescribeRegions"];
/// A refused listing hides further calls that would be refused: so often may the statement have to be added to.
const ROUNDS: usize = 6;

/// Refuses these operations, of whichever service.
fn refusing(operations: &BTreeSet<&str>) -> Misbehaviour {
    operations
        .iter()
        .fold(Misbehaviour::default(), |all, operation| all.always(&format!("*:{operation}"), Fault::Denied))
}

fn operation(api: &str) -> &str {
    api.split_once(':').map_or(api, |(_, operation)| operation)
}

/// Every verdict as check, resource and status; the time of nothing is in it.
fn verdicts(document: &Value) -> BTreeSet<(String, String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| (text(finding, "check"), text(finding, "resource"), text(finding, "status")))
        .collect()
}

#[test]
fn a_scan_names_the_statement_that_restores_what_it_could_not_read() {
    let runtime = Runtime::new().unwrap();
    let estate = Estate::of_functions(12).with_rest_apis(2);
    let cloud = runtime.block_on(Cloud::start(estate, Misbehaviour::default()));
    let program = Program::new().with_cloud(&cloud.endpoint());
    let scan = |store: &str| -> Value {
        let arguments = ["scan", "--budget", "1", "--format", "json", "--store", store];
        let run = program.run(&arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let whole = scan("sqlite:whole.db");
    assert_eq!(whole["missing"]["permissions"], Value::Array(Vec::new()), "nothing is refused yet");
    assert_eq!(whole["missing"].get("policy"), None);

    let actions = nephoscope_collect::actions();
    let half = actions.iter().skip(1).step_by(2).map(|api| operation(api));
    let mut refused: BTreeSet<&str> = half.filter(|operation| !NEEDED.contains(operation)).collect();
    cloud.misbehave(refusing(&refused));
    let first = scan("sqlite:served.db");
    let undecided = first["missing"]["undecided"].as_u64().unwrap();
    let unknown = first["scan"]["unknown"].as_u64().unwrap();
    assert!(undecided > 20 && undecided <= unknown, "{undecided} of {unknown}");
    assert!(verdicts(&first) != verdicts(&whole));

    is_served_and_printed(&program, &first);

    let mut document = first;
    let mut rounds = 0;
    while document["missing"].get("policy").is_some() {
        rounds += 1;
        assert!(rounds <= ROUNDS, "still refused: {:#}", document["missing"]["policy"]);
        let allowed = restored(&document);
        assert!(allowed.iter().any(|operation| refused.contains(operation.as_str())), "{allowed:?}");
        refused.retain(|operation| !allowed.contains(*operation));
        cloud.misbehave(refusing(&refused));
        document = scan("sqlite:served.db");
    }
    assert_eq!(verdicts(&document), verdicts(&whole), "after {rounds} additions everything is judged");
    assert_eq!(document["missing"]["undecided"], 0);
}

/// The operations that the statement of a scan allows.
fn restored(document: &Value) -> BTreeSet<String> {
    let allowed = document["missing"]["policy"]["Statement"][0]["Action"].as_array().unwrap();
    let errors = document["coverage"].as_array().unwrap().iter();
    let errors =
        errors.filter_map(|row| row["coverage"].get("errors")).flat_map(|all| all.as_array().unwrap());
    let mut named = BTreeSet::new();
    for error in errors.filter(|error| error.get("permission").is_some()) {
        assert!(allowed.contains(&error["permission"]), "the statement lacks {error}");
        named.insert(operation(error["api"].as_str().unwrap()).to_owned());
    }
    named
}

/// The same stands in the API, on the page and in what the command prints.
fn is_served_and_printed(program: &Program, document: &Value) {
    let serving = program.serve("serve");
    let id = document["scan"]["id"].as_str().unwrap();
    let served = body(&get(&serving.address, &format!("/api/v1/scans/{id}")).1);
    assert_eq!(served["missing"], document["missing"]);
    assert_eq!(served["services"], document["services"]);
    let (status, page) = get(&serving.address, &format!("/scans/{id}"));
    assert_eq!(status, 200);
    for words in [
        "What could be judged, and what not",
        " unknown, for want of a permission.",
        "what was not has no verdict at all",
        "Smallest IAM policy that restores them",
    ] {
        assert!(page.contains(words), "the page does not say {words:?}");
    }
    let services = document["services"].as_array().unwrap();
    let sum = |key: &str| services.iter().map(|service| service[key].as_u64().unwrap()).sum::<u64>();
    let scan = &document["scan"];
    assert_eq!(sum("unknown"), scan["unknown"].as_u64().unwrap());
    assert_eq!(sum("decided"), scan["pass"].as_u64().unwrap() + scan["fail"].as_u64().unwrap());
    assert_eq!(serving.terminate(), Some(0));

    let printed = program.run(&["scan", "--budget", "1", "--store", "sqlite:printed.db"]).stdout;
    let undecided = &document["missing"]["undecided"];
    let count = document["missing"]["permissions"].as_array().unwrap().len();
    let lines =
        format!("{count} permissions are missing; {undecided} verdicts are unknown only for want of them:");
    assert!(printed.contains(&lines), "{printed}");
    let (_, policy) = printed.split_once("this policy restores them:\n").unwrap();
    let policy: Value = serde_json::from_str(policy).unwrap();
    assert_eq!(policy, document["missing"]["policy"]);
}
