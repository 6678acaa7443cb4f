//! Parts of pages: each a function from data to a view. None fetches, none knows where its data comes from.

pub mod bar;
pub mod changes;
pub mod code;
pub mod coverage;
pub mod document;
pub mod empty;
pub mod facts;
pub mod filters;
pub mod json;
pub mod marks;
pub mod missing;
pub mod score;
pub mod side;
pub mod table;
pub mod trend;
pub mod verdict;
