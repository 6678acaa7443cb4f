//! Whole pages, rendered from invented data: what must hold on every one of them, and what each one says.

mod empty_states;
mod estate;
mod every_page;
mod headlines;
mod links;
