//! The sentences at the top of the pages.

use nephoscope_frontend::headline;
use nephoscope_model::api::{ErrorBody, FindingList};
use nephoscope_model::coverage::CoverageState;
use nephoscope_model::finding::Status;
use nephoscope_model::query::ListQuery;
use nephoscope_model::scan::ScanState;

use super::estate::{self, tenths};

fn query(pairs: &[(&'static str, &'static str)]) -> ListQuery {
    ListQuery::from_pairs(pairs.iter().copied()).unwrap()
}

#[test]
fn the_overview_says_better_or_worse_since_when_and_why() {
    let fell = headline::overview(&estate::overview());
    assert_eq!(fell.title, "Posture fell 6.2 points since Friday");
    assert_eq!(
        fell.lead,
        "checkout fails “Function URL requires authentication”, 3 more got worse, 2 no longer fail"
    );

    let mut body = estate::overview();
    let drift = body.drift.as_mut().unwrap();
    drift.posture_from = Some(tenths(709));
    drift.findings.retain(|change| change.before == Some(Status::Fail));
    let rose = headline::overview(&body);
    assert_eq!(
        (rose.title.as_str(), rose.lead.as_str()),
        ("Posture rose 1.0 point since Friday", "2 no longer fail")
    );

    let drift = body.drift.as_mut().unwrap();
    drift.posture_from = Some(tenths(719));
    assert_eq!(headline::overview(&body).title, "Posture held at 71.9 since Friday");
    body.drift.as_mut().unwrap().findings.clear();
    assert_eq!(headline::overview(&body).title, "Nothing changed since Friday");
    body.drift = None;
    assert_eq!(headline::overview(&body).title, "Posture stands at 71.9 of 100");
    body.score.posture = None;
    assert_eq!(headline::overview(&body).title, "Nothing could be judged");
    body.as_of = None;
    body.scans.clear();
    assert_eq!(headline::overview(&body).title, "Nothing has been scanned yet");
    body.scans.push(estate::running());
    assert_eq!(headline::overview(&body).title, "The first scan is under way");
}

#[test]
fn a_list_that_was_cut_is_not_counted_as_whole() {
    let mut body = estate::overview();
    body.drift.as_mut().unwrap().truncated = true;
    assert!(headline::overview(&body).lead.contains("at least 3 more got worse"));
}

#[test]
fn what_cannot_be_told_any_more_is_said_as_such() {
    let mut body = estate::overview();
    body.drift.as_mut().unwrap().findings.retain(|change| change.after == Some(Status::Unknown));
    assert_eq!(
        headline::overview(&body).lead,
        "Resource policy admits no stranger can no longer be told for reports-api · live"
    );
}

#[test]
fn findings_say_how_many_of_how_many() {
    let body = estate::findings();
    let all = headline::findings(&query(&[]), &body);
    assert_eq!(
        (all.title.as_str(), all.lead.as_str()),
        ("135 findings need attention", "of 286 verdicts; fail or unknown")
    );
    let one = FindingList { total: 1, ..body.clone() };
    assert_eq!(headline::findings(&query(&[("severity", "low")]), &one).title, "1 finding matches");
    let none = FindingList { total: 0, ..body.clone() };
    assert_eq!(headline::findings(&query(&[]), &none).title, "Nothing fails: all 286 verdicts pass");
    assert_eq!(
        headline::findings(&query(&[("target", "edge")]), &none).title,
        "Nothing fails: all 286 verdicts pass"
    );
    assert_eq!(
        headline::findings(&query(&[("severity", "low")]), &none).title,
        "Nothing matches this filter"
    );
    let never = FindingList { verdicts: 0, ..none };
    assert_eq!(headline::findings(&query(&[]), &never).title, "Nothing has been judged yet");
}

#[test]
fn verdicts_read_as_sentences() {
    let title = |status| headline::finding(&estate::finding(status)).title;
    assert_eq!(title(Status::Fail), "checkout fails “Function URL requires authentication”");
    assert_eq!(
        title(Status::Unknown),
        "Nobody can tell whether invoice-render passes “Resource policy admits no stranger”"
    );
    assert_eq!(title(Status::Pass), "checkout passes “Function URL requires authentication”");
}

#[test]
fn resources_say_how_they_fare() {
    let mut body = estate::resource();
    assert_eq!(headline::resource(&body).title, "checkout fails 3 checks, 1 of them critical");
    body.findings.truncate(1);
    assert_eq!(headline::resource(&body).title, "checkout fails 1 check, a critical one");
    body.findings[0].status = Status::Unknown;
    assert_eq!(headline::resource(&body).title, "checkout could not be judged by 1 check");
    body.findings[0].status = Status::Pass;
    assert_eq!(headline::resource(&body).title, "checkout passes the only check");
    body.findings.clear();
    assert_eq!(headline::resource(&body).title, "No check speaks about checkout");
    let open = headline::inventory(&query(&[]), &estate::resources());
    assert_eq!(open.title, "152 resources, 7 reachable from the internet");
    let mut uncounted = estate::resources();
    uncounted.facets.retain(|facet| facet.key != "exposure");
    assert_eq!(headline::inventory(&query(&[]), &uncounted).title, "152 resources", "nobody counted");
}

#[test]
fn scans_say_what_they_could_not_read() {
    let scan = headline::scan(&estate::scan(ScanState::Finished));
    assert_eq!(scan.title, "3 shards could not be read whole");
    assert_eq!(scan.lead, "of 27; Mon 16 Nov 2026, 02:00 UTC; 5 more are switched off");
    assert_eq!(headline::scan(&estate::scan(ScanState::Running)).title, "production is being scanned");
    assert_eq!(headline::scan(&estate::scan(ScanState::Failed)).lead, "the store has no room left");
    let mut whole = estate::scan(ScanState::Finished);
    whole.coverage.retain(|row| row.coverage.state == CoverageState::Complete);
    assert_eq!(headline::scan(&whole).title, "This scan read all 24 shards");
    assert_eq!(
        headline::scans(&estate::scans()).title,
        "The latest scan of production read 24 of 32 shards whole"
    );
}

#[test]
fn coverage_names_the_permissions_and_what_they_cost() {
    let rows = estate::coverage();
    let said = headline::coverage(&rows, 152, 44);
    assert_eq!(said.title, "Most was read, but not all");
    assert_eq!(
        said.lead,
        "24 of 27 shards, 152 resources; 3 shards are not whole, 2 for want of a permission; 44 verdicts are unknown; 5 more are switched off"
    );
    let whole: Vec<_> =
        rows.into_iter().filter(|row| row.coverage.state == CoverageState::Complete).collect();
    assert_eq!(headline::coverage(&whole, 1, 0).lead, "all 24 shards, 1 resource");
    assert_eq!(headline::coverage(&[], 0, 0).title, "Nothing was read");
}

#[test]
fn checks_and_frameworks_say_what_fails() {
    assert_eq!(headline::checks(&query(&[]), &estate::checks()).title, "All 7 checks fail somewhere");
    let mut some = estate::checks();
    some.checks[0].counts.fail = 0;
    assert_eq!(headline::checks(&query(&[]), &some).title, "6 of 7 checks fail somewhere");
    let mut row = estate::check_rows().remove(0);
    assert_eq!(headline::check(&row).title, "“Function URL requires authentication” fails on 2 resources");
    row.counts.fail = 0;
    assert_eq!(
        headline::check(&row).title,
        "“Function URL requires authentication” holds on all 5 resources"
    );
    row.counts.pass = 0;
    assert_eq!(
        headline::check(&row).title,
        "“Function URL requires authentication” has nothing to judge here"
    );
    assert_eq!(headline::frameworks(&estate::framework_list()).title, "10 controls fail in 2 frameworks");
    assert_eq!(
        headline::framework(&estate::compliance()).title,
        "OWASP Serverless Top 10: 4 of 7 judged controls fail"
    );
}

#[test]
fn failures_keep_the_message() {
    let body = ErrorBody { code: "not_found".into(), message: "no finding `x`".into(), help: String::new() };
    let said = headline::failure(404, &body);
    assert_eq!(
        (said.title.as_str(), said.lead.as_str()),
        ("There is nothing at this address", "No finding `x`")
    );
}
