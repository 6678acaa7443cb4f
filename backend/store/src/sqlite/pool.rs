//! Connections that read, kept for the next query.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::blocking;
use super::connection::{open_forgetful_reader, open_reader};
use super::fault::Sql;
use crate::Result;

/// Readers at work at the same time; more wait.
const READERS: usize = 8;

/// Connections to one database. Each is opened when it is needed for the first time.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    forgetful: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Pool {
    pub(super) fn of(connections: Vec<Connection>) -> Self {
        Self { idle: Mutex::new(connections), forgetful: Mutex::default(), permits: Semaphore::new(READERS) }
    }

    /// Runs `query` on one of a few connections.
    pub(super) async fn lend<T>(
        &self,
        path: &Path,
        operation: &'static str,
        query: impl FnOnce(&Connection) -> Sql<T> + Send,
    ) -> Result<T> {
        let permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let given = borrow(&self.idle, open_reader, path, operation, query);
        drop(permit);
        given
    }

    /// The same for a query over a whole account, on a connection that forgets what it read: those pages are not needed
    /// again, and would take as much memory as the account itself.
    pub(super) fn lend_forgetful<T>(
        &self,
        path: &Path,
        operation: &'static str,
        query: impl FnOnce(&Connection) -> Sql<T>,
    ) -> Result<T> {
        borrow(&self.forgetful, open_forgetful_reader, path, operation, |connection| {
            let given = query(connection);
            connection.release_memory()?;
            given
        })
    }
}

fn borrow<T>(
    idle: &Mutex<Vec<Connection>>,
    open: impl FnOnce(&Path) -> Result<Connection>,
    path: &Path,
    operation: &'static str,
    query: impl FnOnce(&Connection) -> Sql<T>,
) -> Result<T> {
    blocking(|| {
        let left = lock(idle).pop();
        let connection = left.map_or_else(|| open(path), Ok)?;
        let given = query(&connection).map_err(|fault| fault.during(operation, path));
        let mut idle = lock(idle);
        if idle.len() < READERS {
            idle.push(connection);
        }
        given
    })
}

fn lock(connections: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}
