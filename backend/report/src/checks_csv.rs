//! The catalogue as rows, without its conditions.

use std::io::{self, Write};

use nephoscope_model::Check;

use crate::cell::{cell, json, rows};

/// Writes checks as CSV.
pub fn checks_csv<'a>(out: impl Write, checks: impl IntoIterator<Item = &'a Check>) -> io::Result<()> {
    let mut rows = rows(out);
    rows.write_record([
        "id",
        "title",
        "severity",
        "provider",
        "service",
        "kind",
        "concerns",
        "frameworks",
        "deprecated",
    ])?;
    for check in checks {
        let values: [&str; 9] = [
            check.id.as_str(),
            &check.title,
            check.severity.as_str(),
            check.provider.as_str(),
            &check.service,
            check.kind.as_str(),
            &json(&check.concerns)?,
            &json(&check.frameworks)?,
            check.deprecated.as_deref().unwrap_or(""),
        ];
        rows.write_record(values.map(cell).iter().map(|value| value.as_bytes()))?;
    }
    rows.flush()
}
