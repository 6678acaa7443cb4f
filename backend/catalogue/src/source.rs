//! Where the files of a catalogue come from: the ones inside the binary, and folders of the user.

use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::error::CatalogueError;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../checks");

/// Deeper folders are taken for a link that leads back to itself.
const DEEPEST: usize = 16;

/// One YAML file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The path as messages name it.
    pub shown: String,
    /// The path below the folder that it was loaded from, with forward slashes.
    pub relative: String,
    /// What it says.
    pub text: String,
}

impl SourceFile {
    /// The folder that decides what the file is: `frameworks`, `data`, or another one with checks.
    pub fn room(&self) -> &str {
        self.relative.split_once('/').map_or("", |(first, _)| first)
    }

    /// The name without folders and ending.
    pub fn stem(&self) -> &str {
        let name = self.relative.rsplit('/').next().unwrap_or(&self.relative);
        name.strip_suffix(".yaml").unwrap_or(name)
    }
}

/// The files inside the binary, sorted by path.
pub(crate) fn embedded() -> Result<Vec<SourceFile>, Vec<CatalogueError>> {
    let mut found = Found::default();
    found.embedded(&EMBEDDED);
    found.sorted()
}

/// One file inside the binary, by its path below `checks/`.
pub(crate) fn embedded_text(relative: &str) -> Option<&'static str> {
    EMBEDDED.get_file(relative)?.contents_utf8()
}

/// The YAML files of `folder`, sorted by path. Hidden files and other endings are left alone.
pub(crate) fn folder(folder: &Path) -> Result<Vec<SourceFile>, Vec<CatalogueError>> {
    let mut found = Found::default();
    found.folder(folder, "", DEEPEST);
    if found.files.is_empty() && found.errors.is_empty() {
        let cause = "it holds no file that ends in `.yaml`".to_owned();
        found.errors.push(CatalogueError::Folder { path: folder.display().to_string(), cause });
    }
    found.sorted()
}

#[derive(Default)]
struct Found {
    files: Vec<SourceFile>,
    errors: Vec<CatalogueError>,
}

impl Found {
    fn embedded(&mut self, dir: &'static Dir<'static>) {
        for file in dir.files().filter(|file| is_yaml(file.path())) {
            let relative = file.path().display().to_string();
            self.file(format!("checks/{relative}"), relative, file.contents().to_vec());
        }
        for dir in dir.dirs() {
            self.embedded(dir);
        }
    }

    fn folder(&mut self, folder: &Path, prefix: &str, deepest: usize) {
        let path = folder.display().to_string();
        if deepest == 0 {
            let cause = format!("it lies more than {DEEPEST} folders deep");
            return self.errors.push(CatalogueError::Folder { path, cause });
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(source) => return self.errors.push(CatalogueError::Read { path, source }),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, prefix, deepest),
                Err(source) => self.errors.push(CatalogueError::Read { path: path.clone(), source }),
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, prefix: &str, deepest: usize) {
        let path = entry.path();
        let shown = path.display().to_string();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            return;
        }
        let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            self.folder(&path, &relative, deepest - 1);
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            let cause = "checks end in `.yaml`; rename the file".to_owned();
            self.errors.push(CatalogueError::Folder { path: shown, cause });
        } else if is_yaml(&path) {
            match fs::read(&path) {
                Ok(bytes) => self.file(shown, relative, bytes),
                Err(source) => self.errors.push(CatalogueError::Read { path: shown, source }),
            }
        }
    }

    fn file(&mut self, shown: String, relative: String, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => self.files.push(SourceFile { shown, relative, text }),
            Err(_) => {
                let cause = "it is not UTF-8 text".to_owned();
                self.errors.push(CatalogueError::Folder { path: shown, cause });
            }
        }
    }

    fn sorted(mut self) -> Result<Vec<SourceFile>, Vec<CatalogueError>> {
        self.files.sort_by(|a, b| a.relative.cmp(&b.relative));
        if self.errors.is_empty() { Ok(self.files) } else { Err(self.errors) }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml")
}
