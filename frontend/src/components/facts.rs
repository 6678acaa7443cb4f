//! Lists of a name and what it says.

use leptos::prelude::*;

/// Names and what they say, one below the other.
pub fn facts(pairs: Vec<(&'static str, AnyView)>) -> AnyView {
    let rows = pairs.into_iter().map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    let rows = rows.collect_view();
    view! { <dl class="facts">{rows}</dl> }.into_any()
}

/// Numbers that a page opens with: what it counts, and how many.
pub fn tiles(pairs: Vec<(&'static str, AnyView)>) -> AnyView {
    let rows = pairs.into_iter().map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    let rows = rows.collect_view();
    view! { <dl class="card tiles">{rows}</dl> }.into_any()
}

/// Plain words as a view.
pub fn words(text: impl Into<String>) -> AnyView {
    view! { <span>{text.into()}</span> }.into_any()
}
