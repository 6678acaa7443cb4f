//! What can go wrong with a store, and what to do about it.

use std::path::PathBuf;

use nephoscope_model::scan::ScanState;
use nephoscope_model::{AccountId, ScanId};

/// A failed operation of the store. The text reads after "failed to"; causes are left to `source()`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store's address names no database that this build can use.
    #[error("understand the store `{url}`: it is not `sqlite:PATH`")]
    Address {
        /// The address as given.
        url: String,
    },
    /// There is no such file, and it was to be read only.
    #[error("open the store {}: there is no such file", path.display())]
    Missing {
        /// The database.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error("open the store {}", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// What the system or SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file or its folder cannot be written.
    #[error("write to the store {}", path.display())]
    Unwritable {
        /// The database.
        path: PathBuf,
        /// What the system or SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process writes to the store.
    #[error("open the store {} for writing: another nephoscope holds it", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// A newer version wrote the database.
    #[error(
        "open the store {}: its schema has version {found}, written by a newer nephoscope; nephoscope {product} knows versions up to {known}",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
        /// The version of this program.
        product: &'static str,
    },
    /// An older version wrote the database, and it was to be read only.
    #[error(
        "read the store {}: its schema has version {found}, and version {known} is needed",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("migrate the store {}", path.display())]
    Migrate {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is not a database, or one that was damaged.
    #[error("{operation}: the store {} is damaged", path.display())]
    Corrupt {
        /// What was attempted.
        operation: &'static str,
        /// The database.
        path: PathBuf,
        /// What was found.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No space is left.
    #[error("{operation}: no space is left for the store {}", path.display())]
    DiskFull {
        /// What was attempted.
        operation: &'static str,
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The store was opened for reading, and something was to be written.
    #[error("{operation}: the store {} is open for reading only", path.display())]
    ReadOnly {
        /// What was attempted.
        operation: &'static str,
        /// The database.
        path: PathBuf,
    },
    /// SQLite refused for another reason.
    #[error("{operation} in the store {}", path.display())]
    Query {
        /// What was attempted.
        operation: &'static str,
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The cursor was not made by this query.
    #[error("go on from the cursor `{cursor}`: it does not belong to this query")]
    Cursor {
        /// The cursor as given.
        cursor: String,
    },
    /// There is no such scan.
    #[error("find the scan `{id}`: there is none with this id")]
    ScanUnknown {
        /// The id as given.
        id: ScanId,
    },
    /// The scan has ended, and was to be written to; or it has not ended in a result, and was to be looked at.
    #[error("use the scan `{id}`: it is {state}")]
    ScanNotThere {
        /// Which scan.
        id: ScanId,
        /// How far it is.
        state: ScanState,
    },
    /// A scan was to be finished before everything that it read was judged.
    #[error("finish the scan `{id}`: account {account} was not judged")]
    NotJudged {
        /// Which scan.
        id: ScanId,
        /// The account.
        account: AccountId,
    },
    /// A verdict is about a resource that is not known.
    #[error("store the verdicts of account {account}: `{uid}` is not among its resources")]
    NotCollected {
        /// The account.
        account: AccountId,
        /// The resource.
        uid: String,
    },
    /// A resource could not be judged.
    #[error("judge account {account}: {cause}")]
    Judge {
        /// The account.
        account: AccountId,
        /// Why.
        cause: String,
    },
    /// The key for redaction cannot be read or made.
    #[error("{operation} the redaction key {}", path.display())]
    Key {
        /// What was attempted.
        operation: &'static str,
        /// The key's file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// What to do where the system would not write. It does not always say why, so that all likely reasons are named.
const UNWRITTEN: &str = "the disk is full, or a quota or a limit on file sizes (`ulimit -f`) is reached, or the disk fails: make room and run it again: a scan goes on where it stopped";

impl StoreError {
    /// What to do next.
    pub fn help(&self) -> String {
        let fixed = match self {
            Self::Query { source, .. } if is_unwritten(source) => UNWRITTEN,
            Self::Open { source, .. } | Self::Unwritable { source, .. } | Self::Migrate { source, .. }
                if source.downcast_ref().is_some_and(is_unwritten) =>
            {
                UNWRITTEN
            }
            Self::Address { .. } => "name a file, such as `--store sqlite:nephoscope.db`",
            Self::Missing { .. } => {
                "run `nephoscope scan` or `nephoscope demo` first, or name another file with `--store`"
            }
            Self::Open { .. } => {
                "check that the path is right and that you may read it, or name another file with `--store`"
            }
            Self::Unwritable { .. } => {
                "make its folder and give this user the right to write there, or name another file with `--store`"
            }
            Self::Locked { .. } => {
                "stop the other `nephoscope serve` or `nephoscope scan`, scan from its dashboard, or name another file with `--store`"
            }
            Self::Newer { .. } => "use the newer nephoscope, or name another file with `--store`",
            Self::Older { .. } => "run `nephoscope store migrate`",
            Self::Migrate { .. } => "restore the store from a backup, or name another file with `--store`",
            Self::Corrupt { .. } => {
                "restore the store from a backup, or name another file with `--store`: this one may not be a store at all"
            }
            Self::DiskFull { .. } => "free some space and run it again: a scan goes on where it stopped",
            Self::Cursor { .. } => "begin again at the first page",
            Self::ScanUnknown { .. } => "look at the list of scans for the ids that exist",
            Self::ScanNotThere { .. } => "choose a scan that has finished",
            Self::Key { source, .. } if is_full(source) => UNWRITTEN,
            Self::Key { path, .. } => {
                return format!(
                    "check that {} may be read and written; where it is damaged, remove it: redaction tags then begin anew",
                    path.display()
                );
            }
            Self::ReadOnly { .. }
            | Self::Query { .. }
            | Self::NotJudged { .. }
            | Self::Judge { .. }
            | Self::NotCollected { .. } => "this should not happen: please report it with the lines above",
        };
        fixed.to_owned()
    }
}

/// True where there is no room for a file.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// True where the system would not write or enlarge a file, for a reason other than a full disk, which SQLite names itself.
fn is_unwritten(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let codes = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_DIR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_SHMSIZE,
    ];
    error.sqlite_error().is_some_and(|error| codes.contains(&error.extended_code))
}
