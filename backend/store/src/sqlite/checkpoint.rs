//! Copies the write-ahead log into the database beside those who write, so that no commit waits for the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::connection;
use crate::key::beside;

/// How many bytes the log grows before it is copied: pages that many commits touch are copied once for all of them.
const STRETCH: u64 = 16 * 1024 * 1024;

/// Copies the log of one database now and then.
#[derive(Debug)]
pub(super) struct Checkpoint {
    path: PathBuf,
    log: PathBuf,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    /// How long the log was.
    length: u64,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoint {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), log: beside(path, "-wal"), last: Mutex::default() }
    }

    /// Has the log copied on a thread of its own, where it has grown enough since that was last done.
    pub(super) fn after_commit(&self) {
        let length = fs::metadata(&self.log).map_or(0, |log| log.len());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Once all of it was copied, it begins anew.
        last.length = last.length.min(length);
        let is_copying = last.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if length - last.length >= STRETCH && !is_copying {
            last.length = length;
            let path = self.path.clone();
            last.thread = Some(thread::spawn(move || copy(&path)));
        }
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        let last = self.last.get_mut().unwrap_or_else(PoisonError::into_inner);
        // What it could not do, it has told.
        last.thread.take().map(JoinHandle::join);
    }
}

fn copy(path: &Path) {
    // What goes wrong here goes wrong for the writer as well, once the log is so long that it copies it itself.
    if let Err(error) = connection::checkpoint(path) {
        tracing::debug!(path = %path.display(), %error, "the write-ahead log was not copied");
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_log_that_has_grown_is_copied_beside_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = connection::open_writer(&path).unwrap();
        let checkpoint = Checkpoint::of(&path);
        writer.execute_batch("CREATE TABLE bytes (some BLOB)").unwrap();
        checkpoint.after_commit();
        assert!(checkpoint.last.lock().unwrap().thread.is_none(), "the log is short");
        let before = fs::metadata(&path).unwrap().len();
        writer.execute("INSERT INTO bytes VALUES (zeroblob(?1))", [STRETCH.cast_signed()]).unwrap();
        checkpoint.after_commit();
        drop(checkpoint);
        assert!(fs::metadata(&path).unwrap().len() >= before + STRETCH);
        let copied = Connection::open(&path).unwrap();
        let length: i64 = copied.query_row("SELECT length(some) FROM bytes", [], |row| row.get(0)).unwrap();
        assert_eq!(length, STRETCH.cast_signed());
    }
}
