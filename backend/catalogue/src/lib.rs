//! The catalogue: what is judged, and by which conditions.
//!
//! Checks, frameworks and tables are YAML files in `checks/`, embedded in the binary; users add folders of their own.
//! They are read here, validated whole, and compiled. Judging by them is `posture`'s business; nothing here knows a
//! network or a database.
//!
//! Reads from the outside in: `catalogue` loads files (`source`, `yaml`) into checks (`check_file`, `check`, `condition`,
//! `example`) and frameworks (`framework`); `kind` and `runtime` are the tables that conditions and facts rest on.

mod catalogue;
mod check;
mod check_file;
mod condition;
mod error;
mod example;
mod framework;
mod kind;
mod pattern;
mod runtime;
mod source;
mod untyped;
mod yaml;

pub use catalogue::Catalogue;
pub use check::CompiledCheck;
pub use check_file::schema;
pub use condition::root_context;
pub use error::{CatalogueError, CatalogueErrors};
pub use example::{Example, ExampleResource, Expect};
pub use kind::{RESOURCE_FIELDS, Readable, kinds};
pub use pattern::matches;
pub use runtime::{Precision, Runtime, runtimes};
