//! The list of findings, and one finding with its why, its evidence and its remedy.

use leptos::prelude::*;
use nephoscope_model::Finding;
use nephoscope_model::api::{FindingDetail, FindingInterval, FindingList, GroupHead};
use nephoscope_model::finding::Status;
use nephoscope_model::query::{Group, ListQuery, Sort};

use crate::address::{self, Scope};
use crate::components::document::{Content, Page, render};
use crate::components::empty::{Empty, empty};
use crate::components::facts::{facts, words};
use crate::components::table::{card, pager, table};
use crate::components::verdict::{self, Told};
use crate::components::{code, filters, marks};
use crate::{headline, wording};

const PATH: &str = "/findings";

/// The page at `/findings`.
pub fn findings(page: &Page<'_>, query: &ListQuery, body: &FindingList) -> String {
    let scope = Scope::of(page.frame);
    render(page, || Content {
        name: "Findings".to_owned(),
        headline: headline::findings(query, body),
        trail: vec![],
        aside: Some(exports(query)),
        body: list(&scope, query, body),
        refresh: None,
    })
}

fn exports(query: &ListQuery) -> AnyView {
    let whole = ListQuery { cursor: None, limit: None, ..query.clone() };
    view! {
        <a class="button" download="" href=address::list("/findings.csv", &whole)>"CSV"</a>
        <a class="button" download="" href=address::list("/findings.jsonl", &whole)>"JSON Lines"</a>
    }
    .into_any()
}

fn list(scope: &Scope, query: &ListQuery, body: &FindingList) -> AnyView {
    if body.verdicts == 0 && body.total == 0 {
        return view! { <section class="card">{empty(Empty::NeverScanned)}</section> }.into_any();
    }
    let narrowed = !address::active_filters(PATH, query).is_empty();
    let rows = match (body.findings.is_empty(), narrowed) {
        (true, true) => empty(Empty::NothingMatches(address::cleared(PATH, query))),
        (true, false) => {
            empty(Empty::NothingFound("Everything that was checked passes, and nothing was left unread."))
        }
        (false, _) => rows(scope, query, body),
    };
    view! {
        <div class="listing">
            {filters::form(PATH, query, &body.facets)}
            <div class="card">
                <div class="list-head">
                    {filters::chips(PATH, query, &body.facets)}
                    <div class="choices">{groups(query)}{orders(query)}</div>
                </div>
                {rows}
                {pager(PATH, query, body.findings.len(), Some(body.total), body.next.as_ref())}
            </div>
        </div>
    }
    .into_any()
}

fn groups(query: &ListQuery) -> AnyView {
    let options = Group::ALL.map(|group| {
        let words = match group {
            Group::Check => "check",
            Group::Resource => "resource",
            Group::Nothing => "none",
        };
        let changed = ListQuery { group, cursor: None, ..query.clone() };
        (words, query.group == group, address::list(PATH, &changed))
    });
    filters::choice("Group", options.to_vec())
}

fn orders(query: &ListQuery) -> AnyView {
    let options = Sort::ALL.map(|sort| {
        let changed = ListQuery { sort, cursor: None, ..query.clone() };
        (sort.as_str(), query.sort == sort, address::list(PATH, &changed))
    });
    filters::choice("Sort", options.to_vec())
}

fn rows(scope: &Scope, query: &ListQuery, body: &FindingList) -> AnyView {
    let told = match query.group {
        Group::Check => Told::Check,
        Group::Resource => Told::Resource,
        Group::Nothing => Told::Nothing,
    };
    let columns = verdict::columns(told);
    let mut bodies: Vec<AnyView> = Vec::new();
    for together in body.findings.chunk_by(|a, b| group_key(query.group, a) == group_key(query.group, b)) {
        let key = together.first().and_then(|first| group_key(query.group, first));
        let head = body.groups.iter().find(|group| Some(group.key.as_str()) == key);
        let head = head.map(|head| group_head(scope, query.group, head, columns.len()));
        let rows = together.iter().map(|finding| verdict::row(scope, finding, told)).collect_view();
        bodies.push(view! { <tbody>{head}{rows}</tbody> }.into_any());
    }
    table("Findings", &columns, bodies.into_any())
}

fn group_key(group: Group, finding: &Finding) -> Option<&str> {
    match group {
        Group::Check => Some(finding.check.as_str()),
        Group::Resource => Some(finding.resource.as_str()),
        Group::Nothing => None,
    }
}

fn group_head(scope: &Scope, group: Group, head: &GroupHead, columns: usize) -> AnyView {
    let address = match group {
        Group::Resource => scope.resource(&head.key.as_str().into()),
        Group::Check | Group::Nothing => scope.check(&head.key.as_str().into()),
    };
    let worth = (!head.points.is_zero()).then(|| {
        view! { <span>"worth "<b class="up">{wording::gain(&head.points)}</b></span> }
    });
    view! {
        <tr class="group">
            <th scope="rowgroup" colspan=columns.to_string()>
                <div class="group-head">
                    {marks::severity(head.severity)}
                    <a href=address class="group-title">{head.title.clone()}</a>
                    <code class="break">{head.key.clone()}</code>
                    <span class="group-count">
                        <span>{wording::count(head.count, "finding", "findings")}</span>
                        {worth}
                    </span>
                </div>
            </th>
        </tr>
    }
    .into_any()
}

/// The page at `/findings/{key}`.
pub fn finding(page: &Page<'_>, body: &FindingDetail) -> String {
    let scope = Scope::of(page.frame);
    let finding = &body.finding;
    render(page, || Content {
        name: format!("{}: {}", finding.name, finding.title),
        headline: headline::finding(body),
        trail: vec![
            ("Findings".to_owned(), scope.link(PATH, &[])),
            (finding.title.clone(), scope.link(PATH, &[("check", finding.check.as_str())])),
        ],
        aside: Some(summary(finding)),
        body: detail(&scope, body),
        refresh: None,
    })
}

fn summary(finding: &Finding) -> AnyView {
    let muted = finding.muted.then(|| view! { <span class="chip">"muted by an exception"</span> });
    let points = (finding.status == Status::Fail).then(|| {
        view! { <span>"fixing it gives back "{verdict::points(finding)}" points"</span> }
    });
    view! {
        <span class="marked">
            {marks::severity(finding.severity)}
            <span aria-hidden="true">{finding.severity.as_str()}</span>
        </span>
        {marks::status(finding.status)}
        {marks::state(finding.state)}
        {muted}
        {points}
    }
    .into_any()
}

fn detail(scope: &Scope, body: &FindingDetail) -> AnyView {
    let finding = &body.finding;
    let unreadable = (!finding.unreadable.is_empty())
        .then(|| card("What could not be read", None, code::unreadable(&finding.unreadable)));
    let last_known = finding.last_known.as_ref().map(|known| {
        let words = view! {
            <p class="marked">
                "When it was last read, on "
                {marks::time(known.since)}
                ", it was "
                {marks::status(known.status)}
            </p>
        };
        card("Not read since", None, words.into_any())
    });
    let evidence = (!finding.evidence.is_empty() || !finding.carried.is_empty()).then(|| {
        let found = (!finding.evidence.is_empty()).then(|| verdict::evidence(&finding.evidence));
        card("What was found", None, view! { {found}{carried(finding)} }.into_any())
    });
    let (why, remedy) = match &body.check {
        Some(check) => {
            let why = view! {
                {code::prose(&check.description)}
                <h3>"What it risks"</h3>
                {code::prose(&check.risk)}
            };
            let remedy = card("What to do", None, code::remediation(&check.remediation));
            (card("Why it matters", None, why.into_any()), Some(remedy))
        }
        None => {
            let words = "The catalogue no longer has this check; the verdict is kept as history.";
            (card("Why it matters", None, empty(Empty::NothingFound(words))), None)
        }
    };
    view! {
        <div class="grid eight-four">
            <div class="stack">
                {unreadable}
                {last_known}
                {evidence}
                {why}
                {remedy}
            </div>
            <div class="stack">
                {card("Where and when", None, place(scope, body))}
                {card("History", None, history(&body.history))}
            </div>
        </div>
    }
    .into_any()
}

/// How old the facets are that were not asked for again.
fn carried(finding: &Finding) -> Option<AnyView> {
    if finding.carried.is_empty() {
        return None;
    }
    let facets = finding.carried.iter().map(|(facet, read)| {
        view! { <li><code>{facet.clone()}</code>{format!(" read {}", wording::short_day(*read))}</li> }
    });
    let facets = facets.collect_view();
    let words = "Carried over from an earlier scan, because nothing changed them since:";
    Some(view! { <p class="quiet">{words}</p><ul class="plain quiet">{facets}</ul> }.into_any())
}

fn place(scope: &Scope, body: &FindingDetail) -> AnyView {
    let finding = &body.finding;
    let similar = scope.link(PATH, &[("check", finding.check.as_str()), ("status", "FAIL")]);
    let similar = match body.others_failing {
        0 => words("No other resource fails it"),
        others => view! { <a class="link" href=similar>{wording::count(others, "other resource fails it", "other resources fail it")}</a> }.into_any(),
    };
    let frameworks = finding.frameworks.iter().map(|reference| {
        view! { <li><a class="link break" href=scope.framework(reference)>{reference.clone()}</a></li> }
    });
    let frameworks = frameworks.collect_view();
    let concerns = finding.concerns.iter().map(|concern| {
        let address = scope.link(PATH, &[("concern", concern.as_str())]);
        view! { <li><a class="link" href=address>{concern.label()}</a></li> }
    });
    let concerns = concerns.collect_view();
    facts(vec![
        ("Resource", view! { <a class="link break" href=scope.resource(&finding.resource)>{finding.name.clone()}</a> }.into_any()),
        ("Kind", words(wording::kind(&finding.kind))),
        ("Identifier", view! { <code class="break copy">{finding.resource.to_string()}</code> }.into_any()),
        ("Account", view! { <span>{format!("{} {}", finding.provider.label(), finding.account)}</span> }.into_any()),
        ("Region", words(finding.region.to_string())),
        ("Reachable", marks::exposure(finding.reachable)),
        ("First seen", marks::time(finding.first_seen)),
        ("Last seen", view! { <a class="link" href=address::scan(&finding.scan)>{wording::moment(finding.last_seen)}</a> }.into_any()),
        ("Check", view! { <a class="link break" href=scope.check(&finding.check)>{finding.check.to_string()}</a> }.into_any()),
        ("Similar", similar),
        ("Concerns", view! { <ul class="plain">{concerns}</ul> }.into_any()),
        ("Controls", view! { <ul class="plain">{frameworks}</ul> }.into_any()),
    ])
}

fn history(intervals: &[FindingInterval]) -> AnyView {
    if intervals.is_empty() {
        return view! { <p class="quiet">"It has no history yet."</p> }.into_any();
    }
    let items = intervals.iter().map(|interval| {
        let lasted = match interval.to {
            Some(to) => format!("for {}", days(interval.from, to)),
            None => "until now".to_owned(),
        };
        view! {
            <li>
                {marks::status(interval.status)}
                <p class="small">
                    "from "
                    <a class="link" href=address::scan(&interval.scan)>{wording::moment(interval.from)}</a>
                    {format!(", {lasted}")}
                </p>
            </li>
        }
    });
    let items = items.collect_view();
    view! { <ol class="timeline">{items}</ol> }.into_any()
}

fn days(from: jiff::Timestamp, to: jiff::Timestamp) -> String {
    match u64::try_from(to.duration_since(from).as_hours() / 24) {
        Ok(0) | Err(_) => wording::duration(from, to),
        Ok(days) => wording::count(days, "day", "days"),
    }
}
