//! Whole pages, rendered from invented data: what must hold on every one of them, and what each one says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop, in its helpers too")]

mod empty_states;
mod estate;
mod every_page;
mod headlines;
mod links;
mod permissions;
