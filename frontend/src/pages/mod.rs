//! The pages: one file per noun, each a pure function from a body of the API to a whole document.

mod checks;
mod compliance;
mod failure;
mod findings;
mod inventory;
mod overview;
mod scans;

pub use checks::{check, checks};
pub use compliance::{framework, frameworks};
pub use failure::failure;
pub use findings::{finding, findings};
pub use inventory::{inventory, resource};
pub use overview::overview;
pub use scans::{scan, scans};
