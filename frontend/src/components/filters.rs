//! Narrowing a list: boxes with counts, chips of what is on, and links that sort and group.

use leptos::prelude::*;
use nephoscope_model::api::{FilterFacet, FilterValue};
use nephoscope_model::finding::Status;
use nephoscope_model::query::ListQuery;
use nephoscope_model::{AccountId, Kind, Severity};

use super::marks;
use crate::address::{self, ActiveFilter};
use crate::islands::apply::Apply;
use crate::wording;

/// The id of the form.
const FORM: &str = "filters";
/// Values of a facet that are in sight; the others are folded away.
const IN_SIGHT: usize = 7;

/// The form beside a list.
pub fn form(path: &str, query: &ListQuery, facets: &[FilterFacet]) -> AnyView {
    let has_boxes = |key: &str| facets.iter().any(|facet| facet.key == key);
    let kept = query.to_pairs().into_iter().filter(|(key, _)| *key != "cursor" && !has_boxes(key));
    let hidden =
        kept.map(|(key, value)| view! { <input type="hidden" name=key value=value /> }).collect_view();
    let boxes = facets.iter().filter(|facet| !facet.values.is_empty()).map(facet).collect_view();
    let apply = view! { <Apply form=FORM.to_owned() /> }.into_any();
    view! {
        <details class="filters">
            <summary class="button">"Filters"</summary>
            <form id=FORM method="get" action=path.to_owned() aria-label="Filters">
                {hidden}
                {boxes}
                {apply}
            </form>
        </details>
    }
    .into_any()
}

fn facet(facet: &FilterFacet) -> AnyView {
    let in_sight: Vec<_> = facet.values.iter().take(IN_SIGHT).map(|value| tick(facet, value)).collect();
    let folded = facet.values.get(IN_SIGHT..).unwrap_or_default();
    let rest = (!folded.is_empty()).then(|| {
        let open = folded.iter().any(|value| value.chosen);
        let boxes: Vec<_> = folded.iter().map(|value| tick(facet, value)).collect();
        view! {
            <details class="more" open=open>
                <summary>{format!("{} more", folded.len())}</summary>
                {boxes}
            </details>
        }
    });
    view! {
        <fieldset>
            <legend>{facet.label.clone()}</legend>
            {in_sight}
            {rest}
        </fieldset>
    }
    .into_any()
}

fn tick(facet: &FilterFacet, value: &FilterValue) -> AnyView {
    let id = format!("{}-{}", facet.key, value.value);
    let class = if value.count == 0 { "tick none" } else { "tick" };
    view! {
        <label class=class for=id>
            <input type="checkbox" id=id.clone() name=facet.key.clone() value=value.value.clone() checked=value.chosen />
            <span class="tick-words">{words(&facet.key, value)}</span>
            <span class="count">{wording::thousands(value.count)}</span>
        </label>
    }
    .into_any()
}

/// The words of a value, with the mark that it has elsewhere.
fn words(key: &str, value: &FilterValue) -> AnyView {
    let label = value.label.clone();
    match key {
        "severity" => match value.value.parse::<Severity>() {
            Ok(severity) => {
                view! { <span class="marked">{marks::severity(severity)}<span aria-hidden="true">{label}</span></span> }
                    .into_any()
            }
            Err(_) => view! { <span>{label}</span> }.into_any(),
        },
        "status" => match value.value.parse::<Status>() {
            Ok(status) => marks::status(status),
            Err(_) => view! { <span>{label}</span> }.into_any(),
        },
        "kind" => view! { <span class="break">{wording::kind(&Kind::from(value.value.as_str()))}</span> }.into_any(),
        "account" => marks::account(&AccountId::from(value.value.as_str())),
        _ => view! { <span class="break">{label}</span> }.into_any(),
    }
}

/// What is on, each with a link that takes it away.
pub fn chips(path: &str, query: &ListQuery, facets: &[FilterFacet]) -> AnyView {
    let active = address::active_filters(path, query);
    if active.is_empty() {
        return ().into_any();
    }
    let chips = active.iter().map(|filter| {
        let words = chip_words(filter, facets);
        view! {
            <li>
                <a class="chip on" href=filter.without.clone() aria-label=format!("Remove the filter {words}")>
                    <span class="break">{words.clone()}</span>
                    <span aria-hidden="true">"×"</span>
                </a>
            </li>
        }
    });
    let chips = chips.collect_view();
    view! {
        <div class="chips">
            <ul aria-label="Active filters">{chips}</ul>
            <a class="link" href=address::cleared(path, query)>"Clear all"</a>
        </div>
    }
    .into_any()
}

/// `severity: high`, in the words of the facet where there is one.
fn chip_words(filter: &ActiveFilter, facets: &[FilterFacet]) -> String {
    let facet = facets.iter().find(|facet| facet.key == filter.key);
    let label = facet.map_or_else(|| wording::capital(filter.key), |facet| facet.label.clone());
    let value = facet.and_then(|facet| facet.values.iter().find(|value| value.value == filter.value));
    let value = value.map_or_else(|| filter.value.clone(), |value| value.label.clone());
    format!("{label}: {value}")
}

/// A choice among a few, each a link.
pub fn choice(label: &'static str, options: Vec<(&'static str, bool, String)>) -> AnyView {
    let links = options.into_iter().map(|(words, chosen, address)| {
        view! { <li><a href=address aria-current=chosen.then_some("true")>{words}</a></li> }
    });
    let links = links.collect_view();
    let id = format!("choice-{}", label.to_lowercase());
    view! {
        <div class="choice">
            <span id=id.clone()>{label}</span>
            <ul aria-labelledby=id>{links}</ul>
        </div>
    }
    .into_any()
}
