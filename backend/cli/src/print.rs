//! Tables and JSON on standard output, and what is said beside them on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

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
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says one line on standard error.
pub fn say(line: impl Display) {
    let _ = writeln!(Aside, "{line}");
}

/// Writes over the line on the terminal that tells how far a scan is.
pub fn say_over(line: impl Display) {
    let _ = write!(Aside, "\r\x1b[K{line}").and_then(|()| Aside.flush());
}

/// Standard error as something that cannot fail.
///
/// It may be closed, or lie on the very disk that is full: what is said there is lost then, and the work goes on.
/// The macros of the standard library would end the program instead.
#[derive(Clone, Copy, Debug)]
pub struct Aside;

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stderr().flush();
        Ok(())
    }
}
