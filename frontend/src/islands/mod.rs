//! The few parts of a page that need the browser. Each one renders something that reads without it.
//!
//! An island is rendered by the server like any component, and woken by `assets/loader.js` where scripts run.

pub mod apply;
#[cfg(feature = "hydrate")]
mod browser;
pub mod copy;
pub mod keys;
pub mod progress;
pub mod readout;
