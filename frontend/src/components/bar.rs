//! The bar above every page: whose cloud, as of when, compared with when, search, and the button that scans.

use jiff::Timestamp;
use leptos::prelude::*;
use nephoscope_model::api::Frame;
use nephoscope_model::query::AsOf;

use crate::{address, wording};

/// The bar.
pub fn bar(frame: &Frame) -> AnyView {
    view! {
        <header class="top">
            {target(frame)}
            {as_of(frame)}
            {compared(frame)}
            {search(frame)}
            {scan(frame)}
        </header>
    }
    .into_any()
}

fn target(frame: &Frame) -> AnyView {
    let chosen = frame.target.as_ref();
    let all = (None, "All targets".to_owned());
    let options =
        std::iter::once(all).chain(frame.targets.iter().map(|name| (Some(name.clone()), name.to_string())));
    let links = options.map(|(name, words)| {
        let here = (name.as_ref() == chosen).then_some("true");
        let address = address::with_target(frame, name.as_ref().map(|name| name.as_str()));
        view! { <li><a href=address aria-current=here>{words}</a></li> }
    });
    let links = links.collect_view();
    let shown = chosen.map_or_else(|| "All targets".to_owned(), ToString::to_string);
    view! {
        <details class="menu" name="bar">
            <summary class="field">
                <span class="field-name">"Target"</span>
                <span class="field-value">{shown}</span>
            </summary>
            <ul class="panel menu-list">{links}</ul>
        </details>
    }
    .into_any()
}

fn as_of(frame: &Frame) -> AnyView {
    let shown = match (&frame.as_of, frame.viewed_at) {
        (Some(text), _) => wording::as_of(text),
        (None, Some(instant)) => wording::moment(instant),
        (None, None) => "no scan yet".to_owned(),
    };
    let choice = Moment {
        class: "menu",
        key: "as_of",
        name: "As of",
        shown,
        given: frame.as_of.as_deref(),
        latest: None,
        act: "Show that day",
        otherwise: "Latest",
    };
    moment(frame, choice)
}

/// What the page is compared with. Only the overview compares; other pages keep the choice in their links.
fn compared(frame: &Frame) -> Option<AnyView> {
    let viewed_at = frame.viewed_at.filter(|_| frame.path == "/")?;
    let choice = Moment {
        class: "menu compared",
        key: "from",
        name: "Compared with",
        shown: frame.from.as_deref().map_or_else(|| "the scan before".to_owned(), wording::as_of),
        given: frame.from.as_deref(),
        latest: Some(day(viewed_at)),
        act: "Compare with that day",
        otherwise: "The scan before",
    };
    Some(moment(frame, choice))
}

/// A moment that can be chosen.
struct Moment<'a> {
    class: &'static str,
    /// The parameter.
    key: &'static str,
    /// What it is called in the bar.
    name: &'static str,
    /// What is chosen now, in words.
    shown: String,
    /// What is chosen now, as the query says it.
    given: Option<&'a str>,
    /// The latest day that makes sense, where there is one.
    latest: Option<String>,
    /// What the button does.
    act: &'static str,
    /// What there is without a choice.
    otherwise: &'static str,
}

/// A menu with a day to choose, sent with all else that the page was asked for.
fn moment(frame: &Frame, choice: Moment<'_>) -> AnyView {
    let Moment { class, key, name, shown, given, latest, act, otherwise } = choice;
    let date = match given.map(str::parse::<AsOf>) {
        Some(Ok(AsOf::At(instant))) => day(instant),
        _ => String::new(),
    };
    let path = address::dated_path(frame);
    let here = path == frame.path;
    let kept = address::pairs_of(&frame.query).into_iter().filter(|(other, _)| {
        let moments = ["target", "as_of", "from"].contains(&other.as_str());
        other != key && other != "cursor" && (here || moments)
    });
    let hidden =
        kept.map(|(key, value)| view! { <input type="hidden" name=key value=value /> }).collect_view();
    let back = given.map(|_| {
        view! { <a class="link" href=address::changed(frame, key, None)>{otherwise}</a> }
    });
    let id = format!("{}-date", key.replace('_', "-"));
    view! {
        <details class=class name="bar">
            <summary class="field">
                <span class="field-name">{name}</span>
                <span class="field-value">{shown}</span>
            </summary>
            <form class="panel as-of" method="get" action=path.to_owned()>
                {hidden}
                <label for=id.clone()>"End of the day (UTC)"</label>
                <input type="date" id=id name=key value=date max=latest required />
                <div class="panel-actions">
                    <button type="submit" class="button">{act}</button>
                    {back}
                </div>
            </form>
        </details>
    }
    .into_any()
}

fn day(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d").to_string()
}

/// Searches the list that one is on, or the inventory from any other page.
fn search(frame: &Frame) -> AnyView {
    let (path, words) = match frame.path.as_str() {
        "/findings" => ("/findings", "Search findings by resource"),
        "/checks" => ("/checks", "Search checks"),
        _ => ("/inventory", "Search resources"),
    };
    let same = path == frame.path;
    let pairs = address::pairs_of(&frame.query);
    let value = pairs.iter().find(|(key, _)| same && key == "query").map(|(_, value)| value.clone());
    let kept = pairs.into_iter().filter(|(key, _)| match key.as_str() {
        "query" | "cursor" | "uid" => false,
        "target" | "as_of" | "from" => true,
        _ => same,
    });
    let hidden =
        kept.map(|(key, value)| view! { <input type="hidden" name=key value=value /> }).collect_view();
    view! {
        <search class="search">
            <form method="get" action=path>
                {hidden}
                <input
                    type="search"
                    id="search"
                    name="query"
                    aria-label=words
                    aria-keyshortcuts="/"
                    placeholder=words
                    value=value.unwrap_or_default()
                    autocomplete="off"
                    spellcheck="false"
                />
            </form>
        </search>
    }
    .into_any()
}

fn scan(frame: &Frame) -> AnyView {
    if let Some(id) = &frame.running {
        return view! { <a class="button running" href=address::scan(id)>"Scan running"</a> }.into_any();
    }
    match frame.startable.as_slice() {
        [] => ().into_any(),
        [only] => view! {
            <form method="post" action="/scans">
                <input type="hidden" name="target" value=only.to_string() />
                <button type="submit" class="button main" title=format!("Scan {only}")>"Scan now"</button>
            </form>
        }
        .into_any(),
        several => {
            let buttons = several.iter().map(|name| {
                view! {
                    <li>
                        <button type="submit" name="target" value=name.to_string()>{name.to_string()}</button>
                    </li>
                }
            });
            let buttons = buttons.collect_view();
            view! {
                <details class="menu end" name="bar">
                    <summary class="button main">"Scan now"</summary>
                    <form method="post" action="/scans" class="panel">
                        <ul class="menu-list">{buttons}</ul>
                    </form>
                </details>
            }
            .into_any()
        }
    }
}
