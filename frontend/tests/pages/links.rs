//! Links carry the view: target, date, filters, sort and page.

use nephoscope_frontend as pages;
use nephoscope_frontend::Page;
use nephoscope_model::api::Frame;
use nephoscope_model::query::ListQuery;

use super::estate;

fn hrefs(html: &str) -> Vec<&str> {
    html.split(" href=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect()
}

fn findings(pairs: &[(&'static str, &'static str)]) -> String {
    let query = ListQuery::from_pairs(pairs.iter().copied()).unwrap();
    let text = query.to_query_string();
    let frame = estate::frame("/findings", &text);
    pages::findings(&Page { frame: &frame, assets: &estate::assets() }, &query, &estate::findings())
}

#[test]
fn a_view_of_the_past_stays_in_the_past() {
    let frame = Frame {
        as_of: Some("2026-11-01".into()),
        target: Some("production".into()),
        ..estate::frame("/", "target=production&as_of=2026-11-01")
    };
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &estate::overview());
    let lists = hrefs(&html)
        .into_iter()
        .filter(|href| ["/findings", "/inventory", "/checks"].iter().any(|p| href.starts_with(p)));
    for href in lists {
        assert!(href.contains("target=production&amp;as_of=2026-11-01"), "{href}");
    }
    assert!(html.contains("You look at the past: as of Sun 1 Nov 2026."));
    assert!(hrefs(&html).contains(&"/?target=production"), "the way back to the latest");
}

#[test]
fn pages_sorts_and_exports_keep_the_filter() {
    let html = findings(&[("severity", "high"), ("query", "pay"), ("cursor", "abc"), ("limit", "20")]);
    let links = hrefs(&html);
    for expected in [
        "/findings?severity=high&amp;query=pay&amp;cursor=bmV4dA&amp;limit=20",
        "/findings?severity=high&amp;query=pay&amp;limit=20",
        "/findings?severity=high&amp;query=pay&amp;sort=name&amp;limit=20",
        "/findings?severity=high&amp;query=pay&amp;group=nothing&amp;limit=20",
        "/findings.csv?severity=high&amp;query=pay",
        "/findings.jsonl?severity=high&amp;query=pay",
    ] {
        assert!(links.contains(&expected), "{expected} is not among {links:#?}");
    }
}

#[test]
fn chips_take_one_filter_away_and_all() {
    let html = findings(&[("severity", "high,critical"), ("query", "pay")]);
    let links = hrefs(&html);
    assert!(links.contains(&"/findings?severity=critical&amp;query=pay"));
    assert!(links.contains(&"/findings?severity=high&amp;severity=critical"));
    assert!(html.contains("aria-label=\"Remove the filter Severity: Critical\""));
    assert!(links.contains(&"/findings"), "clear all");
}

#[test]
fn the_filter_form_keeps_what_it_has_no_box_for() {
    let html = findings(&[("check", "aws-lambda-*"), ("sort", "name"), ("query", "pay"), ("cursor", "abc")]);
    let start = html.find("<form id=\"filters\"").expect("the form is there");
    let form = &html[start..start + html[start..].find("</form>").unwrap()];
    for kept in [
        "name=\"check\" value=\"aws-lambda-*\"",
        "name=\"sort\" value=\"name\"",
        "name=\"query\" value=\"pay\"",
    ] {
        assert!(form.contains(kept), "{kept}");
    }
    assert!(!form.contains("cursor"), "a changed filter begins on the first page");
    assert!(form.contains("name=\"status\" value=\"FAIL\" checked"));
    assert!(form.contains("<button type=\"submit\""), "it works without scripts");
}

#[test]
fn scanning_is_a_form_that_posts() {
    let frame = Frame { startable: vec!["production".into()], ..estate::frame("/", "") };
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &estate::overview());
    assert!(html.contains(
        "<form method=\"post\" action=\"/scans\"><input type=\"hidden\" name=\"target\" value=\"production\">"
    ));
    let frame = Frame { startable: vec![], ..frame };
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &estate::overview());
    assert!(!html.contains("method=\"post\""));
    let frame = Frame { running: Some(estate::scan_id(30)), ..frame };
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &estate::overview());
    assert!(html.contains("Scan running"));
}

#[test]
fn search_stays_on_its_list_and_keeps_its_filter() {
    let html = findings(&[("severity", "high"), ("query", "pay")]);
    let start = html.find("<search").unwrap();
    let search = &html[start..start + html[start..].find("</search>").unwrap()];
    assert!(search.contains("action=\"/findings\"") && search.contains("value=\"pay\""));
    assert!(search.contains("name=\"severity\" value=\"high\""));
}

#[test]
fn the_date_of_a_resource_changes_without_losing_the_resource() {
    let frame = Frame {
        as_of: Some("2026-11-01".into()),
        ..estate::frame("/inventory/resource", "as_of=2026-11-01")
    };
    let html = pages::resource(&Page { frame: &frame, assets: &estate::assets() }, &estate::resource());
    let uid = "arn:aws:lambda:eu-west-1:447100000912:checkout";
    assert!(html.contains(&format!("<input type=\"hidden\" name=\"uid\" value=\"{uid}\">")));
    let latest = format!("/inventory/resource?uid={}", nephoscope_model::query::encode(uid));
    assert!(hrefs(&html).contains(&latest.as_str()), "the way back to the latest");
}

/// The form of a menu of the bar, by the parameter that it chooses.
fn moment_form<'a>(html: &'a str, key: &str) -> Option<&'a str> {
    let input = format!("<input type=\"date\" id=\"{}-date\" name=\"{key}\"", key.replace('_', "-"));
    html.split("<form ").map(|rest| rest.split("</form>").next().unwrap()).find(|form| form.contains(&input))
}

#[test]
fn either_moment_is_chosen_without_scripts_and_keeps_the_other() {
    let frame = Frame {
        as_of: Some("2026-11-16".into()),
        from: Some("2026-11-13".into()),
        ..estate::frame("/", "target=production&as_of=2026-11-16&from=2026-11-13")
    };
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &estate::overview());
    let (as_of, from) = (moment_form(&html, "as_of").unwrap(), moment_form(&html, "from").unwrap());
    for form in [as_of, from] {
        assert!(form.contains("method=\"get\" action=\"/\""), "{form}");
        assert!(form.contains("name=\"target\" value=\"production\""), "{form}");
        assert!(form.contains("<button type=\"submit\""), "{form}");
    }
    assert!(as_of.contains("type=\"hidden\" name=\"from\" value=\"2026-11-13\""), "{as_of}");
    assert!(from.contains("type=\"hidden\" name=\"as_of\" value=\"2026-11-16\""), "{from}");
    assert!(from.contains("href=\"/?target=production&amp;as_of=2026-11-16\""), "back to the scan before");
    assert!(html.contains("Fri 13 Nov 2026"), "what it is compared with is in the bar");
    let onward = hrefs(&html).into_iter().filter(|href| href.starts_with("/findings?")).collect::<Vec<_>>();
    assert!(onward.iter().all(|href| href.contains("from=2026-11-13")), "{onward:?}");
}

#[test]
fn only_the_overview_offers_a_comparison() {
    assert_eq!(moment_form(&findings(&[("from", "2026-11-13")]), "from"), None);
    let frame = estate::frame("/", "");
    let html = pages::overview(&Page { frame: &frame, assets: &estate::assets() }, &estate::overview());
    assert!(moment_form(&html, "from").unwrap().contains("max=\"2026-11-16\""), "not after the view itself");
    assert!(html.contains("the scan before"));
}
