//! `nephoscope scan`: collect or read, evaluate and store; `summary` tells what came of it.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use nephoscope_answer::Library;
use nephoscope_catalogue::Catalogue;
use nephoscope_model::api::ScanEvent;
use nephoscope_model::query::ListQuery;
use nephoscope_model::scan::{Origin, ScanState};
use nephoscope_model::{ScanId, TargetName};
use nephoscope_scan::snapshot_file::SnapshotFile;
use nephoscope_scan::source::Source;
use nephoscope_scan::{Progress, Request, ScanError, Target};
use nephoscope_store::Store;
use nephoscope_store::redaction_key;
use tokio_util::sync::CancellationToken;

use crate::args;
use crate::commands::plan::plan;
use crate::commands::summary::report;
use crate::context::{Context, refuse, stop_on_signal};
use crate::failure::{Failure, Outcome};
use crate::print::say_over;

/// Runs the command.
pub async fn run(context: &Context, scan: &args::Scan) -> Outcome {
    for (name, share) in [("--budget", scan.budget), ("--min-coverage", scan.min_coverage)] {
        if share.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
            return Err(Failure::usage(format!("{name} is a share"), "give a number above 0 and at most 1"));
        }
    }
    // A pattern that matches nothing must not look like a clean result after an hour of scanning.
    let checks = ListQuery::from_pairs(scan.check.iter().map(|pattern| ("check", pattern.as_str())));
    let checks = checks.map_err(|error| refuse(&error))?.filter.checks;
    if scan.plan {
        return plan(scan, &targets(context, scan)?).await;
    }
    let catalogue = context.catalogue()?;
    let mut targets = if scan.from.is_some() { Vec::new() } else { targets(context, scan)? };
    let key = redaction_key(context.store_url())?;
    targets.iter_mut().for_each(|target| target.arm(key));
    let store = context.writer()?;
    let stop = stop_on_signal();

    let mut scanned = Vec::new();
    if let Some(path) = &scan.from {
        scanned.push(Scanned { id: scan_file(&store, &catalogue, path, &stop).await?, share: None });
    }
    // Side by side: every cloud has quotas of its own, and one that fails does not end the scans of the others.
    let scans = targets.iter().map(|target| scan_target(&store, &catalogue, target, &stop));
    let mut failures = Vec::new();
    for ended in join_all(scans).await {
        match ended {
            Ok(done) => scanned.push(done),
            Err(failure) => failures.push(failure),
        }
    }
    let library = Library { store, catalogue };
    let mut codes = Vec::new();
    for scanned in &scanned {
        codes.push(report(context, scan, &library, scanned, &checks).await?);
    }
    if let Some(last) = failures.pop() {
        for failure in failures {
            failure.print();
        }
        return Err(last);
    }
    Ok(if scan.exit_zero { ExitCode::SUCCESS } else { ExitCode::from(codes.into_iter().max().unwrap_or(0)) })
}

/// The targets meant: those named, else all configured ones, else the ambient credentials.
fn targets(context: &Context, scan: &args::Scan) -> Result<Vec<Target>, Failure> {
    let configured = &context.config.targets;
    let budget = scan.budget.unwrap_or_else(|| context.config.budget());
    let restricted = !scan.region.is_empty() || !scan.service.is_empty();
    let ambient = |name: &str| context.config.ambient(name, &scan.region, &scan.service, budget);

    let mut found = Vec::new();
    for name in &scan.targets {
        match configured.iter().find(|target| target.name.as_str() == name) {
            Some(_) if restricted => {
                let help = "set `regions` and `services` of the target in the configuration";
                return Err(Failure::usage(
                    format!("--region and --service do not apply to target `{name}`"),
                    help,
                ));
            }
            Some(target) => found.push(target.clone()),
            None if name != "aws" && ambient(name).is_some() && !scan.region.is_empty() => {
                let message =
                    format!("--region does not apply to `{name}`, which is read in all places at once");
                return Err(Failure::usage(message, "leave --region out"));
            }
            None => {
                if let Some(target) = ambient(name) {
                    found.push(target);
                    continue;
                }
                let known: Vec<&str> = configured.iter().map(|target| target.name.as_str()).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(
                    ScanError::UnknownTarget { target: TargetName::from(name.as_str()), known }.into()
                );
            }
        }
    }
    if scan.targets.is_empty() {
        // Ambient credentials may reach another account than the target that is called as they are.
        if restricted && !configured.is_empty() {
            return Err(Failure::usage(
                "--region and --service do not apply to configured targets",
                "set `regions` and `services` of a target in the configuration, or name the ambient credentials: `nephoscope scan aws`",
            ));
        }
        found = if configured.is_empty() { ambient("aws").into_iter().collect() } else { configured.clone() };
    }
    if let Some(share) = scan.budget {
        found.iter_mut().for_each(|target| target.set_share(share));
    }
    Ok(found)
}

/// A scan of this process.
pub struct Scanned {
    /// The scan.
    pub id: ScanId,
    /// The share of the quotas within which all of it was read; none where no cloud was asked, or somebody else asked
    /// before.
    pub share: Option<f64>,
}

async fn scan_target(
    store: &Arc<dyn Store>,
    catalogue: &Arc<Catalogue>,
    target: &Target,
    stop: &CancellationToken,
) -> Result<Scanned, Failure> {
    let request = Request { target: target.name.clone(), origin: Origin::Command, instant: Timestamp::now() };
    let source = target.connect().await?;
    let id = scan_source(store, catalogue, &*source, &request, stop).await?;
    // A scan that was taken up where another process left it took longer than it was read.
    let is_whole = id == ScanId::of(&request.target, request.instant);
    Ok(Scanned { share: target.share().filter(|_| is_whole), id })
}

/// Evaluates a snapshot file as of its own instant. A snapshot that the store has already, judged by the same
/// catalogue, is not judged again.
pub async fn scan_file(
    store: &Arc<dyn Store>,
    catalogue: &Arc<Catalogue>,
    path: &Path,
    stop: &CancellationToken,
) -> Result<ScanId, Failure> {
    let file = SnapshotFile::open(path)?;
    let request =
        Request { target: file.header.target.clone(), origin: Origin::File, instant: file.header.instant };
    let id = ScanId::of(&request.target, request.instant);
    if let Some(known) = store.scan_fetch(&id).await?
        && known.state == ScanState::Finished
        && known.catalogue.as_deref() == Some(catalogue.digest())
    {
        return Ok(id);
    }
    let latest = store.scan_list(Some(&request.target), None, 1).await?.rows.pop();
    if let Some(latest) =
        latest.filter(|scan| scan.started >= request.instant && scan.state == ScanState::Finished)
    {
        let target = request.target;
        return Err(ScanError::OutOfOrder { target, given: request.instant, latest: latest.started }.into());
    }
    scan_source(store, catalogue, &file, &request, stop).await
}

async fn scan_source(
    store: &Arc<dyn Store>,
    catalogue: &Arc<Catalogue>,
    source: &dyn Source,
    request: &Request,
    stop: &CancellationToken,
) -> Result<ScanId, Failure> {
    let progress = Progress::default();
    let shown = std::io::stderr().is_terminal().then(|| tokio::spawn(show_progress(progress.clone())));
    let ended = nephoscope_scan::run(store, catalogue, source, request, &progress, stop).await;
    if let Some(shown) = shown {
        shown.abort();
        say_over("");
    }
    Ok(ended?)
}

/// One line on the terminal that is written over as shards come in.
async fn show_progress(progress: Progress) {
    let (told, mut events) = progress.listen();
    for event in told {
        show_event(&event);
    }
    while let Ok(event) = events.recv().await {
        show_event(&event);
    }
}

fn show_event(event: &ScanEvent) {
    match event {
        ScanEvent::Planned { shards } => say_over(format_args!("0 of {shards} shards")),
        ScanEvent::ShardDone { shard, done, planned, .. } => {
            say_over(format_args!("{done} of {planned} shards · {shard}"));
        }
        ScanEvent::Evaluating { account } => say_over(format_args!("judging account {account}")),
        ScanEvent::Ended { .. } => {}
    }
}
