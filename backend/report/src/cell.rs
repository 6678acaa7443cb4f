//! Cells that a spreadsheet shows and never runs.

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

/// A writer of rows as RFC 4180 wants them.
pub(crate) fn rows<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out)
}

/// `text` with an apostrophe before it where a spreadsheet would read it as a formula.
///
/// Names and tags come from whoever may create a resource; a formula in one would run on the desk of whoever reads the export.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    // Some programs pass over blanks and byte order marks before they look.
    let seen = text.trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{200b}']);
    let formula =
        seen.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\u{2212}']);
    if formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// A nested value as JSON text.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> std::io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        let formulas = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠SUM(A1)",
            "−1",
            " =1",
            "\u{feff}=1",
            "\u{a0}+1",
            "=HYPERLINK(\"https://attacker.example\")",
            "=cmd|' /C calc'!A0",
        ];
        for formula in formulas {
            assert_eq!(cell(formula), format!("'{formula}"), "{formula:?}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in
            ["", "checkout", "a=b", "1-2", "'quoted'", "[\"=1\"]", "{\"a\":\"=1\"}", " spaced", "0.42"]
        {
            assert_eq!(cell(text), text);
        }
    }
}
