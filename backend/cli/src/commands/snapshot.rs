//! `nephoscope snapshot`: portable files of what was gathered.

use std::path::Path;
use std::process::ExitCode;

use nephoscope_model::TargetName;
use nephoscope_model::query::AsOf;
use nephoscope_model::snapshot::SnapshotHeader;
use nephoscope_scan::snapshot_file::{SnapshotFile, write_file};
use nephoscope_store::ViewEntry;
use serde_json::json;

use crate::args::Snapshot;
use crate::commands::scan::scan_file;
use crate::context::{Context, refuse, stop_on_signal};
use crate::failure::{Failure, Outcome};
use crate::print::{print, print_json};

/// Runs the command.
pub async fn run(context: &Context, command: &Snapshot) -> Outcome {
    match command {
        Snapshot::Export { file, target, as_of } => {
            export(context, file, target.as_deref(), as_of.as_deref()).await?;
        }
        Snapshot::Import { files } => {
            let catalogue = context.catalogue()?;
            let store = context.writer()?;
            let stop = stop_on_signal();
            for file in files {
                let id = scan_file(&store, &catalogue, file, &stop).await?;
                print(&format!("{} is scan {id}\n", file.display()))?;
            }
        }
        Snapshot::Show { file } => {
            let snapshot = SnapshotFile::open(file)?;
            let shards: Vec<String> = snapshot.shards.iter().map(ToString::to_string).collect();
            print_json(&json!({
                "target": snapshot.header.target,
                "instant": snapshot.header.instant,
                "finished": snapshot.header.finished,
                "resources": snapshot.resources,
                "shards": shards,
            }))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn export(
    context: &Context,
    file: &Path,
    target: Option<&str>,
    as_of: Option<&str>,
) -> Result<(), Failure> {
    let as_of: AsOf = as_of.unwrap_or_default().parse().map_err(|error| refuse(&error))?;
    let library = context.library()?;
    let targets: Vec<TargetName> = target.map(TargetName::from).into_iter().collect();
    let mut view = library.store.view_fetch(&targets, &as_of).await?;
    if let AsOf::Scan(id) = &as_of {
        view.entries.retain(|entry| entry.scan == *id);
    }
    let entry: &ViewEntry = match view.entries.as_slice() {
        [one] => one,
        [] => {
            return Err(Failure::usage(
                "no finished scan to export",
                "scan first, or choose another --as-of",
            ));
        }
        several => {
            let names: Vec<&str> = several.iter().map(|entry| entry.target.as_str()).collect();
            return Err(Failure::usage(
                "the store has several targets",
                format!("choose one with --target: {}", names.join(", ")),
            ));
        }
    };
    let header =
        SnapshotHeader { target: entry.target.clone(), instant: entry.started, finished: entry.finished };
    let mut shards = Vec::new();
    for row in library.store.coverage_list(&entry.scan).await? {
        shards.extend(library.store.shard_fetch(&view, &row.shard).await?);
    }
    shards.sort_by(|a, b| a.key.cmp(&b.key));
    let (count, resources) = (shards.len(), shards.iter().map(|shard| shard.resources.len()).sum::<usize>());
    write_file(file, &header, shards)?;
    print(&format!("{}: scan {}, {count} shards, {resources} resources\n", file.display(), entry.scan))
}
