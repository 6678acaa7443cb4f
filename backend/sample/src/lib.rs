//! The sample estate with its history, over 30 nightly scans: a web shop and its sandbox on AWS, its back office on
//! Azure, its analytics on Google Cloud and its warehouse on Fn Project, all invented.
//!
//! `estate/*.yaml` says what there is, in short form; `nights.yaml` says what changed and what could not be read.
//! The code here writes that out as the provider's own JSON, so that a sample night is a snapshot like any other.
//! The targets of the other providers were recorded ([`recorded`]).
//! Accounts, names and identifiers belong to nobody.

mod coverage;
mod entries;
mod error;
mod estate;
mod expand;
mod nights;
mod place;
mod recorded;

pub use error::SampleError;
pub use nights::{Night, nights};

use nephoscope_model::Shard;

/// The last night's shop, `repeat` times over under other names, all in its one account: for benches of any size.
///
/// One repetition is about 130 resources. What exists once per account is not repeated.
pub fn estate(repeat: usize) -> Result<Vec<Shard>, SampleError> {
    nights::last_shop(repeat)
}
