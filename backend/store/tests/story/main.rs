//! The life of a store, told once against the trait: every implementation lives through the same story.

#![expect(clippy::unwrap_used, reason = "a test that panics says where")]

mod carried;
mod drift;
mod estate;
mod looking;
mod sqlite;
mod targets;

use std::collections::BTreeMap;

use nephoscope_model::coverage::Blinded;
use nephoscope_model::drift::ChangeKind;
use nephoscope_model::finding::Evaluation;
use nephoscope_model::query::{AsOf, Filter};
use nephoscope_model::scan::ScanState;
use nephoscope_model::{
    AccountId, CheckId, CoverageState, Exposure, FindingKey, Kind, Region, Resource, ScanId, Severity, Shard,
    State, Status, TargetName,
};
use nephoscope_store::{BucketKey, FindingOrder, FindingRow, ScanEnd, ScheduleMark, Store, StoreError, View};

use estate::*;
use looking::{buckets, counts, everything, findings, latest, told};

/// Opens the store anew, as another process would after the first one died.
pub type Reopen<'a> = &'a dyn Fn() -> Box<dyn Store>;

pub async fn story(open: Reopen<'_>) {
    let store = open();
    looking::an_empty_store_says_so(&*store).await;
    let first = the_first_night_is_seen_when_it_ends(&*store).await;
    let second = the_second_night_drifts(&*store, &first).await;
    the_past_stays_as_it_was(&*store, &first, &second).await;
    drop(store);
    let store = a_scan_that_was_killed_is_taken_up(open).await;
    what_could_be_read_in_part_is_told_apart(&*store).await;
    pages_hold_every_row_once(&*store).await;
    an_account_that_is_not_asked_for_leaves(&*store).await;
    misuse_is_refused(&*store).await;
    schedules_are_remembered(&*store).await;
    targets::two_targets_stand_side_by_side(&*store).await;
    carried::what_was_carried_over_stands_beside_the_version(&*store).await;
}

/// Night 1: `checkout` has an open URL, `admin` may do anything.
fn first_night() -> Vec<Shard> {
    vec![
        listed(key("global", "iam"), vec![role("shop", "s3:GetObject"), role("admin", "*")]),
        listed(
            key("eu-west-1", "lambda"),
            vec![function("eu-west-1", "checkout", Some("NONE")), function("eu-west-1", "orders", None)],
        ),
        listed(key("us-east-1", "lambda"), vec![function("us-east-1", "mail", Some("AWS_IAM"))]),
    ]
}

async fn the_first_night_is_seen_when_it_ends(store: &dyn Store) -> ScanId {
    let shards = first_night();
    let id = scan_until_finish(store, night(1), &shards).await;
    assert_eq!(latest(store).await, View::default(), "a running scan is not in view");
    let running = store.scan_fetch(&id).await.unwrap().unwrap();
    assert_eq!((running.state, running.shards_done, running.finished), (ScanState::Running, 3, None));
    store.scan_finish(&id, &finished(night(1))).await.unwrap();

    let view = latest(store).await;
    assert_eq!(view.entries.len(), 1);
    assert_eq!((&view.entries[0].scan, view.entries[0].started), (&id, night(1)));
    let summary = store.scan_fetch(&id).await.unwrap().unwrap();
    assert_eq!(counts(&summary), (5, 3, 2, 0));
    assert_eq!(summary.failing, BTreeMap::from([(Severity::Critical, 1), (Severity::High, 1)]));
    assert_eq!((summary.calls, summary.errors, summary.shards_complete), (6, 0, 3));

    for shard in &shards {
        assert_eq!(store.shard_fetch(&view, &shard.key).await.unwrap().as_ref(), Some(shard));
        for resource in &shard.resources {
            let (stored, row, facts) = store.resource_fetch(&view, &resource.uid).await.unwrap().unwrap();
            assert_eq!(stored.resource, *resource);
            assert_eq!((stored.last_read, stored.stale, row.stale), (night(1), false, false));
            assert_eq!(facts.keys().collect::<Vec<_>>(), ["exposure"]);
        }
    }
    assert_eq!(store.shard_fetch(&view, &key("eu-west-1", "logs")).await.unwrap(), None);

    let rows = findings(store, &view, &Filter::default(), &[Status::Fail]).await;
    assert_eq!(told(&rows), [("admin", Status::Fail, State::New), ("checkout", Status::Fail, State::New)]);
    assert_eq!(
        (rows[1].exposure, rows[1].detail.evidence[0].path.as_str()),
        (Exposure::Internet, "url.AuthType")
    );
    assert_eq!((rows[1].first_seen, rows[1].last_seen, &rows[1].scan), (night(1), night(1), &id));

    let edges = store.relation_list(&view, &role_uid("shop")).await.unwrap();
    let holders: Vec<_> =
        edges.iter().map(|edge| (edge.reversed, edge.other.as_ref().unwrap().0.as_str())).collect();
    assert_eq!(holders, [(true, "checkout"), (true, "orders"), (true, "mail")]);
    let edges = store.relation_list(&view, &function_uid("eu-west-1", "orders")).await.unwrap();
    let others: Vec<_> = edges.iter().map(|edge| edge.other.clone()).collect();
    assert_eq!(
        others,
        [Some(("shop".to_owned(), Kind::from("aws.iam.role"))), None],
        "the layer was not collected"
    );
    id
}

/// Night 2: the URL is closed, `refund` comes with an open one, `orders` goes, us-east-1 cannot be read.
async fn the_second_night_drifts(store: &dyn Store, first: &ScanId) -> ScanId {
    let shards = vec![
        listed(key("global", "iam"), vec![role("shop", "s3:GetObject"), role("admin", "*")]),
        listed(
            key("eu-west-1", "lambda"),
            vec![
                function("eu-west-1", "checkout", Some("AWS_IAM")),
                function("eu-west-1", "refund", Some("NONE")),
            ],
        ),
        broken(key("us-east-1", "lambda"), Vec::new()),
    ];
    let before = latest(store).await;
    let seen = everything(store, &before).await;
    let id = scan_until_finish(store, night(2), &shards).await;
    assert_eq!(latest(store).await, before);
    assert_eq!(everything(store, &before).await, seen, "a running scan changes nothing in view");
    store.scan_finish(&id, &finished(night(2))).await.unwrap();
    assert_eq!(everything(store, &before).await, seen, "nor does it when it has ended");

    let blinded = store.scan_blinded(&id).await.unwrap().unwrap();
    let listing = &blinded.permissions["lambda:ListFunctions"];
    assert_eq!((blinded.verdicts, listing.unknown, blinded.permissions.len()), (1, 1, 1));
    assert_eq!(Vec::from_iter(&listing.checks), [&CheckId::from(URL_CHECK)]);
    assert_eq!(store.scan_blinded(first).await.unwrap(), Some(Blinded::default()), "night 1 lacked nothing");

    let view = latest(store).await;
    assert_eq!(store.view_before(&view).await.unwrap(), before);
    let rows = findings(store, &view, &Filter::default(), &[Status::Fail, Status::Unknown]).await;
    assert_eq!(
        told(&rows),
        [
            ("admin", Status::Fail, State::Open),
            ("refund", Status::Fail, State::New),
            ("mail", Status::Unknown, State::New)
        ]
    );
    let mail = &rows[2];
    let last = mail.detail.last_known.as_ref().unwrap();
    assert_eq!((last.status, last.since), (Status::Pass, night(1)));
    let (stored, ..) = store.resource_fetch(&view, &mail.resource).await.unwrap().unwrap();
    assert_eq!((stored.stale, stored.last_read), (true, night(1)));
    assert_eq!(store.resource_fetch(&view, &function_uid("eu-west-1", "orders")).await.unwrap(), None);
    let exported = store.shard_fetch(&view, &key("us-east-1", "lambda")).await.unwrap();
    assert_eq!(exported.as_ref(), Some(&shards[2]), "what was not read is not exported");

    let coverage = store.coverage_list(&id).await.unwrap();
    let states: Vec<_> = coverage.iter().map(|row| (row.coverage.state, row.shard.region.as_str())).collect();
    assert_eq!(states[0], (CoverageState::Denied, "us-east-1"), "the worst comes first");
    assert_eq!(coverage[0].coverage.errors[0].permission.as_deref(), Some("lambda:ListFunctions"));

    let changes = store.verdict_change_list(&before, &view, &Filter::default(), None, 10).await.unwrap();
    let changes: Vec<_> = changes
        .iter()
        .map(|change| (change.row.name.as_str(), change.before, change.after, change.row.state))
        .collect();
    let (fail, pass, unknown) = (Some(Status::Fail), Some(Status::Pass), Some(Status::Unknown));
    assert_eq!(
        changes,
        [
            ("refund", None, fail, State::New),
            ("mail", pass, unknown, State::New),
            ("checkout", fail, pass, State::Resolved),
            ("orders", pass, None, State::Resolved),
        ]
    );
    let back = store.verdict_change_list(&view, &before, &Filter::default(), None, 1).await.unwrap();
    assert_eq!((back[0].row.name.as_str(), back[0].before, back[0].after), ("checkout", pass, fail));
    drift::a_filter_comes_before_the_limit(store, &before, &view).await;

    let changes = store.resource_change_list(&before, &view, &Filter::default(), 10).await.unwrap();
    let changes: Vec<_> =
        changes.iter().map(|change| (change.name.as_str(), change.change, change.facets.join(","))).collect();
    assert_eq!(
        changes,
        [
            ("checkout", ChangeKind::Changed, "url".to_owned()),
            ("orders", ChangeKind::Removed, String::new()),
            ("refund", ChangeKind::Added, String::new()),
        ]
    );
    let closed = FindingKey::of(&CheckId::from(URL_CHECK), &function_uid("eu-west-1", "checkout"));
    let history = store.finding_history(&closed).await.unwrap();
    let history: Vec<_> = history
        .iter()
        .map(|interval| (interval.status, &interval.scan, interval.from, interval.to))
        .collect();
    assert_eq!(
        history,
        [(Status::Pass, &id, night(2), None), (Status::Fail, first, night(1), Some(night(2)))]
    );
    let versions = store.resource_history(&function_uid("eu-west-1", "checkout")).await.unwrap();
    let versions: Vec<_> =
        versions.iter().map(|version| (version.from, version.to, version.facets.join(","))).collect();
    assert_eq!(
        versions,
        [(night(2), None, "url".to_owned()), (night(1), Some(night(2)), "config,url,tags".to_owned())]
    );
    id
}

async fn the_past_stays_as_it_was(store: &dyn Store, first: &ScanId, second: &ScanId) {
    let then = store.view_fetch(&[], &AsOf::Scan(first.clone())).await.unwrap();
    assert_eq!(&then.entries[0].scan, first);
    assert_eq!(store.view_fetch(&[], &AsOf::At(night(1))).await.unwrap(), then);
    assert_eq!(&store.view_fetch(&[], &AsOf::At(night(2))).await.unwrap().entries[0].scan, second);
    assert_eq!(
        store.view_fetch(&[], &AsOf::At(time("2026-10-01T00:00:00Z"))).await.unwrap(),
        View::default()
    );
    assert_eq!(store.view_fetch(&[TargetName::from("other")], &AsOf::Latest).await.unwrap(), View::default());

    let gone = FindingKey::of(&CheckId::from(URL_CHECK), &function_uid("eu-west-1", "orders"));
    assert_eq!(store.finding_fetch(&then, &gone).await.unwrap().unwrap().status, Status::Pass);
    let row = store.finding_fetch(&latest(store).await, &gone).await.unwrap().unwrap();
    assert_eq!((row.state, &row.scan, row.last_seen), (State::Resolved, first, night(1)));
    let later = FindingKey::of(&CheckId::from(URL_CHECK), &function_uid("eu-west-1", "refund"));
    assert_eq!(store.finding_fetch(&then, &later).await.unwrap(), None, "it was not there yet");
}

/// Night 3: the process dies after one shard; us-east-1 can be read again and is as it was.
async fn a_scan_that_was_killed_is_taken_up(reopen: Reopen<'_>) -> Box<dyn Store> {
    let eu = vec![
        function("eu-west-1", "checkout", Some("AWS_IAM")),
        function("eu-west-1", "refund", Some("NONE")),
    ];
    let mut shards = first_night();
    shards[1] = listed(key("eu-west-1", "lambda"), eu);
    let store = reopen();
    let open = store.scan_open(&opened(night(3), &shards)).await.unwrap();
    store.shard_insert(&open.scan.id, &[shards[1].clone().packed()]).await.unwrap();
    let before = store.scan_fetch(&open.scan.id).await.unwrap();
    drop(store);

    let store = reopen();
    let left = store.scan_unfinished(&target()).await.unwrap().unwrap();
    assert_eq!((&left.scan, &left.done), (&open.scan, &vec![shards[1].key.clone()]));
    assert_eq!(store.scan_open(&opened(night(3), &shards)).await.unwrap(), left);
    store.shard_insert(&open.scan.id, &[shards[1].clone().packed()]).await.unwrap();
    assert_eq!(store.scan_fetch(&open.scan.id).await.unwrap(), before, "once is enough");
    let id = scan_until_finish(&*store, night(3), &shards).await;
    evaluate(&*store, &id).await;
    assert_eq!(store.scan_unfinished(&target()).await.unwrap().unwrap().evaluated, [account()]);
    store.scan_finish(&id, &finished(night(3))).await.unwrap();

    let view = latest(&*store).await;
    let summary = store.scan_fetch(&id).await.unwrap().unwrap();
    assert_eq!(counts(&summary), (5, 3, 2, 0));
    let rows = findings(&*store, &view, &Filter::default(), &Status::ALL).await;
    let states: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.state, row.first_seen)).collect();
    assert_eq!(
        states,
        [
            ("admin", State::Open, night(1)),
            ("shop", State::Resolved, night(1)),
            ("refund", State::Open, night(2)),
            ("checkout", State::Resolved, night(2)),
            ("mail", State::Resolved, night(3)),
        ]
    );
    let before = store.view_before(&view).await.unwrap();
    let changes = store.verdict_change_list(&before, &view, &Filter::default(), None, 10).await.unwrap();
    assert_eq!(changes.iter().map(|change| change.row.name.as_str()).collect::<Vec<_>>(), ["mail"]);
    store
}

/// Night 4: the listing of eu-west-1 breaks off after `checkout`: `refund` is stale, and neither is gone.
async fn what_could_be_read_in_part_is_told_apart(store: &dyn Store) {
    let mut shards = first_night();
    shards[1] = broken(key("eu-west-1", "lambda"), vec![function("eu-west-1", "checkout", Some("NONE"))]);
    scan(store, night(4), &shards).await;
    let view = latest(store).await;
    let rows = findings(
        store,
        &view,
        &Filter { kinds: vec![Kind::from("aws.lambda.function")], ..Filter::default() },
        &Status::ALL,
    )
    .await;
    assert_eq!(
        told(&rows),
        [
            ("checkout", Status::Fail, State::New),
            ("refund", Status::Unknown, State::Open),
            ("mail", Status::Pass, State::Resolved)
        ]
    );
    assert_eq!(rows[1].first_seen, night(2), "from FAIL to UNKNOWN is no new finding");
    let exported = store.shard_fetch(&view, &key("eu-west-1", "lambda")).await.unwrap();
    assert_eq!(exported.as_ref(), Some(&shards[1]));
    let page = store.resource_list(&view, &Filter::default(), true, None, 10).await.unwrap();
    let rows: Vec<_> =
        page.rows.iter().map(|row| (row.name.as_str(), row.stale, row.last_read, row.debt)).collect();
    assert_eq!(
        rows,
        [
            ("admin", false, night(4), 9),
            ("checkout", false, night(4), 108),
            ("mail", false, night(4), 0),
            ("refund", true, night(3), 0),
            ("shop", false, night(4), 0),
        ]
    );
}

/// Nights 5 and 6: many functions; pages are read while another scan runs.
async fn pages_hold_every_row_once(store: &dyn Store) {
    let names: Vec<String> = (0..90).map(|number| format!("fn-{number:02}")).collect();
    let auth = |number: usize| Some(if number.is_multiple_of(3) { "NONE" } else { "AWS_IAM" });
    let functions = |turn: usize| -> Vec<Resource> {
        names
            .iter()
            .enumerate()
            .map(|(number, name)| function("eu-west-1", name, auth(number + turn)))
            .collect()
    };
    let mut shards = first_night();
    shards[1] = listed(key("eu-west-1", "lambda"), functions(0));
    scan(store, night(5), &shards).await;
    let view = latest(store).await;
    shards[1] = listed(key("eu-west-1", "lambda"), functions(1));
    let next = opened(night(6), &shards);
    store.scan_open(&next).await.unwrap();

    let buckets = buckets(store, &view, &Status::ALL).await;
    let total: u64 = store.rollup_list(&view).await.unwrap().iter().map(|rollup| rollup.bucket.count).sum();
    assert_eq!(total, 93);
    let filter = Filter::default();
    for order in [FindingOrder::Buckets(buckets.clone()), FindingOrder::Resources(buckets.clone())] {
        let whole = store.finding_list(&view, &filter, &order, None, 500).await.unwrap();
        assert_eq!((whole.rows.len(), whole.next), (93, None));
        for limit in [1, 7, 93] {
            let (mut rows, mut cursor) = (Vec::new(), None);
            for step in 0.. {
                let page =
                    store.finding_list(&view, &filter, &order, cursor.as_deref(), limit).await.unwrap();
                assert!(page.rows.len() <= limit as usize);
                rows.extend(page.rows);
                if step == 1 && store.scan_fetch(&next.id).await.unwrap().unwrap().shards_done == 0 {
                    scan_until_finish(store, night(6), &shards).await;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(rows, whole.rows);
        }
    }
    let uids = |rows: &[FindingRow]| rows.iter().map(|row| row.resource.clone()).collect::<Vec<_>>();
    let one = FindingOrder::Buckets(vec![BucketKey {
        check: CheckId::from(URL_CHECK),
        status: Status::Fail,
        exposure: Exposure::Internet,
    }]);
    let rows = store.finding_list(&view, &filter, &one, None, 500).await.unwrap().rows;
    let mut sorted = uids(&rows);
    sorted.sort();
    assert_eq!((rows.len(), uids(&rows)), (30, sorted));

    for by_name in [false, true] {
        let whole = store.resource_list(&view, &filter, by_name, None, 500).await.unwrap().rows;
        assert_eq!(whole.len() as u64, store.resource_count(&view, &filter).await.unwrap());
        let (mut rows, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.resource_list(&view, &filter, by_name, cursor.as_deref(), 8).await.unwrap();
            rows.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(rows, whole);
    }
    let resources: u64 =
        store.resource_rollup_list(&view).await.unwrap().iter().map(|rollup| rollup.count).sum();
    assert_eq!(resources, 93);

    let some = Filter {
        query: Some("FN-1".to_owned()),
        regions: vec![Region::from("eu-west-1")],
        ..Filter::default()
    };
    assert_eq!(store.finding_count(&view, &some, &buckets).await.unwrap(), 10);
    assert_eq!(findings(store, &view, &some, &Status::ALL).await.len(), 10);
    assert_eq!(store.resource_count(&view, &some).await.unwrap(), 10);
    let fresh = Filter { states: vec![State::New], ..Filter::default() };
    assert_eq!(
        store.finding_count(&view, &fresh, &buckets).await.unwrap(),
        30,
        "admin has been failing for longer"
    );
    let exposed = Filter { exposures: vec![Exposure::Internet], ..Filter::default() };
    assert_eq!(store.resource_count(&view, &exposed).await.unwrap(), 30);

    store.scan_finish(&next.id, &finished(night(6))).await.unwrap();
    let changed =
        store.verdict_change_list(&view, &latest(store).await, &Filter::default(), None, 500).await.unwrap();
    assert_eq!(changed.len(), 60);
    assert!(changed[..30].iter().all(|change| change.after == Some(Status::Fail)), "worse ones come first");
    let page = store.scan_list(Some(&target()), None, 4).await.unwrap();
    let rest = store.scan_list(Some(&target()), page.next.as_deref(), 4).await.unwrap();
    let started: Vec<_> = page.rows.iter().chain(&rest.rows).map(|scan| scan.started).collect();
    assert_eq!((started, rest.next), ([6, 5, 4, 3, 2, 1].map(night).to_vec(), None));
}

/// Night 7: another account is scanned under the same name; what stood in the first one is out of view.
async fn an_account_that_is_not_asked_for_leaves(store: &dyn Store) {
    let before = latest(store).await;
    let seen = everything(store, &before).await;
    let mut shard = listed(key("global", "iam"), Vec::new());
    shard.key.account = AccountId::from("222222222222");
    let open = store.scan_open(&opened(night(7), std::slice::from_ref(&shard))).await.unwrap();
    store.shard_insert(&open.scan.id, &[shard.clone().packed()]).await.unwrap();
    let early = store.scan_finish(&open.scan.id, &finished(night(7))).await.unwrap_err();
    assert_eq!(
        early.to_string(),
        format!("finish the scan `{}`: account 222222222222 was not judged", open.scan.id)
    );
    let nothing = Evaluation { account: shard.key.account, ..judge(&[], &BTreeMap::new()) };
    store.evaluation_insert(&open.scan.id, &[&nothing]).await.unwrap();
    store.scan_finish(&open.scan.id, &finished(night(7))).await.unwrap();

    let view = latest(store).await;
    assert_eq!(store.resource_count(&view, &Filter::default()).await.unwrap(), 0);
    assert!(store.rollup_list(&view).await.unwrap().is_empty());
    assert!(findings(store, &view, &Filter::default(), &Status::ALL).await.is_empty());
    assert_eq!(everything(store, &before).await, seen);
    let all = Filter::default();
    assert_eq!(store.resource_change_list(&before, &view, &all, 500).await.unwrap().len(), 93);
    assert_eq!(store.verdict_change_list(&before, &view, &all, None, 500).await.unwrap().len(), 93);
    drift::resources_are_filtered_before_the_limit(store, &before, &view).await;
}

async fn misuse_is_refused(store: &dyn Store) {
    let view = latest(store).await;
    let refused = store.scan_list(None, Some("1.2.3"), 10).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Cursor { cursor } if cursor == "1.2.3"), "{refused}");
    let order = FindingOrder::Buckets(Vec::new());
    assert!(store.finding_list(&view, &Filter::default(), &order, Some("x"), 10).await.is_err());
    let nobody = ScanId::from("20260101T000000Z-00000000");
    let unknown = store.view_fetch(&[], &AsOf::Scan(nobody.clone())).await.unwrap_err();
    assert_eq!(unknown.to_string(), format!("find the scan `{nobody}`: there is none with this id"));

    let shards = first_night();
    let done = opened(night(1), &shards);
    let ended = store.scan_open(&done).await.unwrap_err();
    assert_eq!(ended.to_string(), format!("use the scan `{}`: it is finished", done.id));
    assert!(store.shard_insert(&done.id, &[shards[0].clone().packed()]).await.is_err());

    let open = store.scan_open(&opened(night(8), &shards)).await.unwrap();
    let estate = [nephoscope_store::StoredResource {
        resource: role("nobody", "*"),
        last_read: night(8),
        stale: false,
    }];
    let alien =
        store.evaluation_insert(&open.scan.id, &[&judge(&estate, &BTreeMap::new())]).await.unwrap_err();
    assert!(
        alien.to_string().ends_with("`arn:aws:iam::111111111111:role/nobody` is not among its resources"),
        "{alien}"
    );
    let looked = store.view_fetch(&[], &AsOf::Scan(open.scan.id.clone())).await.unwrap_err();
    assert_eq!(looked.to_string(), format!("use the scan `{}`: it is running", open.scan.id));
    let why = Some("the credentials expired".to_owned());
    let end = ScanEnd {
        state: ScanState::Failed,
        failure: why.clone(),
        finished: night(8),
        score: None,
        catalogue: None,
    };
    store.scan_finish(&open.scan.id, &end).await.unwrap();
    assert_eq!(latest(store).await, view, "a scan that failed is never in view");
    assert_eq!(store.scan_fetch(&open.scan.id).await.unwrap().unwrap().failure, why);

    let left = store.scan_open(&opened(night(9), &shards)).await.unwrap();
    store.scan_open(&opened(night(10), &shards)).await.unwrap();
    let given_up = store.scan_fetch(&left.scan.id).await.unwrap().unwrap();
    assert_eq!(given_up.failure.as_deref(), Some("given up: another scan of the target began"));
}

async fn schedules_are_remembered(store: &dyn Store) {
    let mark = |day| ScheduleMark { target: target(), due: night(day) };
    store.schedule_mark(&mark(9)).await.unwrap();
    store.schedule_mark(&mark(8)).await.unwrap();
    assert_eq!(store.schedule_list().await.unwrap(), [mark(9)]);
}
