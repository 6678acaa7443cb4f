//! Whole pages, rendered from invented data.

mod estate;
