//! nephoscope-frontend.
