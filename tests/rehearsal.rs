//! Before a scan: what it will take, and what it will not be allowed to read.

use nephoscope_simulator::{Cloud, Estate, Fault, Misbehaviour};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::program::{Program, Run};

const FUNCTIONS: usize = 30;
const APIS: usize = 4;

struct Story {
    /// The cloud answers as long as this lives.
    _runtime: Runtime,
    cloud: Cloud,
    program: Program,
}

impl Story {
    fn begin(misbehaviour: Misbehaviour) -> Self {
        let runtime = Runtime::new().unwrap();
        let estate = Estate::of_functions(FUNCTIONS).with_rest_apis(APIS);
        let cloud = runtime.block_on(Cloud::start(estate, misbehaviour));
        let program = Program::new().with_cloud(&cloud.endpoint());
        Self { _runtime: runtime, cloud, program }
    }

    fn run(&self, arguments: &[&str], code: i32) -> Run {
        let run = self.program.run(arguments);
        assert_eq!(run.code, Some(code), "{}{}", run.stdout, run.stderr);
        run
    }
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

fn calls_of(plan: &Value, family: &str) -> u64 {
    let families = plan["plans"][0]["families"].as_array().unwrap();
    let of = families.iter().filter(|row| row["family"] == family);
    of.map(|row| row["calls"].as_u64().unwrap()).sum()
}

#[test]
fn a_plan_counts_what_a_scan_then_asks_and_asks_no_detail() {
    let story = Story::begin(Misbehaviour::default());
    let plan = json(&story.run(&["scan", "--plan", "--budget", "1", "--format", "json"], 0));
    let planned = story.cloud.seen().calls;
    assert_eq!(planned.get("lambda:GetPolicy"), None, "{planned:?}");
    assert_eq!(planned.get("lambda:GetFunction"), None);
    assert_eq!(planned.get("apigateway:GetExport"), None);
    let left_over: Vec<_> = std::fs::read_dir(story.program.folder()).unwrap().collect();
    assert!(left_over.is_empty(), "nothing is stored: {left_over:?}");

    story.cloud.forget();
    let run = story.run(&["scan", "--budget", "1"], 0);
    let made = story.cloud.seen().calls;
    let lambda: u64 =
        made.iter().filter(|(name, _)| name.starts_with("lambda:")).map(|(_, count)| count).sum();
    let families = ["lambda", "lambda-policy", "lambda-function"];
    assert_eq!(families.map(|family| calls_of(&plan, family)).iter().sum::<u64>(), lambda);
    assert_eq!(calls_of(&plan, "lambda-policy"), FUNCTIONS as u64);
    let gateway: u64 =
        made.iter().filter(|(name, _)| name.starts_with("apigateway:")).map(|(_, count)| count).sum();
    assert_eq!(calls_of(&plan, "apigateway"), gateway, "{made:?}");

    // Half of the policies are within the burst, the others take a second at the full quota.
    let floor = plan["plans"][0]["seconds"].as_f64().unwrap();
    assert!((0.9..5.0).contains(&floor), "{floor}");
    assert!(
        run.stdout.contains("  read in ") && run.stdout.contains("the calls take at least "),
        "{}",
        run.stdout
    );
}

#[test]
fn a_plan_for_a_person_names_what_takes_longest() {
    let story = Story::begin(Misbehaviour::default().always("logs:*", Fault::Denied));
    let run = story.run(&["scan", "--plan"], 0);
    let row = run.stdout.lines().find(|line| line.contains("lambda-policy")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells, ["123456789012", "eu-west-1", "lambda-policy", "30", "15", "0.5", "3.1"]);
    assert!(run.stdout.contains("plan of target aws: at least "), "{}", run.stdout);
    assert!(run.stderr.contains("not listed: aws/123456789012/eu-west-1/logs"), "{}", run.stderr);
    let refused = story.run(&["scan", "--plan", "--format", "csv"], 2);
    assert!(refused.stderr.contains("a plan is a table or JSON"), "{}", refused.stderr);
}

#[test]
fn a_test_names_what_is_missing_what_that_blinds_and_what_restores_it() {
    let story = Story::begin(
        Misbehaviour::default()
            .always("lambda:GetPolicy", Fault::Denied)
            .always("logs:DescribeLogGroups", Fault::DeniedByOrganization)
            .always("sqs:ListQueues", Fault::Denied),
    );
    let run = story.run(&["targets", "test", "--format", "json"], 4);
    assert_eq!(story.cloud.seen().calls["lambda:GetPolicy"], 1, "once, however many functions there are");
    let test = json(&run);
    let missing = test["targets"][0]["missing"].as_array().unwrap();
    let of = |permission: &str| {
        let found = missing.iter().find(|row| row["permission"] == permission);
        found.unwrap_or_else(|| panic!("{permission} is not among {missing:#?}"))
    };
    let checks = |permission: &str| of(permission)["checks"].as_array().unwrap().clone();
    assert!(checks("lambda:GetPolicy").contains(&Value::from("aws-lambda-policy-public")));
    assert!(checks("sqs:ListQueues").iter().any(|check| check.as_str().unwrap().starts_with("aws-sqs-")));
    assert!(!checks("sqs:ListQueues").contains(&Value::from("aws-lambda-policy-public")));
    assert_eq!(of("logs:DescribeLogGroups")["explicitly_denied"], true);
    assert_eq!(missing.len(), 3, "{missing:#?}");
    let allowed = &test["targets"][0]["policy"]["Statement"][0]["Action"];
    assert_eq!(
        allowed,
        &serde_json::json!(["lambda:GetPolicy", "sqs:ListQueues"]),
        "allowing cannot lift a denial"
    );
    let not_tried = test["targets"][0]["not_tried"].as_array().unwrap();
    assert!(not_tried.contains(&Value::from("sqs:GetQueueAttributes")));
    assert!(!not_tried.contains(&Value::from("lambda:GetPolicy")));

    let text = story.run(&["targets", "test"], 4).stdout;
    assert!(text.contains("3 permissions are missing"), "{text}");
    assert!(text.contains("  lambda:GetPolicy answers AccessDeniedException\n  blinds "), "{text}");
    assert!(text.contains(" more\n") && text.contains("this policy restores them:\n{"), "{text}");
    let left_over: Vec<_> = std::fs::read_dir(story.program.folder()).unwrap().collect();
    assert!(left_over.is_empty(), "nothing is stored: {left_over:?}");
}

#[test]
fn where_nothing_is_missing_a_test_is_quiet() {
    let story = Story::begin(Misbehaviour::default());
    let run = story.run(&["targets", "test", "aws"], 0);
    assert!(run.stdout.contains("target aws: no permission is missing"), "{}", run.stdout);
    let unknown = story.run(&["targets", "test", "production"], 2);
    assert!(unknown.stderr.contains("production"), "{}", unknown.stderr);
}
