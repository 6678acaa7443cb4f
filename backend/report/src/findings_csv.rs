//! Findings as rows, written while they are read: memory holds one of them.

use std::io::{self, Write};

use csv::Writer;
use nephoscope_model::Finding;

use crate::cell::{cell, json, rows};

/// The columns, named as the fields of the finding's JSON.
const COLUMNS: [&str; 25] = [
    "key",
    "check",
    "title",
    "severity",
    "status",
    "state",
    "muted",
    "provider",
    "account",
    "region",
    "service",
    "kind",
    "resource",
    "name",
    "evidence",
    "unreadable",
    "last_known",
    "exposure",
    "reachable",
    "points",
    "first_seen",
    "last_seen",
    "scan",
    "concerns",
    "frameworks",
];

/// Writes findings as CSV.
#[derive(Debug)]
pub struct FindingsCsv<W: Write> {
    rows: Writer<W>,
}

impl<W: Write> FindingsCsv<W> {
    /// Begins with the row of column names, which is there even where no finding follows.
    pub fn new(out: W) -> io::Result<Self> {
        let mut rows = rows(out);
        rows.write_record(COLUMNS)?;
        Ok(Self { rows })
    }

    /// Writes one finding.
    pub fn write(&mut self, finding: &Finding) -> io::Result<()> {
        let last_known = finding.last_known.as_ref().map(json).transpose()?.unwrap_or_default();
        let values: [&str; COLUMNS.len()] = [
            finding.key.as_str(),
            finding.check.as_str(),
            &finding.title,
            finding.severity.as_str(),
            finding.status.as_str(),
            finding.state.as_str(),
            if finding.muted { "true" } else { "false" },
            finding.provider.as_str(),
            finding.account.as_str(),
            finding.region.as_str(),
            finding.service.as_str(),
            finding.kind.as_str(),
            finding.resource.as_str(),
            &finding.name,
            &json(&finding.evidence)?,
            &json(&finding.unreadable)?,
            &last_known,
            &finding.exposure.to_string(),
            finding.reachable.as_str(),
            &finding.points.to_string(),
            &finding.first_seen.to_string(),
            &finding.last_seen.to_string(),
            finding.scan.as_str(),
            &json(&finding.concerns)?,
            &json(&finding.frameworks)?,
        ];
        self.rows.write_record(values.map(cell).iter().map(|value| value.as_bytes()))?;
        Ok(())
    }

    /// Writes what is still held back, and gives back where it went.
    pub fn finish(self) -> io::Result<W> {
        self.rows.into_inner().map_err(|error| error.into_error())
    }
}
