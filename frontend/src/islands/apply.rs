//! The button that applies the filters; where scripts run, the filters apply themselves.

use leptos::prelude::*;

/// The submit button of the form with the id `form`. Once awake it hides and submits on every change instead,
/// and gives the focus back to the box that was changed.
#[island]
pub fn Apply(form: String) -> impl IntoView {
    let alive = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    if wake(&form) {
        Effect::new(move |_| alive.set(true));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = form;
    view! {
        <button type="submit" class="button" hidden=move || alive.get()>
            "Apply filters"
        </button>
    }
}

/// The key under which a tab remembers the box that was changed.
#[cfg(feature = "hydrate")]
const CHANGED: &str = "nephoscope-changed";

#[cfg(feature = "hydrate")]
fn wake(id: &str) -> bool {
    use super::browser::{by_id, listen, session_storage};
    use wasm_bindgen::JsCast;
    use web_sys::{Element, Event, HtmlElement, HtmlFormElement};

    let Some(form) = by_id::<HtmlFormElement>(id) else { return false };
    if let Some(storage) = session_storage()
        && let Ok(Some(changed)) = storage.get_item(CHANGED)
    {
        let _ = storage.remove_item(CHANGED);
        if let Some(element) = by_id::<HtmlElement>(&changed) {
            let _ = element.focus();
        }
    }
    let submitted = form.clone();
    listen(&form, "change", move |event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let (Some(storage), Some(element)) = (session_storage(), target) {
            // A full storage costs only the focus.
            let _ = storage.set_item(CHANGED, &element.id());
        }
        let _ = submitted.request_submit();
    });
    true
}
