//! The dashboard: pure functions from `model` to HTML, and the few islands that run in the browser.
//!
//! Nothing here fetches, reads a clock or knows where data comes from. The server calls one function per page;
//! the browser gets only [`islands`], compiled to WebAssembly.

#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod islands;

#[cfg(feature = "ssr")]
pub mod address;
#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
pub mod headline;
#[cfg(feature = "ssr")]
mod kinds;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod wording;

#[cfg(feature = "ssr")]
pub use components::document::{Assets, Page};
#[cfg(feature = "ssr")]
pub use pages::{
    check, checks, failure, finding, findings, framework, frameworks, inventory, overview, resource, scan,
    scans,
};

/// Wakes the islands; `assets/loader.js` calls it before it hands over the elements.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
