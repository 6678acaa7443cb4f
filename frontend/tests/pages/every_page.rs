//! What holds on every page, whatever is on it.

use std::collections::BTreeSet;

use nephoscope_frontend as pages;
use nephoscope_frontend::Page;
use nephoscope_model::api::ErrorBody;
use nephoscope_model::finding::Status;
use nephoscope_model::query::ListQuery;
use nephoscope_model::scan::ScanState;
use serde_json::json;

use super::estate;

/// A name that would be markup if it were not escaped.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

fn every_page() -> Vec<(&'static str, String)> {
    let assets = estate::assets();
    let with = |path: &str, query: &str| estate::frame(path, query);
    let (root, list, stock, past) = (
        with("/", ""),
        with("/findings", "severity=high"),
        with("/inventory", ""),
        with("/compliance/x", "as_of=2026-11-01"),
    );
    let past = nephoscope_model::api::Frame { as_of: Some("2026-11-01".into()), ..past };
    let page = |frame| Page { frame, assets: &assets };
    let high = ListQuery::from_pairs([("severity", "high"), ("query", HOSTILE)]).unwrap();
    let plain = ListQuery::default();
    let mut hostile = estate::finding(Status::Fail);
    hostile.finding.name = HOSTILE.into();
    hostile.finding.title = HOSTILE.into();
    hostile.finding.evidence[0].found = json!({ HOSTILE: HOSTILE });
    let mut resource = estate::resource();
    resource.row.name = HOSTILE.into();
    resource.row.tags.insert(HOSTILE.into(), HOSTILE.into());
    let mut list_hostile = estate::findings();
    list_hostile.findings[0].name = HOSTILE.into();
    let error =
        ErrorBody { code: "not_found".into(), message: HOSTILE.into(), help: "look elsewhere".into() };
    vec![
        ("overview", pages::overview(&page(&root), &estate::overview())),
        ("findings", pages::findings(&page(&list), &high, &list_hostile)),
        ("findings by resource", {
            let query = ListQuery::from_pairs([("group", "resource")]).unwrap();
            pages::findings(&page(&list), &query, &estate::findings())
        }),
        ("finding", pages::finding(&page(&list), &hostile)),
        ("unknown finding", pages::finding(&page(&list), &estate::finding(Status::Unknown))),
        ("inventory", pages::inventory(&page(&stock), &plain, &estate::resources())),
        ("resource", pages::resource(&page(&stock), &resource)),
        ("scans", pages::scans(&page(&root), &estate::scans())),
        ("scan", pages::scan(&page(&root), &estate::scan(ScanState::Finished))),
        ("running scan", pages::scan(&page(&root), &estate::scan(ScanState::Running))),
        ("failed scan", pages::scan(&page(&root), &estate::scan(ScanState::Failed))),
        ("checks", pages::checks(&page(&root), &plain, &estate::checks())),
        ("check", pages::check(&page(&root), &estate::check_rows()[0])),
        ("compliance", pages::frameworks(&page(&root), &estate::framework_list())),
        ("framework", pages::framework(&page(&past), &estate::compliance())),
        ("failure", pages::failure(&page(&root), 404, &error)),
    ]
}

/// The start tags of a document, each from its name to its `>`; quoted values may hold any other character.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .filter(|part| part.starts_with(char::is_alphabetic))
        .map(|part| part.split('>').next().unwrap())
        .collect()
}

fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(&start).skip(1).map(|part| part.split('"').next().unwrap()).collect()
}

#[test]
fn nothing_needs_an_exception_from_the_content_security_policy() {
    for (name, html) in every_page() {
        for tag in tags(&html) {
            // What stands between quotes is a value, and may say anything.
            let names: String = tag.split('"').step_by(2).collect();
            assert!(!names.contains(" style="), "{name}: {tag}");
            assert!(!names.contains(" on"), "{name} has a handler: {tag}");
            if tag.starts_with("script") {
                assert!(tag.contains(" src=\"/assets/"), "{name}: {tag}");
            }
        }
        assert!(!html.contains("javascript:") && !html.contains("<style"), "{name}");
    }
}

#[test]
fn no_page_asks_another_host_for_anything() {
    for (name, html) in every_page() {
        for attribute in ["href", "src", "action", "data-script", "data-wasm"] {
            for address in attributes(&html, attribute) {
                let own =
                    (address.starts_with('/') && !address.starts_with("//")) || address.starts_with('#');
                assert!(own, "{name}: {attribute} {address}");
            }
        }
    }
}

#[test]
fn hostile_names_are_text() {
    for (name, html) in every_page() {
        assert!(!html.contains("<script>alert") && !html.contains("<img"), "{name}");
    }
    let (_, finding) = every_page().swap_remove(3);
    assert!(finding.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn ids_are_unique_and_what_they_label_exists() {
    for (name, html) in every_page() {
        let ids = attributes(&html, "id");
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        for attribute in ["for", "aria-labelledby"] {
            for id in attributes(&html, attribute).into_iter().flat_map(str::split_whitespace) {
                assert!(unique.contains(&id), "{name}: {attribute} {id}");
            }
        }
    }
}

#[test]
fn headings_are_in_order_below_one_title() {
    for (name, html) in every_page() {
        let levels = tags(&html).into_iter().filter(|tag| {
            let mut letters = tag.chars();
            letters.next() == Some('h') && letters.next().is_some_and(|c| c.is_ascii_digit())
        });
        let levels: Vec<u32> = levels.map(|tag| tag.chars().nth(1).unwrap().to_digit(10).unwrap()).collect();
        assert_eq!(levels.first(), Some(&1), "{name}");
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{name}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: {levels:?}");
    }
}

#[test]
fn every_page_has_its_landmarks_and_says_where_one_is() {
    for (name, html) in every_page() {
        for part in [
            "<a class=\"skip\" href=\"#main\"",
            "<main id=\"main\"",
            "<header class=\"top\"",
            "<footer",
            "<html lang=\"en\"",
        ] {
            assert!(html.contains(part), "{name}: {part}");
        }
        assert!(html.starts_with("<!DOCTYPE html>"), "{name}");
        assert!(html.contains(" aria-current=\"page\"") || html.contains(" aria-current=\"true\""), "{name}");
    }
}

#[test]
fn tables_say_what_they_are() {
    for (name, html) in every_page() {
        assert_eq!(html.matches("<table>").count(), html.matches("<caption").count(), "{name}");
        assert_eq!(html.matches("<th ").count(), html.matches("scope=\"").count(), "{name}");
        assert!(!html.contains("<th>"), "{name}");
    }
}

#[test]
fn only_a_running_scan_refreshes_itself_without_scripts() {
    for (name, html) in every_page() {
        let refreshes = html.contains("<noscript><meta http-equiv=\"refresh\" content=\"5\">");
        assert_eq!(refreshes, name == "running scan", "{name}");
        assert_eq!(html.contains("data-component=\"Progress_"), name == "running scan", "{name}");
    }
    let id = estate::scan_id(30);
    let (_, running) = every_page().swap_remove(9);
    assert!(running.contains(&format!("/scans/{id}/events")));
    assert!(running.contains("9 of 32 shards are read."));
}

#[test]
fn without_wasm_the_page_has_no_script_at_all() {
    let assets = nephoscope_frontend::Assets { script: None, wasm: None, ..estate::assets() };
    let frame = estate::frame("/", "");
    let html = pages::overview(&Page { frame: &frame, assets: &assets }, &estate::overview());
    assert!(!html.contains("<script"));
    assert!(html.contains("Apply") || html.contains("What changed since Friday"));
}

#[test]
fn commands_can_be_copied_where_scripts_run_and_are_selected_whole_elsewhere() {
    let pages = every_page();
    let (_, finding) = pages.iter().find(|(name, _)| *name == "finding").unwrap();
    let buttons: Vec<&str> = finding.split("<button").filter(|part| part.contains("copy-button")).collect();
    assert!(!buttons.is_empty(), "the remedy of the sample finding has a command");
    for button in buttons {
        let tag = button.split('>').next().unwrap();
        assert!(tag.contains(" hidden") && tag.contains("type=\"button\""), "hidden until awake: {tag}");
    }
}

#[test]
fn what_was_carried_over_says_how_old_it_is() {
    let pages = every_page();
    let page = |wanted: &str| &pages.iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert!(page("resource").contains("read 13 Nov, carried over: unchanged since"));
    assert!(page("finding").contains("<code>url</code> read 13 Nov"));
}
