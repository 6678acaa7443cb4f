//! What may go wrong within one transaction, before it is known which operation on which store it was.

use std::path::Path;

use nephoscope_model::ident::UnknownName;
use rusqlite::ErrorCode;

use crate::StoreError;

/// What functions within a transaction give.
pub(super) type Sql<T> = Result<T, Fault>;

/// A failure within a transaction.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite refuses.
    Sql(rusqlite::Error),
    /// What is stored cannot be understood.
    Damaged(Box<dyn std::error::Error + Send + Sync>),
    /// The error is complete already.
    Store(StoreError),
}

impl Fault {
    /// The error, once operation and store are known.
    pub(super) fn during(self, operation: &'static str, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Store(error) => error,
            Self::Damaged(source) => StoreError::Corrupt { operation, path, source },
            Self::Sql(source) => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::DiskFull { operation, path, source },
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    StoreError::Corrupt { operation, path, source: source.into() }
                }
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                    StoreError::Unwritable { path, source: source.into() }
                }
                Some(ErrorCode::CannotOpen) => StoreError::Open { path, source: source.into() },
                _ => StoreError::Query { operation, path, source },
            },
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged(error.into())
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Damaged(error.into())
    }
}

impl From<UnknownName> for Fault {
    fn from(error: UnknownName) -> Self {
        Self::Damaged(error.into())
    }
}
