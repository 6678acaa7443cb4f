//! The page of a request that failed: what was attempted, and what to do next.

use leptos::prelude::*;
use nephoscope_model::api::ErrorBody;

use crate::address::Scope;
use crate::components::document::{Content, Page, render};
use crate::{headline, wording};

/// The page of an error with the HTTP status `status`.
pub fn failure(page: &Page<'_>, status: u16, body: &ErrorBody) -> String {
    let scope = Scope::of(page.frame);
    let help = (!body.help.is_empty()).then(|| view! { <p>{wording::capital(&body.help)}</p> });
    render(page, || Content {
        name: format!("Error {status}"),
        headline: headline::failure(status, body),
        trail: vec![],
        aside: None,
        body: view! {
            <section class="card empty">
                {help}
                <p class="quiet">{format!("Status {status}, code ")}<code>{body.code.clone()}</code></p>
                <a class="button" href=scope.link("/", &[])>"Go to the overview"</a>
            </section>
        }
        .into_any(),
        refresh: None,
    })
}
