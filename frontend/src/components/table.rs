//! What every table and list shares: a frame that scrolls inside its card, a caption, and the way to the next page.

use leptos::prelude::*;
use nephoscope_model::query::ListQuery;

use crate::{address, wording};

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// True for numbers, which stand to the right.
    pub number: bool,
}

/// A column of text.
pub const fn text(head: &'static str) -> Column {
    Column { head, number: false }
}

/// A column of numbers.
pub const fn number(head: &'static str) -> Column {
    Column { head, number: true }
}

/// A table that says what it is to those who cannot see where it stands. `bodies` are its `tbody` elements.
pub fn table(caption: impl Into<String>, columns: &[Column], bodies: AnyView) -> AnyView {
    let caption = caption.into();
    let heads = columns.iter().map(|column| {
        let class = column.number.then_some("num");
        view! { <th scope="col" class=class>{column.head}</th> }
    });
    let heads = heads.collect_view();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=caption>
            <table>
                <caption class="hidden">{caption.clone()}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                {bodies}
            </table>
        </div>
    }
    .into_any()
}

/// A card with a heading and, beside it, where it leads.
pub fn card(title: &str, aside: Option<AnyView>, body: AnyView) -> AnyView {
    view! {
        <section class="card">
            <header class="card-head">
                <h2>{title.to_owned()}</h2>
                {aside}
            </header>
            {body}
        </section>
    }
    .into_any()
}

/// A link that stands beside a heading.
pub fn more(words: impl Into<String>, address: String) -> AnyView {
    view! { <a class="link" href=address>{words.into()}</a> }.into_any()
}

/// How much of a list is in sight, and the way on.
pub fn pager(
    path: &str,
    query: &ListQuery,
    shown: usize,
    total: Option<u64>,
    next: Option<&String>,
) -> AnyView {
    let shown = wording::thousands(shown as u64);
    let words = match (total, &query.cursor) {
        (Some(total), None) => format!("First {shown} of {}", wording::thousands(total)),
        (Some(total), Some(_)) => format!("{shown} more of {}", wording::thousands(total)),
        (None, _) => format!("{shown} shown"),
    };
    let first = query.cursor.is_some().then(|| {
        let start = address::list(path, &ListQuery { cursor: None, ..query.clone() });
        view! { <a class="button" href=start>"First page"</a> }
    });
    let next = next.map(|cursor| {
        let further = address::list(path, &ListQuery { cursor: Some(cursor.clone()), ..query.clone() });
        view! { <a class="button" rel="next" href=further>"Next page"</a> }
    });
    if first.is_none() && next.is_none() {
        return ().into_any();
    }
    view! {
        <nav class="pager" aria-label="Pages">
            <span class="quiet">{words}</span>
            {first}
            {next}
        </nav>
    }
    .into_any()
}
