//! `nephoscope serve` and `nephoscope demo`: dashboard, API and schedule in one process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use nephoscope_answer::Library;
use nephoscope_catalogue::Catalogue;
use nephoscope_model::query::AsOf;
use nephoscope_model::scan::Origin;
use nephoscope_model::{Shard, TargetName};
use nephoscope_sample::Night;
use nephoscope_scan::source::Gathered;
use nephoscope_scan::{Progress, Request, Runner, Target, TargetAccess};
use nephoscope_server::Server;
use nephoscope_store::Store;
use nephoscope_store::redaction_key;
use nephoscope_store::sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args;
use crate::context::{Context, stop_on_signal};
use crate::failure::{Failure, Outcome};
use crate::print::print;

/// Where the dashboard listens when nothing else is said.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Serves what the store holds, and scans what is configured.
pub async fn serve(context: &Context, args: &args::Serve) -> Outcome {
    let catalogue = context.catalogue()?;
    let listener = listen(context, args).await?;
    let store = context.writer()?;
    let mut targets = context.config.targets.clone();
    if targets.is_empty() {
        targets.extend(context.config.ambient("aws", &[], &[], context.config.budget()));
    }
    let key = redaction_key(context.store_url())?;
    for target in &mut targets {
        target.arm(key);
    }
    run(listener, store, catalogue, targets).await
}

/// Loads the sample estate with its history into a store of its own, then serves it.
pub async fn demo(context: &Context, args: &args::Serve) -> Outcome {
    let catalogue = context.catalogue()?;
    let listener = listen(context, args).await?;
    let nights = nephoscope_sample::nights()
        .map_err(|error| Failure::tool(error, "this is a defect of the sample estate: report it"))?;
    let url = match &context.global.store {
        Some(url) => url.clone(),
        None => demo_store(&catalogue)?,
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_writer(&url)?);
    load(&store, &catalogue, &nights).await?;
    let targets = replays(nights);
    run(listener, store, catalogue, targets).await
}

/// Binds first of all, so that a port in use is said before anything is written.
async fn listen(context: &Context, args: &args::Serve) -> Result<TcpListener, Failure> {
    let address = args.listen.or(context.config.file.serve.listen).unwrap_or(DEFAULT_LISTEN);
    if !address.ip().is_loopback() {
        let message = format!("listen on {address}: only loopback addresses are served until sign-in exists");
        return Err(Failure::usage(
            message,
            "use 127.0.0.1 and reach it through an SSH tunnel or a proxy that signs in",
        ));
    }
    TcpListener::bind(address).await.map_err(|error| {
        let attempt = anyhow::Error::new(error).context(format!("listen on {address}"));
        Failure::tool(attempt, "another program has the port: choose one with --listen 127.0.0.1:PORT")
    })
}

async fn run(
    listener: TcpListener,
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    targets: Vec<Target>,
) -> Outcome {
    let stop = stop_on_signal();
    let runner = Runner::new(Arc::clone(&store), Arc::clone(&catalogue), targets);
    let address = listener.local_addr()?;
    print(&format!("Nephoscope is at http://{address}/\n"))?;
    let schedule = tokio::spawn({
        let runner = runner.clone();
        async move { runner.keep_schedule().await }
    });
    let server = Server { library: Library { store, catalogue }, runner: runner.clone() };
    server.serve(listener, stop.clone()).await?;
    runner.stop().await;
    match schedule.await {
        Ok(ended) => ended?,
        Err(join) => return Err(Failure::tool(join, "this is a defect of the schedule: report it")),
    }
    Ok(ExitCode::SUCCESS)
}

/// A store in the user's cache folder, named by version and catalogue so that another one starts afresh.
fn demo_store(catalogue: &Catalogue) -> Result<String, Failure> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = cache.or(home).unwrap_or_else(std::env::temp_dir).join("nephoscope");
    std::fs::create_dir_all(&folder).map_err(|error| {
        let attempt = anyhow::Error::new(error).context(format!("make folder {}", folder.display()));
        Failure::tool(attempt, "choose a place with --store sqlite:FILE")
    })?;
    let name = format!("demo-{}-{}.db", env!("CARGO_PKG_VERSION"), catalogue.digest());
    Ok(format!("sqlite:{}", folder.join(name).display()))
}

/// Scans every night that the store does not have yet, through the same stages as any scan.
async fn load(store: &Arc<dyn Store>, catalogue: &Arc<Catalogue>, nights: &[Night]) -> Result<(), Failure> {
    let view = store.view_fetch(&[], &AsOf::Latest).await?;
    let never = CancellationToken::new();
    for night in nights {
        let header = &night.header;
        let has = |target: &TargetName| {
            view.entries.iter().any(|entry| entry.target == *target && entry.started >= header.instant)
        };
        if has(&header.target) {
            continue;
        }
        let request =
            Request { target: header.target.clone(), origin: Origin::File, instant: header.instant };
        let source = Gathered { shards: &night.shards, finished: Some(header.finished) };
        nephoscope_scan::run(store, catalogue, &source, &request, &Progress::default(), &never).await?;
    }
    Ok(())
}

/// The sample's targets, each as its last night left it: a scan judges that as of now.
fn replays(nights: Vec<Night>) -> Vec<Target> {
    let mut last: std::collections::BTreeMap<TargetName, Vec<Shard>> = std::collections::BTreeMap::new();
    for night in nights {
        last.insert(night.header.target, night.shards);
    }
    let target =
        |(name, shards)| Target { name, access: TargetAccess::Gathered(Arc::new(shards)), schedule: None };
    last.into_iter().map(target).collect()
}
