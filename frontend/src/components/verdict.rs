//! Findings in tables: one row each, and what decided it.

use leptos::prelude::*;
use nephoscope_model::Finding;
use nephoscope_model::finding::{Evidence, Exposure, State, Status};

use super::marks;
use super::table::{number, table, text};
use crate::address::Scope;
use crate::wording;

/// Evidence shown within a row.
const INLINE: usize = 2;
/// Characters of a value within a row.
const INLINE_LENGTH: usize = 48;

/// What a row need not repeat, because it stands above the table or the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The check is told: rows are named by their resource.
    Check,
    /// The resource is told: rows are named by their check.
    Resource,
    /// Neither is told.
    Nothing,
}

/// The columns of a table of findings.
pub fn columns(told: Told) -> Vec<super::table::Column> {
    let mut columns = vec![match told {
        Told::Check => text("Resource"),
        Told::Resource => text("Check"),
        Told::Nothing => text("Finding"),
    }];
    columns.extend([text("Status"), text("Found")]);
    if told != Told::Resource {
        columns.push(text("Where"));
    }
    columns.extend([text("Since"), number("Points")]);
    columns
}

/// A table of findings that is not divided into groups.
pub fn findings(scope: &Scope, caption: &str, told: Told, findings: &[Finding]) -> AnyView {
    let rows = findings.iter().map(|finding| row(scope, finding, told)).collect_view();
    table(caption.to_owned(), &columns(told), view! { <tbody>{rows}</tbody> }.into_any())
}

/// One finding.
pub fn row(scope: &Scope, finding: &Finding, told: Told) -> AnyView {
    let place = (told != Told::Resource).then(|| {
        view! {
            <td class="where">
                <span class="nowrap">{finding.region.to_string()}</span>
                <p class="small nowrap">{marks::account(&finding.account)}</p>
            </td>
        }
    });
    let since = match finding.status {
        Status::Fail | Status::Unknown => marks::day(finding.first_seen),
        Status::Pass | Status::Manual => ().into_any(),
    };
    let new =
        (finding.state == State::New).then(|| view! { <p class="small">{marks::state(State::New)}</p> });
    let name_class = if told == Told::Resource { "name wide" } else { "name" };
    let muted = finding.muted.then(|| view! { <p class="small"><span class="chip">"muted"</span></p> });
    view! {
        <tr>
            <th scope="row" class=name_class>{name(scope, finding, told)}</th>
            <td class="nowrap">
                {marks::status(finding.status)}
                {muted}
            </td>
            <td class="found">{found(finding)}</td>
            {place}
            <td class="nowrap">
                {since}
                {new}
            </td>
            <td class="num nowrap">{points(finding)}</td>
        </tr>
    }
    .into_any()
}

fn name(scope: &Scope, finding: &Finding, told: Told) -> AnyView {
    let address = scope.finding(&finding.key);
    let kind = wording::kind(&finding.kind);
    let reach = (finding.reachable != Exposure::Internal).then(|| marks::exposure(finding.reachable));
    match told {
        Told::Check => view! {
            <a href=address data-row="">{finding.name.clone()}</a>
            <p class="meta">
                <span>{kind}</span>
                {reach}
            </p>
        }
        .into_any(),
        Told::Resource => view! {
            <span class="marked">
                {marks::severity(finding.severity)}
                <a href=address data-row="">{finding.title.clone()}</a>
            </span>
        }
        .into_any(),
        Told::Nothing => view! {
            <span class="marked">
                {marks::severity(finding.severity)}
                <a href=address data-row="">{finding.name.clone()}</a>
            </span>
            <p class="meta">
                <span>{finding.title.clone()}</span>
                {reach}
            </p>
        }
        .into_any(),
    }
}

/// What decided it, in a few words.
fn found(finding: &Finding) -> AnyView {
    if let Some(reason) = finding.unreadable.first() {
        let more = finding.unreadable.len().saturating_sub(1) as u64;
        let more = (more > 0).then(|| format!(" and {}", wording::count(more, "other read", "other reads")));
        return view! {
            <span class="fog-note">
                <code>{if reason.api.is_empty() { reason.facet.clone() } else { reason.api.clone() }}</code>
                {format!(" {}{}", reason.error, more.unwrap_or_default())}
            </span>
        }
        .into_any();
    }
    let shown = finding.evidence.iter().take(INLINE).map(|evidence| {
        view! {
            <code class="evidence">{format!("{} = {}", evidence.path, wording::inline(&evidence.found, INLINE_LENGTH))}</code>
        }
    });
    let shown = shown.collect_view();
    let more = finding.evidence.len().saturating_sub(INLINE);
    let more = (more > 0).then(|| view! { <span class="small">{format!("and {more} more")}</span> });
    view! {
        {shown}
        {more}
    }
    .into_any()
}

/// What fixing it gives back; for what is unknown, nothing that can be told.
pub fn points(finding: &Finding) -> AnyView {
    match finding.status {
        Status::Fail if finding.muted => view! { <span class="quiet">"muted"</span> }.into_any(),
        Status::Fail => view! { <span class="up">{wording::gain(&finding.points)}</span> }.into_any(),
        Status::Unknown => view! { <span class="quiet">"?"</span> }.into_any(),
        Status::Pass | Status::Manual => view! { <span class="quiet">"–"</span> }.into_any(),
    }
}

/// The paths that decided, and what was found at each.
pub fn evidence(evidence: &[Evidence]) -> AnyView {
    let rows = evidence.iter().map(|evidence| {
        view! {
            <tr>
                <th scope="row"><code class="break">{evidence.path.clone()}</code></th>
                <td>{super::json::json(&evidence.found)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    table("Evidence", &[text("Path"), text("Found")], view! { <tbody>{rows}</tbody> }.into_any())
}
