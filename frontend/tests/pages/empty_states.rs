//! Empty states say which kind of empty they are.

use nephoscope_frontend as pages;
use nephoscope_frontend::Page;
use nephoscope_model::api::{CheckList, FindingList, FrameworkList, ResourceList, ScanList};
use nephoscope_model::query::ListQuery;

use super::estate;

fn list(pairs: &[(&'static str, &'static str)]) -> ListQuery {
    ListQuery::from_pairs(pairs.iter().copied()).unwrap()
}

fn none(verdicts: u64) -> FindingList {
    FindingList { total: 0, verdicts, findings: vec![], groups: vec![], next: None, facets: vec![] }
}

#[test]
fn findings_tell_never_scanned_from_no_match_from_all_passes() {
    let frame = estate::frame("/findings", "");
    let assets = estate::assets();
    let page = Page { frame: &frame, assets: &assets };
    let never = pages::findings(&page, &list(&[]), &none(0));
    assert!(never.contains("Not scanned yet") && never.contains("href=\"/scans\""));
    let filtered = pages::findings(&page, &list(&[("severity", "critical")]), &none(286));
    assert!(filtered.contains("Nothing matches this filter") && filtered.contains("Clear all filters"));
    let clean = pages::findings(&page, &list(&[]), &none(286));
    assert!(clean.contains("Everything that was checked passes") && !clean.contains("Clear all filters"));
}

#[test]
fn an_empty_store_says_what_to_do_on_every_page() {
    let assets = estate::assets();
    let frame = estate::frame("/", "");
    let page = Page { frame: &frame, assets: &assets };
    let mut overview = estate::overview();
    overview.as_of = None;
    overview.scans.clear();
    assert!(pages::overview(&page, &overview).contains("Not scanned yet"));
    let stock = ResourceList { total: 0, resources: vec![], next: None, facets: vec![] };
    assert!(pages::inventory(&page, &list(&[]), &stock).contains("Not scanned yet"));
    assert!(pages::inventory(&page, &list(&[("query", "x")]), &stock).contains("Clear all filters"));
    let scans = ScanList { scans: vec![], next: None, targets: vec![] };
    let html = pages::scans(&page, &scans);
    assert!(html.contains("No target is configured") && html.contains("No scan has run"));
    let checks = CheckList { catalogue: String::new(), checks: vec![], facets: vec![] };
    assert!(pages::checks(&page, &list(&[]), &checks).contains("The catalogue holds no check"));
    assert!(pages::frameworks(&page, &FrameworkList { frameworks: vec![] }).contains("names no framework"));
}

#[test]
fn one_scan_has_nothing_to_compare_with_and_no_line_yet() {
    let frame = estate::frame("/", "");
    let mut overview = estate::overview();
    overview.drift = None;
    overview.trend.truncate(1);
    overview.fixes.clear();
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &overview);
    assert!(html.contains("nothing to compare it with"));
    assert!(html.contains("The line begins with the second"));
    assert!(html.contains("Nothing fails, so there is nothing to fix."));
}

#[test]
fn a_check_that_left_the_catalogue_keeps_its_finding_readable() {
    let frame = estate::frame("/findings/x", "");
    let mut body = estate::finding(nephoscope_model::finding::Status::Fail);
    body.check = None;
    let html = pages::finding(&Page { frame: &frame, assets: &estate::assets() }, &body);
    assert!(html.contains("The catalogue no longer has this check"));
}
