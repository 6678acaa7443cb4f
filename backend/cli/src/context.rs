//! What every command starts from: the options, the configuration, and how to open what they name.

use std::io::IsTerminal;
use std::sync::Arc;

use nephoscope_answer::Library;
use nephoscope_catalogue::Catalogue;
use nephoscope_model::query::{ListQuery, QueryError};
use nephoscope_store::Store;
use nephoscope_store::sqlite::SqliteStore;
use tokio_util::sync::CancellationToken;

use crate::args::{Color, Filters, Global};
use crate::config::Config;
use crate::failure::Failure;

/// Where history is kept when nothing else is said.
const DEFAULT_STORE: &str = "sqlite:nephoscope.db";

/// The options and the configuration.
#[derive(Debug)]
pub struct Context {
    pub global: Global,
    pub config: Config,
}

impl Context {
    /// Where history is kept: flag or environment, then file, then default.
    pub fn store_url(&self) -> &str {
        let given = self.global.store.as_deref().or(self.config.file.store.as_deref());
        given.unwrap_or(DEFAULT_STORE)
    }

    /// The catalogue with the user's own checks; every broken file is named.
    pub fn catalogue(&self) -> Result<Arc<Catalogue>, Failure> {
        let loaded = Catalogue::load(&self.global.checks);
        loaded.map(Arc::new).map_err(|errors| {
            let help = "`nephoscope checks test DIR` checks a folder, `nephoscope checks schema` says what a file may hold";
            Failure::usage(errors.to_string(), help)
        })
    }

    /// The store for reading only; it must exist.
    pub fn reader(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(Arc::new(SqliteStore::open_reader(self.store_url())?))
    }

    /// The store for writing; it is made where it does not exist, and held against a second writer.
    pub fn writer(&self) -> Result<Arc<dyn Store>, Failure> {
        Ok(Arc::new(SqliteStore::open_writer(self.store_url())?))
    }

    /// Catalogue and store for questions.
    pub fn library(&self) -> Result<Library, Failure> {
        Ok(Library { store: self.reader()?, catalogue: self.catalogue()? })
    }
}

/// True where colours are wanted on standard error and output.
pub fn colour(choice: Color) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal(),
    }
}

/// The filters of a command as the query that the dashboard would make of them.
pub fn query(filters: &Filters) -> Result<ListQuery, Failure> {
    let lists = [
        ("target", &filters.target),
        ("provider", &filters.provider),
        ("account", &filters.account),
        ("region", &filters.region),
        ("service", &filters.service),
        ("kind", &filters.kind),
        ("check", &filters.check),
        ("severity", &filters.severity),
        ("status", &filters.status),
        ("state", &filters.state),
        ("exposure", &filters.exposure),
        ("concern", &filters.concern),
        ("framework", &filters.framework),
    ];
    let mut pairs: Vec<(&str, &str)> =
        lists.iter().flat_map(|(key, values)| values.iter().map(|value| (*key, value.as_str()))).collect();
    pairs.extend(filters.query.iter().map(|text| ("query", text.as_str())));
    pairs.extend(filters.as_of.iter().map(|text| ("as_of", text.as_str())));
    ListQuery::from_pairs(pairs).map_err(|error| refuse(&error))
}

/// A query that cannot be understood, as a mistake in the arguments.
pub fn refuse(error: &QueryError) -> Failure {
    Failure::usage(error.to_string(), "see `nephoscope help` for the values that are known")
}

/// A token that is cancelled by the first Ctrl-C or SIGTERM; a second one ends the process at once.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        if signal().await {
            cancelled.cancel();
            eprintln!("stopping after the shard in hand; once more to stop at once");
            signal().await;
            std::process::exit(i32::from(crate::failure::code::INTERRUPTED));
        }
    });
    stop
}

/// Waits for Ctrl-C or SIGTERM; false where the system gives no signals.
async fn signal() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return false };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
        terminated = terminate.recv() => terminated.is_some(),
    }
}
