//! Empty states, which say which kind of empty it is.

use leptos::prelude::*;

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Empty {
    /// No scan has ended yet.
    NeverScanned,
    /// There is something, but not under this filter; the address without it.
    NothingMatches(String),
    /// It was looked for, and there is none.
    NothingFound(&'static str),
}

/// The words for it, and the way out.
pub fn empty(kind: Empty) -> AnyView {
    let (title, words, way): (_, _, Option<(&str, String)>) = match kind {
        Empty::NeverScanned => (
            "Not scanned yet",
            "No scan has ended, so nothing is known. That is not the same as nothing being wrong.",
            Some(("Go to scans", "/scans".to_owned())),
        ),
        Empty::NothingMatches(cleared) => (
            "Nothing matches this filter",
            "There are rows, but none that fit all of the filters together.",
            Some(("Clear all filters", cleared)),
        ),
        Empty::NothingFound(words) => ("Nothing found", words, None),
    };
    let way = way.map(|(words, address)| view! { <a class="button" href=address>{words}</a> });
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            <p class="quiet">{words}</p>
            {way}
        </div>
    }
    .into_any()
}
