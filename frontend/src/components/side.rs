//! The side bar: where one can go.

use leptos::prelude::*;
use nephoscope_model::api::Frame;

use crate::address::Scope;
use crate::wording;

/// What the side bar offers, by group: words and path.
const GROUPS: [(&str, &[(&str, &str)]); 3] = [
    ("Posture", &[("Overview", "/"), ("Findings", "/findings"), ("Inventory", "/inventory")]),
    ("Evidence", &[("Compliance", "/compliance"), ("Checks", "/checks")]),
    ("Operation", &[("Scans", "/scans")]),
];

/// The side bar.
pub fn side(frame: &Frame) -> AnyView {
    let scope = Scope::of(frame);
    let groups = GROUPS.iter().map(|(title, links)| {
        let items = links.iter().map(|(words, path)| item(frame, &scope, words, path)).collect_view();
        let id = format!("side-{}", title.to_lowercase());
        view! {
            <div class="side-group">
                <p class="side-title" id=id.clone()>{*title}</p>
                <ul aria-labelledby=id>{items}</ul>
            </div>
        }
    });
    let groups = groups.collect_view();
    view! {
        <nav class="side" aria-label="Main">
            <a class="brand" href=scope.link("/", &[])>
                {symbol()}
                "Nephoscope"
            </a>
            <div class="side-groups">{groups}</div>
        </nav>
    }
    .into_any()
}

fn item(frame: &Frame, scope: &Scope, words: &'static str, path: &'static str) -> AnyView {
    let within = frame.path == path || (path != "/" && frame.path.starts_with(&format!("{path}/")));
    let current = match (frame.path == path, within) {
        (true, _) => Some("page"),
        (false, true) => Some("true"),
        (false, false) => None,
    };
    let count =
        frame.counts.get(path).map(|count| view! { <span class="count">{wording::thousands(*count)}</span> });
    view! {
        <li>
            <a href=scope.link(path, &[]) aria-current=current>
                <span>{words}</span>
                {count}
            </a>
        </li>
    }
    .into_any()
}

/// A mirror with its cross hairs, and the cloud's way across it.
fn symbol() -> AnyView {
    view! {
        <svg class="symbol" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <circle class="symbol-ring" cx="12" cy="12" r="10.2"></circle>
            <path class="symbol-hair" d="M12 1.8v4M12 18.2v4M1.8 12h4M18.2 12h4"></path>
            <path class="symbol-way" d="M6.4 15.8C9 14.6 9.4 11 12.2 10.4c2.2-.5 3.2-1.4 5-3.2"></path>
            <circle class="symbol-dot" cx="17.4" cy="7" r="1.9"></circle>
        </svg>
    }
    .into_any()
}
