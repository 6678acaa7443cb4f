//! `nephoscope report`: how a scope meets a framework, as of a date.

use std::process::ExitCode;

use nephoscope_answer::compliance_fetch;
use nephoscope_report::{ReportHead, compliance_csv, compliance_html, compliance_json};

use crate::args::{self, ReportFormat};
use crate::context::{Context, query};
use crate::failure::{Failure, Outcome};

/// Runs the command.
pub async fn report(context: &Context, args: &args::Report) -> Outcome {
    let query = query(&args.filters)?;
    let library = context.library()?;
    let compliance = compliance_fetch(&library, &args.framework, &query.filter, &query.as_of).await?;
    let view = library.view(&query.filter, &query.as_of).await?;
    let Some(as_of) = view.entries.iter().map(|entry| entry.finished).max() else {
        let help = "scan first, or choose a later --as-of";
        return Err(Failure::usage("no scan had finished by then: there is nothing to report on", help));
    };
    let head = ReportHead {
        title: compliance.framework.title.clone(),
        as_of,
        scope: view.entries.iter().map(|entry| entry.target.to_string()).collect::<Vec<_>>().join(", "),
        scans: view.entries.iter().map(|entry| entry.scan.clone()).collect(),
        catalogue: library.catalogue.digest().to_owned(),
        product_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let out = std::io::stdout().lock();
    match args.format {
        ReportFormat::Html => compliance_html(out, &head, &compliance)?,
        ReportFormat::Csv => compliance_csv(out, &head, &compliance)?,
        ReportFormat::Json => compliance_json(out, &head, &compliance)?,
    }
    Ok(ExitCode::SUCCESS)
}
