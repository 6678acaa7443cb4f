//! Tables and JSON on standard output.

use std::io::{ErrorKind, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::failure::Failure;

/// A table with these columns: no frame, headings in capitals, as wide as the terminal.
pub fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|column| column.to_uppercase()));
    table
}

/// Prints a table; lines end where their text ends.
pub fn print_table(table: &Table) -> Result<(), Failure> {
    let text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    print(&text)
}

/// Prints one JSON document, indented.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::tool(error, "this is a defect: the document could not be written as JSON")
    })?;
    print(&format!("{text}\n"))
}

/// Prints text to standard output. A reader that went away, such as `head`, is not a failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
