//! The catalogue: every check with what it found, and one check with everything it says.

use leptos::prelude::*;
use nephoscope_model::api::{CheckList, CheckRow};
use nephoscope_model::framework::CheckCounts;
use nephoscope_model::query::{ListQuery, Sort};

use crate::address::{self, Scope};
use crate::components::document::{Content, Page, render};
use crate::components::empty::{Empty, empty};
use crate::components::facts::{facts, words};
use crate::components::table::{card, number, table, text};
use crate::components::{code, filters, marks};
use crate::{headline, wording};

const PATH: &str = "/checks";

/// The page at `/checks`.
pub fn checks(page: &Page<'_>, query: &ListQuery, body: &CheckList) -> String {
    let scope = Scope::of(page.frame);
    render(page, || Content {
        name: "Checks".to_owned(),
        headline: headline::checks(query, body),
        trail: vec![],
        aside: None,
        body: list(&scope, query, body),
        refresh: None,
    })
}

fn list(scope: &Scope, query: &ListQuery, body: &CheckList) -> AnyView {
    let narrowed = !address::active_filters(PATH, query).is_empty();
    let rows = match (body.checks.is_empty(), narrowed) {
        (true, true) => empty(Empty::NothingMatches(address::cleared(PATH, query))),
        (true, false) => empty(Empty::NothingFound("The catalogue holds no check.")),
        (false, _) => {
            let rows = body.checks.iter().map(|check| row(scope, check)).collect_view();
            let columns = [
                text("Check"),
                text("Verdicts"),
                number("Fail"),
                number("Unknown"),
                number("Pass"),
                number("Points"),
                text("Service"),
            ];
            table("Checks", &columns, view! { <tbody>{rows}</tbody> }.into_any())
        }
    };
    let orders = Sort::ALL.map(|sort| {
        let changed = ListQuery { sort, cursor: None, ..query.clone() };
        (sort.as_str(), query.sort == sort, address::list(PATH, &changed))
    });
    view! {
        <div class="listing">
            {filters::form(PATH, query, &body.facets)}
            <div class="card">
                <div class="list-head">
                    {filters::chips(PATH, query, &body.facets)}
                    <div class="choices">{filters::choice("Sort", orders.to_vec())}</div>
                </div>
                {rows}
            </div>
        </div>
    }
    .into_any()
}

fn row(scope: &Scope, row: &CheckRow) -> AnyView {
    let check = &row.check;
    let deprecated = check.deprecated.as_ref().map(|why| {
        view! { <p class="small"><span class="chip" title=why.clone()>"deprecated"</span></p> }
    });
    let link = |status: &str, number: u64| {
        let address = scope.link("/findings", &[("check", check.id.as_str()), ("status", status)]);
        match number {
            0 => view! { <span class="quiet">"0"</span> }.into_any(),
            number => view! { <a href=address>{wording::thousands(number)}</a> }.into_any(),
        }
    };
    let lost = if row.points.is_zero() { "–".to_owned() } else { format!("−{}", row.points.rounded(2)) };
    view! {
        <tr>
            <th scope="row" class="name">
                <span class="marked">
                    {marks::severity(check.severity)}
                    <a href=scope.check(&check.id) data-row="">{check.title.clone()}</a>
                </span>
                <p class="small"><code class="break">{check.id.to_string()}</code></p>
                {deprecated}
            </th>
            <td>{verdict_bar(&row.counts)}</td>
            <td class="num">{link("FAIL", row.counts.fail)}</td>
            <td class="num">{link("UNKNOWN", row.counts.unknown)}</td>
            <td class="num">{link("PASS", row.counts.pass)}</td>
            <td class="num">{lost}</td>
            <td class="nowrap">{check.service.clone()}</td>
        </tr>
    }
    .into_any()
}

fn verdict_bar(counts: &CheckCounts) -> AnyView {
    let parts = [("bar-fail", counts.fail), ("bar-unknown", counts.unknown), ("bar-pass", counts.pass)];
    marks::bar(&parts, counts.fail + counts.unknown + counts.pass)
}

/// The page at `/checks/{id}`.
pub fn check(page: &Page<'_>, row: &CheckRow) -> String {
    let scope = Scope::of(page.frame);
    let check = &row.check;
    render(page, || Content {
        name: check.title.clone(),
        headline: headline::check(row),
        trail: vec![
            ("Checks".to_owned(), scope.link(PATH, &[])),
            (check.service.clone(), scope.link(PATH, &[("service", check.service.as_str())])),
        ],
        aside: Some(
            view! {
                <span class="marked">
                    {marks::severity(check.severity)}
                    <span aria-hidden="true">{check.severity.as_str()}</span>
                </span>
                <code class="copy">{check.id.to_string()}</code>
            }
            .into_any(),
        ),
        body: detail(&scope, row),
        refresh: None,
    })
}

fn detail(scope: &Scope, row: &CheckRow) -> AnyView {
    let check = &row.check;
    let deprecated = check.deprecated.as_ref().map(|why| {
        view! { <p class="past" role="note"><span>{format!("Deprecated: {why}")}</span></p> }
    });
    let conditions = view! {
        {code::block("It speaks where", &check.applies)}
        {code::block("It passes where", &check.passes)}
    };
    let judged = view! {
        {verdict_bar(&row.counts)}
        {facts(vec![
            ("Fail", verdicts(scope, row, "FAIL", row.counts.fail)),
            ("Unknown", verdicts(scope, row, "UNKNOWN", row.counts.unknown)),
            ("Pass", verdicts(scope, row, "PASS", row.counts.pass)),
            ("Points lost", words(if row.points.is_zero() { "–".to_owned() } else { row.points.rounded(2) })),
        ])}
    };
    view! {
        {deprecated}
        <div class="grid eight-four">
            <div class="stack">
                {card("What it looks at", None, code::prose(&check.description))}
                {card("What a failure risks", None, code::prose(&check.risk))}
                {card("What to do", None, code::remediation(&check.remediation))}
                {card("Conditions", None, conditions.into_any())}
            </div>
            <div class="stack">
                {card("Verdicts", None, judged.into_any())}
                {card("About this check", None, about(scope, row))}
            </div>
        </div>
    }
    .into_any()
}

fn verdicts(scope: &Scope, row: &CheckRow, status: &str, number: u64) -> AnyView {
    let address = scope.link("/findings", &[("check", row.check.id.as_str()), ("status", status)]);
    view! { <a class="link" href=address>{wording::count(number, "resource", "resources")}</a> }.into_any()
}

fn about(scope: &Scope, row: &CheckRow) -> AnyView {
    let check = &row.check;
    let list = |items: Vec<AnyView>| {
        if items.is_empty() { words("–") } else { view! { <ul class="plain">{items}</ul> }.into_any() }
    };
    let code_item = |text: &String| view! { <li><code class="break">{text.clone()}</code></li> }.into_any();
    let frameworks = check.frameworks.iter().map(|reference| {
        view! { <li><a class="link break" href=scope.framework(reference)>{reference.clone()}</a></li> }
            .into_any()
    });
    let concerns = check.concerns.iter().map(|concern| {
        let address = scope.link(PATH, &[("concern", concern.as_str())]);
        view! { <li><a class="link" href=address>{concern.label()}</a></li> }.into_any()
    });
    let mut pairs = vec![
        ("Judges", words(wording::kind(&check.kind))),
        ("Provider", words(check.provider.label())),
        ("Reads", list(check.reads.iter().map(code_item).collect())),
        ("Evidence", list(check.evidence.iter().map(code_item).collect())),
        ("Concerns", list(concerns.collect())),
        ("Controls", list(frameworks.collect())),
    ];
    if !check.aliases.is_empty() {
        let aliases = check.aliases.iter().map(|alias| code_item(&alias.to_string()));
        pairs.push(("Earlier ids", list(aliases.collect())));
    }
    facts(pairs)
}
