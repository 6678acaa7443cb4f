//! The document around every page: head, bars, headline and main part.

use leptos::prelude::*;
use nephoscope_model::api::Frame;
use serde::{Deserialize, Serialize};

use super::{bar, side};
use crate::headline::Headline;
use crate::islands::keys::Keys;
use crate::{address, wording};

/// Where the files beside the pages are; the server gives addresses that carry a hash of their content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The module that wakes the islands.
    pub loader: String,
    /// What `wasm-bindgen` wrote, where the wasm was built.
    pub script: Option<String>,
    /// The wasm itself, where it was built.
    pub wasm: Option<String>,
    /// The icon.
    pub icon: String,
}

/// What frames a page.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Where one is and what is in view.
    pub frame: &'a Frame,
    /// Where the files beside the page are.
    pub assets: &'a Assets,
}

/// What one page puts into the document.
#[derive(Debug)]
pub struct Content {
    /// What the page is called in a list of tabs.
    pub name: String,
    /// What happened.
    pub headline: Headline,
    /// Links that lead back up, outermost first: words and address.
    pub trail: Vec<(String, String)>,
    /// Marks and links beside the headline, where the page has them.
    pub aside: Option<AnyView>,
    /// Everything below the headline.
    pub body: AnyView,
    /// Seconds after which a browser without scripts asks again.
    pub refresh: Option<u32>,
}

/// Renders the view that `build` makes into a document.
pub fn render(page: &Page<'_>, build: impl FnOnce() -> Content) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| document(page, build()).to_html());
    owner.cleanup();
    format!("<!DOCTYPE html>{html}")
}

fn document(page: &Page<'_>, content: Content) -> AnyView {
    let Content { name, headline, trail, aside, body, refresh } = content;
    let Page { frame, assets } = *page;
    // A browser without scripts cannot hear events; it asks again.
    let refresh = refresh.map(|seconds| {
        view! {
            <noscript>
                <meta http-equiv="refresh" content=seconds.to_string() />
            </noscript>
        }
        .into_any()
    });
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="same-origin" />
                <title>{format!("{name} · Nephoscope")}</title>
                <link rel="stylesheet" href=assets.css.clone() />
                <link rel="icon" type="image/svg+xml" href=assets.icon.clone() />
                {loader(assets)}
                {refresh}
            </head>
            <body>
                <a class="skip" href="#main">
                    "Skip to content"
                </a>
                {patterns()}
                <div class="frame">
                    {side::side(frame)}
                    {bar::bar(frame)}
                    <main id="main" tabindex="-1">
                        {past(frame)}
                        {breadcrumbs(trail)}
                        {title(headline, aside)}
                        {body}
                    </main>
                    {foot(frame)}
                </div>
            </body>
        </html>
    }
    .into_any()
}

fn title(headline: Headline, aside: Option<AnyView>) -> AnyView {
    let lead = (!headline.lead.is_empty()).then(|| view! { <p class="lead">{headline.lead}</p> });
    let aside = aside.map(|aside| view! { <div class="title-aside">{aside}</div> });
    // What qualifies the sentence stands below it; what can be done stands at its end.
    let class = if lead.is_some() { "title beside" } else { "title below" };
    view! {
        <div class=class>
            <div class="title-words">
                <h1>{headline.title}</h1>
                {lead}
            </div>
            {aside}
        </div>
    }
    .into_any()
}

fn foot(frame: &Frame) -> AnyView {
    let keys = view! { <Keys /> }.into_any();
    view! {
        <footer class="foot">
            <span>{format!("Nephoscope {}", frame.version)}</span>
            <a class="link" href="/api/v1/openapi.json">
                "API"
            </a>
            {keys}
        </footer>
    }
    .into_any()
}

fn loader(assets: &Assets) -> Option<AnyView> {
    let (script, wasm) = (assets.script.clone()?, assets.wasm.clone()?);
    let tag = view! {
        <script type="module" src=assets.loader.clone() data-script=script data-wasm=wasm></script>
    };
    Some(tag.into_any())
}

/// The hatching of what could not be read, for every drawing of the page.
fn patterns() -> AnyView {
    view! {
        <svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false">
            <defs>
                <pattern id="fog" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="fog-ground" width="5" height="5"></rect>
                    <line class="fog-line" x1="1" y1="0" x2="1" y2="5"></line>
                </pattern>
            </defs>
        </svg>
    }
    .into_any()
}

/// The notice that one looks at the past.
fn past(frame: &Frame) -> Option<AnyView> {
    let as_of = frame.as_of.as_deref()?;
    let latest = address::changed(frame, "as_of", None);
    let notice = view! {
        <p class="past" role="note">
            <span>{format!("You look at the past: as of {}.", wording::as_of(as_of))}</span>
            <a class="link" href=latest>
                "Back to the latest"
            </a>
        </p>
    };
    Some(notice.into_any())
}

fn breadcrumbs(trail: Vec<(String, String)>) -> Option<AnyView> {
    if trail.is_empty() {
        return None;
    }
    let links = trail.into_iter().map(|(words, address)| view! { <li><a href=address>{words}</a></li> });
    let links = links.collect_view();
    Some(view! { <nav class="crumbs" aria-label="Breadcrumb"><ol>{links}</ol></nav> }.into_any())
}
