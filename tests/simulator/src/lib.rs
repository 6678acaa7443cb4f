//! Clouds that misbehave on order, for tests and benches; never part of the product.
//!
//! Each speaks its provider's protocol over plain HTTP on the loopback, shows an estate that is planted by a test or
//! made from a seed, keeps the published quotas, and throttles, denies, delays, cuts off and lies as a
//! [`Misbehaviour`] says. What is planted is held against what the provider publishes of its own answers: a field that
//! it does not have is refused, and so nothing can come to rely on one.
//!
//! ```no_run
//! # async fn story() {
//! use nephoscope_simulator::{FnEstate, FnServer, Fault, Misbehaviour};
//!
//! let planted = serde_json::json!({"apps": [{"id": "A", "name": "payments"}]});
//! let server = FnServer::start(FnEstate::planted(&planted).unwrap(), Misbehaviour::default().with_quotas()).await;
//! // The program under test is given this address, and asks.
//! let endpoint = server.endpoint();
//! assert_eq!(server.seen().calls["ListApps"], 1);
//! server.misbehave(Misbehaviour::default().always("GET */v2/fns*", Fault::Denied));
//! # }
//! ```

mod address;
mod answer;
mod aws;
mod azure;
#[cfg(test)]
mod client;
mod description;
mod fnproject;
mod google;
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
pub use google::GoogleEstate;
pub use misbehaviour::{Fault, Misbehaviour};
pub use server::{Seen, Server};

/// AWS.
pub type Cloud = Server<Estate>;

/// Fn Project.
pub type FnServer = Server<FnEstate>;

/// Azure.
pub type AzureServer = Server<AzureEstate>;

/// Google Cloud.
pub type GoogleServer = Server<GoogleEstate>;
