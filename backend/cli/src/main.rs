//! nephoscope.
fn main() {}
