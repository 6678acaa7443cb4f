//! Findings as JSON, one document per line, written while they are read.

use std::io::{self, Write};

use nephoscope_model::Finding;

/// Writes findings as JSON Lines: the same object as `/api/v1/findings` holds.
#[derive(Debug)]
pub struct FindingsJsonl<W: Write> {
    out: W,
}

impl<W: Write> FindingsJsonl<W> {
    /// Begins an empty file.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes one finding.
    pub fn write(&mut self, finding: &Finding) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, finding)?;
        self.out.write_all(b"\n")
    }

    /// Writes what is still held back, and gives back where it went.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
