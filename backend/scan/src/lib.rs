//! The paragraph that runs the stages: collect, store, derive, evaluate, score, store.
//!
//! [`run::run`] is the paragraph. What gives shards is a [`source::Source`]: a cloud, or a snapshot file.
//! [`runner::Runner`] keeps the scans of one process; [`schedule`] says when they are due.

mod ahead;
mod clerk;
mod error;
mod judge;
mod judges;
pub mod probe;
pub mod progress;
mod reading;
mod rehearse;
mod room;
pub mod run;
pub mod runner;
pub mod schedule;
pub mod snapshot_file;
pub mod source;
pub mod target;

pub use error::ScanError;
pub use probe::probe;
pub use progress::Progress;
pub use rehearse::{Plan, plan};
pub use run::{Request, run};
pub use runner::Runner;
pub use target::{Target, TargetAccess};
