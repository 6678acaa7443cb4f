//! What every command starts from: the options, the configuration, and how to open what they name.

use std::io::IsTerminal;
use std::sync::Arc;

use nephoscope_answer::Library;
use nephoscope_catalogue::Catalogue;
use nephoscope_model::query::{ListQuery, QueryError};
use nephoscope_store::Store;
use nephoscope_store::sqlite::SqliteStore;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::args::{Color, Filters, Global};
use crate::config::Config;
use crate::failure::Failure;
use crate::print::say;

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
///
/// The signals are caught from here on, not only once the task runs: whoever reads our first line may send one.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let caught = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    if let (Ok(mut interrupt), Ok(mut terminate)) = caught {
        let cancelled = stop.clone();
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            cancelled.cancel();
            say("stopping after the shard in hand; once more to stop at once");
            either(&mut interrupt, &mut terminate).await;
            std::process::exit(i32::from(crate::failure::code::INTERRUPTED));
        });
    }
    stop
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
