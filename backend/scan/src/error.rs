//! Why a scan could not be run.

use std::path::PathBuf;

use nephoscope_model::{ScanId, TargetName};

/// Why a scan, a snapshot file or a schedule could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The cloud could not be reached or would not let us in.
    #[error("reach the cloud of target `{target}`")]
    Connect {
        /// The target.
        target: TargetName,
        /// Why.
        source: Box<nephoscope_collect::CollectError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] nephoscope_store::StoreError),
    /// A snapshot file could not be opened, read or written.
    #[error("{doing} snapshot {path}")]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A snapshot file holds something else, or not all of it.
    #[error("read snapshot {path}, line {line}: {cause}")]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        cause: String,
    },
    /// History only grows forward.
    #[error("add a snapshot of {given} to target `{target}`: its latest scan is of {latest}")]
    OutOfOrder {
        /// The target.
        target: TargetName,
        /// The snapshot's instant.
        given: jiff::Timestamp,
        /// The instant of the latest scan.
        latest: jiff::Timestamp,
    },
    /// There is no such target.
    #[error("scan target `{target}`: it is not configured; known are {known}")]
    UnknownTarget {
        /// What was asked for.
        target: TargetName,
        /// The configured ones, comma-separated.
        known: String,
    },
    /// It is being scanned right now.
    #[error("scan target `{target}`: scan {scan} of it is running")]
    AlreadyRunning {
        /// The target.
        target: TargetName,
        /// The running scan.
        scan: ScanId,
    },
    /// A cron line or a time zone is wrong.
    #[error("read schedule `{text}`: {cause}")]
    Schedule {
        /// The cron line or time zone.
        text: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The process is asked to stop.
    #[error("finish scan {scan}: interrupted; it resumes where it stopped")]
    Interrupted {
        /// The scan.
        scan: ScanId,
    },
    /// Making the catalogue ready panicked: a defect of ours.
    #[error("make the checks ready: {cause}")]
    Court {
        /// The panic's words.
        cause: String,
    },
    /// Judging panicked: a defect of ours.
    #[error("judge account {account}: {cause}")]
    Evaluate {
        /// The account.
        account: nephoscope_model::AccountId,
        /// The panic's words.
        cause: String,
    },
}

impl ScanError {
    /// What a person can do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Connect { source, .. } => source.help().to_owned(),
            Self::Store(error) => error.help(),
            Self::File { doing: "write", .. } => "check that the folder exists and can be written to".to_owned(),
            Self::File { .. } => "check the path; `nephoscope snapshot export FILE` writes such a file".to_owned(),
            Self::Snapshot { .. } => {
                "export the snapshot again with `nephoscope snapshot export`; a file that was cut off cannot be used"
                    .to_owned()
            }
            Self::OutOfOrder { .. } => {
                "history only grows forward: use a fresh store (`--store sqlite:other.db`) for older snapshots"
                    .to_owned()
            }
            Self::UnknownTarget { .. } => {
                "name a [[target]] of the configuration, or `aws` for the ambient credentials".to_owned()
            }
            Self::AlreadyRunning { .. } => "wait for it to end, or look at it under Scans".to_owned(),
            Self::Schedule { .. } => {
                "a schedule is a cron line such as `0 2 * * *`, a time zone a name such as `Europe/Berlin`".to_owned()
            }
            Self::Interrupted { .. } => "run the same command again: committed shards are not read again".to_owned(),
            Self::Court { .. } | Self::Evaluate { .. } => "this is a defect: report it with the check and resource it names".to_owned(),
        }
    }
}
