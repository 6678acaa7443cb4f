//! A framework as one JSON document: the head, then the body of `/api/v1/frameworks/{id}`.

use std::io::{self, Write};

use nephoscope_model::framework::{Compliance, ReportHead};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: &'a ReportHead,
    #[serde(flatten)]
    compliance: &'a Compliance,
}

/// Writes a compliance report as JSON.
pub fn compliance_json(mut out: impl Write, head: &ReportHead, compliance: &Compliance) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, &Document { head, compliance })?;
    out.write_all(b"\n")?;
    out.flush()
}
