//! The inventory as rows.

use std::io::{self, Write};

use nephoscope_model::api::ResourceRow;

use crate::cell::{cell, json, rows};

/// Writes resources as CSV.
pub fn resources_csv<'a>(
    out: impl Write,
    resources: impl IntoIterator<Item = &'a ResourceRow>,
) -> io::Result<()> {
    let mut rows = rows(out);
    rows.write_record([
        "uid",
        "name",
        "kind",
        "provider",
        "account",
        "region",
        "service",
        "target",
        "tags",
        "exposure",
        "debt",
        "failing",
        "unknown",
        "last_read",
        "stale",
    ])?;
    for resource in resources {
        let values: [&str; 15] = [
            resource.uid.as_str(),
            &resource.name,
            resource.kind.as_str(),
            resource.provider.as_str(),
            resource.account.as_str(),
            resource.region.as_str(),
            resource.service.as_str(),
            resource.target.as_str(),
            &json(&resource.tags)?,
            resource.exposure.as_str(),
            &resource.debt.to_string(),
            &json(&resource.failing)?,
            &resource.unknown.to_string(),
            &resource.last_read.to_string(),
            if resource.stale { "true" } else { "false" },
        ];
        rows.write_record(values.map(cell).iter().map(|value| value.as_bytes()))?;
    }
    rows.flush()
}
