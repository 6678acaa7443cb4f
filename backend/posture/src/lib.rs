//! Pure verbs over what was read: derive facts, evaluate checks, score what they say.
//!
//! Everything here is a function of its arguments. No async, no IO and no clock: the instant is part of the [`Estate`],
//! so that the same snapshot, catalogue and instant give the same bytes.

pub mod derive;
mod estate;
pub mod evaluate;
pub mod score;

pub use estate::{Estate, EstateResource, Held};
