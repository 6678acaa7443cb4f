//! Reading providers that speak JSON over REST: what Azure, Google Cloud and Fn Project have in common.
//!
//! A provider's folder says who signs and sends ([`wire::Wire`]); a service file says what is asked ([`action::Action`],
//! [`action::List`]) and what becomes of it. Budget, retries, pages, classification and coverage are here, once.

pub(crate) mod action;
pub(crate) mod reader;
pub(crate) mod renewing;
pub(crate) mod request;
pub(crate) mod transport;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

pub(crate) use action::{Action, List, Pages};
pub(crate) use reader::Reader;
pub(crate) use renewing::Renewing;
pub(crate) use request::Request;
pub(crate) use wire::{Explained, Reply, Unsent, Wire};
