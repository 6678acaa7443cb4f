//! The installation's own key for redaction tags: beside the store, never in it.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::sqlite::path_of;

/// The key with which redacted values are tagged, from `<database>.key`; made at first use, readable by its owner only.
pub fn redaction_key(url: &str) -> Result<[u8; 32], StoreError> {
    let path = beside(&path_of(url)?, ".key");
    match fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|bytes: Vec<u8>| {
            let what = format!("it has {} bytes and not 32", bytes.len());
            failure("read", &path)(io::Error::new(io::ErrorKind::InvalidData, what))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(&path).map_err(failure("create", &path))
        }
        Err(error) => Err(failure("read", &path)(error)),
    }
}

/// `path` with `suffix` after its whole name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes the key under another name first, so that a process that dies leaves no half a key.
fn create(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let draft = beside(path, &format!(".{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(key)
}

fn failure(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Key { operation, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_belongs_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let key = redaction_key(&url).unwrap();
        assert_ne!(key, [0; 32]);
        assert_eq!(redaction_key(&url).unwrap(), key);
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a.db.key"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("a.db.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.db.key"), "short").unwrap();
        let url = folder.path().join("a.db").display().to_string();
        let error = redaction_key(&url).unwrap_err();
        assert!(error.to_string().starts_with("read the redaction key"), "{error}");
        assert!(error.help().contains("remove it"));
    }
}
