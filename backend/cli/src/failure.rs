//! How a command ends when it does not end well: a message, its causes, what to do, and an exit code.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use nephoscope_answer::AnswerError;
use nephoscope_collect::CollectError;
use nephoscope_scan::ScanError;
use nephoscope_store::StoreError;

use crate::print::say;

/// The exit codes; promises of the command line.
pub mod code {
    /// The tool failed.
    pub const FAILED: u8 = 1;
    /// Bad arguments or configuration.
    pub const USAGE: u8 = 2;
    /// Findings at or above the threshold.
    pub const FINDINGS: u8 = 3;
    /// Coverage below the required share.
    pub const COVERAGE: u8 = 4;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a command did not succeed.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    error: anyhow::Error,
    help: Option<String>,
}

/// What every command gives.
pub type Outcome = Result<ExitCode, Failure>;

impl Failure {
    /// Bad arguments or configuration.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code::USAGE, error: anyhow::anyhow!(message.into()), help: Some(help.into()) }
    }

    /// The tool could not do what was asked.
    pub fn tool(error: impl Into<anyhow::Error>, help: impl Into<String>) -> Self {
        Self { code: code::FAILED, error: error.into(), help: Some(help.into()) }
    }

    /// Prints message, causes and help to standard error, and gives the exit code.
    pub fn print(&self) -> ExitCode {
        let gone = |cause: &(dyn Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        };
        if self.error.chain().any(gone) {
            // A reader that has seen enough, such as `head`, is no failure.
            return ExitCode::SUCCESS;
        }
        let mut text = format!("error: {}", self.error);
        let mut outer = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            // A transparent error repeats the text of what it wraps.
            if !outer.ends_with(&cause) {
                let _ = write!(text, "\n  cause: {cause}");
            }
            outer = cause;
        }
        if let Some(help) = &self.help {
            let _ = write!(text, "\n  help: {help}");
        }
        // Where nobody can be written to, the exit code has to say it alone.
        say(text);
        ExitCode::from(self.code)
    }
}

/// An error of a library: its text reads after "failed to", its causes follow.
fn failed_to(error: impl Error + Send + Sync + 'static) -> anyhow::Error {
    let text = format!("failed to {error}");
    anyhow::Error::new(error).context(text)
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        let code = match &error {
            ScanError::Interrupted { .. } => code::INTERRUPTED,
            ScanError::UnknownTarget { .. } | ScanError::Schedule { .. } => code::USAGE,
            ScanError::Connect { source, .. } if is_configuration(source) => code::USAGE,
            _ => code::FAILED,
        };
        Self { code, help: Some(error.help()), error: failed_to(error) }
    }
}

/// True where what was typed or configured is at fault, rather than what the cloud said.
fn is_configuration(error: &CollectError) -> bool {
    matches!(
        error,
        CollectError::NoCredentials(_)
            | CollectError::NoRegion
            | CollectError::UnknownRegion { .. }
            | CollectError::UnknownService { .. }
            | CollectError::Budget { .. }
    )
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { code: code::FAILED, help: Some(error.help()), error: failed_to(error) }
    }
}

impl From<AnswerError> for Failure {
    fn from(error: AnswerError) -> Self {
        let code = match &error {
            // Its text is a sentence of its own.
            AnswerError::NothingScanned => return Self::usage(error.to_string(), error.help()),
            AnswerError::NoSuch { .. } => code::USAGE,
            AnswerError::Store(_) => code::FAILED,
        };
        Self { code, help: Some(error.help()), error: failed_to(error) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
        let help = if full.contains(&error.kind()) {
            "make room where the output goes, or send it elsewhere, and run it again: what was written is cut off"
        } else {
            "check where the output goes and run it again: what was written is cut off"
        };
        Self::tool(anyhow::Error::new(error).context("failed to write the output"), help)
    }
}
