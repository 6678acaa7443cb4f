//! What there is: the list of resources, and one resource with all that is known of it.

use jiff::Timestamp;
use leptos::prelude::*;
use nephoscope_model::api::{Frame, RelationRow, ResourceDetail, ResourceList, ResourceRow, ResourceVersion};
use nephoscope_model::query::{ListQuery, Sort, encode};
use nephoscope_model::{Facet, Fact};

use serde_json::Value;

use crate::address::{self, Scope};
use crate::components::document::{Content, Page, render};
use crate::components::empty::{Empty, empty};
use crate::components::facts::{facts, words};
use crate::components::json::json;
use crate::components::table::{card, number, pager, table, text};
use crate::components::verdict::{self, Told};
use crate::components::{code, filters, marks};
use crate::{headline, wording};

const PATH: &str = "/inventory";

/// The page at `/inventory`.
pub fn inventory(page: &Page<'_>, query: &ListQuery, body: &ResourceList) -> String {
    let scope = Scope::of(page.frame);
    render(page, || Content {
        name: "Inventory".to_owned(),
        headline: headline::inventory(query, body),
        trail: vec![],
        aside: None,
        body: list(&scope, query, body),
        refresh: None,
    })
}

fn list(scope: &Scope, query: &ListQuery, body: &ResourceList) -> AnyView {
    let narrowed = !address::active_filters(PATH, query).is_empty();
    if body.resources.is_empty() && !narrowed {
        return view! { <section class="card">{empty(Empty::NeverScanned)}</section> }.into_any();
    }
    let rows = if body.resources.is_empty() {
        empty(Empty::NothingMatches(address::cleared(PATH, query)))
    } else {
        let rows = body.resources.iter().map(|resource| row(scope, resource)).collect_view();
        let columns = [
            text("Resource"),
            text("Failing"),
            text("Reachable"),
            text("Where"),
            number("Unknown"),
            number("Debt"),
            text("Last read"),
        ];
        table("Resources", &columns, view! { <tbody>{rows}</tbody> }.into_any())
    };
    let orders = Sort::ALL.map(|sort| {
        let words = match sort {
            Sort::Points => "debt",
            Sort::Severity => "severity",
            Sort::Name => "name",
        };
        let changed = ListQuery { sort, cursor: None, ..query.clone() };
        (words, query.sort == sort, address::list(PATH, &changed))
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
                {pager(PATH, query, body.resources.len(), Some(body.total), body.next.as_ref())}
            </div>
        </div>
    }
    .into_any()
}

fn row(scope: &Scope, row: &ResourceRow) -> AnyView {
    let failing = row.failing.iter().rev().filter(|(_, count)| **count > 0).map(|(severity, count)| {
        view! {
            <span class="tally">
                {marks::severity(*severity)}
                {wording::thousands(*count)}
            </span>
        }
    });
    let failing = failing.collect_view();
    let none =
        row.failing.values().all(|count| *count == 0).then(|| view! { <span class="quiet">"none"</span> });
    view! {
        <tr class=row.stale.then_some("stale")>
            <th scope="row" class="name">
                <a href=scope.resource(&row.uid) data-row="">{row.name.clone()}</a>
                <p class="small">{wording::kind(&row.kind)}</p>
            </th>
            <td><span class="tallies">{failing}{none}</span></td>
            <td>{marks::exposure(row.exposure)}</td>
            <td class="where">
                <span class="nowrap">{row.region.to_string()}</span>
                <p class="small nowrap">{marks::account(&row.account)}{format!(" · {}", row.service)}</p>
            </td>
            <td class="num">{if row.unknown == 0 { "–".to_owned() } else { wording::thousands(row.unknown) }}</td>
            <td class="num">{wording::thousands(row.debt)}</td>
            <td class="nowrap">{last_read(row)}</td>
        </tr>
    }
    .into_any()
}

fn last_read(row: &ResourceRow) -> AnyView {
    let day = marks::day(row.last_read);
    if row.stale { view! { <span class="fog-note">"not since "{day}</span> }.into_any() } else { day }
}

/// The page at `/inventory/resource`.
pub fn resource(page: &Page<'_>, body: &ResourceDetail) -> String {
    let scope = Scope::of(page.frame);
    let row = &body.row;
    // The date changes on this page, and its address is nothing without the uid.
    let moments = [("as_of", &scope.as_of), ("from", &scope.from)];
    let moments = moments.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let rest = moments.map(|(key, value)| format!("&{key}={}", encode(value))).collect::<String>();
    let frame = Frame { query: format!("uid={}{rest}", encode(row.uid.as_str())), ..page.frame.clone() };
    let page = &Page { frame: &frame, ..*page };
    let kind = scope.link(PATH, &[("kind", row.kind.as_str())]);
    render(page, || Content {
        name: row.name.clone(),
        headline: headline::resource(body),
        trail: vec![
            ("Inventory".to_owned(), scope.link(PATH, &[])),
            (wording::capital(&wording::kind(&row.kind)), kind),
        ],
        aside: Some(
            view! {
                {marks::exposure(row.exposure)}
                <span>"risk debt "<b>{wording::thousands(row.debt)}</b></span>
                {row.stale.then(|| last_read(row))}
            }
            .into_any(),
        ),
        body: detail(&scope, body),
        refresh: None,
    })
}

fn detail(scope: &Scope, body: &ResourceDetail) -> AnyView {
    let findings = if body.findings.is_empty() {
        empty(Empty::NothingFound("No check of the catalogue speaks about this resource."))
    } else {
        verdict::findings(scope, "Findings of this resource", Told::Resource, &body.findings)
    };
    let carried = &body.resource.carried;
    let facets =
        body.resource.facets.iter().map(|(name, value)| facet(name, value, carried.get(name))).collect_view();
    let derived = body.facts.iter().map(|(name, value)| fact(name, value)).collect_view();
    let derived = (!body.facts.is_empty())
        .then(|| card("What was derived", None, view! { <div class="facets">{derived}</div> }.into_any()));
    view! {
        <div class="grid eight-four">
            <div class="stack">
                {card("Findings", None, findings)}
                {card("What was read", None, view! { <div class="facets">{facets}</div> }.into_any())}
                {derived}
            </div>
            <div class="stack">
                {card("Where", None, place(body))}
                {card("Relations", None, relations(scope, &body.relations))}
                {card("History", None, history(&body.history))}
            </div>
        </div>
    }
    .into_any()
}

fn place(body: &ResourceDetail) -> AnyView {
    let row = &body.row;
    let tags = row.tags.iter().map(|(key, value)| {
        view! { <li><code class="tag break">{format!("{key} = {value}")}</code></li> }
    });
    let tags = tags.collect_view();
    let mut pairs = vec![
        ("Identifier", view! { <code class="break copy">{row.uid.to_string()}</code> }.into_any()),
        ("Kind", words(wording::kind(&row.kind))),
        ("Account", words(format!("{} {}", row.provider.label(), row.account))),
        ("Region", words(row.region.to_string())),
        ("Target", words(row.target.to_string())),
        ("Last read", marks::time(row.last_read)),
    ];
    if !row.tags.is_empty() {
        pairs.push(("Tags", view! { <ul class="plain">{tags}</ul> }.into_any()));
    }
    facts(pairs)
}

/// One facet; `carried` is when it was really read, where the scan carried it over.
fn facet(name: &str, facet: &Facet, carried: Option<&Timestamp>) -> AnyView {
    let age = carried.map(|read| view! { <span class="quiet">{age(*read)}</span> }.into_any());
    match facet {
        Facet::Known(value) => folded(name, age, true, json(value)),
        Facet::Absent => {
            let note = view! { <span class="quiet">"the provider said that there is none"</span> };
            view! { <p class="facet-none"><code>{name.to_owned()}</code>{note}" "{age}</p> }.into_any()
        }
        Facet::Unreadable(reason) => {
            let note = view! { <span class="fog-note">"could not be read"</span> }.into_any();
            folded(name, Some(note), true, code::unreadable(std::slice::from_ref(reason)))
        }
    }
}

/// Since when nothing has changed, as far as revisions and events tell.
fn age(read: Timestamp) -> String {
    format!("read {}, carried over: unchanged since", wording::short_day(read))
}

fn fact(name: &str, fact: &Fact) -> AnyView {
    match fact {
        Fact::Known(value) => folded(name, Some(gist(value)), false, json(value)),
        Fact::Unknown(reasons) => {
            let note = view! { <span class="fog-note">"unknown"</span> }.into_any();
            folded(name, Some(note), true, code::unreadable(reasons))
        }
    }
}

/// What a folded fact says, as far as it is short.
fn gist(value: &Value) -> AnyView {
    /// Characters that fit beside the name.
    const SHORT: usize = 60;
    view! { <span class="json-kind">{wording::inline(value, SHORT)}</span> }.into_any()
}

fn folded(name: &str, note: Option<AnyView>, open: bool, body: AnyView) -> AnyView {
    view! {
        <details class="facet" open=open>
            <summary>
                <code>{name.to_owned()}</code>
                {note}
            </summary>
            {body}
        </details>
    }
    .into_any()
}

fn relations(scope: &Scope, relations: &[RelationRow]) -> AnyView {
    if relations.is_empty() {
        return view! { <p class="quiet">"It is not connected to anything that was read."</p> }.into_any();
    }
    let items = relations.iter().map(|relation| {
        let label = if relation.reversed { relation.name.reverse_label() } else { relation.name.label() };
        let (class, arrow) = if relation.reversed { ("relation in", "←") } else { ("relation out", "→") };
        let end = match &relation.kind {
            Some(kind) => view! {
                <a class="link break" href=scope.resource(&relation.uid) title=relation.uid.to_string()>{relation.label.clone()}</a>
                <p class="small">{wording::kind(kind)}</p>
            }
            .into_any(),
            None => view! {
                <code class="break">{relation.label.clone()}</code>
                <p class="small">"not collected"</p>
            }
            .into_any(),
        };
        view! {
            <li class=class>
                <span class="relation-name"><span aria-hidden="true">{arrow}</span>{label}</span>
                <div>{end}</div>
            </li>
        }
    });
    let items = items.collect_view();
    view! { <ul class="relations">{items}</ul> }.into_any()
}

fn history(versions: &[ResourceVersion]) -> AnyView {
    if versions.is_empty() {
        return view! { <p class="quiet">"It has no history yet."</p> }.into_any();
    }
    let last = versions.len() - 1;
    let items = versions.iter().enumerate().map(|(index, version)| {
        let word = if index == last { "first seen" } else { "changed" };
        let facets = version.facets.iter().map(|facet| view! { <code class="tag">{facet.clone()}</code> }).collect_view();
        let facets = (index != last).then_some(facets);
        let gone = (index == 0).then_some(version.to).flatten();
        let gone = gone.map(|to| view! { <p class="small">{format!("gone since {}", wording::moment(to))}</p> });
        view! {
            <li>
                {gone}
                <p>
                    {format!("{word} ")}
                    {facets}
                </p>
                <p class="small"><a class="link" href=address::scan(&version.scan)>{wording::moment(version.from)}</a></p>
            </li>
        }
    });
    let items = items.collect_view();
    view! { <ol class="timeline">{items}</ol> }.into_any()
}
