//! nephoscope-server.
