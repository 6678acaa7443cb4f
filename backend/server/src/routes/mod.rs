//! One file per noun: the page and the API body of the same answer.

pub mod checks;
pub mod compliance;
pub mod drift;
pub mod findings;
pub mod overview;
pub mod resources;
pub mod scans;
