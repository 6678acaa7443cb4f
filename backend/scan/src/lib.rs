//! nephoscope-scan.
