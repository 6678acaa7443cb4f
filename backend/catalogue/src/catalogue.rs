//! All checks and frameworks together: loaded whole, or not at all.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use nephoscope_model::framework::Framework;

use crate::check::{self, CompiledCheck, Loaded};
use crate::error::{CatalogueError, CatalogueErrors};
use crate::framework::{self, Controls};
use crate::source::{SourceFile, embedded, folder};
use crate::yaml::Faults;

/// Every check and every framework that a scan judges by.
#[derive(Debug)]
pub struct Catalogue {
    checks: Vec<CompiledCheck>,
    frameworks: Vec<Framework>,
    /// Positions of checks by id and by alias.
    positions: BTreeMap<String, usize>,
    digest: String,
}

impl Catalogue {
    /// The checks inside the binary. Costly: load it once and share it.
    pub fn builtin() -> Result<Self, CatalogueError> {
        Ok(Self::load(&[])?)
    }

    /// The checks inside the binary and those of `extra` folders, which may hold a folder `frameworks` as well.
    pub fn load(extra: &[PathBuf]) -> Result<Self, CatalogueErrors> {
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        keep(embedded(), &mut files, &mut errors);
        let (tables, mut files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.room() == "data");
        read_folders(extra, &mut files, &mut errors);
        assemble(&tables, &files, errors)
    }

    /// The checks and frameworks of `folders` alone.
    pub fn from_folders(folders: &[PathBuf]) -> Result<Self, CatalogueErrors> {
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        read_folders(folders, &mut files, &mut errors);
        assemble(&[], &files, errors)
    }

    /// The checks, sorted by id.
    pub fn checks(&self) -> &[CompiledCheck] {
        &self.checks
    }

    /// The check with this id, or with this earlier id.
    pub fn find(&self, id: &str) -> Option<&CompiledCheck> {
        self.positions.get(id).map(|&position| &self.checks[position])
    }

    /// The frameworks, sorted by id.
    pub fn frameworks(&self) -> &[Framework] {
        &self.frameworks
    }

    /// 16 hexadecimal digits over all files: catalogues with the same digest judge alike.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn read_folders(folders: &[PathBuf], files: &mut Vec<SourceFile>, errors: &mut Vec<CatalogueError>) {
    for path in folders {
        keep(folder(path), files, errors);
    }
}

fn keep<T>(read: Result<Vec<T>, Vec<CatalogueError>>, kept: &mut Vec<T>, errors: &mut Vec<CatalogueError>) {
    match read {
        Ok(read) => kept.extend(read),
        Err(found) => errors.extend(found),
    }
}

/// Makes a catalogue of `files`; `tables` only count for the digest.
fn assemble(
    tables: &[SourceFile],
    files: &[SourceFile],
    mut errors: Vec<CatalogueError>,
) -> Result<Catalogue, CatalogueErrors> {
    let mut frameworks = Vec::new();
    let mut controls = Controls::default();
    let (framework_files, check_files): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.room() == "frameworks");
    for file in framework_files {
        match framework::load(file) {
            Ok(framework) if controls.has(&framework.id) => {
                let cause = format!("the framework `{}` is there already", framework.id);
                errors.push(CatalogueError::Folder { path: file.shown.clone(), cause });
            }
            Ok(framework) => {
                controls.add(&framework);
                frameworks.push(framework);
            }
            Err(found) => {
                controls.add_broken(file);
                errors.extend(found);
            }
        }
    }
    let mut loaded = Vec::new();
    for (file, check) in load_all(&check_files, &controls) {
        match check {
            Ok(check) => loaded.push((file, check)),
            Err(found) => errors.extend(found),
        }
    }
    errors.extend(clashes(&loaded));
    if let Some(errors) = CatalogueErrors::sorted(errors) {
        return Err(errors);
    }

    let mut checks: Vec<CompiledCheck> = loaded.into_iter().map(|(_, loaded)| loaded.compiled).collect();
    checks.sort_by(|a, b| a.check.id.cmp(&b.check.id));
    frameworks.sort_by(|a, b| a.id.cmp(&b.id));
    let mut positions = BTreeMap::new();
    for (position, compiled) in checks.iter().enumerate() {
        for name in std::iter::once(&compiled.check.id).chain(&compiled.check.aliases) {
            positions.insert(name.to_string(), position);
        }
    }
    Ok(Catalogue { checks, frameworks, positions, digest: digest(tables.iter().chain(files)) })
}

/// Loads files on every core: each command waits for it.
fn load_all<'f>(
    files: &[&'f SourceFile],
    controls: &Controls,
) -> Vec<(&'f SourceFile, Result<Loaded, Vec<CatalogueError>>)> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = |part: &[&'f SourceFile]| -> Vec<_> {
        part.iter().map(|file| (*file, check::load(file, controls))).collect()
    };
    thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(cores).max(1));
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || load(part))).collect();
        let ended =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|died| resume_unwind(died)));
        ended.flatten().collect()
    })
}

/// Ids are promises: none may mean two checks, not even one that a check had earlier.
fn clashes(loaded: &[(&SourceFile, Loaded)]) -> Vec<CatalogueError> {
    let mut taken = BTreeMap::new();
    let mut errors = Vec::new();
    for (file, check) in loaded {
        if let Some(other) = taken.insert(check.id.value.as_str(), *file) {
            let mut faults = Faults::new(file);
            faults.at(
                &check.id.referenced,
                format!("`{}` is the id of {} already", check.id.value, other.shown),
            );
            errors.extend(faults.found);
        }
    }
    for (file, check) in loaded {
        for alias in &check.aliases {
            if let Some(other) = taken.insert(alias.value.as_str(), file) {
                let mut faults = Faults::new(file);
                let cause = format!("`{}` is an id or an alias of {} already", alias.value, other.shown);
                faults.at(&alias.referenced, cause);
                errors.extend(faults.found);
            }
        }
    }
    errors
}

fn digest<'a>(files: impl Iterator<Item = &'a SourceFile>) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        // Lengths keep the end of one text from being read as the beginning of the next.
        for text in [&file.relative, &file.text] {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
