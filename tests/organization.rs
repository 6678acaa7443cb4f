//! An organization: its accounts are read side by side, and one that lets nobody in is said and does not end the scan.

use std::collections::BTreeSet;

use nephoscope_simulator::{Cloud, Estate, Fault, Misbehaviour};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::{Program, Run};

/// The management account, whose credentials the target has; two that may be read; one that may not; one that is left
/// out; one that is suspended.
const OWN: &str = "123456789012";
const SHOP: &str = "222222222222";
const CLOSED: &str = "333333333333";
const EXCLUDED: &str = "444444444444";
const SUSPENDED: &str = "555555555555";

const FUNCTIONS: usize = 3;

struct Story {
    runtime: Runtime,
    cloud: Cloud,
    program: Program,
}

impl Story {
    /// `settings` are lines of the target besides its name, provider and regions.
    fn begin(settings: &str) -> Self {
        let role = |account: &str| format!("arn:aws:iam::{account}:role/audit/nephoscope");
        let misbehaviour = Misbehaviour::default()
            .about("sts:AssumeRole", &role(CLOSED), Fault::Denied)
            .about("sts:AssumeRole", &role(OWN), Fault::Denied);
        let estate = Estate::of_functions(FUNCTIONS).with_accounts(&[OWN, SHOP, CLOSED, EXCLUDED, SUSPENDED]);
        let runtime = Runtime::new().unwrap();
        let cloud = runtime.block_on(Cloud::start(estate, misbehaviour));
        let program = Program::new().with_cloud(&cloud.endpoint());
        program.write(
            "nephoscope.toml",
            &format!("[scan]\nbudget = 1.0\n[[target]]\nname = \"all\"\nprovider = \"aws\"\n{settings}"),
        );
        Self { runtime, cloud, program }
    }

    fn run(&self, arguments: &[&str], code: i32) -> Run {
        let _runtime = self.runtime.enter();
        let run = self.program.run(arguments);
        assert_eq!(run.code, Some(code), "{}{}", run.stdout, run.stderr);
        run
    }

    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let run = self.run(&[arguments, &["--format", "jsonl"]].concat(), 0);
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn accounts(rows: &[Value]) -> BTreeSet<&str> {
    rows.iter().map(|row| row["account"].as_str().unwrap()).collect()
}

const WHOLE: &str = "organization = {role_name = \"audit/nephoscope\", exclude = [\"444444444444\"]}\n\
    external_id = \"CANARY\"\nservices = [\"sts\", \"lambda\"]\nregions = [\"eu-west-1\"]\n\
    [target.account_regions]\n\"222222222222\" = [\"eu-west-1\", \"us-east-1\"]\n";

#[test]
fn every_account_is_read_and_the_one_that_refuses_is_said() {
    let story = Story::begin(WHOLE);
    let run = story.run(&["scan"], 0);
    assert!(
        run.stderr.contains("aws/333333333333/global/sts sts:AssumeRole AccessDenied × 1"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("allow sts:AssumeRole"), "{}", run.stderr);
    assert!(run.stderr.contains("read without the role"), "the own account needs none: {}", run.stderr);
    assert!(!run.stderr.contains("CANARY"), "{}", run.stderr);

    let functions = story.lines(&["resources", "--kind", "aws.lambda.function"]);
    assert_eq!(accounts(&functions), BTreeSet::from([OWN, SHOP]));
    assert_eq!(functions.len(), 3 * FUNCTIONS, "the shop has a second region");
    let findings = story.lines(&["findings", "--status", "all"]);
    assert_eq!(accounts(&findings), BTreeSet::from([OWN, SHOP]));

    let shown = story.run(&["resources", "show", "arn:aws:iam::222222222222:root"], 0);
    let account: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert!(shown.stdout.contains("account-1"), "{account:#}");

    let scan = story.run(&["scan", "--format", "json"], 0);
    let scan: Value = serde_json::from_str(&scan.stdout).unwrap();
    let refused: Vec<&Value> =
        scan["coverage"].as_array().unwrap().iter().filter(|row| row["account"] == CLOSED).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["coverage"]["state"], "denied");
    assert_eq!(refused[0]["coverage"]["errors"][0]["permission"], "sts:AssumeRole");
}

#[test]
fn more_accounts_than_may_be_connected_at_once_are_all_read() {
    let accounts: Vec<String> =
        (0..=70).map(|number| format!("{:012}", 200_000_000_000_u64 + number)).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let estate = Estate::of_functions(1).with_accounts(&accounts);
    let runtime = Runtime::new().unwrap();
    let cloud = runtime.block_on(Cloud::start(estate, Misbehaviour::default()));
    let program = Program::new().with_cloud(&cloud.endpoint());
    program.write(
        "nephoscope.toml",
        "[scan]\nbudget = 1.0\n[[target]]\nname = \"all\"\nprovider = \"aws\"\nregions = [\"eu-west-1\"]\n\
         organization = {role_name = \"nephoscope\"}\nservices = [\"sts\", \"lambda\"]\n",
    );
    let run = program.run(&["scan", "--min-coverage", "1"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let functions = program.run(&["resources", "--kind", "aws.lambda.function", "--format", "jsonl"]).stdout;
    assert_eq!(functions.lines().count(), 70, "each account has one, and the last is suspended");
    // Those that give their place to others are entered once more when it is their turn to be read, and not each time.
    let entered = cloud.seen().calls["sts:AssumeRole"];
    assert!((70..=140).contains(&entered), "70 accounts were entered {entered} times");
}

#[test]
fn units_are_followed_to_their_accounts() {
    let story = Story::begin(
        "organization = {role_name = \"audit/nephoscope\", exclude = [\"444444444444\"], ous = [\"ou-root\"]}\n\
         services = [\"sts\"]\n",
    );
    story.run(&["scan"], 0);
    let shown = story.run(&["resources", "show", "arn:aws:iam::222222222222:root"], 0);
    assert!(shown.stdout.contains("ou-root/Shops"), "{}", shown.stdout);
    let calls = story.cloud.seen().calls;
    assert_eq!(calls.get("organizations:ListAccountsForParent"), Some(&2), "{calls:?}");
    assert_eq!(calls.get("organizations:ListAccounts"), None);
}

#[test]
fn an_organization_that_cannot_be_listed_is_an_error_with_help() {
    let story = Story::begin(WHOLE);
    {
        let _runtime = story.runtime.enter();
        story.cloud.misbehave(Misbehaviour::default().always("organizations:*", Fault::Denied));
    }
    let run = story.run(&["scan"], 1);
    assert!(run.stderr.contains("list the accounts of the organization"), "{}", run.stderr);
    assert!(run.stderr.contains("organizations:ListAccounts"), "{}", run.stderr);
}

#[test]
fn a_plan_and_a_test_cover_every_account() {
    let story = Story::begin(WHOLE);
    let plan = story.run(&["scan", "--plan", "--format", "json"], 0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let families = plan["plans"][0]["families"].as_array().unwrap();
    assert!(families.iter().any(|family| family["account"] == SHOP && family["family"] == "lambda-policy"));

    let test = story.run(&["targets", "test"], 4);
    assert!(test.stdout.contains("sts:AssumeRole in 1 of 3 accounts: 333333333333"), "{}", test.stdout);
}
