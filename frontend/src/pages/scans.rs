//! What can be scanned and what was; one scan with its shards, live while it runs.

use leptos::prelude::*;
use nephoscope_model::api::{ScanDetail, ScanList, TargetRow};
use nephoscope_model::coverage::CoverageState;
use nephoscope_model::query::encode;
use nephoscope_model::scan::{Origin, ScanState, ScanSummary};

use crate::address::{self, Scope};
use crate::components::document::{Content, Page, render};
use crate::components::empty::{Empty, empty};
use crate::components::facts::{tiles, words};
use crate::components::table::{card, number, table, text};
use crate::components::{coverage, marks, missing};
use crate::islands::progress::Progress;
use crate::{headline, wording};

/// Seconds after which a browser without scripts asks again how a running scan is.
const REFRESH: u32 = 5;

/// The page at `/scans`.
pub fn scans(page: &Page<'_>, body: &ScanList) -> String {
    let scope = Scope::of(page.frame);
    render(page, || Content {
        name: "Scans".to_owned(),
        headline: headline::scans(body),
        trail: vec![],
        aside: None,
        body: list(&scope, body),
        refresh: None,
    })
}

fn list(scope: &Scope, body: &ScanList) -> AnyView {
    let targets = if body.targets.is_empty() {
        let words = "No target is configured. Add a [[target]] to nephoscope.toml.";
        empty(Empty::NothingFound(words))
    } else {
        let rows = body.targets.iter().map(target).collect_view();
        let columns = [
            text("Target"),
            text("Provider"),
            text("Schedule"),
            text("Next due"),
            text("Last scan"),
            number("Start"),
        ];
        table("Targets", &columns, view! { <tbody>{rows}</tbody> }.into_any())
    };
    let scans = if body.scans.is_empty() {
        let words = "No scan has run. Start one with the button of a target.";
        empty(Empty::NothingFound(words))
    } else {
        let rows = body.scans.iter().map(row).collect_view();
        let columns = [
            text("Began"),
            text("Target"),
            text("State"),
            text("Shards whole"),
            number("Resources"),
            number("Fail"),
            number("Unknown"),
            number("Posture"),
            number("Calls"),
            number("Errors"),
            number("Took"),
        ];
        table("Scans, latest first", &columns, view! { <tbody>{rows}</tbody> }.into_any())
    };
    let next = body.next.as_ref().map(|cursor| {
        let address = scope.link("/scans", &[("cursor", cursor)]);
        view! { <nav class="pager" aria-label="Pages"><a class="button" rel="next" href=address>"Earlier scans"</a></nav> }
    });
    let scans = view! {
        {scans}
        {next}
    };
    view! {
        {card("Targets", None, targets)}
        {card("Scans", None, scans.into_any())}
    }
    .into_any()
}

fn target(row: &TargetRow) -> AnyView {
    let schedule = row.schedule.clone().unwrap_or_else(|| "by hand only".to_owned());
    let due = row.next_due.map_or_else(|| words("–"), marks::time);
    let last = match &row.last {
        Some(scan) => view! {
            <a class="link" href=address::scan(&scan.id)>{wording::moment(scan.started)}</a>
            <p class="small">{state(scan)}</p>
        }
        .into_any(),
        None => words("never"),
    };
    let running = row.last.as_ref().filter(|scan| scan.state == ScanState::Running);
    let action = match (running, row.can_start) {
        (Some(scan), _) => view! { <a class="button running" href=address::scan(&scan.id)>"Running"</a> }.into_any(),
        (None, true) => view! {
            <form method="post" action="/scans">
                <input type="hidden" name="target" value=row.name.to_string() />
                <button type="submit" class="button" aria-label=format!("Scan now: {}", row.name)>"Scan now"</button>
            </form>
        }
        .into_any(),
        (None, false) => view! { <span class="quiet">"not configured here"</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="break">{row.name.to_string()}</th>
            <td>{row.provider.label()}</td>
            <td class="nowrap">{schedule}</td>
            <td class="nowrap">{due}</td>
            <td class="nowrap">{last}</td>
            <td class="num">{action}</td>
        </tr>
    }
    .into_any()
}

fn row(scan: &ScanSummary) -> AnyView {
    let took = scan.finished.map_or_else(|| "–".to_owned(), |end| wording::duration(scan.started, end));
    let posture = scan.score.as_ref().and_then(|score| score.posture.as_ref());
    view! {
        <tr>
            <th scope="row" class="nowrap">
                <a href=address::scan(&scan.id) data-row="">{wording::moment(scan.started)}</a>
                <p class="small">{origin(scan.origin)}</p>
            </th>
            <td class="break">{scan.target.to_string()}</td>
            <td>{state(scan)}</td>
            <td>{whole(scan)}</td>
            <td class="num">{wording::thousands(scan.resources)}</td>
            <td class="num">{wording::thousands(scan.fail)}</td>
            <td class="num">{wording::thousands(scan.unknown)}</td>
            <td class="num">{wording::points(posture)}</td>
            <td class="num">{wording::thousands(scan.calls)}</td>
            <td class="num">{wording::thousands(scan.errors)}</td>
            <td class="num nowrap">{took}</td>
        </tr>
    }
    .into_any()
}

fn state(scan: &ScanSummary) -> AnyView {
    let class = match scan.state {
        ScanState::Running => "run running",
        ScanState::Finished => "run finished",
        ScanState::Failed => "run failed",
    };
    let why = scan
        .failure
        .as_ref()
        .map(|failure| view! { <p class="small break">{wording::cut(failure, 120)}</p> });
    view! {
        <span class=class>{scan.state.as_str()}</span>
        {why}
    }
    .into_any()
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Command => "by a command",
        Origin::Dashboard => "from the dashboard",
        Origin::Schedule => "by schedule",
        Origin::File => "from a file",
    }
}

/// Shards read whole, out of those that were planned.
fn whole(scan: &ScanSummary) -> AnyView {
    let done = scan.shards_done;
    let fog = done.saturating_sub(scan.shards_complete);
    view! {
        <span class="whole">
            <span class="num">{format!("{} of {}", scan.shards_complete, scan.shards_planned)}</span>
            {marks::bar(&[("bar-pass", scan.shards_complete), ("bar-unknown", fog)], scan.shards_planned)}
        </span>
    }
    .into_any()
}

/// The page at `/scans/{id}`.
pub fn scan(page: &Page<'_>, body: &ScanDetail) -> String {
    let scope = Scope::of(page.frame);
    let running = body.scan.state == ScanState::Running;
    render(page, || Content {
        name: format!("Scan of {}", body.scan.target),
        headline: headline::scan(body),
        trail: vec![("Scans".to_owned(), scope.link("/scans", &[]))],
        aside: Some(state(&body.scan)),
        body: detail(body, running),
        refresh: running.then_some(REFRESH),
    })
}

fn detail(body: &ScanDetail, running: bool) -> AnyView {
    let scan = &body.scan;
    let live = running.then(|| {
        let refresh = view! { <a class="link" href=address::scan(&scan.id)>"Refresh"</a> }.into_any();
        let events = format!("/scans/{}/events", encode(scan.id.as_str()));
        let island = view! { <Progress events=events planned=scan.shards_planned done=scan.shards_done /> };
        card("Progress", Some(refresh), island.into_any())
    });
    let shards = if body.coverage.is_empty() {
        let words =
            if running { "No shard has been committed yet." } else { "This scan committed no shard." };
        empty(Empty::NothingFound(words))
    } else {
        coverage::shards(&body.coverage)
    };
    let is_fogged = body.services.iter().any(|one| one.whole < one.shards || one.unknown > 0);
    let judged = is_fogged.then(|| card("What could be judged, and what not", None, missing::judged(body)));
    let lacks = (!body.missing.permissions.is_empty()).then(|| {
        card("Missing permissions, and what restores them", None, missing::permissions(&body.missing))
    });
    let errors = coverage::errors(&body.coverage)
        .map(|errors| card("What could not be read for another reason", None, errors));
    let calls =
        (!body.coverage.is_empty()).then(|| card("Calls by API", None, coverage::calls(&body.coverage)));
    view! {
        {numbers(body)}
        {live}
        {judged}
        {lacks}
        {errors}
        <div class="grid eight-four">
            {card("Shards", None, shards)}
            <div class="stack">{calls}</div>
        </div>
    }
    .into_any()
}

fn numbers(body: &ScanDetail) -> AnyView {
    let scan = &body.scan;
    let view_address = format!("/?as_of={}", encode(scan.id.as_str()));
    let took = scan.finished.map_or_else(|| "running".to_owned(), |end| wording::duration(scan.started, end));
    let posture = scan.score.as_ref().and_then(|score| score.posture.as_ref());
    let posture = match (scan.state, posture) {
        (ScanState::Finished, Some(points)) => {
            view! { <a class="link" href=view_address>{points.rounded(1)}</a> }.into_any()
        }
        _ => words(wording::points(posture)),
    };
    let is_foggy = |state| !matches!(state, CoverageState::Complete | CoverageState::Disabled);
    let foggy = body.coverage.iter().filter(|row| is_foggy(row.coverage.state)).count() as u64;
    tiles(vec![
        ("Began", marks::time(scan.started)),
        ("Started", words(origin(scan.origin))),
        ("Took", words(took)),
        ("Shards", words(format!("{} of {}", scan.shards_done, scan.shards_planned))),
        ("Not whole", words(wording::thousands(foggy))),
        ("Resources", words(wording::thousands(scan.resources))),
        ("Calls", words(wording::thousands(scan.calls))),
        ("Fail", words(wording::thousands(scan.fail))),
        ("Unknown", words(wording::thousands(scan.unknown))),
        ("Pass", words(wording::thousands(scan.pass))),
        ("Posture", posture),
        (
            "Catalogue",
            view! { <code>{scan.catalogue.clone().unwrap_or_else(|| "–".to_owned())}</code> }.into_any(),
        ),
    ])
}
