//! nephoscope-catalogue.
