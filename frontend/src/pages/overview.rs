//! The first page: whole or not, better or worse and why, and what to do.

use leptos::prelude::*;
use nephoscope_model::api::{Fix, Overview, SeverityCounts};
use nephoscope_model::finding::Exposure;

use crate::address::Scope;
use crate::components::document::{Content, Page, render};
use crate::components::empty::{Empty, empty};
use crate::components::table::{card, more};
use crate::components::{changes, code, coverage, marks, score, trend};
use crate::{headline, wording};

/// The page at `/`.
pub fn overview(page: &Page<'_>, body: &Overview) -> String {
    let scope = Scope::of(page.frame);
    render(page, || Content {
        name: "Overview".to_owned(),
        headline: headline::overview(body),
        trail: vec![],
        aside: None,
        body: content(&scope, body),
        refresh: None,
    })
}

fn content(scope: &Scope, body: &Overview) -> AnyView {
    if body.as_of.is_none() {
        return view! { <section class="card">{empty(Empty::NeverScanned)}</section> }.into_any();
    }
    let nights = wording::count(body.trend.len() as u64, "scan", "scans");
    let legend = view! {
        <p class="small legend">
            <span class="fog-swatch" aria-hidden="true"></span>
            "what could not be read"
        </p>
    };
    let drift = body.drift.as_ref().map(|drift| {
        let title = format!("What changed since {}", wording::since(drift.from, drift.to));
        card(&title, None, changes::changes(scope, drift))
    });
    let drift = drift.unwrap_or_else(|| {
        let words = match scope.from {
            Some(_) => {
                "No scan had finished by the day that was chosen, so there is nothing to compare with."
            }
            None => "There is only one scan in view, and nothing to compare it with.",
        };
        card("What changed", None, empty(Empty::NothingFound(words)))
    });
    view! {
        {coverage::summary(scope, body)}
        <div class="grid five-seven">
            {card("Posture score", None, score::score(scope, &body.score))}
            {card(&format!("Posture over {nights}"), Some(legend.into_any()), trend::trend(scope, &body.trend))}
        </div>
        <div class="grid five-seven">
            <div class="stack">
                {card("Failing by severity", Some(more("All findings", scope.link("/findings", &[]))), severities(scope, &body.severities))}
                {card("Worth most to fix", None, fixes(scope, &body.fixes))}
            </div>
            {drift}
        </div>
    }
    .into_any()
}

fn severities(scope: &Scope, counts: &[SeverityCounts]) -> AnyView {
    let rows = counts.iter().map(|row| {
        let failing = scope.link("/findings", &[("severity", row.severity.as_str()), ("status", "FAIL")]);
        let unknown = scope.link("/findings", &[("severity", row.severity.as_str()), ("status", "UNKNOWN")]);
        let bar = marks::bar(
            &[("bar-fail", row.fail), ("bar-unknown", row.unknown), ("bar-pass", row.pass)],
            row.fail + row.unknown + row.pass,
        );
        let unread = (row.unknown > 0).then(|| {
            view! { <a class="small" href=unknown>{format!("{} unknown", wording::thousands(row.unknown))}</a> }
        });
        view! {
            <li>
                <span class="severity-name">
                    {marks::severity(row.severity)}
                    <a href=failing>
                        <span aria-hidden="true">{wording::capital(row.severity.as_str())}</span>
                        <span class="hidden">" failing"</span>
                    </a>
                </span>
                <span class="severity-count num">{wording::thousands(row.fail)}</span>
                {bar}
                <span class="severity-unknown num">{unread}</span>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! { <ul class="severities">{rows}</ul> }.into_any()
}

fn fixes(scope: &Scope, fixes: &[Fix]) -> AnyView {
    if fixes.is_empty() {
        return empty(Empty::NothingFound("Nothing fails, so there is nothing to fix."));
    }
    let rows = fixes.iter().map(|fix| {
        let failing = scope.link("/findings", &[("check", fix.check.as_str()), ("status", "FAIL")]);
        let exposed = (fix.exposure != Exposure::Internal).then(|| marks::exposure(fix.exposure));
        view! {
            <li>
                {marks::severity(fix.severity)}
                <div class="what">
                    <a href=failing data-row=""><b>{fix.title.clone()}</b></a>
                    <p>{code::inline(&wording::cut(&fix.remediation, 240))}</p>
                    <p class="meta">
                        <span>{wording::count(fix.failing, "finding", "findings")}</span>
                        {exposed}
                    </p>
                </div>
                <b class="up num">{wording::gain(&fix.points)}</b>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! { <ol class="rows fixes">{rows}</ol> }.into_any()
}
