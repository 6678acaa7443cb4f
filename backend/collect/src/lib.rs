//! nephoscope-collect.
