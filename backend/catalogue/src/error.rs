//! What is wrong with a catalogue, and where: one error per fault, all faults of all files together.

use std::fmt::Write as _;
use std::io;

/// One fault of one file or folder.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file or a folder could not be read.
    #[error("read {path}")]
    Read {
        /// Which one.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder holds what cannot be loaded.
    #[error("load {path}: {cause}")]
    Folder {
        /// The folder, or what is in it.
        path: String,
        /// Why it cannot be loaded.
        cause: String,
    },
    /// A file says what cannot be.
    #[error("{file}:{line}:{column}: {cause}{}", excerpt(.text, *.line, *.column))]
    Invalid {
        /// The file as the person who wrote it knows it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The character within the line, from 1.
        column: usize,
        /// What is wrong there.
        cause: String,
        /// The line itself, where it is short enough to show.
        text: Option<String>,
    },
}

/// Everything that is wrong with a catalogue, sorted by file and place; never empty.
#[derive(Debug, thiserror::Error)]
#[error("{}", listing(.errors))]
pub struct CatalogueErrors {
    errors: Vec<CatalogueError>,
}

impl CatalogueErrors {
    /// Nothing where there is no fault.
    pub(crate) fn sorted(mut errors: Vec<CatalogueError>) -> Option<Self> {
        errors.sort_by(|a, b| a.place().cmp(&b.place()));
        if errors.is_empty() { None } else { Some(Self { errors }) }
    }

    /// The faults, at least one.
    pub fn errors(&self) -> &[CatalogueError] {
        &self.errors
    }
}

impl CatalogueError {
    fn place(&self) -> (&str, usize, usize) {
        match self {
            Self::Read { path, .. } | Self::Folder { path, .. } => (path, 0, 0),
            Self::Invalid { file, line, column, .. } => (file, *line, *column),
        }
    }
}

impl From<CatalogueErrors> for CatalogueError {
    fn from(all: CatalogueErrors) -> Self {
        all.errors.into_iter().next().expect("`sorted` makes no empty list")
    }
}

/// The line with a mark below the character, as compilers show it.
fn excerpt(text: &Option<String>, line: usize, column: usize) -> String {
    let Some(text) = text else { return String::new() };
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let indent = " ".repeat(column.saturating_sub(1));
    format!("\n  {number} | {text}\n  {gutter} | {indent}^")
}

/// One fault after the other, each with its cause, for a list has no `source()` of its own.
fn listing(errors: &[CatalogueError]) -> String {
    let mut text = String::new();
    for (index, error) in errors.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{error}");
        if let CatalogueError::Read { source, .. } = error {
            let _ = write!(text, ": {source}");
        }
    }
    text
}
