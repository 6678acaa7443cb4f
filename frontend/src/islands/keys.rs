//! The keyboard layer: `/` searches, `j` and `k` walk the rows, `?` explains. It can be switched off.
//! It also closes the menus of the bar, which browsers leave open.

use leptos::prelude::*;

/// The button that explains the keys, and its dialog. Invisible until awake.
#[island]
pub fn Keys() -> impl IntoView {
    let alive = RwSignal::new(false);
    let off = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    {
        wake(off);
        Effect::new(move |_| alive.set(true));
    }
    view! {
        <button
            type="button"
            class="keys-button"
            hidden=move || !alive.get()
            on:click=move |_| open()
        >
            <kbd aria-hidden="true">"?"</kbd>
            " Keys"
        </button>
        <dialog id="keys" class="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl>
                <dt><kbd>"/"</kbd></dt>
                <dd>"search"</dd>
                <dt><kbd>"j"</kbd><kbd>"k"</kbd></dt>
                <dd>"next and previous row"</dd>
                <dt><kbd>"Enter"</kbd></dt>
                <dd>"open the row"</dd>
                <dt><kbd>"←"</kbd><kbd>"→"</kbd></dt>
                <dd>"walk through a chart that has the focus"</dd>
                <dt><kbd>"?"</kbd></dt>
                <dd>"this list"</dd>
            </dl>
            <label class="keys-off">
                <input
                    type="checkbox"
                    prop:checked=move || off.get()
                    on:change=move |event| switch(off, event_target_checked(&event))
                />
                "Switch single keys off in this browser"
            </label>
            <form method="dialog">
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
}

#[cfg(not(feature = "hydrate"))]
fn open() {}

#[cfg(not(feature = "hydrate"))]
fn switch(_: RwSignal<bool>, _: bool) {}

/// The key under which a browser remembers that single keys are off.
#[cfg(feature = "hydrate")]
const OFF: &str = "nephoscope-keys-off";

/// The link of each row that `j` and `k` stop at.
#[cfg(feature = "hydrate")]
const ROWS: &str = "a[data-row]";

#[cfg(feature = "hydrate")]
fn open() {
    use super::browser::by_id;
    if let Some(dialog) = by_id::<web_sys::HtmlDialogElement>("keys")
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

#[cfg(feature = "hydrate")]
fn switch(off: RwSignal<bool>, value: bool) {
    off.set(value);
    if let Some(storage) = super::browser::local_storage() {
        // Where nothing may be kept, the choice lasts as long as the page.
        let _ = if value { storage.set_item(OFF, "1") } else { storage.remove_item(OFF) };
    }
}

#[cfg(feature = "hydrate")]
fn wake(off: RwSignal<bool>) {
    use super::browser::{by_id, close_menus, is_typing, listen, local_storage, move_focus};
    use wasm_bindgen::JsCast;
    use web_sys::{Element, Event, HtmlInputElement, KeyboardEvent};

    let kept = local_storage().and_then(|storage| storage.get_item(OFF).ok().flatten());
    off.set(kept.is_some());
    listen(&document(), "click", move |event: Event| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        close_menus(element.as_ref());
    });
    listen(&document(), "keydown", move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close_menus(None);
            return;
        }
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if off.get_untracked() || modified || event.default_prevented() || is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "/" => {
                event.prevent_default();
                if let Some(search) = by_id::<HtmlInputElement>("search") {
                    let _ = search.focus();
                    search.select();
                }
            }
            "j" => move_focus(ROWS, 1),
            "k" => move_focus(ROWS, -1),
            "?" => open(),
            _ => {}
        }
    });
}
