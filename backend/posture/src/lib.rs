//! nephoscope-posture.
