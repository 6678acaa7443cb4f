//! `nephoscope report`: how a scope meets a framework, as of a date.

use std::process::ExitCode;

use nephoscope_answer::report_fetch;
use nephoscope_report::{compliance_csv, compliance_html, compliance_json};

use crate::args::{self, ReportFormat};
use crate::context::{Context, query};
use crate::failure::Outcome;

/// Runs the command.
pub async fn report(context: &Context, args: &args::Report) -> Outcome {
    let query = query(&args.filters)?;
    let library = context.library()?;
    let sight = library.sight_of(&query).await?;
    let (head, compliance) = report_fetch(&sight, &args.framework, &query.filter).await?;
    let out = std::io::stdout().lock();
    match args.format {
        ReportFormat::Html => compliance_html(out, &head, &compliance)?,
        ReportFormat::Csv => compliance_csv(out, &head, &compliance)?,
        ReportFormat::Json => compliance_json(out, &head, &compliance)?,
    }
    Ok(ExitCode::SUCCESS)
}
