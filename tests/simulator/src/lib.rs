//! A cloud that misbehaves on order, for tests and benches; never part of the product.
//!
//! It speaks the protocols of AWS over plain HTTP, shows an estate that is made from a seed, keeps the published
//! quotas, and throttles, denies, delays, cuts off and lies as a [`Misbehaviour`] says.

mod answer;
mod estate;
mod events;
mod http;
mod misbehaviour;
mod organization;
mod quota;
mod route;
mod server;

pub use answer::Answer;
pub use estate::{ACCOUNT, Estate, REGION};
pub use misbehaviour::{Fault, Misbehaviour};
pub use route::Call;
pub use server::{Cloud, Seen};
