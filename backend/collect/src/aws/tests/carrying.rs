//! What is carried over from the night before, and what is not.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{Collector, Preview, Previous};

const FUNCTIONS: usize = 42;
/// What a function takes when all of it is read.
const DETAILS: [&str; 3] = ["GetFunction", "GetPolicy", "GetRuntimeManagementConfig"];

/// What a night may find changed.
#[derive(Clone, Copy, Default)]
struct Night {
    /// True where the code of every other function was deployed again.
    deployed: bool,
    /// True where the policies of the other functions were opened.
    opened: bool,
    /// True where nobody may look up events.
    blind: bool,
    /// True where policies may not be read.
    unreadable: bool,
}

fn name(number: usize) -> String {
    format!("shop-{number}")
}

fn night(number: i64) -> Timestamp {
    Timestamp::from_second(1_795_399_200).unwrap() + SignedDuration::from_hours(24 * number)
}

async fn cloud(seen: Night) -> Fake {
    Fake::start(move |action, _, request| {
        let path = request.url.path();
        let is_opened = || {
            seen.opened
                && (0..FUNCTIONS)
                    .any(|number| is_even(number) && path.contains(&format!("/{}/", name(number))))
        };
        let ok = |body: Value| Some(ResponseTemplate::new(200).set_body_json(body));
        match action {
            "ListFunctions" => ok(
                json!({"Functions": (0..FUNCTIONS).map(|number| listed(number, seen)).collect::<Vec<_>>()}),
            ),
            "GetPolicy" if seen.unreadable => Some(error(403, "AccessDeniedException", "no")),
            "GetPolicy" if is_opened() => ok(json!({"Policy": policy("*")})),
            "GetPolicy" => ok(json!({"Policy": policy("123456789012")})),
            "GetFunction" => ok(json!({"Code": {"RepositoryType": "S3"}, "Tags": {"team": "shop"}})),
            "GetRuntimeManagementConfig" => ok(json!({"UpdateRuntimeOn": "Auto"})),
            "ListEventSourceMappings" => ok(json!({"EventSourceMappings": []})),
            "ListCodeSigningConfigs" => ok(json!({"CodeSigningConfigs": []})),
            "LookupEvents" if seen.blind => Some(error(400, "AccessDeniedException", "not authorized")),
            "LookupEvents" => ok(json!({"Events": events(request, seen)})),
            _ => None,
        }
    })
    .await
}

fn listed(number: usize, seen: Night) -> Value {
    let revision = if seen.deployed && !is_even(number) { "2" } else { "1" };
    let arn = format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{}", name(number));
    json!({
        "FunctionName": name(number), "FunctionArn": arn, "Version": "$LATEST", "RevisionId": revision,
        "CodeSha256": revision, "LastModified": "2026-01-02T03:04:05.000+0000",
    })
}

fn policy(who: &str) -> String {
    json!({"Statement": [{"Effect": "Allow", "Principal": who, "Action": "lambda:InvokeFunction"}]})
        .to_string()
}

fn is_even(number: usize) -> bool {
    number.is_multiple_of(2)
}

/// The policies were opened two hours before the second night.
fn events(request: &Request, seen: Night) -> Vec<Value> {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let at = night(1) - SignedDuration::from_hours(2);
    let in_time = asked["StartTime"].as_i64().unwrap() <= at.as_second();
    let named = asked["LookupAttributes"][0]["AttributeValue"] == "AddPermission20150331v2";
    let opened = (0..FUNCTIONS).filter(|number| seen.opened && is_even(*number) && in_time && named);
    let event = |number| {
        let record = json!({"requestParameters": {"functionName": name(number)}}).to_string();
        json!({"EventSource": "lambda.amazonaws.com", "EventTime": at.as_second(), "CloudTrailEvent": record})
    };
    opened.map(event).collect()
}

/// Reads the functions on a night, with what the night before read.
async fn read(fake: &Fake, number: i64, before: Option<(i64, &Shard)>) -> Shard {
    // Nobody else uses the quota of this cloud, and the lookups would take their time within it.
    let mut options = options(quick());
    options.asking.budget = 1000.0;
    let mut aws = Aws::identify(options, sdk(&fake.server.uri())).await.unwrap();
    aws.account = ACCOUNT.into();
    let previous = before.map_or_else(Previous::default, |(number, shard)| {
        Previous::new(night(number), shard.clone().packed().resources)
    });
    let context = Context { instant: night(number), previous, ..Context::default() };
    fake.seen.lock().unwrap().clear();
    aws.collect(&key(Region::from("eu-west-1"), "lambda"), &context).await
}

#[tokio::test]
async fn a_function_is_shown_before_its_shard_is_read() {
    let fake = cloud(Night::default()).await;
    let mut aws = Aws::identify(options(quick()), sdk(&fake.server.uri())).await.unwrap();
    aws.account = ACCOUNT.into();
    let (preview, viewer) = Preview::for_viewer();
    let context = Context { instant: night(0), preview, ..Context::default() };
    let shard = aws.collect_packed(&key(Region::from("eu-west-1"), "lambda"), &context).await;
    let mut shown = viewer.look().unwrap();
    shown.sort_by(|one, other| one.uid.cmp(&other.uid));
    assert_eq!(shown, shard.resources);
    assert!(viewer.look().unwrap().is_empty(), "each once");
    drop(context);
    assert_eq!(viewer.look(), None);
}

fn details(fake: &Fake) -> usize {
    DETAILS.into_iter().map(|action| fake.count(action)).sum()
}

#[tokio::test]
async fn an_unchanged_function_is_not_asked_again_and_says_how_old_it_is() {
    let fake = cloud(Night::default()).await;
    let first = read(&fake, 0, None).await;
    assert_eq!(
        (details(&fake), fake.count("LookupEvents")),
        (3 * FUNCTIONS, 0),
        "{:?}",
        first.coverage.calls
    );
    let second = read(&fake, 1, Some((0, &first))).await;
    let asked = fake.count("GetPolicy");
    assert!(asked < FUNCTIONS / 2 && details(&fake) == 3 * asked, "{:?}", second.coverage.calls);
    assert_eq!(second.coverage.state, nephoscope_model::CoverageState::Complete);
    let carried = second.resources.iter().filter(|resource| !resource.carried.is_empty());
    let mut count = 0;
    for resource in carried {
        count += 1;
        let names: Vec<&str> = resource.carried.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "concurrency", "policy", "runtime_management", "tags"]);
        assert!(resource.carried.values().all(|read| *read == night(0)));
    }
    assert_eq!(count, FUNCTIONS - asked);
    for (before, now) in first.resources.iter().zip(&second.resources) {
        assert_eq!(
            (&before.facets, &before.relations, &before.tags),
            (&now.facets, &now.relations, &now.tags)
        );
        assert_eq!(before.revision, now.revision);
    }
}

#[tokio::test]
async fn after_a_week_everything_was_read_again() {
    let fake = cloud(Night::default()).await;
    let mut shard = read(&fake, 0, None).await;
    let mut asked = 0;
    for number in 1..=7 {
        shard = read(&fake, number, Some((number - 1, &shard))).await;
        asked += fake.count("GetPolicy");
    }
    assert_eq!(asked, FUNCTIONS, "each once");
    let oldest = shard.resources.iter().flat_map(|resource| resource.carried.values()).min();
    assert_eq!(oldest, Some(&night(1)));
}

#[tokio::test]
async fn what_changed_is_asked_again_the_same_night() {
    let first = read(&cloud(Night::default()).await, 0, None).await;
    let fake = cloud(Night { opened: true, deployed: true, ..Night::default() }).await;
    let second = read(&fake, 1, Some((0, &first))).await;
    for number in 0..FUNCTIONS {
        let function = find(&second, &name(number));
        assert!(function.carried.is_empty(), "an event names it, or its revision differs");
        let who = if is_even(number) { "*" } else { ACCOUNT };
        assert_eq!(known(function, "policy")["Statement"][0]["Principal"], who);
    }
    assert_eq!(details(&fake), 3 * FUNCTIONS);

    // The third night sees the event again; what was read after it is not read once more for it.
    let fake = cloud(Night { opened: true, deployed: true, ..Night::default() }).await;
    read(&fake, 2, Some((1, &second))).await;
    assert!(fake.count("GetPolicy") < FUNCTIONS / 2);
}

#[tokio::test]
async fn where_nobody_may_look_up_events_everything_is_asked_again() {
    let first = read(&cloud(Night::default()).await, 0, None).await;
    let fake = cloud(Night { blind: true, opened: true, ..Night::default() }).await;
    let second = read(&fake, 1, Some((0, &first))).await;
    assert_eq!((details(&fake), fake.count("LookupEvents")), (3 * FUNCTIONS, 1));
    assert!(second.resources.iter().all(|resource| resource.carried.is_empty()));
    assert_eq!(known(find(&second, &name(4)), "policy")["Statement"][0]["Principal"], "*");
    let coverage = &second.coverage;
    assert_eq!((coverage.state, coverage.errors.len()), (nephoscope_model::CoverageState::Complete, 0));
    assert_eq!(coverage.costs[0].permission.as_deref(), Some("cloudtrail:LookupEvents"));
}

#[tokio::test]
async fn what_could_not_be_read_is_never_carried_over() {
    let first = read(&cloud(Night { unreadable: true, ..Night::default() }).await, 0, None).await;
    unreadable(find(&first, &name(0)), "policy");
    let fake = cloud(Night::default()).await;
    let second = read(&fake, 1, Some((0, &first))).await;
    assert_eq!(fake.count("GetPolicy"), FUNCTIONS);
    assert!(fake.count("GetFunction") < FUNCTIONS / 2, "the rest was read");
    assert!(second.resources.iter().all(|resource| !resource.carried.contains_key("policy")));
    known(find(&second, &name(0)), "policy");
}

#[tokio::test]
async fn a_handful_of_functions_is_read_again_rather_than_looked_up() {
    let fake = cloud(Night::default()).await;
    let mut first = read(&fake, 0, None).await;
    first.resources.truncate(15);
    read(&fake, 1, Some((0, &first))).await;
    assert_eq!((details(&fake), fake.count("LookupEvents")), (3 * FUNCTIONS, 0));
}
