//! What the islands ask of the browser, so that they themselves stay readable.

use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use web_sys::js_sys::Promise;
use web_sys::{Element, Event, EventTarget, HtmlElement, HtmlInputElement, KeyboardEvent, Storage};

/// Calls `handler` on every `name` event of `target`, as long as the page lives.
pub fn listen<E: FromWasmAbiEvent>(target: &EventTarget, name: &str, handler: impl FnMut(E) + 'static) {
    let closure = Closure::<dyn FnMut(E)>::new(handler);
    // The only failure is a callback that is not a function, and a closure is one.
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// Calls `then` once a promise is settled: with true where it was kept.
pub fn settle(promise: &Promise, then: impl FnOnce(bool) + Clone + 'static) {
    let kept = Closure::once({
        let then = then.clone();
        move |_: JsValue| then(true)
    });
    let broken = Closure::once(move |_: JsValue| then(false));
    let _ = promise.then2(&kept, &broken);
    // Exactly one of them is called, and the page ends before it would matter that the other never is.
    kept.forget();
    broken.forget();
}

/// The events that the islands listen to.
pub trait FromWasmAbiEvent: wasm_bindgen::convert::FromWasmAbi + 'static {}
impl FromWasmAbiEvent for Event {}
impl FromWasmAbiEvent for KeyboardEvent {}
impl FromWasmAbiEvent for web_sys::MessageEvent {}

/// The element with that id, where it is of the type asked for.
pub fn by_id<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// True where the keys that a person types are text and not commands.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    let silent = ["checkbox", "radio", "range", "button", "submit"];
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => {
            element.dyn_ref::<HtmlInputElement>().is_none_or(|i| !silent.contains(&i.type_().as_str()))
        }
        _ => element.dyn_ref::<HtmlElement>().is_some_and(|e| e.is_content_editable()),
    }
}

/// Moves the focus `step` links on from the one that has it, among those that `selector` finds.
pub fn move_focus(selector: &str, step: i32) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    let links: Vec<HtmlElement> =
        (0..found.length()).filter_map(|i| found.item(i)?.dyn_into().ok()).collect();
    let active = document().active_element();
    let here = links.iter().position(|link| active.as_ref().is_some_and(|a| a.is_same_node(Some(link))));
    let last = links.len().saturating_sub(1);
    let next = match here {
        None => 0,
        Some(here) => here.saturating_add_signed(step as isize).min(last),
    };
    if let Some(link) = links.get(next) {
        // Focus fails only for what cannot have it, and then nothing is lost.
        let _ = link.focus();
    }
}

/// What this browser keeps for us, where it lets us.
pub fn local_storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// What this tab keeps for us, where it lets us.
pub fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Goes to another address of ours.
pub fn go(address: &str) {
    // Refused only while the page is being left already.
    let _ = window().location().assign(address);
}

/// Fetches the page again.
pub fn reload() {
    // Refused only while the page is being left already.
    let _ = window().location().reload();
}

/// Closes every menu that is open, but the one around `element`.
pub fn close_menus(element: Option<&Element>) {
    let Ok(open) = document().query_selector_all("details.menu[open]") else { return };
    let menus = (0..open.length()).filter_map(|i| open.item(i)?.dyn_into::<Element>().ok());
    for menu in menus.filter(|menu| !menu.contains(element.map(|e| e.as_ref()))) {
        // An attribute with a valid name can always be removed.
        let _ = menu.remove_attribute("open");
    }
}
