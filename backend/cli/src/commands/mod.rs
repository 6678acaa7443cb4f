//! One file per command: fetch, then print.

pub mod checks;
pub mod config;
pub mod findings;
pub mod permissions;
pub mod plan;
pub mod report;
pub mod resources;
pub mod scan;
pub mod score;
pub mod serve;
pub mod snapshot;
pub mod summary;
pub mod targets;
