//! YAML to typed values, and places in files for whatever is wrong with them.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned, UserMessageFormatter};

use crate::error::CatalogueError;
use crate::source::SourceFile;

/// Longer lines are not repeated below a message.
const LONGEST_EXCERPT: usize = 160;

/// Reads a whole file. YAML can be refused once only: the first fault hides those after it.
pub(crate) fn parse<T: DeserializeOwned>(file: &SourceFile) -> Result<T, CatalogueError> {
    // Booleans are `true` and `false`, so that `no` stays the text that it is in a provider's JSON.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options(&file.text, options).map_err(|error| {
        let message = error.render_with_formatter(&UserMessageFormatter);
        let (line, column) = error.location().map_or((1, 1), |at| line_and_column(&at));
        let cause = message.strip_suffix(&format!(" at line {line}, column {column}")).unwrap_or(&message);
        invalid(file, line, column, plain(cause))
    })
}

/// What the parser says in words of YAML's grammar, in words of people.
fn plain(cause: &str) -> &str {
    match cause {
        "expected string scalar" => "a text is expected here",
        "expected sequence start" => "a list is expected here",
        "expected mapping start" => "a map of names and values is expected here",
        "null is not allowed here" => "a value is missing here",
        other => other,
    }
}

/// Collects what is wrong with one file.
#[derive(Debug)]
pub(crate) struct Faults<'a> {
    file: &'a SourceFile,
    pub found: Vec<CatalogueError>,
}

impl<'a> Faults<'a> {
    pub fn new(file: &'a SourceFile) -> Self {
        Self { file, found: Vec::new() }
    }

    /// A fault of the value that stands at `location`.
    pub fn at(&mut self, location: &Location, cause: impl AsRef<str>) {
        let (line, column) = line_and_column(location);
        self.found.push(invalid(self.file, line, column, cause.as_ref()));
    }

    /// A fault of the character `offset` (from 0) of a text.
    pub fn within(&mut self, text: &Spanned<String>, offset: usize, cause: impl AsRef<str>) {
        let (line, column) = place_within(&self.file.text, text, offset);
        self.found.push(invalid(self.file, line, column, cause.as_ref()));
    }
}

/// The value of a closed set that is written there.
pub(crate) fn named<T: FromStr<Err: Display>>(name: &Spanned<String>, faults: &mut Faults<'_>) -> Option<T> {
    name.value.parse().map_err(|error: T::Err| faults.at(&name.referenced, error.to_string())).ok()
}

fn invalid(file: &SourceFile, line: usize, column: usize, cause: &str) -> CatalogueError {
    let text = file.text.lines().nth(line.saturating_sub(1)).map(str::trim_end);
    // What is missing stands nowhere, so that showing a line would lead astray.
    let shown = |text: &&str| !text.is_empty() && text.chars().count() <= LONGEST_EXCERPT;
    let text = text.filter(|text| shown(text) && !cause.starts_with("missing field"));
    CatalogueError::Invalid {
        file: file.shown.clone(),
        line,
        column,
        cause: cause.to_owned(),
        text: text.map(str::to_owned),
    }
}

fn line_and_column(location: &Location) -> (usize, usize) {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
    (number(location.line()), number(location.column()))
}

/// Where character `offset` of a text stands in the file.
///
/// Quotes, escapes, indentation and folded lines only add characters to those of the text.
/// So each character of the text, white space aside, is the next equal one of the file.
fn place_within(source: &str, text: &Spanned<String>, offset: usize) -> (usize, usize) {
    let start = line_and_column(&text.defined);
    let bytes = text.defined.span().byte_offset().and_then(|bytes| usize::try_from(bytes).ok());
    let Some(rest) = bytes.and_then(|bytes| source.get(bytes..)) else { return start };
    let mut rest = rest.chars();
    let (mut line, mut column) = start;
    let mut after_last = start;
    for (index, wanted) in text.value.chars().enumerate() {
        if wanted.is_whitespace() {
            if index == offset {
                return after_last;
            }
            continue;
        }
        loop {
            let Some(found) = rest.next() else { return after_last };
            let place = (line, column);
            (line, column) = if found == '\n' { (line + 1, 1) } else { (line, column + 1) };
            if found == wanted {
                if index == offset {
                    return place;
                }
                after_last = (line, column);
                break;
            }
        }
    }
    after_last
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The place of the first `)` of the text under `a`.
    fn place(yaml: &str) -> (usize, usize) {
        let file: BTreeMap<String, Spanned<String>> = serde_saphyr::from_str(yaml).unwrap();
        let text = &file["a"];
        let offset = text.value.chars().position(|c| c == ')').unwrap_or(text.value.chars().count());
        place_within(yaml, text, offset)
    }

    #[test]
    fn places_are_found_in_every_style() {
        assert_eq!(place("a: x == )\n"), (1, 9));
        assert_eq!(place("a: \"é == \\\"y\\\" )\"\n"), (1, 16));
        assert_eq!(place("a: 'it''s )'\n"), (1, 11));
        assert_eq!(place("b: é\na: |\n  x ==\n    y\n  )\n"), (5, 3));
        assert_eq!(place("a: >-\n  x\n  ==\n\n  )\n"), (5, 3));
        assert_eq!(place("a: x ==\n  y )\n"), (2, 5));
    }

    #[test]
    fn the_end_is_after_the_last_character() {
        assert_eq!(place("a: x ==\n"), (1, 8));
        assert_eq!(place("a: |\n  x ==\n\nb: c\n"), (2, 7));
    }
}
