//! Frameworks: how each is met, and one framework control by control.

use leptos::prelude::*;
use nephoscope_model::api::{FrameworkList, FrameworkRow};
use nephoscope_model::framework::{CheckCounts, Compliance, ControlCounts, ControlResult, ControlStatus};
use nephoscope_model::query::encode;

use crate::address::Scope;
use crate::components::document::{Content, Page, render};
use crate::components::empty::{Empty, empty};
use crate::components::table::{card, table, text};
use crate::components::{code, marks};
use crate::{headline, wording};

/// The page at `/compliance`.
pub fn frameworks(page: &Page<'_>, body: &FrameworkList) -> String {
    let scope = Scope::of(page.frame);
    render(page, || Content {
        name: "Compliance".to_owned(),
        headline: headline::frameworks(body),
        trail: vec![],
        aside: None,
        body: list(&scope, body),
        refresh: None,
    })
}

fn list(scope: &Scope, body: &FrameworkList) -> AnyView {
    if body.frameworks.is_empty() {
        let words = "The catalogue names no framework.";
        return view! { <section class="card">{empty(Empty::NothingFound(words))}</section> }.into_any();
    }
    let cards = body.frameworks.iter().map(|row| summary(scope, row)).collect_view();
    view! { <div class="grid halves">{cards}</div> }.into_any()
}

fn summary(scope: &Scope, row: &FrameworkRow) -> AnyView {
    let address = scope.framework(&row.id);
    view! {
        <section class="card">
            <header class="card-head">
                <h2><a href=address data-row="">{row.title.clone()}</a></h2>
                <span class="small">{row.version.clone()}</span>
            </header>
            {counts(&row.counts)}
            <p class="links">{exports(scope, &row.id)}</p>
        </section>
    }
    .into_any()
}

/// How many controls have each status: a bar, and the same in words.
fn counts(counts: &ControlCounts) -> AnyView {
    let each = ControlStatus::ALL.map(|status| {
        let (class, number) = match status {
            ControlStatus::Fail => ("bar-fail", counts.fail),
            ControlStatus::Unknown => ("bar-unknown", counts.unknown),
            ControlStatus::Pass => ("bar-pass", counts.pass),
            ControlStatus::Manual => ("bar-manual", counts.manual),
            ControlStatus::NotApplicable => ("bar-ground", counts.not_applicable),
            ControlStatus::NotCovered => ("bar-ground", counts.not_covered),
        };
        (status, class, number)
    });
    let whole = each.iter().map(|(_, _, number)| number).sum();
    let bar = marks::bar(&each.map(|(_, class, number)| (class, number)), whole);
    let items = each.into_iter().map(|(status, _, number)| {
        view! {
            <div>
                <dt>{marks::control(status)}</dt>
                <dd class="num">{wording::thousands(number)}</dd>
            </div>
        }
    });
    let items = items.collect_view();
    view! {
        {bar}
        <dl class="counts">{items}</dl>
    }
    .into_any()
}

fn exports(scope: &Scope, id: &str) -> AnyView {
    let formats = [("Report", "html"), ("CSV", "csv"), ("JSON", "json")];
    let links = formats.map(|(words, extension)| {
        let address = scope.link(&format!("/compliance/{}.{extension}", encode(id)), &[]);
        view! { <a class="button" download="" href=address>{words}</a> }
    });
    links.collect_view().into_any()
}

/// The page at `/compliance/{framework}`.
pub fn framework(page: &Page<'_>, body: &Compliance) -> String {
    let scope = Scope::of(page.frame);
    let framework = &body.framework;
    render(page, || Content {
        name: framework.title.clone(),
        headline: headline::framework(body),
        trail: vec![("Compliance".to_owned(), scope.link("/compliance", &[]))],
        aside: Some(exports(&scope, &framework.id)),
        body: detail(&scope, body),
        refresh: None,
    })
}

fn detail(scope: &Scope, body: &Compliance) -> AnyView {
    let is_silent = |result: &&ControlResult| {
        matches!(result.status, ControlStatus::NotApplicable | ControlStatus::NotCovered)
    };
    let (silent, judged): (Vec<_>, Vec<_>) = body.controls.iter().partition(is_silent);
    let controls = |caption: &str, results: &[&ControlResult]| {
        let rows = results.iter().map(|control| row(scope, control)).collect_view();
        let columns = [text("Control"), text("Status"), text("Decided by")];
        table(caption, &columns, view! { <tbody>{rows}</tbody> }.into_any())
    };
    let silent = (!silent.is_empty()).then(|| {
        let words = wording::count(silent.len() as u64, "control", "controls");
        view! {
            <details class="more">
                <summary>{format!("{words} that nothing here speaks about")}</summary>
                {controls("Controls that nothing here speaks about", &silent)}
            </details>
        }
    });
    let judged = if judged.is_empty() {
        empty(Empty::NothingFound("No check of this catalogue bears on a control of this framework."))
    } else {
        controls("Controls", &judged)
    };
    let controls = view! {
        {judged}
        {silent}
    };
    // The source is shown as text: the page links to no other host.
    let about = view! {
        {code::prose(&body.framework.description)}
        <p class="small break">{format!("Edition {}. Published at {}", body.framework.version, body.framework.source)}</p>
    };
    view! {
        <div class="grid halves">
            {card("Controls by status", None, counts(&body.summary))}
            {card("About this framework", None, about.into_any())}
        </div>
        {card("Controls", None, controls.into_any())}
    }
    .into_any()
}

fn row(scope: &Scope, result: &ControlResult) -> AnyView {
    let manual = result
        .control
        .manual
        .as_ref()
        .map(|words| view! { <p class="small">{format!("By hand: {words}")}</p> });
    let checks = result.checks.iter().map(|counts| check(scope, counts)).collect_view();
    let none = result.checks.is_empty().then(|| match result.status {
        ControlStatus::Manual => view! { <span class="quiet">"a person"</span> },
        _ => view! { <span class="quiet">"no check of this catalogue"</span> },
    });
    view! {
        <tr>
            <th scope="row" class="control">
                <code>{result.control.id.clone()}</code>
                <p>{result.control.title.clone()}</p>
                {manual}
            </th>
            <td class="nowrap">{marks::control(result.status)}</td>
            <td>
                <ul class="plain control-checks">{checks}</ul>
                {none}
            </td>
        </tr>
    }
    .into_any()
}

fn check(scope: &Scope, counts: &CheckCounts) -> AnyView {
    let failing = scope.link("/findings", &[("check", counts.check.as_str()), ("status", "FAIL")]);
    let unknown = scope.link("/findings", &[("check", counts.check.as_str()), ("status", "UNKNOWN")]);
    let fail = (counts.fail > 0).then(|| {
        view! { <a class="down" href=failing>{format!("{} fail", wording::thousands(counts.fail))}</a> }
    });
    let unknown = (counts.unknown > 0).then(|| {
        view! { <a href=unknown>{format!("{} unknown", wording::thousands(counts.unknown))}</a> }
    });
    let pass = (counts.pass > 0)
        .then(|| view! { <span class="quiet">{format!("{} pass", wording::thousands(counts.pass))}</span> });
    let nothing = counts.status().is_none().then(|| view! { <span class="quiet">"nothing to judge"</span> });
    view! {
        <li>
            {marks::severity(counts.severity)}
            <a href=scope.check(&counts.check)>{counts.title.clone()}</a>
            <span class="control-counts">{fail}{unknown}{pass}{nothing}</span>
        </li>
    }
    .into_any()
}
