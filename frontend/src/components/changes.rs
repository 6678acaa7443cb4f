//! What changed since the scan before: verdicts and resources, the worse first.

use leptos::prelude::*;
use nephoscope_model::drift::{ChangeKind, Drift, FindingChange, ResourceChange};
use nephoscope_model::finding::Exposure;

use super::marks;
use crate::address::Scope;
use crate::wording;

/// Rows of each list that are shown.
const SHOWN: usize = 6;

/// Both lists.
pub fn changes(scope: &Scope, drift: &Drift) -> AnyView {
    let mut findings: Vec<&FindingChange> = drift.findings.iter().collect();
    // Stable, so that the order by gravity is kept on either side.
    findings.sort_by_key(|change| !change.is_worse());
    let rows = findings.iter().take(SHOWN).map(|change| finding(scope, change)).collect_view();
    let resources = drift.resources.iter().take(SHOWN).map(|change| resource(scope, change)).collect_view();
    let hidden = findings.len().saturating_sub(SHOWN) as u64;
    let more = (hidden > 0 || drift.truncated).then(|| {
        let words = if drift.truncated {
            "and more".to_owned()
        } else {
            format!("and {} more", wording::thousands(hidden))
        };
        // New is what the scan before did not see: it answers no other comparison.
        let new = scope.from.is_none().then(|| {
            view! { <a class="link" href=scope.link("/findings", &[("state", "new")])>"All new findings"</a> }
        });
        view! { <p class="rest"><span class="quiet">{words}</span>{new}</p> }
    });
    let rest = drift.resources.len().saturating_sub(SHOWN) as u64;
    let rest = (rest > 0)
        .then(|| view! { <p class="rest quiet">{format!("and {} more", wording::thousands(rest))}</p> });
    let no_findings = findings.is_empty().then(|| view! { <p class="quiet">"No verdict changed."</p> });
    let no_resources = drift.resources.is_empty().then(|| {
        view! { <p class="quiet">"No resource came, went or was reconfigured."</p> }
    });
    view! {
        <h3>"Verdicts"</h3>
        <ul class="rows">{rows}</ul>
        {no_findings}
        {more}
        <h3>"Resources"</h3>
        <ul class="rows">{resources}</ul>
        {no_resources}
        {rest}
    }
    .into_any()
}

fn finding(scope: &Scope, change: &FindingChange) -> AnyView {
    let worse = if change.is_worse() { "turn worse" } else { "turn better" };
    let exposed = (change.exposure != Exposure::Internal).then(|| marks::exposure(change.exposure));
    view! {
        <li>
            {marks::severity(change.severity)}
            <div class="what">
                <a href=scope.finding(&change.key) data-row="">
                    <b>{change.name.clone()}</b>
                    {format!(" · {}", change.title)}
                </a>
                <p class="meta">
                    <span>{format!("{} in {}", wording::kind(&change.kind), change.region)}</span>
                    {exposed}
                </p>
            </div>
            <p class=worse>
                {marks::status_or(change.before, "not there")}
                <span class="turn-arrow" aria-hidden="true">"→"</span>
                <span class="hidden">" became "</span>
                {marks::status_or(change.after, "gone")}
            </p>
        </li>
    }
    .into_any()
}

fn resource(scope: &Scope, change: &ResourceChange) -> AnyView {
    let (class, word) = match change.change {
        ChangeKind::Added => ("change added", "added"),
        ChangeKind::Removed => ("change removed", "removed"),
        ChangeKind::Changed => ("change changed", "changed"),
    };
    let facets =
        change.facets.iter().map(|facet| view! { <code class="tag">{facet.clone()}</code> }).collect_view();
    let name = match change.change {
        ChangeKind::Removed => view! { <b>{change.name.clone()}</b> }.into_any(),
        ChangeKind::Added | ChangeKind::Changed => {
            view! { <a href=scope.resource(&change.uid)><b>{change.name.clone()}</b></a> }.into_any()
        }
    };
    view! {
        <li>
            <span class=class aria-hidden="true"></span>
            <div class="what">
                {name}
                <p class="meta">
                    <span>{format!("{} in {}", wording::kind(&change.kind), change.region)}</span>
                </p>
            </div>
            <p class="change-words">
                <span>{word}</span>
                {facets}
            </p>
        </li>
    }
    .into_any()
}
