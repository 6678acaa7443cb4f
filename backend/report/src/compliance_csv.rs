//! A framework as rows: one per control and check, so that a pivot table can count either.

use std::io::{self, Write};

use nephoscope_model::framework::{CheckCounts, Compliance, ControlResult, ReportHead};

use crate::cell::{cell, json, rows};

const COLUMNS: [&str; 18] = [
    "framework",
    "version",
    "as_of",
    "scope",
    "scans",
    "catalogue",
    "control",
    "control_title",
    "control_status",
    "manual",
    "check",
    "check_title",
    "severity",
    "check_status",
    "fail",
    "unknown",
    "pass",
    "product_version",
];

/// Writes a compliance report as CSV. A control without a check has one row, whose check is empty.
pub fn compliance_csv(out: impl Write, head: &ReportHead, compliance: &Compliance) -> io::Result<()> {
    let mut rows = rows(out);
    rows.write_record(COLUMNS)?;
    let as_of = head.as_of.to_string();
    let scans = json(&head.scans)?;
    let mut write = |result: &ControlResult, check: Option<&CheckCounts>| -> io::Result<()> {
        let count =
            |count: fn(&CheckCounts) -> u64| check.map(|check| count(check).to_string()).unwrap_or_default();
        let status = check.and_then(CheckCounts::status).map_or("", |status| status.as_str());
        let values: [&str; COLUMNS.len()] = [
            &compliance.framework.id,
            &compliance.framework.version,
            &as_of,
            &head.scope,
            &scans,
            &head.catalogue,
            &result.control.id,
            &result.control.title,
            result.status.as_str(),
            result.control.manual.as_deref().unwrap_or(""),
            check.map_or("", |check| check.check.as_str()),
            check.map_or("", |check| &check.title),
            check.map_or("", |check| check.severity.as_str()),
            status,
            &count(|check| check.fail),
            &count(|check| check.unknown),
            &count(|check| check.pass),
            &head.product_version,
        ];
        rows.write_record(values.map(cell).iter().map(|value| value.as_bytes()))?;
        Ok(())
    };
    for result in &compliance.controls {
        if result.checks.is_empty() {
            write(result, None)?;
        }
        result.checks.iter().try_for_each(|check| write(result, Some(check)))?;
    }
    rows.flush()
}
