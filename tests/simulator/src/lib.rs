//! Clouds that misbehave on order, for tests and benches; never part of the product.
//!
//! Each speaks its provider's protocol over plain HTTP on the loopback, shows an estate that is planted by a test or
//! made from a seed, keeps the published quotas, and throttles, denies, delays, cuts off and lies as a
//! [`Misbehaviour`] says.

mod address;
mod answer;
mod aws;
mod azure;
#[cfg(test)]
mod client;
mod description;
mod fnproject;
mod http;
mod misbehaviour;
mod provider;
mod quota;
mod server;

pub use answer::Answer;
pub use aws::{ACCOUNT, Call, Estate, REGION};
pub use azure::{AzureEstate, TENANT as AZURE_TENANT};
pub use description::Wrong;
pub use fnproject::FnEstate;
pub use misbehaviour::{Fault, Misbehaviour};
pub use server::{Seen, Server};

/// AWS.
pub type Cloud = Server<Estate>;

/// Fn Project.
pub type FnServer = Server<FnEstate>;

/// Azure.
pub type AzureServer = Server<AzureEstate>;
